package slackd

import (
	"fmt"
	"unicode/utf8"
)

func checkTable(c *checker, at string, m map[string]any) {
	if c.tables++; c.tables > 1 {
		c.code = "invalid_attachments" // Slack keeps tables among the attachments
		c.say(at, "only one table is allowed in a message")
	}
	for i, row := range c.list(at+"/rows", m["rows"], 1, maxTableRows) {
		for j, cell := range c.list(fmt.Sprintf("%s/rows/%d", at, i), row, 1, maxTableColumns) {
			c.tableText += c.cell(fmt.Sprintf("%s/rows/%d/%d", at, i, j), cell, "raw_text", "raw_number", "rich_text")
		}
	}
	if c.tableText > maxTableChars {
		c.say(at+"/rows", "no more than %d characters in all cells, %d given", maxTableChars, c.tableText)
	}
	if v := m["column_settings"]; v != nil {
		for i, s := range c.list(at+"/column_settings", v, 0, maxTableColumns) {
			where := fmt.Sprintf("%s/column_settings/%d", at, i)
			if s == nil {
				continue // null leaves a column as it is
			}
			if s, ok := c.object(where, s, "align", "is_wrapped"); ok {
				c.oneOf(where+"/align", s["align"], "left", "center", "right")
				c.bool(where+"/is_wrapped", s["is_wrapped"])
			}
		}
	}
}

// cell checks a cell of a table and returns how many characters it holds.
func (c *checker) cell(at string, v any, kinds ...string) int {
	kind := asString(asObject(v)["type"])
	known := false
	for _, k := range kinds {
		known = known || k == kind
	}
	if !known {
		c.say(at+"/type", "unsupported cell type: %q", kind)
		return 0
	}
	before := c.size
	switch kind {
	case "raw_text":
		m, _ := c.object(at, v, "type", "text")
		c.size += utf8.RuneCountInString(c.str(at+"/text", m["text"], 1, maxTableChars*2))
	case "raw_number":
		m, _ := c.object(at, v, "type", "value", "text")
		if _, ok := m["value"].(float64); !ok {
			c.say(at+"/value", "must be a number")
		}
		if t, given := m["text"]; given {
			c.size += utf8.RuneCountInString(c.str(at+"/text", t, 1, maxTableChars*2))
		} else {
			c.size += len(fmt.Sprint(m["value"]))
		}
	case "rich_text":
		m, _ := c.object(at, v, "type", "elements", "block_id")
		checkRichText(c, at, m)
		if c.size == before && len(richText(m)) == 0 {
			c.say(at, "a cell can't be empty")
		}
	case "action_cell":
		m, _ := c.object(at, v, "type", "element", "fallback")
		c.element(at+"/element", m["element"], inActions)
	}
	return c.size - before
}

// Limits of a data table: rows count the header, characters are those of the whole message.
const (
	maxDataRows  = 201
	maxDataChars = 20000
)

func checkDataTable(c *checker, at string, m map[string]any) {
	c.size += utf8.RuneCountInString(c.str(at+"/caption", m["caption"], 1, maxText))
	c.number(at+"/page_size", m["page_size"], 1, 100)
	c.number(at+"/row_header_column_index", m["row_header_column_index"], 0, 19)
	before, width := c.size, 0
	for i, row := range c.list(at+"/rows", m["rows"], 2, maxDataRows) {
		where := fmt.Sprintf("%s/rows/%d", at, i)
		cells := c.list(where, row, 1, maxTableColumns)
		if i == 0 {
			width = len(cells)
		} else if len(cells) != width {
			c.say(where, "every row must have %d cells", width)
		}
		for j, cell := range cells {
			kinds := []string{"raw_text", "raw_number", "rich_text", "action_cell"}
			if i == 0 {
				kinds = kinds[:1]
			}
			c.cell(fmt.Sprintf("%s/%d", where, j), cell, kinds...)
		}
	}
	if c.dataText += c.size - before; c.dataText > maxDataChars {
		c.say(at+"/rows", "no more than %d characters in all data tables", maxDataChars)
	}
}

// Limits of a chart.
const (
	maxCharts     = 2
	maxSeries     = 12
	maxPoints     = 20
	maxChartLabel = 20
	maxAxisLabel  = 50
)

func checkChart(c *checker, at string, m map[string]any) {
	if c.charts++; c.charts > maxCharts {
		c.say(at, "only %d charts are allowed in a message", maxCharts)
	}
	c.size += utf8.RuneCountInString(c.str(at+"/title", m["title"], 1, 50))
	kind := asString(asObject(m["chart"])["type"])
	at += "/chart"
	switch kind {
	case "pie":
		chart, _ := c.object(at, m["chart"], "type", "segments")
		for i, s := range c.list(at+"/segments", chart["segments"], 1, maxSeries) {
			c.point(fmt.Sprintf("%s/segments/%d", at, i), s, true)
		}
	case "bar", "area", "line":
		chart, _ := c.object(at, m["chart"], "type", "series", "axis_config")
		axis, _ := c.object(at+"/axis_config", chart["axis_config"], "categories", "x_label", "y_label")
		categories := c.list(at+"/axis_config/categories", axis["categories"], 1, maxPoints)
		known := map[string]bool{}
		for i, v := range categories {
			known[c.str(fmt.Sprintf("%s/axis_config/categories/%d", at, i), v, 1, maxChartLabel)] = true
		}
		c.str(at+"/axis_config/x_label", axis["x_label"], 0, maxAxisLabel)
		c.str(at+"/axis_config/y_label", axis["y_label"], 0, maxAxisLabel)
		names := map[string]bool{}
		for i, v := range c.list(at+"/series", chart["series"], 1, maxSeries) {
			where := fmt.Sprintf("%s/series/%d", at, i)
			s, ok := c.object(where, v, "name", "data")
			if !ok {
				continue
			}
			name := c.str(where+"/name", s["name"], 1, maxChartLabel)
			if names[name] {
				c.say(where+"/name", "the name %q is used twice", name)
			}
			names[name] = true
			points := c.list(where+"/data", s["data"], 1, maxPoints)
			if len(points) != len(categories) {
				c.say(where+"/data", "one point is needed for every category")
			}
			for j, p := range points {
				label := c.point(fmt.Sprintf("%s/data/%d", where, j), p, false)
				if !known[label] {
					c.say(where+"/data", "the label %q is no category", label)
				}
			}
		}
	default:
		c.say(at+"/type", "unsupported chart: %q", kind)
	}
}

func (c *checker) point(at string, v any, positive bool) string {
	m, ok := c.object(at, v, "label", "value")
	if !ok {
		return ""
	}
	f, ok := m["value"].(float64)
	if !ok || (positive && f <= 0) {
		c.say(at+"/value", "must be a number, and above 0 in a pie")
	}
	label := c.str(at+"/label", m["label"], 1, maxChartLabel)
	c.size += utf8.RuneCountInString(label)
	return label
}
