package tour

import (
	"net"
	"path/filepath"

	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/sandbox/slackd"
)

// The people and channels of the built-in Slack.
const (
	ann, bob, cleo, dan      = "U0ANN", "U0BOB", "U0CLEO", "U0DAN"
	fleetChannel             = "C0FLEET"
	approvals                = "C0APPROVALS"
	operations               = "C0OPS"
	platform                 = "S0PLATFORM"
	enterprise, org, repo    = "enterprises/octo-enterprise", "octo-org", "octo-org/octo-repo"
	githubToken              = "ghp_builtInCredentialOfTheDemo0000000000"
	digestHour, digestMinute = 17, 0
)

// configuration is the demo's runnerdesk.yml.
const configuration = `# The demo's configuration: three scopes, a requester, two approvers.
scopes: [enterprises/octo-enterprise, octo-org, octo-org/octo-repo]
default_scope: octo-org
database: runnerdesk.db
listen: ""
poll: 1h # the tour reads when somebody asks
operators: { channel: C0OPS }
access:
  - who: [everyone]
    may: [request]
approvals:
  - name: tokens of repositories
    actions: [register, remove-token]
    scopes: [octo-org/octo-repo]
    needed: 0
  - name: enterprise deletions
    actions: [delete]
    scopes: ["enterprises/*"]
    approvers: [S0PLATFORM]
    needed: 2
    channel: C0APPROVALS
    reason: required
  - name: everything else
    actions: [register, remove-token, delete]
    scopes: ["*"]
    approvers: [S0PLATFORM]
    channel: C0APPROVALS
protect:
  names: ["db-*"]
limits: { delete_share: 100% }
digests:
  - name: evening
    channel: C0FLEET
    cron: "0 17 * * MON-FRI"
    scopes: [octo-org, enterprises/octo-enterprise, octo-org/octo-repo]
`

// app is the app as manifest.yml makes it: what the bot may not do, it may not do here.
func app() slackd.App {
	a := slackd.SampleApp()
	a.Scopes = []string{
		"app_mentions:read", "channels:read", "chat:write", "commands", "groups:read", "im:history", "usergroups:read", "users:read",
	}
	a.Events = []string{"app_mention", "message.im"}
	a.Shortcuts, a.NoHomeTab = []string{}, true
	return a
}

// newWorld starts the built-in servers and fills them.
func newWorld(listener net.Listener) *world {
	w := &world{clock: newClock()}
	w.slack = slackd.New(slackd.Options{Listener: listener, Now: w.clock.now, Pace: true})
	w.slack.Install(app())
	bot := w.slack.App().BotUser
	for _, u := range []slackd.User{
		{ID: ann, Name: "ann", RealName: "Ann", TZ: "Europe/Berlin"},
		{ID: bob, Name: "bob", RealName: "Bob", TZ: "Europe/Berlin"},
		{ID: cleo, Name: "cleo", RealName: "Cleo", TZ: "America/New_York"},
		{ID: dan, Name: "dan", RealName: "Dan", Restricted: true},
	} {
		w.slack.AddUser(u)
	}
	w.slack.AddChannel(slackd.Channel{ID: fleetChannel, Name: "fleet", Members: []string{bot, ann, bob, cleo, dan}})
	w.slack.AddChannel(slackd.Channel{ID: approvals, Name: "runner-approvals", Private: true, Members: []string{bot, ann, bob, cleo}})
	w.slack.AddChannel(slackd.Channel{ID: operations, Name: "ops", Private: true, Members: []string{bot, bob}})
	w.slack.AddGroup(platform, "platform", bob, cleo)

	w.github = githubd.New(githubd.Options{Now: w.clock.now, Seed: 1})
	w.github.SetTokenPrefix("TOKENOFTHETOUR")
	w.github.AddToken(githubd.Token{Value: githubToken, Scopes: []string{"manage_runners:enterprise", "admin:org", "repo"}})
	w.github.AddEnterprise("octo-enterprise")
	w.github.AddOrg("octo-org", "octo-enterprise")
	w.github.AddRepo("octo-org", "octo-repo")
	w.github.AddGroup(org, 2, "linux")
	for _, r := range []struct {
		scope, name, os, status string
		busy                    bool
		labels                  []string
	}{
		{enterprise, "ent-1", "linux", "online", false, []string{"self-hosted", "linux", "x64"}},
		{enterprise, "ent-2", "linux", "offline", false, []string{"self-hosted", "linux", "x64"}},
		{enterprise, "ent-win-1", "windows", "online", true, []string{"self-hosted", "windows", "x64"}},
		{org, "db-1", "linux", "online", false, []string{"self-hosted", "linux", "x64", "db"}},
		{org, "gpu-1", "linux", "online", true, []string{"self-hosted", "linux", "x64", "gpu"}},
		{org, "gpu-2", "linux", "offline", false, []string{"self-hosted", "linux", "x64", "gpu"}},
		{org, "mac-1", "macOS", "online", false, []string{"self-hosted", "macOS", "arm64"}},
		{org, "old-1", "linux", "offline", false, []string{"self-hosted", "linux", "x64"}},
		{org, "old-2", "linux", "offline", false, []string{"self-hosted", "linux", "x64"}},
		{org, "old-3", "linux", "offline", false, []string{"self-hosted", "linux", "x64"}},
		{repo, "repo-1", "linux", "offline", false, []string{"self-hosted", "linux", "x64"}},
		{repo, "repo-2", "linux", "online", false, []string{"self-hosted", "linux", "x64"}},
	} {
		w.github.AddRunner(r.scope, githubd.Runner{Name: r.name, OS: r.os, Status: r.status, Busy: r.busy, Labels: githubd.Labels(r.labels...), Version: "2.336.0"})
	}
	for i := 1; i <= 30; i++ {
		w.github.AddRunner(org, githubd.Runner{
			Name: "web-" + string(rune('a'+(i-1)/10)) + string(rune('0'+(i-1)%10)), GroupID: 2, Busy: i%3 == 0,
			Labels: githubd.Labels("self-hosted", "linux", "x64", "web"), Version: "2.336.0",
		})
	}
	return w
}

// environment is what the bot sees as its environment.
func (w *world) environment(dir string) func(string) (string, bool) {
	app := w.slack.App()
	vars := map[string]string{
		"SLACK_APP_TOKEN": app.AppToken, "SLACK_BOT_TOKEN": app.BotToken, "SLACK_API_URL": w.slack.URL(),
		"GITHUB_TOKEN": githubToken, "GITHUB_API_URL": w.github.URL(),
		"RUNNERDESK_DATABASE": filepath.Join(dir, "runnerdesk.db"),
	}
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func (w *world) close() {
	w.slack.Close()
	w.github.Close()
}
