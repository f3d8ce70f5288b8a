package config

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/fleet"
)

// good is an environment without faults.
var good = map[string]string{
	"SLACK_APP_TOKEN": "xapp-1-canary-of-the-app-token",
	"SLACK_BOT_TOKEN": "xoxb-canary-of-the-bot-token",
	"GITHUB_TOKEN":    "ghp_canaryofthegithubtoken",
}

// appKey is an App's private key, made anew for each run of the tests.
var appKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
})

// source reads a file named runnerdesk.yml, with the changes to the good environment.
// A change to "-" takes the variable away.
func source(yaml string, changes map[string]string, files map[string]string) Source {
	env := maps.Clone(good)
	for name, value := range changes {
		if env[name] = value; value == "-" {
			delete(env, name)
		}
	}
	return Source{
		LookupEnv: func(name string) (string, bool) { v, set := env[name]; return v, set },
		ReadFile: func(path string) ([]byte, error) {
			if held, is := files[path]; is {
				return []byte(held), nil
			}
			if path == DefaultFile && yaml != "-" {
				return []byte(yaml), nil
			}
			return nil, fs.ErrNotExist
		},
		CheckCron: func(expr, zone string) error {
			if len(strings.Fields(expr)) != 5 {
				return errors.New("cron is wrong; write five fields")
			}
			return nil
		},
	}
}

// faults are the lines that Load reports, without the file's name.
func faults(t *testing.T, o Source) []string {
	t.Helper()
	c, err := Load(o)
	if err == nil {
		return nil
	}
	if c != nil {
		t.Error("Load gave a configuration along with faults")
	}
	var all Faults
	if !errors.As(err, &all) {
		t.Fatalf("Load: %T, want Faults", err)
	}
	var lines []string
	for _, f := range all {
		lines = append(lines, strings.TrimPrefix(f.String(), DefaultFile+":"))
	}
	return lines
}

func load(t *testing.T, o Source) *Config {
	t.Helper()
	c, err := Load(o)
	if err != nil {
		t.Fatalf("Load:\n%v", err)
	}
	return c
}

func scope(t *testing.T, text string) fleet.Scope {
	t.Helper()
	server, err := fleet.ParseServer("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := fleet.ParseScope(server, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var compare = cmp.Options{
	cmp.Comparer(func(a, b fleet.Scope) bool { return a == b }),
	cmp.Comparer(func(a, b fleet.Server) bool { return a == b }),
	cmp.Comparer(func(a, b fleet.Secret) bool { return a.Reveal() == b.Reveal() && a.IsZero() == b.IsZero() }),
}

func TestExample(t *testing.T) {
	c := load(t, source(Example(), nil, nil))
	c.Hash = ""
	octo, repo, enterprise := scope(t, "octo-org"), scope(t, "octo-org/octo-repo"), scope(t, "enterprises/octo-enterprise")
	want := defaults()
	want.File = DefaultFile
	want.Server, _ = fleet.ParseServer("")
	want.Slack = Slack{fleet.NewSecret(good["SLACK_APP_TOKEN"]), fleet.NewSecret(good["SLACK_BOT_TOKEN"]), "https://slack.com/api/"}
	want.GitHub.Token = fleet.NewSecret(good["GITHUB_TOKEN"])
	want.Scopes, want.DefaultScope = []fleet.Scope{enterprise, octo, repo}, octo
	want.ChannelDefaults = map[string]fleet.Scope{"C0LINUX": repo}
	want.Operators = Operators{"C0OPS", []string{"U0BOB"}}
	want.Policy = fleet.Policy{
		Grants: []fleet.Grant{
			{Who: []string{"everyone"}},
			{Who: []string{"S0LINUX"}, Request: true, Scopes: []fleet.Glob{"octo-org", "octo-org/*"}},
		},
		Rules: []fleet.Rule{
			{Name: "enterprise deletions", Actions: []fleet.Action{fleet.Delete}, Scopes: []fleet.Glob{"enterprises/*"},
				Labels: []string{"gpu", "prod"}, Approvers: []string{"S0PLATFORM"}, Needed: 2, Channel: "C0APPROVALS",
				Expires: 4 * time.Hour, Reason: "optional",
				Escalate: &fleet.Escalation{After: 30 * time.Minute, Approvers: []string{"S0ONCALL"}, Channel: "C0ONCALL"}},
			{Name: "everything else", Actions: []fleet.Action{fleet.Register, fleet.RemoveToken, fleet.Delete}, Scopes: []fleet.Glob{"*"},
				Approvers: []string{"S0PLATFORM", "U0BOB"}, Needed: 1, Channel: "C0APPROVALS", Expires: 4 * time.Hour, Reason: "required"},
		},
		BreakGlass:   fleet.BreakGlass{People: []string{"U0BOB"}, Actions: []fleet.Action{fleet.Delete}, Channel: "C0OPS"},
		Protect:      fleet.Protect{Names: []fleet.Glob{"db-*"}, Labels: []string{"prod-critical"}},
		Limits:       fleet.Limits{DeleteAtOnce: 25, DeleteShare: 25, OpenRequests: 5},
		RevealWithin: 8 * time.Hour,
	}
	want.Digests = []Digest{{"weekday morning", "C0FLEET", "0 9 * * MON-FRI", "Europe/Berlin", []fleet.Scope{enterprise, octo}, "always", time.Hour}}
	want.Alerts = []Alert{{Name: "gpu runners", Channel: "C0FLEET", Scopes: []fleet.Scope{octo}, Labels: []string{"gpu"},
		OfflineFor: 15 * time.Minute, NoneIdleFor: 30 * time.Minute, FewerThan: 4, BusyFor: 12 * time.Hour,
		VersionEndsIn: 14 * day, Mention: []string{"S0ONCALL"}}}
	want.Warnings = c.Warnings // TestWarnings
	want.Cleanups = []Cleanup{{"dead runners", "0 10 * * MON", "Europe/Berlin", []fleet.Scope{octo}, 3 * day}}
	if diff := cmp.Diff(want, c, compare); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDefaults(t *testing.T) {
	c := load(t, source("scopes: [octo-org]\napprovals:\n  - {actions: [delete], scopes: [octo-org], needed: 0}\n"+
		"digests:\n  - {name: d, channel: C1, cron: 0 9 * * *, scopes: [\"*\"]}\n", nil, nil))
	c.Hash = ""
	want := defaults()
	want.File, want.Server = DefaultFile, c.Server
	want.Slack, want.GitHub, want.Warnings = c.Slack, c.GitHub, c.Warnings
	want.Scopes = []fleet.Scope{scope(t, "octo-org")}
	want.Policy.Rules = []fleet.Rule{{Name: "rule 1", Actions: []fleet.Action{fleet.Delete}, Scopes: []fleet.Glob{"octo-org"}, Expires: 4 * time.Hour, Reason: "optional"}}
	want.Digests = []Digest{{"d", "C1", "0 9 * * *", "UTC", want.Scopes, "always", time.Hour}}
	if diff := cmp.Diff(want, c, compare); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	got := []any{c.Command, c.Database, c.Listen, c.Poll, c.Retention, c.LogLevel, c.Policy.RevealWithin, c.Policy.Limits}
	spec := []any{"/runners", "runnerdesk.db", "127.0.0.1:8080", 2 * time.Minute, 90 * day, slog.LevelInfo, 8 * time.Hour, fleet.Limits{DeleteAtOnce: 25, DeleteShare: 25, OpenRequests: 5}}
	if diff := cmp.Diff(spec, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnchors(t *testing.T) {
	c := load(t, source(`x-people: &people [S0PLATFORM, U0BOB]
x-rule: &rule
  approvers: *people
  channel: C0A
  expires: 1h
x-more: &more {reason: required, expires: 3h}
scopes: [&org octo-org]
approvals:
  - <<: *rule
    actions: [delete]
    scopes: [*org]
    expires: 2h
    x-note: kept for readers
  - <<: [*rule, *more]
    actions: [register]
    scopes: ["*"]
`, nil, nil))
	base := fleet.Rule{Approvers: []string{"S0PLATFORM", "U0BOB"}, Channel: "C0A", Needed: 1}
	first, second := base, base
	first.Name, first.Actions, first.Scopes, first.Expires, first.Reason = "rule 1", []fleet.Action{fleet.Delete}, []fleet.Glob{"octo-org"}, 2*time.Hour, "optional"
	second.Name, second.Actions, second.Scopes, second.Expires, second.Reason = "rule 2", []fleet.Action{fleet.Register}, []fleet.Glob{"*"}, time.Hour, "required"
	if diff := cmp.Diff([]fleet.Rule{first, second}, c.Policy.Rules); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPaths(t *testing.T) {
	const text = "scopes: [octo-org]\ndatabase: data/r.db\n"
	files := map[string]string{"/etc/desk/a.yml": text, "b.yml": text, "c.yml": "scopes: [octo-org]\ndatabase: /var/r.db\n"}
	tests := []struct {
		name, flag     string
		env            map[string]string
		file, database string
	}{
		{"the default", "", nil, DefaultFile, "runnerdesk.db"},
		{"the flag", "/etc/desk/a.yml", nil, "/etc/desk/a.yml", "/etc/desk/data/r.db"},
		{"the variable before the flag", "/etc/desk/a.yml", map[string]string{"RUNNERDESK_CONFIG": "b.yml"}, "b.yml", "data/r.db"},
		{"an absolute path", "c.yml", nil, "c.yml", "/var/r.db"},
		{"the database's variable", "/etc/desk/a.yml", map[string]string{"RUNNERDESK_DATABASE": "here.db"}, "/etc/desk/a.yml", "here.db"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := source("scopes: [octo-org]\n", tt.env, files)
			o.Path = tt.flag
			c := load(t, o)
			if diff := cmp.Diff([]string{tt.file, tt.database}, []string{c.File, c.Database}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	const text = "scopes: [octo-org]\nlisten: 127.0.0.1:9\n"
	files := map[string]string{"/run/app": "xapp-from-a-file\n", "/run/key": appKey(), "/run/audit": "key of the audit\r\n"}
	c := load(t, source(text, map[string]string{
		"SLACK_APP_TOKEN": "-", "SLACK_APP_TOKEN_FILE": "/run/app",
		"GITHUB_TOKEN": "-", "GITHUB_APP_ID": "17", "GITHUB_APP_PRIVATE_KEY_FILE": "/run/key",
		"RUNNERDESK_AUDIT_KEY_FILE": "/run/audit",
		"SLACK_API_URL":             "http://127.0.0.1:8000/api", "GITHUB_API_URL": "https://octo.example/api/v3",
		"RUNNERDESK_LISTEN": "", "RUNNERDESK_LOG": "debug",
	}, files))
	got := []any{c.Slack.AppToken.Reveal(), c.GitHub.Token.IsZero(), c.GitHub.AppID, c.GitHub.AppKey.Reveal(), c.AuditKey.Reveal(),
		c.Slack.APIURL, c.Server.APIURL(), c.Listen, c.LogLevel, c.Scopes[0].Host()}
	want := []any{"xapp-from-a-file", true, int64(17), strings.TrimRight(appKey(), "\n"), "key of the audit",
		"http://127.0.0.1:8000/api/", "https://octo.example/api/v3", "", slog.LevelDebug, "octo.example"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	c = load(t, source(text, map[string]string{"RUNNERDESK_LISTEN": ":8081", "GITHUB_APP_ID": "17", "GITHUB_APP_PRIVATE_KEY": appKey()}, nil))
	if c.Listen != ":8081" || c.GitHub.Token.IsZero() || c.GitHub.AppID != 17 {
		t.Errorf("got %q, %v, %d", c.Listen, c.GitHub.Token.IsZero(), c.GitHub.AppID)
	}
	if c = load(t, source(text, nil, nil)); c.Listen != "127.0.0.1:9" {
		t.Errorf("listen: got %q", c.Listen)
	}
	o := source(text, map[string]string{"SLACK_APP_TOKEN": "-", "SLACK_BOT_TOKEN": "-", "GITHUB_TOKEN": "-"}, nil)
	o.Offline = true
	load(t, o)
}

func TestHash(t *testing.T) {
	hash := func(yaml string, env map[string]string) string { return load(t, source(yaml, env, nil)).Hash }
	const text = "scopes: [octo-org]\n"
	first := hash(text, nil)
	if len(first) != 64 || first != hash(text, map[string]string{"GITHUB_TOKEN": "another", "SLACK_BOT_TOKEN": "xoxb-another"}) {
		t.Errorf("the hash %q hangs on a secret", first)
	}
	for _, other := range []string{hash(text+"# note\n", nil), hash(text, map[string]string{"GITHUB_API_URL": "https://octo.ghe.com"}), hash(text, map[string]string{"RUNNERDESK_LISTEN": ""})} {
		if other == first {
			t.Error("two configurations have one hash")
		}
	}
}

func TestWarnings(t *testing.T) {
	const access = "access: [{who: [everyone], may: [view]}]\n"
	for _, tt := range []struct {
		name, yaml string
		want       []string
	}{
		{"nothing", least + access, nil},
		{"a channel's default that is no scope", least + access + "channels: {C0A: {default_scope: octo-web}}\n", []string{
			"3:33: octo-web is not among scopes, so C0A has no default; add it there, or take one of octo-org, octo-org/octo-repo"}},
		{"no access", least, []string{"1:1: there is no access, so nobody may see or ask for anything; add lines such as { who: [everyone], may: [view] }"}},
		{"what comes later", least + access + "listen: 127.0.0.1:80\n", []string{"3:9: listen has no effect in this version"}},
		{"turned off", least + access + "listen: \"\"\n", nil},
		{"the example", Example(), []string{
			"19:9: listen has no effect in this version", "62:3: break_glass has no effect in this version",
			"93:3: alerts has no effect in this version", "107:3: cleanup has no effect in this version",
			"49:7: escalate lets these people decide in time, but nobody is asked anew in this version"}},
	} {
		c := load(t, source(tt.yaml, nil, nil))
		var got []string
		for _, w := range c.Warnings {
			got = append(got, strings.TrimPrefix(w.String(), DefaultFile+":"))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
		if tt.name == "a channel's default that is no scope" && len(c.ChannelDefaults) != 0 {
			t.Errorf("channel defaults are %v, want none", c.ChannelDefaults)
		}
	}
}
