package notifier

import (
	"fmt"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

func TestWhen(t *testing.T) {
	offline := func(d *desk) {
		d.github.Update("octo-org", 1, func(r *githubd.Runner) { r.Status = "offline" })
		if err := d.Read(d.t.Context(), d.scope); err != nil {
			d.t.Fatal(err)
		}
	}
	tests := map[string]struct {
		when     string
		meantime func(d *desk) // between the first slot and the second
		want     []string
	}{
		"always":                      {"always", func(*desk) {}, []string{day1, day2}},
		"changed, and nothing did":    {"changed", func(*desk) {}, []string{day1}},
		"changed, and a runner did":   {"changed", offline, []string{day1, day2}},
		"changed, and GitHub is away": {"changed", func(d *desk) { d.github.Fault(githubd.On("", "/**"), githubd.Fault{Status: 502}) }, []string{day1, day2}},
		"unhealthy, and nothing is":   {"unhealthy", func(*desk) {}, nil},
		"unhealthy, and a runner is":  {"unhealthy", offline, []string{day2}},
		"unhealthy, GitHub is away":   {"unhealthy", func(d *desk) { d.github.RevokeToken(credential) }, []string{day2}},
		"unhealthy, a job took it away": {"unhealthy", func(d *desk) {
			d.github.Update("octo-org", 1, func(r *githubd.Runner) { r.Ephemeral = true })
			offline(d)
		}, nil},
	}
	for name, tc := range tests {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restarted %v", name, restart), func(t *testing.T) {
				play(t, func(t *testing.T, d *desk) {
					stop := d.start(d.notifier(daily, tc.when))
					time.Sleep(12 * time.Hour)
					if restart {
						stop()
						stop = d.start(d.notifier(daily, tc.when))
					}
					tc.meantime(d)
					time.Sleep(24 * time.Hour)
					stop()
					check(t, "posts", tc.want, d.posts(day1, day2))
				})
			})
		}
	}
}

// TestChangedSinceThePostBeforeSkippedSlots restarts after slots that were skipped: the
// digest that was posted last is what counts.
func TestChangedSinceThePostBeforeSkippedSlots(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		for range 3 {
			d.run(d.notifier(daily, "changed"), 24*time.Hour)
		}
		check(t, "posts", []string{day1}, d.posts(day1, day2, day3))
	})
}

// TestNothingChangedForLong goes on for longer than an earlier post is looked for.
func TestNothingChangedForLong(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		n := d.notifier(daily, "changed")
		n.Every = time.Hour
		d.run(n, lookBack+4*fleet.Day)
		var slots []string
		for day := range 37 {
			slots = append(slots, time.Date(2000, 1, 1+day, 9, 0, 0, 0, time.UTC).Format(Slot))
		}
		check(t, "posts", []string{day1}, d.posts(slots...))
	})
}
