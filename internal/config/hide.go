package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// hider knows what no fault may repeat: the secrets of the environment, and whatever
// looks like a token that was pasted into the wrong place.
type hider struct{ known []string }

// The prefixes that GitHub and Slack give their tokens, and the first line of a private
// key.
// https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
// https://docs.slack.dev/authentication/tokens
var tokenShape = regexp.MustCompile(`\b(xox[a-z](\.xox[a-z])?-|xapp-|gh[oprsu]_|github_pat_)[A-Za-z0-9_-]{10,}|-----BEGIN[A-Z ]* PRIVATE KEY[^\n]*`)

// shortest is the length from which a known secret is looked for in texts; shorter ones
// are part of ordinary words.
const shortest = 6

func (h *hider) learn(secret string) {
	for _, line := range append(strings.Split(secret, "\n"), secret) {
		line = strings.TrimSpace(line)
		if len(line) >= shortest && !slices.Contains(h.known, line) {
			h.known = append(h.known, line)
		}
	}
	slices.SortFunc(h.known, func(a, b string) int { return len(b) - len(a) })
}

// holds reports whether the text has a secret in it.
func (h *hider) holds(text string) bool {
	return tokenShape.MatchString(text) ||
		slices.ContainsFunc(h.known, func(s string) bool { return strings.Contains(text, s) })
}

// clean is the text with every secret in it replaced.
func (h *hider) clean(text string) string {
	for _, s := range h.known {
		text = strings.ReplaceAll(text, s, "[redacted]")
	}
	return tokenShape.ReplaceAllString(text, "[redacted]")
}

// quoted shows foreign text in a fault: on one line, and not all of a long one.
func quoted(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return strconv.Quote(text)
}
