package slackd

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Visible is everything that a person reads in the message, block by block: texts, cells
// with " | " between them, labels of buttons in [brackets]. Mentions stay as <@U…>.
func (m Message) Visible() string {
	if len(m.Blocks) == 0 {
		return mrkdwn(m.Text)
	}
	return visible(m.Blocks)
}

// Visible is everything that a person reads in the view.
func (v View) Visible() string {
	var parts []string
	if v.Title != "" {
		parts = append(parts, v.Title)
	}
	parts = append(parts, visible(v.Blocks))
	for _, e := range v.Errors {
		parts = append(parts, "! "+e)
	}
	for _, b := range []string{v.Submit, v.Close} {
		if b != "" {
			parts = append(parts, "["+b+"]")
		}
	}
	return strings.Join(parts, "\n")
}

func visible(blocks []json.RawMessage) string {
	var out []string
	for _, raw := range blocks {
		if t := visibleBlock(asObject(decode(raw))); t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, "\n")
}

func visibleBlock(b map[string]any) string {
	var out []string
	add := func(t string) {
		if t != "" {
			out = append(out, t)
		}
	}
	switch b["type"] {
	case "divider":
		return "---"
	case "header", "alert":
		return readText(b["text"])
	case "markdown":
		return asString(b["text"])
	case "section":
		add(readText(b["text"]))
		for _, f := range asList(b["fields"]) {
			add(readText(f))
		}
		add(visibleElement(b["accessory"]))
	case "context", "actions":
		var line []string
		for _, e := range asList(b["elements"]) {
			if t := visibleElement(e); t != "" {
				line = append(line, t)
			}
		}
		return strings.Join(line, " ")
	case "input":
		add(readText(b["label"]))
		add(visibleElement(b["element"]))
		add(readText(b["hint"]))
	case "image":
		add(readText(b["title"]))
		add(asString(b["alt_text"]))
	case "rich_text":
		return richText(b)
	case "table", "data_table":
		add(asString(b["caption"]))
		for _, row := range asList(b["rows"]) {
			var cells []string
			for _, cell := range asList(row) {
				cells = append(cells, readCell(asObject(cell)))
			}
			add(strings.Join(cells, " | "))
		}
	case "data_visualization":
		add(asString(b["title"]))
		add(readChart(asObject(b["chart"])))
	}
	return strings.Join(out, "\n")
}

func readCell(c map[string]any) string {
	switch c["type"] {
	case "raw_text":
		return asString(c["text"])
	case "raw_number":
		if t := asString(c["text"]); t != "" {
			return t
		}
		f, _ := c["value"].(float64)
		return strconv.FormatFloat(f, 'f', -1, 64)
	case "action_cell":
		return visibleElement(c["element"])
	}
	return richText(c)
}

func readChart(c map[string]any) string {
	var out []string
	point := func(v any) {
		p := asObject(v)
		out = append(out, fmt.Sprintf("%s: %v", asString(p["label"]), p["value"]))
	}
	for _, s := range asList(c["segments"]) {
		point(s)
	}
	for _, s := range asList(c["series"]) {
		out = append(out, asString(asObject(s)["name"]))
		for _, p := range asList(asObject(s)["data"]) {
			point(p)
		}
	}
	return strings.Join(out, "\n")
}

// visibleElement is what a person reads of an element that is not opened.
func visibleElement(v any) string {
	e := asObject(v)
	switch e["type"] {
	case nil:
		return ""
	case "mrkdwn", "plain_text":
		return readText(e)
	case "image":
		return asString(e["alt_text"])
	case "button":
		return "[" + readText(e["text"]) + "]"
	case "overflow":
		var list []string
		for _, o := range asList(e["options"]) {
			list = append(list, readText(asObject(o)["text"]))
		}
		return "[… " + strings.Join(list, ", ") + "]"
	case "checkboxes", "radio_buttons":
		var list []string
		for _, o := range asList(e["options"]) {
			t := "( ) " + readText(asObject(o)["text"])
			if d := readText(asObject(o)["description"]); d != "" {
				t += " — " + d
			}
			list = append(list, t)
		}
		return strings.Join(list, "\n")
	}
	if t := asString(e["initial_value"]); t != "" {
		return t
	}
	if t := readText(asObject(e["initial_option"])["text"]); t != "" {
		return "[" + t + "]"
	}
	if t := readText(e["placeholder"]); t != "" {
		return "[" + t + "]"
	}
	return ""
}

func readText(v any) string {
	t := asObject(v)
	if t["type"] == "mrkdwn" {
		return mrkdwn(asString(t["text"]))
	}
	return asString(t["text"])
}

// mrkdwn is a mrkdwn text as it reads: links by their labels, dates by their fallback,
// mentions as <@U…>, the three escapes undone.
func mrkdwn(text string) string {
	text = angle.ReplaceAllStringFunc(text, func(token string) string {
		inner := token[1 : len(token)-1]
		target, label, labelled := strings.Cut(inner, "|")
		switch {
		case strings.HasPrefix(inner, "@"), strings.HasPrefix(inner, "#"):
			return "\x00" + target + "\x01"
		case strings.HasPrefix(inner, "!date^") && labelled:
			return label
		case strings.HasPrefix(inner, "!"):
			return "\x00" + target + "\x01"
		case labelled:
			return label
		}
		return target
	})
	text = plain.Replace(text)
	return strings.NewReplacer("\x00", "<", "\x01", ">").Replace(text)
}

// richText is a rich_text block, or cell, as it reads.
func richText(b map[string]any) string {
	var out []string
	for _, part := range asList(b["elements"]) {
		p := asObject(part)
		if p["type"] == "rich_text_list" {
			for i, item := range asList(p["elements"]) {
				mark := "• "
				if p["style"] == "ordered" {
					mark = strconv.Itoa(i+1) + ". "
				}
				out = append(out, mark+richLine(asObject(item)))
			}
			continue
		}
		if t := richLine(p); t != "" {
			out = append(out, t)
		}
	}
	return strings.Join(out, "\n")
}

func richLine(p map[string]any) string {
	var b strings.Builder
	for _, v := range asList(p["elements"]) {
		e := asObject(v)
		switch e["type"] {
		case "text":
			b.WriteString(asString(e["text"]))
		case "link":
			if t := asString(e["text"]); t != "" {
				b.WriteString(t)
			} else {
				b.WriteString(asString(e["url"]))
			}
		case "emoji":
			b.WriteString(":" + asString(e["name"]) + ":")
		case "user":
			b.WriteString("<@" + asString(e["user_id"]) + ">")
		case "usergroup":
			b.WriteString("<!subteam^" + asString(e["usergroup_id"]) + ">")
		case "channel":
			b.WriteString("<#" + asString(e["channel_id"]) + ">")
		case "broadcast":
			b.WriteString("<!" + asString(e["range"]) + ">")
		case "date":
			b.WriteString(asString(e["fallback"]))
		case "color":
			b.WriteString(asString(e["value"]))
		}
	}
	return b.String()
}
