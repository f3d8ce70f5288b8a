package githubd_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/sandbox/githubd"
)

func TestPages(t *testing.T) {
	d := open(t, githubd.Options{})
	for i := range 65 {
		d.AddRunner("octo-org", githubd.Runner{Name: fmt.Sprintf("r%d", i)})
	}
	for name, tc := range map[string]struct {
		query string
		count int
		links []string
	}{
		"default":         {"", 30, []string{`?page=2>; rel="next"`, `?page=3>; rel="last"`}},
		"second":          {"?page=2", 30, []string{`?page=1>; rel="prev"`, `?page=3>; rel="next"`, `?page=3>; rel="last"`, `?page=1>; rel="first"`}},
		"last":            {"?page=3", 5, []string{`?page=2>; rel="prev"`, `?page=1>; rel="first"`}},
		"beyond the last": {"?page=9", 0, []string{`?page=3>; rel="prev"`, `?page=1>; rel="first"`}},
		"size":            {"?per_page=60", 60, []string{`?page=2&per_page=60>; rel="next"`, `?page=2&per_page=60>; rel="last"`}},
		"all":             {"?per_page=100&page=1", 65, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := d.do("GET", "/orgs/octo-org/actions/runners"+tc.query)
			var list struct {
				Total   int              `json:"total_count"`
				Runners []map[string]any `json:"runners"`
			}
			if err := json.Unmarshal(a.body, &list); err != nil {
				t.Fatal(err)
			}
			if list.Total != 65 || len(list.Runners) != tc.count {
				t.Errorf("%d of %d, want %d of 65", len(list.Runners), list.Total, tc.count)
			}
			var links []string
			for _, link := range strings.Split(a.header.Get("Link"), ", ") {
				if link != "" {
					links = append(links, strings.TrimPrefix(link, "<"+d.URL()+"/orgs/octo-org/actions/runners"))
				}
			}
			if diff := cmp.Diff(tc.links, links); diff != "" {
				t.Errorf("Link (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConditional(t *testing.T) {
	const path = "/orgs/octo-org/actions/runners"
	d := open(t, githubd.Options{RateLimits: true})
	d.AddToken(githubd.Token{Value: "ghp_other", Scopes: []string{"admin:org"}})
	first := d.do("GET", path)
	tag := first.header.Get("ETag")
	if !strings.HasPrefix(tag, `W/"`) || !strings.HasPrefix(first.header.Get("Cache-Control"), "private, max-age=60") {
		t.Fatalf("headers %v", first.header)
	}
	left := first.header.Get("X-RateLimit-Remaining")
	again := d.do("GET", path, header("If-None-Match", tag))
	if again.status != 304 || len(again.body) != 0 || again.header.Get("X-RateLimit-Remaining") != left {
		t.Errorf("unchanged: %d, %s left of %s, want 304 for free", again.status, again.header.Get("X-RateLimit-Remaining"), left)
	}
	if a := d.do("GET", path, header("If-None-Match", tag), header("Authorization", "Bearer ghp_other")); a.status != 200 {
		t.Errorf("the tag of another credential: %d, want 200", a.status)
	}
	d.AddRunner("octo-org", githubd.Runner{Name: "new"})
	if a := d.do("GET", path, header("If-None-Match", tag)); a.status != 200 {
		t.Errorf("changed: %d, want 200", a.status)
	}
}

func TestRateLimit(t *testing.T) {
	const path = "/orgs/octo-org/actions/runners"
	d := open(t, githubd.Options{RateLimits: true})
	d.AddToken(githubd.Token{Value: admin, Scopes: []string{"admin:org"}, Remaining: 1})
	if a := d.do("GET", path); a.status != 200 || a.header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("the last one: %d %v", a.status, a.header)
	}
	a := d.do("GET", path)
	if a.status != 403 || !strings.Contains(a.message(), "API rate limit exceeded") {
		t.Errorf("one too many: %d %s", a.status, a.body)
	}
	if got, want := a.header.Get("X-RateLimit-Reset"), fmt.Sprint(start.Add(time.Hour).Unix()); got != want {
		t.Errorf("reset %s, want %s", got, want)
	}
	d.after.Store(int64(time.Hour))
	if a := d.do("GET", path); a.status != 200 || a.header.Get("X-RateLimit-Remaining") != "4999" {
		t.Errorf("the next hour: %d %v", a.status, a.header)
	}
	if a := open(t, githubd.Options{}).do("GET", path); a.header.Get("X-RateLimit-Remaining") != "" {
		t.Errorf("a server without limits sends them: %v", a.header)
	}
}
