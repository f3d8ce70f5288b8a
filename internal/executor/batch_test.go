package executor

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestBatch(t *testing.T) {
	tests := map[string]struct {
		happens func(*desk)
		strike  []int64
		want    []string
	}{
		"all": {want: []string{"succeeded", "deleted", "deleted", "deleted", "deleted"}},
		"one gone, one struck": {func(d *desk) { d.github.Remove("octo-org", 2) }, []int64{3},
			[]string{"succeeded", "deleted", "already gone", "struck", "deleted"}},
		"one busy": {func(d *desk) { d.github.Update("octo-org", 1, func(r *githubd.Runner) { r.Busy = true }) }, nil,
			[]string{"failed", "busy: it runs a job", "deleted", "deleted", "deleted"}},
		"one unknown, one busy": {func(d *desk) {
			d.github.Update("octo-org", 1, func(r *githubd.Runner) { r.Busy = true })
			d.silence(2)
		}, nil, []string{"unknown", "busy: it runs a job", "unknown: a delete was sent, and GitHub does not tell what became of it", "deleted", "deleted"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				r := d.ask(1, 2, 3, 4)
				d.approve(r.ID, tc.strike...)
				if tc.happens != nil {
					tc.happens(d)
				}
				d.finish(4 * time.Minute)
				check(t, "outcomes", tc.want, d.ended(r.ID))
				if err := d.store.VerifyAudit(t.Context(), ""); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// silence makes GitHub delete a runner without an answer, and then not tell of it.
func (d *desk) silence(id int64) (lift func()) {
	one := githubd.On("", strings.Replace(oneRunner, "*", string(rune('0'+id)), 1))
	d.github.Fault(func(r githubd.Request) bool { return r.Method == "DELETE" && one(r) }, githubd.Fault{Times: 1, Reset: true, AfterEffect: true})
	return d.github.Fault(func(r githubd.Request) bool {
		return r.Method == "GET" && one(r) && len(d.deletesOf(id)) > 0
	}, githubd.Fault{Status: 503})
}

func (d *desk) deletesOf(id int64) []string {
	var out []string
	for _, s := range d.deletes() {
		if strings.HasPrefix(s, string(rune('0'+id))+" ") {
			out = append(out, s)
		}
	}
	return out
}

func TestUnknownIsSettledLater(t *testing.T) {
	tests := map[string]struct {
		meanwhile func(*desk)
		want      []string
	}{
		"gone":  {func(*desk) {}, []string{"succeeded", "already gone: gone after a delete of ours whose answer was lost", "deleted"}},
		"there": {func(d *desk) { d.back("web-1") }, []string{"failed", "failed: it is still there; ask again", "deleted"}},
		"another": {func(d *desk) { d.back("other") },
			[]string{"failed", "changed: another runner now (name); the one before is gone", "deleted"}},
		"no proof": {func(d *desk) { d.github.Fault(githubd.On("GET", runnersList), githubd.Fault{Status: 404}) },
			[]string{"unknown", "unknown: a delete was sent, and GitHub does not tell what became of it", "deleted"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				r := d.approved(1, 3)
				lift := d.silence(1)
				stop := d.run()
				time.Sleep(time.Minute)
				check(t, "before", "unknown", d.ended(r.ID)[0])
				lift()
				tc.meanwhile(d)
				time.Sleep(lookAgain)
				stop()
				check(t, "outcomes", tc.want, d.ended(r.ID))
				check(t, "deletes", []string{"1 0", "3 204"}, d.deletes())
			})
		})
	}
}

func (d *desk) back(name string) {
	d.github.AddRunner("octo-org", githubd.Runner{ID: 1, Name: name, Labels: githubd.Labels("self-hosted", "gpu")})
}

func TestOldestFirst(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		for _, id := range []int64{3, 1, 4} {
			d.approved(id)
		}
		d.finish(time.Minute)
		check(t, "deletes", []string{"3 204", "1 204", "4 204"}, d.deletes())
		at := time.Time{}
		for _, r := range d.github.Requests() {
			if r.Method == "DELETE" {
				if r.At.Sub(at) < time.Second {
					t.Errorf("a delete %s after the one before", r.At.Sub(at))
				}
				at = r.At
			}
		}
	})
}

// TestCancelBetweenRunners cancels while the first delete is under way.
func TestCancelBetweenRunners(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		r := d.approved(1, 2, 3)
		d.github.Fault(githubd.On("DELETE", oneRunner), githubd.Fault{Times: 1, Delay: 5 * time.Second})
		stop := d.run()
		time.Sleep(2 * time.Second)
		d.cancel(r.ID)
		time.Sleep(time.Minute)
		stop()
		check(t, "outcomes", []string{"cancelled", "deleted", "not tried: stopped by the requester", "not tried: stopped by the requester"}, d.ended(r.ID))
		check(t, "left", []int64{2, 3, 4}, d.left())
	})
}

// TestCancelDuringALimit cancels while the first runner's turn waits for a limit.
func TestCancelDuringALimit(t *testing.T) {
	for _, method := range []string{"GET", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				r := d.approved(1, 2)
				d.github.Fault(githubd.On(method, oneRunner), githubd.Fault{Status: 429, Header: map[string][]string{"Retry-After": {"300"}}})
				stop := d.run()
				time.Sleep(2 * time.Second)
				check(t, "said", []string{"executing", ": waits: GitHub limits us until 00:05 UTC", ""}, d.ended(r.ID))
				d.cancel(r.ID)
				d.github.ClearFaults()
				d.github.ForgetRequests()
				time.Sleep(5 * time.Second)
				check(t, "soon", map[string]string{"GET": "cancelled", "DELETE": "executing"}[method], d.ended(r.ID)[0])
				check(t, "requests during the limit", 0, len(d.github.Requests()))
				time.Sleep(10 * time.Minute)
				stop()
				first := map[string]string{"GET": "not tried: stopped by the requester",
					"DELETE": "failed: a delete had no effect, and no other was sent: stopped by the requester"}[method]
				check(t, "outcomes", []string{"cancelled", first, "not tried: stopped by the requester"}, d.ended(r.ID))
				check(t, "deletes", []string(nil), d.deletes())
			})
		})
	}
}

// TestTimeRunsOut lets the 15 minutes end after two runners, each of which is limited for
// seven.
func TestTimeRunsOut(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		r := d.approved(1, 2, 3, 4)
		d.github.Fault(githubd.On("DELETE", "/orgs/octo-org/actions/runners/1"), githubd.Fault{Times: 1, Status: 429, Header: map[string][]string{"Retry-After": {"420"}}})
		d.github.Fault(githubd.On("DELETE", "/orgs/octo-org/actions/runners/2"), githubd.Fault{Times: 1, Status: 429, Header: map[string][]string{"Retry-After": {"420"}}})
		d.github.Fault(githubd.On("GET", "/orgs/octo-org/actions/runners/3"), githubd.Fault{Times: 1, Status: 429, Header: map[string][]string{"Retry-After": {"600"}}})
		d.finish(20 * time.Minute)
		const late = "not tried: GitHub limits us until 00:24 UTC, when the time to begin is over"
		check(t, "outcomes", []string{"failed", "deleted", "deleted", late, late}, d.ended(r.ID))
		check(t, "deletes", []string{"1 429", "1 204", "2 429", "2 204"}, d.deletes())
	})
}

func TestNoDeleteAfterTheTime(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		r := d.approved(1, 2)
		d.change(r.ID, func(r fleet.Request) (fleet.Request, error) { return r.Claim(0, time.Now()) })
		time.Sleep(fleet.ExecuteWithin)
		d.finish(time.Minute)
		check(t, "outcomes", []string{"failed", "not tried: not begun in time", "not tried: not begun in time"}, d.ended(r.ID))
		check(t, "requests", 0, len(d.github.Requests()))
	})
}

func TestExpire(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		old := d.approved(1, 2)
		pending := d.ask(3)
		token := d.approve(d.open(fleet.Request{Action: fleet.Register}).ID)
		time.Sleep(fleet.ExecuteWithin)
		stop := d.run()
		synctest.Wait()
		time.Sleep(tick)
		check(t, "approved too long ago", []string{"expired", "not tried: approved too long ago", "not tried: approved too long ago"}, d.ended(old.ID))
		check(t, "pending", "pending", d.ended(pending.ID)[0])
		check(t, "token", "approved", d.ended(token.ID)[0])
		time.Sleep(time.Hour - fleet.ExecuteWithin + tick)
		check(t, "pending after an hour", []string{"expired", ""}, d.ended(pending.ID))
		check(t, "token after an hour", []string{"expired"}, d.ended(token.ID))
		stop()
		check(t, "requests", 0, len(d.github.Requests()))
	})
}

// faulty breaks the store for changes of which the test says so.
type faulty struct {
	Store
	breaks func() error
}

func (s faulty) UpdateRequest(ctx context.Context, id int64, key string, change func(fleet.Request) (fleet.Request, error)) (fleet.Request, error) {
	return s.Store.UpdateRequest(ctx, id, key, func(r fleet.Request) (fleet.Request, error) {
		before := len(r.Events)
		after, err := change(r)
		if err == nil && len(after.Events) > before {
			for _, e := range after.Events[before:] {
				if strings.HasPrefix(e.Verb, "sending") || strings.HasPrefix(e.Verb, "runner:") || strings.HasPrefix(e.Verb, "reveal:") {
					if err := s.breaks(); err != nil {
						return r, err
					}
				}
			}
		}
		return after, err
	})
}

// TestStoreFails breaks the store at each step in turn: nothing is sent whose intent is
// not stored, and nothing is sent twice.
func TestStoreFails(t *testing.T) {
	for name, tc := range map[string]struct {
		stored  int32 // steps, before it breaks
		broken  []string
		want    []string
		deletes []string // while it is broken
	}{
		"intent": {0, []string{"executing", ""}, []string{"succeeded", "deleted"}, nil},
		"result": {1, []string{"executing", ""}, []string{"succeeded", "already gone: gone after a delete of ours whose answer was lost"}, []string{"1 204"}},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				var n atomic.Int32
				var mended atomic.Bool
				d.Store = faulty{d.store, func() error {
					if n.Add(1) > tc.stored && !mended.Load() {
						return errors.New("disk full")
					}
					return nil
				}}
				r := d.approved(1)
				stop := d.run()
				time.Sleep(tick / 2)
				check(t, "while it is broken", tc.broken, d.ended(r.ID))
				check(t, "deletes", tc.deletes, d.deletes())
				if looks := len(d.github.Requests()); looks > 8 {
					t.Errorf("GitHub was asked %d times meanwhile", looks)
				}
				mended.Store(true)
				time.Sleep(2 * tick)
				stop()
				check(t, "then", tc.want, d.ended(r.ID))
				check(t, "deletes at the end", 1, len(d.deletes()))
			})
		})
	}
}

// rash panics on one runner.
type rash struct {
	Reads
	runner int64
}

func (r rash) Get(ctx context.Context, s fleet.Scope, id int64) (fleet.Runner, error) {
	if id == r.runner {
		panic("a rule nobody thought of")
	}
	return r.Reads.Get(ctx, s, id)
}

func TestPanicStopsOneRunner(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		first, second := d.approved(1, 2), d.approved(3)
		d.Reads = rash{d.Reads, 1}
		d.finish(time.Minute)
		check(t, "first", []string{"failed", "failed: a part of Runnerdesk failed; no delete was sent", "deleted"}, d.ended(first.ID))
		check(t, "second", []string{"succeeded", "deleted"}, d.ended(second.ID))
	})
}
