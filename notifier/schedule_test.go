package notifier

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func schedule(t testing.TB, expr, zone string) Schedule {
	t.Helper()
	s, err := ParseSchedule(expr, zone)
	if err != nil {
		t.Fatalf("ParseSchedule(%q, %q): %v", expr, zone, err)
	}
	return s
}

func TestParseScheduleRefuses(t *testing.T) {
	tests := []struct{ expr, zone, want string }{
		{"", "", "cron has 0 fields; write five"},
		{"0 9 * *", "", "cron has 4 fields"},
		{"0 0 9 * * *", "", "cron has 6 fields"},
		{"TZ=UTC", "", "cron has a time zone in it"},
		{"TZ=UTC 0 9 * * *", "", "cron has a time zone in it"},
		{"CRON_TZ=Europe/Berlin 0 9 * * *", "", "cron has a time zone in it"},
		{"@every 1h", "", "cron names such as @daily are not read"},
		{"@daily", "", "cron names such as @daily are not read"},
		{"@reboot", "", "cron names such as @daily are not read"},
		{"60 9 * * *", "", `cron's minute "60" is wrong`},
		{"0 24 * * *", "", `cron's hour "24" is wrong`},
		{"0 9 0 * *", "", `cron's day of month "0" is wrong`},
		{"0 9 * 13 *", "", `cron's month "13" is wrong`},
		{"0 9 * * 8", "", `cron's day of week "8" is wrong`},
		{"0 9 * * FUNDAY", "", `cron's day of week "funday" is wrong`},
		{"0 9 * * 5-2", "", `cron's day of week "5-2" is wrong`},
		{", 9 * * *", "", `cron's minute "," is wrong`},
		{"0,,5 9 * * *", "", `cron's minute "0,,5" is wrong`},
		{"*-5 9 * * *", "", `cron's minute "*-5" is wrong`},
		{"*/0 9 * * *", "", `cron's minute "*/0" is wrong`},
		{"+5 9 * * *", "", `cron's minute "+5" is wrong`},
		{"0 0 30 2 *", "", "names a day that no calendar has"},
		{"0 0 31 4,6,9,11 *", "", "names a day that no calendar has"},
		{"* * * * *", "", "is due 1m0s after itself"},
		{"*/4 9 * * *", "", "is due 4m0s after itself"},
		{"0,3 9 * * MON", "", "is due 3m0s after itself"},
		{"58,2 9,10 * * *", "", "is due 4m0s after itself"},
		{"58,2 0,23 * * *", "", "is due 4m0s after itself"},
		{"58,2 0,23 1 * MON", "", "is due 4m0s after itself"},
		{"0 9 * * *", "Mars/Olympus", `"Mars/Olympus" is not a time zone`},
		{"0 9 * * *", "Local", `"Local" is not a time zone`},
		{"0 9 * * *", "../UTC", `"../UTC" is not a time zone`},
	}
	for _, tt := range tests {
		_, err := ParseSchedule(tt.expr, tt.zone)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseSchedule(%q, %q): %v, want %q", tt.expr, tt.zone, err, tt.want)
		}
	}
}

func TestNext(t *testing.T) {
	tests := []struct {
		name, expr, zone, after, slot, due string
	}{
		{"a day", "0 9 * * *", "UTC", "2026-05-01T08:00:00Z", "2026-05-01T09:00", "2026-05-01T09:00:00Z"},
		{"strictly after", "0 9 * * *", "UTC", "2026-05-01T09:00:00Z", "2026-05-02T09:00", "2026-05-02T09:00:00Z"},
		{"an instant before", "0 9 * * *", "UTC", "2026-05-01T08:59:59.999999999Z", "2026-05-01T09:00", "2026-05-01T09:00:00Z"},
		{"a zone", "0 9 * * MON-FRI", "Europe/Berlin", "2026-05-01T08:00:00Z", "2026-05-04T09:00", "2026-05-04T07:00:00Z"},
		{"UTC unless given", "0 9 * * *", "", "2026-05-01T08:00:00Z", "2026-05-01T09:00", "2026-05-01T09:00:00Z"},
		{"Sunday as 7", "0 9 * * 7", "UTC", "2026-05-01T08:00:00Z", "2026-05-03T09:00", "2026-05-03T09:00:00Z"},
		{"Saturday to Sunday as 7", "0 9 * * 6-7", "UTC", "2026-05-02T10:00:00Z", "2026-05-03T09:00", "2026-05-03T09:00:00Z"},
		{"FRI-SUN", "0 9 * * FRI-SUN", "UTC", "2026-05-02T10:00:00Z", "2026-05-03T09:00", "2026-05-03T09:00:00Z"},
		{"1-7/3", "0 9 * * 1-7/3", "UTC", "2026-05-04T10:00:00Z", "2026-05-07T09:00", "2026-05-07T09:00:00Z"},
		{"the 29th of February", "0 0 29 2 *", "UTC", "2026-05-01T00:00:00Z", "2028-02-29T00:00", "2028-02-29T00:00:00Z"},
		{"over 2100, which has none", "0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00", "2104-02-29T00:00:00Z"},
		{"never shown: after the gap", "30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T02:30", "2026-03-29T01:00:00Z"},
		{"never shown: once", "30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-30T02:30", "2026-03-30T00:30:00Z"},
		{"shown twice: the first", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T02:30", "2026-10-25T00:30:00Z"},
		{"shown twice: once", "30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T02:30", "2026-10-26T01:30:00Z"},
		{"two at one instant: the last", "0 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T03:00", "2026-03-29T01:00:00Z"},
		{"midnight never shown", "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-06T00:00", "2026-09-06T04:00:00Z"},
		{"half an hour", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-04T02:15", "2026-10-03T15:30:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after, err := time.Parse(time.RFC3339Nano, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			slot, due := schedule(t, tt.expr, tt.zone).Next(after)
			got := [2]string{slot, due.UTC().Format(time.RFC3339)}
			if diff := cmp.Diff([2]string{tt.slot, tt.due}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Every zone is walked half hour by half hour. What its clocks show first decides when
// each civil slot is due, without any of the code under test.
func TestEverySlotOnce(t *testing.T) {
	zones := []string{
		"UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
		"America/Santiago", "Asia/Beirut", "Africa/Cairo", "Antarctica/Troll", "America/Scoresbysund", "Asia/Kathmandu",
		"Pacific/Chatham", "Pacific/Apia", "America/Havana",
	}
	exprs := []struct {
		text string
		is   func(time.Time) bool
	}{
		{"0,30 0-4,23 * * *", func(c time.Time) bool { return c.Hour() < 5 || c.Hour() == 23 }}, // when clocks change
		{"0 */8 * * *", func(c time.Time) bool { return c.Hour()%8 == 0 && c.Minute() == 0 }},
		{"0 0 * * *", func(c time.Time) bool { return c.Hour() == 0 && c.Minute() == 0 }},
		{"30 1 * * *", func(c time.Time) bool { return c.Hour() == 1 && c.Minute() == 30 }},
		{"30 2 * * 7", func(c time.Time) bool { return c.Weekday() == time.Sunday && c.Hour() == 2 && c.Minute() == 30 }},
	}
	type visit struct {
		slot string
		due  int64
	}
	from, to := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), time.Date(2031, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, zone := range zones {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, expr := range exprs {
			s := schedule(t, expr.text, zone)
			var want, got []visit
			slots, shown := 0, floating(from.In(location)).Truncate(30*time.Minute)
			// Chatham and Kathmandu are a quarter of an hour off.
			for at := from.Add(15 * time.Minute); !at.After(to); at = at.Add(15 * time.Minute) {
				civil := floating(at.In(location))
				last := ""
				for next := shown.Add(30 * time.Minute); !next.After(civil); next = next.Add(30 * time.Minute) {
					shown = next
					if expr.is(next) {
						slots++
						last = next.Format(Slot)
					}
				}
				if last != "" {
					want = append(want, visit{last, at.Unix()})
				}
			}
			previous := from
			for {
				slot, due := s.Next(previous)
				if due.After(to) {
					break
				}
				if !due.After(previous) {
					t.Fatalf("%s in %s: due %s after %s", expr.text, zone, due, previous)
				}
				got = append(got, visit{slot, due.Unix()})
				previous = due
			}
			for i := range min(len(want), len(got)) {
				if got[i] != want[i] {
					t.Errorf("%s in %s: got %v, want %v", expr.text, zone, got[i], want[i])
					break
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s in %s: %d posts, want %d", expr.text, zone, len(got), len(want))
			}
			if len(got) > slots || slots-len(got) > 20 {
				t.Errorf("%s in %s: %d posts for %d slots", expr.text, zone, len(got), slots)
			}
		}
	}
}

// Whatever instant one looks from, the same slots follow.
func TestNextFromAnywhere(t *testing.T) {
	s := schedule(t, "*/30 * * * *", "Australia/Lord_Howe")
	for at := time.Date(2026, 4, 4, 12, 0, 0, 0, time.UTC); at.Day() < 6; at = at.Add(7 * time.Minute) {
		slot, due := s.Next(at)
		again, same := s.Next(due.Add(-time.Nanosecond))
		if slot != again || !due.Equal(same) {
			t.Fatalf("from %s: %s at %s, but from just before it: %s at %s", at, slot, due, again, same)
		}
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, expr := range []string{"0 9 * * MON-FRI", "TZ=UTC", "@every 5m", "0 0 29 2 *", "58,2 0,23 1 * 7", "*/5 1-7/2 ? jan SAT-SUN"} {
		f.Add(expr, "Europe/Berlin")
	}
	start := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expr, zone string) {
		s, err := ParseSchedule(expr, zone)
		if err != nil {
			return
		}
		after := start
		for range 20 {
			slot, due := s.Next(after)
			if slot == "" || !due.After(after) {
				t.Fatalf("%q in %q: %q at %s after %s", expr, zone, slot, due, after)
			}
			after = due
		}
	})
}
