package githubd_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/sandbox/githubd"
)

func TestStrict(t *testing.T) {
	for name, tc := range map[string]struct {
		method, path string
		change       func(*http.Request)
		status       int
	}{
		"delete a repository":    {"DELETE", "/repos/octo-org/octo-repo", nil, 404},
		"delete an organization": {"DELETE", "/orgs/octo-org", nil, 404},
		"unknown route":          {"GET", "/orgs/octo-org/actions/secrets", nil, 404},
		"wrong method":           {"PUT", "/orgs/octo-org/actions/runners/1", nil, 404},
		"post to the list":       {"POST", "/orgs/octo-org/actions/runners", nil, 404},
		"token by GET":           {"GET", "/orgs/octo-org/actions/runners/remove-token", nil, 404},
		"id zero":                {"GET", "/orgs/octo-org/actions/runners/0", nil, 404},
		"id in words":            {"GET", "/orgs/octo-org/actions/runners/seven", nil, 404},
		"id with a plus":         {"DELETE", "/orgs/octo-org/actions/runners/+7", nil, 404},
		"escaped name":           {"GET", "/orgs/octo%2forg/actions/runners", nil, 404},
		"dots":                   {"GET", "/repos/octo-org/../actions/runners", nil, 404},
		"groups of a repository": {"GET", "/repos/octo-org/octo-repo/actions/runner-groups", nil, 404},
		"unknown query":          {"GET", "/orgs/octo-org/actions/runners?q=1", nil, 404},
		"query on get":           {"GET", "/orgs/octo-org/actions/runners/1?page=1", nil, 404},
		"query twice":            {"GET", "/orgs/octo-org/actions/runners?page=1&page=2", nil, 404},
		"page zero":              {"GET", "/orgs/octo-org/actions/runners?page=0", nil, 404},
		"page too big":           {"GET", "/orgs/octo-org/actions/runners?per_page=101", nil, 404},
		"body": {"POST", "/orgs/octo-org/actions/runners/remove-token", func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{}")), 2
		}, 400},
		"Accept":        {"GET", "/orgs/octo-org/actions/runners", header("Accept", "text/html"), 415},
		"no version":    {"GET", "/orgs/octo-org/actions/runners", header("X-GitHub-Api-Version", ""), 400},
		"no user agent": {"GET", "/orgs/octo-org/actions/runners", header("User-Agent", ""), 403},
	} {
		t.Run(name, func(t *testing.T) {
			told := make(chan string, 1)
			d := open(t, githubd.Options{Violation: func(text string) { told <- text }})
			change := tc.change
			if change == nil {
				change = func(*http.Request) {}
			}
			a := d.do(tc.method, tc.path, change)
			if a.status != tc.status || a.message() == "" {
				t.Errorf("got %d %s, want %d in GitHub's shape", a.status, a.body, tc.status)
			}
			if got := d.Violations(); len(got) != 1 || got[0] != <-told {
				t.Errorf("violations: %q", got)
			}
		})
	}
	t.Run("outside the prefix", func(t *testing.T) {
		d := open(t, githubd.Options{Violation: func(string) {}})
		a := d.do("GET", "/", func(r *http.Request) { r.URL.Path = "/orgs/octo-org/actions/runners" })
		if a.status != 404 || len(d.Violations()) != 1 {
			t.Errorf("got %d and %q", a.status, d.Violations())
		}
	})
}

func TestCredentials(t *testing.T) {
	const enterprise, org, repo = "/enterprises/octo-enterprise/actions/runners", "/orgs/octo-org/actions/runners", "/repos/octo-org/octo-repo/actions/runners"
	for name, tc := range map[string]struct {
		token        githubd.Token
		method, path string
		status       int
		header, want string
	}{
		"classic":                   {githubd.Token{Scopes: []string{"admin:org"}}, "GET", org, 200, "X-Oauth-Scopes", "admin:org"},
		"classic without the scope": {githubd.Token{Scopes: []string{"repo"}}, "GET", org, 403, "X-Accepted-Oauth-Scopes", "admin:org"},
		"classic, repository":       {githubd.Token{Scopes: []string{"gist"}}, "POST", repo + "/remove-token", 403, "X-Accepted-Oauth-Scopes", "repo"},
		"enterprise is hidden":      {githubd.Token{Scopes: []string{"admin:org"}}, "GET", enterprise, 404, "X-Accepted-Oauth-Scopes", "admin:enterprise, manage_runners:enterprise"},
		"older scope":               {githubd.Token{Scopes: []string{"admin:enterprise"}}, "GET", enterprise, 200, "", ""},
		"fine-grained reads":        {githubd.Token{Permissions: map[string]string{"organization_self_hosted_runners": "read"}}, "GET", org, 200, "X-Oauth-Scopes", ""},
		"fine-grained may not write": {githubd.Token{Permissions: map[string]string{"organization_self_hosted_runners": "read"}}, "POST", org + "/remove-token", 403,
			"X-Accepted-Github-Permissions", "organization_self_hosted_runners=write"},
		"fine-grained writes":      {githubd.Token{Permissions: map[string]string{"administration": "write"}}, "POST", repo + "/remove-token", 201, "", ""},
		"no App in the enterprise": {githubd.Token{Permissions: map[string]string{"organization_self_hosted_runners": "write"}}, "GET", enterprise, 403, "", ""},
		"single sign-on":           {githubd.Token{Scopes: []string{"admin:org"}, NeedsSSO: true}, "GET", org, 403, "X-Github-Sso", "required; url=https://github.com/orgs/octo-org/sso?authorization_request=sample"},
		"ends tomorrow": {githubd.Token{Scopes: []string{"admin:org"}, ExpiresAt: start.Add(24 * time.Hour)}, "GET", org, 200,
			"Github-Authentication-Token-Expiration", "2026-03-03 09:00:00 UTC"},
		"ended": {githubd.Token{Scopes: []string{"admin:org"}, ExpiresAt: start}, "GET", org, 401, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, githubd.Options{})
			tc.token.Value = "ghp_other"
			d.AddToken(tc.token)
			a := d.do(tc.method, tc.path, header("Authorization", "token ghp_other"))
			if a.status != tc.status {
				t.Errorf("status %d, want %d: %s", a.status, tc.status, a.body)
			}
			if tc.header != "" && a.header.Get(tc.header) != tc.want {
				t.Errorf("%s: got %q, want %q", tc.header, a.header.Get(tc.header), tc.want)
			}
		})
	}
	d := open(t, githubd.Options{})
	if a := d.do("GET", org, header("Authorization", "")); a.status != 401 || a.message() != "Requires authentication" {
		t.Errorf("without a token: %d %s", a.status, a.body)
	}
	d.RevokeToken(admin)
	if a := d.do("GET", org); a.status != 401 || a.message() != "Bad credentials" {
		t.Errorf("revoked: %d %s", a.status, a.body)
	}
	for _, r := range d.Requests() {
		if r.Authorized || r.Header.Get("Authorization") != "" {
			t.Errorf("recorded as authorized: %+v", r)
		}
	}
}
