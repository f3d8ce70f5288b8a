package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

func isUnsure(err error) bool { return errors.As(err, new(*unsure)) }

var readOnly = fleet.Say("Runnerdesk is set to read only: no tokens and no deletions. The people who run it can change that.")

// grounds is what gives somebody a right.
type grounds struct {
	grant int    // the number of the access: line, or 0
	ref   string // the person, group or channel that was named there
}

// String is for the audit.
func (g grounds) String() string {
	switch {
	case g.ref == fleet.Everyone:
		return fleet.Everyone
	case group(g.ref):
		return "member of " + g.ref
	}
	return "named as " + g.ref
}

// prose is for people.
func (g grounds) prose() fleet.Prose {
	by := fleet.Say("as you are named there")
	switch {
	case g.ref == fleet.Everyone:
		by = fleet.Say("as every full member")
	case group(g.ref):
		by = fleet.Say("as a member of ", fleet.Mention(g.ref))
	}
	if g.grant > 0 {
		return fleet.Say(fmt.Sprintf("by access line %d, ", g.grant), by)
	}
	return by
}

// may is the one answer to "may they?", for commands and buttons alike. It fails
// closed: what can't be looked up is not allowed. An error is a refusal that says why,
// or an unsure.
func (d *Desk) may(ctx context.Context, m member, right Right, scope fleet.Scope, r *fleet.Request) (grounds, error) {
	ctx, cancel := context.WithDeadline(ctx, m.until)
	defer cancel()
	switch right {
	case View, Ask:
		return d.mayTouch(ctx, m, right, scope)
	case Decide:
		return d.mayDecide(ctx, m, *r)
	case Own:
		if r.Requester != m.ID {
			return grounds{}, refuse(fmt.Sprintf("Only the requester of request #%d, ", r.ID), fleet.Mention(r.Requester), ", can do that.")
		}
		return grounds{ref: m.ID}, nil
	}
	return grounds{}, refuse("That is not possible.")
}

// mayTouch asks access: for the right in a scope. A look-up that fails matters only when
// no other line grants it.
func (d *Desk) mayTouch(ctx context.Context, m member, right Right, scope fleet.Scope) (grounds, error) {
	var failed error
	for i, g := range d.Policy.Grants {
		if right == Ask && !g.Request || !g.Covers(scope) {
			continue
		}
		ref, err := d.among(ctx, m, g.Who)
		if ref != "" {
			return grounds{i + 1, ref}, nil
		}
		failed = errors.Join(failed, err)
	}
	if failed != nil {
		return grounds{}, &unsure{failed}
	}
	no := fleet.Say("No line of ", fleet.Code("access:"), " lets you ", string(right), " in ", fleet.Code(scope.String()), ". Ask the people who run Runnerdesk.")
	if m.age > 0 {
		no = fleet.Say(no, " If you joined a group just now, try again in ", lasting(m.age), ".")
	}
	return grounds{}, &refused{text: no}
}

// mayDecide asks the rule as it was when the request was opened and the rule as it is
// now: a change of the configuration can only make it stricter.
func (d *Desk) mayDecide(ctx context.Context, m member, r fleet.Request) (grounds, error) {
	if r.Requester == m.ID {
		return grounds{}, refuse(fmt.Sprintf("You asked for request #%d, so you can't decide on it. Someone else has to.", r.ID))
	}
	now, err := d.ruleNow(r)
	if err != nil {
		return grounds{}, err
	}
	then := d.deciders(r.Rule, r)
	ref, err := d.among(ctx, m, then)
	still := ref
	if ref != "" {
		still, err = d.among(ctx, m, d.deciders(now, r))
	}
	switch {
	case still != "":
		return grounds{ref: ref}, nil
	case err != nil:
		return grounds{}, &unsure{err}
	case ref != "":
		return grounds{}, refuse(fmt.Sprintf("You are no longer among those who decide on request #%d: the rules have changed since it was asked.", r.ID))
	case len(then) == 0:
		return grounds{}, refuse(fmt.Sprintf("Request #%d needs nobody's approval; its requester confirms or cancels it.", r.ID))
	}
	return grounds{}, refuse(fmt.Sprintf("You are not among those who decide on request #%d. They are: ", r.ID), people(then), ".")
}

// deciders are those who may decide on a request under a rule: the approvers, and in
// time also those whom it is escalated to.
func (d *Desk) deciders(rule fleet.Rule, r fleet.Request) []string {
	if e := rule.Escalate; e != nil && !d.Now().Before(r.CreatedAt.Add(e.After)) {
		return slices.Concat(rule.Approvers, e.Approvers)
	}
	return rule.Approvers
}

// ruleNow is the rule that the configuration has today for what was asked. The error
// says why there is none.
func (d *Desk) ruleNow(r fleet.Request) (fleet.Rule, error) {
	if d.Policy.ReadOnly {
		return fleet.Rule{}, &refused{text: readOnly}
	}
	if !slices.Contains(d.Scopes, r.Scope) {
		return fleet.Rule{}, refuse(fmt.Sprintf("Request #%d is for ", r.ID), fleet.Code(r.Scope.String()), ", which Runnerdesk may not touch any more. Its requester can cancel it.")
	}
	rule, ok := d.Policy.RuleFor(r.Action, r.Scope, runnersOf(r))
	if !ok {
		return rule, refuse(fmt.Sprintf("The rules have changed, and none allows request #%d any more. Its requester can cancel it.", r.ID))
	}
	return rule, nil
}

func runnersOf(r fleet.Request) []fleet.Runner {
	runners := make([]fleet.Runner, len(r.Targets))
	for i, t := range r.Targets {
		runners[i] = t.Runner
	}
	return runners
}

// eligible are the people other than the requester who could approve now, as many as
// are needed at most. ok is false when that can't be looked up, or need not be.
func (d *Desk) eligible(ctx context.Context, rule fleet.Rule, requester string) (who []string, ok bool) {
	if slices.Contains(rule.Approvers, fleet.Everyone) {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, warnWithin)
	defer cancel()
	var ids []string
	for _, ref := range rule.Approvers {
		if !group(ref) {
			ids = append(ids, ref)
			continue
		}
		members, err := d.Directory.Members(ctx, ref, viewAge)
		if err != nil {
			return nil, false
		}
		ids = append(ids, members...)
	}
	slices.Sort(ids)
	team := d.Directory.Home()
	for _, id := range slices.Compact(ids) {
		if id == requester {
			continue
		}
		p, err := d.Directory.Person(ctx, id, viewAge)
		if err != nil {
			return nil, false
		}
		if _, full := p.Member(team); full {
			if who = append(who, id); len(who) == rule.Needed {
				break
			}
		}
	}
	return who, true
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
