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

const oneOfRepo = "/repos/octo-org/octo-repo/actions/runners/*"

// unsure is a deletion whose outcome an earlier run of the program could not know.
func (d *desk) unsure(id int64) fleet.Request {
	r := d.approved(id)
	for _, step := range []func(fleet.Request) (fleet.Request, error){
		func(r fleet.Request) (fleet.Request, error) { return r.Claim(0, time.Now()) },
		func(r fleet.Request) (fleet.Request, error) { return r.Send(0, id) },
		func(r fleet.Request) (fleet.Request, error) {
			return r.Result(0, id, fleet.NotSure, "no answer", time.Now())
		},
		func(r fleet.Request) (fleet.Request, error) { return r.Finish(0, "", time.Now()) },
	} {
		d.change(r.ID, step)
	}
	return r
}

// TestScopesDoNotWait has trouble in one scope and a deletion in another.
func TestScopesDoNotWait(t *testing.T) {
	limit := githubd.Fault{Status: 429, Header: map[string][]string{"Retry-After": {"600"}}}
	tests := map[string]struct {
		method string
		fault  githubd.Fault
		within time.Duration // of the other scope's two deletes
		state  string        // of the scope in trouble, then
	}{
		"its looks hang":      {"GET", githubd.Fault{Delay: time.Hour}, 3 * time.Second, "executing"},
		"its looks fail":      {"GET", githubd.Fault{Delay: 9 * time.Second, Status: 502}, 3 * time.Second, "executing"},
		"its looks limited":   {"GET", limit, 3 * time.Second, "executing"},
		"its deletes limited": {"DELETE", limit, 5 * time.Second, "executing"},
		"its deletes hang":    {"DELETE", githubd.Fault{Delay: time.Hour}, 25 * time.Second, "executing"}, // ten seconds for each write of the other
		"its doubt hangs":     {"GET", githubd.Fault{Delay: time.Hour}, 3 * time.Second, "unknown"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				repo := d.beside()
				var first fleet.Request
				if tc.state == "unknown" {
					first = repo.unsure(5)
				} else {
					first = repo.approved(5, 6, 7, 8)
				}
				d.github.Fault(githubd.On(tc.method, oneOfRepo), tc.fault)
				stop := d.run()
				time.Sleep(time.Second)
				second := d.approved(1, 2)
				time.Sleep(tc.within)
				check(t, "the other scope", []string{"succeeded", "deleted", "deleted"}, d.ended(second.ID))
				check(t, "the scope in trouble", tc.state, d.ended(first.ID)[0])
				stop()
			})
		})
	}
}

// TestTimeForLooks lets GitHub hang for one runner of two: it costs half a minute.
func TestTimeForLooks(t *testing.T) {
	for name, delay := range map[string]time.Duration{"no answer": time.Hour, "late errors": 9 * time.Second} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				r := d.approved(1, 2)
				d.github.Fault(githubd.On("GET", "/orgs/octo-org/actions/runners/1"), githubd.Fault{Delay: delay, Status: 503})
				d.finish(lookWithin + 2*time.Second)
				check(t, "outcomes", []string{"failed", "failed: GitHub did not answer in time. Try again.", "deleted"}, d.ended(r.ID))
			})
		})
	}
}

// TestOneWriteAtATime deletes in two scopes at once while GitHub is slow.
func TestOneWriteAtATime(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		repo := d.beside()
		first, second := repo.approved(5, 6), d.approved(1, 2)
		const slow = 2 * time.Second
		d.github.Fault(githubd.On("DELETE", "/**"), githubd.Fault{Delay: slow})
		d.finish(time.Minute)
		for _, r := range []fleet.Request{first, second} {
			check(t, "outcomes", []string{"succeeded", "deleted", "deleted"}, d.ended(r.ID))
		}
		var at time.Time
		for _, r := range d.github.Requests() {
			if r.Method == "DELETE" {
				if since := r.At.Sub(at); since < slow+d.Pace {
					t.Errorf("%s came %s after the delete before", r.Route, since)
				}
				at = r.At
			}
		}
	})
}

// TestWriteIsShort has a delete whose answer makes the client look, which hangs: the other
// scope's write does not wait for all of that.
func TestWriteIsShort(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		repo := d.beside()
		repo.approved(5)
		r := d.ask(1)
		d.github.Fault(githubd.On("DELETE", oneOfRepo), githubd.Fault{Delay: 9 * time.Second, Status: 500})
		get := githubd.On("GET", oneOfRepo)
		d.github.Fault(func(q githubd.Request) bool { return get(q) && len(d.deletes()) > 0 }, githubd.Fault{Delay: time.Hour})
		stop := d.run()
		time.Sleep(time.Second)
		d.approve(r.ID)
		time.Sleep(16 * time.Second) // its time, and the pause after it
		check(t, "outcomes", []string{"succeeded", "deleted"}, d.ended(r.ID))
		stop()
	})
}

// TestOldLook changes a runner while its delete waits for another scope's.
func TestOldLook(t *testing.T) {
	for name, tc := range map[string]struct {
		happens func(*desk)
		want    []string
		deletes []string
	}{
		"nothing":    {func(*desk) {}, []string{"succeeded", "deleted"}, []string{"5 204", "2 204"}},
		"now online": {func(d *desk) { d.github.Update("octo-org", 2, func(r *githubd.Runner) { r.Status = "online" }) }, []string{"failed", "changed: it was offline and is online now"}, []string{"5 204"}},
		"gone":       {func(d *desk) { d.github.Remove("octo-org", 2) }, []string{"succeeded", "already gone"}, []string{"5 204"}},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				repo := d.beside()
				repo.approved(5)
				r := d.ask(2)
				d.github.Fault(githubd.On("DELETE", oneOfRepo), githubd.Fault{Delay: 8 * time.Second})
				stop := d.run()
				time.Sleep(time.Second)
				d.approve(r.ID)
				time.Sleep(4 * time.Second) // it was looked at, and waits
				check(t, "before", []string{"executing", ""}, d.ended(r.ID))
				tc.happens(d)
				time.Sleep(15 * time.Second)
				stop()
				check(t, "outcomes", tc.want, d.ended(r.ID))
				check(t, "deletes", tc.deletes, d.deletes())
			})
		})
	}
}

// TestCancelBeforeItsWrite cancels while a looked-at runner waits for another scope's write.
func TestCancelBeforeItsWrite(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		repo := d.beside()
		repo.approved(5)
		r := d.ask(1)
		d.github.Fault(githubd.On("DELETE", oneOfRepo), githubd.Fault{Delay: 2 * time.Second})
		stop := d.run()
		time.Sleep(time.Second)
		d.approve(r.ID)
		time.Sleep(500 * time.Millisecond)
		d.cancel(r.ID)
		time.Sleep(10 * time.Second)
		stop()
		check(t, "outcomes", []string{"cancelled", "not tried: stopped by the requester"}, d.ended(r.ID))
		check(t, "deletes", []string{"5 204"}, d.deletes())
	})
}

// TestApprovedMeanwhile approves while the scope's lane works: it follows at once.
func TestApprovedMeanwhile(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		d.approved(1)
		d.github.Fault(githubd.On("DELETE", oneRunner), githubd.Fault{Times: 1, Delay: 2 * time.Second})
		stop := d.run()
		time.Sleep(time.Second)
		r := d.approved(3)
		time.Sleep(3 * time.Second)
		check(t, "outcomes", []string{"succeeded", "deleted"}, d.ended(r.ID))
		stop()
	})
}

// TestShutdownOfLanes ends the program while one scope's delete is under way, another's
// waits for it, and the next run carries on: no runner is deleted twice.
func TestShutdownOfLanes(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		repo := d.beside()
		first, second := repo.approved(5, 6), d.ask(1, 2)
		d.github.Fault(githubd.On("DELETE", oneOfRepo), githubd.Fault{Times: 1, Delay: 3 * time.Second})
		stop := d.run()
		time.Sleep(time.Second)
		d.approve(second.ID)
		synctest.Wait()
		began := time.Now()
		stop()
		check(t, "time to stop, of the delete under way", 2*time.Second, time.Since(began).Truncate(time.Second))
		check(t, "under way", []string{"executing", "deleted", ""}, d.ended(first.ID))
		check(t, "waiting", []string{"executing", "", ""}, d.ended(second.ID))
		check(t, "deletes", []string{"5 204"}, d.deletes())
		d.restarted().finish(time.Minute)
		for _, r := range []fleet.Request{first, second} {
			check(t, "then", []string{"succeeded", "deleted", "deleted"}, d.ended(r.ID))
		}
		check(t, "deletes at the end", 4, len(d.deletes()))
	})
}

// blocked panics where one request is changed.
type blocked struct {
	Store
	request int64
}

func (b blocked) UpdateRequest(ctx context.Context, id int64, key string, change func(fleet.Request) (fleet.Request, error)) (fleet.Request, error) {
	if id == b.request {
		panic("a rule nobody thought of")
	}
	return b.Store.UpdateRequest(ctx, id, key, change)
}

func TestPanicStopsOneRequest(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		first, second := d.approved(1), d.approved(3)
		d.Store = blocked{d.store, first.ID}
		d.finish(time.Second)
		check(t, "first", []string{"approved", ""}, d.ended(first.ID))
		check(t, "second", []string{"succeeded", "deleted"}, d.ended(second.ID))
	})
}

// clumsy panics while it deletes one runner.
type clumsy struct {
	Writes
	runner int64
}

func (c clumsy) Delete(ctx context.Context, s fleet.Scope, id int64) error {
	if id == c.runner {
		panic("a rule nobody thought of")
	}
	return c.Writes.Delete(ctx, s, id)
}

func TestPanicWhileWriting(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		repo := d.beside()
		first, second := repo.approved(5, 6), d.ask(1)
		d.Writes = clumsy{d.Writes, 5}
		stop := d.run()
		time.Sleep(10 * time.Second)
		d.approve(second.ID)
		time.Sleep(10 * time.Second)
		stop()
		check(t, "outcomes", []string{"failed", "failed: it is still there; ask again", "deleted"}, d.ended(first.ID))
		check(t, "another scope", []string{"succeeded", "deleted"}, d.ended(second.ID))
		check(t, "deletes", "[6 204 1 204]", fmt.Sprint(d.deletes()))
	})
}
