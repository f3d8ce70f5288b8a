package github

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	gh "github.com/google/go-github/v53/github"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

// wire is where a guarded request arrives when the guard lets it through.
type wire struct{ sent []*http.Request }

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.sent = append(w.sent, r)
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}

// guarded is a guard for an address with nothing but a wire behind it.
func guarded(t testing.TB, address string) (*guard, *wire) {
	t.Helper()
	server, err := fleet.ParseServer(address)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	return &guard{server: server, token: fleet.NewSecret(admin), next: w}, w
}

func scopeOn(t testing.TB, g *guard, text string) fleet.Scope {
	t.Helper()
	s, err := fleet.ParseScope(g.server, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPermits(t *testing.T) {
	g, _ := guarded(t, "https://github.example")
	for _, ok := range []string{
		"GET /api/v3/orgs/octo-org/actions/runners",
		"GET /api/v3/orgs/octo-org/actions/runners?per_page=100&page=1",
		"GET /api/v3/orgs/o/actions/runners/7",
		"GET /api/v3/enterprises/octo-enterprise/actions/runners/downloads",
		"GET /api/v3/enterprises/octo-enterprise/actions/runner-groups?per_page=100&page=2",
		"GET /api/v3/repos/octo-org/.github/actions/runners",
		"POST /api/v3/repos/octo-org/octo.repo_1/actions/runners/registration-token",
		"POST /api/v3/orgs/octo_corp/actions/runners/remove-token",
		"DELETE /api/v3/repos/octo-org/octo-repo/actions/runners/9223372036854775807",
	} {
		if !permitted(t, g, ok) {
			t.Errorf("%s is refused", ok)
		}
	}
	for _, wrong := range []string{
		"DELETE /api/v3/repos/own/repo",
		"DELETE /api/v3/orgs/o",
		"DELETE /api/v3/orgs/o/actions/runners",
		"DELETE /api/v3/orgs/o/actions/runners/",
		"DELETE /api/v3/orgs/o/actions/runners/0",
		"DELETE /api/v3/orgs/o/actions/runners/-1",
		"DELETE /api/v3/orgs/o/actions/runners/01",
		"DELETE /api/v3/orgs/o/actions/runners/1/labels",
		"DELETE /api/v3/orgs/o/actions/runners/downloads",
		"DELETE /api/v3/orgs/o/actions/runners/1?x=1",
		"DELETE /api/v3/orgs/o/actions/runners/1%2f2",
		"DELETE /api/v3/orgs/o/actions/runner-groups/1",
		"DELETE /api/v3/repos/a/../actions/runners/1",
		"DELETE /api/v3/repos/a/./actions/runners/1",
		"DELETE /api/v3/repos/a/.../actions/runners/1",
		"DELETE /api/v3/repos/../b/actions/runners/1",
		"DELETE /api/v3/../repos/a/b/actions/runners/1",
		"DELETE /api/v3/repos/a%2f..%2fb/c/actions/runners/1",
		"DELETE /api/v3/repos/a/b/c/actions/runners/1",
		"DELETE /api/v3//orgs/o/actions/runners/1",
		"DELETE /orgs/o/actions/runners/1",
		"DELETE /api/v3/orgs/o/actions/runners/1\n",
		"DELETE /api/v3/orgs/o%0d%0a/actions/runners/1",
		"DELETE /api/v3/orgs/O/actions/runners/1", // a Scope is in lower case
		"POST /api/v3/orgs/o/actions/runners/generate-jitconfig",
		"POST /api/v3/orgs/o/actions/runners/1",
		"POST /api/v3/orgs/o/actions/runners",
		"PUT /api/v3/orgs/o/actions/runners/1",
		"PATCH /api/v3/orgs/o/actions/runners/1",
		"get /api/v3/orgs/o/actions/runners",
		" /api/v3/orgs/o/actions/runners",
		"GET /api/v3/orgs/o/actions/runners?q=1",
		"GET /api/v3/orgs/o/actions/runners?page=1&page=2",
		"GET /api/v3/orgs/o/actions/runners?page=0",
		"GET /api/v3/orgs/o/actions/runners?per_page=101",
		"GET /api/v3/orgs/o/actions/runners?page=1;per_page=2",
		"GET /api/v3/orgs/o/actions/runners?page=%zz",
		"GET /api/v3/orgs/o/actions/runners/1?page=1",
		"GET /api/v3/repos/o/r/actions/runner-groups",
		"GET /api/v3/orgs/o/actions/secrets",
		"GET /api/v3/user",
		"GET /api/v3",
	} {
		if permitted(t, g, wrong) {
			t.Errorf("%s is let through", wrong)
		}
	}
}

// permitted asks the guard about "METHOD /path?query", the path escaped as it stands.
func permitted(t *testing.T, g *guard, line string) bool {
	t.Helper()
	method, rest, _ := strings.Cut(line, " ")
	raw, query, _ := strings.Cut(rest, "?")
	plain, err := url.PathUnescape(raw)
	if err != nil {
		t.Fatal(err)
	}
	return g.permits(method, &url.URL{Path: plain, RawPath: raw, RawQuery: query})
}

func TestGuardRefuses(t *testing.T) {
	const good = "https://github.example/api/v3/orgs/octo-org/actions/runners/1"
	for name, tc := range map[string]struct {
		scope  string // of the call; "" for none
		change func(*http.Request)
		sent   bool
	}{
		"nothing wrong":    {"octo-org", func(*http.Request) {}, true},
		"no scope":         {"", func(*http.Request) {}, false},
		"another scope":    {"octo-org/octo-repo", func(*http.Request) {}, false},
		"a longer scope":   {"octo-or", func(*http.Request) {}, false},
		"another host":     {"octo-org", func(r *http.Request) { r.URL.Host, r.Host = "evil.example", "evil.example" }, false},
		"another port":     {"octo-org", func(r *http.Request) { r.URL.Host, r.Host = "github.example:8443", "" }, false},
		"another Host":     {"octo-org", func(r *http.Request) { r.Host = "evil.example" }, false},
		"without TLS":      {"octo-org", func(r *http.Request) { r.URL.Scheme = "http" }, false},
		"a user":           {"octo-org", func(r *http.Request) { r.URL.User = url.User("x") }, false},
		"a fragment":       {"octo-org", func(r *http.Request) { r.URL.Fragment = "x" }, false},
		"an opaque URL":    {"octo-org", func(r *http.Request) { r.URL.Opaque = "//evil.example/" }, false},
		"a question mark":  {"octo-org", func(r *http.Request) { r.URL.ForceQuery = true }, false},
		"a body":           {"octo-org", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("{}")) }, false},
		"a length":         {"octo-org", func(r *http.Request) { r.ContentLength = 2 }, false},
		"a redirect":       {"octo-org", func(r *http.Request) { r.Response = &http.Response{} }, false},
		"another method":   {"octo-org", func(r *http.Request) { r.Method = "PATCH" }, false},
		"its own header":   {"octo-org", func(r *http.Request) { r.Header.Set("Authorization", "Basic x") }, true},
		"the organization": {"octo-org", func(r *http.Request) { r.URL.Path = "/api/v3/orgs/octo-org" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			g, w := guarded(t, "https://github.example")
			r, err := http.NewRequestWithContext(t.Context(), "DELETE", good, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tc.scope != "" {
				r = r.WithContext(within(t.Context(), scopeOn(t, g, tc.scope)))
			}
			tc.change(r)
			_, err = g.RoundTrip(r)
			if !tc.sent {
				if !errors.Is(err, fleet.ErrUnsafe) || len(w.sent) != 0 {
					t.Errorf("error %v, sent %d; want %v and nothing", err, len(w.sent), fleet.ErrUnsafe)
				}
				return
			}
			if err != nil || len(w.sent) != 1 || w.sent[0].Header.Get("Authorization") != "Bearer "+admin {
				t.Errorf("error %v, sent %v", err, w.sent)
			}
			if r.Header.Get("Authorization") == "Bearer "+admin {
				t.Error("the token was put into the caller's request")
			}
		})
	}
}

// TestTraps calls go-github with the texts that aim its requests elsewhere.
func TestTraps(t *testing.T) {
	for _, name := range []string{
		"repo#", "repo?x", "..", ".", "repo/../../evil/x", "a/../../repos/v/r/git/refs/heads/main?x=", "repo%2f..", "repo%00",
		"repo\r\nX: y", "repo\n", " repo", "repo;x", "repo\\..\\x", "répo", "", "//evil.example/", "@evil.example", "repo/", "%2e%2e",
	} {
		g, w := guarded(t, "https://github.example/api/v3")
		api := gh.NewClient(&http.Client{Transport: g})
		api.BaseURL = &url.URL{Scheme: "https", Host: "github.example", Path: "/api/v3/"}
		for _, scope := range []string{"own", "own/repo", "enterprises/own"} {
			ctx := within(t.Context(), scopeOn(t, g, scope))
			_, _ = api.Actions.RemoveRunner(ctx, "own", name, 1)
			_, _ = api.Actions.RemoveRunner(ctx, name, "repo", 1)
			_, _ = api.Actions.RemoveOrganizationRunner(ctx, name, 1)
			_, _ = api.Enterprise.RemoveRunner(ctx, name, 1)
			_, _, _ = api.Actions.CreateRemoveToken(ctx, "own", name)
			_, _, _ = api.Actions.ListRunnerApplicationDownloads(ctx, name, "repo")
		}
		for _, r := range w.sent {
			t.Errorf("%q: %s %s was sent", name, r.Method, r.URL)
		}
	}
}

// TestRedirects: no redirect is followed, and nobody else ever sees the token.
func TestRedirects(t *testing.T) {
	var elsewhere []*http.Request
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { elsewhere = append(elsewhere, r) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for method, call := range calls {
			for name, target := range map[string]string{"same host": "", "other host": other.URL} {
				t.Run(strings.Join([]string{strconv.Itoa(status), method, name}, " "), func(t *testing.T) {
					d := open(t, githubd.Options{})
					d.github.AddRunner("octo-org", githubd.Runner{ID: 2, Name: "b"})
					if target == "" {
						target = strings.TrimSuffix(d.github.URL(), "/api/v3")
					}
					d.github.Fault(githubd.On("", "/**"), githubd.Fault{
						Status: status, Header: http.Header{"Location": {target + "/api/v3/orgs/octo-org/actions/runners/2"}},
					})
					err := call(t.Context(), d, d.scope(t, "octo-org"))
					if got := kindOf(err); !same(got, &fleet.UnavailableError{Status: status}) {
						t.Errorf("got %v", err)
					}
					if sent := d.github.Requests(); len(sent) != 1 || sent[0].Method != method {
						t.Errorf("%d requests, want one", len(sent))
					}
				})
			}
		}
	}
	if len(elsewhere) != 0 {
		t.Errorf("%d requests went elsewhere", len(elsewhere))
	}
}

// FuzzGuard puts any text where go-github puts names. Whatever leaves must be one of
// the operations, letter by letter, in the scope of the call.
func FuzzGuard(f *testing.F) {
	for _, seed := range []string{"octo-org", "repo#", "..", "a/../../x", "o?x", "%2f", "\r\n", "a/actions/runners/7#", "octo-org/octo-repo", "?page=1", "é"} {
		f.Add(seed, "octo-repo", seed, int64(1), "DELETE")
		f.Add("octo-org", seed, "runners/"+seed, int64(-1), "GET")
	}
	g, w := guarded(f, "https://github.example/api/v3")
	api := gh.NewClient(&http.Client{Transport: g})
	api.BaseURL = &url.URL{Scheme: "https", Host: "github.example", Path: "/api/v3/"}
	fixed := []fleet.Scope{scopeOn(f, g, "octo-org"), scopeOn(f, g, "octo-org/octo-repo"), scopeOn(f, g, "enterprises/octo-enterprise")}
	f.Fuzz(func(t *testing.T, owner, repo, tail string, id int64, method string) {
		scopes := fixed
		if s, err := fleet.ParseScope(g.server, owner+"/"+repo); err == nil {
			scopes = append(slices.Clone(fixed), s)
		}
		for _, s := range scopes {
			w.sent = nil
			ctx := within(context.Background(), s)
			_, _ = api.Actions.RemoveRunner(ctx, owner, repo, id)
			_, _ = api.Actions.RemoveOrganizationRunner(ctx, owner, id)
			_, _ = api.Enterprise.RemoveRunner(ctx, owner, id)
			_, _, _ = api.Actions.CreateRegistrationToken(ctx, owner, repo)
			for _, route := range []string{owner + "/" + repo, path(s, tail), tail} {
				if r, err := api.NewRequest(method, route, nil); err == nil {
					_, _ = api.Do(ctx, r, nil)
				}
			}
			for _, r := range w.sent {
				if !harmless(r, s) {
					t.Errorf("for %s: %s %s", s, r.Method, r.URL)
				}
			}
		}
	})
}

// harmless knows the operations in its own words, without the guard's expressions.
func harmless(r *http.Request, s fleet.Scope) bool {
	front := map[fleet.Kind]string{
		fleet.Enterprise: "enterprises/" + s.Owner(), fleet.Organization: "orgs/" + s.Owner(),
		fleet.Repository: "repos/" + s.Owner() + "/" + s.Repo(),
	}[s.Kind()]
	tail, found := strings.CutPrefix(r.URL.EscapedPath(), "/api/v3/"+front+"/actions/")
	if !found || r.URL.Host != "github.example" || r.URL.Scheme != "https" || r.URL.Fragment != "" || r.URL.User != nil {
		return false
	}
	for key := range r.URL.Query() {
		if key != "page" && key != "per_page" {
			return false
		}
	}
	id, numbered := strings.CutPrefix(tail, "runners/")
	n, err := strconv.ParseUint(id, 10, 64)
	numbered = numbered && err == nil && n > 0 && strconv.FormatUint(n, 10) == id
	switch r.Method {
	case "GET":
		return numbered || slices.Contains([]string{"runners", "runners/downloads", "runner-groups"}, tail)
	case "POST":
		return (tail == "runners/registration-token" || tail == "runners/remove-token") && r.URL.RawQuery == ""
	case "DELETE":
		return numbered && r.URL.RawQuery == ""
	}
	return false
}
