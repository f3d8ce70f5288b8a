package storage

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
)

const host = "github.com"

var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// clock is a clock that moves when it is told to.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

type desk struct {
	*Store
	clock *clock
	path  string
}

// open opens a new store in a directory of the test's own.
func open(t testing.TB) desk {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "runnerdesk.db"))
}

func openAt(t testing.TB, path string) desk {
	t.Helper()
	c := &clock{now: began}
	s, err := Open(t.Context(), Options{Path: path, Host: host, Now: c.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return desk{s, c, path}
}

func scopeOf(t testing.TB, name string) fleet.Scope {
	t.Helper()
	scope, err := fleet.StoredScope(host, name)
	if err != nil {
		t.Fatal(err)
	}
	return scope
}

func runner(id int64, name string) fleet.Runner {
	return fleet.Runner{ID: id, Name: name, OS: "linux", Status: "offline", Busy: fleet.No, GroupID: 1, Group: "Default",
		Ephemeral: fleet.No, Version: "2.330.0", Labels: []fleet.Label{{Name: "self-hosted"}, {Name: "gpu", Custom: true}}}
}

// deletion is a request to delete runners 1 and 2 that needs this many votes.
func deletion(scope fleet.Scope, needed int, ids ...int64) fleet.Request {
	r := fleet.Request{Action: fleet.Delete, Scope: scope, Requester: "U0ANN", Team: "T0HOME", Channel: "C0ASK",
		Reason: "they are old", Protect: fleet.Protect{Names: []fleet.Glob{"prod-*"}},
		Rule: fleet.Rule{Name: "fleet", Actions: []fleet.Action{fleet.Delete}, Scopes: []fleet.Glob{"*"},
			Approvers: []string{"S0PLATFORM"}, Needed: needed, Channel: "C0APPROVE", Expires: time.Hour}}
	for _, id := range ids {
		r.Targets = append(r.Targets, fleet.Target{Runner: runner(id, "web"), Since: began.Add(-time.Hour)})
	}
	return r
}

// token is a request for a registration token that needs this many votes.
func token(scope fleet.Scope, needed int) fleet.Request {
	return fleet.Request{Action: fleet.Register, Scope: scope, Requester: "U0ANN", Team: "T0HOME", Channel: "C0ASK",
		Labels: []string{"gpu"}, Group: "Default",
		Rule: fleet.Rule{Name: "tokens", Needed: needed, Channel: "C0APPROVE", Expires: time.Hour}}
}

// ask stores a request.
func (d desk) ask(t testing.TB, key string, r fleet.Request) fleet.Request {
	t.Helper()
	got, fresh, err := d.OpenRequest(t.Context(), key, func(fleet.Ledger) (fleet.Request, error) {
		return r.Opened(d.clock.Now(), 10*time.Minute), nil
	}, r.Requester, r.Scope)
	if err != nil || !fresh {
		t.Fatalf("open request: fresh %v, %v", fresh, err)
	}
	return got
}

// change changes a request, and fails the test when it can't.
func (d desk) change(t testing.TB, id int64, rule func(fleet.Request) (fleet.Request, error)) fleet.Request {
	t.Helper()
	got, err := d.UpdateRequest(t.Context(), id, "", rule)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (d desk) vote(person string, verdict fleet.Verdict, strikes ...int64) func(fleet.Request) (fleet.Request, error) {
	return func(r fleet.Request) (fleet.Request, error) {
		return r.Cast(fleet.Vote{Person: person, Verdict: verdict, Evidence: "member of S0PLATFORM", Strikes: strikes,
			At: d.clock.Now()}, 10*time.Minute)
	}
}

func (d desk) claim(r fleet.Request) (fleet.Request, error) { return r.Claim(1, d.clock.Now()) }

// exec runs SQL as a person would who edits the database by hand: without the writer's own
// pragma that makes REPLACE fire delete triggers.
func (d desk) exec(t testing.TB, query string) error {
	t.Helper()
	ctx := context.Background()
	if _, err := d.writer.ExecContext(ctx, "PRAGMA recursive_triggers = OFF"); err != nil {
		t.Fatal(err)
	}
	_, err := d.writer.ExecContext(ctx, query)
	return err
}
