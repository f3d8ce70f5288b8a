package slackd

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// Person acts and looks as one user does in Slack's client.
type Person struct {
	s  *Server
	id string
}

// Person returns the user with that id; acting as someone unknown gives a Receipt that
// says so.
func (s *Server) Person(userID string) *Person { return &Person{s: s, id: userID} }

// ID is the user's id.
func (p *Person) ID() string { return p.id }

// DMChannel is the id of the direct messages between the person and the app.
func (p *Person) DMChannel() string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.s.dm(p.id).ID
}

// Sees lists what the person sees in a channel, in order: everyone's messages and the
// ephemeral ones for them.
func (p *Person) Sees(channel string) []Message {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var out []Message
	for _, m := range p.s.messages[channel] {
		if p.s.seenBy(m, p.id) {
			out = append(out, m.copy())
		}
	}
	return out
}

// Views lists the person's open dialogs, the visible one last.
func (p *Person) Views() []View {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var out []View
	for _, v := range p.s.modals[p.id] {
		out = append(out, v.copy())
	}
	return out
}

// Home is what the person's Home tab shows, if the app ever published one.
func (p *Person) Home() (View, bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if v := p.s.homes[p.id]; v != nil {
		return v.copy(), true
	}
	return View{}, false
}

// able says why the person can't act, or "". The caller holds mu.
func (p *Person) able() string {
	u := p.s.users[p.id]
	switch {
	case u == nil:
		return "no such person"
	case u.Deleted:
		return "the account is deactivated"
	case u.Bot:
		return "bots have no hands"
	}
	return ""
}

// inChannel says why the person can't act in a channel, or "". The caller holds mu.
func (p *Person) inChannel(channel string) (*Channel, string) {
	if why := p.able(); why != "" {
		return nil, why
	}
	c := p.s.channels[channel]
	switch {
	case c == nil || !p.s.canSee(c, p.id):
		return nil, "channel_not_found"
	case c.Archived:
		return nil, "is_archived"
	}
	return c, ""
}

func (p *Person) userJSON() map[string]any {
	u := p.s.users[p.id]
	return map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.Team}
}

func (p *Person) teamJSON() map[string]any {
	return map[string]any{"id": p.s.app.Team, "domain": p.s.app.Domain}
}

func (p *Person) enterpriseJSON() any {
	if p.s.app.Enterprise == "" {
		return nil
	}
	return map[string]any{"id": p.s.app.Enterprise, "name": "octo-enterprise"}
}

func channelName(c *Channel) string {
	switch {
	case c.isDM():
		return "directmessage"
	case c.Private:
		return "privategroup"
	}
	return c.Name
}

// Command types the app's slash command with text in a channel. The ack may carry the
// answer, which is then shown.
func (p *Person) Command(ctx context.Context, channel, text string) Receipt {
	s := p.s
	s.mu.Lock()
	c, why := p.inChannel(channel)
	if why == "" && s.users[p.id].Stranger {
		why = "a person of another workspace has no commands here"
	}
	if why == "" && !s.scope("commands") {
		why = "the app has no commands"
	}
	if why != "" {
		s.mu.Unlock()
		return Receipt{Err: why}
	}
	if !s.app.PlainText {
		text = s.escapeTyped(text)
	}
	url := s.newResponseURL(c.ID, p.id, nil)
	answer := s.responses[lastPart(url)]
	u := s.users[p.id]
	payload := map[string]any{"token": "sample", "team_id": u.Team, "team_domain": s.app.Domain, "channel_id": c.ID,
		"channel_name": channelName(c), "user_id": u.ID, "user_name": u.Name, "command": s.app.Command, "text": text,
		"api_app_id": s.app.ID, "is_enterprise_install": "false", "response_url": url, "trigger_id": s.newTrigger(p.id, false)}
	if s.app.Enterprise != "" {
		payload["enterprise_id"], payload["enterprise_name"] = s.app.Enterprise, "octo-enterprise"
	}
	s.mu.Unlock()
	return s.deliver(ctx, "slash_commands", true, payload, 0, func(ack json.RawMessage) string {
		return s.commandAck(answer, ack)
	})
}

// commandAck shows the message that an ack carries, if it carries one. The caller holds mu.
func (s *Server) commandAck(u *responseURL, ack json.RawMessage) string {
	if len(ack) == 0 || string(ack) == "{}" || string(ack) == `""` {
		return ""
	}
	req := &request{method: "ack", args: map[string]json.RawMessage{}}
	var text string
	if json.Unmarshal(ack, &text) == nil {
		req.args["text"] = ack
	} else if json.Unmarshal(ack, &req.args) != nil {
		s.violation("ack of a command: not a message: %.80s", ack)
		return "invalid_payload"
	}
	if fail := s.answerMessage(u, req); fail != nil {
		if fail.mistake {
			s.violation("ack of a command: %s %v", fail.code, fail.messages)
		}
		return fail.code
	}
	return ""
}

// Say writes a message that is not meant for the app and returns its ts.
func (p *Person) Say(channel, threadTS, text string) (string, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	c, why := p.inChannel(channel)
	if why != "" {
		return "", fmt.Errorf("say in %s: %s", channel, why)
	}
	return p.s.add(&Message{Channel: c.ID, ThreadTS: threadTS, User: p.id, Text: p.s.escapeTyped(text)}).TS, nil
}

// eventMessage is the event for something the person wrote. The caller holds mu.
func (p *Person) eventMessage(kind string, m *Message) map[string]any {
	ev := p.s.asJSON(m)
	ev["type"], ev["channel"], ev["event_ts"] = kind, m.Channel, m.TS
	ev["client_msg_id"] = p.s.newID("M")
	ev["blocks"] = []any{map[string]any{"type": "rich_text", "block_id": p.s.newBlockID(), "elements": []any{
		map[string]any{"type": "rich_text_section", "elements": []any{map[string]any{"type": "text", "text": m.Text}}}}}}
	if u := p.s.users[p.id]; u.Team != p.s.app.Team {
		ev["user_team"], ev["source_team"] = u.Team, u.Team
	}
	return ev
}

// Mention writes "@app text" in a channel, or in a thread of it. It returns the
// message's ts and what became of the first delivery of the event.
func (p *Person) Mention(ctx context.Context, channel, threadTS, text string) (string, Receipt) {
	s := p.s
	s.mu.Lock()
	c, why := p.inChannel(channel)
	if why != "" {
		s.mu.Unlock()
		return "", Receipt{Err: why}
	}
	m := s.add(&Message{Channel: c.ID, ThreadTS: threadTS, User: p.id, Text: "<@" + s.app.BotUser + "> " + s.escapeTyped(text)})
	switch {
	case !s.subscribed("app_mention") || !s.scope("app_mentions:read"):
		why = "not_subscribed"
	case !s.botIn(c):
		why = "not_in_channel"
	}
	ev := p.eventMessage("app_mention", m)
	s.mu.Unlock()
	if why != "" {
		return m.TS, Receipt{Err: why}
	}
	return m.TS, s.event(ctx, ev)
}

// DM writes to the app directly. It returns the message's ts and what became of the
// first delivery of the event.
func (p *Person) DM(ctx context.Context, text string) (string, Receipt) {
	return p.Reply(ctx, "", text)
}

// Reply is DM in a thread of the direct messages.
func (p *Person) Reply(ctx context.Context, threadTS, text string) (string, Receipt) {
	s := p.s
	s.mu.Lock()
	why := p.able()
	if why == "" && s.app.NoMessagesTab {
		why = "messages_tab_disabled"
	}
	if why == "" && s.users[p.id].Stranger {
		why = "a person of another workspace can't write to the app"
	}
	if why != "" {
		s.mu.Unlock()
		return "", Receipt{Err: why}
	}
	m := s.add(&Message{Channel: s.dm(p.id).ID, ThreadTS: threadTS, User: p.id, Text: s.escapeTyped(text)})
	if !s.subscribed("message.im") || !s.scope("im:history") {
		why = "not_subscribed"
	}
	ev := p.eventMessage("message", m)
	ev["channel_type"] = "im"
	s.mu.Unlock()
	if why != "" {
		return m.TS, Receipt{Err: why}
	}
	return m.TS, s.event(ctx, ev)
}

// OpenHome opens the app's Home tab.
func (p *Person) OpenHome(ctx context.Context) Receipt {
	s := p.s
	s.mu.Lock()
	why := p.able()
	switch {
	case why != "":
	case s.app.NoHomeTab:
		why = "not_enabled"
	case !s.subscribed("app_home_opened"):
		why = "not_subscribed"
	}
	if why != "" {
		s.mu.Unlock()
		return Receipt{Err: why}
	}
	ev := map[string]any{"type": "app_home_opened", "user": p.id, "channel": s.dm(p.id).ID, "tab": "home", "event_ts": s.newTS()}
	if v := s.homes[p.id]; v != nil {
		ev["view"] = s.viewJSON(v)
	}
	s.mu.Unlock()
	return s.event(ctx, ev)
}

// Shortcut chooses one of the app's global shortcuts.
func (p *Person) Shortcut(ctx context.Context, callbackID string) Receipt {
	s := p.s
	s.mu.Lock()
	why := p.able()
	if why == "" && !slices.Contains(s.app.Shortcuts, callbackID) {
		why = "no such shortcut"
	}
	if why != "" {
		s.mu.Unlock()
		return Receipt{Err: why}
	}
	payload := map[string]any{"type": "shortcut", "token": "sample", "action_ts": s.newTS(), "team": p.teamJSON(),
		"user": p.userJSON(), "is_enterprise_install": false, "enterprise": p.enterpriseJSON(),
		"callback_id": callbackID, "trigger_id": s.newTrigger(p.id, false), "api_app_id": s.app.ID}
	s.mu.Unlock()
	return s.deliver(ctx, "interactive", false, payload, 0, nil)
}
