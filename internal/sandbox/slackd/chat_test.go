package slackd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/internal/sandbox"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

func TestPostMessageRefusals(t *testing.T) {
	s := quiet(t, Options{})
	api := client(s)
	text := func(n int) slack.MsgOption { return slack.MsgOptionText(strings.Repeat("x", n), false) }
	long := make([]slack.Block, 0, 5)
	for range 5 {
		long = append(long, section(strings.Repeat("x", 2700)))
	}
	for _, tt := range []struct {
		name, channel string
		opt           slack.MsgOption
		want          string
		violation     bool
	}{
		{"fine", "C0OPS", text(10), "", false},
		{"to a person", "U0ANN", text(10), "", false},
		{"unknown channel", "C0NONE", text(10), "channel_not_found", false},
		{"private without the bot", "C0SECRET", text(10), "channel_not_found", false},
		{"public without the bot", "C0OTHER", text(10), "not_in_channel", false},
		{"archived", "C0OLD", text(10), "is_archived", false},
		{"deactivated person", "U0GONE", text(10), "channel_not_found", false},
		{"person of another workspace", "U0STRANGE", text(10), "channel_not_found", false},
		{"nothing to say", "C0OPS", text(0), "no_text", true},
		{"truncated", "C0OPS", text(40001), "", false},
		{"too much in blocks", "C0OPS", slack.MsgOptionBlocks(long...), "msg_blocks_too_long", true},
		{"bad blocks", "C0OPS", slack.MsgOptionBlocks(section("")), "invalid_blocks", true},
		{"attachments", "C0OPS", slack.MsgOptionAttachments(slack.Attachment{Text: "x"}), "invalid_arguments", true},
		{"another name", "C0OPS", slack.MsgOptionCompose(text(1), slack.MsgOptionUsername("root")), "invalid_arguments", true},
		{"thread of nothing", "C0OPS", slack.MsgOptionCompose(text(1), slack.MsgOptionTS("1.000001")), "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(s.Violations())
			_, _, err := api.PostMessage(tt.channel, tt.opt)
			if errCode(err) != tt.want || (len(s.Violations()) > before) != tt.violation {
				t.Errorf("got %v, want %q; violations %v", err, tt.want, s.Violations()[before:])
			}
		})
	}
	_, _, err := api.PostMessage("C0OPS", slack.MsgOptionBlocks(section("")))
	var e slack.SlackErrorResponse
	if !errors.As(err, &e) || len(e.ResponseMetadata.Messages) != 1 ||
		!strings.HasSuffix(e.ResponseMetadata.Messages[0], "[json-pointer:/blocks/0/text/text]") {
		t.Errorf("messages of invalid_blocks: %+v", e)
	}
}

func TestPostToAPersonReturnsTheDM(t *testing.T) {
	s := newWorkspace(t, Options{})
	ann := s.Person("U0ANN")
	channel, ts, err := client(s).PostMessage("U0ANN", slack.MsgOptionText("hi", false))
	if err != nil || channel != ann.DMChannel() || !strings.HasPrefix(channel, "D") {
		t.Fatalf("channel %q, %v", channel, err)
	}
	if _, _, _, err := client(s).UpdateMessage(channel, ts, slack.MsgOptionText("ho", false)); err != nil {
		t.Error(err)
	}
	if seen := ann.Sees(channel); len(seen) != 1 || seen[0].Text != "ho" {
		t.Errorf("Ann sees %+v", seen)
	}
	if n := len(s.Person("U0BOB").Sees(channel)); n != 0 {
		t.Errorf("Bob sees %d of Ann's direct messages", n)
	}
}

func TestScopesAndTokens(t *testing.T) {
	s := newWorkspace(t, Options{})
	app := s.App()
	app.Scopes = []string{"commands"}
	s.Install(app)
	api := client(s)
	var e slack.SlackErrorResponse
	_, _, err := api.PostMessage("C0OPS", slack.MsgOptionText("x", false))
	if !errors.As(err, &e) || e.Err != "missing_scope" || e.Needed != "chat:write" || e.Provided != "commands" {
		t.Errorf("got %+v", err)
	}
	res, err := api.AuthTest()
	if err != nil || res.UserID != app.BotUser || res.TeamID != app.Team || res.Header.Get("X-OAuth-Scopes") != "commands" {
		t.Errorf("auth.test: %+v %v", res, err)
	}
	for token, want := range map[string]string{"": "not_authed", "xoxb-other": "invalid_auth", app.AppToken: "not_allowed_token_type"} {
		if _, err := slack.New(token, slack.OptionAPIURL(s.URL())).AuthTest(); errCode(err) != want {
			t.Errorf("%q: got %v, want %s", token, err, want)
		}
	}
	s.Revoke(app.BotToken, "account_inactive")
	if _, err := api.AuthTest(); errCode(err) != "account_inactive" {
		t.Errorf("got %v", err)
	}
}

func TestPostEphemeral(t *testing.T) {
	s := newWorkspace(t, Options{})
	for _, tt := range []struct{ channel, user, want string }{
		{"C0OPS", "U0ANN", ""},
		{"C0OPS", "U0GUEST", "user_not_in_channel"},
		{"C0OPS", "U0NOBODY", "user_not_in_channel"},
		{"C0OTHER", "U0ANN", "not_in_channel"},
		{"C0SECRET", "U0ANN", "channel_not_found"},
		{"C0OLD", "U0ANN", "is_archived"},
	} {
		if _, err := client(s).PostEphemeral(tt.channel, tt.user, slack.MsgOptionText("x", false)); errCode(err) != tt.want {
			t.Errorf("%s to %s: got %v, want %q", tt.channel, tt.user, err, tt.want)
		}
	}
}

func TestUpdateAndDelete(t *testing.T) {
	s := quiet(t, Options{})
	api := client(s)
	_, ts, err := api.PostMessage("C0OPS", slack.MsgOptionText("x", false), slack.MsgOptionBlocks(section("old")))
	if err != nil {
		t.Fatal(err)
	}
	theirs, _ := s.Person("U0ANN").Say("C0OPS", "", "mine")
	hidden, _ := api.PostEphemeral("C0OPS", "U0ANN", slack.MsgOptionText("x", false))
	for _, tt := range []struct{ channel, ts, text, want string }{
		{"C0OPS", ts, "new", ""},
		{"C0OPS", ts, strings.Repeat("x", 4001), "msg_too_long"},
		{"C0OPS", "1.000001", "new", "message_not_found"},
		{"C0OPS", theirs, "new", "cant_update_message"},
		{"C0OPS", hidden, "new", "message_not_found"},
		{"C0SECRET", ts, "new", "channel_not_found"},
	} {
		if _, _, _, err := api.UpdateMessage(tt.channel, tt.ts, slack.MsgOptionText(tt.text, false)); errCode(err) != tt.want {
			t.Errorf("update %s: got %v, want %q", tt.ts, err, tt.want)
		}
	}
	// Blocks that an update leaves out stay; an empty list removes them.
	bob := s.Person("U0BOB")
	if got := bob.Sees("C0OPS")[0].Visible(); got != "old" {
		t.Errorf("after an update of the text: %q, want the old blocks", got)
	}
	if _, _, _, err := api.UpdateMessage("C0OPS", ts, slack.MsgOptionText("bare", false), slack.MsgOptionBlocks()); err != nil {
		t.Fatal(err)
	}
	if got := bob.Sees("C0OPS")[0].Visible(); got != "bare" {
		t.Errorf("after removing the blocks: %q", got)
	}
	if _, _, err := api.DeleteMessage("C0OPS", theirs); errCode(err) != "cant_delete_message" {
		t.Errorf("delete another's: %v", err)
	}
	if _, _, err := api.DeleteMessage("C0OPS", ts); err != nil {
		t.Error(err)
	}
	if _, _, err := api.DeleteMessage("C0OPS", ts); errCode(err) != "message_not_found" {
		t.Errorf("delete twice: %v", err)
	}
	if n := len(bob.Sees("C0OPS")); n != 1 {
		t.Errorf("Bob sees %d messages, want Ann's only", n)
	}
	if n := len(s.Messages("C0OPS")); n != 3 {
		t.Errorf("%d messages are kept, want 3", n)
	}
	// A reply to a message that is gone stands alone.
	_, reply, err := api.PostMessage("C0OPS", slack.MsgOptionText("late", false), slack.MsgOptionTS(ts))
	if err != nil {
		t.Fatal(err)
	}
	if m := bob.Sees("C0OPS"); m[len(m)-1].TS != reply || m[len(m)-1].ThreadTS != "" {
		t.Errorf("late reply %+v", m[len(m)-1])
	}
}

func TestMetadataIsKept(t *testing.T) {
	s := newWorkspace(t, Options{})
	_, _, err := client(s).PostMessage("C0OPS", slack.MsgOptionText("x", false),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "request", EventPayload: map[string]any{"id": "7"}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.Messages("C0OPS")[0].Metadata); got != `{"event_type":"request","event_payload":{"id":"7"}}` {
		t.Errorf("metadata %s", got)
	}
}

func commandURL(t *testing.T, s *Server, dial dialFunc) (*bot, string) {
	var url string
	b := startBot(t, s, 1, dial, func(b *bot, e socketmode.Event) (any, bool) {
		url = e.Data.(slack.SlashCommand).ResponseURL
		return nil, true
	})
	if r := s.Person("U0ANN").Command(t.Context(), "C0SECRET", "x"); !r.Acked {
		t.Fatal(r)
	}
	return b, url
}

func postURL(t *testing.T, b *bot, url, body string) (int, string) {
	t.Helper()
	hc := &http.Client{}
	if b != nil {
		hc = b.http
	}
	res, err := hc.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(out)
}

func TestResponseURL(t *testing.T) {
	s := quiet(t, Options{})
	b, url := commandURL(t, s, nil)
	for i, tt := range []struct {
		body string
		want int
		code string
	}{
		{`{"text":"one"}`, 200, ""},
		{`{"text":"two","response_type":"in_channel"}`, 200, ""},
		{`{"text":"three","replace_original":true}`, 200, ""},
		{`{"text":"","blocks":[{"type":"nope"}]}`, 400, "invalid_blocks"},
		{`{"txt":"x"}`, 400, "invalid_payload"},
		{`{"text":"six"}`, 404, "used_url"},
	} {
		if status, out := postURL(t, b, url, tt.body); status != tt.want || !strings.Contains(out, tt.code) {
			t.Errorf("%d: got %d %s, want %d %s", i+1, status, out, tt.want, tt.code)
		}
	}
	var texts []string
	for _, m := range s.Person("U0ANN").Sees("C0SECRET") {
		texts = append(texts, m.Text)
	}
	if diff := cmp.Diff([]string{"three", "two"}, texts); diff != "" {
		t.Error(diff)
	}
	if n := len(s.Violations()); n != 2 {
		t.Errorf("violations %v", s.Violations())
	}
	if status, _ := postURL(t, b, strings.Replace(url, "/R0", "/R9", 1), `{"text":"x"}`); status != 404 {
		t.Errorf("made-up address: %d", status)
	}
}

func TestResponseURLOfSlackGo(t *testing.T) {
	s := newWorkspace(t, Options{})
	b, url := commandURL(t, s, nil)
	if _, _, err := b.api.PostMessage("C0SECRET", slack.MsgOptionResponseURL(url, slack.ResponseTypeEphemeral), slack.MsgOptionText("x", false)); err != nil {
		t.Error(err)
	}
	if err := slack.PostWebhook(url, &slack.WebhookMessage{Text: "y", Blocks: &slack.Blocks{BlockSet: buttons()}}); err != nil {
		t.Error(err)
	}
	if n := len(s.Person("U0ANN").Sees("C0SECRET")); n != 2 {
		t.Errorf("Ann sees %d messages, want 2", n)
	}
}

func TestResponseURLExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sandbox.NewPipe("slack.test:80")
		s := newWorkspace(t, Options{Listener: p})
		b, url := commandURL(t, s, p.DialContext)
		time.Sleep(30*time.Minute - time.Second)
		if status, out := postURL(t, b, url, `{"text":"x"}`); status != 200 {
			t.Errorf("just in time: %d %s", status, out)
		}
		time.Sleep(time.Second)
		if status, out := postURL(t, b, url, `{"text":"x"}`); status != 404 || !strings.Contains(out, "expired_url") {
			t.Errorf("too late: %d %s", status, out)
		}
	})
}

func TestPace(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := newWorkspace(t, Options{Pace: true, Now: func() time.Time { return now }})
	api := client(s)
	post := func(channel string) error {
		_, _, err := api.PostMessage(channel, slack.MsgOptionText("x", false))
		return err
	}
	if err := post("C0OPS"); err != nil {
		t.Fatal(err)
	}
	var limit *slack.RateLimitedError
	if err := post("C0OPS"); !errors.As(err, &limit) || limit.RetryAfter != time.Second {
		t.Errorf("second message in a second: %v", err)
	}
	if err := post("U0ANN"); err != nil {
		t.Errorf("another channel: %v", err)
	}
	if err := post(s.Person("U0ANN").DMChannel()); !errors.As(err, &limit) {
		t.Errorf("the same direct messages by their id: %v", err)
	}
	now = now.Add(time.Second)
	if err := post("C0OPS"); err != nil {
		t.Errorf("a second later: %v", err)
	}
	for i := range 21 {
		_, err := api.GetUserGroupMembers("S0OPS")
		if limited := errors.As(err, &limit); limited != (i == 20) {
			t.Errorf("look-up %d: %v", i+1, err)
		}
	}
	now = now.Add(time.Minute)
	if _, err := api.GetUserGroupMembers("S0OPS"); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

func TestFaults(t *testing.T) {
	s := newWorkspace(t, Options{})
	api := client(s)
	post := func() error {
		_, _, err := api.PostMessage("C0OPS", slack.MsgOptionText("x", false), slack.MsgOptionBlocks(section("x")))
		return err
	}
	s.Fault("chat.postMessage", Fault{Times: 2, Error: "internal_error"})
	s.Fault("chat.postMessage", Fault{Status: 503})
	s.Fault("*", Fault{RetryAfter: 7 * time.Second})
	var status slack.StatusCodeError
	var limit *slack.RateLimitedError
	for i, ok := range []func(error) bool{
		func(err error) bool { return errCode(err) == "internal_error" },
		func(err error) bool { return errCode(err) == "internal_error" },
		func(err error) bool { return errors.As(err, &status) && status.Code == 503 },
		func(err error) bool { return errors.As(err, &limit) && limit.RetryAfter == 7*time.Second },
		func(err error) bool { return err == nil },
	} {
		if err := post(); !ok(err) {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
	n := len(s.Messages("C0OPS"))
	s.Fault("chat.postMessage", Fault{DropAfterEffect: true})
	if err := post(); err == nil || len(s.Messages("C0OPS")) != n+1 {
		t.Errorf("dropped after the effect: %v, %d messages", err, len(s.Messages("C0OPS")))
	}
	s.RefuseBlocks(1)
	if err := post(); errCode(err) != "invalid_blocks" {
		t.Errorf("refused blocks: %v", err)
	}
	s.RefuseBlocks(1)
	s.Fault("chat.postMessage", Fault{Times: -1, Error: "fatal_error"})
	s.ClearFaults()
	if err := post(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.Fault("auth.test", Fault{Delay: time.Hour})
	go func() {
		_ = s.Wait(context.WithoutCancel(ctx), func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return len(s.faults["auth.test"]) == 0
		})
		cancel()
	}()
	if _, err := api.AuthTestContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("delayed call: %v", err)
	}
}

func TestRecord(t *testing.T) {
	s := newWorkspace(t, Options{})
	if _, _, err := client(s).PostMessage("C0OPS", slack.MsgOptionText("canary-1", false)); err != nil {
		t.Fatal(err)
	}
	all := string(s.AllText())
	if !strings.Contains(all, "canary-1") || strings.Contains(all, s.App().BotToken) {
		t.Errorf("all text %q", all)
	}
	if strings.Contains(string(s.AllText("chat.postMessage")), "canary-1") {
		t.Error("a method left out is there")
	}
	c := s.Calls()[0]
	if c.Method != "chat.postMessage" || c.Args["channel"] != "C0OPS" || c.Token != "bot" || c.Err != "" || c.Status != 200 {
		t.Errorf("call %+v", c)
	}
	var b strings.Builder
	s.Dump(&b)
	wantHas(t, "dump", b.String(), "chat.postMessage 200", "text=canary-1")
	if m := s.AllMessages(); len(m) != 1 || m[0].Text != "canary-1" {
		t.Errorf("messages %+v", m)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	s := newWorkspace(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ctx, func() bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
