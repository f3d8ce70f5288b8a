package blocks

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"runnerdesk/internal/fleet"
)

// promptRows is how many runners a request is drawn with; the Details dialog has all.
const promptRows = 20

// requestSigns are the signs of a request's states. The word always stands beside it.
var requestSigns = map[fleet.RequestState]string{
	fleet.Pending: "⏳", fleet.Approved: "👍", fleet.Executing: "🔄", fleet.Succeeded: "✅", fleet.Failed: "❌",
	fleet.Unknown: "❓", fleet.Denied: "🚫", fleet.Expired: "⌛", fleet.Cancelled: "🛑",
}

// outcomeSigns are the signs of what became of a runner.
var outcomeSigns = map[fleet.Outcome]string{
	fleet.Deleted: "✅", fleet.AlreadyGone: "✅", fleet.WasBusy: "🔵", fleet.Changed: "🔀", fleet.Protected: "🔒",
	fleet.Struck: "➖", fleet.NotTried: "⬜", fleet.OutcomeFailed: "❌", fleet.NotSure: "❓",
}

// subject is what a request asks for: "delete 3 runners", "a registration token".
func subject(r fleet.Request) string {
	if r.Action == fleet.Delete {
		return "delete " + count(len(r.Targets), "runner")
	}
	return r.Action.Words()
}

func title(r fleet.Request) string { return fmt.Sprintf("Request #%d: %s", r.ID, subject(r)) }

// asked draws what a request is: who, what, where, why, and each runner.
func (s *sheet) asked(r fleet.Request) {
	s.header(title(r))
	s.standing(r)
	s.facts(
		fact{"Who", fleet.Say(fleet.Mention(r.Requester))},
		fact{"What", s.what(r)},
		fact{"Where", s.where(r.Scope)},
		fact{"Rule", ruleName(r.Rule)},
		fact{"To decide", s.deciders(r)},
	)
	if r.Reason != "" {
		s.quote(fleet.Say("Reason, in the words of ", fleet.Mention(r.Requester)), r.Reason)
	}
	s.targets(r)
	if meaning := tokenMeans(r); meaning != "" {
		s.say("❗ " + meaning)
	}
}

func ruleName(rule fleet.Rule) fleet.Prose {
	if rule.Name == "" {
		return nil
	}
	return fleet.Say(rule.Name)
}

// what is the request in words, with the labels and the group that were wished for.
func (s *sheet) what(r fleet.Request) fleet.Prose {
	p := fleet.Say(subject(r))
	if len(r.Labels) > 0 {
		p = append(p, fleet.Span{Text: ", labels "}, fleet.Code(joined(r.Labels, 200)))
	}
	if r.Group != "" {
		p = append(p, fleet.Span{Text: ", group "}, fleet.Code(cut(clean(r.Group), 100)))
	}
	return p
}

// tokenMeans says what whoever approves a token lets happen.
func tokenMeans(r fleet.Request) string {
	switch r.Action {
	case fleet.Register:
		return "Anyone who holds this token may add any number of machines to " + r.Scope.Words() + " for an hour, with labels and group of their choice."
	case fleet.RemoveToken:
		return "Anyone who holds this token may unregister machines from " + r.Scope.Words() + " for an hour, protected ones too."
	}
	return ""
}

// deciders are those who may decide, as long as it matters.
func (s *sheet) deciders(r fleet.Request) fleet.Prose {
	if r.State != fleet.Pending {
		return nil
	}
	if r.Rule.Needed == 0 {
		return fleet.Say(fleet.Mention(r.Requester), " alone; nobody else has to approve")
	}
	p := people(r.Rule.Approvers)
	if e := r.Rule.Escalate; e != nil && len(e.Approvers) > 0 && !s.o.Now.Before(r.CreatedAt.Add(e.After)) {
		p = append(append(p, fleet.Span{Text: "; now also "}), people(e.Approvers)...)
	}
	return p
}

// standing is where a request stands: its word, the votes, and until when.
func (s *sheet) standing(r fleet.Request) {
	p := fleet.Say(requestSigns[r.State]+" ", fleet.Bold(string(r.State)))
	switch r.State {
	case fleet.Pending:
		if r.Rule.Needed > 0 {
			p = append(p, fleet.Span{Text: fmt.Sprintf(" · %d of %d", r.Approvals(), r.Rule.Needed)})
		}
		p = append(p, fleet.Span{Text: " · until "}, moment(r.DecideBy))
	case fleet.Approved:
		if r.Action.MintsToken() {
			p = append(p, fleet.Span{Text: " · to be revealed until "}, moment(r.ActBy))
		} else {
			p = append(p, fleet.Span{Text: " · deletes begin before "}, moment(r.ActBy))
		}
	case fleet.Executing:
		if r.Stop {
			p = append(p, fleet.Span{Text: " · stopping before the next runner"})
		}
	case fleet.Unknown:
		p = append(p, fleet.Span{Text: " · it is looked at again"})
	}
	if tally := r.Tally(); tally != "" {
		p = append(p, fleet.Span{Text: " · " + tally})
	}
	if !r.DoneAt.IsZero() {
		p = append(p, fleet.Span{Text: " · "}, moment(r.DoneAt))
	}
	s.say(p)
	s.votes(r)
	s.reveals(r)
	if r.State == fleet.Expired {
		s.say(expiry(r))
	}
}

// votes tells who decided how, with a deny's reason as that person's words.
func (s *sheet) votes(r fleet.Request) {
	var yes fleet.Prose
	for _, v := range r.Votes {
		if v.Verdict != fleet.Approve {
			continue
		}
		if len(yes) > 0 {
			yes = append(yes, fleet.Span{Text: ", "})
		}
		yes = append(yes, fleet.Mention(v.Person))
		if n := len(v.Strikes); n > 0 {
			yes = append(yes, fleet.Span{Text: " (without " + count(n, "runner") + ")"})
		}
	}
	if len(yes) > 0 {
		s.say(append(fleet.Say("Approved by "), yes...))
	}
	for _, v := range r.Votes {
		if v.Verdict != fleet.Deny {
			continue
		}
		s.say("Denied by ", fleet.Mention(v.Person))
		if v.Reason != "" {
			s.quote(fleet.Say("In the words of ", fleet.Mention(v.Person)), v.Reason)
		}
	}
}

// reveals tells who saw a token when, and when it ends.
func (s *sheet) reveals(r fleet.Request) {
	for _, v := range r.Reveals {
		switch v.State {
		case fleet.RevealShown:
			s.say("Shown to ", fleet.Mention(r.Requester), " ", moment(v.At), "; that token ends ", moment(v.ExpiresAt), ".")
		case fleet.RevealLost:
			s.say("A reveal ", moment(v.At), " was cut off: a token may have been made, and nobody saw it.")
		}
	}
	if n := r.LiveReveals(); n > 0 {
		s.say(fmt.Sprintf("%d of at most %d reveals are used; each is a new token.", n, fleet.MaxReveals))
	}
}

// expiry says why a request expired.
func expiry(r fleet.Request) string {
	switch {
	case r.DecidedAt.IsZero() && r.Rule.Needed == 0:
		return "It was not confirmed in time. Nothing was done."
	case r.DecidedAt.IsZero():
		return "Nobody decided in time. Nothing was done."
	case r.Action.MintsToken():
		return "It was approved, but not revealed in time. No token was made."
	}
	return "It was approved, but could not begin in time. Nothing was deleted."
}

// targets draws the runners of a request as they were shown to those who decide, and
// their outcomes as soon as there are any. The text form names every id.
func (s *sheet) targets(r fleet.Request) {
	if len(r.Targets) == 0 {
		return
	}
	rows := make([]row, 0, promptRows)
	for _, t := range r.Targets[:min(len(r.Targets), promptRows)] {
		rows = append(rows, targetRow(t))
	}
	before := len(s.text)
	used := s.used
	drawn := s.table([]column{
		{name: "Runner", most: 64, keep: true}, {name: "ID", keep: true}, {name: "Outcome", most: 80}, {name: "State", keep: true},
		{name: "Since", most: 60}, {name: "OS", most: 12}, {name: "Labels", most: 100}, {name: "Group", most: 30},
	}, rows, len(r.Targets))
	s.short = drawn < len(r.Targets)
	// The text form has to name every runner, not only those of the table.
	s.text, s.used = s.text[:before], used
	s.targetLines(r.Targets)
}

// targetLines writes every runner into the text form: in words as long as there is
// room, then by id alone.
func (s *sheet) targetLines(targets []fleet.Target) {
	const words, all = 1500, 900
	start := s.used
	for i, t := range targets {
		text := "• " + line(targetRow(t).line, 160)
		if s.used-start+utf8.RuneCountInString(text) <= words && s.write(text, all+keepText) {
			continue
		}
		ids := make([]string, 0, len(targets)-i)
		for j, rest := range targets[i:] {
			id := fmt.Sprint(rest.Runner.ID)
			if rest.Outcome != fleet.Undone {
				id += " " + string(rest.Outcome)
			}
			ids = append(ids, id)
			if len(strings.Join(ids, ", ")) > all {
				ids = append(ids[:j], fmt.Sprintf("and %d more", len(targets)-i-j))
				break
			}
		}
		s.write("• runners "+strings.Join(ids, ", "), 200)
		return
	}
}

func targetRow(t fleet.Target) row {
	state := t.Runner.State()
	id := fmt.Sprint(t.Runner.ID)
	name := fit(clean(t.Runner.Name), 70) // so that the id after it is never cut off
	words := append(fleet.Say(name, " ("+id+"): "), inState(state, t.Since, t.FirstSeen)...)
	if outcome(t) != "" {
		words = fleet.Say(name, " ("+id+"): ", outcome(t))
	}
	return row{
		cells: []fleet.Prose{
			text(t.Runner.Name), text(id), text(outcome(t)), text(stateWords(state)), since(t.Since, t.FirstSeen),
			text(t.Runner.OS), labels(t.Runner, 100), text(t.Runner.Group),
		},
		line: words,
	}
}

// outcome is what became of a runner, and why.
func outcome(t fleet.Target) string {
	if t.Outcome == fleet.Undone && t.Note == "" {
		return ""
	}
	if t.Outcome == fleet.Undone {
		return "⏳ " + clean(t.Note) // why its turn is not over yet
	}
	text := outcomeSigns[t.Outcome] + " " + string(t.Outcome)
	if t.Note != "" {
		text += ": " + clean(t.Note)
	}
	return text
}
