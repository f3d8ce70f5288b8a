package slackd

import (
	"fmt"
	"unicode/utf8"
)

func checkRichText(c *checker, at string, m map[string]any) {
	for i, e := range c.list(at+"/elements", m["elements"], 1, 1000) {
		c.richElement(fmt.Sprintf("%s/elements/%d", at, i), e)
	}
}

// richElement checks a part of a rich text: a section, a list, a quote, a code block.
func (c *checker) richElement(at string, v any) {
	kind := asString(asObject(v)["type"])
	fields := []string{"type", "elements"}
	switch kind {
	case "rich_text_section":
	case "rich_text_quote":
		fields = append(fields, "border")
	case "rich_text_preformatted":
		fields = append(fields, "border", "language")
	case "rich_text_list":
		fields = append(fields, "style", "indent", "border", "offset")
	default:
		c.say(at+"/type", "unsupported type: %s", kind)
		return
	}
	m, ok := c.object(at, v, fields...)
	if !ok {
		return
	}
	c.number(at+"/border", m["border"], 0, 1)
	c.number(at+"/indent", m["indent"], 0, 8)
	c.number(at+"/offset", m["offset"], 0, 1e6)
	for i, e := range c.list(at+"/elements", m["elements"], 0, 1000) {
		where := fmt.Sprintf("%s/elements/%d", at, i)
		if kind != "rich_text_list" {
			c.richWord(where, e, kind == "rich_text_preformatted")
			continue
		}
		if asObject(e)["type"] != "rich_text_section" {
			c.say(where+"/type", "a list holds rich_text_section")
			continue
		}
		c.richElement(where, e)
	}
	if kind == "rich_text_list" {
		if m["style"] == nil {
			c.say(at+"/style", "missing required field")
		}
		c.oneOf(at+"/style", m["style"], "bullet", "ordered")
	}
}

// richWords is what may stand in a section, and the fields of each.
var richWords = map[string][]string{
	"text":      {"text", "style"},
	"link":      {"url", "text", "unsafe", "style"},
	"emoji":     {"name", "unicode", "skin_tone", "style"},
	"user":      {"user_id", "style"},
	"usergroup": {"usergroup_id", "style"},
	"channel":   {"channel_id", "style"},
	"broadcast": {"range", "style"},
	"date":      {"timestamp", "format", "url", "fallback", "timezone", "style"},
	"color":     {"value", "style"},
}

func (c *checker) richWord(at string, v any, code bool) {
	kind := asString(asObject(v)["type"])
	fields, ok := richWords[kind]
	if !ok || (code && kind != "text" && kind != "link") {
		c.say(at+"/type", "unsupported type: %s", kind)
		return
	}
	m, _ := c.object(at, v, append([]string{"type"}, fields...)...)
	switch kind {
	case "text":
		c.size += utf8.RuneCountInString(c.str(at+"/text", m["text"], 1, 1<<20))
	case "link":
		c.url(at+"/url", m["url"], 1)
		c.size += utf8.RuneCountInString(c.str(at+"/text", m["text"], 0, 1<<20))
	case "emoji":
		c.str(at+"/name", m["name"], 1, 100)
	case "user":
		c.str(at+"/user_id", m["user_id"], 1, 32)
	case "usergroup":
		c.str(at+"/usergroup_id", m["usergroup_id"], 1, 32)
	case "channel":
		c.str(at+"/channel_id", m["channel_id"], 1, 32)
	case "broadcast":
		c.str(at+"/range", m["range"], 1, 20)
		c.oneOf(at+"/range", m["range"], "here", "channel", "everyone")
	case "date":
		if m["timestamp"] == nil {
			c.say(at+"/timestamp", "missing required field")
		}
		c.number(at+"/timestamp", m["timestamp"], 0, 1e11)
		c.str(at+"/format", m["format"], 1, 200)
		c.size += utf8.RuneCountInString(c.str(at+"/fallback", m["fallback"], 0, 1000))
	case "color":
		c.str(at+"/value", m["value"], 1, 20)
	}
	if s := m["style"]; s != nil {
		if s, ok := c.object(at+"/style", s, "bold", "italic", "strike", "code", "underline", "highlight",
			"client_highlight", "unlink"); ok {
			for k, b := range s {
				c.bool(at+"/style/"+k, b)
			}
		}
	}
}
