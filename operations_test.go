package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/sandbox/githubd"
)

// TestOperations drives each of the 18 operations from a text typed in Slack to the bytes
// at GitHub. Every rig also holds them against GitHub's official description.
func TestOperations(t *testing.T) {
	if newJudge(t).description == nil {
		t.Log("GitHub's description is not here: the traffic was not held against it")
	}
	for _, scope := range []struct{ key, root string }{
		{enterprise, "/enterprises/octo-enterprise"}, {org, "/orgs/octo-org"}, {repo, "/repos/octo-org/octo-repo"},
	} {
		t.Run(scope.key, func(t *testing.T) {
			t.Parallel()
			// One scope only, so that all traffic is about it.
			c := strings.Replace(sampleConfiguration, "scopes: [enterprises/octo-enterprise, octo-org, octo-org/octo-repo]\ndefault_scope: octo-org", "scopes: ["+scope.key+"]", 1)
			c, _, _ = strings.Cut(c, "digests:")
			r := start(t, plan{config: c})
			r.readAll(scope.key)
			runners := scope.root + "/actions/runners"
			one := fmt.Sprintf("%s/%d", runners, r.id(scope.key, "old-1"))
			list := "GET " + runners + "?page=1&per_page=100"
			for _, tc := range []struct {
				name string
				do   func(scope string)
				want []string
			}{
				{"list", func(s string) { r.clock.jump(2 * time.Hour); r.types(ann, "list "+s+" offline") }, []string{list}},
				{"get", func(s string) { r.types(ann, "show "+s+" old-1") }, []string{"GET " + one}},
				{"downloads", func(s string) { r.types(ann, "downloads "+s+" os:linux") }, []string{"GET " + runners + "/downloads"}},
				{"registration-token", func(s string) { r.mints("register " + s) }, []string{"POST " + runners + "/registration-token"}},
				{"remove-token", func(s string) { r.mints("remove-token " + s) }, []string{"POST " + runners + "/remove-token"}},
				{"delete", func(s string) {
					id := r.asks(ann, "delete "+s+" old-1 because it is dead")
					r.types(bob, "approve "+id)
					r.message(ann, "", "#"+id, "succeeded", "1 deleted")
				}, []string{"GET " + one, "GET " + one, "DELETE " + one}},
			} {
				r.github.ForgetRequests()
				tc.do(scope.key)
				var got []string
				for _, q := range r.github.Requests() {
					line := q.Method + " " + q.Route
					if len(q.Query) > 0 {
						line += "?" + q.Query.Encode()
					}
					if len(q.Body) > 0 {
						line += " " + string(q.Body)
					}
					if !strings.Contains(q.Route, "/runner-groups") { // read beside a list, every ten minutes
						got = append(got, line)
					}
					if q.Status < 200 || q.Status > 299 || !q.Authorized || q.Header.Get("Content-Type") != "" {
						t.Errorf("%s: %s: status %d, authorized %v, content type %q", tc.name, line, q.Status, q.Authorized, q.Header.Get("Content-Type"))
					}
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("%s: GitHub saw (-want +got):\n%s", tc.name, diff)
				}
			}
			if r.has(scope.key, "old-1") || !r.has(scope.key, "old-2") {
				t.Error("old-1 should be gone, and old-2 not")
			}
		})
	}
}

// mints asks for a token, has it approved and reveals it.
func (r *rig) mints(text string) {
	r.t.Helper()
	id := r.asks(ann, text)
	r.types(bob, "approve "+id)
	minted := len(r.github.Tokens())
	view := r.opens(ann, r.types(ann, "request "+id), "reveal", "./config.sh")
	tokens := r.github.Tokens()
	if len(tokens) != minted+1 || !strings.Contains(view.Visible(), tokens[minted]) {
		r.t.Errorf("%s: %d tokens were made, and the dialog shows: %s", text, len(tokens)-minted, view.Visible())
	}
	r.slack.Person(ann).CloseView(r.ctx, view)
}

// TestPlantedFaults: an answer that GitHub would not give is caught by the description,
// and the bot does not take it for the truth.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	if newJudge(t).description == nil {
		t.Log("GitHub's description is not here: this test was left out")
		return
	}
	r := start(t, plan{})
	r.readAll(enterprise, org, repo)
	one := "/orgs/octo-org/actions/runners/*"
	for _, tc := range []struct {
		name, method, route string
		fault               githubd.Fault
		do                  func()
	}{
		{"a list without total_count", "GET", "/orgs/octo-org/actions/runners", githubd.Fault{Status: 200, Body: `{"runners":[]}`},
			func() { r.clock.jump(2 * time.Hour); r.types(ann, "list octo-org") }},
		{"an id as a text", "GET", one, githubd.Fault{Status: 200, Body: `{"id":"2","name":"old-1","os":"linux","status":"offline","busy":false,"labels":[]}`},
			func() { r.types(ann, "show octo-org old-1") }},
		{"200 where 204 belongs", "DELETE", one, githubd.Fault{Status: 200, Body: `{}`}, func() {
			id := r.asks(ann, "delete octo-org old-1")
			r.types(bob, "approve "+id)
			r.message(ann, "", "#"+id, "failed")
			if !r.has(org, "old-1") {
				t.Error("old-1 is gone")
			}
		}},
	} {
		lift := r.github.Fault(githubd.On(tc.method, tc.route), tc.fault)
		tc.do()
		lift()
		if len(r.judge.take()) == 0 {
			t.Errorf("%s: not caught", tc.name)
		}
	}
}
