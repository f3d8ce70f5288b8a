package main

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"runnerdesk/internal/sandbox/slackd"
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
