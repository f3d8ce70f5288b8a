package main

import (
	"slices"
	"strings"
	"testing"

	"runnerdesk/internal/sandbox/slackd"
)

// TestTwice: what Slack delivers twice acts once: commands, clicks, dialogs, mentions.
func TestTwice(t *testing.T) {
	t.Parallel()
	r := start(t, plan{})
	r.slack.Duplicate(1)
	id := r.asks(ann, "register octo-org because twice")
	prompt := r.message(bob, approvals, "#"+id, "[Approve")
	r.slack.Duplicate(1)
	r.presses(bob, prompt, "approve")
	told := r.message(ann, "", "#"+id, "[Reveal")
	r.slack.Duplicate(1)
	minted := len(r.github.Tokens())
	r.opens(ann, told, "reveal", "./config.sh")

	r.slack.Duplicate(1)
	second := r.asks(ann, "delete octo-org old-1")
	d := r.opens(bob, r.message(bob, approvals, "#"+second, "[Deny"), "deny", "Deny request #"+second)
	r.slack.Duplicate(1)
	r.submits(bob, d, approvals, "it is needed")
	r.message(ann, "", "#"+second, "denied")
	// A later envelope comes after all of these, so nothing of them is still under way.
	if list := r.types(ann, "requests all").Visible(); strings.Contains(list, "#3") {
		t.Errorf("there are more than two requests: %s", list)
	}
	if got := len(r.github.Tokens()) - minted; got != 1 {
		t.Errorf("%d tokens were made by one press", got)
	}
	for _, n := range []string{id, second} {
		if got := len(withText(r, approvals, "equest #"+n)); got < 1 || got > 2 { // the prompt, and its result in the thread
			t.Errorf("request #%s has %d messages in the channel", n, got)
		}
	}
}

// TestRedelivered: an envelope whose acknowledgement got lost comes again, after it was
// carried out.
func TestRedelivered(t *testing.T) {
	t.Parallel()
	r := start(t, plan{})
	p := r.slack.Person(ann)
	got := p.Command(r.ctx, fleetChannel, "register octo-org because again")
	r.message(ann, "", "pending", "again")
	if again := r.slack.Redeliver(r.ctx, got.EnvelopeID); !again.Acked {
		t.Errorf("the second delivery was not acknowledged: %+v", again)
	}
	r.types(ann, "whoami")
	if list := r.types(ann, "requests all").Visible(); strings.Contains(list, "#2") {
		t.Errorf("it was carried out twice: %s", list)
	}
}

// TestRefusedBlocks: what Slack refuses with blocks is sent as plain text, and says the
// same.
func TestRefusedBlocks(t *testing.T) {
	t.Parallel()
	r := start(t, plan{})
	r.slack.RefuseBlocks(1)
	if m := r.types(ann, "list octo-org"); len(m.Blocks) != 0 || !hasAll(m.Visible(), []string{"old-1", "web-1"}) {
		t.Errorf("answer: %d blocks and %s", len(m.Blocks), m.Visible())
	}
	id := r.asks(ann, "delete octo-org old-1 old-2")
	prompt := r.message(bob, approvals, "#"+id)
	r.slack.RefuseBlocks(2) // the edit, and the result
	r.types(bob, "deny "+id+" no")
	var shown slackd.Message
	r.until("the prompt says so, as plain text", func() bool {
		for _, m := range r.slack.Messages(approvals) {
			if m.TS == prompt.TS && strings.Contains(m.Text, "denied") {
				shown = m
				return true
			}
		}
		return false
	})
	if !hasAll(shown.Text, []string{"#" + id, "old-1", "old-2"}) {
		t.Errorf("the plain text form lacks something: %s", shown.Text)
	}
}

// TestEveryCopyIsEdited: the prompt, and the requester's copy, show every later state.
func TestEveryCopyIsEdited(t *testing.T) {
	t.Parallel()
	r := start(t, plan{})
	id := r.asks(ann, "delete octo-org old-1")
	prompt := r.message(bob, approvals, "#"+id, "pending", "[Approve")
	mine := r.message(ann, "", "#"+id, "pending", "[Cancel")
	r.types(bob, "approve "+id)
	for _, place := range []struct {
		person, channel, ts string
	}{{bob, approvals, prompt.TS}, {ann, r.slack.Person(ann).DMChannel(), mine.TS}} {
		r.until("the copy in "+place.channel+" shows the result", func() bool {
			for _, m := range r.slack.Person(place.person).Sees(place.channel) {
				if m.TS == place.ts {
					return m.Edited && strings.Contains(m.Visible(), "succeeded") && button(m, "Approve") == "" && button(m, "Cancel") == ""
				}
			}
			return false
		})
	}
	r.until("the result is in the prompt's thread", func() bool {
		return slices.ContainsFunc(withText(r, approvals, "1 deleted"), func(m slackd.Message) bool { return m.ThreadTS == prompt.TS })
	})
}

// TestLateClicks: a click that was under way when the message changed gets an answer, and
// does nothing.
func TestLateClicks(t *testing.T) {
	t.Parallel()
	r := start(t, plan{})
	id := r.asks(ann, "register octo-org")
	prompt := r.message(bob, approvals, "#"+id, "[Approve")
	r.types(ann, "cancel "+id)
	r.until("the prompt is closed", func() bool {
		for _, m := range r.slack.Messages(approvals) {
			if m.TS == prompt.TS {
				return strings.Contains(m.Visible(), "cancelled")
			}
		}
		return false
	})
	if m := r.presses(bob, prompt, "approve", slackd.Stale()); !strings.Contains(m.Visible(), "cancelled") {
		t.Errorf("the late click is answered with: %s", m.Visible())
	}
	if n := len(r.github.Tokens()); n != 0 {
		t.Errorf("%d tokens", n)
	}
}
