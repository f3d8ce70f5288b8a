package executor

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/github"
	"runnerdesk/internal/sandbox"
	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/storage"
)

const (
	credential = "ghp_executor"
	canary     = "CANARY"
	address    = "127.0.0.1:8001"
	ann, bob   = "U0ANN", "U0BOB"
)

// desk is a store in a file, the built-in GitHub with a client, and an Executor between
// them, all on the clock of a synctest bubble.
type desk struct {
	*Executor
	t      *testing.T
	store  *storage.Store
	github *githubd.Server
	scope  fleet.Scope
	path   string
	log    *record
	asked  int
}

// record is a log that several goroutines write.
type record struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

// play runs a test in a bubble of its own. The organization has the runners web-1 to
// web-4 with ids 1 to 4, idle and offline in turn.
func play(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pipe := sandbox.NewPipe(address)
		d := &desk{t: t, log: &record{}, path: filepath.Join(t.TempDir(), "runnerdesk.db")}
		d.github = githubd.New(githubd.Options{Listener: pipe, Violation: func(text string) { t.Errorf("violation: %s", text) }})
		t.Cleanup(d.github.Close)
		d.github.SetTokenPrefix(canary)
		d.github.AddOrg("octo-org", "")
		d.authorize()
		for id := int64(1); id <= 4; id++ {
			d.github.AddRunner("octo-org", githubd.Runner{ID: id, Name: fmt.Sprintf("web-%d", id), Labels: githubd.Labels("self-hosted", "gpu"),
				Status: [...]string{"offline", "online"}[id%2]})
		}
		server, err := fleet.ParseServer(d.github.URL())
		if err != nil {
			t.Fatal(err)
		}
		if d.scope, err = fleet.ParseScope(server, "octo-org"); err != nil {
			t.Fatal(err)
		}
		log := slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		d.store, err = storage.Open(t.Context(), storage.Options{Path: d.path, Host: server.Host(), Log: log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.store.Close(); err != nil {
				t.Error(err)
			}
		})
		reads, writes, err := github.New(github.Options{Server: server, Token: fleet.NewSecret(credential), Dial: pipe.DialContext, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(reads.Close)
		d.Executor = &Executor{Store: d.store, Reads: reads, Writes: writes, Pace: time.Second, Now: time.Now, Log: log}
		test(t, d)
	})
}

func (d *desk) authorize() {
	d.github.AddToken(githubd.Token{Value: credential, Scopes: []string{"admin:org", "repo"}})
}

// restarted is the executor of the next run of the program.
func (d *desk) restarted() *desk {
	next := *d
	next.Executor = &Executor{Store: d.Store, Reads: d.Reads, Writes: d.Writes, Protect: d.Protect, Pace: d.Pace, Now: d.Now, Log: d.Log}
	return &next
}

// beside is a desk for a repository on the same GitHub, with the runners repo-5 to repo-8,
// for the same executor.
func (d *desk) beside() *desk {
	d.t.Helper()
	d.github.AddRepo("octo-org", "octo-repo")
	for id := int64(5); id <= 8; id++ {
		d.github.AddRunner("octo-org/octo-repo", githubd.Runner{ID: id, Name: fmt.Sprintf("repo-%d", id), Labels: githubd.Labels("self-hosted"), Status: "online"})
	}
	other := *d
	var err error
	if other.scope, err = fleet.StoredScope(d.scope.Host(), "octo-org/octo-repo"); err != nil {
		d.t.Fatal(err)
	}
	return &other
}

// run runs the executor. The returned function ends it and waits for it.
func (d *desk) run() (stop func()) {
	d.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	return func() {
		d.t.Helper()
		cancel()
		if err := <-ended; err != nil {
			d.t.Errorf("Run: %v", err)
		}
	}
}

// finish runs the executor until the requests have nothing left to do, for at most the
// given time.
func (d *desk) finish(within time.Duration) {
	d.t.Helper()
	stop := d.run()
	time.Sleep(within) // of the bubble's clock
	synctest.Wait()
	stop()
}

func (d *desk) open(r fleet.Request) fleet.Request {
	d.t.Helper()
	d.asked++
	r.Scope, r.Requester = d.scope, ann
	r.Rule = fleet.Rule{Name: "fleet", Needed: 1, Channel: "C0APPROVALS", Expires: time.Hour, Approvers: []string{bob}}
	got, _, err := d.store.OpenRequest(context.Background(), fmt.Sprint("key", d.scope, d.asked), func(fleet.Ledger) (fleet.Request, error) {
		return r.Opened(time.Now(), time.Hour), nil
	}, ann, d.scope)
	if err != nil {
		d.t.Fatal(err)
	}
	return got
}

// ask opens a request for the deletion of runners as they are now.
func (d *desk) ask(ids ...int64) fleet.Request {
	d.t.Helper()
	r := fleet.Request{Action: fleet.Delete}
	for _, id := range ids {
		now, err := d.Reads.Get(context.Background(), d.scope, id)
		if err != nil {
			d.t.Fatal(err)
		}
		r.Targets = append(r.Targets, fleet.Target{Runner: now})
	}
	got := d.open(r)
	d.github.ForgetRequests()
	return got
}

func (d *desk) change(id int64, rule func(fleet.Request) (fleet.Request, error)) fleet.Request {
	d.t.Helper()
	r, err := d.store.UpdateRequest(context.Background(), id, "", rule)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *desk) approve(id int64, strikes ...int64) fleet.Request {
	d.t.Helper()
	return d.change(id, func(r fleet.Request) (fleet.Request, error) {
		return r.Cast(fleet.Vote{Person: bob, Verdict: fleet.Approve, Evidence: "named", Strikes: strikes, At: time.Now()}, time.Hour)
	})
}

func (d *desk) cancel(id int64) {
	d.t.Helper()
	d.change(id, func(r fleet.Request) (fleet.Request, error) { return r.Cancel(ann, time.Now()) })
}

// approved asks for a deletion and approves it.
func (d *desk) approved(ids ...int64) fleet.Request {
	d.t.Helper()
	return d.approve(d.ask(ids...).ID)
}

// ended is a request's state and, for each runner, its outcome with the note.
func (d *desk) ended(id int64) []string {
	d.t.Helper()
	r, err := d.store.Request(context.Background(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	out := []string{string(r.State)}
	for _, t := range r.Targets {
		out = append(out, strings.TrimSuffix(fmt.Sprintf("%s: %s", t.Outcome, t.Note), ": "))
	}
	return out
}

// deletes are the ids for which a delete came to GitHub, and how it was answered.
func (d *desk) deletes() []string {
	var out []string
	for _, r := range d.github.Requests() {
		if r.Method == http.MethodDelete {
			out = append(out, fmt.Sprintf("%s %d", r.Route[strings.LastIndex(r.Route, "/")+1:], r.Status))
		}
	}
	return out
}

// left are the ids of the runners that still exist.
func (d *desk) left() []int64 {
	var out []int64
	for _, r := range d.github.Runners("octo-org") {
		out = append(out, r.ID)
	}
	return out
}
