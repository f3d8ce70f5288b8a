package notifier

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones are known where the system has none

	"github.com/robfig/cron/v3"
)

// Slot is the layout of a slot's name: the civil time, in the schedule's zone, for which
// it stands.
const Slot = "2006-01-02T15:04"

// closest is how near to one another two slots may be.
const closest = 5 * time.Minute

// Schedule is a cron expression in a time zone. Only ParseSchedule makes one.
type Schedule struct {
	civil cron.Schedule // evaluated in UTC, which stands for a clock that never changes
	zone  *time.Location
}

// ParseSchedule reads a cron expression of five fields (minute, hour, day of month,
// month, day of week; Sunday is 0, 7 or SUN) for an IANA time zone, where "" is UTC. An
// expression is refused when none of five years has a slot for it, or when two slots are
// closer than five minutes. Its errors say what would be right.
func ParseSchedule(expr, zone string) (Schedule, error) {
	location, err := time.LoadLocation(zone)
	if err != nil || strings.EqualFold(zone, "local") {
		return Schedule{}, fmt.Errorf("%q is not a time zone; write a name such as Europe/Berlin or UTC", zone)
	}
	switch {
	case strings.Contains(expr, "="):
		return Schedule{}, fmt.Errorf("cron has a time zone in it; write the five fields alone and give the zone as timezone")
	case strings.Contains(expr, "@"):
		return Schedule{}, fmt.Errorf("cron names such as @daily are not read; write five fields such as %q", "0 9 * * *")
	}
	fields := strings.Fields(expr)
	if len(fields) != len(fieldNames) {
		return Schedule{}, fmt.Errorf("cron has %d fields; write five: minute, hour, day of month, month and day of week", len(fields))
	}
	fields[4] = sundays(fields[4])
	for i, field := range fields {
		alone := [...]string{"*", "*", "*", "*", "*"}
		alone[i] = field
		_, err := parseFields(alone[:])
		if err == nil && !fieldShape.MatchString(field) {
			err = errors.New("a number, a name, *, a range such as 1-5, a step such as */15, or several with commas is expected")
		}
		if err != nil {
			return Schedule{}, fmt.Errorf("cron's %s %q is wrong: %w", fieldNames[i], clip(field), err)
		}
	}
	spec, err := parseFields(fields)
	if err != nil {
		return Schedule{}, fmt.Errorf("cron %q is wrong: %w", clip(expr), err)
	}
	if spec.Next(reference).IsZero() {
		return Schedule{}, fmt.Errorf("cron %q names a day that no calendar has; correct its day of month or month", clip(expr))
	}
	if near, is := crowded(*spec); is {
		return Schedule{}, fmt.Errorf("cron %q is due %s after itself; leave at least five minutes between", clip(expr), near)
	}
	return Schedule{spec, location}, nil
}

var fieldNames = [...]string{"minute", "hour", "day of month", "month", "day of week"}

// fieldShape is stricter than robfig/cron, which reads "1,,2", "*-5" and "," too.
var fieldShape = regexp.MustCompile(`^(?i:` + item + `(,` + item + `)*)$`)

const item = `(\*|\?|[0-9a-z]+(-[0-9a-z]+)?)(/[0-9]+)?`

// reference is where an expression is tried from. It is fixed, so that a configuration
// is as good tomorrow as it is today; a 29th of February lies within five years of it.
var reference = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Second)

// parseFields calls robfig/cron, which panics on some texts, for example on "TZ=UTC".
func parseFields(fields []string) (spec *cron.SpecSchedule, err error) {
	defer func() {
		if recover() != nil {
			spec, err = nil, errors.New("it can't be read")
		}
	}()
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	parsed, err := parser.Parse("CRON_TZ=UTC " + strings.Join(fields, " "))
	if err != nil {
		return nil, err
	}
	spec, is := parsed.(*cron.SpecSchedule)
	if !is {
		return nil, errors.New("it is not five fields")
	}
	return spec, nil
}

var weekdays = map[string]int{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

// sundays writes the day of week so that robfig/cron, which knows Sunday as 0 only, can
// read it as a 7 and at the end of a range. What is wrong is left for it to refuse.
func sundays(field string) string {
	items := strings.Split(strings.ToLower(field), ",")
	for i, it := range items {
		days, by, stepped := strings.Cut(it, "/")
		low, high, ranged := strings.Cut(days, "-")
		step := 1
		if stepped {
			step, _ = strconv.Atoi(by)
		}
		first, ok := weekday(low)
		switch {
		case !ok || step < 1:
		case !ranged && low == "7":
			items[i] = "0"
		case ranged && (high == "7" || high == "sun" && first > 0):
			var all []string
			for d := first; d <= 7; d += step {
				all = append(all, strconv.Itoa(d%7))
			}
			items[i] = strings.Join(all, ",")
		}
	}
	return strings.Join(items, ",")
}

func weekday(text string) (int, bool) {
	if d, named := weekdays[text]; named {
		return d, true
	}
	d, err := strconv.Atoi(text)
	return d, err == nil && d >= 0 && d <= 7
}

// crowded finds two slots that are closer than five minutes. Every day that has slots
// has the same ones, so one day tells all but what happens around midnight.
func crowded(spec cron.SpecSchedule) (time.Duration, bool) {
	first := spec.Next(reference)
	last := first
	for {
		at := spec.Next(last)
		if at.IsZero() || at.YearDay() != first.YearDay() || at.Year() != first.Year() {
			break
		}
		if near := at.Sub(last); near < closest {
			return near, true
		}
		last = at
	}
	midnight := time.Duration(last.Hour()-first.Hour())*time.Hour + time.Duration(last.Minute()-first.Minute())*time.Minute
	if near := 24*time.Hour - midnight; near < closest {
		// Twelve years hold every neighbourhood of dates and weekdays, for all but the
		// rarest expressions.
		late := spec
		late.Hour, late.Minute = 1<<uint(last.Hour()), 1<<uint(last.Minute())
		for at := late.Next(reference); !at.IsZero() && at.Year() < reference.Year()+12; at = late.Next(at) {
			if spec.Next(at).Sub(at) < closest {
				return near, true
			}
		}
	}
	return 0, false
}

// Next is the first slot that is due after the given instant: the name of the slot and
// when it is due. Every civil slot is due exactly once: one that the clocks show twice
// is due the first time, one that they skip is due when they have skipped it. Of
// several that are due at one instant, which then are one, it is the last. Going on from
// due gives the next.
func (s Schedule) Next(after time.Time) (slot string, due time.Time) {
	at := floating(after.In(s.zone))
	for {
		at = s.nextCivil(at)
		if due = s.instant(at); due.After(after) {
			break
		}
	}
	for {
		following := s.nextCivil(at)
		if !s.instant(following).Equal(due) {
			return at.Format(Slot), due
		}
		at = following
	}
}

// nextCivil is the next slot on a clock that never changes. robfig/cron gives up after
// five years, but between 2096 and 2104 there is no 29th of February.
func (s Schedule) nextCivil(at time.Time) time.Time {
	for {
		if next := s.civil.Next(at); !next.IsZero() {
			return next
		}
		at = at.AddDate(5, 0, 0)
	}
}

// floating is the civil time of t as if it were UTC.
func floating(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// instant is when the zone's clocks first show the civil time, or a later one. It walks
// through the times between two changes of the clocks, from two days before, which is
// more than any offset from UTC.
func (s Schedule) instant(civil time.Time) time.Time {
	for t := civil.Add(-48 * time.Hour); ; {
		in := t.In(s.zone)
		start, end := in.ZoneBounds()
		_, offset := in.Zone()
		at := civil.Add(-time.Duration(offset) * time.Second)
		if end.IsZero() || at.Before(end) {
			if !start.IsZero() && at.Before(start) {
				at = start
			}
			return at.In(s.zone)
		}
		t = end
	}
}

func clip(text string) string {
	if r := []rune(text); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return text
}
