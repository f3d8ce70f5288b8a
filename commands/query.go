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

// stock is what is known of one scope: its runners and how old that is.
type stock struct {
	records []fleet.Record
	reading fleet.Reading
}

// stock gives a scope's runners from the store, after reading GitHub when they are older
// than maxAge. When GitHub can't be read, what is stored is given with the problem.
func (d *Desk) stock(ctx context.Context, scope fleet.Scope, maxAge time.Duration) (stock, error) {
	reading, err := d.Store.Reading(ctx, scope)
	if err != nil {
		return stock{}, err
	}
	if old := d.Now().Sub(reading.ReadAt) > maxAge; (old || reading.Problem != nil) && !d.limited(reading) {
		within, cancel := context.WithTimeout(ctx, readWithin)
		failed := d.Watcher.Read(within, scope)
		cancel()
		if reading, err = d.Store.Reading(ctx, scope); err != nil {
			return stock{}, err
		}
		if failed != nil && reading.Problem == nil {
			reading.Problem = problem(failed)
		}
	}
	records, err := d.Store.Records(ctx, scope)
	return stock{records, reading}, err
}

// limited reports whether GitHub asked us to wait: until then what is stored has to do.
func (d *Desk) limited(r fleet.Reading) bool {
	return r.Problem != nil && d.Now().Before(r.Problem.Until)
}

// problem is a failed reading as people are told of it.
func problem(err error) *fleet.Problem {
	p := &fleet.Problem{What: fleet.Explain(err)}
	if limit := new(fleet.LimitedError); errors.As(err, &limit) {
		p.Until = limit.Until
	}
	return p
}

// stocks is stock for several scopes, side by side.
func (d *Desk) stocks(ctx context.Context, scopes []fleet.Scope) ([]stock, error) {
	out := make([]stock, len(scopes))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, scope := range scopes {
		g.Go(guarded(d.Log, func() (err error) {
			out[i], err = d.stock(ctx, scope, d.FreshFor)
			return err
		}))
	}
	return out, g.Wait()
}

// visible are the scopes that the member may view. The error is a look-up that failed:
// there may be more.
func (d *Desk) visible(ctx context.Context, m member) (seen []fleet.Scope, blind error) {
	for _, s := range d.Scopes {
		switch _, err := d.may(ctx, m, View, s, nil); {
		case err == nil:
			seen = append(seen, s)
		case isUnsure(err):
			blind = err
		}
	}
	return seen, blind
}

// wanted are the scopes that a query is about: those named or the default, which Parse
// fills in, else all that the member may view.
func (d *Desk) wanted(m member, c Command) ([]fleet.Scope, error) {
	switch {
	case len(c.Scopes) > 0 && !c.AllScopes:
		return c.Scopes, nil
	case len(m.sees) > 0:
		return m.sees, nil
	case m.blind != nil:
		return nil, m.blind
	}
	return nil, refuse("No line of ", fleet.Code("access:"), " lets you view any scope. Ask the people who run Runnerdesk.")
}

func (d *Desk) status(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	scopes, err := d.wanted(m, c)
	if err != nil {
		return nil, err
	}
	stocks, err := d.stocks(ctx, scopes)
	if err != nil {
		return nil, err
	}
	var o fleet.Overview
	for _, s := range stocks {
		o.Summaries = append(o.Summaries, fleet.Summarize(s.reading, s.records))
	}
	if len(c.Scopes) == 0 {
		o.Hidden = len(d.Scopes) - len(scopes)
	}
	return o, nil
}

func (d *Desk) list(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	scopes, err := d.wanted(m, c)
	if err != nil {
		return nil, err
	}
	title := "Runners"
	if len(scopes) == 1 {
		title = "Runners of " + scopes[0].String()
	}
	stocks, err := d.stocks(ctx, scopes)
	if err != nil {
		return nil, err
	}
	return d.page(stocks, c, title), nil
}

func (d *Desk) find(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	scopes, err := d.wanted(m, c)
	if err != nil {
		return nil, err
	}
	stocks, err := d.stocks(ctx, scopes)
	if err != nil {
		return nil, err
	}
	p := d.page(stocks, c, "Runners named "+c.Runners[0])
	if len(p.Rows) == 0 {
		return nil, d.noRunner(c, c.Runners[0], stocks)
	}
	return p, nil
}

// page gathers what matches and cuts out the page that was asked for.
func (d *Desk) page(stocks []stock, c Command, title string) fleet.Page {
	p := fleet.Page{Title: title, Command: c.Text, OneScope: len(stocks) == 1}
	var rows []fleet.Record
	now := d.Now()
	for _, s := range stocks {
		p.Readings = append(p.Readings, s.reading)
		for _, r := range s.records {
			if c.Filter.Match(r, now) && (len(c.Runners) == 0 || fleet.Glob(c.Runners[0]).Match(r.Runner.Name)) {
				rows = append(rows, r)
				p.Matching.Add(r.Runner.State())
			}
		}
	}
	c.Filter.Sort(rows)
	p.Pages = max(1, (len(rows)+fleet.PageSize-1)/fleet.PageSize)
	p.Number = min(max(1, c.Page), p.Pages)
	first := (p.Number - 1) * fleet.PageSize
	p.Rows = rows[first:min(len(rows), first+fleet.PageSize)]
	return p
}

func (d *Desk) show(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	rec, err := d.one(ctx, m, c)
	if err != nil {
		return nil, err
	}
	rec, reading, err := d.look(ctx, rec)
	if err != nil {
		return nil, err
	}
	changes, err := d.Store.Changes(ctx, rec.Scope, rec.Runner.ID, 10)
	return fleet.Details{
		Record: rec, Changes: changes, URL: d.Server.RunnersURL(rec.Scope), Reading: reading, Protected: d.Policy.Protect.Covers(rec.Runner),
	}, err
}

// look asks GitHub itself for a runner: the person wants to know about this one now.
// When GitHub can't tell, what is stored has to do.
func (d *Desk) look(ctx context.Context, rec fleet.Record) (fleet.Record, fleet.Reading, error) {
	stored, err := d.Store.Reading(ctx, rec.Scope)
	if err != nil || d.limited(stored) {
		return rec, stored, err
	}
	within, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	now, err := d.GitHub.Get(within, rec.Scope, rec.Runner.ID)
	switch {
	case errors.Is(err, fleet.ErrNotFound):
		return rec, stored, gone(rec)
	case err != nil && rec.FirstSeen.IsZero():
		return rec, stored, err
	case err != nil:
		stored.Problem = problem(err)
		return rec, stored, nil
	}
	return upToDate(rec, now, d.Now()), fleet.Reading{Scope: rec.Scope, ReadAt: d.Now(), Complete: true}, nil
}

// upToDate is a record with the runner as GitHub has it now.
func upToDate(rec fleet.Record, now fleet.Runner, at time.Time) fleet.Record {
	if now.GroupID == rec.Runner.GroupID {
		now.Group = rec.Runner.Group
	}
	if rec.FirstSeen.IsZero() {
		rec.Runner = now
		return rec
	}
	rec, _ = fleet.Compare(rec, now, at)
	return rec
}

// gone refuses what is about a runner that GitHub has no more.
func gone(rec fleet.Record) error {
	return refuse("GitHub has no runner ", fleet.Code(rec.Runner.Name), fmt.Sprintf(" (id %d) in ", rec.Runner.ID), fleet.Code(rec.Scope.String()), " any more. Look at what there is, then ask again.")
}

func (d *Desk) downloads(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	scopes, err := d.wanted(m, c)
	if err != nil {
		return nil, err
	}
	// The applications are the same in every scope of a server; the first will do.
	apps, err := d.GitHub.Downloads(ctx, scopes[0])
	if err != nil {
		return nil, err
	}
	all := len(apps)
	apps = slices.DeleteFunc(apps, func(a fleet.Application) bool {
		return c.OS != "" && !strings.EqualFold(a.OS, c.OS) || c.Arch != "" && !strings.EqualFold(a.Arch, c.Arch)
	})
	if len(apps) == 0 {
		return nil, refuse("There is no runner application for that. See them all with ", fleet.Code(d.Command+" downloads "+scopes[0].String()), ".")
	}
	return fleet.Downloads{Scope: scopes[0], Applications: apps, Filtered: len(apps) < all}, nil
}
