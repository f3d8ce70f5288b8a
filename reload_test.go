package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"runnerdesk/internal/sandbox/slackd"
	"runnerdesk/storage"
)

// TestReload: SIGHUP reads the configuration again. A wrong one is refused and the old one
// stays; a good one holds from then on, and open requests stay open.
func TestReload(t *testing.T) {
	t.Parallel()
	r := newRig(t, plan{})
	p := r.serve()
	id := r.asks(ann, "delete octo-org old-1")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(r.file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	write("scopes: [web#]\n")
	opened := opens(r.slack)
	// The bot answers all the time, so the answer to one of these comes after the refusal.
	r.until("the wrong configuration is refused", func() bool {
		r.types(ann, "whoami")
		return strings.Contains(p.stderr.String(), r.file+":1:10: ")
	})
	if opens(r.slack) != opened {
		t.Error("a wrong configuration made the bot connect anew")
	}
	// This one is right and can't work: another process has its database.
	other := filepath.Join(t.TempDir(), "other.db")
	held, err := storage.Open(t.Context(), storage.Options{Path: other, Host: "github.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	write(strings.Replace(sampleConfiguration, "runnerdesk.db", other, 1))
	r.until("the old configuration goes on", func() bool {
		return strings.Contains(p.stderr.String(), "the old one goes on") && r.slack.Connections() == 2
	})
	if got := r.types(ann, "request "+id).Visible(); !strings.Contains(got, "pending") {
		t.Errorf("after a configuration that can't work: %s", got)
	}
	opened = opens(r.slack)
	write(sampleConfiguration + "read_only: true\n")
	r.until("the bot connects anew", func() bool { return opens(r.slack) >= opened+3 && r.slack.Connections() == 2 })
	if got := r.types(ann, "register octo-org").Visible(); !strings.Contains(got, "read only") {
		t.Errorf("the new configuration does not hold: %s", got)
	}
	if got := r.types(ann, "request "+id).Visible(); !strings.Contains(got, "pending") {
		t.Errorf("the request of before: %s", got)
	}
	p.terminate()
	if code := p.exits(stopWithin); code != good {
		t.Errorf("exit code %d", code)
	}
}

// opens counts how often sockets were asked for.
func opens(s *slackd.Server) int {
	n := 0
	for _, c := range s.Calls() {
		if c.Method == "apps.connections.open" {
			n++
		}
	}
	return n
}
