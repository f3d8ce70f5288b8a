package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"runnerdesk/internal/fleet"
)

// open opens a request: the rights are looked up, the runners are read from GitHub as
// they are now, the rule is found, and everything is stored in one transaction.
func (d *Desk) open(ctx context.Context, m member, in fleet.Input, c Command) (fleet.Answer, error) {
	action, err := fleet.ParseAction(c.Name)
	if err != nil {
		return nil, err
	}
	if d.Policy.ReadOnly {
		return nil, &refused{text: readOnly}
	}
	if len(c.Scopes) == 0 {
		return nil, d.askScope(ctx, m, c)
	}
	r := fleet.Request{
		Action: action, Scope: c.Scopes[0], Requester: m.ID, Team: m.Team, Channel: m.channel, Protect: d.Policy.Protect,
		Reason: c.Reason, Labels: c.Labels, Group: c.Group,
	}
	// Slack allows few look-ups of groups: who has no right must not use up those that
	// the others need. So a look-up of a moment ago may refuse, and only a live one allows.
	for _, asker := range []member{m.recent(), m} {
		if _, err := d.may(ctx, asker, Ask, r.Scope, nil); err != nil {
			return nil, err
		}
	}
	size := 0
	if action == fleet.Delete {
		if r.Targets, size, err = d.targets(ctx, c); err != nil {
			return nil, err
		}
	}
	rule, ok := d.Policy.RuleFor(action, r.Scope, runnersOf(r))
	if !ok {
		return nil, refuse("No rule of ", fleet.Code("approvals:"), " allows ", action.Words(), " in ", fleet.Code(r.Scope.String()), ", so it is refused. Ask the people who run Runnerdesk.")
	}
	r.Rule = rule
	if !rule.ReasonGood(r.Reason) {
		return fleet.ReasonNeeded{Command: withoutReason(c.Text), Rule: rule}, nil
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
	return fleet.RequestView{
		Request: stored, Viewer: m.ID, URL: d.Server.RunnersURL(r.Scope), New: fresh, Now: d.Now(), Why: why(stored), Warning: d.warning(ctx, stored),
	}, nil
}

// warning says so when too few people could approve the request now.
func (d *Desk) warning(ctx context.Context, r fleet.Request) fleet.Prose {
	needed := r.Rule.Needed
	if r.State != fleet.Pending || needed == 0 {
		return nil
	}
	who, known := d.eligible(ctx, r.Rule, r.Requester)
	switch {
	case !known || len(who) >= needed:
		return nil
	case len(who) == 0:
		return fleet.Say("Nobody can approve this now: besides you, nobody among ", people(r.Rule.Approvers), " is an active full member. Ask the people who run Runnerdesk.")
	}
	return fleet.Say(fmt.Sprintf("Too few people can approve this now: %d approvals are needed, and besides you only ", needed), people(who), " could give one. Ask the people who run Runnerdesk.")
}

// askScope asks for the scope that was not named: by the runners that were, else by the
// scopes that the person may ask in.
func (d *Desk) askScope(ctx context.Context, m member, c Command) error {
	if len(c.Runners) > 0 {
		stocks, err := d.search(ctx, m, c)
		if err != nil {
			return err
		}
		return d.whichScope(c, stocks)
	}
	ask := &refused{text: fleet.Say("For which scope? Name it: ", fleet.Code(d.Command+" "+c.Name+" SCOPE"), ".")}
	_, rest, _ := strings.Cut(c.Text, " ")
	m = m.viewing() // what is offered here is looked up live once it is asked for
	for _, s := range m.sees {
		switch _, err := d.may(ctx, m, Ask, s, nil); {
		case isUnsure(err):
			return err
		case err == nil && len(ask.suggest) < maxSuggestions:
			ask.suggest = append(ask.suggest, fleet.Suggestion{Label: s.String(), Command: strings.TrimSpace(c.Name + " " + s.String() + " " + rest)})
		}
	}
	switch {
	case len(ask.suggest) > 0:
		return ask
	case m.blind != nil:
		return m.blind
	}
	return refuse("No line of ", fleet.Code("access:"), " lets you request anything. Ask the people who run Runnerdesk.")
}

// withoutReason cuts a command's text before its reason.
func withoutReason(text string) string {
	s := scanner{text}
	for {
		before := s.rest
		t, ok, err := s.next()
		if err != nil || !ok {
			return text
		}
		if t.is("because") || t.is("because:") {
			return strings.TrimSpace(strings.TrimSuffix(text, before))
		}
	}
}

// targets are the runners that a deletion names or selects, each as GitHub has it now,
// and how many runners the scope has.
func (d *Desk) targets(ctx context.Context, c Command) ([]fleet.Target, int, error) {
	scope := c.Scopes[0]
	choose := d.selected
	if len(c.Runners) > 0 {
		choose = d.resolve
	}
	chosen, err := choose(ctx, c)
	if err != nil {
		return nil, 0, err
	}
	if most := d.Policy.Limits.DeleteAtOnce; most > 0 && len(chosen) > most {
		return nil, 0, refuse(fmt.Sprintf("That is %d runners; at most %d may go in one request. Name fewer, or add a filter.", len(chosen), most))
	}
	targets, err := d.pin(ctx, c, chosen)
	if err != nil {
		return nil, 0, err
	}
	// How much of the scope may go can't be judged of one that was never read.
	reading, err := d.Store.Reading(ctx, scope)
	if err == nil && reading.ReadAt.IsZero() {
		err = refuse("The runners of ", fleet.Code(scope.String()), " could not be read yet, so nothing of it is deleted. Try again in a minute.")
	}
	if err != nil {
		return nil, 0, err
	}
	all, err := d.Store.Records(ctx, scope)
	return targets, len(all), err
}

// selected are the runners that a filter chooses: from a list of this moment, and only
// when the list is whole.
func (d *Desk) selected(ctx context.Context, c Command) ([]fleet.Record, error) {
	scope := c.Scopes[0]
	if err := d.Watcher.Read(ctx, scope); err != nil {
		return nil, err
	}
	reading, err := d.Store.Reading(ctx, scope)
	if err != nil {
		return nil, err
	}
	if !reading.Complete {
		return nil, refuse("The fleet changed while GitHub was read, so the filters may have missed some. Nothing was asked for; try again.")
	}
	records, err := d.Store.Records(ctx, scope)
	if err != nil {
		return nil, err
	}
	now := d.Now()
	records = slices.DeleteFunc(records, func(r fleet.Record) bool { return !c.Filter.Match(r, now) })
	if len(records) == 0 {
		return nil, noneMatches(c)
	}
	c.Filter.Sort(records)
	return records, nil
}

func noneMatches(c Command) error {
	return refuse("No runner of ", fleet.Code(c.Scopes[0].String()), " matches ", fleet.Code(c.Filter.String()), ". Nothing was asked for.")
}

// pin reads each runner once more, so that what is approved is what GitHub has. One that
// is gone is left out when a filter chose it, and refused when it was named.
func (d *Desk) pin(ctx context.Context, c Command, chosen []fleet.Record) ([]fleet.Target, error) {
	ctx, cancel := context.WithTimeout(ctx, pinWithin)
	defer cancel()
	targets := make([]fleet.Target, len(chosen))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, rec := range chosen {
		g.Go(guarded(d.Log, func() error {
			now, err := d.GitHub.Get(ctx, rec.Scope, rec.Runner.ID)
			switch {
			case errors.Is(err, fleet.ErrNotFound) && len(c.Runners) == 0:
				return nil
			case errors.Is(err, fleet.ErrNotFound):
				return gone(rec)
			case err != nil:
				return fmt.Errorf("read runner %d: %w", rec.Runner.ID, err)
			}
			after := upToDate(rec, now, d.Now())
			if rec.Runner.Name != now.Name || !c.Filter.Match(after, d.Now()) {
				return refuse("Runner ", fleet.Code(rec.Runner.Name), fmt.Sprintf(" (id %d) changed a moment ago. Nothing was asked for; look again, then ask again.", rec.Runner.ID))
			}
			now.Group = after.Runner.Group
			targets[i] = fleet.Target{Runner: now, Since: after.Since, FirstSeen: after.FirstSeen}
			return nil
		}))
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	targets = slices.DeleteFunc(targets, func(t fleet.Target) bool { return t.Runner.ID == 0 })
	if len(targets) == 0 {
		return nil, noneMatches(c)
	}
	return targets, nil
}

// pinWithin bounds the reading of the runners of one request.
const pinWithin = time.Minute

// why says which rule applied.
func why(r fleet.Request) fleet.Prose {
	rule := r.Rule
	named := fleet.Say("Rule ", fleet.Code(rule.Name), " is the first that matches: ")
	if rule.Needed == 0 {
		return append(named, fleet.Span{Text: "no approval is needed."})
	}
	return fleet.Say(named, fmt.Sprintf("%d of ", rule.Needed), people(rule.Approvers), " must approve within "+lasting(rule.Expires)+".")
}

// lasting is a length of time in words: "4 hours", "1 day 12 hours".
func lasting(d time.Duration) string {
	var words []string
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{fleet.Day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := d / unit.size; n > 0 {
			text := fmt.Sprintf("%d %s", n, unit.name)
			if n > 1 {
				text += "s"
			}
			words, d = append(words, text), d%unit.size
		}
	}
	return strings.Join(words, " ")
}
