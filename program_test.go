package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/sandbox/slackd"
)

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args           []string
		code           int
		stdout, stderr string // that must be in there
	}{
		{[]string{"version"}, good, "runnerdesk ", ""},
		{[]string{"--help"}, good, "demo", ""},
		{[]string{"serve", "--help"}, good, "--config", ""},
		{[]string{"--nonsense"}, wrong, "", "unknown flag --nonsense"},
		{[]string{"nonsense"}, wrong, "", "nonsense"},
		{[]string{"serve", "--config"}, wrong, "", "--config"},
		{[]string{"serve"}, wrong, "", "runnerdesk init"},
		{[]string{"--config", "missing.yml"}, wrong, "", "missing.yml:1:1: "},
	} {
		p := execute(t, t.TempDir(), nil, tc.args...)
		code := p.exits(patience)
		if code != tc.code || !strings.Contains(p.stdout.String(), tc.stdout) || !strings.Contains(p.stderr.String(), tc.stderr) {
			t.Errorf("%q: got %d, %q, %q; want %d, %q, %q", tc.args, code, p.stdout, p.stderr, tc.code, tc.stdout, tc.stderr)
		}
	}
}

func TestInit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if p := execute(t, dir, nil, "init"); p.exits(patience) != good || !strings.Contains(p.stdout.String(), "Next") {
		t.Errorf("init: %s %s", p.stdout, p.stderr)
	}
	before, err := os.ReadFile(filepath.Join(dir, "runnerdesk.yml"))
	if err != nil || len(before) == 0 {
		t.Fatalf("nothing was written: %v", err)
	}
	if p := execute(t, dir, nil, "init"); p.exits(patience) == good {
		t.Error("a second init must not overwrite the file")
	}
	after, _ := os.ReadFile(filepath.Join(dir, "runnerdesk.yml"))
	if string(after) != string(before) {
		t.Error("the second init changed the file")
	}
}

// TestConfigurationFaults: all of them at once, each with its place, and nobody hears of
// the start.
func TestConfigurationFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, plan{
		config:  "scopes: [octo-org, web#]\npolll: 2m\npoll: soon\napprovals:\n  - actions: [delete, explode]\n    scopes: [\"*\"]\n    needed: 9\n",
		environ: map[string]string{"SLACK_BOT_TOKEN": "xapp-of-the-wrong-kind", "GITHUB_API_URL": "http://github.example.com"},
	})
	delete(r.environ, "SLACK_APP_TOKEN")
	p := execute(t, r.dir, r.environ, "--config", r.file)
	if code := p.exits(patience); code != wrong {
		t.Errorf("exit code %d, want %d", code, wrong)
	}
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	shape := regexp.MustCompile(`^(environment|.+:[0-9]+:[0-9]+): .+$`)
	for _, line := range lines {
		if !shape.MatchString(line) {
			t.Errorf("neither environment: nor FILE:LINE:COLUMN: %s", line)
		}
	}
	for _, want := range []string{
		"environment: SLACK_APP_TOKEN", "environment: SLACK_BOT_TOKEN", "environment: GITHUB_API_URL",
		r.file + ":1:20: ", r.file + ":2:1: ", r.file + ":3:7: ", r.file + ":5:23: ", r.file + ":7:13: ",
	} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("no line begins with %s", want)
		}
	}
	if calls := r.slack.Calls(); len(calls) != 0 || len(r.github.Requests()) != 0 {
		t.Errorf("it connected: %v", calls)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "runnerdesk.db")); err == nil {
		t.Error("it made a database")
	}
}

// TestRefusedTokens: a token that Slack refuses ends the program with a sentence.
func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	sample := slackd.SampleApp()
	for name, tc := range map[string]struct {
		app     slackd.App
		environ map[string]string
		prepare func(*slackd.Server)
		want    []string
	}{
		"unknown bot token":     {environ: map[string]string{"SLACK_BOT_TOKEN": "xoxb-unknown"}, want: []string{"SLACK_BOT_TOKEN", "invalid_auth"}},
		"unknown app token":     {environ: map[string]string{"SLACK_APP_TOKEN": "xapp-unknown"}, want: []string{"SLACK_APP_TOKEN", "invalid_auth"}},
		"revoked bot token":     {prepare: func(s *slackd.Server) { s.Revoke(sample.BotToken, "token_revoked") }, want: []string{"SLACK_BOT_TOKEN", "token_revoked"}},
		"deactivated app token": {prepare: func(s *slackd.Server) { s.Revoke(sample.AppToken, "account_inactive") }, want: []string{"SLACK_APP_TOKEN", "account_inactive"}},
		"wrong kind for Slack": {prepare: func(s *slackd.Server) {
			s.Fault("apps.connections.open", slackd.Fault{Error: "not_allowed_token_type", Times: -1})
		}, want: []string{"SLACK_APP_TOKEN", "xapp-"}},
		"no connections:write": {app: slackd.App{AppScopes: []string{}}, want: []string{"SLACK_APP_TOKEN", "connections:write"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, plan{app: tc.app, environ: tc.environ})
			if tc.prepare != nil {
				tc.prepare(r.slack)
			}
			p := execute(t, r.dir, r.environ, "--config", r.file)
			if code := p.exits(patience); code != failed {
				t.Errorf("exit code %d, want %d", code, failed)
			}
			var sentences []string
			for line := range strings.Lines(p.stderr.String()) {
				if !strings.HasPrefix(line, "{") {
					sentences = append(sentences, line)
				}
			}
			if len(sentences) != 1 || !hasAll(sentences[0], tc.want) {
				t.Errorf("got %q, want one sentence with %q", sentences, tc.want)
			}
			if n := len(r.slack.Calls()); n > 3 {
				t.Errorf("%d calls: that is a loop", n)
			}
		})
	}
}

// TestRevokedWhileRunning: a token that is taken away later ends the program too.
func TestRevokedWhileRunning(t *testing.T) {
	t.Parallel()
	r := newRig(t, plan{})
	p := r.serve()
	r.slack.Revoke(r.slack.App().AppToken, "token_revoked")
	r.slack.DropSockets()
	if code := p.exits(40 * time.Second); code != failed || !strings.Contains(p.stderr.String(), "SLACK_APP_TOKEN") {
		t.Errorf("got %d and %s", code, p.stderr)
	}
}

func TestSecondInstance(t *testing.T) {
	t.Parallel()
	r := newRig(t, plan{})
	r.serve()
	calls := len(r.slack.Calls())
	second := execute(t, r.dir, r.environ, "--config", r.file)
	if code := second.exits(patience); code != locked || !strings.Contains(second.stderr.String(), "another instance") {
		t.Errorf("got %d and %s", code, second.stderr)
	}
	if len(r.slack.Calls()) != calls || r.slack.Connections() != 2 {
		t.Error("the second instance called Slack, or the first lost its sockets")
	}
}
