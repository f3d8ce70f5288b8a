package main

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"runnerdesk/internal/sandbox/githubd"
)

// TestReloadStopsWhatWasApproved: what a new configuration does not allow any more is not
// carried out, also when it was approved before.
func TestReloadStopsWhatWasApproved(t *testing.T) {
	for name, tc := range map[string]struct{ from, to, why string }{
		"read only":         {"listen: \"\"", "listen: \"\"\nread_only: true", "read only"},
		"a scope taken out": {"[enterprises/octo-enterprise, octo-org, octo-org/octo-repo]\ndefault_scope: octo-org", "[octo-org/octo-repo]", "octo-org"},
		"a rule taken out":  {"actions: [register, remove-token, delete]", "actions: [register, remove-token]", "rule"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, plan{})
			p := r.serve()
			r.readAll(org)
			id := r.asks(ann, "delete octo-org old-1 old-2")
			lift := r.github.Fault(githubd.On("GET", "/orgs/octo-org/actions/runners/*"),
				githubd.Fault{Status: 429, Body: `{"message":"x"}`, Header: http.Header{"Retry-After": {"120"}}})
			defer lift()
			r.types(bob, "approve "+id)
			r.message(ann, "", "#"+id, "waits")
			changed := strings.Replace(sampleConfiguration, tc.from, tc.to, 1)
			if tc.from == "[enterprises/octo-enterprise, octo-org, octo-org/octo-repo]\ndefault_scope: octo-org" {
				changed = strings.Replace(changed, "    scopes: [octo-org]", "    scopes: [octo-org/octo-repo]", 1)
			}
			if err := os.WriteFile(r.file, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			r.message(ann, "", "#"+id, "not tried", tc.why)
			for _, q := range r.github.Requests() {
				if q.Method == http.MethodDelete {
					t.Errorf("%s %s was sent", q.Method, q.Path)
				}
			}
			p.terminate()
			if code := p.exits(stopWithin); code != good {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
