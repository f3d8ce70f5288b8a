package blocks

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// elements draws a sentence as rich text, with at most most characters, and tells how
// many it has.
func elements(p fleet.Prose, most int) (out []slack.RichTextSectionElement, used int) {
	for _, s := range p {
		e, n := element(s, most-used)
		if e == nil {
			continue
		}
		if used+n > most {
			break
		}
		out = append(out, e)
		used += n
	}
	if len(out) == 0 {
		return []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(none, nil)}, 1
	}
	return out, used
}

// element draws a span. A text that is longer than most is cut; nil is nothing to draw.
func element(s fleet.Span, most int) (slack.RichTextSectionElement, int) {
	switch s.Kind {
	case fleet.PersonSpan, fleet.GroupSpan, fleet.ChannelSpan:
		if mentionText(s) != "" {
			return mention(s), utf8.RuneCountInString(s.Text)
		}
	case fleet.MomentSpan:
		e := date(s)
		return e, utf8.RuneCountInString(*e.Fallback)
	case newline.Kind:
		return slack.NewRichTextSectionTextElement("\n", nil), 1
	case fleet.LinkSpan:
		if safeURL(s.URL) {
			label := cut(spaced(s.Text, s.URL), 200)
			return slack.NewRichTextSectionLinkElement(s.URL, label, nil), utf8.RuneCountInString(label) + len(s.URL)
		}
	}
	text := cut(spaced(s.Text, ""), most)
	if text == "" {
		return nil, 0
	}
	return slack.NewRichTextSectionTextElement(text, style(s.Kind)), utf8.RuneCountInString(text)
}

func style(kind fleet.SpanKind) *slack.RichTextSectionTextStyle {
	switch kind {
	case fleet.BoldSpan:
		return &slack.RichTextSectionTextStyle{Bold: true}
	case fleet.CodeSpan:
		return &slack.RichTextSectionTextStyle{Code: true}
	}
	return nil
}

func mention(s fleet.Span) slack.RichTextSectionElement {
	switch s.Kind {
	case fleet.PersonSpan:
		return slack.NewRichTextSectionUserElement(s.Text, nil)
	case fleet.GroupSpan:
		return slack.NewRichTextSectionUserGroupElement(s.Text)
	}
	return slack.NewRichTextSectionChannelElement(s.Text, nil)
}

// safeURL reports whether a link may lead there: http or https to a host, nothing
// hidden in front of it, and short enough for Slack.
func safeURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil &&
		len(text) <= 1000 && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("<>|\"`", r) })
}

func escapeURL(text string) string { return strings.ReplaceAll(text, "&", "&amp;") }

// count is a number with its noun: "1 runner", "3 runners".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}

// people names those that a rule's list of ids stands for.
func people(refs []string) fleet.Prose {
	var p fleet.Prose
	for i, ref := range refs {
		if i > 0 {
			p = append(p, fleet.Span{Text: ", "})
		}
		m := fleet.Mention(ref)
		switch {
		case ref == fleet.Everyone:
			p = append(p, fleet.Span{Text: "every full member"})
		case m.Kind == fleet.ChannelSpan:
			p = append(p, fleet.Span{Text: "the members of "}, m)
		default:
			p = append(p, m)
		}
		if i == 19 && len(refs) > 20 {
			return append(p, fleet.Span{Text: " and " + number(len(refs)-20) + " more"})
		}
	}
	return p
}
