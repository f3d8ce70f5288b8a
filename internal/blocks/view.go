package blocks

import (
	"fmt"

	"runnerdesk/internal/fleet"
)

// requestView draws "request ID", and a new request for the person who opened it.
func requestView(v fleet.RequestView, o Options) Message {
	s := newSheet(o)
	r := v.Request
	if v.New {
		s.opened(r)
	}
	if len(v.Warning) > 0 {
		s.say("❗ ", v.Warning)
	}
	s.asked(r)
	if len(v.Why) > 0 {
		s.say(v.Why)
	}
	s.steps(v.Steps)
	if o.SharedBy == "" {
		s.buttons(append(s.rightful(v), s.whole(r), s.share(fmt.Sprintf("request %d", r.ID)))...)
	}
	s.foot(r)
	return s.message()
}

// opened tells what happens next with a request that was just made.
func (s *sheet) opened(r fleet.Request) {
	switch {
	case r.CanReveal(s.o.Now):
		s.say("No approval is needed. Press Reveal to make the token; you see it once, in a dialog.")
	case r.State == fleet.Pending && r.Rule.Needed == 0:
		s.say("No approval is needed. Look at the list, then press Delete.")
	case r.State == fleet.Pending:
		s.say("Sent for approval", channel(r.Rule.Channel), ". You get a direct message when it is decided.")
	}
}

// channel is " in #channel" where there is one.
func channel(id string) fleet.Prose {
	if m := fleet.Mention(id); m.Kind == fleet.ChannelSpan {
		return fleet.Say(" in ", m)
	}
	return nil
}

// rightful are the buttons of whoever looks at a request.
func (s *sheet) rightful(v fleet.RequestView) []button {
	var b []button
	if v.Decides && v.Request.State == fleet.Pending && v.Viewer != v.Request.Requester {
		b = append(b, deciding(v.Request)...)
	}
	if v.Viewer == v.Request.Requester {
		b = append(b, s.owning(v.Request)...)
	}
	return b
}

// steps draws the audit of a request, its newest part where it is long.
func (s *sheet) steps(rows []fleet.AuditRow) {
	const most = 25
	if len(rows) == 0 {
		return
	}
	shown := rows[max(0, len(rows)-most):]
	items := make([]fleet.Prose, 0, len(shown))
	for _, a := range shown {
		items = append(items, append(fleet.Say(moment(a.At), " "), stepWords(a)...))
	}
	s.say(fleet.Bold("Every step"))
	if left := len(rows) - len(shown); left > 0 {
		s.say(count(left, "earlier step") + " left out")
	}
	s.bullets(items, len(items))
}
