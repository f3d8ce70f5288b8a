package githubd_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/sandbox/githubd"
)

func TestFault(t *testing.T) {
	const path = "/orgs/octo-org/actions/runners/1"
	for name, tc := range map[string]struct {
		method string
		fault  githubd.Fault
		status int
		err    error
		left   int // runners
	}{
		"status instead of the effect": {"DELETE", githubd.Fault{Times: 1, Status: 502, Body: "<html>"}, 502, nil, 1},
		"status after the effect":      {"DELETE", githubd.Fault{Times: 1, Status: 502, AfterEffect: true}, 502, nil, 0},
		"reset before the effect":      {"DELETE", githubd.Fault{Times: 1, Reset: true}, 0, syscall.ECONNRESET, 1},
		"reset after the effect":       {"DELETE", githubd.Fault{Times: 1, Reset: true, AfterEffect: true}, 0, syscall.ECONNRESET, 0},
		"truncated":                    {"GET", githubd.Fault{Times: 1, Truncate: true}, 200, io.ErrUnexpectedEOF, 1},
		"header only":                  {"GET", githubd.Fault{Times: 1, Header: http.Header{"Retry-After": {"7"}}}, 200, nil, 1},
		"slow":                         {"GET", githubd.Fault{Times: 1, Delay: time.Millisecond}, 200, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, githubd.Options{})
			d.AddRunner("octo-org", githubd.Runner{ID: 1, Name: "a"})
			d.Fault(githubd.On(tc.method, "/orgs/*/actions/runners/*"), tc.fault)
			// A retry of Go's own would hide the fault: a request without a body is sent
			// again when an idle connection breaks. This connection is a new one.
			a, err := d.send(tc.method, path)
			if a.status != tc.status || !errors.Is(err, tc.err) {
				t.Errorf("got %d, %v; want %d, %v", a.status, err, tc.status, tc.err)
			}
			if a.status == 502 && string(a.body) != tc.fault.Body {
				t.Errorf("body %q, want %q", a.body, tc.fault.Body)
			}
			if want := tc.fault.Header.Get("Retry-After"); a.header.Get("Retry-After") != want {
				t.Errorf("Retry-After %q, want %q", a.header.Get("Retry-After"), want)
			}
			if got := len(d.Runners("octo-org")); got != tc.left {
				t.Errorf("%d runners left, want %d", got, tc.left)
			}
			if a := d.do("GET", "/orgs/octo-org/actions/runners"); a.status != 200 {
				t.Errorf("the fault was for another route: %d", a.status)
			}
			if a := d.do("GET", path); a.status != 200 && tc.left == 1 {
				t.Errorf("the fault was for one request: %d", a.status)
			}
		})
	}
}

func TestFaultOrderAndLift(t *testing.T) {
	const path = "/orgs/octo-org/actions/runners"
	d := open(t, githubd.Options{})
	d.Fault(githubd.On("", "/orgs/**"), githubd.Fault{Status: 429, Times: 2})
	lift := d.Fault(func(r githubd.Request) bool { return len(d.Requests()) > 0 && r.Method == "GET" }, githubd.Fault{Status: 500})
	var got []int
	for range 4 {
		got = append(got, d.do("GET", path).status)
	}
	lift()
	got = append(got, d.do("GET", path).status)
	d.Fault(githubd.On("GET", "/**"), githubd.Fault{Status: 503})
	got = append(got, d.do("GET", path).status)
	d.ClearFaults()
	got = append(got, d.do("GET", path).status)
	if diff := cmp.Diff([]int{429, 429, 500, 500, 200, 503, 200}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var recorded []int
	for _, r := range d.Requests() {
		recorded = append(recorded, r.Status)
	}
	if diff := cmp.Diff(got, recorded); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	d.ForgetRequests()
	if len(d.Requests()) != 0 {
		t.Error("the record was not emptied")
	}
}

func TestPageDelay(t *testing.T) {
	d := open(t, githubd.Options{PageDelay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := d.send("GET", "/orgs/octo-org/actions/runners", func(r *http.Request) { *r = *r.WithContext(ctx) })
		ended <- err
	}()
	// Everything but a list is answered at once, while the list still waits.
	if a := d.do("GET", "/orgs/octo-org/actions/runners/downloads"); a.status != 200 {
		t.Errorf("downloads: %d", a.status)
	}
	if err := d.Wait(t.Context(), func() bool { return len(d.Requests()) == 2 }); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the list ended with %v before its time", err)
	}
}
