package slackd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// surface is where blocks are shown.
type surface string

const (
	onMessage surface = "message"
	onModal   surface = "modal"
	onHome    surface = "home"
)

// Limits of Block Kit, as docs.slack.dev and Slack's own answers give them. Lengths are
// in characters.
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	maxID            = 255
	maxText          = 3000
	maxHeader        = 150
	maxFields        = 10
	maxField         = 2000
	maxActions       = 25
	maxContext       = 10
	maxAltText       = 2000
	maxURL           = 3000
	maxInputLabel    = 2000
	maxPlaceholder   = 150
	maxMarkdown      = 12000
	maxTableRows     = 100
	maxTableColumns  = 20
	maxTableChars    = 10000
)

// blockError is why blocks were refused.
type blockError struct {
	code     string
	messages []string
}

// checker collects what is wrong with blocks, in the form of Slack's own messages.
type checker struct {
	on        surface
	errs      []string
	code      string // overrides invalid_blocks
	size      int    // characters that people read
	tables    int
	tableText int
	dataText  int
	charts    int
	markdown  int
	focus     int
	blockIDs  map[string]bool
}

func newChecker(on surface) *checker { return &checker{on: on, blockIDs: map[string]bool{}} }

func (c *checker) say(at, format string, args ...any) {
	c.errs = append(c.errs, fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
}

// checkBlocks checks a list of blocks. It returns them with a block_id in each, as Slack
// does, and how many characters of text they hold.
func checkBlocks(on surface, raw json.RawMessage, newID func() string) ([]json.RawMessage, int, *blockError) {
	c := newChecker(on)
	var list []any
	if len(raw) == 0 || json.Unmarshal(raw, &list) != nil || (list == nil && on != onMessage) {
		return nil, 0, &blockError{"invalid_blocks_format", []string{"blocks must be a JSON array [json-pointer:/blocks]"}}
	}
	limit := maxViewBlocks
	if on == onMessage {
		limit = maxMessageBlocks
	}
	if len(list) > limit {
		c.say("/blocks", "no more than %d items allowed, %d given", limit, len(list))
	}
	if len(list) == 0 && on != onMessage {
		c.say("/blocks", "must have at least 1 item")
	}
	out := make([]json.RawMessage, 0, len(list))
	for i, b := range list {
		c.block(fmt.Sprintf("/blocks/%d", i), b)
	}
	if len(c.errs) > 0 {
		code := "invalid_blocks"
		if c.code != "" {
			code = c.code
		}
		return nil, 0, &blockError{code, c.errs}
	}
	for i, b := range list {
		m := b.(map[string]any)
		if asString(m["block_id"]) == "" {
			m["block_id"] = newID()
		}
		for j, e := range elementsOfAll(m) {
			if asString(e["action_id"]) == "" {
				e["action_id"] = fmt.Sprintf("%s-%d-%d", newID(), i, j)
			}
		}
		one, err := json.Marshal(m)
		if err != nil {
			return nil, 0, &blockError{"invalid_blocks_format", []string{err.Error()}}
		}
		out = append(out, one)
	}
	return out, c.size, nil
}

// elementsOfAll is elementsOf for blocks whose elements may still lack an action id.
func elementsOfAll(block map[string]any) []map[string]any {
	var list []any
	switch block["type"] {
	case "section":
		list = []any{block["accessory"]}
	case "input":
		list = []any{block["element"]}
	case "actions":
		list = asList(block["elements"])
	}
	var out []map[string]any
	for _, v := range list {
		if m := asObject(v); m != nil && m["type"] != "image" {
			out = append(out, m)
		}
	}
	return out
}

// object checks that v is an object with no other fields than these.
func (c *checker) object(at string, v any, fields ...string) (map[string]any, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		c.say(at, "must be an object")
		return nil, false
	}
	for k := range m {
		if !slices.Contains(fields, k) {
			c.say(at, "no such field: %s", k)
		}
	}
	return m, true
}

// list checks that v is a list of min to max items.
func (c *checker) list(at string, v any, low, high int) []any {
	l, ok := v.([]any)
	if !ok {
		c.say(at, "must be an array")
		return nil
	}
	if len(l) < low {
		c.say(at, "must have at least %d items, %d given", low, len(l))
	}
	if len(l) > high {
		c.say(at, "no more than %d items allowed, %d given", high, len(l))
	}
	return l
}

// str checks a string of min to max characters; one that is absent passes when min is 0.
func (c *checker) str(at string, v any, low, high int) string {
	if v == nil {
		if low > 0 {
			c.say(at, "missing required field")
		}
		return ""
	}
	t, ok := v.(string)
	if !ok {
		c.say(at, "must be a string")
		return ""
	}
	n := utf8.RuneCountInString(t)
	if n < low {
		c.say(at, "must be more than %d characters", low-1)
	}
	if n > high {
		c.say(at, "must be less than %d characters, %d given", high+1, n)
	}
	return t
}

func (c *checker) bool(at string, v any) {
	if _, ok := v.(bool); v != nil && !ok {
		c.say(at, "must be a boolean")
	}
}

func (c *checker) number(at string, v any, low, high float64) {
	if v == nil {
		return
	}
	f, ok := v.(float64)
	if !ok || f < low || f > high {
		c.say(at, "must be a number from %v to %v", low, high)
	}
}

func (c *checker) oneOf(at string, v any, words ...string) {
	if v != nil && !slices.Contains(words, asString(v)) {
		c.say(at, "must be one of %s", strings.Join(words, ", "))
	}
}

func (c *checker) url(at string, v any, low int) {
	t := c.str(at, v, low, maxURL)
	if t != "" && !strings.HasPrefix(t, "https://") && !strings.HasPrefix(t, "http://") {
		c.say(at, "invalid url")
	}
}

// anyText checks a text object, plain or mrkdwn.
func (c *checker) anyText(at string, v any, high int) string {
	m, ok := c.object(at, v, "type", "text", "emoji", "verbatim")
	if !ok {
		return ""
	}
	switch m["type"] {
	case "plain_text":
		c.bool(at+"/emoji", m["emoji"])
		if m["verbatim"] != nil {
			c.say(at+"/verbatim", "only mrkdwn texts have verbatim")
		}
	case "mrkdwn":
		c.bool(at+"/verbatim", m["verbatim"])
		if m["emoji"] != nil {
			c.say(at+"/emoji", "only plain_text texts have emoji")
		}
	default:
		c.say(at+"/type", "must be plain_text or mrkdwn")
	}
	t := c.str(at+"/text", m["text"], 1, high)
	c.size += utf8.RuneCountInString(t)
	return t
}

// plainText checks a plain_text object.
func (c *checker) plainText(at string, v any, high int) string {
	if m, ok := v.(map[string]any); ok && m["type"] != "plain_text" {
		c.say(at+"/type", "must be plain_text")
		return ""
	}
	return c.anyText(at, v, high)
}

func (c *checker) block(at string, v any) {
	m, ok := v.(map[string]any)
	if !ok {
		c.say(at, "must be an object")
		return
	}
	kind := asString(m["type"])
	spec, ok := blockSpecs[kind]
	if !ok {
		c.say(at+"/type", "unsupported type: %s", kind)
		return
	}
	c.object(at, v, append([]string{"type", "block_id"}, spec.fields...)...)
	if len(spec.on) > 0 && !slices.Contains(spec.on, c.on) {
		c.say(at+"/type", "a %s block can't stand on a %s", kind, c.on)
	}
	if id, given := m["block_id"]; given {
		t := c.str(at+"/block_id", id, 0, maxID)
		if t != "" && c.blockIDs[t] {
			c.say(at+"/block_id", "block_id %q is used twice", t)
		}
		c.blockIDs[t] = true
	}
	if spec.check != nil {
		spec.check(c, at, m)
	}
	seen := map[string]bool{}
	for _, e := range elementsOfAll(m) {
		if id := asString(e["action_id"]); id != "" {
			if seen[id] {
				c.say(at, "action_id %q is used twice in a block", id)
			}
			seen[id] = true
		}
	}
}
