package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/slackd"
)

// notice puts a sentence into the outbox.
func (r *rig) notice(key, channel, thread, text string) {
	r.Helper()
	body, err := json.Marshal(info(text))
	if err == nil {
		_, err = r.store.Enqueue(r.Context(), fleet.Surface{Key: key, Kind: fleet.NoticeSurface, Channel: channel, Thread: thread}, body)
	}
	if err != nil {
		r.Fatal(err)
	}
}

// cancel ends a request behind the bot's back.
func (r *rig) cancel(req fleet.Request) {
	r.Helper()
	if _, err := r.store.UpdateRequest(r.Context(), req.ID, "", func(q fleet.Request) (fleet.Request, error) { return q.Cancel(ann, time.Now()) }); err != nil {
		r.Fatal(err)
	}
}

// calls counts the calls of a method that ended with an error code, or "".
func (r *rig) calls(method, code string) int {
	n := 0
	for _, c := range r.slack.Calls() {
		if c.Method == method && c.Err == code {
			n++
		}
	}
	return n
}

func TestEachChannelIsWrittenToOnceASecond(t *testing.T) {
	inBubble(t, slackd.Options{Pace: true}, func(r *rig) {
		r.start()
		const many = 40
		at := time.Now()
		for i := range many {
			r.notice(fmt.Sprintf("a/%d", i), room, "", fmt.Sprintf("first %d.", i))
			r.notice(fmt.Sprintf("b/%d", i), approvals, "", fmt.Sprintf("second %d.", i))
		}
		r.until("all of them", func() bool { return len(r.slack.Messages(room)) == many && len(r.slack.Messages(approvals)) == many })
		if took := time.Since(at); took > 2*many*time.Second {
			t.Errorf("took %v", took)
		}
		if n := r.calls("chat.postMessage", "ratelimited"); n > 2 {
			t.Errorf("%d posts were too fast", n)
		}
		for i, m := range r.slack.Messages(room) {
			if !strings.Contains(m.Text, fmt.Sprintf("first %d.", i)) {
				t.Fatalf("message %d is %q", i, m.Text)
			}
		}
	})
}

func TestRetryAfterIsKept(t *testing.T) {
	started(t, func(r *rig) {
		r.slack.Fault("chat.postMessage", slackd.Fault{Times: 2, RetryAfter: 90 * time.Second})
		at := time.Now()
		for i := range 5 {
			r.notice(fmt.Sprintf("a/%d", i), room, "", "patience")
		}
		r.until("all of them", func() bool { return len(r.slack.Messages(room)) == 5 })
		if took := time.Since(at); took < 180*time.Second || took > 200*time.Second {
			t.Errorf("the last came after %v", took)
		}
		if n := r.calls("chat.postMessage", "ratelimited"); n != 2 {
			t.Errorf("%d calls were limited, want 2: the channel rests", n)
		}
	})
}

func TestAMessageIsPostedOnceAndEditedToTheNewest(t *testing.T) {
	started(t, func(r *rig) {
		r.slack.Fault("chat.update", slackd.Fault{Times: 2, Status: http.StatusBadGateway})
		req := r.asks()
		r.reads(bob, approvals, "Request #1")
		if _, err := r.store.UpdateRequest(r.Context(), req.ID, "", func(q fleet.Request) (fleet.Request, error) {
			return q.Cast(fleet.Vote{Person: bob, Verdict: fleet.Deny, Evidence: "named", At: time.Now()}, time.Hour)
		}); err != nil {
			t.Fatal(err)
		}
		dm := r.slack.Person(ann).DMChannel()
		r.until("every message of the request", func() bool {
			return len(r.slack.Messages(approvals)) == 2 && len(r.slack.Messages(dm)) == 2 && strings.Contains(r.prompts()[0].Visible(), "denied") &&
				strings.Contains(r.slack.Messages(dm)[0].Visible(), "denied")
		})
		prompt := r.prompts()[0]
		if result := r.slack.Messages(approvals)[1]; result.ThreadTS != prompt.TS {
			t.Errorf("the result is in thread %q, want the prompt's", result.ThreadTS)
		}
		r.pass(time.Hour)
		if n := len(r.slack.AllMessages()); n != 5 { // with the answer to the command
			t.Errorf("%d messages, want 5", n)
		}
		if due, err := r.store.Due(r.Context(), time.Now(), 10); err != nil || len(due) != 0 {
			t.Errorf("%d messages are due, %v", len(due), err)
		}
	})
}

func TestAReplyWaitsForItsParent(t *testing.T) {
	started(t, func(r *rig) {
		r.slack.Fault("chat.postMessage", slackd.Fault{Times: 3, Status: http.StatusBadGateway})
		r.notice("parent", room, "", "the parent")
		r.notice("reply", room, "parent", "the reply")
		m := r.reads(bob, room, "the reply")
		if all := r.slack.Messages(room); len(all) != 2 || m.ThreadTS != all[0].TS {
			t.Errorf("%d messages, the reply is in thread %q", len(all), m.ThreadTS)
		}
	})
}

func TestAChannelWithoutTheBot(t *testing.T) {
	started(t, func(r *rig) {
		r.slack.Leave(approvals, r.slack.App().BotUser)
		r.asks()
		r.reads(ann, r.slack.Person(ann).DMChannel(), "can't be shown")
		if !r.tells("unreachable " + approvals) {
			t.Errorf("the operators were told %q", r.told)
		}
		r.pass(2 * time.Hour)
		if n := r.calls("chat.postMessage", "not_in_channel"); n > 60 {
			t.Errorf("%d tries in two hours", n)
		}
		r.slack.Join(approvals, r.slack.App().BotUser)
		r.reads(bob, approvals, "Request #1")
		r.pass(time.Hour)
		told := 0
		for _, m := range r.slack.Messages(r.slack.Person(ann).DMChannel()) {
			if strings.Contains(m.Text, "can't be shown") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("Ann was told %d times", told)
		}
	})
}

func TestDeletedAndSharedChannels(t *testing.T) {
	started(t, func(r *rig) {
		req := r.asks()
		prompt := r.reads(bob, approvals, "Request #1")
		r.slack.Fault("chat.update", slackd.Fault{Error: "message_not_found"})
		r.cancel(req)
		r.pass(time.Hour)
		gone := 0
		for _, key := range []string{"request/1/prompt", "request/1/copy"} {
			if m, err := r.store.MessageOf(r.Context(), key); err != nil {
				t.Error(err)
			} else if m.State == fleet.Dead && len(m.Copies) == 0 {
				gone++
			}
		}
		shown := 0
		for _, m := range r.slack.AllMessages() {
			if strings.Contains(m.Visible(), "Approve") || strings.Contains(m.Visible(), "Cancel]") {
				shown++
			}
		}
		if gone != 1 || shown > 2 || r.prompts()[0].TS != prompt.TS {
			t.Errorf("%d messages are given up, %d show buttons; want the one that was deleted, and no new one", gone, shown)
		}
	})
	started(t, func(r *rig) {
		r.slack.SetChannel(approvals, func(c *slackd.Channel) { c.ExtShared = true })
		r.asks()
		r.reads(ann, r.slack.Person(ann).DMChannel(), "shared with another organization")
		r.pass(time.Hour)
		if n := len(r.slack.Messages(approvals)); n != 0 {
			t.Errorf("%d messages in a channel that is shared", n)
		}
		if !r.tells("shared channel") {
			t.Errorf("the operators were told %q", r.told)
		}
	})
	started(t, func(r *rig) {
		req := r.asks()
		r.reads(bob, approvals, "Request #1")
		r.slack.SetChannel(approvals, func(c *slackd.Channel) { c.PendingExtShared = true })
		r.pass(2 * time.Minute)
		r.cancel(req)
		r.until("a prompt that shows nothing any more", func() bool { return strings.Contains(r.prompts()[0].Text, "nothing is shown here") })
		r.pass(time.Hour)
		if len(r.slack.Messages(approvals)) != 1 {
			t.Error("the result was posted in a channel that is shared")
		}
	})
}

func TestACrashBetweenSendingAndRecording(t *testing.T) {
	for name, fault := range map[string]func(*rig){
		"the answer was lost": func(r *rig) { r.slack.Fault("chat.postMessage", slackd.Fault{Times: 2, DropAfterEffect: true}) },
		"it was not recorded": func(r *rig) {
			var failed atomic.Int32 // once for the prompt and once for Ann's copy
			r.store.fault(nil, func() error {
				if failed.Add(1) > 2 {
					return nil
				}
				return errors.New("disk full")
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			started(t, func(r *rig) {
				fault(r)
				r.asks()
				r.until("the prompt, twice", func() bool { return len(r.prompts()) == 2 })
				r.restart()
				r.pass(time.Hour)
				all := r.prompts()
				if len(all) != 2 {
					t.Fatalf("the prompt shows %d times, want twice at most", len(all))
				}
				r.acked(r.slack.Person(bob).Click(r.Context(), all[0], "approve"))
				r.until("both copies edited", func() bool {
					p := r.prompts()
					return strings.Contains(p[0].Visible(), "approved") && strings.Contains(p[1].Visible(), "approved")
				})
			})
		})
	}
}

func TestAnswersWithButtonsAreNotAdopted(t *testing.T) {
	started(t, func(r *rig) {
		req := r.asks()
		r.reads(bob, approvals, "Request #1")
		r.desk.set(func(d *desk) {
			d.answer = func(context.Context, string) fleet.Answer {
				return fleet.RequestView{Request: req, Viewer: bob, Now: time.Now(), Decides: true}
			}
		})
		p := r.slack.Person(bob)
		_, got := p.DM(r.Context(), "request 1")
		r.acked(got)
		view := r.reads(bob, p.DMChannel(), "Request #1")
		r.acked(p.Click(r.Context(), view, "approve"))
		r.reads(bob, p.DMChannel(), "Done: approve 1")
		r.pass(time.Minute)
		m, err := r.store.MessageOf(r.Context(), "request/1/copy")
		if err != nil || len(m.Copies) != 1 {
			t.Errorf("Ann's message has the copies %+v, %v; want hers alone", m.Copies, err)
		}
	})
}

func TestAFaultyMessageHoldsUpNoOther(t *testing.T) {
	started(t, func(r *rig) {
		if _, err := r.store.Enqueue(r.Context(), fleet.Surface{Key: "bad", Kind: fleet.NoticeSurface, Channel: room}, []byte("{")); err != nil {
			t.Fatal(err)
		}
		if _, err := r.store.Enqueue(r.Context(), fleet.Surface{Key: "worse", Kind: "unheard of", Channel: room}, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		r.notice("good", room, "", "the good one")
		r.reads(bob, room, "the good one")
		if took := time.Since(at); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		r.pass(time.Hour)
		m, err := r.store.MessageOf(r.Context(), "bad")
		if err != nil || m.Tries < 10 || m.Tries > 30 {
			t.Fatalf("%d tries in an hour, %v", m.Tries, err)
		}
		m.Tries = mostTries // a day later
		r.bot.putOff(r.Context(), m, errors.New("still"))
		if m, err := r.store.MessageOf(r.Context(), "bad"); err != nil || m.State != fleet.Dead {
			t.Errorf("after a day the message is %s, %v; want it given up", m.State, err)
		}
	})
}

func TestOneBadCopyDoesNotHurryTheOthers(t *testing.T) {
	started(t, func(r *rig) {
		req := r.asks()
		r.reads(bob, approvals, "Request #1")
		// A second copy where the bot is no more.
		if err := r.store.Adopt(r.Context(), req.ID, "C0NONE", "1.000001"); err != nil {
			t.Fatal(err)
		}
		r.cancel(req)
		r.until("the good copy edited", func() bool { return strings.Contains(r.prompts()[0].Visible(), "cancelled") })
		r.pass(time.Hour)
		if n := r.calls("chat.update", "channel_not_found"); n < 3 || n > 30 {
			t.Errorf("the bad copy was tried %d times in an hour", n)
		}
	})
}
