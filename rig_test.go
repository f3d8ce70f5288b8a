package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/config"
	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/sandbox/slackd"
)

// The people, channels and scopes of every test.
const (
	ann, bob, cleo, dan = "U0ANN", "U0BOB", "U0CLEO", "U0DAN"
	fleetChannel        = "C0FLEET"
	approvals           = "C0APPROVALS"
	operations          = "C0OPS"
	platform            = "S0PLATFORM"
	enterprise          = "enterprises/octo-enterprise"
	org                 = "octo-org"
	repo                = "octo-org/octo-repo"
	patToken            = "ghp_sampleCredentialOfTheTests00000000"
)

// sampleConfiguration asks one approval for everything.
const sampleConfiguration = `scopes: [enterprises/octo-enterprise, octo-org, octo-org/octo-repo]
default_scope: octo-org
database: runnerdesk.db
listen: ""
poll: 1h
operators: { channel: C0OPS }
access:
  - who: [everyone]
    may: [request]
approvals:
  - name: everything
    actions: [register, remove-token, delete]
    scopes: ["*"]
    approvers: [S0PLATFORM]
    channel: C0APPROVALS
limits: { delete_share: 100%, open_requests: 500 }
digests:
  - name: evening
    channel: C0FLEET
    cron: "0 17 * * *"
    scopes: [octo-org]
`

// plan is what a test wants otherwise than usual.
type plan struct {
	config  string            // sampleConfiguration when empty
	app     slackd.App        // what is empty is the sample's
	environ map[string]string // beside the usual; empty values take away
	token   string            // GitHub's credential
	minted  string            // how minted tokens begin
	debug   bool              // log everything
}

// rig is both built-in servers, filled, and the bot between them.
type rig struct {
	t       testing.TB
	ctx     context.Context
	slack   *slackd.Server
	github  *githubd.Server
	judge   *judge
	clock   *clock
	logs    *logbook
	dir     string
	file    string
	environ map[string]string
	debug   bool
	stop    func() error // ends the bot that run started
}

// patience is how long anything may take to appear.
const patience = 20 * time.Second

// newRig starts the servers and writes the configuration; no bot runs yet. At the end
// of the test it fails it for everything that a server found wrong.
func newRig(t testing.TB, p plan) *rig {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &rig{t: t, ctx: ctx, clock: new(clock), logs: new(logbook), judge: newJudge(t), dir: t.TempDir(), debug: p.debug}
	r.slack = slackd.New(slackd.Options{})
	r.slack.Install(p.app)
	r.github = githubd.New(githubd.Options{Wrap: r.judge.wrap})
	t.Cleanup(func() {
		r.slack.Close()
		r.github.Close()
		cancel()
		for _, v := range append(r.slack.Violations(), r.github.Violations()...) {
			t.Errorf("violation: %s", v)
		}
		for _, err := range r.judge.take() {
			t.Errorf("not as GitHub describes it: %v", err)
		}
		if strings.Contains(r.logs.String(), `"msg":"panic"`) {
			t.Error("something panicked")
		}
		if t.Failed() {
			t.Logf("the bot logged:\n%s", r.logs)
		}
	})
	if p.token == "" {
		p.token = patToken
	}
	r.people()
	r.fleet(p.token, p.minted)
	if p.config == "" {
		p.config = sampleConfiguration
	}
	r.file = filepath.Join(r.dir, "runnerdesk.yml")
	if err := os.WriteFile(r.file, []byte(p.config), 0o600); err != nil {
		t.Fatal(err)
	}
	app := r.slack.App()
	r.environ = map[string]string{
		"SLACK_APP_TOKEN": app.AppToken, "SLACK_BOT_TOKEN": app.BotToken, "SLACK_API_URL": r.slack.URL(),
		"GITHUB_TOKEN": p.token, "GITHUB_API_URL": r.github.URL(),
	}
	for name, value := range p.environ {
		r.environ[name] = value
	}
	return r
}

func (r *rig) people() {
	self := r.slack.App().BotUser
	for _, u := range []slackd.User{
		{ID: ann, Name: "ann", RealName: "Ann", TZ: "Europe/Berlin"}, {ID: bob, Name: "bob", RealName: "Bob"},
		{ID: cleo, Name: "cleo", RealName: "Cleo"}, {ID: dan, Name: "dan", RealName: "Dan", Restricted: true},
	} {
		r.slack.AddUser(u)
	}
	r.slack.AddChannel(slackd.Channel{ID: fleetChannel, Name: "fleet", Members: []string{self, ann, bob, cleo, dan}})
	r.slack.AddChannel(slackd.Channel{ID: approvals, Name: "approvals", Private: true, Members: []string{self, ann, bob, cleo}})
	r.slack.AddChannel(slackd.Channel{ID: operations, Name: "ops", Private: true, Members: []string{self, bob}})
	r.slack.AddGroup(platform, "platform", bob, cleo)
}

func (r *rig) fleet(token, minted string) {
	r.github.SetTokenPrefix(minted)
	r.github.AddToken(githubd.Token{Value: token, Scopes: []string{"manage_runners:enterprise", "admin:org", "repo"}})
	r.github.AddEnterprise("octo-enterprise")
	r.github.AddOrg("octo-org", "octo-enterprise")
	r.github.AddRepo("octo-org", "octo-repo")
	for _, scope := range []string{enterprise, org, repo} {
		for _, name := range []string{"web-1", "old-1", "old-2", "old-3", "old-4"} {
			status := "offline"
			if name == "web-1" {
				status = "online"
			}
			r.github.AddRunner(scope, githubd.Runner{Name: name, Status: status, Labels: githubd.Labels("self-hosted", "linux", "x64", "gpu"), Version: "2.336.0"})
		}
	}
}

// start is newRig and run.
func start(t testing.TB, p plan) *rig {
	t.Helper()
	r := newRig(t, p)
	r.run()
	return r
}

// run starts the bot in this process and waits for its sockets. The end of the test stops
// it, and fails when it ends with an error or too late.
func (r *rig) run() {
	r.t.Helper()
	c, err := config.Load(config.Source{Path: r.file, LookupEnv: func(name string) (string, bool) {
		v, ok := r.environ[name]
		return v, ok
	}, CheckCron: checkCron})
	if err != nil {
		r.t.Fatal(err)
	}
	level := slog.LevelInfo
	if r.debug {
		level = slog.LevelDebug
	}
	ctx, cancel := context.WithCancel(r.ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, c, seams{
			now: r.clock.now, every: 50 * time.Millisecond, pace: -1,
			log: slog.New(slog.NewJSONHandler(r.logs, &slog.HandlerOptions{Level: level})),
		})
	}()
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		case <-time.After(stopWithin + 2*time.Second):
			return errors.New("the bot did not stop in time")
		}
	}
	r.t.Cleanup(func() {
		if err := r.stop(); err != nil {
			r.t.Errorf("the bot ended with: %v", err)
		}
	})
	r.connected(2)
}

// connected waits until the bot has n sockets.
func (r *rig) connected(n int) {
	r.t.Helper()
	r.until("the bot is connected", func() bool { return r.slack.Connections() == n })
}

// until waits for something that Slack shows.
func (r *rig) until(what string, cond func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	if err := r.slack.Wait(ctx, cond); err != nil {
		r.t.Fatalf("never came true: %s", what)
	}
}

// untilGitHub waits for something that GitHub has or saw.
func (r *rig) untilGitHub(what string, cond func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	if err := r.github.Wait(ctx, cond); err != nil {
		r.t.Fatalf("never came true: %s", what)
	}
}

// id is the id of a runner.
func (r *rig) id(scope, name string) int64 {
	r.t.Helper()
	for _, x := range r.github.Runners(scope) {
		if x.Name == name {
			return x.ID
		}
	}
	r.t.Fatalf("%s has no runner %s", scope, name)
	return 0
}

// has reports whether a scope has a runner.
func (r *rig) has(scope, name string) bool {
	for _, x := range r.github.Runners(scope) {
		if x.Name == name {
			return true
		}
	}
	return false
}

// readAll waits until the bot's first reading of these scopes is over and stored, so that
// no further request comes by itself for an hour.
func (r *rig) readAll(scopes ...string) {
	r.t.Helper()
	r.untilGitHub("every scope was read", func() bool {
		answered := map[string]bool{}
		for _, q := range r.github.Requests() {
			if strings.HasSuffix(q.Route, "/actions/runners") && q.Status == 200 {
				answered[q.Route] = true
			}
		}
		return len(answered) == len(scopes)
	})
	r.types(ann, "status") // shares the last reading, or finds it stored
}
