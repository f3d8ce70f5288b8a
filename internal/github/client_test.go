package github

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/sandbox/githubd/description"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const admin = "ghp_admin"

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// desk is a client on a built-in GitHub with an enterprise, an organization in it and
// a repository.
type desk struct {
	*Reader
	*Writer
	github *githubd.Server
	server fleet.Server
}

// open starts one. Whatever the client sends that a correct client would not fails the
// test.
func open(t testing.TB, opts githubd.Options) *desk {
	t.Helper()
	opts.Now = func() time.Time { return start }
	opts.Violation = func(text string) { t.Errorf("violation: %s", text) }
	github := githubd.New(opts)
	t.Cleanup(github.Close)
	github.AddEnterprise("octo-enterprise")
	github.AddOrg("octo-org", "octo-enterprise")
	github.AddRepo("octo-org", "octo-repo")
	github.AddToken(githubd.Token{Value: admin, Scopes: []string{"manage_runners:enterprise", "admin:org", "repo"}})
	return connect(t, github, github.URL(), Options{})
}

// connect makes a client for an address.
func connect(t testing.TB, github *githubd.Server, address string, opts Options) *desk {
	t.Helper()
	server, err := fleet.ParseServer(address)
	if err != nil {
		t.Fatal(err)
	}
	opts.Server = server
	if opts.Now == nil {
		opts.Now = func() time.Time { return start }
	}
	if opts.Token.IsZero() {
		opts.Token = fleet.NewSecret(admin)
	}
	reader, writer, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	reader.c.backoff = []time.Duration{time.Millisecond, time.Millisecond}
	t.Cleanup(reader.Close)
	return &desk{reader, writer, github, server}
}

// judged adds GitHub's description as a judge of all traffic.
func judged(t *testing.T, prefix string) func(http.Handler) http.Handler {
	t.Helper()
	judge, err := description.Load(prefix)
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("GitHub's description is not here: that part of the test was left out")
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return func(next http.Handler) http.Handler {
		return judge.Handler(next, func(err error) { t.Error(err) })
	}
}

func (d *desk) scope(t testing.TB, text string) fleet.Scope {
	t.Helper()
	s, err := fleet.ParseScope(d.server, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sides are the three scopes and the paths in front of their operations.
var sides = []struct{ scope, path string }{
	{"enterprises/octo-enterprise", "/api/v3/enterprises/octo-enterprise/actions/"},
	{"octo-org", "/api/v3/orgs/octo-org/actions/"},
	{"octo-org/octo-repo", "/api/v3/repos/octo-org/octo-repo/actions/"},
}

// TestOperations drives each of the 18 operations, and runner groups, and looks at the
// bytes that arrive.
func TestOperations(t *testing.T) {
	d := open(t, githubd.Options{Wrap: judged(t, "/api/v3"), RateLimits: true, DownloadTokens: true})
	d.github.AddGroup("octo-org", 3, "gpu")
	for _, side := range sides {
		s := d.scope(t, side.scope)
		id := d.github.AddRunner(side.scope, githubd.Runner{
			ID: 5, Name: "web-1", OS: "Linux", Busy: true, Ephemeral: true, Version: "2.329.0",
			Labels: githubd.Labels("self-hosted", "gpu"),
		})
		web := fleet.Runner{
			ID: 5, Name: "web-1", OS: "Linux", Status: "online", Busy: fleet.Yes, GroupID: 1, Ephemeral: fleet.Yes, Version: "2.329.0",
			Labels: []fleet.Label{{Name: "self-hosted"}, {Name: "gpu", Custom: true}},
		}
		token := func(token fleet.Token, err error) (any, error) {
			known := d.github.Tokens()
			return token.Value.Reveal() == known[len(known)-1] && token.ExpiresAt.Equal(start.Add(time.Hour)), err
		}
		for name, tc := range map[string]struct {
			do     func(ctx context.Context) (any, error)
			want   any
			err    error
			method string
			path   string
			query  string
		}{
			"list": {
				func(ctx context.Context) (any, error) { return d.List(ctx, s) },
				fleet.Listing{Scope: s, Runners: []fleet.Runner{web}, ReadAt: start, Complete: true, Total: 1}, nil,
				"GET", "runners", "page=1&per_page=100",
			},
			"get":                {func(ctx context.Context) (any, error) { return d.Get(ctx, s, id) }, web, nil, "GET", "runners/5", ""},
			"registration token": {func(ctx context.Context) (any, error) { return token(d.RegistrationToken(ctx, s)) }, true, nil, "POST", "runners/registration-token", ""},
			"remove token":       {func(ctx context.Context) (any, error) { return token(d.RemoveToken(ctx, s)) }, true, nil, "POST", "runners/remove-token", ""},
			"delete":             {func(ctx context.Context) (any, error) { return nil, d.Delete(ctx, s, id) }, nil, fleet.ErrBusy, "DELETE", "runners/5", ""},
			"delete of none":     {func(ctx context.Context) (any, error) { return nil, d.Delete(ctx, s, 6) }, nil, fleet.ErrNotFound, "DELETE", "runners/6", ""},
			"downloads": {
				func(ctx context.Context) (any, error) {
					list, err := d.Downloads(ctx, s)
					return list[2], err
				},
				fleet.Application{
					OS: "linux", Arch: "x64", File: "actions-runner-linux-x64-2.329.0.tar.gz",
					URL:    "https://github.com/actions/runner/releases/download/v2.329.0/actions-runner-linux-x64-2.329.0.tar.gz",
					SHA256: "d5940d140b89ceba0473469939747880b53a0ef596fb88dfa3a65b82329b0c6c",
				}, nil, "GET", "runners/downloads", "",
			},
		} {
			t.Run(side.scope+" "+name, func(t *testing.T) {
				d.github.ForgetRequests()
				got, err := tc.do(t.Context())
				if !errors.Is(err, tc.err) {
					t.Fatalf("error %v, want %v", err, tc.err)
				}
				if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(fleet.Scope{})); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				requests := d.github.Requests()
				if len(requests) != 1 {
					t.Fatalf("%d requests, want 1", len(requests))
				}
				r := requests[0]
				if r.Method != tc.method || r.Path != side.path+tc.path || r.Query.Encode() != tc.query || len(r.Body) != 0 || !r.Authorized {
					t.Errorf("on the wire: %s %s?%s with %d bytes, authorized %v; want %s %s?%s", r.Method, r.Path, r.Query.Encode(), len(r.Body), r.Authorized,
						tc.method, side.path+tc.path, tc.query)
				}
			})
		}
		t.Run(side.scope+" delete of an idle runner", func(t *testing.T) {
			d.github.Update(side.scope, id, func(r *githubd.Runner) { r.Busy = false })
			if err := d.Delete(t.Context(), s, id); err != nil {
				t.Fatal(err)
			}
			if left := d.github.Runners(side.scope); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
	groups, err := d.Groups(t.Context(), d.scope(t, "octo-org"))
	if diff := cmp.Diff(map[int64]string{1: "Default", 3: "gpu"}, groups); diff != "" || err != nil {
		t.Errorf("groups: %v (-want +got):\n%s", err, diff)
	}
	if groups, err := d.Groups(t.Context(), d.scope(t, "enterprises/octo-enterprise")); len(groups) != 1 || err != nil {
		t.Errorf("groups of the enterprise: %v %v", groups, err)
	}
}

func TestOldServer(t *testing.T) {
	d := open(t, githubd.Options{OldServer: true})
	d.github.AddRunner("octo-org", githubd.Runner{ID: 5, Name: "a", Version: "2.300.0", Ephemeral: true})
	got, err := d.Get(t.Context(), d.scope(t, "octo-org"), 5)
	want := fleet.Runner{ID: 5, Name: "a", OS: "linux", Status: "online", Busy: fleet.No}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, side := range sides {
		if _, err := d.Groups(t.Context(), d.scope(t, side.scope)); !errors.Is(err, fleet.ErrUnsupported) {
			t.Errorf("groups of %s: %v, want %v", side.scope, err, fleet.ErrUnsupported)
		}
	}
}

func TestForeignScope(t *testing.T) {
	d := open(t, githubd.Options{})
	elsewhere, err := fleet.ParseServer("https://github.example")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := fleet.ParseScope(elsewhere, "octo-org")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []fleet.Scope{{}, foreign} {
		_, listErr := d.List(t.Context(), s)
		_, groupErr := d.Groups(t.Context(), s)
		_, tokenErr := d.RemoveToken(t.Context(), s)
		for _, err := range []error{listErr, groupErr, tokenErr, d.Delete(t.Context(), s, 1)} {
			if !errors.Is(err, fleet.ErrUnsafe) || !strings.Contains(err.Error(), "is not on 127.0.0.1:") {
				t.Errorf("scope %q: %v, want %v", s, err, fleet.ErrUnsafe)
			}
		}
	}
	for _, id := range []int64{0, -1} {
		if err := d.Delete(t.Context(), d.scope(t, "octo-org"), id); !errors.Is(err, fleet.ErrUnsafe) {
			t.Errorf("id %d: %v, want %v", id, err, fleet.ErrUnsafe)
		}
	}
	if got := d.github.Requests(); len(got) != 0 {
		t.Errorf("sent all the same: %v", got)
	}
}

func TestNewRefuses(t *testing.T) {
	server, err := fleet.ParseServer("")
	if err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string]Options{
		"no server":      {Token: fleet.NewSecret("x")},
		"no token":       {Server: server},
		"a line end":     {Server: server, Token: fleet.NewSecret("ghp_x\n")},
		"a second line":  {Server: server, Token: fleet.NewSecret("ghp_x\r\nHost: elsewhere")},
		"not even ASCII": {Server: server, Token: fleet.NewSecret("ghp_é")},
	} {
		if _, _, err := New(opts); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
