package blocks

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// corpus is text that wants to be more than text.
var corpus = []string{
	"<!channel>", "<!here|here>", "<!everyone>", "<@U0EVIL>", "<@W0EVIL|bob>", "<#C0EVIL|ops>", "<!subteam^S0EVIL|@ops>",
	"<http://evil|click>", "http://evil", "https://evil.example/a?b=c&d=e", "https://github.com@evil.example/x", "https://evil.ghe.com.example/",
	"<!date^1^{time}^http://evil|x>", "www.evil.example", "evil.example/path", "mailto:root@evil.example", "@here", "@channel", "#general",
	"`code`", "```\nblock\n```", "*bold*", "_italic_", "~strike~", "*_~`all`~_*", "> quoted", ":boom: :skull:", "&amp;&lt;", "a && b <c> \"d\" 'e'",
	"one\ntwo\r\n• 3: ✅ deleted", "tab\there\vx\fy", "line\u2028sep\u2029par", "nul\x00bell\x07esc\x1b[31m", "c1\u0085\u009b",
	"\u202egnp.exe\u202c", "\u2066iso\u2069\u200f", "zero\u200bwidth\u200d\ufeff\u2060", "\u3164\u3164", "", "   ", "\u200b",
	"سلام עולם", "👩‍👩‍👧‍👦 🏴‍☠️", "Z̸̢a̵lgo", "invalid\xff\xfeutf8", strings.Repeat("x", 256), strings.Repeat("&", 256), strings.Repeat("漢", 256), strings.Repeat("<@U0EVIL>", 40),
	"|", "a|b>c", "${HOME} $(id) `id` ; rm -rf / #", "page:3", "because <!channel>",
}

// ours are the ids and the addresses that the fixtures mention and link to.
var (
	oursID   = regexp.MustCompile(`^(U0ANN|U0BOB|U0CLEO|U0GUEST|S0PLATFORM|C0APPROVALS|C0FLEET|C0OPS)$`)
	oursLink = regexp.MustCompile(`^https://github\.com/(octo-org$|organizations/octo-org/settings/actions/runners|actions/runner/releases/download/)`)
	idText   = regexp.MustCompile(`<(?:@|#|!subteam\^)([^>|]+)[^>]*>`)
	linkText = regexp.MustCompile(`<(https?://[^>|]+)\|`)
	codeText = regexp.MustCompile("`[^`\n]*`")
)

// strange lists the mentions and links of a drawing that are not ours.
func strange(blocks slack.Blocks) (out []string) {
	raw, _ := json.Marshal(blocks)
	var tree any
	_ = json.Unmarshal(raw, &tree)
	var walk func(any)
	walk = func(x any) {
		switch x := x.(type) {
		case []any:
			for _, e := range x {
				walk(e)
			}
		case node:
			for _, key := range []string{"user_id", "usergroup_id", "channel_id"} {
				if id, ok := x[key]; ok && !oursID.MatchString(str(id)) {
					out = append(out, fmt.Sprint("mentions ", id))
				}
			}
			if u, ok := x["url"]; ok && !oursLink.MatchString(str(u)) {
				out = append(out, fmt.Sprint("links to ", u))
			}
			if x["type"] == "broadcast" || x["type"] == "emoji" || x["type"] == "markdown" {
				out = append(out, fmt.Sprint("has a ", x["type"]))
			}
			for _, e := range x {
				walk(e)
			}
		}
	}
	walk(tree)
	return out
}

// strangeText lists what Slack would read as markup in a text form and is not ours.
func strangeText(text string) (out []string) {
	for _, m := range idText.FindAllStringSubmatch(text, -1) {
		if !oursID.MatchString(m[1]) {
			out = append(out, "mentions "+m[1])
		}
	}
	for _, m := range linkText.FindAllStringSubmatch(text, -1) {
		if !oursLink.MatchString(m[1]) {
			out = append(out, "links to "+m[1])
		}
	}
	rest := codeText.ReplaceAllString(markup.ReplaceAllString(text, ""), "")
	if i := strings.IndexAny(rest, "*~`"); i >= 0 {
		out = append(out, "is formatted at "+rest[i:min(len(rest), i+20)])
	}
	for _, bad := range []string{"@here", "@channel", "evil.example", ":boom:", "_italic_"} {
		if strings.Contains(rest, bad) {
			out = append(out, "holds "+bad)
		}
	}
	return out
}

func TestForeignTextIsNeverMarkup(t *testing.T) {
	for _, bad := range corpus {
		w := words{bad, bad, bad, bad, bad, bad, bad}
		for name, m := range w.messages() {
			faults := slices.Concat(check(m), strange(slack.Blocks{BlockSet: m.Blocks}), strangeText(m.Text))
			for _, fault := range faults {
				t.Errorf("%s with %.60q: %s", name, bad, fault)
			}
		}
		for name, v := range w.dialogs() {
			for _, fault := range slices.Concat(checkView(v), strange(v.Blocks)) {
				t.Errorf("%s with %.60q: %s", name, bad, fault)
			}
		}
	}
}

// A line end in foreign text makes no line: the drawing is the same as with a blank.
func TestForeignTextForgesNoLine(t *testing.T) {
	forged := words{"w\n• #1: ✅ deleted", "l\nx", "g\ny", "o\nz", "v\r\n1", "r\n→ Approve", "list"}
	plainly := words{"w • #1: ✅ deleted", "l x", "g y", "o z", "v 1", "r → Approve", "list"}
	got, want := forged.messages(), plainly.messages()
	for name := range want {
		if got[name].Text != want[name].Text {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got[name].Text, want[name].Text)
		}
	}
}

func TestStoredSpansAreChecked(t *testing.T) {
	n := fleet.Notice{Text: fleet.Prose{
		{Kind: fleet.PersonSpan, Text: "U0EVIL> <!channel"}, {Kind: fleet.GroupSpan, Text: "U0BOB"}, {Kind: fleet.LinkSpan, Text: "x", URL: "javascript:alert(1)"},
		{Kind: fleet.LinkSpan, Text: "y", URL: "https://a@evil.example"}, {Kind: fleet.LinkSpan, Text: "z", URL: "https://evil|<!channel>"}, {Kind: "other", Text: "<!here>"},
	}}
	m := NoticeOf(n, options())
	for _, fault := range slices.Concat(check(m), strange(slack.Blocks{BlockSet: m.Blocks}), strangeText(m.Text)) {
		t.Error(fault)
	}
}

func FuzzMessage(f *testing.F) {
	for _, c := range corpus {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := words{text, text, text, text, text, text, text}.request(fleet.Delete, 2)
		m := Prompt(r, options())
		for _, fault := range slices.Concat(check(m), strange(slack.Blocks{BlockSet: m.Blocks})) {
			t.Error(fault)
		}
	})
}
