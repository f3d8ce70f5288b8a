package slackd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// elementsOf lists the interactive elements of a block, in reading order.
func elementsOf(block map[string]any) []map[string]any {
	var out []map[string]any
	add := func(v any) {
		if e := asObject(v); e["action_id"] != nil {
			out = append(out, e)
		}
	}
	switch block["type"] {
	case "section":
		add(block["accessory"])
	case "input":
		add(block["element"])
	case "actions":
		for _, e := range asList(block["elements"]) {
			add(e)
		}
	case "data_table":
		for _, row := range asList(block["rows"]) {
			for _, cell := range asList(row) {
				add(asObject(cell)["element"])
			}
		}
	}
	return out
}

// placed is an element and where it stands.
type placed struct {
	block   map[string]any
	element map[string]any
}

// findElement finds the one element with an action id; value and blockID narrow the
// search where they are not empty.
func findElement(blocks []json.RawMessage, actionID, blockID, value string) (placed, error) {
	var hits []placed
	for _, raw := range blocks {
		block := asObject(decode(raw))
		if blockID != "" && block["block_id"] != blockID {
			continue
		}
		for _, e := range elementsOf(block) {
			if e["action_id"] != actionID || (e["type"] == "button" && value != "" && asString(e["value"]) != value) {
				continue
			}
			hits = append(hits, placed{block, e})
		}
	}
	switch len(hits) {
	case 1:
		return hits[0], nil
	case 0:
		return placed{}, fmt.Errorf("there is no element %q to click", actionID)
	}
	return placed{}, fmt.Errorf("%d elements are called %q: name the block or the value", len(hits), actionID)
}

// stateOf is state.values: what every input on a surface holds.
func stateOf(blocks []json.RawMessage, typed map[string]map[string]map[string]any) map[string]map[string]any {
	out := map[string]map[string]any{}
	for _, raw := range blocks {
		block := asObject(decode(raw))
		id := asString(block["block_id"])
		for _, e := range elementsOf(block) {
			action := asString(e["action_id"])
			state := typed[id][action]
			if state == nil || state["type"] != e["type"] {
				state = initialState(e)
			}
			if state == nil {
				continue
			}
			if out[id] == nil {
				out[id] = map[string]any{}
			}
			out[id][action] = state
		}
	}
	return out
}

// initialState is what an element holds before anyone touched it; nil for elements that
// hold nothing.
func initialState(e map[string]any) map[string]any {
	kind := asString(e["type"])
	list := func(v any) any {
		if v == nil {
			return []any{}
		}
		return v
	}
	switch kind {
	case "plain_text_input", "number_input", "email_text_input", "url_text_input":
		return map[string]any{"type": kind, "value": e["initial_value"]}
	case "static_select", "external_select", "radio_buttons":
		return map[string]any{"type": kind, "selected_option": e["initial_option"]}
	case "checkboxes", "multi_static_select", "multi_external_select":
		return map[string]any{"type": kind, "selected_options": list(e["initial_options"])}
	case "users_select":
		return map[string]any{"type": kind, "selected_user": e["initial_user"]}
	case "channels_select":
		return map[string]any{"type": kind, "selected_channel": e["initial_channel"]}
	case "conversations_select":
		return map[string]any{"type": kind, "selected_conversation": e["initial_conversation"]}
	case "multi_users_select":
		return map[string]any{"type": kind, "selected_users": list(e["initial_users"])}
	case "multi_channels_select":
		return map[string]any{"type": kind, "selected_channels": list(e["initial_channels"])}
	case "multi_conversations_select":
		return map[string]any{"type": kind, "selected_conversations": list(e["initial_conversations"])}
	case "datepicker":
		return map[string]any{"type": kind, "selected_date": e["initial_date"]}
	case "timepicker":
		return map[string]any{"type": kind, "selected_time": e["initial_time"]}
	case "datetimepicker":
		return map[string]any{"type": kind, "selected_date_time": e["initial_date_time"]}
	}
	return nil
}

// enter is what an element holds after a person typed or chose value: a text, an option's
// value, an id, or several of these with commas between. suggested are the options that
// an external select was offered.
func enter(e map[string]any, value string, suggested map[string]map[string]any) (map[string]any, error) {
	kind := asString(e["type"])
	one := func(key string, v any) (map[string]any, error) { return map[string]any{"type": kind, key: v}, nil }
	options := func() map[string]map[string]any {
		if strings.HasSuffix(kind, "external_select") {
			return suggested
		}
		return optionsOf(e)
	}
	many := []string{}
	if value != "" {
		many = strings.Split(value, ",")
	}
	switch kind {
	case "plain_text_input", "email_text_input", "url_text_input", "number_input":
		n := utf8.RuneCountInString(value)
		limit := 3000
		if f, ok := e["max_length"].(float64); ok {
			limit = int(f)
		}
		if f, ok := e["min_length"].(float64); ok && value != "" && n < int(f) {
			return nil, fmt.Errorf("at least %d characters are needed", int(f))
		}
		if n > limit {
			return nil, fmt.Errorf("at most %d characters fit", limit)
		}
		if _, err := strconv.ParseFloat(value, 64); kind == "number_input" && value != "" && err != nil {
			return nil, fmt.Errorf("%q is not a number", value)
		}
		if value == "" {
			return one("value", nil)
		}
		return one("value", value)
	case "static_select", "external_select", "radio_buttons", "overflow":
		if value == "" {
			return one("selected_option", nil)
		}
		o := options()[value]
		if o == nil {
			return nil, fmt.Errorf("there is no option %q", value)
		}
		return one("selected_option", o)
	case "checkboxes", "multi_static_select", "multi_external_select":
		list := []any{}
		for _, v := range many {
			o := options()[v]
			if o == nil {
				return nil, fmt.Errorf("there is no option %q", v)
			}
			list = append(list, o)
		}
		return one("selected_options", list)
	case "users_select":
		return one("selected_user", value)
	case "channels_select":
		return one("selected_channel", value)
	case "conversations_select":
		return one("selected_conversation", value)
	case "multi_users_select":
		return one("selected_users", many)
	case "multi_channels_select":
		return one("selected_channels", many)
	case "multi_conversations_select":
		return one("selected_conversations", many)
	case "datepicker":
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return nil, fmt.Errorf("%q is not a date", value)
		}
		return one("selected_date", value)
	case "timepicker":
		if _, err := time.Parse("15:04", value); err != nil {
			return nil, fmt.Errorf("%q is not a time", value)
		}
		return one("selected_time", value)
	case "datetimepicker":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a time in seconds", value)
		}
		return one("selected_date_time", n)
	}
	return nil, fmt.Errorf("nothing can be entered into a %s", kind)
}

// optionsOf is the options of an element, or of its groups, by value.
func optionsOf(e map[string]any) map[string]map[string]any {
	out := map[string]map[string]any{}
	list := slices.Clone(asList(e["options"]))
	for _, g := range asList(e["option_groups"]) {
		list = append(list, asList(asObject(g)["options"])...)
	}
	for _, o := range list {
		out[asString(asObject(o)["value"])] = asObject(o)
	}
	return out
}

// empty says whether a state holds nothing, so that a required input is still open.
func empty(state map[string]any) bool {
	for k, v := range state {
		if k == "type" {
			continue
		}
		switch v := v.(type) {
		case nil:
			return true
		case string:
			return v == ""
		case []any:
			return len(v) == 0
		case []string:
			return len(v) == 0
		}
	}
	return false
}

func decode(raw []byte) any {
	var v any
	_ = json.Unmarshal(raw, &v)
	return v
}

func asObject(v any) map[string]any { m, _ := v.(map[string]any); return m }
func asList(v any) []any            { l, _ := v.([]any); return l }
func asString(v any) string         { s, _ := v.(string); return s }
