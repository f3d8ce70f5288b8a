package slackd

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Where an element stands.
const (
	inSection = "section"
	inActions = "actions"
	inInput   = "input"
)

type elementSpec struct {
	fields []string
	in     []string // blocks that take it
	check  func(c *checker, at string, m map[string]any)
}

var elementSpecs map[string]elementSpec

func init() {
	everywhere := []string{inSection, inActions, inInput}
	shown := []string{inSection, inActions}
	chosen := []string{inSection, inInput}
	typed := []string{inInput}
	menu := []string{"placeholder", "confirm", "focus_on_load"}
	with := func(more ...string) []string { return append(slices.Clone(menu), more...) }
	elementSpecs = map[string]elementSpec{
		"button": {in: shown, check: checkButton,
			fields: []string{"text", "url", "value", "style", "confirm", "accessibility_label"}},
		"image":    {in: []string{inSection}, fields: []string{"image_url", "alt_text", "slack_file"}, check: checkPicture},
		"overflow": {in: shown, fields: []string{"options", "confirm"}, check: checkOverflow},
		"static_select": {in: everywhere, fields: with("options", "option_groups", "initial_option"),
			check: checkStaticSelect},
		"external_select": {in: everywhere, fields: with("initial_option", "min_query_length"), check: checkMenu},
		"users_select":    {in: everywhere, fields: with("initial_user"), check: checkMenu},
		"channels_select": {in: everywhere, fields: with("initial_channel", "response_url_enabled"), check: checkMenu},
		"conversations_select": {in: everywhere, check: checkMenu,
			fields: with("initial_conversation", "default_to_current_conversation", "response_url_enabled", "filter")},
		"multi_static_select": {in: chosen, check: checkStaticSelect,
			fields: with("options", "option_groups", "initial_options", "max_selected_items")},
		"multi_external_select": {in: chosen, check: checkMenu,
			fields: with("initial_options", "min_query_length", "max_selected_items")},
		"multi_users_select":    {in: chosen, fields: with("initial_users", "max_selected_items"), check: checkMenu},
		"multi_channels_select": {in: chosen, fields: with("initial_channels", "max_selected_items"), check: checkMenu},
		"multi_conversations_select": {in: chosen, check: checkMenu,
			fields: with("initial_conversations", "default_to_current_conversation", "max_selected_items", "filter")},
		"checkboxes": {in: everywhere, fields: []string{"options", "initial_options", "confirm", "focus_on_load"}, check: checkBoxes},
		"radio_buttons": {in: everywhere, fields: []string{"options", "initial_option", "confirm", "focus_on_load"},
			check: checkBoxes},
		"datepicker":     {in: everywhere, fields: with("initial_date"), check: checkPicker},
		"timepicker":     {in: everywhere, fields: with("initial_time", "timezone"), check: checkPicker},
		"datetimepicker": {in: []string{inActions, inInput}, fields: []string{"initial_date_time", "confirm", "focus_on_load"}, check: checkPicker},
		"plain_text_input": {in: typed, check: checkTyped, fields: []string{"placeholder", "initial_value", "multiline",
			"min_length", "max_length", "dispatch_action_config", "focus_on_load"}},
		"email_text_input": {in: typed, check: checkTyped,
			fields: []string{"placeholder", "initial_value", "dispatch_action_config", "focus_on_load"}},
		"url_text_input": {in: typed, check: checkTyped,
			fields: []string{"placeholder", "initial_value", "dispatch_action_config", "focus_on_load"}},
		"number_input": {in: typed, check: checkTyped, fields: []string{"placeholder", "initial_value", "is_decimal_allowed",
			"min_value", "max_value", "dispatch_action_config", "focus_on_load"}},
	}
}

// element checks an interactive element, or a picture, in a block.
func (c *checker) element(at string, v any, in string) {
	m, ok := v.(map[string]any)
	if !ok {
		c.say(at, "missing required field")
		return
	}
	kind := asString(m["type"])
	spec, ok := elementSpecs[kind]
	if !ok || !slices.Contains(spec.in, in) {
		c.say(at+"/type", "unsupported type: %s in %s", kind, in)
		return
	}
	fields := []string{"type"}
	if kind != "image" {
		fields = append(fields, "action_id")
		if id, given := m["action_id"]; given {
			c.str(at+"/action_id", id, 0, maxID)
		}
	}
	c.object(at, v, append(fields, spec.fields...)...)
	if m["focus_on_load"] == true {
		if c.focus++; c.focus > 1 {
			c.say(at+"/focus_on_load", "only one element can have the focus")
		}
	}
	c.bool(at+"/focus_on_load", m["focus_on_load"])
	if m["confirm"] != nil {
		c.confirm(at+"/confirm", m["confirm"])
	}
	spec.check(c, at, m)
}

func (c *checker) confirm(at string, v any) {
	m, ok := c.object(at, v, "title", "text", "confirm", "deny", "style")
	if !ok {
		return
	}
	c.plainText(at+"/title", m["title"], 100)
	c.anyText(at+"/text", m["text"], 300)
	c.plainText(at+"/confirm", m["confirm"], 30)
	c.plainText(at+"/deny", m["deny"], 30)
	c.oneOf(at+"/style", m["style"], "primary", "danger")
}

func checkButton(c *checker, at string, m map[string]any) {
	c.plainText(at+"/text", m["text"], 75)
	if m["url"] != nil {
		c.url(at+"/url", m["url"], 1)
	}
	c.str(at+"/value", m["value"], 0, 2000)
	c.str(at+"/accessibility_label", m["accessibility_label"], 0, 75)
	c.oneOf(at+"/style", m["style"], "primary", "danger")
}

func checkOverflow(c *checker, at string, m map[string]any) {
	c.options(at+"/options", m["options"], 1, 5, false)
}

func checkBoxes(c *checker, at string, m map[string]any) {
	c.options(at+"/options", m["options"], 1, 10, true)
	c.initials(at, m)
}

func checkMenu(c *checker, at string, m map[string]any) {
	if m["placeholder"] != nil {
		c.plainText(at+"/placeholder", m["placeholder"], maxPlaceholder)
	}
	c.number(at+"/min_query_length", m["min_query_length"], 0, 3000)
	c.number(at+"/max_selected_items", m["max_selected_items"], 1, 100)
	c.bool(at+"/default_to_current_conversation", m["default_to_current_conversation"])
	c.bool(at+"/response_url_enabled", m["response_url_enabled"])
	if m["response_url_enabled"] == true && c.on != onModal {
		c.say(at+"/response_url_enabled", "only for dialogs")
	}
	if f := m["filter"]; f != nil {
		c.object(at+"/filter", f, "include", "exclude_external_shared_channels", "exclude_bot_users")
	}
	if o := m["initial_option"]; o != nil {
		c.option(at+"/initial_option", o, false)
	}
	for i, o := range asList(m["initial_options"]) {
		c.option(fmt.Sprintf("%s/initial_options/%d", at, i), o, false)
	}
}

func checkStaticSelect(c *checker, at string, m map[string]any) {
	checkMenu(c, at, m)
	if (m["options"] == nil) == (m["option_groups"] == nil) {
		c.say(at, "must define either options or option_groups")
		return
	}
	if m["options"] != nil {
		c.options(at+"/options", m["options"], 1, 100, false)
	} else {
		c.optionGroups(at+"/option_groups", m["option_groups"])
	}
	c.initials(at, m)
}

// initials checks that what is chosen at first is among the options.
func (c *checker) initials(at string, m map[string]any) {
	known := optionsOf(m)
	list := asList(m["initial_options"])
	if o := m["initial_option"]; o != nil {
		list = append(slices.Clone(list), o)
	}
	for _, o := range list {
		if _, ok := known[asString(asObject(o)["value"])]; !ok {
			c.say(at, "the initial option is none of the options")
		}
	}
}

func (c *checker) optionGroups(at string, v any) {
	for i, g := range c.list(at, v, 1, 100) {
		where := fmt.Sprintf("%s/%d", at, i)
		if m, ok := c.object(where, g, "label", "options"); ok {
			c.plainText(where+"/label", m["label"], 75)
			c.options(where+"/options", m["options"], 1, 100, false)
		}
	}
}

// options checks a list of options. Only checkboxes and radio buttons take mrkdwn ones.
func (c *checker) options(at string, v any, low, high int, rich bool) {
	seen := map[string]bool{}
	for i, o := range c.list(at, v, low, high) {
		where := fmt.Sprintf("%s/%d", at, i)
		value := c.option(where, o, rich)
		if seen[value] {
			c.say(where+"/value", "the value %q is used twice", value)
		}
		seen[value] = true
	}
}

func (c *checker) option(at string, v any, rich bool) string {
	m, ok := c.object(at, v, "text", "value", "description", "url")
	if !ok {
		return ""
	}
	text := c.plainText
	if rich {
		text = c.anyText
	}
	text(at+"/text", m["text"], 75)
	if m["description"] != nil {
		text(at+"/description", m["description"], 75)
	}
	if m["url"] != nil {
		c.url(at+"/url", m["url"], 1)
	}
	return c.str(at+"/value", m["value"], 1, 150)
}

var clock = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)

func checkPicker(c *checker, at string, m map[string]any) {
	if m["placeholder"] != nil {
		c.plainText(at+"/placeholder", m["placeholder"], maxPlaceholder)
	}
	if d := m["initial_date"]; d != nil {
		if _, err := time.Parse(time.DateOnly, asString(d)); err != nil {
			c.say(at+"/initial_date", "must be YYYY-MM-DD")
		}
	}
	if t := m["initial_time"]; t != nil && !clock.MatchString(asString(t)) {
		c.say(at+"/initial_time", "must be HH:mm")
	}
	c.number(at+"/initial_date_time", m["initial_date_time"], 1e9, 1e10)
	c.str(at+"/timezone", m["timezone"], 0, 100)
}

func checkTyped(c *checker, at string, m map[string]any) {
	if m["placeholder"] != nil {
		c.plainText(at+"/placeholder", m["placeholder"], maxPlaceholder)
	}
	c.bool(at+"/multiline", m["multiline"])
	c.bool(at+"/is_decimal_allowed", m["is_decimal_allowed"])
	c.number(at+"/min_length", m["min_length"], 0, maxText)
	c.number(at+"/max_length", m["max_length"], 1, maxText)
	for _, k := range []string{"min_value", "max_value"} {
		c.str(at+"/"+k, m[k], 0, 100)
	}
	high := maxText
	if f, ok := m["max_length"].(float64); ok {
		high = int(f)
	}
	if m["type"] == "number_input" && m["is_decimal_allowed"] == nil {
		c.say(at+"/is_decimal_allowed", "missing required field")
	}
	c.size += utf8.RuneCountInString(c.str(at+"/initial_value", m["initial_value"], 0, high))
	if d := m["dispatch_action_config"]; d != nil {
		if d, ok := c.object(at+"/dispatch_action_config", d, "trigger_actions_on"); ok {
			for _, w := range c.list(at+"/dispatch_action_config/trigger_actions_on", d["trigger_actions_on"], 1, 2) {
				c.oneOf(at+"/dispatch_action_config", w, "on_enter_pressed", "on_character_entered")
			}
		}
	}
	if strings.HasPrefix(asString(m["type"]), "url") && m["initial_value"] != nil {
		c.url(at+"/initial_value", m["initial_value"], 0)
	}
}
