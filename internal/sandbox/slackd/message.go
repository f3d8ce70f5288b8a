package slackd

import (
	"encoding/json"
	"slices"
	"time"
)

// Message is one message as Slack keeps it. Values handed out are copies.
type Message struct {
	Channel, TS, ThreadTS string
	User                  string // the author
	Text                  string // as sent, in mrkdwn
	Blocks                []json.RawMessage
	Ephemeral             bool
	For                   string // the only reader of an ephemeral message
	Edited, Deleted       bool
	Revision              int // 1, and one more for each edit
	Metadata              json.RawMessage
	Parse                 string // "", "none" or "full"
	At                    time.Time
}

func (m *Message) copy() Message {
	c := *m
	c.Blocks = slices.Clone(m.Blocks)
	return c
}

// Bot says whether the app wrote the message: its id is the app's bot user.
func (s *Server) byBot(m *Message) bool { return m.User == s.app.BotUser }

// seenBy says whether user has the message on the screen. The caller holds mu.
func (s *Server) seenBy(m *Message, user string) bool {
	if m.Deleted || (m.Ephemeral && m.For != user) {
		return false
	}
	c := s.channels[m.Channel]
	return c != nil && s.canSee(c, user)
}

// Messages lists everything ever posted to a channel in order, also what is deleted and
// what only one person sees.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, m := range s.messages[channel] {
		out = append(out, m.copy())
	}
	return out
}

// AllMessages is Messages over all channels, in order of time.
func (s *Server) AllMessages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, list := range s.messages {
		for _, m := range list {
			out = append(out, m.copy())
		}
	}
	slices.SortFunc(out, func(a, b Message) int {
		switch {
		case a.TS == b.TS:
			return 0
		case tsLess(a.TS, b.TS):
			return -1
		}
		return 1
	})
	return out
}

// asJSON is the message as Slack writes it into answers and payloads.
func (s *Server) asJSON(m *Message) map[string]any {
	out := map[string]any{"type": "message", "user": m.User, "text": m.Text, "ts": m.TS, "team": s.app.Team}
	if s.byBot(m) {
		out["bot_id"], out["app_id"] = s.app.BotID, s.app.ID
	}
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if m.Edited {
		out["edited"] = map[string]any{"user": m.User, "ts": m.TS}
	}
	if len(m.Metadata) > 0 {
		out["metadata"] = m.Metadata
	}
	return out
}
