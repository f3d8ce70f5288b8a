package blocks

import (
	"fmt"

	"runnerdesk/internal/fleet"
)

// How much of an inbox is drawn: requests of each kind, and buttons that open one.
const (
	mostInbox = 15
	mostOpens = 8
)

// inbox draws "requests".
func inbox(l fleet.RequestList, o Options) Message {
	s := newSheet(o)
	s.header("Requests")
	if len(l.Waiting)+len(l.Mine)+len(l.Others) == 0 {
		s.say("There are no " + map[string]string{"all": "", "mine": "", "open": "open "}[l.Filter] + "requests.")
	}
	var opens []button
	for _, part := range []struct {
		name     string
		requests []fleet.Request
	}{{"Waiting for your decision", l.Waiting}, {"Yours", l.Mine}, {"Others", l.Others}} {
		if len(part.requests) == 0 {
			continue
		}
		s.say(fleet.Bold(part.name))
		s.requestLines(part.requests, mostInbox)
		for _, r := range part.requests[:min(len(part.requests), mostOpens-len(opens))] {
			opens = append(opens, run(fmt.Sprintf("Open #%d", r.ID), fmt.Sprintf("request %d", r.ID)))
		}
	}
	if l.Filter != "all" {
		opens = append(opens, run("Show all", "requests all"))
	}
	s.buttons(opens...)
	return s.message()
}

// requestLines draws requests in one line each.
func (s *sheet) requestLines(requests []fleet.Request, most int) {
	items := make([]fleet.Prose, 0, most)
	for _, r := range requests[:min(len(requests), most)] {
		items = append(items, requestLine(r))
	}
	s.bullets(items, len(requests))
}

// requestLine is a request in one line.
func requestLine(r fleet.Request) fleet.Prose {
	p := fleet.Say(fleet.Bold(fmt.Sprintf("#%d", r.ID)), " "+requestSigns[r.State]+" "+string(r.State)+": "+subject(r)+" in "+r.Scope.Words()+", asked by ", fleet.Mention(r.Requester))
	switch {
	case r.State == fleet.Pending && r.Rule.Needed > 0:
		p = append(p, fleet.Span{Text: fmt.Sprintf(", %d of %d, until ", r.Approvals(), r.Rule.Needed)}, moment(r.DecideBy))
	case r.State == fleet.Pending:
		p = append(p, fleet.Span{Text: ", to be confirmed until "}, moment(r.DecideBy))
	case !r.DoneAt.IsZero():
		p = append(p, fleet.Span{Text: ", "}, moment(r.DoneAt))
	}
	return p
}
