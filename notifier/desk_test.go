package notifier

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
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

const credential = "ghp_notifier"

// desk is a store in a file and the built-in GitHub, on the clock of a synctest bubble.
// It plays the watcher as well.
type desk struct {
	t      *testing.T
	store  *storage.Store
	github *githubd.Server
	reads  *github.Reader
	scope  fleet.Scope
	shift  time.Duration // of the wall clock
	fails  error         // of every reading
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
		d.github.AddRunner("octo-org", githubd.Runner{ID: 1, Name: "web-1"})
		d.github.AddRunner("octo-org", githubd.Runner{ID: 2, Name: "web-2"})
		server, err := fleet.ParseServer(d.github.URL())
		if err != nil {
			t.Fatal(err)
		}
		if d.scope, err = fleet.ParseScope(server, "octo-org"); err != nil {
			t.Fatal(err)
		}
		d.store, err = storage.Open(t.Context(), storage.Options{
			Path: filepath.Join(t.TempDir(), "runnerdesk.db"), Host: server.Host(), Now: d.now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.store.Close(); err != nil {
				t.Error(err)
			}
		})
		d.reads, _, err = github.New(github.Options{Server: server, Token: fleet.NewSecret(credential), Dial: pipe.DialContext, Now: d.now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(d.reads.Close)
		test(t, d)
	})
}

func (d *desk) now() time.Time { return time.Now().Add(d.shift).UTC() }

// Read is the watcher's, without its proofs.
func (d *desk) Read(ctx context.Context, scope fleet.Scope) error {
	if d.fails != nil {
		return d.fails
	}
	l, err := d.reads.List(ctx, scope)
	if err != nil {
		if stored := d.store.FailReading(ctx, scope, fleet.Problem{What: fleet.Explain(err)}); stored != nil && ctx.Err() == nil {
			d.t.Error(stored)
		}
		return err
	}
	_, _, err = d.store.StoreListing(ctx, l)
	return err
}

// notifier is that of a new run of the program.
func (d *desk) notifier(cron, when string) *Notifier {
	d.t.Helper()
	return &Notifier{Store: d.store, Watcher: d, Now: d.now, Log: slog.New(slog.DiscardHandler), Digests: []Plan{{
		Schedule:   schedule(d.t, cron, ""),
		DigestPlan: fleet.DigestPlan{Name: "morning", Channel: "C0FLEET", Cron: cron, When: when, Scopes: []fleet.Scope{d.scope}, OfflineFor: time.Hour},
	}}}
}

// start runs a notifier until the returned function ends it.
func (d *desk) start(n *Notifier) (stop func()) {
	ctx, cancel := context.WithCancel(d.t.Context())
	ended := make(chan error)
	go func() { ended <- n.Run(ctx) }()
	return func() {
		d.t.Helper()
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			d.t.Error(err)
		}
	}
}

// run runs a notifier for some time.
func (d *desk) run(n *Notifier, long time.Duration) {
	d.t.Helper()
	stop := d.start(n)
	time.Sleep(long)
	stop()
}

// posts are the slots whose messages exist, of these; "late" is added to those that say
// so.
func (d *desk) posts(slots ...string) []string {
	d.t.Helper()
	var out []string
	for _, slot := range slots {
		digest, posted := d.digest(slot)
		if !posted {
			continue
		}
		if digest.Late {
			slot += " late"
		}
		out = append(out, slot)
	}
	return out
}

func (d *desk) digest(slot string) (fleet.Digest, bool) {
	d.t.Helper()
	m, err := d.store.MessageOf(d.t.Context(), "digest/morning/"+slot)
	if errors.Is(err, fleet.ErrNotFound) {
		return fleet.Digest{}, false
	}
	var digest fleet.Digest
	if err != nil || json.Unmarshal(m.Body, &digest) != nil || m.Surface.Channel != "C0FLEET" || m.Surface.Kind != fleet.DigestSurface {
		d.t.Fatalf("%+v, %v", m, err)
	}
	return digest, true
}

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
