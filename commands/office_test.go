package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/internal/executor"
	"runnerdesk/internal/fleet"
	"runnerdesk/internal/github"
	"runnerdesk/internal/sandbox"
	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/watcher"
	"runnerdesk/notifier"
	"runnerdesk/storage"
)

const (
	ent  = "enterprises/octo-enterprise"
	org  = "octo-org"
	repo = "octo-org/octo-repo"
)

// office is a desk with its real surroundings: the store on a file, the watcher, the
// executor, the notifier, and GitHub's client before the built-in GitHub. Only Slack is
// a directory of the test.
type office struct {
	*Desk
	t      *testing.T
	store  *storage.Store
	github *githubd.Server
	people *directory
	keys   int
}

// inOffice runs a test with a clock that stands still while anything moves.
func inOffice(t *testing.T, test func(*testing.T, *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newOffice(t)) })
}

func newOffice(t *testing.T) *office {
	ctx := t.Context()
	pipe := sandbox.NewPipe("127.0.0.1:80")
	gh := githubd.New(githubd.Options{Listener: pipe})
	gh.AddToken(githubd.Token{Value: "ghp_sample", Scopes: []string{"manage_runners:enterprise", "admin:org", "repo"}})
	gh.AddEnterprise("octo-enterprise")
	gh.AddOrg("octo-org", "octo-enterprise")
	gh.AddRepo("octo-org", "octo-repo")
	server, err := fleet.ParseServer(gh.URL())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	store, err := storage.Open(ctx, storage.Options{Path: filepath.Join(t.TempDir(), "db"), Host: server.Host(), AuditKey: fleet.NewSecret("a key of thirty-two characters ok"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	reads, writes, err := github.New(github.Options{Server: server, Token: fleet.NewSecret("ghp_sample"), Dial: pipe.DialContext, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		reads.Close()
		gh.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		for _, v := range gh.Violations() {
			t.Errorf("violation: %s", v)
		}
	})
	o := &office{t: t, store: store, github: gh, people: newDirectory(t)}
	var scopes []fleet.Scope
	for _, text := range []string{ent, org, repo} {
		s, err := fleet.ParseScope(server, text)
		if err != nil {
			t.Fatal(err)
		}
		scopes = append(scopes, s)
	}
	watch := &watcher.Watcher{Store: store, GitHub: reads, Scopes: scopes, Tell: func(context.Context, string, fleet.Prose) {}, Now: time.Now, Log: log}
	var plans []notifier.Plan
	for _, p := range []fleet.DigestPlan{
		{Name: "morning", Scopes: scopes[1:2]}, {Name: "all of it", Scopes: scopes}, {Name: "board", Scopes: scopes[:1]},
	} {
		schedule, err := notifier.ParseSchedule("0 9 * * *", "")
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, notifier.Plan{DigestPlan: p, Schedule: schedule})
	}
	o.Desk = &Desk{
		Store: store, GitHub: reads, Watcher: watch, Directory: o.people,
		Revealer: &executor.Executor{Store: store, Reads: reads, Writes: writes, Now: time.Now, Log: log},
		Digests:  &notifier.Notifier{Store: store, Watcher: watch, Digests: plans, Now: time.Now, Log: log},
		Vitals:   func(context.Context) fleet.About { return fleet.About{Version: "1"} },
		Policy:   samplePolicy(), Server: server, Scopes: scopes, Command: "/runners", FreshFor: 3 * time.Minute, Now: time.Now, Log: log,
	}
	return o
}

// samplePolicy: the S0LINUX people ask everywhere; Vic, Bob and the S0PLATFORM people
// view the organization and what is in it, and nothing of the enterprise. In the
// repository nobody has to approve.
func samplePolicy() fleet.Policy {
	every := []fleet.Action{fleet.Register, fleet.RemoveToken, fleet.Delete}
	return fleet.Policy{
		Grants: []fleet.Grant{
			{Who: []string{"S0LINUX"}, Request: true},
			{Who: []string{"U0VIC", "U0BOB", "S0PLATFORM"}, Scopes: []fleet.Glob{"octo-org", "octo-org/*"}},
		},
		Rules: []fleet.Rule{
			{Name: "free", Actions: every, Scopes: []fleet.Glob{"octo-org/*"}, Expires: time.Hour},
			{Name: "platform", Actions: every, Scopes: []fleet.Glob{"*"}, Approvers: []string{"U0BOB", "S0PLATFORM", "G0ROOM"}, Needed: 1, Channel: "C0APPROVALS", Expires: 4 * time.Hour},
		},
		RevealWithin: 8 * time.Hour,
	}
}

// directory is Slack as far as it knows people. It is strict: who is not asked for by a
// right id fails the test.
type directory struct {
	t      *testing.T
	mu     sync.Mutex
	people map[string]fleet.Person
	groups map[string][]string
	fails  string // what does not work: "", "all" or "groups"
	slow   bool   // what does not work is silent instead of an error
	ages   map[string]time.Duration
	asked  map[string]int
	cache  map[string]cached
}

type cached struct {
	value any
	at    time.Time
}

func newDirectory(t *testing.T) *directory {
	d := &directory{t: t, people: map[string]fleet.Person{}, groups: map[string][]string{}}
	d.work()
	var all []string
	for _, id := range []string{"U0ANN", "U0BOB", "U0CLEO", "U0GIL", "U0VIC", "U0NED", "U0FAY"} {
		d.people[id] = fleet.Person{ID: id, Team: "T0OCTO"}
	}
	// The outsiders are in every group, so that only what they are can stop them.
	for id, p := range map[string]fleet.Person{
		"U0GUEST": {Team: "T0OCTO", Guest: true}, "U0BOT": {Team: "T0OCTO", Bot: true}, "U0GONE": {Team: "T0OCTO", Deleted: true},
		"U0STRANGER": {Team: "T0OCTO", Stranger: true}, "U0OTHER": {Team: "T0ELSEWHERE"},
	} {
		p.ID = id
		d.people[id] = p
		all = append(all, id)
	}
	d.people["U0UNKNOWN"] = fleet.Person{}
	all = append(all, "U0UNKNOWN")
	d.groups["S0LINUX"] = append([]string{"U0ANN"}, all...)
	d.groups["S0PLATFORM"] = append([]string{"U0ANN", "U0CLEO"}, all...)
	d.groups["G0ROOM"] = append([]string{"U0GIL"}, all...)
	return d
}

func (d *directory) look(ctx context.Context, key string, maxAge time.Duration, value any, known bool) (any, error) {
	d.mu.Lock()
	if !known {
		d.t.Errorf("%s was looked up", key)
	}
	d.asked[key]++
	d.ages[key] = maxAge
	fails := d.fails == "all" || d.fails == "groups" && group(key)
	if c, ok := d.cache[key]; ok && !fails && maxAge > 0 && time.Since(c.at) <= maxAge {
		d.mu.Unlock()
		return c.value, nil
	}
	slow := d.slow
	if !fails {
		d.cache[key] = cached{value, time.Now()}
	}
	d.mu.Unlock()
	switch {
	case fails && slow:
		<-ctx.Done()
		return nil, ctx.Err()
	case fails:
		return nil, errors.New("internal_error")
	}
	return value, nil
}

func (d *directory) Person(ctx context.Context, id string, maxAge time.Duration) (fleet.Person, error) {
	p, known := d.people[id]
	v, err := d.look(ctx, id, maxAge, p, known)
	if err != nil {
		return fleet.Person{}, err
	}
	return v.(fleet.Person), nil
}

func (d *directory) Members(ctx context.Context, id string, maxAge time.Duration) ([]string, error) {
	ids, known := d.groups[id]
	v, err := d.look(ctx, id, maxAge, slices.Clone(ids), known)
	if err != nil {
		return nil, err
	}
	return v.([]string), nil
}

func (d *directory) Home() string { return "T0OCTO" }

// work makes all look-ups work again, none of them remembered.
func (d *directory) work() {
	d.fails, d.slow = "", false
	d.cache, d.asked, d.ages = map[string]cached{}, map[string]int{}, map[string]time.Duration{}
}

func who(person string) Actor { return Actor{Person: person, Team: "T0OCTO", Channel: "C0FLEET"} }

// ask answers a query as a person.
func (o *office) ask(person, text string) fleet.Answer {
	o.t.Helper()
	return o.Answer(o.t.Context(), who(person), text)
}

func (o *office) key() string {
	o.keys++
	return fmt.Sprint("key ", o.keys)
}

// carry accepts a typed input and carries it out, as the bot does.
func (o *office) carry(person, text string) fleet.Answer {
	o.t.Helper()
	return o.put(fleet.Input{Key: o.key(), Person: person, Team: "T0OCTO", Channel: "C0FLEET", Text: text, At: time.Now()})
}

// press is the same for a button.
func (o *office) press(person, verb string, id int64) fleet.Answer {
	o.t.Helper()
	return o.put(fleet.Input{Key: o.key(), Person: person, Team: "T0OCTO", Channel: "C0APPROVALS", Verb: verb, Request: id, At: time.Now()})
}

func (o *office) put(in fleet.Input) fleet.Answer {
	o.t.Helper()
	if _, err := o.store.Accept(o.t.Context(), in); err != nil {
		o.t.Fatal(err)
	}
	return o.Carry(o.t.Context(), in)
}

// opened is the request that an answer is about.
func (o *office) opened(a fleet.Answer) fleet.Request {
	o.t.Helper()
	v, ok := a.(fleet.RequestView)
	if !ok {
		o.t.Fatalf("no request but %T: %s", a, said(a))
	}
	return v.Request
}

func (o *office) stored(id int64) fleet.Request {
	o.t.Helper()
	r, err := o.store.Request(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (o *office) requestCount() int {
	o.t.Helper()
	all, err := o.store.Requests(o.t.Context(), fleet.RequestQuery{})
	if err != nil {
		o.t.Fatal(err)
	}
	return len(all)
}

// runner adds a runner to GitHub.
func (o *office) runner(scope, name string, labels ...string) int64 {
	return o.github.AddRunner(scope, githubd.Runner{Name: name, Labels: githubd.Labels(labels...), Version: "2.330.0"})
}

// calls counts what went to GitHub since the last time it was asked.
func (o *office) calls() int {
	n := len(o.github.Requests())
	o.github.ForgetRequests()
	return n
}

// said is the text of a notice.
func said(a fleet.Answer) string {
	if n, ok := a.(fleet.Notice); ok {
		return n.Text.String()
	}
	return ""
}

// offered are the commands of a notice's buttons.
func offered(a fleet.Answer) []string {
	var out []string
	if n, ok := a.(fleet.Notice); ok {
		for _, s := range n.Suggest {
			out = append(out, s.Command)
		}
	}
	return out
}

// isNo reports whether an answer refuses, for whatever reason.
func isNo(a fleet.Answer) bool {
	n, ok := a.(fleet.Notice)
	return ok && (n.Kind == fleet.Refused || n.Kind == fleet.Trouble)
}

// wantSaid fails unless the answer is a notice of that kind whose text holds each part,
// and is a sentence.
func wantSaid(t *testing.T, a fleet.Answer, kind fleet.NoticeKind, parts ...string) {
	t.Helper()
	n, ok := a.(fleet.Notice)
	if !ok || n.Kind != kind {
		t.Errorf("%T of kind %q: %q, want %q with %q", a, n.Kind, said(a), kind, parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(said(a), p) {
			t.Errorf("said %q, want %q", said(a), p)
		}
	}
	if text := said(a); !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?") || strings.Contains(text, "..") || strings.Contains(text, "  ") {
		t.Errorf("%q does not read well", text)
	}
}
