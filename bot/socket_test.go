package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack/socketmode"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/slackd"
)

func TestDroppedSocketsLoseNothingThatWasAcknowledged(t *testing.T) {
	started(t, func(r *rig) {
		const drops = 50
		var mu sync.Mutex
		taken := map[string]bool{}
		var wg sync.WaitGroup
		for i := range drops {
			for j := range 6 {
				wg.Go(func() {
					text := fmt.Sprintf("find web-%d-%d.", i, j)
					if j%3 == 0 {
						text = fmt.Sprintf("register octo-org because of %d-%d.", i, j)
					}
					if got := r.slack.Person(ann).Command(r.Context(), room, text); got.Acked {
						mu.Lock()
						taken[text] = true
						mu.Unlock()
					}
				})
			}
			r.until("some acknowledgements of this round", func() bool { return acks(r) >= 3*i+2 })
			r.slack.DropSockets()
			r.until("two sockets again", func() bool { return r.slack.Connections() == 2 })
		}
		wg.Wait()
		r.pass(time.Minute)
		if len(taken) < drops {
			t.Errorf("only %d envelopes were acknowledged; the test shows nothing", len(taken))
		}
		for text := range taken {
			if n := r.desk.answers(text) + r.desk.inputs(text); n != 1 {
				t.Errorf("%q was acknowledged and carried out %d times", text, n)
			}
		}
		if n := r.bot.Connected(); n != 2 {
			t.Errorf("Connected is %d, want 2", n)
		}
	})
}

// acks counts the acknowledgements that Slack took.
func acks(r *rig) int {
	n := 0
	for _, c := range r.slack.Calls() {
		if c.Method == "ack" && c.Err == "" {
			n++
		}
	}
	return n
}

func TestDisconnectFramesAreFollowedByANewSocket(t *testing.T) {
	started(t, func(r *rig) {
		for _, reason := range []string{"warning", "refresh_requested"} {
			r.slack.Disconnect(reason)
			r.until("new sockets after "+reason, func() bool { return r.slack.Connections() == 2 })
			r.acked(r.slack.Person(ann).Command(r.Context(), room, "status "+reason))
			r.reads(ann, room, "Answer to status "+reason)
		}
	})
}

func TestWhatIsNotForTheBotIsAcknowledged(t *testing.T) {
	started(t, func(r *rig) {
		r.slack.Install(slackd.App{Shortcuts: []string{"status"}})
		r.acked(r.slack.Person(ann).Shortcut(r.Context(), "status"))
		r.acked(r.slack.Person(ann).OpenHome(r.Context()))
	})
	for frame, want := range map[string]string{`{"envelope_id":"E1","type":"new"}`: "E1", `{"type":"new"}`: "", `[`: ""} {
		e := socketmode.Event{Type: socketmode.EventTypeErrorBadMessage, Data: &socketmode.ErrorBadMessage{Message: []byte(frame)}}
		if got := badEnvelope(e); got != want {
			t.Errorf("%s: got %q, want %q", frame, got, want)
		}
	}
}

func TestThePumpNeverBlocks(t *testing.T) {
	inBubble(t, slackd.Options{}, func(r *rig) {
		for range queueLength + 10 { // nobody takes anything
			r.bot.receive(arrival{kind: typed}, nil)
		}
		if n := len(r.bot.intake); n != queueLength {
			t.Errorf("%d arrivals wait, want %d and the rest not taken", n, queueLength)
		}
	})
}

func TestShutdownFinishesWhatIsInHand(t *testing.T) {
	started(t, func(r *rig) {
		begun, release := make(chan struct{}), make(chan struct{})
		r.desk.set(func(d *desk) {
			d.answer = func(context.Context, string) fleet.Answer {
				close(begun)
				<-release
				return info("In time")
			}
		})
		r.acked(r.slack.Person(ann).Command(r.Context(), room, "status"))
		<-begun
		r.end()
		r.end = nil
		r.pass(time.Second)
		if got := r.slack.Person(ann).Command(r.Context(), room, "status"); got.Acked {
			t.Error("what arrived during the shutdown was acknowledged")
		}
		close(release)
		at := time.Now()
		if err := <-r.done; err != nil {
			t.Errorf("Run returned %v", err)
		}
		if took := time.Since(at); took > 2*time.Second {
			t.Errorf("Run returned after %v", took)
		}
		r.reads(ann, room, "In time")
		r.until("no sockets", func() bool { return r.slack.Connections() == 0 })
	})
}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	started(t, func(r *rig) {
		begun, release := make(chan struct{}, 2), make(chan struct{})
		defer close(release)
		stuck := func() { begun <- struct{}{}; <-release }
		r.desk.set(func(d *desk) {
			d.answer = func(context.Context, string) fleet.Answer { stuck(); return info("late") }
			d.before = func(context.Context, fleet.Input) { stuck() }
		})
		r.acked(r.slack.Person(ann).Command(r.Context(), room, "status"))
		r.acked(r.slack.Person(ann).Command(r.Context(), room, "register octo-org because of load"))
		<-begun
		<-begun
		at := time.Now()
		if err := r.stop(); err != nil {
			t.Errorf("Run returned %v", err)
		}
		if took := time.Since(at); took > 9*time.Second {
			t.Errorf("Run returned after %v; the program has 10 s", took)
		}
		if left, err := r.store.Unhandled(r.Context()); err != nil || len(left) != 1 {
			t.Errorf("%d inputs are left for the next start, %v; want 1", len(left), err)
		}
	})
}

func TestTheNextRunCarriesOutWhatWasStored(t *testing.T) {
	inBubble(t, slackd.Options{}, func(r *rig) {
		in := fleet.Input{Key: "command:1", Person: ann, Team: "T0OCTO", Channel: room, Text: "register octo-org", At: time.Now()}
		if _, err := r.store.Store.Accept(r.Context(), in); err != nil {
			t.Fatal(err)
		}
		r.pass(time.Second)
		r.start()
		r.reads(ann, r.slack.Person(ann).DMChannel(), "needs a reason")
		r.pass(time.Minute)
		if n := r.desk.inputs("register"); n != 1 {
			t.Errorf("carried out %d times", n)
		}
	})
}

func TestRefusedTokens(t *testing.T) {
	s := slackd.SampleApp()
	for _, tc := range []struct {
		name      string
		app, bot  string
		revoke    string // this token …
		code      string // … with this code
		appScopes []string
		want      []string
	}{
		{name: "unknown bot token", app: s.AppToken, bot: "xoxb-other", want: []string{"SLACK_BOT_TOKEN", "invalid_auth"}},
		{name: "unknown app token", app: "xapp-other", bot: s.BotToken, want: []string{"SLACK_APP_TOKEN", "invalid_auth"}},
		{name: "bot token as app token", app: s.BotToken, bot: s.BotToken, want: []string{"SLACK_APP_TOKEN", "not_allowed_token_type", "xapp-"}},
		{name: "app token as bot token", app: s.AppToken, bot: s.AppToken, want: []string{"SLACK_BOT_TOKEN", "not_allowed_token_type", "xoxb-"}},
		{name: "inactive", app: s.AppToken, bot: s.BotToken, revoke: s.BotToken, code: "account_inactive", want: []string{"SLACK_BOT_TOKEN", "account_inactive"}},
		{name: "revoked", app: s.AppToken, bot: s.BotToken, revoke: s.AppToken, code: "token_revoked", want: []string{"SLACK_APP_TOKEN", "token_revoked"}},
		{name: "no connections:write", app: s.AppToken, bot: s.BotToken, appScopes: []string{}, want: []string{"SLACK_APP_TOKEN", "connections:write"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, slackd.Options{Violation: func(string) {}}, func(r *rig) {
				r.slack.Install(slackd.App{AppScopes: tc.appScopes})
				if tc.revoke != "" {
					r.slack.Revoke(tc.revoke, tc.code)
				}
				r.o.AppToken, r.o.BotToken = fleet.NewSecret(tc.app), fleet.NewSecret(tc.bot)
				wantFatal(t, New(r.o).Connect(r.Context()), tc.want...)
			})
		})
	}
}

func wantFatal(t *testing.T, err error, words ...string) {
	t.Helper()
	var fatal *Fatal
	if !errors.As(err, &fatal) {
		t.Fatalf("got %v, want a *Fatal", err)
	}
	for _, w := range words {
		if !strings.Contains(fatal.Why, w) {
			t.Errorf("got %q, want it to have %q", fatal.Why, w)
		}
	}
	if strings.Contains(fatal.Why, "sample") || strings.Contains(fatal.Why, "other") {
		t.Errorf("a token is in %q", fatal.Why)
	}
}

func TestTokensRevokedWhileRunning(t *testing.T) {
	s := slackd.SampleApp()
	for name, token := range map[string]string{"SLACK_APP_TOKEN": s.AppToken, "SLACK_BOT_TOKEN": s.BotToken} {
		t.Run(name, func(t *testing.T) {
			started(t, func(r *rig) {
				r.slack.Revoke(token, "token_revoked")
				r.slack.DropSockets()
				if name == "SLACK_BOT_TOKEN" {
					r.until("two sockets again", func() bool { return r.slack.Connections() == 2 })
					_, _ = r.bot.Directory().Person(r.Context(), ann, 0)
				}
				r.end = nil
				wantFatal(t, <-r.done, name, "token_revoked")
			})
		})
	}
}

func TestSlackDownAtTheStart(t *testing.T) {
	inBubble(t, slackd.Options{}, func(r *rig) {
		r.slack.Down(true)
		at := time.Now()
		time.AfterFunc(5*time.Minute, func() { r.slack.Down(false) })
		r.start()
		if waited := time.Since(at); waited < 5*time.Minute || waited > 6*time.Minute {
			t.Errorf("connected after %v", waited)
		}
		r.acked(r.slack.Person(ann).Command(r.Context(), room, "status"))
		r.reads(ann, room, "Answer to status")
		if tries := len(r.slack.Calls()); tries > 40 {
			t.Errorf("%d calls", tries)
		}
	})
	inBubble(t, slackd.Options{}, func(r *rig) {
		r.slack.Fault("auth.test", slackd.Fault{Times: -1, Status: http.StatusBadGateway})
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		defer cancel()
		if err := r.bot.Connect(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Connect returned %v, want the end of its context", err)
		}
	})
}

func TestLongOutageWhileRunning(t *testing.T) {
	started(t, func(r *rig) {
		r.slack.Down(true)
		r.pass(time.Hour)
		if n := r.bot.Connected(); n != 0 {
			t.Errorf("Connected is %d while Slack is down", n)
		}
		r.slack.Down(false)
		at := time.Now()
		r.until("two sockets again", func() bool { return r.slack.Connections() == 2 })
		if took := time.Since(at); took > time.Minute {
			t.Errorf("connected again after %v", took)
		}
	})
}

func TestMissingScopesGoToTheOperators(t *testing.T) {
	inBubble(t, slackd.Options{}, func(r *rig) {
		r.slack.Install(slackd.App{Scopes: []string{"commands", "chat:write", "users:read", "channels:read", "groups:read", "im:history", "app_mentions:read"}})
		r.start()
		if !r.tells("usergroups:read") || len(r.told) != 1 {
			t.Errorf("the operators were told %q", r.told)
		}
	})
}
