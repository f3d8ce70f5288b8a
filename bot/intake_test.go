package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/slackd"
)

func TestEachWayInIsAnsweredWhereItWasAsked(t *testing.T) {
	started(t, func(r *rig) {
		p := r.slack.Person(ann)
		r.acked(p.Command(r.Context(), room, "status octo-org"))
		r.reads(ann, room, "Answer to status octo-org")
		if seen := r.slack.Person(bob).Sees(room); len(seen) != 0 {
			t.Errorf("Bob sees %d messages of Ann's answers", len(seen))
		}

		parent, err := p.Say(room, "", "something is slow")
		if err != nil {
			t.Fatal(err)
		}
		_, got := p.Mention(r.Context(), room, parent, "list")
		r.acked(got)
		if m := r.reads(ann, room, "Answer to list"); m.ThreadTS != parent || m.For != ann {
			t.Errorf("the answer to a mention is in thread %q, for %q", m.ThreadTS, m.For)
		}

		top, got := p.DM(r.Context(), "whoami")
		r.acked(got)
		r.reads(ann, p.DMChannel(), "Answer to whoami")
		_, got = p.Reply(r.Context(), top, "help")
		r.acked(got)
		if m := r.reads(ann, p.DMChannel(), "Answer to help"); m.ThreadTS != top || m.Ephemeral {
			t.Errorf("the answer in a direct message's thread: thread %q, ephemeral %v", m.ThreadTS, m.Ephemeral)
		}
		// What the bot itself wrote there came back as events, and was not answered.
		r.pass(time.Minute)
		if n := len(r.desk.asked); n != 4 {
			t.Errorf("%d texts were answered, want 4: %q", n, r.desk.asked)
		}
	})
}

func TestWhatArrivesTwiceActsOnce(t *testing.T) {
	started(t, func(r *rig) {
		p := r.slack.Person(ann)
		r.slack.Duplicate(100)
		typed := r.acked(p.Command(r.Context(), room, "status"))
		_, mentioned := p.Mention(r.Context(), room, "", "list")
		_, written := p.DM(r.Context(), "whoami")
		req := r.asks()
		prompt := r.reads(bob, approvals, "Request #1")
		r.acked(r.slack.Person(bob).Click(r.Context(), prompt, "deny"))
		r.until("the dialog", func() bool { return len(r.slack.Person(bob).Views()) == 1 })
		denied := r.acked(r.slack.Person(bob).Submit(r.Context(), r.slack.Person(bob).Views()[0], map[string]string{"reason": "no"}))
		r.reads(bob, approvals, "Done: deny 1")
		for _, e := range []slackd.Receipt{typed, mentioned, written, denied} {
			r.acked(e)
			r.acked(r.slack.Redeliver(r.Context(), e.EnvelopeID))
		}
		r.pass(time.Minute)
		for _, text := range []string{"status", "list", "whoami"} {
			if n := r.desk.answers(text); n != 1 {
				t.Errorf("%q was answered %d times", text, n)
			}
		}
		if a, d := r.desk.inputs("register"), r.desk.inputs("deny"); a != 1 || d != 1 {
			t.Errorf("the request was carried out %d times and the denial %d times", a, d)
		}
		if got, err := r.store.Request(r.Context(), req.ID); err != nil || got.State != fleet.Denied || got.Votes[0].Reason != "no" {
			t.Errorf("the request is %s, %+v, %v", got.State, got.Votes, err)
		}
		opened := 0
		for _, c := range r.slack.Calls() {
			if c.Method == "views.open" {
				opened++
			}
		}
		if opened != 1 {
			t.Errorf("%d dialogs were opened, want 1", opened)
		}
	})
}

func TestAnEventThatWasNotAcknowledgedComesAgain(t *testing.T) {
	started(t, func(r *rig) {
		r.store.fault(func(context.Context, fleet.Input) error { return errors.New("disk full") }, nil)
		_, got := r.slack.Person(ann).DM(r.Context(), "register octo-org because of load")
		if got.Acked || got.Err != "operation_timeout" {
			t.Errorf("what was not stored: acked %v, %q", got.Acked, got.Err)
		}
		r.store.fault(nil, nil)
		r.pass(10 * time.Minute)
		if n := r.desk.inputs("register"); n != 1 {
			t.Errorf("carried out %d times, want once", n)
		}
	})
}

func TestNothingIsAcknowledgedBeforeItIsStored(t *testing.T) {
	started(t, func(r *rig) {
		req := r.asks()
		prompt := r.reads(bob, approvals, "Request #1")
		r.store.fault(func(context.Context, fleet.Input) error { return errors.New("disk full") }, nil)
		for what, got := range map[string]slackd.Receipt{
			"a request":  r.slack.Person(ann).Command(r.Context(), room, "register octo-org because of load"),
			"a decision": r.slack.Person(bob).Click(r.Context(), prompt, "approve"),
		} {
			if got.Acked || got.Err != "operation_timeout" {
				t.Errorf("%s: acked %v, %q", what, got.Acked, got.Err)
			}
		}
		r.store.fault(nil, nil)
		r.pass(time.Minute)
		if got, err := r.store.Request(r.Context(), req.ID); err != nil || got.State != fleet.Pending {
			t.Errorf("the request is %s, %v, though the click was not acknowledged", got.State, err)
		}
		r.acked(r.slack.Person(bob).Click(r.Context(), prompt, "approve"))
		r.reads(bob, approvals, "Done: approve 1")
	})
}

func TestQueriesDoNotWaitForTheStore(t *testing.T) {
	started(t, func(r *rig) {
		r.store.fault(func(ctx context.Context, _ fleet.Input) error {
			<-ctx.Done() // locked
			return ctx.Err()
		}, nil)
		var wg sync.WaitGroup
		for range 60 { // more than there are workers for it
			wg.Go(func() {
				if got := r.slack.Person(ann).Command(r.Context(), room, "register octo-org because of load"); got.Acked {
					t.Error("acknowledged, though it was not stored")
				}
			})
		}
		for range 20 {
			if got := r.acked(r.slack.Person(bob).Command(r.Context(), room, "status")); got.After > time.Second {
				t.Errorf("a query was acknowledged after %v", got.After)
			}
		}
		wg.Wait()
		r.store.fault(nil, nil)
		r.pass(time.Minute)
		if n := r.desk.inputs("register"); n != 0 {
			t.Errorf("%d requests were carried out that people were told had failed", n)
		}
		r.asks() // and those who store are free again
	})
}

func TestASlowDeskDelaysNoAcknowledgementAndNoDialog(t *testing.T) {
	started(t, func(r *rig) {
		r.asks()
		prompt := r.reads(bob, approvals, "Request #1")
		r.desk.set(func(d *desk) {
			d.answer = func(ctx context.Context, text string) fleet.Answer {
				<-time.After(10 * time.Second)
				return info("Slow answer to " + text)
			}
		})
		for i := range 30 {
			if got := r.acked(r.slack.Person(ann).Command(r.Context(), room, fmt.Sprintf("find web-%d", i))); got.After > time.Second {
				t.Errorf("acknowledged after %v", got.After)
			}
		}
		r.acked(r.slack.Person(bob).Click(r.Context(), prompt, "deny"))
		r.until("the dialog, in spite of the answers that are waited for", func() bool { return len(r.slack.Person(bob).Views()) == 1 })
		for i := range 30 {
			r.reads(ann, room, fmt.Sprintf("Slow answer to find web-%d", i))
		}
	})
}

func TestAFloodIsAnsweredOrRefused(t *testing.T) {
	started(t, func(r *rig) {
		release := make(chan struct{})
		r.desk.set(func(d *desk) {
			d.answer = func(ctx context.Context, text string) fleet.Answer {
				<-release
				return info("Answer to " + text)
			}
		})
		const flood = 1500 // more than the queue holds
		var wg sync.WaitGroup
		got := make([]slackd.Receipt, flood)
		for i := range flood {
			wg.Go(func() { got[i] = r.slack.Person(ann).Command(r.Context(), room, fmt.Sprintf("find web-%d", i)) })
		}
		wg.Wait()
		close(release)
		taken, refused := 0, 0
		for i := range got {
			switch {
			case !got[i].Acked:
				refused++ // Slack tells
			case strings.Contains(string(got[i].AckPayload), "Too much"):
				refused++
			default:
				taken++
			}
		}
		if taken < 500 || refused == 0 {
			t.Errorf("%d were taken and %d refused", taken, refused)
		}
		answers := func() int {
			n := 0
			for _, m := range r.only(ann, room) {
				if strings.Contains(m.Text, "Answer to find") {
					n++
				}
			}
			return n
		}
		r.until("an answer to each that was acknowledged", func() bool { return answers() == taken })
	})
}
