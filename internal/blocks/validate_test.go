package blocks

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// node is a piece of decoded Block Kit JSON.
type node = map[string]any

// check holds a message against Slack's limits, as the JSON that Slack gets. It returns
// everything that is wrong.
func check(m Message) []string {
	v := &validator{}
	v.text(m.Text)
	blocks := v.decode(slack.Blocks{BlockSet: m.Blocks})
	v.most("blocks of a message", len(blocks), maxBlocks)
	v.blocks(blocks, false)
	v.most("characters of all blocks", v.chars, maxChars)
	return v.faults
}

// checkView does the same for a dialog.
func checkView(view slack.ModalViewRequest) []string {
	v := &validator{}
	blocks := v.decode(view.Blocks)
	v.length("title", view.Title.Text, 1, 24)
	v.length("close", view.Close.Text, 1, 24)
	v.length("callback_id", view.CallbackID, 1, 255)
	v.most("private_metadata", utf8.RuneCountInString(view.PrivateMetadata), 3000)
	input := false
	for _, b := range blocks {
		input = input || b["type"] == "input"
	}
	if input != (view.Submit != nil) {
		v.fault("a dialog has a field (%v) but submit is %v", input, view.Submit)
	}
	if len(blocks) == 0 || len(blocks) > 100 {
		v.fault("%d blocks in a dialog", len(blocks))
	}
	v.blocks(blocks, true)
	return v.faults
}

type validator struct {
	faults []string
	chars  int
}

func (v *validator) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Sprintf(format, args...))
}

func (v *validator) most(what string, n, most int) {
	if n > most {
		v.fault("%s: %d, at most %d", what, n, most)
	}
}

func (v *validator) length(what, text string, least, most int) {
	n := utf8.RuneCountInString(text)
	v.chars += n
	if n < least || n > most {
		v.fault("%s: %d characters, %d to %d allowed: %.80q", what, n, least, most, text)
	}
	for _, r := range text {
		if r != '\n' && unseen(r) || r == '\u2028' || r == '\u2029' {
			v.fault("%s holds %U", what, r)
		}
	}
}

// markup is all that may stand in angle brackets: what this package writes itself.
var markup = regexp.MustCompile(`<(@[UW][A-Z0-9]+|#[CGD][A-Z0-9]+|!subteam\^S[A-Z0-9]+|!date\^-?\d+\^[{}a-z_ ]+\|[0-9: UTC-]+|https?://[^<>|]+\|[^<>|]+)>`)

var entity = regexp.MustCompile(`&(amp|lt|gt);`)

func (v *validator) text(text string) {
	if n := utf8.RuneCountInString(text); n == 0 || n > maxText {
		v.fault("text: %d characters", n)
	}
	rest := markup.ReplaceAllString(text, "")
	if strings.ContainsAny(rest, "<>") || strings.Contains(rest, "://") {
		v.fault("text holds markup: %q", rest)
	}
	if broken := entity.ReplaceAllString(rest, ""); strings.Contains(broken, "&") {
		v.fault("text holds a broken entity: %q", rest)
	}
	for _, r := range rest {
		if r != '\n' && r != joiner && unseen(r) {
			v.fault("text holds %U", r)
		}
	}
}

func (v *validator) decode(b slack.Blocks) []node {
	raw, err := json.Marshal(b)
	if err != nil {
		v.fault("marshal: %v", err)
	}
	var out []node
	if err := json.Unmarshal(raw, &out); err != nil {
		v.fault("unmarshal: %v", err)
	}
	return out
}

func (v *validator) blocks(blocks []node, view bool) {
	tables := 0
	for _, b := range blocks {
		switch b["type"] {
		case "header":
			v.plain("header", b["text"], 150)
		case "context":
			es := list(b["elements"])
			if len(es) == 0 || len(es) > 10 {
				v.fault("%d elements of context", len(es))
			}
			for _, e := range es {
				if e["type"] == "mrkdwn" {
					if text := str(e["text"]); markup.ReplaceAllString(text, "") != "" || !strings.HasPrefix(text, "<!date^") {
						v.fault("markup of something else than a date: %q", text)
					}
					v.length("mrkdwn", str(e["text"]), 1, 3000)
					continue
				}
				v.plain("context", e, 3000)
			}
		case "actions":
			v.actions(list(b["elements"]))
		case "rich_text":
			v.rich(list(b["elements"]))
		case "table":
			if tables++; tables > 1 || view {
				v.fault("a table too many")
			}
			v.table(b)
		case "input":
			v.plain("label", b["label"], 2000)
			v.plain("hint", b["hint"], 2000)
			e := b["element"].(node)
			if e["max_length"].(float64) > 3000 || str(b["block_id"]) == "" || str(e["action_id"]) == "" {
				v.fault("field: %v", e)
			}
		default:
			v.fault("a block of type %v", b["type"])
		}
	}
}

func (v *validator) plain(what string, x any, most int) {
	t, _ := x.(node)
	if t["type"] != "plain_text" || t["emoji"] == true {
		v.fault("%s is no plain text without emoji: %v", what, x)
	}
	v.length(what, str(t["text"]), 1, most)
}

func (v *validator) actions(elements []node) {
	if len(elements) == 0 || len(elements) > 25 {
		v.fault("%d elements of actions", len(elements))
	}
	ids := map[string]bool{}
	for _, e := range elements {
		id := str(e["action_id"])
		if e["type"] != "button" || ids[id] || id == "" || len(id) > 255 {
			v.fault("button: %v", e)
		}
		ids[id] = true
		v.plain("button", e["text"], 75)
		if utf8.RuneCountInString(str(e["value"])) > 2000 || str(e["value"])+str(e["url"]) == "" {
			v.fault("value of %s: %.50q", id, e["value"])
		}
		if c, ok := e["confirm"].(node); ok {
			v.plain("confirm title", c["title"], 100)
			v.plain("confirm text", c["text"], 300)
			v.plain("confirm", c["confirm"], 30)
			v.plain("confirm deny", c["deny"], 30)
		}
	}
}

func (v *validator) rich(elements []node) {
	if len(elements) == 0 {
		v.fault("empty rich text")
	}
	for _, e := range elements {
		switch e["type"] {
		case "rich_text_list":
			v.rich(list(e["elements"]))
		case "rich_text_section", "rich_text_quote", "rich_text_preformatted":
			v.inline(list(e["elements"]))
		default:
			v.fault("rich text of type %v", e["type"])
		}
	}
}

func (v *validator) inline(elements []node) {
	if len(elements) == 0 {
		v.fault("an empty section of rich text")
	}
	for _, e := range elements {
		switch e["type"] {
		case "text":
			v.length("rich text", str(e["text"]), 1, 3000)
		case "user", "usergroup", "channel":
			v.chars += 12
		case "date":
			v.length("date", str(e["fallback"]), 1, 100)
		case "link":
			v.length("link", str(e["text"]), 1, 1000)
			v.length("url", str(e["url"]), 1, 3000)
		default:
			v.fault("an element of type %v", e["type"])
		}
	}
}

func (v *validator) table(b node) {
	rows := b["rows"].([]any)
	v.most("rows", len(rows), 100)
	before, width := v.chars, len(list(rows[0]))
	v.most("columns", width, 20)
	if settings := list(b["column_settings"]); len(settings) != width {
		v.fault("%d settings for %d columns", len(settings), width)
	}
	for _, r := range rows {
		cells := list(r)
		if len(cells) != width {
			v.fault("a row of %d cells, not %d", len(cells), width)
		}
		for _, c := range cells {
			switch c["type"] {
			case "raw_text":
				v.length("cell", str(c["text"]), 1, 3000)
			case "rich_text":
				v.rich(list(c["elements"]))
			default:
				v.fault("a cell of type %v", c["type"])
			}
		}
	}
	v.most("characters of cells", v.chars-before, maxCells)
}

func str(x any) string { s, _ := x.(string); return s }

func list(x any) []node {
	all, _ := x.([]any)
	out := make([]node, 0, len(all))
	for _, e := range all {
		n, _ := e.(node)
		out = append(out, n)
	}
	return out
}
