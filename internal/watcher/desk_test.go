package watcher

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/github"
	"runnerdesk/internal/sandbox"
	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/storage"
)

const (
	credential = "ghp_watcher"
	list       = "/orgs/octo-org/actions/runners"
	one        = "/orgs/octo-org/actions/runners/*"
	groups     = "/orgs/octo-org/actions/runner-groups"
)

// desk is a Watcher between a store in a file and the built-in GitHub, on the clock of a
// synctest bubble. The organization has the runners 1 to 3.
type desk struct {
	*Watcher
	t      *testing.T
	store  *storage.Store
	github *githubd.Server
	scope  fleet.Scope
	mu     sync.Mutex
	told   []string
}

func play(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pipe := sandbox.NewPipe("127.0.0.1:8001")
		d := &desk{t: t}
		d.github = githubd.New(githubd.Options{Listener: pipe, Violation: func(text string) { t.Errorf("violation: %s", text) }})
		t.Cleanup(d.github.Close)
		d.github.AddOrg("octo-org", "")
		d.github.AddToken(githubd.Token{Value: credential, Scopes: []string{"admin:org"}})
		for id := int64(1); id <= 3; id++ {
			d.github.AddRunner("octo-org", githubd.Runner{ID: id, Name: fmt.Sprintf("web-%d", id), Labels: githubd.Labels("gpu")})
		}
		server, err := fleet.ParseServer(d.github.URL())
		if err != nil {
			t.Fatal(err)
		}
		if d.scope, err = fleet.ParseScope(server, "octo-org"); err != nil {
			t.Fatal(err)
		}
		log := slog.New(slog.DiscardHandler)
		d.store, err = storage.Open(t.Context(), storage.Options{Path: filepath.Join(t.TempDir(), "runnerdesk.db"), Host: server.Host(), Log: log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.store.Close(); err != nil {
				t.Error(err)
			}
		})
		reads, _, err := github.New(github.Options{Server: server, Token: fleet.NewSecret(credential), Dial: pipe.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(reads.Close)
		d.Watcher = &Watcher{Store: d.store, GitHub: reads, Scopes: []fleet.Scope{d.scope}, Poll: time.Minute, Now: time.Now, Log: log,
			Tell: func(_ context.Context, topic string, text fleet.Prose) {
				d.mu.Lock()
				defer d.mu.Unlock()
				d.told = append(d.told, topic+": "+text.String())
			}}
		test(t, d)
	})
}

// read reads the scope a minute later.
func (d *desk) read() error {
	time.Sleep(time.Minute)
	return d.Read(d.t.Context(), d.scope)
}

func (d *desk) good() {
	d.t.Helper()
	if err := d.read(); err != nil {
		d.t.Fatal(err)
	}
}

// history is what the store knows to have happened to a runner, newest first.
func (d *desk) history(id int64) string {
	d.t.Helper()
	changes, err := d.store.Changes(d.t.Context(), d.scope, id, 100)
	if err != nil {
		d.t.Fatal(err)
	}
	var kinds []string
	for _, c := range changes {
		kinds = append(kinds, string(c.Kind))
	}
	return strings.Join(kinds, " ")
}

func (d *desk) names() []string {
	d.t.Helper()
	records, err := d.store.Records(d.t.Context(), d.scope)
	if err != nil {
		d.t.Fatal(err)
	}
	var out []string
	for _, r := range records {
		out = append(out, r.Runner.Name)
	}
	return out
}

func (d *desk) reading() fleet.Reading {
	d.t.Helper()
	r, err := d.store.Reading(d.t.Context(), d.scope)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *desk) asked(m githubd.Match) int {
	n := 0
	for _, r := range d.github.Requests() {
		if m(r) {
			n++
		}
	}
	return n
}

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
