package blocks

import (
	"fmt"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// Times are given to Slack as seconds with a format, so that each reader sees them in
// their own time zone. The fallback is for clients that don't know the format.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
const (
	dateFormat = "{date_short_pretty} {time}"
	timeFormat = "{time}"
)

func dateFallback(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// date is a moment in rich text.
func date(s fleet.Span) *slack.RichTextSectionDateElement {
	format, fallback := dateFormat, dateFallback(s.At)
	if s.Text == timeOfDay {
		format, fallback = timeFormat, s.At.UTC().Format("15:04 UTC")
	}
	return slack.NewRichTextSectionDateElement(s.At.Unix(), format, nil, &fallback)
}

// dateText is a moment in the text form.
func dateText(s fleet.Span) string {
	d := date(s)
	return fmt.Sprintf("<!date^%d^%s|%s>", s.At.Unix(), d.Format, *d.Fallback)
}

// moment is a time in a sentence, and none when it is not known.
func moment(at time.Time) fleet.Span {
	if at.IsZero() {
		return fleet.Span{Text: none}
	}
	return fleet.Moment(at)
}

// timeOfDay in a moment's text asks for the time of day only.
const timeOfDay = "time"

// clock is a time of day in a sentence.
func clock(at time.Time) fleet.Span {
	return fleet.Span{Kind: fleet.MomentSpan, Text: timeOfDay, At: at}
}

// span is a length of time in its one or two largest units: "40 s", "3 h 5 min".
func span(d time.Duration) string {
	d = max(d, 0)
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < day:
		return two(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return two(int(d/day), "d", int(d.Hours())%24, "h")
}

func two(a int, unit string, b int, smaller string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, unit)
	}
	return fmt.Sprintf("%d %s %d %s", a, unit, b, smaller)
}

// number is n with a comma between its thousands.
func number[T int | int64](n T) string {
	text := strconv.FormatInt(int64(n), 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
