package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"runnerdesk/internal/fleet"
)

// open opens a request: the rights are looked up, the runners are read from GitHub as
// they are now, the rule is found, and everything is stored in one transaction.
func (d *Desk) open(ctx context.Context, who Actor, in fleet.Input, c Command) (fleet.Answer, error) {
	m, err := d.member(ctx, who, 0)
	if err != nil {
		return nil, err
	}
	action, err := fleet.ParseAction(c.Name)
	if err != nil {
		return nil, err
	}
	if d.Policy.ReadOnly {
		return nil, refuse("Runnerdesk is set to read only: no tokens and no deletions.")
	}
	r := fleet.Request{
		Action: action, Requester: m.ID, Team: m.Team, Channel: who.Channel, Protect: d.Policy.Protect,
		Reason: c.Reason, Labels: c.Labels, Group: c.Group,
	}
	size := 0
	if action == fleet.Delete {
		if r.Scope, r.Targets, size, err = d.targets(ctx, m, c); err != nil {
			return nil, err
		}
	} else if r.Scope, err = d.oneScope(ctx, m, c); err != nil {
		return nil, err
	}
	if _, err := d.may(ctx, m, Ask, r.Scope, nil); err != nil {
		return nil, err
	}
	rule, ok := d.Policy.RuleFor(action, r.Scope, runnersOf(r))
	if !ok {
		return nil, refuse("No rule of ", fleet.Code("approvals:"), " allows ", action.Words(), " in ", fleet.Code(r.Scope.String()), ", so it is refused.")
	}
	r.Rule = rule
	if !rule.ReasonGood(r.Reason) {
		command, _ := cutReason(c.Text)
		return fleet.ReasonNeeded{Command: command, Rule: rule}, nil
	}
	stored, fresh, err := d.Store.OpenRequest(ctx, in.Key, func(l fleet.Ledger) (fleet.Request, error) {
		if err := d.Policy.Admit(r, l, size); err != nil {
			return fleet.Request{}, err
		}
		return r.Opened(d.Now(), d.Policy.RevealWithin), nil
	}, m.ID, r.Scope)
	if err != nil {
		return nil, err
	}
	view := fleet.RequestView{Request: stored, Viewer: m.ID, URL: d.Server.RunnersURL(r.Scope), New: fresh, Now: d.Now(), Why: why(stored)}
	if stored.State == fleet.Pending && rule.Needed > 0 {
		if n, known := d.eligible(ctx, rule, m.ID, rule.Needed); known && n < rule.Needed {
			view.Warning = fleet.Say(fmt.Sprintf("Nobody can release this now: %d approval(s) are needed and %d of the people who could give one are active members. They are ", rule.Needed, n), people(rule.Approvers), ".")
		}
	}
	return view, nil
}

// oneScope is the scope of a token: the one named, or the default. Without either the
// person is asked.
func (d *Desk) oneScope(ctx context.Context, m member, c Command) (fleet.Scope, error) {
	if len(c.Scopes) > 0 {
		return c.Scopes[0], nil
	}
	ask := &refused{text: fleet.Say("For which scope? Name it: ", fleet.Code(d.Command+" "+c.Name+" SCOPE"), ".")}
	for _, s := range d.Scopes {
		if _, err := d.may(ctx, m, Ask, s, nil); err == nil && len(ask.suggest) < 5 {
			_, rest, _ := strings.Cut(c.Text, " ")
			ask.suggest = append(ask.suggest, fleet.Suggestion{Label: s.String(), Command: strings.TrimSpace(c.Name + " " + s.String() + " " + rest)})
		}
	}
	return fleet.Scope{}, ask
}

// targets are the runners that a deletion names or selects, each as GitHub has it now,
// and how many runners the scope has.
func (d *Desk) targets(ctx context.Context, m member, c Command) (fleet.Scope, []fleet.Target, int, error) {
	var chosen []fleet.Record
	if len(c.Runners) > 0 {
		for _, text := range c.Runners {
			r, err := d.resolve(ctx, m, c, text)
			if err != nil {
				return fleet.Scope{}, nil, 0, err
			}
			chosen = append(chosen, r)
		}
	} else {
		scope, err := d.oneScope(ctx, m, c)
		if err != nil {
			return scope, nil, 0, err
		}
		if _, err := d.may(ctx, m, View, scope, nil); err != nil {
			return scope, nil, 0, err
		}
		// What is deleted by a filter is chosen from a list of this moment, and only when
		// the list is whole.
		if err := d.Watcher.Read(ctx, scope); err != nil {
			return scope, nil, 0, err
		}
		reading, err := d.Store.Reading(ctx, scope)
		if err != nil {
			return scope, nil, 0, err
		}
		if !reading.Complete {
			return scope, nil, 0, refuse("The fleet changed while GitHub was read, so the filters may have missed some. Try again.")
		}
		records, err := d.Store.Records(ctx, scope)
		if err != nil {
			return scope, nil, 0, err
		}
		for _, r := range records {
			if c.Filter.Match(r, d.Now()) {
				chosen = append(chosen, r)
			}
		}
		c.Filter.Sort(chosen)
		if len(chosen) == 0 {
			return scope, nil, 0, refuse("No runner of ", fleet.Code(scope.String()), " matches ", fleet.Code(c.Filter.String()), ". Nothing was asked for.")
		}
	}
	scope := chosen[0].Scope
	for _, r := range chosen {
		if r.Scope != scope {
			return scope, nil, 0, refuse("These runners are in several scopes. Ask for one scope at a time.")
		}
	}
	if most := d.Policy.Limits.DeleteAtOnce; most > 0 && len(chosen) > most {
		return scope, nil, 0, refuse(fmt.Sprintf("That is %d runners; at most %d may go in one request. Name fewer, or add a filter.", len(chosen), most))
	}
	targets, err := d.pin(ctx, scope, chosen)
	if err != nil {
		return scope, nil, 0, err
	}
	all, err := d.Store.Records(ctx, scope)
	return scope, targets, len(all), err
}

// pin reads each runner once more, so that what is approved is what GitHub has.
func (d *Desk) pin(ctx context.Context, scope fleet.Scope, chosen []fleet.Record) ([]fleet.Target, error) {
	targets := make([]fleet.Target, len(chosen))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, rec := range chosen {
		g.Go(guarded(d.Log, func() error {
			now, err := d.GitHub.Get(ctx, scope, rec.Runner.ID)
			if err != nil {
				return fmt.Errorf("read runner %d: %w", rec.Runner.ID, err)
			}
			if rec.Runner.Name != now.Name {
				return refuse("Runner ", fleet.Code(rec.Runner.Name), " was registered anew as ", fleet.Code(now.Name), " a moment ago. Look again, then ask again.")
			}
			now.Group = rec.Runner.Group
			after := rec
			if !rec.FirstSeen.IsZero() {
				after, _ = fleet.Compare(rec, now, d.Now())
			}
			targets[i] = fleet.Target{Runner: now, Since: after.Since}
			return nil
		}))
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	seen := map[int64]bool{}
	return slices.DeleteFunc(targets, func(t fleet.Target) bool {
		twice := seen[t.Runner.ID]
		seen[t.Runner.ID] = true
		return twice
	}), nil
}

// why says which rule applied.
func why(r fleet.Request) fleet.Prose {
	rule := r.Rule
	if rule.Needed == 0 {
		return fleet.Say("Rule ", fleet.Code(rule.Name), ": no approval is needed.")
	}
	return fleet.Say("Rule ", fleet.Code(rule.Name), fmt.Sprintf(" is the first that matches: %d of ", rule.Needed), people(rule.Approvers), " must approve within "+fleet.FormatDuration(rule.Expires)+".")
}
