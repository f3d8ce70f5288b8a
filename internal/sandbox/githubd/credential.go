package githubd

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Token is a credential that the server knows. A classic personal access token has
// Scopes; a fine-grained one or an App's has Permissions.
// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
type Token struct {
	Value       string
	Scopes      []string          // manage_runners:enterprise (or admin:enterprise), admin:org, repo
	Permissions map[string]string // organization_self_hosted_runners, administration: read or write
	ExpiresAt   time.Time         // zero: never
	NeedsSSO    bool              // not yet authorized for the organizations' single sign-on
	Remaining   int               // of the hour's 5,000 requests; 0: all of them. -1: none
}

// hourly is how many requests a user's tokens have each hour.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
const hourly = 5000

// credential is a Token and its hour.
type credential struct {
	Token
	used  int
	reset time.Time
}

// AddToken makes a credential known, or changes one that is.
func (s *Server) AddToken(t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &credential{Token: t}
	if t.Remaining != 0 {
		c.used = hourly - max(t.Remaining, 0)
		c.reset = s.opts.Now().Add(time.Hour)
	}
	s.credentials[t.Value] = c
	s.touch()
}

// RevokeToken makes a credential unknown.
func (s *Server) RevokeToken(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.credentials, value)
	s.touch()
}

// need is what an operation asks of a credential.
type need struct {
	scopes     []string // of a classic token; any one of them
	permission string   // of another; "" where only classic tokens are taken
	level      string   // read or write
}

// needOf is what GitHub's description says of the operation.
func needOf(r route) need {
	level := "read"
	if r.op == opDelete || r.op == opRegistrationToken || r.op == opRemoveToken {
		level = "write"
	}
	switch r.kind {
	case "enterprises":
		return need{scopes: []string{"admin:enterprise", "manage_runners:enterprise"}}
	case "orgs":
		return need{[]string{"admin:org"}, "organization_self_hosted_runners", level}
	}
	return need{[]string{"repo"}, "administration", level}
}

// credentialOf is the credential that a request carries, or nil with GitHub's answer.
// The lock is held.
func (s *Server) credentialOf(h http.Header) (*credential, *reply) {
	scheme, value, _ := strings.Cut(h.Get("Authorization"), " ")
	if value == "" {
		return nil, failure(http.StatusUnauthorized, "Requires authentication", "")
	}
	c := s.credentials[value]
	known := c != nil && (strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "token"))
	if !known || !c.ExpiresAt.IsZero() && !s.opts.Now().Before(c.ExpiresAt) {
		return nil, failure(http.StatusUnauthorized, "Bad credentials", "")
	}
	return c, nil
}

// refusal is GitHub's answer to a credential that lacks what the operation needs, or
// nil.
func (c *credential) refusal(r route, n need) *reply {
	doc := docURL(r.op)
	switch {
	case c.NeedsSSO && r.kind != "enterprises":
		refused := failure(http.StatusForbidden, "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.", doc)
		owner, _, _ := strings.Cut(r.scope, "/")
		refused.header.Set("X-GitHub-SSO", "required; url=https://github.com/orgs/"+owner+"/sso?authorization_request=sample")
		return refused
	case c.Permissions != nil:
		has := c.Permissions[n.permission]
		if n.permission != "" && (has == "write" || has == n.level && has != "") {
			return nil
		}
		return failure(http.StatusForbidden, "Resource not accessible by personal access token", doc)
	case slices.ContainsFunc(c.Scopes, func(has string) bool { return slices.Contains(n.scopes, has) }):
		return nil
	case r.kind == "enterprises": // an enterprise is hidden from those who may not see it
		return failure(http.StatusNotFound, "Not Found", doc)
	}
	return failure(http.StatusForbidden, "Must have admin rights to Repository.", doc)
}

// describe adds the headers that tell a client about its credential.
func (c *credential) describe(h http.Header, n need) {
	if c.Permissions == nil {
		h.Set("X-OAuth-Scopes", strings.Join(c.Scopes, ", "))
		h.Set("X-Accepted-OAuth-Scopes", strings.Join(n.scopes, ", "))
	} else if n.permission != "" {
		h.Set("X-Accepted-GitHub-Permissions", n.permission+"="+n.level)
	}
	if !c.ExpiresAt.IsZero() {
		h.Set("GitHub-Authentication-Token-Expiration", c.ExpiresAt.UTC().Format("2006-01-02 15:04:05 MST"))
	}
}
