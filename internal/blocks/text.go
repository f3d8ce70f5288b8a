package blocks

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"runnerdesk/internal/fleet"
)

// What the text of a message may hold. Slack refuses an edit of more than 4,000
// characters with msg_too_long: https://docs.slack.dev/reference/methods/chat.update
const (
	maxText  = 3900
	keepText = 700 // of it, for the lines below a list
	maxLine  = 900 // of one line
)

// joiner has no width and keeps the characters around it from being read as one word:
// Slack makes no link and no mention of what it parts.
const joiner = '\u2060'

// lookAlike stands for the characters that Slack reads as formatting and that can't be
// escaped.
var lookAlike = map[rune]rune{'*': '∗', '`': 'ˋ', '~': '∼', '_': 'ˍ'}

// pieces escapes text for the text of a message. Each piece is a character that may not
// be cut in two. In code, formatting characters stay as they are.
func pieces(text string, code bool) []string {
	runes := []rune(text)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	out := make([]string, 0, len(runes))
	for i, r := range runes {
		switch {
		case r == '&':
			out = append(out, "&amp;")
		case r == '<':
			out = append(out, "&lt;")
		case r == '>':
			out = append(out, "&gt;")
		case r == '@', r == ':' && at(i+1) == '/', r == '.' && unicode.IsLetter(at(i+1)) && word(at(i-1)):
			out = append(out, string([]rune{r, joiner}))
		case r == '`', !code && (r == '*' || r == '~' || r == '_' && !(word(at(i-1)) && word(at(i+1)))):
			out = append(out, string(lookAlike[r]))
		case r == ':' && !code && emojiName(runes[i+1:]):
			out = append(out, string([]rune{r, joiner}))
		default:
			out = append(out, string(r))
		}
	}
	return out
}

// fit shortens text so that it takes at most most characters in the text form.
func fit(text string, most int) string {
	used := 0
	for i, p := range pieces(text, false) {
		if used += utf8.RuneCountInString(p); used > most {
			return cut(text, max(1, i-1))
		}
	}
	return text
}

// emojiName reports whether what follows a colon makes it an emoji: a name with a letter
// in it, and a colon.
func emojiName(rest []rune) bool {
	for i, r := range rest {
		switch {
		case r == ':':
			return strings.ContainsFunc(string(rest[:i]), unicode.IsLetter)
		case !word(r) && !strings.ContainsRune("_+-'", r):
			return false
		}
	}
	return false
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// line is a sentence in the text form, at most most characters long. Mentions, links
// and dates are never cut in two.
func line(p fleet.Prose, most int) string {
	var b strings.Builder
	used := 0
	add := func(piece string) bool {
		n := utf8.RuneCountInString(piece)
		if used+n > most-1 {
			b.WriteString("…")
			return false
		}
		b.WriteString(piece)
		used += n
		return true
	}
	for _, s := range p {
		for _, piece := range spanPieces(s) {
			if !add(piece) {
				return b.String()
			}
		}
	}
	return b.String()
}

// spanPieces is a span in the text form, as pieces that must stay whole.
func spanPieces(s fleet.Span) []string {
	switch s.Kind {
	case fleet.PersonSpan, fleet.GroupSpan, fleet.ChannelSpan:
		if mention := mentionText(s); mention != "" {
			return []string{mention}
		}
	case fleet.MomentSpan:
		return []string{dateText(s)}
	case newline.Kind:
		return []string{"\n"}
	case fleet.LinkSpan:
		if safeURL(s.URL) {
			label := strings.Join(pieces(cut(spaced(s.Text, s.URL), 200), false), "")
			return []string{"<" + escapeURL(s.URL) + "|" + strings.ReplaceAll(label, "|", "¦") + ">"}
		}
	case fleet.CodeSpan:
		code := pieces(cut(clean(s.Text), maxLine/2), true)
		return []string{"`" + strings.Join(code, "") + "`"}
	}
	return pieces(spaced(s.Text, ""), false)
}

// spaced cleans a piece of a sentence and keeps the blanks at its ends.
func spaced(text, instead string) string {
	if text == "" {
		return instead
	}
	core := clean(text)
	if core == none && text != none {
		if strings.TrimSpace(text) == "" {
			return " "
		}
		return instead
	}
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	if unicode.IsSpace(first) {
		core = " " + core
	}
	if unicode.IsSpace(last) {
		core += " "
	}
	return core
}

// mentionText is a mention in the text form, or "" when the id has no shape of one.
func mentionText(s fleet.Span) string {
	if fleet.Mention(s.Text).Kind != s.Kind {
		return ""
	}
	switch s.Kind {
	case fleet.PersonSpan:
		return "<@" + s.Text + ">"
	case fleet.GroupSpan:
		return "<!subteam^" + s.Text + ">"
	}
	return "<#" + s.Text + ">"
}
