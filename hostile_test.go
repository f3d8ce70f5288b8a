package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/sandbox/slackd"
)

// hostile is text that wants to be more than text, as it may come from GitHub or from a
// person. U0EVE, S0EVIL and C0EVIL are nobody that the bot ever means.
var hostile = []string{
	"<!channel>", "<!here>", "<!everyone>", "@here", "@channel", "<@U0EVE>", "<@U0EVE|bob>", "<#C0EVIL>", "<#C0EVIL|ops>", "<!subteam^S0EVIL>",
	"<https://evil.example.com|click>", "https://evil.example.com/x", "evil.example.com", "<mailto:eve@example.com>", "<!date^1^{date}^https://evil.example.com|x>",
	"`code`", "```block```", "*bold*", "_it_", "~gone~", "> quote", "&lt;!channel&gt;", "&amp;", ":boom:", "approved by <@U0EVE>", "Approved by U0BOB · succeeded",
	"\u202egnp.exe", "\u2066iso\u2069", "a\u200bb\ufeffc", "line\nbreak\r\n✅ deleted", "tab\there", "$(touch x)", "'; touch x; '", `"quoted"`, "emoji 🏴‍☠️ 👩‍👩‍👧‍👦",
	"| cell | <@U0EVE> |", "=HYPERLINK(1)", strings.Repeat("w", 256), strings.Repeat("漢", 256), strings.Repeat("<!here>", 36),
}

// TestHostileText: foreign text in every answer, prompt, direct message, result, digest
// and dialog is text: no mention, no link, nothing refused, nothing sent without blocks.
func TestHostileText(t *testing.T) {
	t.Parallel()
	config := strings.Replace(sampleConfiguration, "default_scope: octo-org", "default_scope: octo-org\nprotect: { labels: [never] }", 1)
	r := newRig(t, plan{config: config})
	// U0EVE is a person of the workspace, so that a mention would work.
	r.slack.AddUser(slackd.User{ID: "U0EVE", Name: "eve", RealName: "<!channel> *Eve*"})
	for i, text := range hostile {
		r.github.AddGroup(org, int64(100+i), text)
		r.github.AddRunner(org, githubd.Runner{
			ID: int64(1000 + i), Name: text, OS: text, Status: []string{"offline", "online"}[i%2], Busy: i%4 == 3, GroupID: int64(100 + i),
			Labels: githubd.Labels("self-hosted", "evil", text), Version: text,
		})
	}
	r.run()
	for _, text := range []string{
		"", "status octo-org", "list octo-org", "list octo-org page:2", "list octo-org sort:name-desc", "find *", "digest", "digest now evening", "whoami", "about",
		"requests", "downloads octo-org", "help", "help delete",
	} {
		r.types(ann, text)
	}
	r.types(ann, "show octo-org 1000")
	for i, text := range hostile {
		quoted := `"` + strings.ReplaceAll(text, `"`, "") + `"`
		r.types(ann, fmt.Sprintf("show octo-org %d", 1000+i))
		for _, command := range []string{"show octo-org ", "find ", "list octo-org label:", "list octo-org group:", "", "digest now ", "mute ", "help ", "status ", "delete octo-org "} {
			r.types(ann, command+quoted)
			r.types(ann, command+text)
		}
	}
	// Whatever those opened is in the way of what comes now.
	for _, n := range open(r) {
		r.types(ann, "cancel "+n)
	}
	var ids []string
	for _, reason := range hostile {
		m := r.types(ann, "register octo-org labels:"+`"`+strings.NewReplacer(`"`, "", ",", "").Replace(reason)+`"`+" because "+reason)
		if requestNumber.MatchString(m.Visible()) {
			ids = append(ids, r.number(m))
		}
	}
	if len(ids) < len(hostile)*3/4 {
		t.Errorf("only %d of %d reasons made a request", len(ids), len(hostile))
	}
	for i, id := range ids {
		view := r.types(bob, "request "+id)
		switch i % 3 {
		case 0:
			r.types(bob, "approve "+id)
			d := r.opens(ann, r.types(ann, "request "+id), "reveal", "config.sh")
			r.slack.Person(ann).CloseView(r.ctx, d)
		case 1:
			r.types(bob, "deny "+id+" "+hostile[i])
		case 2:
			d := r.opens(bob, view, "deny", "Deny request #"+id)
			r.submits(bob, d, fleetChannel, hostile[i])
		}
		r.types(ann, "request "+id)
	}
	// A batch with everything in it: offline runners can go, the others are told apart.
	batch := r.asks(ann, "delete octo-org label:evil status:offline because "+strings.Join(hostile[:8], " "))
	prompt := r.message(bob, approvals, "#"+batch, "[Approve")
	if id := button(prompt, "Details"); id != "" {
		r.opens(bob, prompt, id, "#"+batch)
	}
	r.types(bob, "approve "+batch)
	r.message(ann, "", "#"+batch, "succeeded")
	r.types(ann, "requests all")
	r.types(ann, "request "+batch)
	r.clock.jump(untilDigest(r.clock.now()))
	r.message(ann, fleetChannel, "evening")
	r.until("everything is shown", func() bool { return len(r.slack.Messages(approvals)) > 0 })
	judgeTexts(t, r)
}

// untilDigest is the time to the next 17:00 in UTC.
func untilDigest(now time.Time) time.Duration {
	now = now.UTC()
	at := time.Date(now.Year(), now.Month(), now.Day(), 17, 0, 1, 0, time.UTC)
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at.Sub(now)
}

var listedNumber = regexp.MustCompile(`#([0-9]+)`)

// open lists the numbers of Ann's pending requests.
func open(r *rig) []string {
	var out []string
	for _, hit := range listedNumber.FindAllStringSubmatch(r.types(ann, "requests mine").Visible(), -1) {
		if !slices.Contains(out, hit[1]) {
			out = append(out, hit[1])
		}
	}
	return out
}

// ours are the mentions that the bot means, and the beginnings of its links.
var (
	ourMentions = []string{"<@" + ann + ">", "<@" + bob + ">", "<!subteam^" + platform + ">", "<#" + approvals + ">", "<#" + fleetChannel + ">", "<#" + operations + ">"}
	ourLinks    = []string{"https://github.com/actions/runner/releases/download/"}
)

// judgeTexts looks at everything that was ever sent.
func judgeTexts(t *testing.T, r *rig) {
	t.Helper()
	links := append(slices.Clone(ourLinks), strings.TrimSuffix(r.github.URL(), "/api/v3")+"/")
	for _, c := range r.slack.Calls() {
		if c.Err != "" && c.Method != "apps.connections.open" {
			t.Errorf("Slack refused a call of %s: %s: %.300s", c.Method, c.Err, c.Args["text"])
		}
		switch c.Method {
		case "chat.postMessage", "chat.postEphemeral", "chat.update", "response_url":
			if len(c.Args["blocks"]) < 3 {
				t.Errorf("%s without blocks: %.300s", c.Method, c.Args["text"])
			}
			// The text form is read by itself where Slack shows it: in notifications.
			alone := slackd.Message{Text: c.Args["text"], Blocks: rawBlocks(c.Args["blocks"])}
			judgeText(t, c.Method, alone, links)
			judgeText(t, c.Method+", its text form", slackd.Message{Text: c.Args["text"]}, links)
		case "views.open", "views.update":
			var v struct{ Blocks []json.RawMessage }
			if err := json.Unmarshal([]byte(c.Args["view"]), &v); err != nil {
				t.Errorf("%s: %v", c.Method, err)
			}
			judgeText(t, c.Method, slackd.Message{Blocks: v.Blocks}, links)
		}
	}
}

func judgeText(t *testing.T, where string, m slackd.Message, links []string) {
	t.Helper()
	for _, mention := range m.Mentions() {
		if !slices.Contains(ourMentions, mention) {
			t.Errorf("%s mentions %s: %.400s", where, mention, m.Visible())
		}
	}
	for _, link := range m.Links() {
		if !slices.ContainsFunc(links, func(ours string) bool { return strings.HasPrefix(link, ours) }) {
			t.Errorf("%s links to %s: %.400s", where, link, m.Visible())
		}
	}
	if visible := m.Visible(); strings.ContainsAny(visible, "\u202e\u2066\u200b\ufeff\r") {
		t.Errorf("%s holds characters that nobody sees: %.400q", where, visible)
	}
}

func rawBlocks(text string) []json.RawMessage {
	var out []json.RawMessage
	_ = json.Unmarshal([]byte(text), &out)
	return out
}
