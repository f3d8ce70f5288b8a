package commands

import (
	"strings"

	"runnerdesk/internal/fleet"
)

// token is one word of a command.
type token struct {
	src    string // as normalised: with its quotes and Slack's escapes
	raw    string // with its quotes
	text   string // as meant
	quoted bool   // some of it was in quotes, so it is a name and no word of ours
}

// is reports whether the token is one of our words.
func (t token) is(word string) bool { return !t.quoted && keyword(t.text) == word }

// dashed reports whether the token begins like an option.
func (t token) dashed() bool { return strings.HasPrefix(t.raw, "-") }

// key is the word before the colon of a filter, or "".
func (t token) key() string {
	key, _ := fleet.FilterKey(t.raw)
	return key
}

// value is what stands behind the colon, with its quotes.
func (t token) value() string {
	_, value, _ := strings.Cut(t.raw, ":")
	return value
}

// scanner takes tokens off a normalised text.
type scanner struct{ rest string }

// next is the next token; ok is false at the end.
func (s *scanner) next() (t token, ok bool, err error) {
	word, rest, err := fleet.NextWord(s.rest)
	if err != nil || word == "" {
		return token{}, false, err
	}
	s.rest = rest
	raw := unescape.Replace(word)
	return token{
		src: word, raw: raw, text: strings.ReplaceAll(raw, `"`, ""), quoted: strings.Contains(raw, `"`),
	}, true, nil
}

// sources joins the tokens as they were typed.
func sources(tokens []token) string {
	words := make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = t.src
	}
	return strings.Join(words, " ")
}

func raws(tokens []token) []string {
	words := make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = t.raw
	}
	return words
}
