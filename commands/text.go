package commands

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"runnerdesk/internal/fleet"
)

// maxText is how many characters a command may have.
const maxText = 2000

// slackToken is what Slack makes of mentions and links: <@U123|ann>, <#C1|x>, <!here>,
// <https://…|…>, <mailto:…|…>.
// https://docs.slack.dev/messaging/formatting-message-text#advanced
var slackToken = regexp.MustCompile(`<([@#!]|[A-Za-z][A-Za-z0-9+.-]*:)([^<>|]*)(\|[^<>|]*)?>`)

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// reescape keeps a plain text from being read as one of Slack's escapes.
var reescape = strings.NewReplacer("&lt;", "&amp;lt;", "&gt;", "&amp;gt;", "&amp;", "&amp;amp;")

// Normalize turns text as Slack and phones mangle it into what was meant: straight
// quotes, plain spaces, hyphens in front of words, nothing invisible, and mentions and
// links as they look. Slack's &lt; &gt; &amp; stay, so that a normalised text can be
// normalised again; Parse reads them word by word.
func Normalize(text string) string {
	text = strings.ToValidUTF8(text, "�")
	// Each round can only bring forth another token when brackets are nested, which Slack
	// never does; what is still not done after some rounds is no token.
	for range 8 {
		flat := plain(slackToken.ReplaceAllStringFunc(text, flatten))
		if flat == text {
			return strings.TrimSpace(text)
		}
		text = flat
	}
	return strings.TrimSpace(plain(strings.ReplaceAll(text, "<", "&lt;")))
}

// flatten shows one of Slack's tokens as it looks in Slack.
func flatten(token string) string {
	m := slackToken.FindStringSubmatch(token)
	kind, body, label := m[1], m[2], strings.TrimPrefix(m[3], "|")
	switch kind {
	case "@", "#":
		if label == "" {
			label = body
		}
		return kind + strings.TrimPrefix(label, kind)
	case "!":
		if label == "" {
			label, _, _ = strings.Cut(body, "^")
		}
		return "@" + strings.TrimPrefix(label, "@")
	}
	if label != "" {
		return label
	}
	if strings.EqualFold(kind, "mailto:") || strings.EqualFold(kind, "tel:") {
		return body
	}
	return kind + body
}

// plain replaces single characters. Inside quotes dashes and wide letters stay: a name
// may hold them.
func plain(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	quoted, start := false, true // start: at the beginning of a word
	for i, r := range text {
		switch {
		case unicode.Is(unicode.Cf, r): // zero-width, bidi controls, byte order mark
			continue
		case strings.ContainsRune(`"“”„‟«»＂″`, r):
			quoted = !quoted
			r = '"'
		case strings.ContainsRune("‘’‚‛′＇", r):
			r = '\''
		case unicode.IsSpace(r):
			r = ' '
		case unicode.IsControl(r):
			r = '�' // matches nothing
		case quoted:
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		case start && isDash(r) && wordFollows(text[i+utf8.RuneLen(r):]):
			if r == '—' || r == '―' {
				b.WriteByte('-') // phones make one of two hyphens
			}
			r = '-'
		}
		b.WriteRune(r)
		start = r == ' '
	}
	return b.String()
}

func isDash(r rune) bool { return strings.ContainsRune("‐‑‒–—―−", r) }

func wordFollows(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsLetter(r) || r == '"' || r == '“' || r == '”'
}

// keyword reads a word of ours: in any case, with any dash.
func keyword(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if isDash(r) {
			return '-'
		}
		return r
	}, text))
}

// tooLong reports whether the text has more than maxText characters, Slack's escapes
// counted as the one that they stand for.
func tooLong(text string) bool {
	return len(text) > 16*maxText || utf8.RuneCountInString(unescape.Replace(text)) > maxText
}

// quote writes a plain text as one word that Parse reads back.
func quote(text string) string { return reescape.Replace(fleet.QuoteValue(text)) }
