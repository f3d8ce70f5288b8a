package slackd

import (
	"context"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Choice is an option that an external select offers.
type Choice struct{ Text, Value, Description, Group string }

// Suggest types text into an external select of the dialog on the screen and returns
// what is offered. Fewer characters than the select's min_query_length (3 where it has
// none) ask nobody.
func (p *Person) Suggest(ctx context.Context, view View, actionID, text string) ([]Choice, Receipt) {
	s := p.s
	s.mu.Lock()
	v, why := p.visible(view)
	var at placed
	if why == "" {
		var err error
		if at, err = findElement(v.Blocks, actionID, "", ""); err != nil {
			why = err.Error()
		} else if t := at.element["type"]; t != "external_select" && t != "multi_external_select" {
			why = fmt.Sprintf("%q is no external select", actionID)
		}
	}
	least := 3
	if f, ok := at.element["min_query_length"].(float64); ok {
		least = int(f)
	}
	if why == "" && utf8.RuneCountInString(text) < least {
		why = fmt.Sprintf("at least %d characters are needed", least)
	}
	if why != "" {
		s.mu.Unlock()
		return nil, Receipt{Err: why}
	}
	block := asString(at.block["block_id"])
	payload := p.interaction("block_suggestion", false)
	delete(payload, "trigger_id")
	payload["action_id"], payload["block_id"], payload["value"] = actionID, block, text
	payload["container"] = map[string]any{"type": "view", "view_id": v.ID}
	payload["view"] = s.viewJSON(v)
	id := v.ID
	s.mu.Unlock()
	var out []Choice
	r := s.deliver(ctx, "interactive", true, payload, 0, func(ack json.RawMessage) string {
		choices, options, bad := readChoices(ack)
		if len(bad) > 0 {
			s.violation("ack of a suggestion: %v", bad)
			return "invalid_options"
		}
		out = choices
		if v := s.openView(id, ""); v != nil {
			v.asked[block+"/"+actionID] = options
		} else if h := s.homes[p.id]; h != nil && h.ID == id {
			h.asked[block+"/"+actionID] = options
		}
		return ""
	})
	return out, r
}

// readChoices checks the options or option groups in an ack.
func readChoices(ack json.RawMessage) ([]Choice, map[string]map[string]any, []string) {
	in := asObject(decode(ack))
	c := newChecker(onModal)
	var out []Choice
	options := map[string]map[string]any{}
	add := func(list any, group string) {
		for _, o := range asList(list) {
			one := asObject(o)
			choice := Choice{Value: asString(one["value"]), Text: asString(asObject(one["text"])["text"]),
				Description: asString(asObject(one["description"])["text"]), Group: group}
			out = append(out, choice)
			options[choice.Value] = one
		}
	}
	for k := range in {
		if k != "options" && k != "option_groups" {
			c.say("/"+k, "no such field")
		}
	}
	switch {
	case in["options"] != nil && in["option_groups"] == nil:
		if l := asList(in["options"]); len(l) > 0 {
			c.options("/options", in["options"], 1, 100, false)
		}
		add(in["options"], "")
	case in["option_groups"] != nil && in["options"] == nil:
		c.optionGroups("/option_groups", in["option_groups"])
		for _, g := range asList(in["option_groups"]) {
			add(asObject(g)["options"], asString(asObject(asObject(g)["label"])["text"]))
		}
	case len(in) == 0: // slack-go leaves an empty list of options out altogether
	default:
		c.say("", "options or option_groups, not both")
	}
	return out, options, c.errs
}
