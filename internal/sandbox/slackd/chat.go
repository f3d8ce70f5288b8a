package slackd

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of message texts. The one on blocks is not documented; Slack has been seen to
// refuse messages from about 12,000 to 13,200 characters.
const (
	postTextLimit   = 40000
	updateTextLimit = 4000
	blocksTextLimit = 13000
)

// draft is what a call wants a message to say.
type draft struct {
	text      string
	blocks    []json.RawMessage
	hasText   bool
	hasBlocks bool // blocks were given, maybe as an empty list
	metadata  json.RawMessage
	parse     string
}

// draft reads and checks the message arguments of a call. limit is the greatest number
// of characters over all blocks, 0 for none. The caller holds mu.
func (s *Server) draft(r *request, limit int) (*draft, *failure) {
	d := &draft{text: r.str("text"), parse: r.str("parse")}
	d.hasText = d.text != ""
	if !utf8.ValidString(d.text) {
		return nil, mistaken("invalid_charset")
	}
	if raw := r.object("blocks"); raw != nil {
		d.hasBlocks = true
		blocks, size, bad := checkBlocks(onMessage, raw, s.newBlockID)
		if bad != nil {
			return nil, mistaken(bad.code, bad.messages...)
		}
		if len(blocks) > 0 && s.noBlocks > 0 {
			s.noBlocks--
			return nil, &failure{code: "invalid_blocks", messages: []string{"refused on request [json-pointer:/blocks/0]"}}
		}
		if limit > 0 && size > limit {
			return nil, mistaken("msg_blocks_too_long", fmt.Sprintf("%d characters in blocks", size))
		}
		d.blocks = blocks
	}
	if raw := r.object("metadata"); raw != nil {
		var md struct {
			EventType    string          `json:"event_type"`
			EventPayload json.RawMessage `json:"event_payload"`
		}
		if json.Unmarshal(raw, &md) != nil {
			return nil, mistaken("invalid_metadata_format")
		}
		if md.EventType != "" {
			d.metadata = raw
		}
	}
	return d, nil
}

func (s *Server) newBlockID() string {
	s.serial++
	return fmt.Sprintf("b%04x", s.serial)
}

// target finds the conversation that an app may post to.
func (s *Server) target(id string) (*Channel, *failure) {
	if strings.HasPrefix(id, "U") || strings.HasPrefix(id, "W") {
		u := s.users[id]
		if u == nil || u.Deleted || u.Bot || u.Stranger {
			return nil, refuse("channel_not_found")
		}
		if s.app.NoMessagesTab {
			return nil, refuse("messages_tab_disabled")
		}
		return s.dm(id), nil
	}
	c := s.channels[id]
	if c == nil || (c.Private && !s.botIn(c)) {
		return nil, refuse("channel_not_found")
	}
	if c.Archived {
		return nil, refuse("is_archived")
	}
	if c.isDM() && s.app.NoMessagesTab {
		return nil, refuse("messages_tab_disabled")
	}
	return c, nil
}

// thread returns the thread that a reply to ts joins. Slack posts a reply to a message
// that is gone outside of any thread.
func (s *Server) thread(channel, ts string) string {
	if ts == "" {
		return ""
	}
	m := s.find(channel, ts)
	switch {
	case m == nil || m.Ephemeral:
		s.violation("thread_ts %s names no message of %s", ts, channel)
		return ""
	case m.Deleted:
		return ""
	case m.ThreadTS != "":
		return m.ThreadTS // a reply to a reply joins the same thread
	}
	return ts
}

func (s *Server) onePerSecond(r *request) *failure {
	channel := r.str("channel")
	if c, fail := s.target(channel); fail == nil {
		channel = c.ID
	}
	if last, ok := s.lastPost[channel]; ok {
		if wait := time.Second - s.since(last); wait > 0 {
			return limited(wait)
		}
	}
	s.lastPost[channel] = s.opt.Now()
	return nil
}

func (s *Server) postMessage(r *request) (map[string]any, *failure) {
	c, fail := s.target(r.str("channel"))
	if fail != nil {
		return nil, fail
	}
	if !s.botIn(c) && !s.scope("chat:write.public") {
		return nil, refuse("not_in_channel")
	}
	d, fail := s.draft(r, blocksTextLimit)
	if fail != nil {
		return nil, fail
	}
	if !d.hasText && len(d.blocks) == 0 {
		return nil, mistaken("no_text")
	}
	out := map[string]any{}
	if utf8.RuneCountInString(d.text) > postTextLimit {
		d.text = string([]rune(d.text)[:postTextLimit])
		out["warning"] = "message_truncated"
	}
	m := s.add(&Message{Channel: c.ID, ThreadTS: s.thread(c.ID, r.str("thread_ts")), User: s.app.BotUser,
		Text: d.text, Blocks: d.blocks, Metadata: d.metadata, Parse: d.parse})
	s.echo(c, m, "")
	out["channel"], out["ts"], out["message"] = c.ID, m.TS, s.asJSON(m)
	return out, nil
}

func (s *Server) postEphemeral(r *request) (map[string]any, *failure) {
	c, fail := s.target(r.str("channel"))
	if fail != nil {
		return nil, fail
	}
	if !s.botIn(c) {
		return nil, refuse("not_in_channel")
	}
	user := r.str("user")
	if s.users[user] == nil || !c.has(user) {
		return nil, refuse("user_not_in_channel")
	}
	d, fail := s.draft(r, blocksTextLimit)
	if fail != nil {
		return nil, fail
	}
	if !d.hasText && len(d.blocks) == 0 {
		return nil, mistaken("no_text")
	}
	if utf8.RuneCountInString(d.text) > postTextLimit {
		return nil, mistaken("msg_too_long")
	}
	m := s.add(&Message{Channel: c.ID, ThreadTS: s.thread(c.ID, r.str("thread_ts")), User: s.app.BotUser,
		Text: d.text, Blocks: d.blocks, Ephemeral: true, For: user, Parse: d.parse})
	return map[string]any{"message_ts": m.TS}, nil
}

// own finds a message that the app may change.
func (s *Server) own(r *request, code string) (*Channel, *Message, *failure) {
	id := r.str("channel")
	c := s.channels[id]
	if c == nil || (c.Private && !s.botIn(c)) {
		return nil, nil, refuse("channel_not_found")
	}
	if c.Archived {
		return nil, nil, refuse("is_archived")
	}
	m := s.find(id, r.str("ts"))
	if m == nil || m.Deleted || m.Ephemeral {
		return nil, nil, refuse("message_not_found")
	}
	if !s.byBot(m) {
		return nil, nil, refuse(code)
	}
	return c, m, nil
}

func (s *Server) update(r *request) (map[string]any, *failure) {
	c, m, fail := s.own(r, "cant_update_message")
	if fail != nil {
		return nil, fail
	}
	d, fail := s.draft(r, blocksTextLimit)
	if fail != nil {
		return nil, fail
	}
	if utf8.RuneCountInString(d.text) > updateTextLimit {
		return nil, mistaken("msg_too_long")
	}
	if !d.hasText && len(d.blocks) == 0 {
		return nil, mistaken("no_text")
	}
	s.edit(m, d)
	s.echo(c, m, "message_changed")
	return map[string]any{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": s.asJSON(m)}, nil
}

// edit gives a message new contents. Blocks that a call leaves out stay as they are;
// only an empty list removes them. The caller holds mu.
func (s *Server) edit(m *Message, d *draft) {
	if d.hasText || d.hasBlocks {
		m.Text = d.text
	}
	if d.hasBlocks {
		m.Blocks = d.blocks
	}
	if d.metadata != nil {
		m.Metadata = d.metadata
	}
	m.Parse = d.parse
	m.Edited = true
	m.Revision++
	s.note()
}

func (s *Server) deleteMessage(r *request) (map[string]any, *failure) {
	_, m, fail := s.own(r, "cant_delete_message")
	if fail != nil {
		return nil, fail
	}
	m.Deleted = true
	s.note()
	return map[string]any{"channel": m.Channel, "ts": m.TS}, nil
}
