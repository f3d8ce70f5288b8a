package slackd

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/internal/sandbox"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

func TestCommandReachesTheAppAndIsAnswered(t *testing.T) {
	s := newWorkspace(t, Options{})
	var got slack.SlashCommand
	startBot(t, s, 2, nil, func(b *bot, e socketmode.Event) (any, bool) {
		got = e.Data.(slack.SlashCommand)
		return map[string]any{"text": "working…"}, true
	})
	ann := s.Person("U0ANN")
	r := ann.Command(t.Context(), "C0OPS", "list <web> & @bob #ops @ops-team https://x.y/z, done")
	if !r.Acked || r.Err != "" {
		t.Fatalf("receipt %+v", r)
	}
	want := "list &lt;web&gt; &amp; <@U0BOB|bob> <#C0OPS|ops> <!subteam^S0OPS|@ops-team> <https://x.y/z>, done"
	if got.Text != want {
		t.Errorf("text: got %q, want %q", got.Text, want)
	}
	if got.UserID != "U0ANN" || got.ChannelID != "C0OPS" || got.Command != "/runners" || got.TeamID != "T0OCTO" ||
		got.APIAppID == "" || got.TriggerID == "" || got.IsEnterpriseInstall {
		t.Errorf("payload %+v", got)
	}
	seen := ann.Sees("C0OPS")
	if len(seen) != 1 || seen[0].Text != "working…" || !seen[0].Ephemeral {
		t.Errorf("Ann sees %+v", seen)
	}
	if n := len(s.Person("U0BOB").Sees("C0OPS")); n != 0 {
		t.Errorf("Bob sees %d messages, want none", n)
	}
	if err := slack.PostWebhook(got.ResponseURL, &slack.WebhookMessage{Text: "done", ReplaceOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if seen := ann.Sees("C0OPS"); len(seen) != 1 || seen[0].Text != "done" || seen[0].Revision != 2 {
		t.Errorf("after replace Ann sees %+v", seen)
	}
}

func TestWhoCannotCommand(t *testing.T) {
	s := newWorkspace(t, Options{})
	s.Join("C0OPS", "U0GUEST")
	s.Join("C0OPS", "U0STRANGE")
	startBot(t, s, 1, nil, ack)
	for _, tt := range []struct{ user, channel, want string }{
		{"U0ANN", "C0OPS", ""},
		{"U0GUEST", "C0OPS", ""},
		{"U0GUEST", "C0OTHER", "channel_not_found"},
		{"U0BOB", "C0SECRET", "channel_not_found"},
		{"U0ANN", "C0SECRET", ""}, // the bot need not be a member
		{"U0ANN", "C0OLD", "is_archived"},
		{"U0GONE", "C0OPS", "the account is deactivated"},
		{"U0STRANGE", "C0OPS", "a person of another workspace has no commands here"},
		{"U0NOBODY", "C0OPS", "no such person"},
	} {
		if r := s.Person(tt.user).Command(t.Context(), tt.channel, "help"); r.Err != tt.want {
			t.Errorf("%s in %s: got %q, want %q", tt.user, tt.channel, r.Err, tt.want)
		}
	}
}

func TestNoSocketNoDispatch(t *testing.T) {
	s := newWorkspace(t, Options{})
	if r := s.Person("U0ANN").Command(t.Context(), "C0OPS", "x"); r.Acked || r.Err != "dispatch_failed" {
		t.Errorf("got %+v, want dispatch_failed", r)
	}
}

// TestDeadlinesInABubble shows the deadlines on the bubble's clock: the 3 s of an ack, the
// retries of an event, and pings that keep slack-go content meanwhile.
func TestDeadlinesInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sandbox.NewPipe("slack.test:80")
		s := newWorkspace(t, Options{Listener: p})
		b := startBot(t, s, 1, p.DialContext, func(b *bot, e socketmode.Event) (any, bool) {
			ev, ok := e.Data.(slackevents.EventsAPIEvent)
			if !ok {
				return nil, false
			}
			_ = ev
			return nil, e.Request.RetryAttempt == 3
		})
		start := time.Now()
		r := s.Person("U0ANN").Command(t.Context(), "C0OPS", "x")
		if r.Acked || r.Err != "operation_timeout" || time.Since(start) != 3*time.Second {
			t.Errorf("got %+v after %v, want operation_timeout after 3s", r, time.Since(start))
		}
		start = time.Now()
		_, r = s.Person("U0ANN").Mention(t.Context(), "C0OPS", "", "status")
		if r.Err != "operation_timeout" {
			t.Errorf("mention: got %+v", r)
		}
		if err := s.Wait(t.Context(), func() bool { return len(acks(s)) == 1 }); err != nil {
			t.Fatal(err)
		}
		var attempts []int
		ids := map[string]bool{}
		for _, e := range b.events()[1:] {
			attempts = append(attempts, e.Request.RetryAttempt)
			ids[e.Data.(slackevents.EventsAPIEvent).Data.(*slackevents.EventsAPICallbackEvent).EventID] = true
		}
		if diff := cmp.Diff([]int{0, 1, 2, 3}, attempts); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
		if len(ids) != 1 {
			t.Errorf("retries have %d event ids, want one", len(ids))
		}
		// three attempts time out (3 s each), with waits of 0, 1 and 5 minutes between
		if got, want := time.Since(start), 9*time.Second+6*time.Minute; got != want {
			t.Errorf("last retry after %v, want %v", got, want)
		}
		if n := len(b.events()); n != 5 {
			t.Errorf("%d envelopes, want 5", n)
		}
	})
}

func acks(s *Server) []Call {
	var out []Call
	for _, c := range s.Calls() {
		if c.Method == "ack" {
			out = append(out, c)
		}
	}
	return out
}

func TestMentionAndDM(t *testing.T) {
	s := newWorkspace(t, Options{})
	var mention *slackevents.AppMentionEvent
	var dm []*slackevents.MessageEvent
	startBot(t, s, 1, nil, func(b *bot, e socketmode.Event) (any, bool) {
		switch in := e.Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(type) {
		case *slackevents.AppMentionEvent:
			mention = in
		case *slackevents.MessageEvent:
			dm = append(dm, in)
		}
		return nil, true
	})
	ann := s.Person("U0ANN")
	root, err := ann.Say("C0OPS", "", "hi")
	if err != nil {
		t.Fatal(err)
	}
	ts, r := ann.Mention(t.Context(), "C0OPS", root, "status <x>")
	if !r.Acked || mention == nil || mention.Text != "<@U0RUNNERS> status &lt;x&gt;" || mention.TimeStamp != ts ||
		mention.ThreadTimeStamp != root || mention.User != "U0ANN" || mention.Channel != "C0OPS" {
		t.Errorf("mention %+v, receipt %+v", mention, r)
	}
	ts, r = ann.DM(t.Context(), "status")
	if !r.Acked || len(dm) != 1 || dm[0].ChannelType != "im" || dm[0].Channel != ann.DMChannel() || dm[0].TimeStamp != ts {
		t.Fatalf("dm %+v, receipt %+v", dm, r)
	}
	// Slack tells the app about its own messages in direct messages too.
	if _, _, err := client(s).PostMessage("U0ANN", slack.MsgOptionText("hello", false)); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(t.Context(), func() bool { return len(acks(s)) == 3 }); err != nil {
		t.Fatal(err)
	}
	if dm[1].BotID == "" || dm[1].Message.Text != "hello" {
		t.Errorf("echo %+v", dm[1])
	}
	s.Leave("C0OPS", "U0RUNNERS")
	if _, r := ann.Mention(t.Context(), "C0OPS", "", "x"); r.Err != "not_in_channel" {
		t.Errorf("mention without the bot: %+v", r)
	}
	app := s.App()
	app.Events = []string{}
	s.Install(app)
	if _, r := ann.DM(t.Context(), "x"); r.Err != "not_subscribed" {
		t.Errorf("dm without subscription: %+v", r)
	}
}

func buttons() []slack.Block {
	return []slack.Block{section("Delete *web-01*?"), slack.NewActionBlock("act",
		slack.NewButtonBlockElement("approve", "7", pln("Approve")).WithStyle(slack.StylePrimary),
		slack.NewOverflowBlockElement("more", slack.NewOptionBlockObject("a", pln("A"), nil), slack.NewOptionBlockObject("b", pln("B"), nil)),
		slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, pln("Sort"), "sort", slack.NewOptionBlockObject("name", pln("Name"), nil)))}
}

func TestClick(t *testing.T) {
	s := newWorkspace(t, Options{})
	var got slack.InteractionCallback
	b := startBot(t, s, 2, nil, func(b *bot, e socketmode.Event) (any, bool) {
		got = e.Data.(slack.InteractionCallback)
		return nil, true
	})
	_, ts, err := b.api.PostMessage("C0OPS", slack.MsgOptionText("Delete web-01?", false), slack.MsgOptionBlocks(buttons()...))
	if err != nil {
		t.Fatal(err)
	}
	ann := s.Person("U0ANN")
	msg := ann.Sees("C0OPS")[0]
	if want := "Delete *web-01*?\n[Approve] [… A, B] [Sort]"; msg.Visible() != want {
		t.Errorf("visible: got %q, want %q", msg.Visible(), want)
	}
	if r := ann.Click(t.Context(), msg, "approve", Value("7")); !r.Acked {
		t.Fatalf("click: %+v", r)
	}
	a := got.ActionCallback.BlockActions[0]
	if got.Type != slack.InteractionTypeBlockActions || a.ActionID != "approve" || a.Value != "7" || a.BlockID != "act" ||
		got.User.ID != "U0ANN" || got.User.TeamID != "T0OCTO" || got.Channel.ID != "C0OPS" || got.Message.Timestamp != ts ||
		got.Container.MessageTs != ts || got.Team.ID != "T0OCTO" || got.TriggerID == "" || got.ResponseURL == "" ||
		len(got.Message.Blocks.BlockSet) != 2 || got.BlockActionState == nil {
		t.Errorf("payload %+v", got)
	}
	if r := ann.Click(t.Context(), msg, "more", Value("b")); !r.Acked || got.ActionCallback.BlockActions[0].SelectedOption.Value != "b" {
		t.Errorf("overflow: %+v %+v", r, got.ActionCallback.BlockActions)
	}
	if r := ann.Click(t.Context(), msg, "sort", Value("name")); !r.Acked || got.ActionCallback.BlockActions[0].SelectedOption.Value != "name" {
		t.Errorf("select: %+v", r)
	}
	for _, tt := range []struct {
		who, action string
		opt         ClickOption
		want        string
	}{
		{"U0ANN", "nope", nil, "no element"},
		{"U0ANN", "approve", Value("8"), "no element"},
		{"U0ANN", "sort", Value("size"), "no option"},
		{"U0STRANGE", "approve", nil, "channel_not_found"},
		{"U0GONE", "approve", nil, "deactivated"},
	} {
		opts := []ClickOption{}
		if tt.opt != nil {
			opts = append(opts, tt.opt)
		}
		wantHas(t, tt.who+" "+tt.action, s.Person(tt.who).Click(t.Context(), msg, tt.action, opts...).Err, tt.want)
	}
	if _, _, _, err := b.api.UpdateMessage("C0OPS", ts, slack.MsgOptionText("Approved", false), slack.MsgOptionBlocks()); err != nil {
		t.Fatal(err)
	}
	wantHas(t, "gone button", ann.Click(t.Context(), msg, "approve").Err, "no element")
	if r := ann.Click(t.Context(), msg, "approve", Stale()); !r.Acked {
		t.Errorf("a click under way: %+v", r)
	}
	if seen := ann.Sees("C0OPS")[0]; seen.Visible() != "Approved" || !seen.Edited || seen.Revision != 2 {
		t.Errorf("after the update: %+v", seen)
	}
}

func TestEphemeralClickReplacesThroughItsResponseURL(t *testing.T) {
	s := newWorkspace(t, Options{})
	var got slack.InteractionCallback
	b := startBot(t, s, 1, nil, func(b *bot, e socketmode.Event) (any, bool) {
		got = e.Data.(slack.InteractionCallback)
		return nil, true
	})
	if _, err := b.api.PostEphemeral("C0OPS", "U0ANN", slack.MsgOptionText("q", false), slack.MsgOptionBlocks(buttons()...)); err != nil {
		t.Fatal(err)
	}
	ann := s.Person("U0ANN")
	msg := ann.Sees("C0OPS")[0]
	wantHas(t, "Bob", s.Person("U0BOB").Click(t.Context(), msg, "approve").Err, "not there")
	if r := ann.Click(t.Context(), msg, "approve"); !r.Acked {
		t.Fatal(r)
	}
	if !got.Container.IsEphemeral || got.Message.Timestamp != "" {
		t.Errorf("an ephemeral click carries its message: %+v", got)
	}
	if _, _, err := b.api.PostMessage("C0OPS", slack.MsgOptionReplaceOriginal(got.ResponseURL), slack.MsgOptionText("thanks", false)); err != nil {
		t.Fatal(err)
	}
	if seen := ann.Sees("C0OPS"); len(seen) != 1 || seen[0].Visible() != "thanks" {
		t.Errorf("Ann sees %+v", seen)
	}
	if _, _, err := b.api.PostMessage("C0OPS", slack.MsgOptionDeleteOriginal(got.ResponseURL)); err != nil {
		t.Fatal(err)
	}
	if n := len(ann.Sees("C0OPS")); n != 0 {
		t.Errorf("%d messages left, want none", n)
	}
}

func TestShortcutAndHome(t *testing.T) {
	s := newWorkspace(t, Options{})
	var kinds []string
	b := startBot(t, s, 1, nil, func(b *bot, e socketmode.Event) (any, bool) {
		switch d := e.Data.(type) {
		case slack.InteractionCallback:
			kinds = append(kinds, string(d.Type)+" "+d.CallbackID)
		case slackevents.EventsAPIEvent:
			kinds = append(kinds, d.InnerEvent.Type)
		}
		return nil, true
	})
	ann := s.Person("U0ANN")
	if r := ann.Shortcut(t.Context(), "status"); !r.Acked {
		t.Error(r)
	}
	if r := ann.Shortcut(t.Context(), "nope"); r.Err == "" {
		t.Error("an unknown shortcut was chosen")
	}
	if r := ann.OpenHome(t.Context()); !r.Acked {
		t.Error(r)
	}
	if _, ok := ann.Home(); ok {
		t.Error("a Home tab before one was published")
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: buttons()}}
	res, err := b.api.PublishView("U0ANN", home, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.api.PublishView("U0ANN", home, "old"); errCode(err) != "hash_conflict" {
		t.Errorf("got %v, want hash_conflict", err)
	}
	if _, err := b.api.PublishView("U0ANN", home, res.Hash); err != nil {
		t.Error(err)
	}
	v, ok := ann.Home()
	if !ok || !strings.Contains(v.Visible(), "[Approve]") {
		t.Errorf("home %+v", v)
	}
	if r := ann.ClickView(t.Context(), v, "approve"); !r.Acked {
		t.Error(r)
	}
	if r := ann.OpenHome(t.Context()); !r.Acked {
		t.Error(r)
	}
	if diff := cmp.Diff([]string{"shortcut status", "app_home_opened", "block_actions ", "app_home_opened"}, kinds); diff != "" {
		t.Error(diff)
	}
	app := s.App()
	app.NoHomeTab = true
	s.Install(app)
	if _, err := b.api.PublishView("U0ANN", home, ""); errCode(err) != "not_enabled" {
		t.Errorf("got %v, want not_enabled", err)
	}
}

func TestDuplicateAndRedeliver(t *testing.T) {
	s := newWorkspace(t, Options{})
	b := startBot(t, s, 2, nil, ack)
	s.Duplicate(1)
	r := s.Person("U0ANN").Command(t.Context(), "C0OPS", "x")
	if err := s.Wait(t.Context(), func() bool { return len(acks(s)) == 2 }); err != nil {
		t.Fatal(err)
	}
	again := s.Redeliver(t.Context(), r.EnvelopeID)
	if !r.Acked || !again.Acked {
		t.Errorf("receipts %+v %+v", r, again)
	}
	ev := b.events()
	if len(ev) != 3 || ev[0].Request.EnvelopeID != ev[1].Request.EnvelopeID || ev[1].Request.EnvelopeID != ev[2].Request.EnvelopeID {
		t.Errorf("%d deliveries, want the same envelope three times", len(ev))
	}
	if r := s.Redeliver(t.Context(), "E-none"); r.Err == "" {
		t.Error("an unknown envelope was delivered")
	}
}

func mustJSON(t *testing.T, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
