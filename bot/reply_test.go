package bot

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/slackd"
)

func TestAnswersFindAnotherWay(t *testing.T) {
	for _, tc := range []struct {
		name    string
		channel string
		fault   slackd.Fault
		private bool // the answer comes by direct message
	}{
		{"the address is used up", room, slackd.Fault{Times: -1, Status: http.StatusNotFound}, false},
		{"the address is broken", room, slackd.Fault{Times: -1, Status: http.StatusInternalServerError}, false},
		{"the address hangs", room, slackd.Fault{Times: -1, Delay: time.Hour}, false},
		{"where the bot is not", elsewhere, slackd.Fault{Times: -1, Status: http.StatusNotFound}, true},
		{"where the bot is not, a moment's fault", elsewhere, slackd.Fault{Status: http.StatusBadGateway}, false},
		{"asked to wait", elsewhere, slackd.Fault{RetryAfter: 3 * time.Second}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			started(t, func(r *rig) {
				p := r.slack.Person(ann)
				for _, text := range []string{"status", "register octo-org because of load"} {
					r.slack.ClearFaults()
					r.slack.Fault("response_url", tc.fault)
					r.acked(p.Command(r.Context(), tc.channel, text))
					place := tc.channel
					if tc.private {
						place = p.DMChannel()
					}
					want := "Answer to status"
					if text != "status" {
						want = "Request #1"
					}
					r.reads(ann, place, want)
				}
				r.pass(time.Minute)
				if left, err := r.store.Unhandled(r.Context()); err != nil || len(left) != 0 {
					t.Errorf("%d inputs are left, %v", len(left), err)
				}
			})
		})
	}
}

func TestAnswersAfterTheirAddressExpired(t *testing.T) {
	started(t, func(r *rig) {
		r.asks()
		prompt := r.reads(bob, approvals, "Request #1")
		r.slack.Fault("response_url", slackd.Fault{Times: -1, Status: http.StatusNotFound})
		r.slack.Fault("chat.postEphemeral", slackd.Fault{Times: -1, Error: "user_not_in_channel"})
		r.slack.Fault("chat.postMessage", slackd.Fault{Times: 3, Status: http.StatusBadGateway})
		r.acked(r.slack.Person(bob).Click(r.Context(), prompt, "approve"))
		// Nothing works at first, so the answer is kept and delivered later.
		r.reads(bob, r.slack.Person(bob).DMChannel(), "Done: approve 1")
	})
}

func TestRefusedBlocksBecomePlainText(t *testing.T) {
	started(t, func(r *rig) {
		r.slack.RefuseBlocks(1)
		r.acked(r.slack.Person(ann).Command(r.Context(), room, "status"))
		if m := r.reads(ann, room, "Answer to status"); len(m.Blocks) != 0 {
			t.Errorf("%d blocks, want plain text", len(m.Blocks))
		}
		req := r.asks()
		prompt := r.reads(bob, approvals, "Request #1")
		if len(prompt.Blocks) == 0 {
			t.Fatal("the prompt has no blocks; the test shows nothing")
		}
		r.slack.RefuseBlocks(100)
		r.cancel(req)
		r.until("the prompt as plain text, without its buttons", func() bool {
			m := r.prompts()[0]
			return len(m.Blocks) == 0 && strings.Contains(m.Text, "cancelled")
		})
	})
}

func TestAPanicEndsOneAnswer(t *testing.T) {
	started(t, func(r *rig) {
		r.desk.set(func(d *desk) {
			d.answer = func(context.Context, string) fleet.Answer { panic("planted") }
			d.before = func(context.Context, fleet.Input) { panic("planted") }
		})
		for i, text := range []string{"status", "register octo-org because of load"} {
			r.acked(r.slack.Person(ann).Command(r.Context(), room, text))
			r.until("an answer to "+text, func() bool { return len(r.only(ann, room)) == i+1 })
		}
		r.pass(10 * time.Minute)
		if got := r.only(ann, room); len(got) != 2 || !strings.Contains(got[1].Text, "failed") {
			t.Errorf("Ann sees %d answers: %+v", len(got), got)
		}
		if n := r.desk.inputs("register"); n != 1 {
			t.Errorf("what panics was tried %d times", n)
		}
		r.desk.set(func(d *desk) { d.answer, d.before = nil, nil })
		r.acked(r.slack.Person(ann).Command(r.Context(), room, "status"))
		r.reads(ann, room, "Answer to status")
	})
}

func TestAnAnswerThatIsNoAnswer(t *testing.T) {
	started(t, func(r *rig) {
		r.desk.set(func(d *desk) { d.answer = func(context.Context, string) fleet.Answer { return nil } })
		r.acked(r.slack.Person(ann).Command(r.Context(), room, "status"))
		r.until("a word to the person", func() bool { return len(r.only(ann, room)) == 1 })
	})
}

// page is an answer with Previous and Next.
func page(n int) fleet.Page {
	return fleet.Page{Title: "Runners of octo-org", Command: "list octo-org", Number: n, Pages: 3, Rows: []fleet.Record{{Runner: fleet.Runner{ID: int64(n), Name: fmt.Sprintf("web-%d", n), OS: "linux", Status: "online"}}}, OneScope: true}
}

func pages(_ context.Context, text string) fleet.Answer {
	if strings.Contains(text, "page:2") {
		return page(2)
	}
	return page(1)
}

func TestPagesReplaceEachOther(t *testing.T) {
	started(t, func(r *rig) {
		p := r.slack.Person(ann)
		r.desk.set(func(d *desk) { d.answer = pages })
		r.acked(p.Command(r.Context(), room, "list octo-org"))
		first := r.reads(ann, room, "web-1")
		r.acked(p.Click(r.Context(), first, "run:1"))
		second := r.reads(ann, room, "web-2")
		if n := len(r.only(ann, room)); n != 1 || second.TS != first.TS {
			t.Errorf("%d answers, the second page at %s and the first at %s; want one, in place", n, second.TS, first.TS)
		}
	})
}

func TestSecretsOfAnEnvelopeAreNotLogged(t *testing.T) {
	started(t, func(r *rig) {
		r.slack.Fault("response_url", slackd.Fault{Times: -1, Delay: time.Hour})
		r.slack.Fault("chat.postEphemeral", slackd.Fault{Times: -1, Delay: time.Hour})
		r.slack.Fault("chat.postMessage", slackd.Fault{Times: -1, Delay: time.Hour})
		r.slack.Fault("views.open", slackd.Fault{Times: -1, Delay: time.Hour})
		r.acked(r.slack.Person(ann).Command(r.Context(), room, "status"))
		r.acked(r.slack.Person(ann).Command(r.Context(), room, "register octo-org"))
		r.pass(5 * time.Minute)
		r.stop()
		log := string(r.log.bytes())
		if !strings.Contains(log, "could not be sent") {
			t.Error("no failure was logged; the test shows nothing")
		}
		for _, secret := range []string{"/response/", "xoxb-", "xapp-", "trigger", "ticket="} {
			if strings.Contains(log, secret) {
				t.Errorf("%q is in the log", secret)
			}
		}
	})
}

func TestNothingButRefusalsInSharedChannels(t *testing.T) {
	started(t, func(r *rig) {
		r.slack.SetChannel(room, func(c *slackd.Channel) { c.ExtShared = true })
		p := r.slack.Person(ann)
		for i, text := range []string{"status", "register octo-org because of load"} {
			r.acked(p.Command(r.Context(), room, text))
			r.until("a refusal", func() bool { return len(p.Sees(room)) > i })
		}
		r.reads(ann, p.DMChannel(), "Answer to status")
		r.reads(ann, p.DMChannel(), "Request #1")
		for _, m := range p.Sees(room) {
			if got := m.Visible(); !strings.Contains(got, "shared with another organization") || strings.Contains(got, "Answer") || strings.Contains(got, "#1") {
				t.Errorf("in the shared channel stands %q", got)
			}
		}
	})
}
