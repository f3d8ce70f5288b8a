package fleet

import (
	"strings"
	"time"
)

// Span is a piece of a sentence. A Span's text is never markup: whoever draws it shows
// it letter by letter.
type Span struct {
	Kind SpanKind  `json:"kind,omitempty"`
	Text string    `json:"text,omitempty"` // of a link its label; of a person, group or channel its id
	URL  string    `json:"url,omitempty"`
	At   time.Time `json:"at,omitzero"` // of a moment
}

// SpanKind tells how a Span is shown.
type SpanKind string

// The kinds of Span. Mentions are made of ids that Slack gave us or that the
// configuration names, never of foreign text.
const (
	PlainSpan   SpanKind = ""
	BoldSpan    SpanKind = "bold"
	CodeSpan    SpanKind = "code" // foreign names, commands
	PersonSpan  SpanKind = "person"
	GroupSpan   SpanKind = "group"
	ChannelSpan SpanKind = "channel"
	LinkSpan    SpanKind = "link"
	MomentSpan  SpanKind = "moment" // shown in the reader's time zone
)

// Prose is a sentence made of Spans.
type Prose []Span

// Say makes a Prose of strings and Spans.
func Say(parts ...any) Prose {
	p := make(Prose, 0, len(parts))
	for _, part := range parts {
		switch v := part.(type) {
		case string:
			p = append(p, Span{Text: v})
		case Span:
			p = append(p, v)
		case Prose:
			p = append(p, v...)
		default:
			panic("fleet.Say takes strings, Spans and Prose") // unreachable unless program bug
		}
	}
	return p
}

// Bold is text in bold.
func Bold(text string) Span { return Span{Kind: BoldSpan, Text: text} }

// Code is a name or a command, shown letter by letter.
func Code(text string) Span { return Span{Kind: CodeSpan, Text: text} }

// Mention names a person, a group or a channel by Slack's id; what is no such id is
// shown as it is.
func Mention(id string) Span {
	if len(id) > 1 && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == "" {
		switch id[0] {
		case 'U', 'W':
			return Span{Kind: PersonSpan, Text: id}
		case 'S':
			return Span{Kind: GroupSpan, Text: id}
		case 'C', 'G', 'D':
			return Span{Kind: ChannelSpan, Text: id}
		}
	}
	return Span{Text: id}
}

// Link is a link of our own making.
func Link(label, url string) Span { return Span{Kind: LinkSpan, Text: label, URL: url} }

// Moment is a time, shown in the reader's own time zone.
func Moment(at time.Time) Span { return Span{Kind: MomentSpan, At: at} }

// String is the prose without any drawing, for logs and tests.
func (p Prose) String() string {
	var b strings.Builder
	for _, s := range p {
		if s.Kind == MomentSpan {
			b.WriteString(s.At.UTC().Format("2006-01-02 15:04 UTC"))
			continue
		}
		b.WriteString(s.Text)
	}
	return b.String()
}
