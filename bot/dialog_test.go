package bot

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/slackd"
)

func TestAReasonIsAskedForInADialog(t *testing.T) {
	started(t, func(r *rig) {
		p := r.slack.Person(ann)
		r.acked(p.Command(r.Context(), room, `register octo-org labels:"a b",<b>`))
		r.until("the dialog", func() bool { return len(p.Views()) == 1 })
		r.acked(p.Submit(r.Context(), p.Views()[0], map[string]string{"reason": "more load"}))
		r.reads(ann, room, "Request #1")
		in := r.desk.carried[len(r.desk.carried)-1]
		if !strings.HasSuffix(in.Text, " because more load") || in.Channel != room || in.Person != ann {
			t.Errorf("the desk got %+v", in)
		}
	})
	started(t, func(r *rig) {
		p := r.slack.Person(ann)
		r.slack.Fault("views.open", slackd.Fault{Error: "expired_trigger_id"})
		r.acked(p.Command(r.Context(), room, "register octo-org"))
		r.reads(ann, room, "because REASON")
	})
}

func TestDialogsThatDoNotOpenAreAnswered(t *testing.T) {
	started(t, func(r *rig) {
		r.asks()
		prompt := r.reads(bob, approvals, "Request #1")
		r.slack.Fault("views.open", slackd.Fault{Error: "expired_trigger_id"})
		r.acked(r.slack.Person(bob).Click(r.Context(), prompt, "deny"))
		r.reads(bob, approvals, "did not open in time")
		if seen := r.only(ann, approvals); len(seen) != 0 {
			t.Errorf("Ann reads the answer to Bob's click: %+v", seen)
		}
	})
}

// approved is a request of Ann's that waits to be revealed, and her message with the
// button.
func approved(r *rig) slackd.Message {
	r.asks()
	prompt := r.reads(bob, approvals, "Request #1")
	r.acked(r.slack.Person(bob).Click(r.Context(), prompt, "approve"))
	r.reads(bob, approvals, "Done: approve 1")
	return r.reads(ann, r.slack.Person(ann).DMChannel(), "[Reveal]")
}

const canary = "AABF3JGZDX3P5PMEXLND6TS6FCWO6"

// mint makes the desk show a token after a while.
func mint(r *rig, after time.Duration) {
	r.desk.set(func(d *desk) {
		d.reveal = func(show func(fleet.Request, fleet.Token) error) error {
			<-time.After(after)
			req, err := r.store.Request(r.Context(), 1)
			if err != nil {
				return err
			}
			return show(req, fleet.Token{Value: fleet.NewSecret(canary), ExpiresAt: time.Now().Add(time.Hour)})
		}
	})
}

func TestATokenIsInTheDialogOnly(t *testing.T) {
	started(t, func(r *rig) {
		copied := approved(r)
		mint(r, 10*time.Second)
		p := r.slack.Person(ann)
		r.acked(p.Click(r.Context(), copied, "reveal"))
		r.until("the dialog at once", func() bool { return len(p.Views()) == 1 })
		if v := p.Views()[0]; !strings.Contains(v.Visible(), "Making") {
			t.Errorf("the dialog says %q", v.Visible())
		}
		r.until("the token", func() bool { return strings.Contains(p.Views()[0].Visible(), canary) })
		r.stop()
		if strings.Contains(string(r.slack.AllText("views.update")), canary) || strings.Contains(string(r.log.bytes()), canary) {
			t.Error("the token is outside of views.update")
		}
		if len(r.desk.shown) != 1 || r.desk.shown[0] != nil {
			t.Errorf("show returned %v", r.desk.shown)
		}
	})
}

func TestARevealThatFails(t *testing.T) {
	for _, tc := range []struct {
		name   string
		fault  func(*slackd.Server)
		reveal func(func(fleet.Request, fleet.Token) error) error
		dialog string // what it says in the end
		note   string // what Ann reads beside it
	}{
		{name: "no token", reveal: func(func(fleet.Request, fleet.Token) error) error { return errors.New("GitHub is away") }, dialog: "GitHub is away"},
		{name: "a panic", reveal: func(func(fleet.Request, fleet.Token) error) error { panic("planted") }, dialog: "failed"},
		{name: "a moment's fault", fault: func(s *slackd.Server) { s.Fault("views.update", slackd.Fault{Status: http.StatusBadGateway}) }, dialog: canary},
		{name: "a fault of Slack's own", fault: func(s *slackd.Server) { s.Fault("views.update", slackd.Fault{Error: "internal_error"}) }, dialog: canary},
		{name: "the dialog was closed", fault: func(s *slackd.Server) { s.Fault("views.update", slackd.Fault{Times: -1, Error: "not_found"}) }, dialog: "Making", note: "No token"},
		{name: "opened, but Slack did not say so", fault: func(s *slackd.Server) { s.Fault("views.open", slackd.Fault{DropAfterEffect: true}) },
			reveal: func(func(fleet.Request, fleet.Token) error) error { panic("no token may be made") }, dialog: "Press the button again", note: "did not open in time"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			started(t, func(r *rig) {
				copied := approved(r)
				mint(r, time.Second)
				if tc.reveal != nil {
					r.desk.set(func(d *desk) { d.reveal = tc.reveal })
				}
				if tc.fault != nil {
					tc.fault(r.slack)
				}
				p := r.slack.Person(ann)
				r.acked(p.Click(r.Context(), copied, "reveal"))
				if tc.note != "" {
					r.reads(ann, p.DMChannel(), tc.note)
				}
				r.until("the dialog that says "+tc.dialog, func() bool { return len(p.Views()) == 1 && strings.Contains(p.Views()[0].Visible(), tc.dialog) })
				if tc.name == "the dialog was closed" && (len(r.desk.shown) != 1 || r.desk.shown[0] == nil) {
					t.Errorf("show returned %v, want an error", r.desk.shown)
				}
			})
		})
	}
}

func TestShare(t *testing.T) {
	started(t, func(r *rig) {
		p := r.slack.Person(ann)
		r.desk.set(func(d *desk) { d.answer = pages })
		r.acked(p.Command(r.Context(), room, "list octo-org"))
		list := r.reads(ann, room, "web-1")
		r.acked(p.Click(r.Context(), list, "share"))
		shared := r.reads(bob, room, "web-1")
		if !strings.Contains(shared.Visible(), "Shared by <@"+ann+">") || strings.Contains(shared.Visible(), "[Next]") || strings.Contains(shared.Visible(), "[Share]") {
			t.Errorf("the shared answer is %q", shared.Visible())
		}
		// The address of the answer is gone: Ann hears of it, and nobody else.
		r.slack.Fault("response_url", slackd.Fault{Status: http.StatusNotFound})
		r.acked(p.Click(r.Context(), list, "share"))
		r.reads(ann, room, "could not be shared")

		before := len(r.slack.Person(bob).Sees(room))
		r.slack.SetChannel(room, func(c *slackd.Channel) { c.ExtShared = true })
		r.pass(2 * time.Minute)
		r.acked(p.Click(r.Context(), list, "share"))
		r.reads(ann, room, "open to another organization")
		if n := len(r.slack.Person(bob).Sees(room)); n != before {
			t.Errorf("something was posted in a channel that is shared with another organization")
		}
	})
}

func TestButtonsInAChannelAnswerTheClickerAlone(t *testing.T) {
	started(t, func(r *rig) {
		r.asks()
		prompt := r.reads(bob, approvals, "Request #1")
		r.acked(r.slack.Person(ann).Click(r.Context(), prompt, "approve"))
		r.reads(ann, approvals, "does not count")
		if seen := r.only(bob, approvals); len(seen) != 0 {
			t.Errorf("Bob reads the answer to Ann's click")
		}
		if r.prompts()[0].TS != prompt.TS || len(r.prompts()) != 1 {
			t.Error("the prompt was replaced")
		}
	})
}
