package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Ledger is what the store knows, inside one transaction, of everything that weighs on a
// new request.
type Ledger struct {
	OpenByPerson   int             // open requests of the same requester
	Held           map[int64]int64 // runners of the scope in open requests → the request
	DeletedLastDay int             // runners of the scope deleted within Day
}

// Day is the time over which Limits.DeleteShare is counted.
const Day = 24 * time.Hour

// RequestQuery selects requests. Zero fields select everything.
type RequestQuery struct {
	Open      bool
	Requester string
	Limit     int
}

// Admit decides whether a new request may be opened: it is refused whole, with the
// runners named and the words that would leave them out. size is how many runners the
// scope has.
func (p Policy) Admit(r Request, l Ledger, size int) error {
	if p.ReadOnly {
		return notPossible("Runnerdesk is set to read only: no tokens and no deletions.")
	}
	if most := p.Limits.OpenRequests; most > 0 && l.OpenByPerson >= most {
		return notPossible("Your open requests are %d, which is the most. Cancel one, or wait for a decision.", l.OpenByPerson)
	}
	if r.Action != Delete {
		return nil
	}
	if most := p.Limits.DeleteAtOnce; most > 0 && len(r.Targets) > most {
		return notPossible("That would delete %d runners; at most %d may go in one request. Name fewer, or add a filter.", len(r.Targets), most)
	}
	var protected, held []Runner
	for _, t := range r.Targets {
		if p.Protect.Covers(t.Runner) {
			protected = append(protected, t.Runner)
		} else if _, is := l.Held[t.Runner.ID]; is {
			held = append(held, t.Runner)
		}
	}
	if len(protected) > 0 {
		return notPossible("%s protected and never deleted. %s", naming(protected), without(protected, len(r.Targets)))
	}
	if len(held) > 0 {
		return notPossible("%s part of open request #%d already. %s", naming(held), l.Held[held[0].ID], without(held, len(r.Targets)))
	}
	// The share is of the fleet as it was before the last day's deletes.
	if share, fleet := p.Limits.DeleteShare, size+l.DeletedLastDay; share > 0 && share < 100 && fleet > ShareFrom {
		total := len(r.Targets) + len(l.Held) + l.DeletedLastDay
		if total*100 > share*fleet {
			return notPossible("That would make %d of %d runners of %s deleted or about to be within a day; at most %d%% may go, which leaves %d. Name fewer, or wait.",
				total, fleet, r.Scope, share, max(0, share*fleet/100-len(l.Held)-l.DeletedLastDay))
		}
	}
	return nil
}

// naming begins a sentence about runners: "web-1 and web-2 are".
func naming(runners []Runner) string {
	names := make([]string, 0, len(runners))
	for _, r := range runners {
		names = append(names, clip(r.Name))
	}
	slices.Sort(names)
	if more := len(names) - 5; more > 0 {
		names = append(names[:5], fmt.Sprintf("%d more", more))
	}
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " are"
}

// without gives the words that leave the runners out of the command.
func without(runners []Runner, of int) string {
	if len(runners) == of {
		return "Without that nothing is left to ask for, so nothing was asked."
	}
	words := make([]string, 0, len(runners))
	for _, r := range runners {
		words = append(words, "-name:"+QuoteValue(r.Name))
	}
	return "Leave them out: name the others, or add " + strings.Join(words[:min(len(words), 10)], " ") + "."
}
