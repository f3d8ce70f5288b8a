package fleet

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
)

var durationPart = regexp.MustCompile(`^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([a-zµμ]+)`)

// ParseDuration reads Go's durations plus d (24 hours) and w (7 days): "90d", "1w2d",
// "1.5d", "30m". A sign is not accepted: nothing here lasts less than no time.
func ParseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a duration; write 30m, 2h, 3d or 1w", clip(text))
	rest := strings.ToLower(text)
	if rest == "0" {
		return 0, nil
	}
	if rest == "" || len(rest) > 60 {
		return 0, bad
	}
	var sum time.Duration
	for rest != "" {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, bad
		}
		rest = rest[len(m[0]):]
		unit, times := m[2], time.Duration(1)
		switch unit {
		case "d":
			unit, times = "h", 24
		case "w":
			unit, times = "h", 7*24
		}
		part, err := time.ParseDuration(m[1] + unit)
		if err != nil || part > math.MaxInt64/times || sum > math.MaxInt64-part*times {
			return 0, bad
		}
		sum += part * times
	}
	return sum, nil
}

// FormatDuration writes d as people type it, and so that ParseDuration reads it back:
// "3d", "1d12h", "90s" as "1m30s". It is meant for durations of zero and more.
func FormatDuration(d time.Duration) string {
	if d <= 0 {
		return "0s"
	}
	var b strings.Builder
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{Day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if n := d / unit.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d %= unit.size
		}
	}
	if d > 0 {
		b.WriteString(d.String())
	}
	return b.String()
}
