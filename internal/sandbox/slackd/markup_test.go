package slackd

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMarkup(t *testing.T) {
	for _, tt := range []struct {
		name            string
		text, parse     string
		blocks          []any
		mentions, links []string
	}{
		{name: "plain", text: "web-01 is offline"},
		{name: "escaped", text: "&lt;!channel&gt; &lt;@U1&gt;"},
		{name: "everyone", text: "<!channel> <!here|here> <@U1|ann> <#C1> <!subteam^S1|@ops>",
			mentions: []string{"<!channel>", "<!here>", "<@U1>", "<#C1>", "<!subteam^S1>"}},
		{name: "links", text: "<https://a.test|safe> and https://b.test/x", links: []string{"https://a.test", "https://b.test/x"}},
		{name: "parse none", text: "https://b.test/x", parse: "none"},
		{name: "date", text: "<!date^1700000000^{date}^https://c.test|then>", links: []string{"https://c.test"}},
		{name: "date without link", text: "<!date^1700000000^{date}|then>"},
		{name: "text beside blocks", text: "<!here> https://b.test", blocks: []any{sectionObj(1)}, mentions: []string{"<!here>"}},
		{name: "mrkdwn", blocks: []any{obj("type", "section", "text", obj("type", "mrkdwn", "text", "<@U1> https://d.test"))},
			mentions: []string{"<@U1>"}, links: []string{"https://d.test"}},
		{name: "verbatim", blocks: []any{obj("type", "section", "text", obj("type", "mrkdwn", "text", "https://d.test", "verbatim", true))}},
		{name: "plain_text", blocks: []any{obj("type", "section", "text", obj("type", "plain_text", "text", "<!channel> https://d.test"))}},
		{name: "raw_text", blocks: []any{obj("type", "table", "rows", []any{[]any{obj("type", "raw_text", "text", "<!channel> https://d.test")}})}},
		{name: "markdown", blocks: []any{obj("type", "markdown", "text", "<!channel>")}, mentions: []string{"<!channel>"}},
		{name: "rich", blocks: []any{rich(obj("type", "text", "text", "<!channel>"), obj("type", "user", "user_id", "U1"),
			obj("type", "usergroup", "usergroup_id", "S1"), obj("type", "broadcast", "range", "here"), obj("type", "link", "url", "https://e.test"))},
			mentions: []string{"<@U1>", "<!subteam^S1>", "<!here>"}, links: []string{"https://e.test"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := Message{Text: tt.text, Parse: tt.parse}
			for _, b := range tt.blocks {
				m.Blocks = append(m.Blocks, mustJSON(t, b))
			}
			mentions, links := m.Mentions(), m.Links()
			slices.Sort(mentions)
			slices.Sort(tt.mentions)
			if diff := cmp.Diff(tt.mentions, mentions); diff != "" {
				t.Errorf("mentions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.links, links); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEscapeTyped(t *testing.T) {
	s := newWorkspace(t, Options{})
	for in, want := range map[string]string{
		"list":                         "list",
		"a & b < c > d":                "a &amp; b &lt; c &gt; d",
		"@ann, @nobody":                "<@U0ANN|ann>, @nobody",
		"(@ops-team)":                  "(<!subteam^S0OPS|@ops-team>)",
		"#ops #secret #none":           "<#C0OPS|ops> <#C0SECRET|> #none",
		"#42":                          "#42",
		"@here @channel":               "<!here> <!channel>",
		"https://a.test/b?c=1&d=2.":    "<https://a.test/b?c=1&amp;d=2>.",
		"see github.com/octo-org now":  "see <http://github.com/octo-org|github.com/octo-org> now",
		"mona@octo-org.com":            "<mailto:mona@octo-org.com|mona@octo-org.com>",
		"name:web-* v2.329.0 octo/cat": "name:web-* v2.329.0 octo/cat",
		"“curly” – dash":               "“curly” – dash",
	} {
		s.mu.Lock()
		got := s.escapeTyped(in)
		s.mu.Unlock()
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzEscapeTyped(f *testing.F) {
	s := New(Options{})
	f.Cleanup(s.Close)
	s.Install(App{})
	s.AddUser(User{ID: "U0ANN", Name: "ann"})
	f.Add("a <b> & @ann #x https://x.y mona@octo-org.com")
	f.Fuzz(func(t *testing.T, in string) {
		s.mu.Lock()
		out := s.escapeTyped(in)
		s.mu.Unlock()
		// Whatever is typed, nothing in angle brackets comes out that Slack did not write.
		rest := angle.ReplaceAllString(out, "")
		if strings.ContainsAny(rest, "<>") {
			t.Errorf("%q became %q", in, out)
		}
	})
}
