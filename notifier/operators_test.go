package notifier

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
)

func TestTellOnceADay(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		var log strings.Builder
		o := Operators{Channel: "C0OPS", People: []string{"U0BOB"}, Store: d.store, Now: d.now, Log: slog.New(slog.NewTextHandler(&log, nil))}
		due := func() int {
			n := 0
			for _, day := range []string{"2000-01-01", "2000-01-02"} {
				for _, to := range []string{"C0OPS", "U0BOB"} {
					m, err := d.store.MessageOf(t.Context(), "operators/token/"+to+"/"+day)
					if err == nil && m.Surface.Channel == to {
						n++
					}
				}
			}
			return n
		}
		for range 3 {
			o.Tell(t.Context(), "token", fleet.Say("The token is revoked."))
			time.Sleep(time.Hour)
		}
		check(t, "on the first day", 2, due())
		check(t, "lines in the log", 3, strings.Count(log.String(), "The token is revoked."))
		time.Sleep(22 * time.Hour)
		o.Tell(t.Context(), "token", fleet.Say("The token is revoked."))
		check(t, "on the second day", 4, due())
		check(t, "people", []string{"U0BOB"}, o.People)
	})
}
