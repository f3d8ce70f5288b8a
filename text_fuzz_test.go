package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"runnerdesk/commands"
	"runnerdesk/internal/executor"
	"runnerdesk/internal/fleet"
	"runnerdesk/internal/github"
	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/watcher"
	"runnerdesk/notifier"
	"runnerdesk/storage"
)

// everyone is a Slack where whoever is looked up is a full member.
type everyone struct{}

func (everyone) Person(_ context.Context, id string, _ time.Duration) (fleet.Person, error) {
	return fleet.Person{ID: id, Team: "T0OCTO"}, nil
}

func (everyone) Members(context.Context, string, time.Duration) ([]string, error) {
	return []string{bob}, nil
}

func (everyone) Home() string { return "T0OCTO" }

// FuzzAnyText: any text goes through the real desk, storage, executor and client, with
// nobody to ask for approval, and what the built-in GitHub sees is one of the listed
// methods and shapes of a configured scope. FuzzTextToWire is the same with less around
// it, and a hundred times faster.
//
//	go test -run '^$' -fuzz FuzzAnyText -fuzztime 2m .
func FuzzAnyText(f *testing.F) {
	addEscapes(f)
	var mu sync.Mutex
	var strange []string
	g := githubd.New(githubd.Options{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if line := q.Method + " " + q.RequestURI; !lawful.MatchString(line) || q.ContentLength != 0 {
				mu.Lock()
				strange = append(strange, line)
				mu.Unlock()
			}
			next.ServeHTTP(w, q)
		})
	}})
	r := &rig{t: f, github: g}
	r.fleet(patToken, "")
	ctx, cancel := context.WithCancel(context.Background())
	desk, store, carryOut := newDesk(ctx, f, g)
	done := make(chan error, 1)
	go func() { done <- carryOut.Run(ctx) }()
	f.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			f.Error(err)
		}
		_ = store.Close()
		g.Close()
	})
	runs := 0
	f.Fuzz(func(t *testing.T, text string) {
		if runs++; runs%100 == 0 {
			g.ForgetRequests()
			for _, scope := range []string{enterprise, org, repo} {
				if !r.has(scope, "web-1") {
					g.AddRunner(scope, githubd.Runner{Name: "web-1", Labels: githubd.Labels("linux")})
				}
			}
		}
		say(ctx, t, desk, store, fmt.Sprint(runs), text)
		mu.Lock()
		defer mu.Unlock()
		if len(strange) > 0 {
			t.Fatalf("%q: GitHub saw %q", text, strange)
		}
		if v := g.Violations(); len(v) > 0 {
			t.Fatalf("%q: %q", text, v)
		}
	})
}

// say has Ann type a text, confirm what is to be deleted and reveal what is minted.
func say(ctx context.Context, t *testing.T, desk *commands.Desk, store *storage.Store, key, text string) {
	who := commands.Actor{Person: ann, Team: "T0OCTO", Channel: fleetChannel}
	cmd, err := commands.Parse(text, desk.Context(fleetChannel))
	if err != nil || !commands.Mutates(cmd) {
		if desk.Answer(ctx, who, text) == nil {
			t.Fatalf("%q: no answer", text)
		}
		return
	}
	in := fleet.Input{Key: key, Person: who.Person, Team: who.Team, Channel: who.Channel, Text: text, At: time.Now()}
	if _, err := store.Accept(ctx, in); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	answer := desk.Carry(ctx, in)
	if answer == nil {
		t.Fatalf("%q: no answer", text)
	}
	if err := store.Handled(ctx, key); err != nil {
		t.Fatal(err)
	}
	view, opened := answer.(fleet.RequestView)
	if !opened {
		return
	}
	id := view.Request.ID
	if view.Request.Action.MintsToken() {
		_ = desk.Reveal(ctx, who, id, func(fleet.Request, fleet.Token) error { return nil })
		return
	}
	desk.Carry(ctx, fleet.Input{Key: key + "/confirm", Person: who.Person, Team: who.Team, Verb: "confirm", Request: id, At: time.Now()})
}

// newDesk is a desk on a real store and a real client, which needs no approvals.
func newDesk(ctx context.Context, f *testing.F, g *githubd.Server) (*commands.Desk, *storage.Store, *executor.Executor) {
	server, err := fleet.ParseServer(g.URL())
	if err != nil {
		f.Fatal(err)
	}
	var scopes []fleet.Scope
	for _, text := range []string{enterprise, org, repo} {
		s, err := fleet.ParseScope(server, text)
		if err != nil {
			f.Fatal(err)
		}
		scopes = append(scopes, s)
	}
	log := slog.New(slog.DiscardHandler)
	store, err := storage.Open(ctx, storage.Options{Path: filepath.Join(f.TempDir(), "fuzz.db"), Host: server.Host(), Now: time.Now, Log: log})
	if err != nil {
		f.Fatal(err)
	}
	reads, writes, err := github.New(github.Options{Server: server, Token: fleet.NewSecret(patToken)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(reads.Close)
	watch := &watcher.Watcher{Store: store, GitHub: reads, Scopes: scopes, Poll: time.Hour, Tell: func(context.Context, string, fleet.Prose) {}, Now: time.Now, Log: log}
	carryOut := &executor.Executor{Store: store, Reads: reads, Writes: writes, Pace: 0, Now: time.Now, Log: log}
	return &commands.Desk{
		Store: store, GitHub: reads, Watcher: watch, Directory: everyone{}, Revealer: carryOut,
		Digests: &notifier.Notifier{Store: store, Watcher: watch, Now: time.Now, Log: log},
		Vitals:  func(context.Context) fleet.About { return fleet.About{} },
		Policy: fleet.Policy{
			Grants: []fleet.Grant{{Who: []string{fleet.Everyone}, Request: true}},
			Rules: []fleet.Rule{{Name: "all", Actions: []fleet.Action{fleet.Register, fleet.RemoveToken, fleet.Delete},
				Scopes: []fleet.Glob{"*"}, Expires: time.Hour}},
			Limits: fleet.Limits{DeleteAtOnce: 25, DeleteShare: 100, OpenRequests: 1 << 30}, RevealWithin: time.Hour,
		},
		Server: server, Scopes: scopes, DefaultScope: scopes[1], Command: "/runners", FreshFor: time.Second, Now: time.Now, Log: log,
	}, store, carryOut
}
