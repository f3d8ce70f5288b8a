package blocks

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// none stands where there is nothing to show: Slack refuses empty texts.
const none = "–"

// clean makes foreign text one line that shows all that it holds: no control
// characters, no line or paragraph separators, nothing that turns the direction of
// writing, nothing without width, no blank that only looks like nothing. Text of which
// nothing is left becomes none.
func clean(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r), r == '\u2028', r == '\u2029', blank(r):
			gap = b.Len() > 0
			continue
		case unseen(r):
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r) // an invalid byte arrives as U+FFFD
	}
	if b.Len() == 0 {
		return none
	}
	return b.String()
}

// unseen reports whether r changes what other characters look like, or hides: control
// (Cc) and format characters (Cf: bidi marks, embeddings and isolates, zero-width
// characters, tags), surrogates and private use, and the selectors of variants.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Variation_Selector)
}

// blank reports whether r is a letter that is drawn as nothing.
func blank(r rune) bool {
	switch r {
	case '\u115F', '\u1160', '\u3164', '\uFFA0', '\u2800', '\u034F':
		return true
	}
	return false
}

// cut shortens text to at most most characters and says so with an ellipsis.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	r := []rune(text)
	return strings.TrimRight(string(r[:max(0, most-1)]), " ") + "…"
}

// joined lists words until most characters are used up: "gpu, linux and 3 more".
func joined(words []string, most int) string {
	var b strings.Builder
	used := 0
	for i, w := range words {
		w = clean(w)
		if i > 0 {
			w = ", " + w
		}
		n := utf8.RuneCountInString(w)
		if left := len(words) - i; i > 0 && used+n > most-len(" and 99 more") {
			return b.String() + " and " + number(left) + " more"
		}
		w = cut(w, most)
		b.WriteString(w)
		used += n
	}
	return b.String()
}
