package commands

import (
	"context"
	"fmt"
	"slices"
	"time"

	"runnerdesk/internal/fleet"
)

// Right is what somebody may or may not do.
type Right string

// The rights. View and Ask are granted by access:, Decide by the rule of a request;
// Own is what only a request's requester may do: cancel, confirm, reveal.
const (
	View   Right = "view"
	Ask    Right = "request"
	Decide Right = "decide"
	Own    Right = "own"
)

// refused is a refusal for people.
type refused struct {
	text    fleet.Prose
	suggest []fleet.Suggestion
}

func (r *refused) Error() string { return r.text.String() }

func refuse(parts ...any) error { return &refused{text: fleet.Say(parts...)} }

// unsure is a look-up of rights that failed: nothing happens, and the person is told.
type unsure struct{ err error }

func (u *unsure) Error() string { return "rights can't be looked up: " + u.err.Error() }
func (u *unsure) Unwrap() error { return u.err }

// member is a full member of the home workspace, for as long as one input is answered.
type member struct {
	fleet.Person
	channel string
	age     time.Duration       // how old look-ups may be
	groups  map[string][]string // looked up for this input already
}

// member looks the actor up. Guests, bots, deactivated people and other workspaces are
// refused here, whatever they want.
func (d *Desk) member(ctx context.Context, who Actor, age time.Duration) (member, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	p, err := d.Directory.Person(ctx, who.Person, age)
	if err != nil {
		return member{}, &unsure{err}
	}
	team, enterprise := d.Directory.Home()
	if why, ok := p.Member(team, enterprise); !ok {
		return member{}, refuse("Nothing was done: ", why, ".")
	}
	return member{p, who.Channel, age, map[string][]string{}}, nil
}

// may is the one answer to "may they?", for commands and buttons alike. It fails
// closed: what can't be looked up is not allowed. The text says what gave the right, or
// why there is none.
func (d *Desk) may(ctx context.Context, m member, right Right, scope fleet.Scope, r *fleet.Request) (by string, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	switch right {
	case View, Ask:
		for i, g := range d.Policy.Grants {
			if right == Ask && !g.Request || !g.Covers(scope) {
				continue
			}
			by, ok, err := d.among(ctx, m, g.Who)
			if err != nil {
				return "", err
			}
			if ok {
				return fmt.Sprintf("access line %d (%s)", i+1, by), nil
			}
		}
		return "", refuse("No line of ", fleet.Code("access:"), " lets you ", string(right), " in ", fleet.Code(scope.String()), ". Ask the people who run Runnerdesk.")
	case Decide:
		return d.mayDecide(ctx, m, *r)
	case Own:
		if r.Requester != m.ID {
			return "", refuse(fmt.Sprintf("Only the requester of request #%d, ", r.ID), fleet.Mention(r.Requester), ", can do that.")
		}
		return "requester", nil
	}
	return "", refuse("That is not possible.")
}

// mayDecide asks the rule as it was when the request was opened and the rule as it is
// now: a change of the configuration can only make it stricter.
func (d *Desk) mayDecide(ctx context.Context, m member, r fleet.Request) (string, error) {
	if r.Requester == m.ID {
		return "", refuse(fmt.Sprintf("You asked for request #%d, so you can't decide on it. Someone else has to.", r.ID))
	}
	now, ok := d.ruleNow(r)
	if !ok {
		return "", refuse(fmt.Sprintf("No rule allows request #%d any more, so nobody can decide on it. It can be cancelled.", r.ID))
	}
	by, ok, err := d.among(ctx, m, r.Rule.Approvers)
	if err != nil {
		return "", err
	}
	if ok {
		_, ok, err = d.among(ctx, m, now.Approvers)
		if err != nil {
			return "", err
		}
	}
	if !ok {
		return "", refuse(fmt.Sprintf("You are not among those who decide on request #%d. They are ", r.ID), people(r.Rule.Approvers), ".")
	}
	return by, nil
}

// ruleNow is the rule that the configuration has today for what was asked.
func (d *Desk) ruleNow(r fleet.Request) (fleet.Rule, bool) {
	if d.Policy.ReadOnly {
		return fleet.Rule{}, false
	}
	return d.Policy.RuleFor(r.Action, r.Scope, runnersOf(r))
}

func runnersOf(r fleet.Request) []fleet.Runner {
	runners := make([]fleet.Runner, len(r.Targets))
	for i, t := range r.Targets {
		runners[i] = t.Runner
	}
	return runners
}

// among reports whether the member is one of refs, and by which. A look-up that fails
// matters only when no other one says yes.
func (d *Desk) among(ctx context.Context, m member, refs []string) (by string, ok bool, err error) {
	if slices.Contains(refs, m.ID) {
		return "named as " + m.ID, true, nil
	}
	if slices.Contains(refs, fleet.Everyone) {
		return fleet.Everyone, true, nil
	}
	var failed error
	for _, ref := range refs {
		if !group(ref) {
			continue
		}
		ids, known := m.groups[ref]
		if !known {
			var err error
			if ids, err = d.Directory.Members(ctx, ref, m.age); err != nil {
				failed = err
				continue
			}
			m.groups[ref] = ids
		}
		if slices.Contains(ids, m.ID) {
			return "member of " + ref, true, nil
		}
	}
	if failed != nil {
		return "", false, &unsure{failed}
	}
	return "", false, nil
}

// group reports whether ref stands for several people: a user group or a channel.
func group(ref string) bool { return ref != "" && (ref[0] == 'S' || ref[0] == 'C' || ref[0] == 'G') }

// eligible counts the people other than the requester who could approve now, up to
// enough. ok is false when that can't be looked up.
func (d *Desk) eligible(ctx context.Context, rule fleet.Rule, requester string, enough int) (n int, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	if slices.Contains(rule.Approvers, fleet.Everyone) {
		return enough, true
	}
	var ids []string
	for _, ref := range rule.Approvers {
		if !group(ref) {
			ids = append(ids, ref)
			continue
		}
		members, err := d.Directory.Members(ctx, ref, viewAge)
		if err != nil {
			return 0, false
		}
		ids = append(ids, members...)
	}
	slices.Sort(ids)
	team, enterprise := d.Directory.Home()
	for _, id := range slices.Compact(ids) {
		if id == requester {
			continue
		}
		p, err := d.Directory.Person(ctx, id, viewAge)
		if err != nil {
			return 0, false
		}
		if _, full := p.Member(team, enterprise); full {
			if n++; n >= enough {
				break
			}
		}
	}
	return n, true
}

// people names those that a list of ids stands for.
func people(refs []string) fleet.Prose {
	var p fleet.Prose
	for i, ref := range refs {
		if i > 0 {
			p = append(p, fleet.Span{Text: ", "})
		}
		switch {
		case ref == fleet.Everyone:
			p = append(p, fleet.Span{Text: "every full member"})
		case ref[0] == 'C' || ref[0] == 'G':
			p = append(p, fleet.Span{Text: "the members of "}, fleet.Mention(ref))
		default:
			p = append(p, fleet.Mention(ref))
		}
	}
	return p
}
