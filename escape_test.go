package main

import (
	"regexp"
	"strings"
	"testing"
)

// notScopes are texts that want to become another path than that of a configured scope.
var notScopes = []string{
	"web#", "..", ".", "/", "//", "a/../../x", "octo-org/..", "octo-org/../octocat", "octo-org/octo-repo/../../octocat/x", "octo-org/octo-repo#",
	"octo-org/octo-repo?x", "o?x", "octo-org?x=1", "%2f", "octo-org%2focto-repo2", "octo-org%2e%2e", "octo-org\\octo-repo", "octo-org;x/y",
	"octo-org/x\r\nX-Injected:1", "octo-org/x\ny", "octo-org/\x00x", "octo-org\x00/x", "octo‐org/x", "ｏcto-org/x", "оcto-org/octo-repo", "octo-org／x",
	"enterprises/..", "enterprises/octo-enterprise/..", "enterprises/octo-enterprise#/x", "enterprises/other", "octocat", "octocat/hello", "octo-org/other",
	"https://example.com/octo-org", "https://github.com/octo-org", "https://octo-org@example.com/octo-org", "http://127.0.0.1:1/octo-org",
	"http://[::1]/octo-org", "file:///octo-org", "//example.com/octo-org", "octo-org/octo-repo@example.com:80/x", "repos/octo-org/octo-repo",
	"orgs/octo-org/x", "octo-org/octo-repo/actions/runners/1", "\u202eorg-otco/x", "octo-org\u200b/x", strings.Repeat("a/", 200), strings.Repeat("o", 500) + "/x",
}

// scoped are commands that take a scope. In the last ones GitHub would be written to.
var scoped = []string{
	"status %", "list %", "show % 1", "show %", "find %", "downloads %", "digest now %", "register %", "remove-token %", "register % because x",
	"delete % 1", "delete % old-1", "delete % name:old-*", "delete %",
}

// TestNoEscape: a text that names no configured scope is refused before any request.
func TestNoEscape(t *testing.T) {
	t.Parallel()
	// Every request would be carried out at once.
	config := strings.Replace(sampleConfiguration, "    approvers: [S0PLATFORM]\n    channel: C0APPROVALS\n", "    needed: 0\n", 1)
	config = strings.Replace(config, "default_scope: octo-org\n", "", 1)
	r := start(t, plan{config: config})
	r.readAll(enterprise, org, repo)
	r.github.ForgetRequests()
	asked := 0
	for _, text := range notScopes {
		for _, command := range scoped {
			r.types(ann, strings.ReplaceAll(command, "%", text))
			asked++
		}
		r.types(ann, text)
	}
	for _, q := range r.github.Requests() {
		t.Errorf("GitHub saw %s %s", q.Method, q.Path)
	}
	if got := r.types(ann, "requests all").Visible(); strings.Contains(got, "#") {
		t.Errorf("a request was opened: %s", got)
	}
	t.Logf("%d commands", asked)
}

// lawful are the only requests that may reach a GitHub whose scopes are those of the
// sample configuration, as on the wire.
var lawful = regexp.MustCompile(strings.ReplaceAll(`^(?:`+
	`(?:GET|DELETE) /api/v3/SCOPE/actions/runners/[1-9][0-9]*`+
	`|GET /api/v3/SCOPE/actions/runners(?:\?per_page=[0-9]+&page=[0-9]+|/downloads)`+
	`|POST /api/v3/SCOPE/actions/runners/(?:registration|remove)-token`+
	`|GET /api/v3/(?:enterprises/octo-enterprise|orgs/octo-org)/actions/runner-groups\?per_page=[0-9]+&page=[0-9]+)$`,
	"SCOPE", `(?:enterprises/octo-enterprise|orgs/octo-org|repos/octo-org/octo-repo)`))
