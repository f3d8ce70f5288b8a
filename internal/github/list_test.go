package github

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

// crowd adds n runners with the ids 1 to n.
func crowd(d *desk, n int) {
	for id := range int64(n) {
		d.github.AddRunner("octo-org", githubd.Runner{ID: id + 1, Name: fmt.Sprintf("web-%d", id+1), Labels: githubd.Labels("self-hosted", "linux", "x64", "gpu")})
	}
}

func ids(l fleet.Listing) []int64 {
	var found []int64
	for _, r := range l.Runners {
		found = append(found, r.ID)
	}
	slices.Sort(found)
	return found
}

// before runs act just before each page is read, with the number of the reading (from
// 1) and of the page.
func before(d *desk, act func(reading, page int)) {
	reading := 0
	d.github.Fault(func(r githubd.Request) bool {
		page, _ := strconv.Atoi(r.Query.Get("page"))
		if page == 1 {
			reading++
		}
		act(reading, page)
		return false
	}, githubd.Fault{})
}

func TestListChurn(t *testing.T) {
	for name, tc := range map[string]struct {
		act      func(d *desk, reading, page int)
		complete bool
		total    int
		requests int
		gone     []int64 // of 1 to 250, not in the listing
		more     []int64 // beyond 250, in the listing
		readAt   time.Time
	}{
		"a quiet fleet": {func(*desk, int, int) {}, true, 250, 3, nil, nil, start},
		"one leaves during the first reading": {func(d *desk, reading, page int) {
			if reading == 1 && page == 2 {
				d.github.Remove("octo-org", 1)
			}
		}, true, 249, 6, []int64{1}, nil, start.Add(time.Hour)},
		"one joins during the first reading": {func(d *desk, reading, page int) {
			if reading == 1 && page == 3 {
				d.github.AddRunner("octo-org", githubd.Runner{ID: 251, Name: "new"})
			}
		}, true, 251, 6, nil, []int64{251}, start.Add(time.Hour)},
		// The first reading finds as many as there were when it began, but not the new one.
		"one joins on a page that was read": {func(d *desk, reading, page int) {
			switch {
			case reading == 1 && page == 1:
				d.github.Remove("octo-org", 1)
			case reading == 1 && page == 2:
				d.github.AddRunner("octo-org", githubd.Runner{ID: 1, Name: "new"})
			}
		}, true, 250, 6, nil, nil, start.Add(time.Hour)},
		// Each reading misses one runner that is still there; together they have all.
		"one leaves during both readings": {func(d *desk, reading, page int) {
			if page == 2 {
				d.github.Remove("octo-org", int64(reading))
			}
		}, false, 248, 6, nil, nil, start},
	} {
		t.Run(name, func(t *testing.T) {
			var clock atomic.Int64 // moves on by an hour with each reading
			github := open(t, githubd.Options{}).github
			d := connect(t, github, github.URL(), Options{Now: func() time.Time { return start.Add(time.Duration(clock.Load())) }})
			crowd(d, 250)
			before(d, func(reading, page int) {
				clock.Store(int64(reading) * int64(time.Hour))
				tc.act(d, reading, page)
			})
			got, err := d.List(t.Context(), d.scope(t, "octo-org"))
			if err != nil {
				t.Fatal(err)
			}
			if got.Complete != tc.complete || got.Total != tc.total || len(d.github.Requests()) != tc.requests {
				t.Errorf("complete %v of %d after %d requests, want %v of %d after %d", got.Complete, got.Total, len(d.github.Requests()), tc.complete, tc.total, tc.requests)
			}
			if !got.ReadAt.Equal(tc.readAt) {
				t.Errorf("read at %v, want %v", got.ReadAt, tc.readAt)
			}
			var want []int64
			for id := range int64(250) {
				if !slices.Contains(tc.gone, id+1) {
					want = append(want, id+1)
				}
			}
			if want = append(want, tc.more...); !slices.Equal(ids(got), want) {
				t.Errorf("%d runners, want %d, each once", len(got.Runners), len(want))
			}
		})
	}
}

func TestListBounds(t *testing.T) {
	const one = `{"total_count":%d,"runners":[{"id":1,"name":"a","os":"linux","status":"online","busy":false,"labels":[]}]}`
	endless := http.Header{"Link": {`<https://x/?page=2>; rel="next", <https://x/?page=5>; rel="last"`}}
	for name, tc := range map[string]struct {
		fault    githubd.Fault
		runners  int
		complete bool
		requests int
	}{
		"no runner at all":         {githubd.Fault{Status: 200, Body: `{"total_count":0,"runners":[]}`}, 0, true, 1},
		"always a next page":       {githubd.Fault{Status: 200, Header: endless, Body: fmt.Sprintf(one, 1)}, 1, true, 2},
		"a next page of nothing":   {githubd.Fault{Status: 200, Header: endless, Body: `{"total_count":0,"runners":[]}`}, 0, true, 1},
		"a total that is too high": {githubd.Fault{Status: 200, Body: fmt.Sprintf(one, 9)}, 1, false, 2},
		"a total that is too low":  {githubd.Fault{Status: 200, Body: fmt.Sprintf(one, 0)}, 1, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, githubd.Options{})
			d.github.Fault(githubd.On("GET", "/**"), tc.fault)
			got, err := d.List(t.Context(), d.scope(t, "octo-org"))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Runners) != tc.runners || got.Complete != tc.complete || len(d.github.Requests()) != tc.requests {
				t.Errorf("%d runners, complete %v, %d requests; want %d, %v, %d", len(got.Runners), got.Complete, len(d.github.Requests()), tc.runners, tc.complete, tc.requests)
			}
		})
	}
	t.Run("groups without end", func(t *testing.T) {
		d := open(t, githubd.Options{})
		d.github.Fault(githubd.On("GET", "/**"), githubd.Fault{Status: 200, Header: endless, Body: `{"total_count":9,"runner_groups":[{"id":1,"name":"a"}]}`})
		_, err := d.Groups(t.Context(), d.scope(t, "octo-org"))
		var broken *fleet.UnavailableError
		if !errors.As(err, &broken) || len(d.github.Requests()) != maxGroupPages {
			t.Errorf("%v after %d requests, want an UnavailableError after %d", err, len(d.github.Requests()), maxGroupPages)
		}
	})
	t.Run("a total without end", func(t *testing.T) {
		d := open(t, githubd.Options{})
		d.github.Fault(githubd.On("GET", "/**"), githubd.Fault{Status: 200, Header: endless, Body: fmt.Sprintf(one, 1<<40)})
		_, err := d.List(t.Context(), d.scope(t, "octo-org"))
		var broken *fleet.UnavailableError
		if !errors.As(err, &broken) || len(d.github.Requests()) != maxPages {
			t.Errorf("%v after %d requests, want an UnavailableError after %d", err, len(d.github.Requests()), maxPages)
		}
	})
}

// TestListFailsWhole: half a list would look like a fleet that lost runners.
func TestListFailsWhole(t *testing.T) {
	d := open(t, githubd.Options{})
	crowd(d, 150)
	d.github.Fault(func(r githubd.Request) bool { return r.Query.Get("page") == "2" }, githubd.Fault{Status: 403})
	got, err := d.List(t.Context(), d.scope(t, "octo-org"))
	var forbidden *fleet.ForbiddenError
	if !errors.As(err, &forbidden) || len(got.Runners) != 0 {
		t.Errorf("%d runners and %v, want none and a refusal", len(got.Runners), err)
	}
}

func BenchmarkList(b *testing.B) {
	const runners = 10_000
	d := open(b, githubd.Options{})
	crowd(d, runners)
	s := d.scope(b, "octo-org")
	b.ReportAllocs()
	for b.Loop() {
		got, err := d.List(b.Context(), s)
		if err != nil || len(got.Runners) != runners || !got.Complete {
			b.Fatalf("%d runners, %v", len(got.Runners), err)
		}
		d.github.ForgetRequests()
	}
}
