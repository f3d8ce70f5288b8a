package blocks

import (
	"runnerdesk/internal/fleet"
)

// faults says which scopes could not be read, and why. It stands above the numbers.
func (s *sheet) faults(readings []fleet.Reading) {
	shown, left := 0, 0
	for _, r := range readings {
		if r.Problem == nil || !r.Problem.Until.IsZero() { // a limit is told beside the age of the data
			continue
		}
		if shown++; shown > 5 {
			left++
			continue
		}
		s.say(append(fleet.Say("❗ ", fleet.Bold(r.Scope.String()), ": "), clip(r.Problem.What, 500)...))
	}
	if left > 0 {
		s.say("❗ " + count(left, "more scope") + " could not be read.")
	}
}

// ages says how old and how whole the data is, one line for each scope, at most a few.
func (s *sheet) ages(readings []fleet.Reading) {
	const most = 6
	for i, r := range readings {
		if i == most {
			s.footnote("… and " + count(len(readings)-most, "more scope"))
			return
		}
		s.footnote(age(r, s.o, len(readings) > 1))
	}
}

// age is how old and how whole the data of a scope is.
func age(r fleet.Reading, o Options, named bool) fleet.Prose {
	p := fleet.Prose{}
	if named {
		p = fleet.Say(r.Scope.String() + ": ")
	}
	switch {
	case r.ReadAt.IsZero():
		p = append(p, fleet.Span{Text: "never read yet"})
	default:
		p = append(p, fleet.Span{Text: "read " + span(o.Now.Sub(r.ReadAt)) + " ago"})
	}
	if !r.ReadAt.IsZero() && !r.Complete {
		p = append(p, fleet.Span{Text: ", about: the fleet changed meanwhile, some may be missing"})
	}
	if r.Problem != nil && !r.Problem.Until.IsZero() {
		p = append(p, fleet.Span{Text: " · GitHub limited until "}, clock(r.Problem.Until))
	}
	return p
}
