package fleet

import (
	"errors"
	"regexp"
	"strings"
)

// ErrQuote is a quote that is not closed.
var ErrQuote = errors.New(`a quote (") is not closed`)

// NextWord takes the first word off text. Spaces part words, but for those inside
// "quotes". The word keeps its quotes, so that `name:"a b"` and `"name:a b"` stay
// apart; it is empty at the end of text.
func NextWord(text string) (word, rest string, err error) {
	text = strings.TrimLeft(text, " \t\r\n")
	quoted := false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(" \t\r\n", c) >= 0:
			return text[:i], text[i:], nil
		}
	}
	if quoted {
		return "", "", ErrQuote
	}
	return text, "", nil
}

// Values are the texts of a word without its quotes, parted at the commas outside of
// them: `a,"b,c"` is a and "b,c". Empty ones are left out.
func Values(word string) []string {
	var values []string
	var b strings.Builder
	quoted := false
	end := func() {
		if v := strings.TrimSpace(b.String()); v != "" {
			values = append(values, v)
		}
		b.Reset()
	}
	for _, c := range word {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			end()
		default:
			b.WriteRune(c)
		}
	}
	end()
	return values
}

var plainValue = regexp.MustCompile(`^[A-Za-z0-9*._/@+-]+$`)

// quotes are what phones make of a quotation mark, and what commands read as one.
const quotes = `"“”„‟«»＂″`

// QuoteValue writes a value so that Values reads it back. A quote inside it can't be
// written and is left out.
func QuoteValue(value string) string {
	if plainValue.MatchString(value) {
		return value
	}
	return `"` + strings.Map(func(r rune) rune {
		if strings.ContainsRune(quotes, r) {
			return -1
		}
		return r
	}, value) + `"`
}
