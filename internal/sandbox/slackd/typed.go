package slackd

import (
	"regexp"
	"strings"
)

var (
	typedToken = regexp.MustCompile(`https?://[^\s<>]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|@[\w.-]+|#[\w-]+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev)\b(?:/[^\s<>]*)?`)
	entities   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	plain      = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// escapeTyped turns what a person types into what Slack sends to apps: the three
// characters escaped, and people, groups, channels, addresses and e-mails in angle
// brackets. The caller holds mu.
func (s *Server) escapeTyped(text string) string {
	var b strings.Builder
	last := 0
	for _, at := range typedToken.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		if (word[0] == '@' || word[0] == '#') && at[0] > 0 && !strings.ContainsRune(" \t\n(,:", rune(text[at[0]-1])) {
			continue
		}
		token, rest := s.entity(word)
		if token == "" {
			continue
		}
		b.WriteString(entities.Replace(text[last:at[0]]))
		b.WriteString(token)
		b.WriteString(entities.Replace(rest))
		last = at[1]
	}
	b.WriteString(entities.Replace(text[last:]))
	return b.String()
}

// entity returns the bracketed form of a typed word and what of it stays outside of it.
func (s *Server) entity(word string) (token, rest string) {
	trimmed := strings.TrimRight(word, ".,;:!?)\"'")
	rest = word[len(trimmed):]
	switch {
	case strings.HasPrefix(trimmed, "http://"), strings.HasPrefix(trimmed, "https://"):
		return "<" + entities.Replace(trimmed) + ">", rest
	case strings.HasPrefix(trimmed, "@"):
		name := trimmed[1:]
		switch name {
		case "here", "channel", "everyone":
			return "<!" + name + ">", rest
		}
		for _, u := range s.users {
			if u.Name == name {
				return "<@" + u.ID + "|" + u.Name + ">", rest
			}
		}
		for _, g := range s.groups {
			if g.handle == name {
				return "<!subteam^" + g.id + "|@" + g.handle + ">", rest
			}
		}
		return "", ""
	case strings.HasPrefix(trimmed, "#"):
		for _, c := range s.channels {
			if c.Name == trimmed[1:] && !c.isDM() {
				if c.Private {
					return "<#" + c.ID + "|>", rest // the names of private channels stay private
				}
				return "<#" + c.ID + "|" + c.Name + ">", rest
			}
		}
		return "", ""
	case strings.Contains(trimmed, "@"):
		return "<mailto:" + trimmed + "|" + trimmed + ">", rest
	}
	return "<http://" + entities.Replace(trimmed) + "|" + entities.Replace(trimmed) + ">", rest
}
