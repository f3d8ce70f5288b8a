package slackd

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

// object builds JSON from alternating keys and values.
func obj(kv ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i].(string)] = kv[i+1]
	}
	return m
}

func repeat[T any](n int, f func(i int) T) []any {
	out := make([]any, n)
	for i := range n {
		out[i] = f(i)
	}
	return out
}

func plainObj(n int) map[string]any {
	return obj("type", "plain_text", "text", strings.Repeat("é", n))
}
func mrkObj(n int) map[string]any { return obj("type", "mrkdwn", "text", strings.Repeat("é", n)) }
func rep(n int) string            { return strings.Repeat("é", n) }

func sectionObj(n int) map[string]any { return obj("type", "section", "text", mrkObj(n)) }

func actions(elements ...any) map[string]any { return obj("type", "actions", "elements", elements) }

func buttonObj(kv ...any) map[string]any {
	m := obj("type", "button", "action_id", "b", "text", plainObj(3))
	for k, v := range obj(kv...) {
		m[k] = v
	}
	return m
}

func optionObj(i int) any { return obj("text", plainObj(3), "value", fmt.Sprint("v", i)) }

func selectObj(kv ...any) map[string]any {
	m := obj("type", "static_select", "action_id", "s", "options", repeat(2, optionObj))
	for k, v := range obj(kv...) {
		if v == nil {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	return m
}

func tableObj(rows, columns, chars int) map[string]any {
	return obj("type", "table", "rows", repeat(rows, func(int) any {
		return repeat(columns, func(int) any { return obj("type", "raw_text", "text", rep(chars)) })
	}))
}

func dataTable(rows, columns int) map[string]any {
	return obj("type", "data_table", "caption", "c", "rows", repeat(rows, func(int) any {
		return repeat(columns, func(int) any { return obj("type", "raw_text", "text", "x") })
	}))
}

func rich(elements ...any) map[string]any {
	return obj("type", "rich_text", "elements", []any{obj("type", "rich_text_section", "elements", elements)})
}

func inputObj(el map[string]any) map[string]any {
	return obj("type", "input", "label", plainObj(3), "element", el)
}

func textInput(kv ...any) map[string]any {
	m := obj("type", "plain_text_input", "action_id", "t")
	for k, v := range obj(kv...) {
		m[k] = v
	}
	return m
}

func confirmObj(title, text, yes, no int) map[string]any {
	return obj("title", plainObj(title), "text", plainObj(text), "confirm", plainObj(yes), "deny", plainObj(no))
}

func series(n, points int) map[string]any {
	labels := repeat(points, func(i int) any { return fmt.Sprint("p", i) })
	return obj("type", "data_visualization", "title", "t", "chart", obj("type", "line",
		"axis_config", obj("categories", labels), "series", repeat(n, func(i int) any {
			return obj("name", fmt.Sprint("s", i), "data", repeat(points, func(j int) any {
				return obj("label", fmt.Sprint("p", j), "value", 0)
			}))
		})))
}

// TestBlockKit holds pairs of blocks, one at a limit and one just beyond, against the
// validator; want is a part of the refusal.
func TestBlockKit(t *testing.T) {
	for _, tt := range []struct {
		name   string
		on     surface
		blocks []any
		want   string
	}{
		{"none", onMessage, []any{}, ""},
		{"50", onMessage, repeat(50, func(int) any { return obj("type", "divider") }), ""},
		{"51", onMessage, repeat(51, func(int) any { return obj("type", "divider") }), "no more than 50 items"},
		{"100 in a dialog", onModal, repeat(100, func(int) any { return obj("type", "divider") }), ""},
		{"101 in a dialog", onModal, repeat(101, func(int) any { return obj("type", "divider") }), "no more than 100"},
		{"no object", onMessage, []any{"x"}, "must be an object"},
		{"unknown block", onMessage, []any{obj("type", "sektion")}, "unsupported type: sektion"},
		{"unknown field", onMessage, []any{obj("type", "divider", "text", "x")}, "no such field: text"},
		{"block_id 255", onMessage, []any{obj("type", "divider", "block_id", rep(255))}, ""},
		{"block_id 256", onMessage, []any{obj("type", "divider", "block_id", rep(256))}, "less than 256"},
		{"block_id twice", onMessage, []any{obj("type", "divider", "block_id", "a"), obj("type", "divider", "block_id", "a")}, "used twice"},

		{"section 3000", onMessage, []any{sectionObj(3000)}, ""},
		{"section 3001", onMessage, []any{sectionObj(3001)}, "less than 3001"},
		{"section empty", onMessage, []any{sectionObj(0)}, "more than 0"},
		{"section of nothing", onMessage, []any{obj("type", "section")}, "either text or fields"},
		{"10 fields", onMessage, []any{obj("type", "section", "fields", repeat(10, func(int) any { return mrkObj(10) }))}, ""},
		{"11 fields", onMessage, []any{obj("type", "section", "fields", repeat(11, func(int) any { return mrkObj(10) }))}, "no more than 10"},
		{"field 2001", onMessage, []any{obj("type", "section", "fields", []any{mrkObj(2001)})}, "less than 2001"},
		{"emoji in mrkdwn", onMessage, []any{obj("type", "section", "text", obj("type", "mrkdwn", "text", "x", "emoji", true))}, "only plain_text"},
		{"verbatim in plain", onMessage, []any{obj("type", "section", "text", obj("type", "plain_text", "text", "x", "verbatim", true))}, "only mrkdwn"},
		{"text type", onMessage, []any{obj("type", "section", "text", obj("type", "markdown", "text", "x"))}, "plain_text or mrkdwn"},

		{"header 150", onMessage, []any{obj("type", "header", "text", plainObj(150))}, ""},
		{"header 151", onMessage, []any{obj("type", "header", "text", plainObj(151))}, "less than 151"},
		{"header mrkdwn", onMessage, []any{obj("type", "header", "text", mrkObj(5))}, "must be plain_text"},
		{"context 10", onMessage, []any{obj("type", "context", "elements", repeat(10, func(int) any { return mrkObj(1) }))}, ""},
		{"context 11", onMessage, []any{obj("type", "context", "elements", repeat(11, func(int) any { return mrkObj(1) }))}, "no more than 10"},
		{"image", onMessage, []any{obj("type", "image", "image_url", "https://x.test/a.png", "alt_text", "a")}, ""},
		{"image without alt", onMessage, []any{obj("type", "image", "image_url", "https://x.test/a.png")}, "alt_text"},
		{"image url", onMessage, []any{obj("type", "image", "image_url", "x", "alt_text", "a")}, "invalid url"},
		{"markdown 12000", onMessage, []any{obj("type", "markdown", "text", rep(12000))}, ""},
		{"markdown in all", onMessage, []any{obj("type", "markdown", "text", rep(12000)), obj("type", "markdown", "text", "x")}, "all markdown"},
		{"alert in a message", onMessage, []any{obj("type", "alert", "text", mrkObj(3))}, "can't stand on a message"},
		{"alert", onModal, []any{obj("type", "alert", "text", mrkObj(200), "level", "warning")}, ""},
		{"alert 201", onModal, []any{obj("type", "alert", "text", mrkObj(201))}, "less than 201"},

		{"25 actions", onMessage, []any{actions(repeat(25, func(i int) any { return buttonObj("action_id", fmt.Sprint(i)) })...)}, ""},
		{"26 actions", onMessage, []any{actions(repeat(26, func(i int) any { return buttonObj("action_id", fmt.Sprint(i)) })...)}, "no more than 25"},
		{"action_id twice", onMessage, []any{actions(buttonObj(), buttonObj())}, "used twice in a block"},
		{"same action_id in two blocks", onMessage, []any{actions(buttonObj()), actions(buttonObj())}, ""},
		{"action_id 256", onMessage, []any{actions(buttonObj("action_id", rep(256)))}, "less than 256"},
		{"button text 75", onMessage, []any{actions(buttonObj("text", plainObj(75)))}, ""},
		{"button text 76", onMessage, []any{actions(buttonObj("text", plainObj(76)))}, "less than 76"},
		{"button value 2000", onMessage, []any{actions(buttonObj("value", rep(2000)))}, ""},
		{"button value 2001", onMessage, []any{actions(buttonObj("value", rep(2001)))}, "less than 2001"},
		{"button style", onMessage, []any{actions(buttonObj("style", "default"))}, "one of primary, danger"},
		{"button url", onMessage, []any{actions(buttonObj("url", "javascript:x"))}, "invalid url"},
		{"button field", onMessage, []any{actions(buttonObj("colour", "red"))}, "no such field: colour"},
		{"confirm", onMessage, []any{actions(buttonObj("confirm", confirmObj(100, 300, 30, 30)))}, ""},
		{"confirm title", onMessage, []any{actions(buttonObj("confirm", confirmObj(101, 300, 30, 30)))}, "less than 101"},
		{"confirm text", onMessage, []any{actions(buttonObj("confirm", confirmObj(100, 301, 30, 30)))}, "less than 301"},
		{"confirm yes", onMessage, []any{actions(buttonObj("confirm", confirmObj(100, 300, 31, 30)))}, "less than 31"},
		{"confirm no", onMessage, []any{actions(buttonObj("confirm", confirmObj(100, 300, 30, 31)))}, "less than 31"},
		{"overflow 5", onMessage, []any{actions(obj("type", "overflow", "action_id", "o", "options", repeat(5, optionObj)))}, ""},
		{"overflow 6", onMessage, []any{actions(obj("type", "overflow", "action_id", "o", "options", repeat(6, optionObj)))}, "no more than 5"},
		{"select 100", onMessage, []any{actions(selectObj("options", repeat(100, optionObj)))}, ""},
		{"select 101", onMessage, []any{actions(selectObj("options", repeat(101, optionObj)))}, "no more than 100"},
		{"select without options", onMessage, []any{actions(selectObj("options", nil))}, "options or option_groups"},
		{"select groups", onMessage, []any{actions(selectObj("options", nil, "option_groups",
			[]any{obj("label", plainObj(75), "options", repeat(2, optionObj))}))}, ""},
		{"select initial", onMessage, []any{actions(selectObj("initial_option", optionObj(1)))}, ""},
		{"select wrong initial", onMessage, []any{actions(selectObj("initial_option", optionObj(7)))}, "none of the options"},
		{"placeholder 151", onMessage, []any{actions(selectObj("placeholder", plainObj(151)))}, "less than 151"},
		{"option text 76", onMessage, []any{actions(selectObj("options", []any{obj("text", plainObj(76), "value", "x")}))}, "less than 76"},
		{"option value 151", onMessage, []any{actions(selectObj("options", []any{obj("text", plainObj(3), "value", rep(151))}))}, "less than 151"},
		{"option description 76", onMessage, []any{actions(selectObj("options", []any{obj("text", plainObj(3), "value", "x", "description", plainObj(76))}))}, "less than 76"},
		{"option mrkdwn", onMessage, []any{actions(selectObj("options", []any{obj("text", mrkObj(3), "value", "x")}))}, "must be plain_text"},
		{"option value twice", onMessage, []any{actions(selectObj("options", []any{optionObj(1), optionObj(1)}))}, "used twice"},
		{"multi select in actions", onMessage, []any{actions(selectObj("type", "multi_static_select"))}, "unsupported type"},
		{"checkboxes 10", onModal, []any{inputObj(obj("type", "checkboxes", "action_id", "c", "options", repeat(10, optionObj)))}, ""},
		{"checkboxes 11", onModal, []any{inputObj(obj("type", "checkboxes", "action_id", "c", "options", repeat(11, optionObj)))}, "no more than 10"},

		{"input", onModal, []any{inputObj(textInput("max_length", 3000))}, ""},
		{"input 3001", onModal, []any{inputObj(textInput("max_length", 3001))}, "from 1 to 3000"},
		{"input field", onModal, []any{inputObj(textInput("maxlength", 3))}, "no such field: maxlength"},
		{"button in an input", onModal, []any{inputObj(buttonObj())}, "unsupported type: button in input"},
		{"text input in actions", onModal, []any{actions(textInput())}, "unsupported type"},
		{"two with focus", onModal, []any{inputObj(textInput("focus_on_load", true)), inputObj(textInput("focus_on_load", true))}, "only one"},
		{"number without decimals", onModal, []any{inputObj(obj("type", "number_input", "action_id", "n"))}, "is_decimal_allowed"},

		{"table 100 x 20", onMessage, []any{tableObj(100, 20, 5)}, ""},
		{"table 101 rows", onMessage, []any{tableObj(101, 2, 5)}, "no more than 100"},
		{"table 21 columns", onMessage, []any{tableObj(2, 21, 5)}, "no more than 20"},
		{"table text", onMessage, []any{tableObj(100, 20, 6)}, "no more than 10000 characters"},
		{"empty cell", onMessage, []any{tableObj(2, 2, 0)}, "more than 0"},
		{"null cell", onMessage, []any{obj("type", "table", "rows", []any{[]any{nil}})}, "unsupported cell type"},
		{"empty rich cell", onMessage, []any{obj("type", "table", "rows", []any{[]any{rich()}})}, "can't be empty"},
		{"number cell", onMessage, []any{obj("type", "table", "rows", []any{[]any{obj("type", "raw_number", "value", 3)}})}, ""},
		{"table in Home", onHome, []any{tableObj(2, 2, 5)}, "can't stand on a home"},
		{"data_table 201", onMessage, []any{dataTable(201, 5)}, ""},
		{"data_table 202", onMessage, []any{dataTable(202, 5)}, "no more than 201"},
		{"data_table header only", onMessage, []any{dataTable(1, 5)}, "at least 2"},
		{"chart", onMessage, []any{series(12, 20)}, ""},
		{"chart of 13", onMessage, []any{series(13, 20)}, "no more than 12"},
		{"21 points", onMessage, []any{series(1, 21)}, "no more than 20"},
		{"three charts", onMessage, []any{series(1, 1), series(1, 1), series(1, 1)}, "only 2 charts"},

		{"rich text", onMessage, []any{rich(obj("type", "text", "text", "x", "style", obj("bold", true)), obj("type", "user", "user_id", "U1"))}, ""},
		{"rich empty text", onMessage, []any{rich(obj("type", "text", "text", ""))}, "more than 0"},
		{"rich unknown", onMessage, []any{rich(obj("type", "blink", "text", "x"))}, "unsupported type: blink"},
		{"rich style", onMessage, []any{rich(obj("type", "text", "text", "x", "style", obj("loud", true)))}, "no such field: loud"},
		{"rich broadcast", onMessage, []any{rich(obj("type", "broadcast", "range", "all"))}, "one of here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			_, _, bad := checkBlocks(tt.on, mustJSON(t, tt.blocks), func() string { n++; return fmt.Sprint("id", n) })
			got := ""
			if bad != nil {
				got = strings.Join(bad.messages, "\n")
			}
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTwoTablesAreInvalidAttachments(t *testing.T) {
	_, _, bad := checkBlocks(onMessage, mustJSON(t, []any{tableObj(1, 1, 1), tableObj(1, 1, 1)}), func() string { return "x" })
	if bad == nil || bad.code != "invalid_attachments" {
		t.Errorf("got %+v, want invalid_attachments", bad)
	}
}

// TestSlackGoBlocksPass sends what slack-go's own constructors write.
func TestSlackGoBlocksPass(t *testing.T) {
	s := newWorkspace(t, Options{})
	emoji := true
	blocks := []slack.Block{
		slack.NewHeaderBlock(&slack.TextBlockObject{Type: slack.PlainTextType, Text: "Runners", Emoji: &emoji}),
		slack.NewSectionBlock(nil, []*slack.TextBlockObject{mrk("*a*"), pln("b")}, slack.NewAccessory(slack.NewButtonBlockElement("x", "v", pln("X")))),
		slack.NewContextBlock("", mrk("as of now"), slack.NewImageBlockElement("https://x.test/a.png", "a")),
		slack.NewDividerBlock(),
		slack.NewTableBlock("").AddRow(slack.NewTableRawTextCell("name"), slack.NewTableRichTextCell(slack.NewRichTextSection(
			slack.NewRichTextSectionTextElement("online", &slack.RichTextSectionTextStyle{Bold: true})))).
			AddRow(slack.NewTableRawNumberCell(7), slack.NewTableRawTextCell("–")).WithColumnSettings(slack.ColumnSetting{Align: slack.ColumnAlignmentRight}),
		slack.NewRichTextBlock("", slack.NewRichTextList(slack.RTEListBullet, 0, slack.NewRichTextSection(slack.NewRichTextSectionUserElement("U0ANN", nil))),
			&slack.RichTextPreformatted{Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement("./config.sh", nil)}}),
		slack.NewMarkdownBlock("", "**bold**"),
		slack.NewActionBlock("", slack.NewButtonBlockElement("a", "", pln("A")).WithConfirm(
			slack.NewConfirmationBlockObject(pln("Sure?"), mrk("really"), pln("Yes"), pln("No")).WithStyle(slack.StyleDanger))),
	}
	if _, _, err := client(s).PostMessage("C0OPS", slack.MsgOptionText("x", false), slack.MsgOptionBlocks(blocks...)); err != nil {
		t.Fatal(err)
	}
	want := "Runners\n*a*\nb\n[X]\nas of now a\n---\nname | online\n7 | –\n• <@U0ANN>\n./config.sh\n**bold**\n[A]"
	m := s.Person("U0ANN").Sees("C0OPS")[0]
	if m.Visible() != want {
		t.Errorf("visible:\n%s\nwant:\n%s", m.Visible(), want)
	}
	for i, raw := range m.Blocks {
		if asString(asObject(decode(raw))["block_id"]) == "" {
			t.Errorf("block %d has no block_id", i)
		}
	}
}

func FuzzBlocks(f *testing.F) {
	for _, seed := range []any{[]any{sectionObj(3)}, []any{actions(buttonObj(), selectObj())}, []any{tableObj(2, 2, 3)},
		[]any{rich(obj("type", "text", "text", "x"))}, []any{series(2, 2)}, []any{dataTable(2, 2)}, []any{inputObj(textInput())}} {
		raw, _ := json.Marshal(seed)
		f.Add(string(raw))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, on := range []surface{onMessage, onModal, onHome} {
			n := 0
			blocks, _, bad := checkBlocks(on, json.RawMessage(raw), func() string { n++; return fmt.Sprintf("new%d", n) })
			if bad != nil {
				if len(bad.messages) == 0 {
					t.Errorf("refused %q without a reason", raw)
				}
				continue
			}
			m := Message{Blocks: blocks}
			_, _, _ = m.Visible(), m.Mentions(), stateOf(blocks, nil)
			// What passed once passes again, with the ids that were added.
			again, _ := json.Marshal(blocks)
			if _, _, bad := checkBlocks(on, again, func() string { return "x" }); bad != nil {
				t.Errorf("%q passed, but %q did not: %v", raw, again, bad.messages)
			}
		}
	})
}
