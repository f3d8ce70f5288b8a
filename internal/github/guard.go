package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"runnerdesk/internal/fleet"
)

// guard is the last look at a request before it leaves. Only the listed methods and
// path shapes pass, within the scope of the call, to the one configured host, without a
// body; and only here is the token added. It does not trust that whoever built the
// request was careful: go-github v53 makes "DELETE /repos/own/repo" of a runner's
// deletion in "repo#".
type guard struct {
	server fleet.Server
	token  fleet.Secret
	next   http.RoundTripper
}

// The shapes of what may stand in a path: what fleet.ParseScope lets through, which
// never needs escaping, and a positive id. "." and ".." are caught on their own.
const (
	ownerShape = `[a-z0-9](?:[a-z0-9_-]{0,98}[a-z0-9_])?`
	repoShape  = `[a-z0-9._-]{1,100}`
	idShape    = `[1-9][0-9]{0,18}`
	orgShape   = `/(?:enterprises|orgs)/` + ownerShape
	scopeShape = `(?:` + orgShape + `|/repos/` + ownerShape + `/` + repoShape + `)`
)

// allowed are the requests that may leave, and the query keys that each may have.
// https://docs.github.com/en/rest/actions/self-hosted-runners
// https://docs.github.com/en/rest/actions/self-hosted-runner-groups
var allowed = []struct {
	method string
	path   *regexp.Regexp
	query  map[string]*regexp.Regexp
}{
	{http.MethodGet, whole(scopeShape + `/actions/runners`), paging},
	{http.MethodGet, whole(scopeShape + `/actions/runners/` + idShape), nil},
	{http.MethodGet, whole(scopeShape + `/actions/runners/downloads`), nil},
	{http.MethodGet, whole(orgShape + `/actions/runner-groups`), paging},
	{http.MethodPost, whole(scopeShape + `/actions/runners/(?:registration|remove)-token`), nil},
	{http.MethodDelete, whole(scopeShape + `/actions/runners/` + idShape), nil},
}

var (
	paging = map[string]*regexp.Regexp{"page": whole(`[1-9][0-9]{0,5}`), "per_page": whole(`[1-9][0-9]?|100`)}
	dots   = regexp.MustCompile(`/\.+(?:/|$)`)
)

func whole(shape string) *regexp.Regexp { return regexp.MustCompile(`\A(?:` + shape + `)\z`) }

// RoundTrip sends the request, or refuses it with fleet.ErrUnsafe.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if why := g.refusal(r); why != "" {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, &settled{fmt.Errorf("%w: %s", fleet.ErrUnsafe, why)}
	}
	out := r.Clone(r.Context())
	out.Header.Set("Authorization", "Bearer "+g.token.Reveal())
	return g.next.RoundTrip(out)
}

// refusal says why a request may not leave, or nothing.
func (g *guard) refusal(r *http.Request) string {
	switch u := r.URL; {
	case u.Scheme != g.server.Scheme() || u.Host != g.server.APIHost() || r.Host != "" && r.Host != u.Host:
		return "not the configured server"
	case u.User != nil || u.Opaque != "" || u.Fragment != "" || u.RawFragment != "" || u.ForceQuery:
		return "not a plain address"
	case r.Response != nil:
		return "a redirect"
	case r.Body != nil && r.Body != http.NoBody || r.ContentLength != 0 || len(r.TransferEncoding) != 0 || len(r.Trailer) != 0:
		return "with a body"
	case !g.inScope(r.Context(), u):
		return "outside the scope of the call"
	case !g.permits(r.Method, u):
		return "not one of the allowed methods and paths"
	}
	return ""
}

// scopeKey is where a context carries the scope of its call.
type scopeKey struct{}

// within binds every request of a context to a scope.
func within(ctx context.Context, s fleet.Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// inScope reports whether the path belongs to the scope that the call was made for.
func (g *guard) inScope(ctx context.Context, u *url.URL) bool {
	s, ok := ctx.Value(scopeKey{}).(fleet.Scope)
	return ok && !s.IsZero() && s.Host() == g.server.Host() &&
		strings.HasPrefix(u.EscapedPath(), g.server.APIPath()+"/"+path(s, ""))
}

// permits reports whether method and path, escaped as on the wire, are listed and the
// query holds only what belongs there.
func (g *guard) permits(method string, u *url.URL) bool {
	route, found := strings.CutPrefix(u.EscapedPath(), g.server.APIPath())
	if !found || dots.MatchString(route) {
		return false
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return false
	}
	for _, a := range allowed {
		if a.method == method && a.path.MatchString(route) {
			return onlyHas(query, a.query)
		}
	}
	return false
}

func onlyHas(query url.Values, shapes map[string]*regexp.Regexp) bool {
	for key, values := range query {
		shape := shapes[key]
		if shape == nil || len(values) != 1 || !shape.MatchString(values[0]) {
			return false
		}
	}
	return true
}
