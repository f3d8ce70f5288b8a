package githubd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/sandbox/githubd/description"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const admin = "ghp_admin"

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// desk is a server with a fleet, and a client that speaks to it.
type desk struct {
	*githubd.Server
	t      *testing.T
	after  atomic.Int64 // how long after start it is
	client *http.Client
}

// open starts a server with an enterprise, an organization in it and a repository.
// Every violation fails the test unless the options have a Violation of their own.
func open(t *testing.T, opts githubd.Options) *desk {
	t.Helper()
	d := &desk{t: t, client: &http.Client{Transport: &http.Transport{}}}
	if opts.Now == nil {
		opts.Now = func() time.Time { return start.Add(time.Duration(d.after.Load())) }
	}
	if opts.Violation == nil {
		opts.Violation = func(text string) { t.Errorf("violation: %s", text) }
	}
	d.Server = githubd.New(opts)
	t.Cleanup(func() { d.client.CloseIdleConnections(); d.Close() })
	d.AddEnterprise("octo-enterprise")
	d.AddOrg("octo-org", "octo-enterprise")
	d.AddRepo("octo-org", "octo-repo")
	d.AddToken(githubd.Token{Value: admin, Scopes: []string{"manage_runners:enterprise", "admin:org", "repo"}})
	return d
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) message() string {
	var e struct {
		Message string `json:"message"`
		Doc     string `json:"documentation_url"`
	}
	if json.Unmarshal(a.body, &e) != nil || e.Doc == "" {
		return ""
	}
	return e.Message
}

// send makes a request as a correct client does; change may spoil it.
func (d *desk) send(method, path string, change ...func(*http.Request)) (answer, error) {
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.URL()+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+admin)
	r.Header.Set("Accept", "application/vnd.github+json")
	r.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	r.Header.Set("User-Agent", "test")
	for _, c := range change {
		c(r)
	}
	response, err := d.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, err
}

func (d *desk) do(method, path string, change ...func(*http.Request)) answer {
	d.t.Helper()
	a, err := d.send(method, path, change...)
	if err != nil {
		d.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func header(key, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(key, value) }
}

// describe loads GitHub's description, or says that it is absent.
func describe(t *testing.T) *description.Description {
	t.Helper()
	d, err := description.Load("/api/v3")
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("GitHub's description is not here: that part of the test was left out")
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sides are the three scopes with the paths that lead to them.
var sides = []struct{ scope, path string }{
	{"enterprises/octo-enterprise", "/enterprises/octo-enterprise/actions"},
	{"octo-org", "/orgs/octo-org/actions"},
	{"octo-org/octo-repo", "/repos/octo-org/octo-repo/actions"},
}

func TestOperations(t *testing.T) {
	judge := describe(t)
	wrap := func(next http.Handler) http.Handler {
		if judge == nil {
			return next
		}
		return judge.Handler(next, func(err error) { t.Error(err) })
	}
	d := open(t, githubd.Options{Wrap: wrap, RateLimits: true, DownloadTokens: true})
	d.AddGroup("octo-org", 2, "gpu")
	d.AddGroup("enterprises/octo-enterprise", 7, "shared")
	d.SetVersion("2.320.0", githubd.Version{Runtime: start})
	for _, side := range sides {
		t.Run(side.scope, func(t *testing.T) {
			idle := d.AddRunner(side.scope, githubd.Runner{Name: "idle", Version: "2.329.0", Labels: githubd.Labels("self-hosted", "gpu")})
			busy := d.AddRunner(side.scope, githubd.Runner{Name: "busy", Busy: true, Ephemeral: true})
			list := d.do("GET", side.path+"/runners?per_page=100&page=1")
			if list.status != 200 || !bytes.Contains(list.body, []byte(`"total_count":2`)) {
				t.Errorf("list: %d %s", list.status, list.body)
			}
			if a := d.do("GET", side.path+"/runners?name=busy"); !bytes.Contains(a.body, []byte(`"total_count":1`)) {
				t.Errorf("list by name: %s", a.body)
			}
			if a := d.do("GET", side.path+"/runners/downloads"); a.status != 200 || !bytes.Contains(a.body, []byte("temp_download_token")) {
				t.Errorf("downloads: %d %s", a.status, a.body)
			}
			for _, name := range []string{"registration-token", "remove-token"} {
				a := d.do("POST", side.path+"/runners/"+name)
				var token struct {
					Token   string    `json:"token"`
					Expires time.Time `json:"expires_at"`
				}
				if err := json.Unmarshal(a.body, &token); err != nil {
					t.Fatal(err)
				}
				if a.status != 201 || !token.Expires.Equal(start.Add(time.Hour)) || !strings.HasPrefix(token.Token, "A") {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				}
			}
			get := d.do("GET", side.path+"/runners/"+digits(busy))
			var runner map[string]any
			if err := json.Unmarshal(get.body, &runner); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{
				"id": float64(busy), "name": "busy", "os": "linux", "status": "online", "busy": true,
				"labels": []any{}, "runner_group_id": 1.0, "ephemeral": true, "version": nil,
			}
			if diff := cmp.Diff(want, runner); diff != "" {
				t.Errorf("get (-want +got):\n%s", diff)
			}
			if a := d.do("DELETE", side.path+"/runners/"+digits(busy)); a.status != 422 || a.message() == "" {
				t.Errorf("delete of a busy runner: %d %s", a.status, a.body)
			}
			if a := d.do("DELETE", side.path+"/runners/"+digits(idle)); a.status != 204 || len(a.body) != 0 {
				t.Errorf("delete: %d %s", a.status, a.body)
			}
			for _, method := range []string{"GET", "DELETE"} {
				if a := d.do(method, side.path+"/runners/"+digits(idle)); a.status != 404 || a.message() != "Not Found" {
					t.Errorf("%s of a deleted runner: %d %s", method, a.status, a.body)
				}
			}
			version := d.do("GET", side.path+"/runners/deprecations/2.320.0")
			if version.status != 200 || !bytes.Contains(version.body, []byte(`"runtime_deprecates_at":"2026-03-02T09:00:00Z"`)) {
				t.Errorf("deprecations: %d %s", version.status, version.body)
			}
		})
	}
	groups := d.do("GET", "/orgs/octo-org/actions/runner-groups?per_page=100")
	for _, want := range []string{`"name":"Default"`, `"name":"gpu"`, `"inherited":true,"name":"shared"`} {
		if !bytes.Contains(groups.body, []byte(want)) {
			t.Errorf("groups lack %s: %s", want, groups.body)
		}
	}
	if a := d.do("GET", "/enterprises/octo-enterprise/actions/runner-groups"); a.status != 200 {
		t.Errorf("groups of the enterprise: %d %s", a.status, a.body)
	}
	if got := len(d.Tokens()); got != 3*(2+7) {
		t.Errorf("%d tokens are known, want 27", got)
	}
}

func TestOldServer(t *testing.T) {
	d := open(t, githubd.Options{OldServer: true})
	d.AddRunner("octo-org", githubd.Runner{Name: "a", Version: "2.300.0"})
	a := d.do("GET", "/orgs/octo-org/actions/runners")
	for _, absent := range []string{"version", "ephemeral", "runner_group_id"} {
		if bytes.Contains(a.body, []byte(absent)) {
			t.Errorf("an old server sends %s: %s", absent, a.body)
		}
	}
	for _, path := range []string{"/runner-groups", "/runners/deprecations/2.300.0"} {
		if a := d.do("GET", "/orgs/octo-org/actions"+path); a.status != 404 {
			t.Errorf("%s: %d, want 404", path, a.status)
		}
	}
}

func TestWait(t *testing.T) {
	d := open(t, githubd.Options{})
	id := d.AddRunner("octo-org", githubd.Runner{Name: "a"})
	gone := make(chan error, 1)
	go func() {
		gone <- d.Wait(t.Context(), func() bool { return len(d.Runners("octo-org")) == 0 })
	}()
	d.Update("octo-org", id, func(r *githubd.Runner) { r.Status = "offline" })
	d.Remove("octo-org", id)
	if err := <-gone; err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Wait(ended, func() bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func digits(id int64) string { return strconv.FormatInt(id, 10) }
