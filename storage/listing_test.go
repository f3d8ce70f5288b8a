package storage

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/fleet"
)

var sameScope = cmp.Comparer(func(a, b fleet.Scope) bool { return a == b })

// list stores a listing of the runners, read now.
func (d desk) list(t *testing.T, scope fleet.Scope, runners ...fleet.Runner) (int, []int64) {
	t.Helper()
	n, missing, err := d.StoreListing(t.Context(), fleet.Listing{Scope: scope, Runners: runners, ReadAt: d.clock.Now(), Complete: true})
	must(t, err)
	var ids []int64
	for _, r := range missing {
		ids = append(ids, r.Runner.ID)
	}
	return n, ids
}

func online(r fleet.Runner) fleet.Runner { r.Status = "online"; return r }
func busy(r fleet.Runner) fleet.Runner   { r.Status, r.Busy = "online", fleet.Yes; return r }
func named(r fleet.Runner, n string) fleet.Runner {
	r.Name = n
	return r
}

func TestStoreListing(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	ctx := t.Context()
	a, b := runner(1, "web-1"), runner(2, "web-2")
	minutes := func(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }
	type kinds = []fleet.ChangeKind
	steps := []struct {
		name    string
		runners []fleet.Runner
		changes kinds // of runner 1, newest first
		n       int
		missing []int64
		since   int // minutes, of runner 1
		last    int // -1: never
	}{
		{"first", []fleet.Runner{a, online(b)}, kinds{fleet.Joined}, 2, nil, 0, -1},
		{"the same", []fleet.Runner{a, online(b)}, kinds{fleet.Joined}, 0, nil, 0, -1},
		{"online", []fleet.Runner{busy(a), online(b)}, kinds{fleet.BecameBusy, fleet.WentOnline, fleet.Joined}, 2, nil, 2, 2},
		{"still busy", []fleet.Runner{busy(a), online(b)}, kinds{fleet.BecameBusy, fleet.WentOnline, fleet.Joined}, 0, nil, 2, 3},
		{"absent", []fleet.Runner{online(b)}, kinds{fleet.BecameBusy, fleet.WentOnline, fleet.Joined}, 0, []int64{1}, 2, 3},
		{"absent again", []fleet.Runner{online(b)}, kinds{fleet.BecameBusy, fleet.WentOnline, fleet.Joined}, 0, []int64{1}, 2, 3},
		{"back", []fleet.Runner{busy(a), online(b)}, kinds{fleet.BecameBusy, fleet.WentOnline, fleet.Joined}, 0, nil, 2, 6},
		{"offline", []fleet.Runner{a, online(b)}, kinds{fleet.WentOffline, fleet.BecameBusy, fleet.WentOnline, fleet.Joined}, 1, nil, 7, 6},
		{"renamed", []fleet.Runner{named(a, "db-1"), online(b)}, kinds{fleet.Renamed, fleet.WentOffline, fleet.BecameBusy, fleet.WentOnline, fleet.Joined}, 1, nil, 7, 6},
	}
	for i, step := range steps {
		n, missing := d.list(t, scope, step.runners...)
		if n != step.n || !slices.Equal(missing, step.missing) {
			t.Errorf("%s: %d changes, missing %v; want %d, %v", step.name, n, missing, step.n, step.missing)
		}
		changes, err := d.Changes(ctx, scope, 1, 10)
		must(t, err)
		var got kinds
		for _, c := range changes {
			got = append(got, c.Kind)
		}
		if diff := cmp.Diff(step.changes, got); diff != "" {
			t.Errorf("%s: changes (-want +got):\n%s", step.name, diff)
		}
		want := fleet.Record{Scope: scope, Runner: a, FirstSeen: began, Since: minutes(step.since)}
		if step.last >= 0 {
			want.LastOnline = minutes(step.last)
		}
		if len(step.missing) > 0 {
			want.Runner = busy(a)
		} else {
			want.Runner = step.runners[0]
		}
		rec, err := d.RecordOf(ctx, scope, 1)
		if diff := cmp.Diff(want, rec, sameScope); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", step.name, err, diff)
		}
		records, err := d.Records(ctx, scope)
		if err != nil || len(records) != 2 || !cmp.Equal(records[0], rec, sameScope) {
			t.Errorf("%s: %d records, %v", step.name, len(records), err)
		}
		reading, err := d.Reading(ctx, scope)
		if want := (fleet.Reading{Scope: scope, ReadAt: minutes(i), Complete: true}); err != nil || reading != want {
			t.Errorf("%s: reading %+v, %v", step.name, reading, err)
		}
		d.clock.Add(time.Minute)
	}
	changes, err := d.Changes(ctx, scope, 1, 2)
	want := []fleet.Change{{Scope: scope, RunnerID: 1, Name: "db-1", Kind: fleet.Renamed, Old: "web-1", New: "db-1", At: minutes(8)},
		{Scope: scope, RunnerID: 1, Name: "web-1", Kind: fleet.WentOffline, At: minutes(7)}}
	if diff := cmp.Diff(want, changes, sameScope); diff != "" || err != nil {
		t.Errorf("history: %v (-want +got):\n%s", err, diff)
	}
}

func TestGone(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	ctx := t.Context()
	a, b := online(runner(1, "web-1")), online(runner(2, "web-2"))
	d.list(t, scope, a, b)
	gone := d.clock.Add(time.Minute)
	must(t, d.MarkGone(ctx, scope, gone, 1, 99))
	must(t, d.MarkGone(ctx, scope, gone.Add(time.Second), 1))
	if _, err := d.RecordOf(ctx, scope, 1); !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("a gone runner: got %v, want ErrNotFound", err)
	}
	if n, missing := d.list(t, scope, a, b); n != 0 || missing != nil {
		t.Errorf("a list read before it was gone: %d changes, missing %v", n, missing)
	}
	d.clock.Add(time.Minute)
	if n, missing := d.list(t, scope, b); n != 0 || missing != nil {
		t.Errorf("a list without it: %d changes, missing %v", n, missing)
	}
	back := d.clock.Add(time.Minute)
	if n, _ := d.list(t, scope, a, b); n != 1 {
		t.Errorf("a list that has it again: %d changes, want 1", n)
	}
	rec, err := d.RecordOf(ctx, scope, 1)
	if err != nil || !rec.FirstSeen.Equal(began) || !rec.Since.Equal(back) {
		t.Errorf("back again: %+v, %v", rec, err)
	}
	var got []fleet.ChangeKind
	changes, err := d.Changes(ctx, scope, 1, 10)
	must(t, err)
	for _, c := range changes {
		got = append(got, c.Kind)
	}
	if diff := cmp.Diff([]fleet.ChangeKind{fleet.Joined, fleet.Gone, fleet.Joined}, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

// TestMarkGoneWhileAListingIsStored marks a runner gone between the comparison and the
// writing: it must not come back.
func TestMarkGoneWhileAListingIsStored(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	d.list(t, scope, runner(1, "web-1"))
	read := d.clock.Add(time.Minute)
	steps, _, err := d.compare(t.Context(), fleet.Listing{Scope: scope, Runners: []fleet.Runner{busy(runner(1, "web-1"))}, ReadAt: read})
	must(t, err)
	must(t, d.MarkGone(t.Context(), scope, read, 1))
	must(t, d.write(t.Context(), func(tx *tx) error {
		n, err := writeSteps(t.Context(), tx, 1, steps)
		if n != 0 {
			t.Errorf("%d changes were written of a runner that is gone", n)
		}
		return err
	}))
	if _, err := d.RecordOf(t.Context(), scope, 1); !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func TestOvertakenListing(t *testing.T) {
	tests := map[string]struct {
		older time.Duration
		want  int
	}{
		"a little older":     {time.Second, 0},
		"the clock set back": {time.Hour, 2},
		"read at that time":  {0, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			scope := scopeOf(t, "octo-org")
			d.list(t, scope, runner(1, "web-1"))
			d.clock.Add(-test.older)
			if n, _ := d.list(t, scope, busy(runner(1, "web-1"))); n != test.want {
				t.Errorf("%d changes, want %d", n, test.want)
			}
		})
	}
}

func TestReadingsThatFail(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	ctx := t.Context()
	problem := fleet.Problem{What: fleet.Say("GitHub refused ", fleet.Code("octo-org"), " until ", fleet.Moment(began)), Until: began}
	check := func(want fleet.Reading) {
		t.Helper()
		want.Scope = scope
		got, err := d.Reading(ctx, scope)
		if diff := cmp.Diff(want, got, sameScope); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	check(fleet.Reading{})
	must(t, d.FailReading(ctx, scope, problem))
	check(fleet.Reading{Problem: &problem})
	d.list(t, scope, runner(1, "web-1"))
	check(fleet.Reading{ReadAt: began, Complete: true})
	must(t, d.FailReading(ctx, scope, problem))
	check(fleet.Reading{ReadAt: began, Complete: true, Problem: &problem})
	if records, err := d.Records(ctx, scope); err != nil || len(records) != 1 {
		t.Errorf("%d records, %v; what was read before stays", len(records), err)
	}
}

func TestPruneHistory(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	ctx := t.Context()
	var first []fleet.Runner
	for id := range int64(chunk + 20) {
		first = append(first, runner(id+1, "web"))
	}
	d.list(t, scope, first...)
	cut := d.clock.Add(time.Minute)
	must(t, d.MarkGone(ctx, scope, cut.Add(-time.Second), 1, chunk+10))
	d.list(t, scope, append(slices.Clone(first[1:chunk+9]), first[chunk+10:len(first)-1]...)...)
	last := first[len(first)-1]
	d.list(t, scope, append(slices.Clone(first[1:chunk+9]), append(first[chunk+10:len(first)-1], online(last))...)...)
	must(t, d.PruneHistory(ctx, cut))
	var runners, changes int
	must(t, d.reader.QueryRow(`SELECT (SELECT count(*) FROM runner), (SELECT count(*) FROM change)`).Scan(&runners, &changes))
	if runners != len(first)-2 || changes != 1 {
		t.Errorf("%d runners and %d changes stay, want %d and 1", runners, changes, len(first)-2)
	}
}

func TestScopesAreApart(t *testing.T) {
	d := open(t)
	one, other := scopeOf(t, "octo-org"), scopeOf(t, "octo-org/octo-repo")
	d.list(t, one, runner(1, "web-1"))
	d.list(t, other, runner(1, "db-1"))
	for scope, want := range map[fleet.Scope]string{one: "web-1", other: "db-1"} {
		if r, err := d.RecordOf(t.Context(), scope, 1); err != nil || r.Runner.Name != want {
			t.Errorf("%s has %q, %v; want %q", scope, r.Runner.Name, err, want)
		}
	}
}

func TestEveryKindOfChangeIsStored(t *testing.T) {
	for _, kind := range []fleet.ChangeKind{fleet.Joined, fleet.WentOnline, fleet.WentOffline, fleet.BecameBusy, fleet.BecameIdle,
		fleet.Relabelled, fleet.Regrouped, fleet.Renamed, fleet.VersionMoved, fleet.Gone} {
		if !slices.Contains(changeKinds, kind) {
			t.Errorf("%s has no number", kind)
		}
	}
}
