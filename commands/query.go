package commands

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"runnerdesk/internal/fleet"
)

// stock is what is known of one scope: its runners and how old that is.
type stock struct {
	records []fleet.Record
	reading fleet.Reading
}

// stock gives a scope's runners from the store, after reading GitHub when they are old.
// When GitHub can't be read, what is stored is given with the problem.
func (d *Desk) stock(ctx context.Context, scope fleet.Scope) (stock, error) {
	reading, err := d.Store.Reading(ctx, scope)
	if err != nil {
		return stock{}, err
	}
	if d.Now().Sub(reading.ReadAt) > d.FreshFor || reading.Problem != nil {
		failed := d.Watcher.Read(ctx, scope)
		if reading, err = d.Store.Reading(ctx, scope); err != nil {
			return stock{}, err
		}
		if failed != nil && reading.Problem == nil {
			reading.Problem = &fleet.Problem{What: fleet.Explain(failed)}
		}
	}
	records, err := d.Store.Records(ctx, scope)
	return stock{records, reading}, err
}

// stocks is stock for several scopes, side by side.
func (d *Desk) stocks(ctx context.Context, scopes []fleet.Scope) ([]stock, error) {
	out := make([]stock, len(scopes))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, scope := range scopes {
		g.Go(guarded(d.Log, func() (err error) {
			out[i], err = d.stock(ctx, scope)
			return err
		}))
	}
	return out, g.Wait()
}

// visible is the part of scopes that the member may view.
func (d *Desk) visible(ctx context.Context, m member, scopes []fleet.Scope) ([]fleet.Scope, error) {
	var out []fleet.Scope
	var why error
	for _, s := range scopes {
		if _, err := d.may(ctx, m, View, s, nil); err == nil {
			out = append(out, s)
		} else {
			why = err
		}
	}
	if len(out) == 0 {
		if why == nil {
			why = refuse("No scope is configured.")
		}
		return nil, why
	}
	return out, nil
}

// wanted is the scopes that a query is about: those named (or the default, which Parse
// fills in), else all that the member may view.
func (d *Desk) wanted(ctx context.Context, m member, c Command, all bool) ([]fleet.Scope, error) {
	switch {
	case len(c.Scopes) > 0 && !c.AllScopes:
		for _, s := range c.Scopes {
			if _, err := d.may(ctx, m, View, s, nil); err != nil {
				return nil, err
			}
		}
		return c.Scopes, nil
	case all || c.AllScopes:
		return d.visible(ctx, m, d.Scopes)
	}
	return d.visible(ctx, m, d.Scopes)
}

func (d *Desk) status(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	scopes, err := d.wanted(ctx, m, c, len(c.Scopes) == 0)
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
	scopes, err := d.wanted(ctx, m, c, false)
	if err != nil {
		return nil, err
	}
	title := "Runners"
	if len(scopes) == 1 {
		title = "Runners of " + scopes[0].String()
	}
	return d.page(ctx, scopes, c, title)
}

func (d *Desk) find(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	scopes, err := d.wanted(ctx, m, c, true)
	if err != nil {
		return nil, err
	}
	return d.page(ctx, scopes, c, "Runners named "+strings.Join(c.Runners, " "))
}

// page gathers what matches and cuts out the page that was asked for.
func (d *Desk) page(ctx context.Context, scopes []fleet.Scope, c Command, title string) (fleet.Answer, error) {
	stocks, err := d.stocks(ctx, scopes)
	if err != nil {
		return nil, err
	}
	p := fleet.Page{Title: title, Command: c.Text, OneScope: len(scopes) == 1}
	var rows []fleet.Record
	now := d.Now()
	for _, s := range stocks {
		p.Readings = append(p.Readings, s.reading)
		for _, r := range s.records {
			if c.Filter.Match(r, now) && (len(c.Runners) == 0 || slices.ContainsFunc(c.Runners, func(name string) bool {
				return fleet.Glob(name).Match(r.Runner.Name)
			})) {
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
	if len(rows) == 0 && c.Name == "find" {
		return d.noSuchRunner(c.Runners[0], stocks), nil
	}
	return p, nil
}

func (d *Desk) show(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	found, err := d.resolve(ctx, m, c, c.Runners[0])
	if err != nil {
		return nil, err
	}
	scope := found.Scope
	// GitHub itself is asked: the person wants to know about this one now.
	runner, err := d.GitHub.Get(ctx, scope, found.Runner.ID)
	if err != nil {
		return nil, err
	}
	runner.Group = found.Runner.Group
	rec, _ := fleet.Compare(found, runner, d.Now())
	if found.FirstSeen.IsZero() {
		rec = found
		rec.Runner = runner
	}
	changes, err := d.Store.Changes(ctx, scope, runner.ID, 10)
	if err != nil {
		return nil, err
	}
	return fleet.Details{
		Record: rec, Changes: changes, URL: d.Server.RunnersURL(scope),
		Reading:   fleet.Reading{Scope: scope, ReadAt: d.Now(), Complete: true},
		Protected: d.Policy.Protect.Covers(runner),
	}, nil
}

func (d *Desk) downloads(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	scopes, err := d.wanted(ctx, m, c, false)
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
		return nil, refuse("No runner application is for that. See them all with ", fleet.Code(d.Command+" downloads "+scopes[0].String()), ".")
	}
	return fleet.Downloads{Scope: scopes[0], Applications: apps, Filtered: len(apps) < all}, nil
}
