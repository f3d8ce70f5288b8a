package watcher

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

func TestChangesAreStoredOnce(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		d.good()
		d.good()
		check(t, "at first", "joined", d.history(1))
		d.github.Update("octo-org", 1, func(r *githubd.Runner) { r.Status = "offline" })
		d.good()
		d.good()
		check(t, "offline", "offline joined", d.history(1))
		d.github.Update("octo-org", 1, func(r *githubd.Runner) { r.Status, r.Labels = "online", githubd.Labels("gpu", "fast") })
		d.good()
		d.good()
		if got := d.history(1); got != "relabelled online offline joined" {
			t.Errorf("then: %s", got)
		}
		check(t, "another", "joined", d.history(2))
	})
}

// hide keeps runner 2 out of the next lists.
func (d *desk) hide(times int) {
	d.github.Fault(githubd.On("GET", list), githubd.Fault{Times: times, Status: 200, Body: `{"total_count":2,"runners":[
		{"id":1,"name":"web-1","os":"linux","status":"online","busy":false,"labels":[]},
		{"id":3,"name":"web-3","os":"linux","status":"online","busy":false,"labels":[]}]}`})
}

func TestGone(t *testing.T) {
	all, without := []string{"web-1", "web-2", "web-3"}, []string{"web-1", "web-3"}
	get := githubd.On("GET", one)
	tests := map[string]struct {
		happens func(*desk)
		want    []string
	}{
		"the list lacks a live runner":      {func(d *desk) { d.hide(0) }, all},
		"removed":                           {func(d *desk) { d.github.Remove("octo-org", 2) }, without},
		"404, and the second list has it":   {func(d *desk) { d.hide(1); d.github.Fault(get, githubd.Fault{Status: 404}) }, all},
		"404, and the second list fails":    {func(d *desk) { d.second(404) }, all},
		"GitHub does not tell of it by id":  {func(d *desk) { d.github.Remove("octo-org", 2); d.github.Fault(get, githubd.Fault{Status: 503}) }, all},
		"GitHub limits us before the proof": {func(d *desk) { d.github.Remove("octo-org", 2); d.github.Fault(get, githubd.Fault{Status: 429}) }, all},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				d.good()
				tc.happens(d)
				d.good()
				check(t, "known", tc.want, d.names())
				d.github.ClearFaults()
				d.good()
				last := d.history(2)
				if gone := len(d.github.Runners("octo-org")) == 2; gone != strings.HasPrefix(last, "gone") {
					t.Errorf("in the end: %s", last)
				}
			})
		})
	}
}

// second has runner 2 missing, unknown by its id, and the list after that fail.
func (d *desk) second(status int) {
	d.hide(1)
	d.github.Fault(githubd.On("GET", one), githubd.Fault{Status: 404})
	d.github.Fault(githubd.On("GET", list), githubd.Fault{Status: status})
}

func TestFailureIsStored(t *testing.T) {
	renew := "GitHub does not accept Runnerdesk's credential. The people who run Runnerdesk have to renew it."
	tests := map[string]struct {
		fault   githubd.Fault
		problem string
		until   bool
		told    []string
	}{
		"revoked":  {githubd.Fault{Status: 401}, renew, false, []string{"unreadable octo-org: The runners of octo-org can't be read. " + renew}},
		"hidden":   {githubd.Fault{Status: 404}, "GitHub finds no such runner or scope, or hides it from Runnerdesk's credential.", false, []string{"unreadable octo-org: The runners of octo-org can't be read. GitHub finds no such runner or scope, or hides it from Runnerdesk's credential."}},
		"limited":  {githubd.Fault{Status: 429}, "GitHub limits us until", true, nil},
		"down":     {githubd.Fault{Status: 502}, "GitHub does not answer properly (it answered 502). Try again in a minute.", false, nil},
		"too slow": {githubd.Fault{Delay: time.Hour}, "GitHub did not answer in time. Try again.", false, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				d.good()
				readAt := d.reading().ReadAt
				lift := d.github.Fault(githubd.On("GET", list), tc.fault)
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- d.Run(ctx) }()
				time.Sleep(50 * time.Second)
				synctest.Wait()
				got := d.reading()
				if got.Problem == nil || !strings.HasPrefix(got.Problem.What.String(), tc.problem) || got.Problem.Until.IsZero() == tc.until {
					t.Errorf("stored %+v", got.Problem)
				}
				check(t, "read at", readAt, got.ReadAt)
				check(t, "what was known", []string{"web-1", "web-2", "web-3"}, d.names())
				check(t, "told", tc.told, d.told)
				lift()
				time.Sleep(2 * time.Minute)
				if got := d.reading(); got.Problem != nil || !got.ReadAt.After(readAt) {
					t.Errorf("then: %+v", got)
				}
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// slow is a GitHub whose list takes longer than a whole reading may.
type slow struct{ GitHub }

func (slow) List(ctx context.Context, _ fleet.Scope) (fleet.Listing, error) {
	<-ctx.Done()
	return fleet.Listing{}, ctx.Err()
}

func TestReadingWithoutEnd(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		d.GitHub = slow{d.GitHub}
		if err := d.read(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if p := d.reading().Problem; p == nil || p.What.String() != "GitHub did not answer in time. Try again." {
			t.Errorf("stored %+v", p)
		}
	})
}

func TestTheEndOfRunEndsReadings(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		d.GitHub = slow{d.GitHub}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- d.Run(ctx) }()
		synctest.Wait()
		began := time.Now()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		check(t, "time to stop", time.Duration(0), time.Since(began))
		if p := d.reading().Problem; p != nil {
			t.Errorf("the end of the program is called a problem of GitHub's: %s", p.What)
		}
	})
}

// TestReadsShareOneFlight has ten people ask at once; the first of them leaves.
func TestReadsShareOneFlight(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		d.github.Fault(githubd.On("GET", list), githubd.Fault{Delay: time.Second})
		ctx, leave := context.WithCancel(t.Context())
		first := make(chan error)
		go func() { first <- d.Read(ctx, d.scope) }()
		synctest.Wait()
		others := make(chan error)
		for range 9 {
			go func() { others <- d.Read(t.Context(), d.scope) }()
		}
		synctest.Wait()
		leave()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the first: %v", err)
		}
		for range 9 {
			if err := <-others; err != nil {
				t.Error(err)
			}
		}
		check(t, "lists", 1, d.asked(githubd.On("GET", list)))
		check(t, "known", 3, len(d.names()))
	})
}

func TestGroups(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		group := func() string {
			records, err := d.store.Records(t.Context(), d.scope)
			if err != nil {
				t.Fatal(err)
			}
			return records[0].Runner.Group
		}
		d.github.Fault(githubd.On("GET", groups), githubd.Fault{Times: 3, Status: 502})
		d.good()
		check(t, "while they can't be read", "", group())
		d.good()
		check(t, "then", "Default", group())
		d.github.ForgetRequests()
		d.good()
		check(t, "asked again at once", 0, d.asked(githubd.On("GET", groups)))
		time.Sleep(groupsAge)
		d.github.Fault(githubd.On("GET", groups), githubd.Fault{Status: 502})
		d.good()
		check(t, "what was known", "Default", group())
	})
}

func TestServerWithoutGroups(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		d.github.Fault(githubd.On("GET", groups), githubd.Fault{Status: 404})
		d.good()
		d.good()
		check(t, "asked", 1, d.asked(githubd.On("GET", groups)))
		check(t, "known", 3, len(d.names()))
	})
}

func TestRunPrunes(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		d.good()
		d.Retention = 2 * time.Hour
		d.Poll = 10 * time.Minute
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- d.Run(ctx) }()
		time.Sleep(time.Hour)
		check(t, "after an hour", "joined", d.history(1))
		time.Sleep(3 * time.Hour)
		check(t, "after four", "", d.history(1))
		check(t, "known", 3, len(d.names()))
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// rash panics.
type rash struct{ GitHub }

func (rash) List(context.Context, fleet.Scope) (fleet.Listing, error) {
	panic("a case nobody thought of")
}

func TestPanicEndsOneReading(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		whole := d.GitHub
		d.GitHub = rash{whole}
		if err := d.read(); err == nil {
			t.Error("no error")
		}
		d.GitHub = whole
		d.good()
	})
}
