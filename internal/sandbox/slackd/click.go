package slackd

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
)

// ClickOption narrows or completes a click.
type ClickOption func(*click)

type click struct {
	value string
	block string
	stale bool
}

// Value chooses the button with this value where several share an action id, or, in a
// select, an overflow menu or an input, what is chosen or typed.
func Value(v string) ClickOption { return func(c *click) { c.value = v } }

// Block says in which block the element stands.
func Block(id string) ClickOption { return func(c *click) { c.block = id } }

// Stale clicks what the person saw in the Message or View given, even if it has changed
// since: the click that was under way when the message was edited.
func Stale() ClickOption { return func(c *click) { c.stale = true } }

// Click clicks an element of a message that the person sees, or chooses from it. A
// confirmation counts as given. An element that is not there can't be clicked.
func (p *Person) Click(ctx context.Context, msg Message, actionID string, opts ...ClickOption) Receipt {
	var o click
	for _, f := range opts {
		f(&o)
	}
	s := p.s
	s.mu.Lock()
	c, why := p.inChannel(msg.Channel)
	m := s.find(msg.Channel, msg.TS)
	if why == "" && (m == nil || (m.Ephemeral && m.For != p.id) || (m.Deleted && !o.stale)) {
		why = "the message is not there"
	}
	if why == "" && !s.byBot(m) {
		why = "the message is not the app's"
	}
	if why != "" {
		s.mu.Unlock()
		return Receipt{Err: why}
	}
	seen := m.copy()
	if o.stale {
		seen = msg
	}
	action, _, err := s.action(seen.Blocks, actionID, o, nil)
	if err != nil {
		s.mu.Unlock()
		return Receipt{Err: err.Error()}
	}
	container := map[string]any{"type": "message", "message_ts": m.TS, "channel_id": c.ID, "is_ephemeral": m.Ephemeral}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	payload := p.interaction("block_actions", false)
	payload["container"] = container
	payload["channel"] = map[string]any{"id": c.ID, "name": channelName(c)}
	payload["state"] = map[string]any{"values": stateOf(seen.Blocks, nil)}
	payload["response_url"] = s.newResponseURL(c.ID, p.id, m)
	payload["actions"] = []any{action}
	if !m.Ephemeral { // Slack keeps no copy of an ephemeral message to send
		payload["message"] = s.asJSON(&seen)
	}
	s.mu.Unlock()
	return s.deliver(ctx, "interactive", false, payload, 0, nil)
}

// ClickView is Click in the dialog that the person sees, or in the Home tab.
func (p *Person) ClickView(ctx context.Context, view View, actionID string, opts ...ClickOption) Receipt {
	var o click
	for _, f := range opts {
		f(&o)
	}
	s := p.s
	s.mu.Lock()
	v, why := p.visible(view)
	if why != "" {
		s.mu.Unlock()
		return Receipt{Err: why}
	}
	blocks := v.Blocks
	if o.stale {
		blocks = view.Blocks
	}
	action, at, err := s.action(blocks, actionID, o, v)
	if err == nil && at.block["type"] == "input" && at.block["dispatch_action"] != true {
		err = fmt.Errorf("the input %q tells the app nothing before the dialog is submitted", actionID)
	}
	if err != nil {
		s.mu.Unlock()
		return Receipt{Err: err.Error()}
	}
	payload := p.interaction("block_actions", v.Type == "modal")
	payload["container"] = map[string]any{"type": "view", "view_id": v.ID}
	payload["view"] = s.viewJSON(v)
	payload["actions"] = []any{action}
	s.mu.Unlock()
	return s.deliver(ctx, "interactive", false, payload, 0, nil)
}

// interaction is what all payloads of interactions have in common. The caller holds mu.
func (p *Person) interaction(kind string, inView bool) map[string]any {
	return map[string]any{"type": kind, "user": p.userJSON(), "api_app_id": p.s.app.ID, "token": "sample",
		"team": p.teamJSON(), "enterprise": p.enterpriseJSON(), "is_enterprise_install": false,
		"trigger_id": p.s.newTrigger(p.id, inView)}
}

// visible finds the view that the person has in front of them. The caller holds mu.
func (p *Person) visible(view View) (*View, string) {
	if why := p.able(); why != "" {
		return nil, why
	}
	if h := p.s.homes[p.id]; h != nil && h.ID == view.ID {
		return h, ""
	}
	stack := p.s.modals[p.id]
	if len(stack) == 0 || stack[len(stack)-1].ID != view.ID {
		return nil, "the dialog is not on the screen"
	}
	return stack[len(stack)-1], ""
}

// action builds one entry of a block_actions payload. In a view, v keeps what was
// entered. The caller holds mu.
func (s *Server) action(blocks []json.RawMessage, actionID string, o click, v *View) (map[string]any, placed, error) {
	at, err := findElement(blocks, actionID, o.block, o.value)
	if err != nil {
		return nil, at, err
	}
	blockID := asString(at.block["block_id"])
	out := map[string]any{"action_id": actionID, "block_id": blockID, "type": at.element["type"], "action_ts": s.newTS()}
	if at.element["type"] == "button" {
		for _, k := range []string{"text", "value", "style"} {
			if x, ok := at.element[k]; ok {
				out[k] = x
			}
		}
		return out, at, nil
	}
	var suggested map[string]map[string]any
	if v != nil {
		suggested = v.asked[blockID+"/"+actionID]
	}
	state, err := enter(at.element, o.value, suggested)
	if err != nil {
		return nil, at, err
	}
	maps.Copy(out, state)
	if v != nil {
		v.keep(blockID, actionID, state)
	}
	return out, at, nil
}

func (v *View) keep(block, action string, state map[string]any) {
	if v.typed[block] == nil {
		v.typed[block] = map[string]map[string]any{}
	}
	v.typed[block][action] = state
}
