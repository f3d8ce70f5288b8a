package executor

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

// TestTakeOver continues a deletion that an earlier run of the program left executing,
// after it had committed the intent to delete runner 1.
func TestTakeOver(t *testing.T) {
	for name, tc := range map[string]struct {
		sent    int
		happens func(*desk, fleet.Request)
		want    []string
		deletes []string
	}{
		"nothing was sent":        {0, nil, []string{"succeeded", "deleted", "deleted"}, []string{"1 204", "2 204"}},
		"the effect happened":     {1, func(d *desk, _ fleet.Request) { d.github.Remove("octo-org", 1) }, []string{"succeeded", "already gone: gone after a delete of ours whose answer was lost", "deleted"}, []string{"2 204"}},
		"the effect did not":      {1, nil, []string{"succeeded", "deleted", "deleted"}, []string{"1 204", "2 204"}},
		"three were sent":         {3, nil, []string{"failed", "failed: GitHub failed at three deletes; the runner is still there", "deleted"}, []string{"2 204"}},
		"another one took its id": {1, func(d *desk, _ fleet.Request) { d.github.Remove("octo-org", 1); d.back("other") }, []string{"failed", "changed: another runner now (name); a delete that was sent may have removed the one before", "deleted"}, []string{"2 204"}},
		"cancelled, and it happened": {1, func(d *desk, r fleet.Request) { d.github.Remove("octo-org", 1); d.cancel(r.ID) },
			[]string{"cancelled", "already gone: gone after a delete of ours whose answer was lost", "not tried: stopped by the requester"}, nil},
		"cancelled, and it did not": {1, func(d *desk, r fleet.Request) { d.cancel(r.ID) },
			[]string{"cancelled", "failed: a delete had no effect, and no other was sent: stopped by the requester", "not tried: stopped by the requester"}, nil},
		"too late, and it happened": {1, func(d *desk, _ fleet.Request) { d.github.Remove("octo-org", 1); time.Sleep(time.Hour) },
			[]string{"failed", "already gone: gone after a delete of ours whose answer was lost", "not tried: not begun in time"}, nil},
		"too late, and it did not": {1, func(*desk, fleet.Request) { time.Sleep(time.Hour) },
			[]string{"failed", "failed: a delete had no effect, and no other was sent: not begun in time", "not tried: not begun in time"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				r := d.approved(1, 2)
				epoch, err := d.store.NextEpoch(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				d.change(r.ID, func(r fleet.Request) (fleet.Request, error) { return r.Claim(epoch, time.Now()) })
				for range tc.sent {
					d.change(r.ID, func(r fleet.Request) (fleet.Request, error) { return r.Send(epoch, 1) })
				}
				if tc.happens != nil {
					tc.happens(d, r)
				}
				d.finish(time.Minute)
				check(t, "outcomes", tc.want, d.ended(r.ID))
				check(t, "deletes", tc.deletes, d.deletes())
				if _, err := d.store.UpdateRequest(t.Context(), r.ID, "", func(r fleet.Request) (fleet.Request, error) { return r.Send(epoch, 2) }); err == nil {
					t.Error("the earlier run may still send")
				}
			})
		})
	}
}

// TestShutdown ends the program at every moment of a batch in turn. The next run goes on,
// and no runner is deleted twice.
func TestShutdown(t *testing.T) {
	for _, method := range []string{"GET", "DELETE"} {
		for at := range 4 {
			t.Run(fmt.Sprint(method, " ", at+1), func(t *testing.T) {
				play(t, func(t *testing.T, d *desk) {
					r := d.approved(1, 2, 3, 4)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					d.github.Fault(func(q githubd.Request) bool {
						if q.Method == method && q.Route == fmt.Sprintf("/orgs/octo-org/actions/runners/%d", at+1) {
							cancel()
							return true
						}
						return false
					}, githubd.Fault{Times: 1, Delay: time.Second})
					began := time.Now()
					if err := d.Run(ctx); err != nil {
						t.Fatal(err)
					}
					if took := time.Since(began); took > 10*time.Second+time.Duration(at)*time.Second {
						t.Errorf("it took %s to stop", took)
					}
					done := at // those that are deleted
					if method == "DELETE" {
						done++
					}
					want := []string{"executing", "", "", "", ""}
					for i := range done {
						want[i+1] = "deleted"
					}
					if done == 4 {
						want[0] = "succeeded"
					}
					check(t, "when it stopped", want, d.ended(r.ID))
					check(t, "deletes", done, len(d.deletes()))
					check(t, "looks", at+1, len(d.github.Requests())-len(d.deletes()))
					d.restarted().finish(time.Minute)
					check(t, "outcomes", []string{"succeeded", "deleted", "deleted", "deleted", "deleted"}, d.ended(r.ID))
					check(t, "deletes", []string{"1 204", "2 204", "3 204", "4 204"}, d.deletes())
				})
			})
		}
	}
}

// TestShutdownDoesNotWaitForGitHub ends the program while GitHub keeps a delete waiting.
func TestShutdownDoesNotWaitForGitHub(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		r := d.approved(1)
		lift := d.github.Fault(githubd.On("", "/orgs/**"), githubd.Fault{Delay: 8 * time.Second})
		stop := d.run()
		time.Sleep(9 * time.Second)
		began := time.Now()
		stop()
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("it took %s to stop", took)
		}
		check(t, "when it stopped", "executing", d.ended(r.ID)[0])
		check(t, "deletes", 1, len(d.deletes()))
		lift()
		time.Sleep(time.Minute) // whatever was under way at GitHub ends
		synctest.Wait()
		d.restarted().finish(time.Minute)
		check(t, "then", "succeeded", d.ended(r.ID)[0])
	})
}

// TestFinishKeepsTheDoubt ends a request while a delete of it is under way.
func TestFinishKeepsTheDoubt(t *testing.T) {
	r := fleet.Request{Action: fleet.Delete, State: fleet.Executing, Epoch: 1, Targets: []fleet.Target{{Runner: fleet.Runner{ID: 1}, Sent: 1}, {Runner: fleet.Runner{ID: 2}}}}
	got, err := r.Finish(1, "stopped", time.Now())
	if err != nil || got.State != fleet.Unknown || got.Tally() != "1 not tried, 1 unknown" {
		t.Errorf("%s, %s, %v; want unknown", got.State, got.Tally(), err)
	}
}

// TestShutdownDuringALimit ends the program while a runner's turn waits for a limit.
func TestShutdownDuringALimit(t *testing.T) {
	for _, method := range []string{"GET", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				r := d.approved(1)
				d.github.Fault(githubd.On(method, oneRunner), githubd.Fault{Times: 1, Status: 429, Header: map[string][]string{"Retry-After": {"300"}}})
				stop := d.run()
				time.Sleep(time.Minute)
				stop()
				check(t, "when it stopped", []string{"executing", ": waits: GitHub limits us until 00:05 UTC"}, d.ended(r.ID))
				time.Sleep(5 * time.Minute)
				d.restarted().finish(time.Minute)
				check(t, "outcomes", []string{"succeeded", "deleted"}, d.ended(r.ID))
			})
		})
	}
}
