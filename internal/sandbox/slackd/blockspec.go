package slackd

import "fmt"

// blockSpec is one type of block: its fields beside type and block_id, and where it may
// stand (everywhere when on is empty).
type blockSpec struct {
	fields []string
	on     []surface
	check  func(c *checker, at string, m map[string]any)
}

var blockSpecs map[string]blockSpec

func init() {
	blockSpecs = map[string]blockSpec{
		"section":   {fields: []string{"text", "fields", "accessory", "expand"}, check: checkSection},
		"divider":   {},
		"header":    {fields: []string{"text", "level"}, check: checkHeader},
		"image":     {fields: []string{"image_url", "alt_text", "title", "slack_file"}, check: checkImageBlock},
		"actions":   {fields: []string{"elements"}, check: checkActions},
		"context":   {fields: []string{"elements"}, check: checkContext},
		"input":     {fields: []string{"label", "element", "hint", "optional", "dispatch_action"}, check: checkInput},
		"rich_text": {fields: []string{"elements"}, check: checkRichText},
		"markdown":  {fields: []string{"text"}, on: []surface{onMessage}, check: checkMarkdown},
		"table":     {fields: []string{"rows", "column_settings"}, on: []surface{onMessage}, check: checkTable},
		"data_table": {fields: []string{"caption", "rows", "page_size", "row_header_column_index"},
			on: []surface{onMessage}, check: checkDataTable},
		"data_visualization": {fields: []string{"title", "chart"}, on: []surface{onMessage}, check: checkChart},
		"alert":              {fields: []string{"text", "level"}, on: []surface{onModal}, check: checkAlert},
	}
}

func checkSection(c *checker, at string, m map[string]any) {
	if m["text"] == nil && m["fields"] == nil {
		c.say(at, "must define either text or fields")
	}
	if m["text"] != nil {
		c.anyText(at+"/text", m["text"], maxText)
	}
	if m["fields"] != nil {
		for i, f := range c.list(at+"/fields", m["fields"], 1, maxFields) {
			c.anyText(fmt.Sprintf("%s/fields/%d", at, i), f, maxField)
		}
	}
	c.bool(at+"/expand", m["expand"])
	if m["accessory"] != nil {
		c.element(at+"/accessory", m["accessory"], inSection)
	}
}

func checkHeader(c *checker, at string, m map[string]any) {
	c.plainText(at+"/text", m["text"], maxHeader)
	c.number(at+"/level", m["level"], 1, 4)
}

func checkImageBlock(c *checker, at string, m map[string]any) {
	checkPicture(c, at, m)
	if m["title"] != nil {
		c.plainText(at+"/title", m["title"], 2000)
	}
}

func checkPicture(c *checker, at string, m map[string]any) {
	c.str(at+"/alt_text", m["alt_text"], 1, maxAltText)
	if (m["image_url"] == nil) == (m["slack_file"] == nil) {
		c.say(at, "must define either image_url or slack_file")
	}
	if m["image_url"] != nil {
		c.url(at+"/image_url", m["image_url"], 1)
	}
	if m["slack_file"] != nil {
		c.object(at+"/slack_file", m["slack_file"], "id", "url")
	}
}

func checkActions(c *checker, at string, m map[string]any) {
	for i, e := range c.list(at+"/elements", m["elements"], 1, maxActions) {
		c.element(fmt.Sprintf("%s/elements/%d", at, i), e, inActions)
	}
}

func checkContext(c *checker, at string, m map[string]any) {
	for i, e := range c.list(at+"/elements", m["elements"], 1, maxContext) {
		where := fmt.Sprintf("%s/elements/%d", at, i)
		if o := asObject(e); o["type"] == "image" {
			if o, ok := c.object(where, e, "type", "image_url", "alt_text", "slack_file"); ok {
				checkPicture(c, where, o)
			}
			continue
		}
		c.anyText(where, e, maxText)
	}
}

func checkInput(c *checker, at string, m map[string]any) {
	c.plainText(at+"/label", m["label"], maxInputLabel)
	if m["hint"] != nil {
		c.plainText(at+"/hint", m["hint"], maxInputLabel)
	}
	c.bool(at+"/optional", m["optional"])
	c.bool(at+"/dispatch_action", m["dispatch_action"])
	c.element(at+"/element", m["element"], inInput)
}

func checkMarkdown(c *checker, at string, m map[string]any) {
	n := len([]rune(c.str(at+"/text", m["text"], 1, maxMarkdown)))
	c.size += n
	if c.markdown += n; c.markdown > maxMarkdown {
		c.say(at+"/text", "no more than %d characters in all markdown blocks", maxMarkdown)
	}
}

func checkAlert(c *checker, at string, m map[string]any) {
	c.anyText(at+"/text", m["text"], 200)
	c.oneOf(at+"/level", m["level"], "default", "info", "success", "warning", "error")
}
