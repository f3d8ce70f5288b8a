package notifier

import (
	"context"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

// Days of the bubble's clock, which begins on 2000-01-01 at midnight UTC.
const (
	day1, day2, day3 = "2000-01-01T09:00", "2000-01-02T09:00", "2000-01-03T09:00"
	daily            = "0 9 * * *"
)

func TestOnePostForEachSlot(t *testing.T) {
	tests := map[string]struct {
		life func(d *desk)
		want []string
	}{
		"on time": {func(d *desk) { d.run(d.notifier(daily, ""), 50*time.Hour) }, []string{day1, day2}},
		"restarted every ten seconds": {func(d *desk) {
			time.Sleep(8*time.Hour + 59*time.Minute)
			for range 20 {
				d.run(d.notifier(daily, ""), 10*time.Second)
			}
		}, []string{day1}},
		"nothing for the past": {func(d *desk) {
			time.Sleep(9*time.Hour + time.Minute)
			d.run(d.notifier(daily, ""), time.Hour)
		}, nil},
		"down at its first slot": {func(d *desk) {
			d.run(d.notifier(daily, ""), 8*time.Hour)
			time.Sleep(time.Hour + 30*time.Second)
			d.run(d.notifier(daily, ""), time.Hour)
		}, []string{day1}},
		"late": {func(d *desk) {
			d.run(d.notifier(daily, ""), time.Hour)
			time.Sleep(10 * time.Hour) // until 11:00, two hours late
			d.run(d.notifier(daily, ""), time.Hour)
		}, []string{day1 + " late"}},
		"too late": {func(d *desk) {
			d.run(d.notifier(daily, ""), time.Hour)
			time.Sleep(10*time.Hour + time.Second)
			d.run(d.notifier(daily, ""), time.Hour)
		}, nil},
		"the newest of several": {func(d *desk) {
			d.run(d.notifier(daily, ""), time.Hour)
			time.Sleep(2*24*time.Hour + 9*time.Hour)
			d.run(d.notifier(daily, ""), time.Hour)
		}, []string{day3 + " late"}},
		"half of a short interval": {func(d *desk) {
			d.run(d.notifier("0 * * * *", ""), 8*time.Hour+30*time.Minute)
			time.Sleep(time.Hour) // until 9:30
			d.run(d.notifier("0 * * * *", ""), time.Minute)
		}, []string{day1 + " late"}},
		"more than half of a short interval": {func(d *desk) {
			d.run(d.notifier("0 * * * *", ""), 8*time.Hour+30*time.Minute)
			time.Sleep(time.Hour + time.Second)
			d.run(d.notifier("0 * * * *", ""), time.Minute)
		}, nil},
		"the clock goes back": {func(d *desk) {
			n := d.notifier(daily, "")
			d.run(n, 9*time.Hour+time.Minute)
			d.shift = -5 * time.Minute
			d.run(d.notifier(daily, ""), 24*time.Hour)
		}, []string{day1}},
		"the clock leaps on": {func(d *desk) {
			d.run(d.notifier(daily, ""), 8*time.Hour)
			d.shift = time.Hour + time.Second
			d.run(d.notifier(daily, ""), time.Minute)
		}, []string{day1}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				tc.life(d)
				check(t, "posts", tc.want, d.posts(day1, day2, day3))
			})
		})
	}
}

func TestUnreadableGitHub(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		d.github.Fault(githubd.On("", "/**"), githubd.Fault{Status: 502})
		n := d.notifier(daily, "")
		d.run(n, 12*time.Hour)
		got, posted := d.digest(day1)
		if !posted || len(got.Summaries) != 1 {
			t.Fatalf("%+v", got)
		}
		s := got.Summaries[0]
		if s.Reading.Problem == nil || !s.Reading.ReadAt.IsZero() || s.Counts.Total != 0 {
			t.Errorf("never read: %+v", s)
		}
		d.github.ClearFaults()
		if err := d.Read(t.Context(), d.scope); err != nil {
			t.Fatal(err)
		}
		readAt := d.now()
		d.fails = context.DeadlineExceeded // and the watcher could not even store it
		d.run(n, 24*time.Hour)
		got, _ = d.digest(day2)
		s = got.Summaries[0]
		if s.Reading.Problem == nil || s.Reading.Problem.What.String() != "GitHub did not answer in time. Try again." || s.Counts.Total != 2 ||
			s.Reading.ReadAt.Sub(readAt).Abs() > time.Second {
			t.Errorf("read before: %+v", s)
		}
	})
}

func TestGather(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		ask := func(key string, a fleet.Action) fleet.Request {
			r := fleet.Request{Action: a, Scope: d.scope, Requester: "U0ANN", Rule: fleet.Rule{Name: "fleet", Needed: 1, Expires: time.Hour}}
			got, _, err := d.store.OpenRequest(t.Context(), key, func(fleet.Ledger) (fleet.Request, error) { return r.Opened(d.now(), time.Hour), nil }, r.Requester, d.scope)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		waiting := ask("one", fleet.Register)
		approved := ask("two", fleet.RemoveToken)
		if _, err := d.store.UpdateRequest(t.Context(), approved.ID, "", func(r fleet.Request) (fleet.Request, error) {
			return r.Cast(fleet.Vote{Person: "U0BOB", Verdict: fleet.Approve, Evidence: "named", At: d.now()}, time.Hour)
		}); err != nil {
			t.Fatal(err)
		}
		d.github.Update("octo-org", 2, func(r *githubd.Runner) { r.Status = "offline" })
		if err := d.Read(t.Context(), d.scope); err != nil {
			t.Fatal(err)
		}
		n := d.notifier(daily, "")
		gather := func() fleet.Digest {
			got, err := n.Gather(t.Context(), n.Digests[0].DigestPlan)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		time.Sleep(time.Hour - time.Second)
		check(t, "attention before its time", 0, len(gather().Attention))
		time.Sleep(time.Second)
		got := gather()
		if len(got.Attention) != 1 || got.Attention[0].Runner.Name != "web-2" {
			t.Errorf("attention: %+v", got.Attention)
		}
		check(t, "counts", fleet.Counts{Total: 2, Online: 1, Idle: 1, Offline: 1}, got.Summaries[0].Counts)
		if len(got.Waiting) != 1 || got.Waiting[0].ID != waiting.ID {
			t.Errorf("waiting: %+v", got.Waiting)
		}
		head, err := d.store.AuditHead(t.Context())
		if err != nil || got.AuditHead != head {
			t.Errorf("head %q, %v; want %q", got.AuditHead, err, head)
		}
		check(t, "next", "2000-01-01T09:00:00Z", n.Plans(d.now())[0].Next.Format(time.RFC3339))
	})
}

// TestShutdownPostsNothing ends the program while GitHub is read for a digest: the next
// run posts it, whole.
func TestShutdownPostsNothing(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		time.Sleep(9*time.Hour - 5*time.Second)
		lift := d.github.Fault(githubd.On("", "/**"), githubd.Fault{Delay: 9 * time.Second})
		d.run(d.notifier(daily, ""), 13*time.Second) // it looks at 9:00:10 and reads for nine seconds
		d.run(d.notifier(daily, ""), 2*time.Second)  // here it reads at once
		check(t, "when it stopped", []string(nil), d.posts(day1))
		lift()
		d.run(d.notifier(daily, ""), time.Minute)
		check(t, "then", []string{day1}, d.posts(day1))
		if got, _ := d.digest(day1); got.Summaries[0].Reading.Problem != nil {
			t.Errorf("the end of the program is called a problem: %s", got.Summaries[0].Reading.Problem.What)
		}
	})
}
