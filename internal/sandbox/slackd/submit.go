package slackd

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Submit fills in a dialog and submits it. Keys of values are block ids, or
// "block id/action id"; values are texts, option values or ids. What the client itself
// refuses (a required input left open, a text too long) never reaches the app.
func (p *Person) Submit(ctx context.Context, view View, values map[string]string) Receipt {
	s := p.s
	s.mu.Lock()
	v, why := p.visible(view)
	if why == "" && v.Type != "modal" {
		why = "a Home tab can't be submitted"
	}
	if why == "" && v.Submit == "" {
		why = "the dialog has no button to submit it"
	}
	if why == "" {
		why = v.fill(values)
	}
	if why != "" {
		s.mu.Unlock()
		return Receipt{Err: why}
	}
	v.Errors = nil
	payload := p.interaction("view_submission", true)
	payload["view"] = s.viewJSON(v)
	payload["response_urls"] = []any{}
	id := v.ID
	s.mu.Unlock()
	return s.deliver(ctx, "interactive", true, payload, 0, func(ack json.RawMessage) string {
		return s.submitAck(p.id, id, ack)
	})
}

// fill enters values into the inputs of a dialog and says what the client would refuse.
func (v *View) fill(values map[string]string) string {
	left := maps.Clone(values)
	for _, raw := range v.Blocks {
		block := asObject(decode(raw))
		id := asString(block["block_id"])
		for _, e := range elementsOf(block) {
			action := asString(e["action_id"])
			key := id + "/" + action
			value, given := left[key]
			if !given && len(elementsOf(block)) == 1 {
				key = id
				value, given = left[key]
			}
			delete(left, key)
			if given {
				state, err := enter(e, value, v.asked[id+"/"+action])
				if err != nil {
					return fmt.Sprintf("%s: %v", key, err)
				}
				v.keep(id, action, state)
			}
			state := v.typed[id][action]
			if state == nil {
				state = initialState(e)
			}
			if block["type"] == "input" && block["optional"] != true && empty(state) {
				return fmt.Sprintf("%s: please fill in this field", id)
			}
		}
	}
	if len(left) > 0 {
		return fmt.Sprintf("there is no input %q", slices.Sorted(maps.Keys(left))[0])
	}
	return ""
}

// submitAck does what the answer to a submission asks for. The caller holds mu.
func (s *Server) submitAck(user, viewID string, ack json.RawMessage) string {
	v := s.openView(viewID, "")
	if v == nil {
		return ""
	}
	var in struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(ack) > 0 {
		fields := asObject(decode(ack))
		for k := range fields {
			if k != "response_action" && k != "errors" && k != "view" {
				s.violation("ack of a submission: no such field: %s", k)
			}
		}
		if err := json.Unmarshal(ack, &in); err != nil {
			s.violation("ack of a submission: %v", err)
			return "trouble connecting"
		}
	}
	switch in.Action {
	case "":
		s.pop(user, viewID)
		return ""
	case "clear":
		s.modals[user] = nil
		s.note()
		return ""
	case "errors":
		return s.showErrors(v, in.Errors)
	case "update", "push":
		next, fail := s.parseView(in.View, "modal")
		if fail == nil && in.Action == "push" {
			fail = s.show(next, user)
		} else if fail == nil {
			s.replace(v, next)
		}
		if fail != nil {
			s.violation("ack of a submission: %s %v", fail.code, fail.messages)
			return "trouble connecting"
		}
		return ""
	}
	s.violation("ack of a submission: response_action %q", in.Action)
	return "trouble connecting"
}

// showErrors puts messages at inputs. Slack shows a general failure when a key is no
// block id of an input block.
func (s *Server) showErrors(v *View, errs map[string]string) string {
	inputs := map[string]bool{}
	for _, raw := range v.Blocks {
		if b := asObject(decode(raw)); b["type"] == "input" {
			inputs[asString(b["block_id"])] = true
		}
	}
	if len(errs) == 0 {
		s.violation("ack of a submission: no errors in response_action errors")
		return "trouble connecting"
	}
	for k, text := range errs {
		if !inputs[k] || text == "" {
			s.violation("ack of a submission: errors[%q] is no input block or has no text", k)
			return "trouble connecting"
		}
	}
	v.Errors = errs
	s.note()
	return ""
}

// pop closes a view and what lies on top of it. The caller holds mu.
func (s *Server) pop(user, viewID string) {
	for i, v := range s.modals[user] {
		if v.ID == viewID {
			s.modals[user] = slices.Clone(s.modals[user][:i])
			break
		}
	}
	s.note()
}

// CloseView closes the dialog on the screen. The app hears of it only where the view has
// notify_on_close; else the Receipt is empty.
func (p *Person) CloseView(ctx context.Context, view View) Receipt {
	s := p.s
	s.mu.Lock()
	v, why := p.visible(view)
	if why == "" && v.Type != "modal" {
		why = "a Home tab can't be closed"
	}
	if why != "" {
		s.mu.Unlock()
		return Receipt{Err: why}
	}
	payload := p.interaction("view_closed", false)
	delete(payload, "trigger_id")
	payload["view"], payload["is_cleared"] = s.viewJSON(v), v.ClearOnClose
	notify := v.NotifyOnClose
	if v.ClearOnClose {
		s.modals[p.id] = nil
		s.note()
	} else {
		s.pop(p.id, v.ID)
	}
	s.mu.Unlock()
	if !notify {
		return Receipt{}
	}
	return s.deliver(ctx, "interactive", false, payload, 0, nil)
}
