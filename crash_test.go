package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/sandbox/slackd"
)

// TestTerminate: what is in hand is finished, and the program is gone within ten seconds.
func TestTerminate(t *testing.T) {
	t.Parallel()
	r := newRig(t, plan{})
	p := r.serve()
	r.types(ann, "status")
	id := r.asks(ann, "delete octo-org old-1")
	r.slack.Fault("users.info", slackd.Fault{Delay: 2 * time.Second, Times: -1})
	ctx := r.ctx
	person := r.slack.Person(bob)
	before := ephemerals(person, fleetChannel)
	if got := person.Command(ctx, fleetChannel, "approve "+id); !got.Acked {
		t.Fatalf("not acknowledged: %+v", got)
	}
	p.terminate()
	if code := p.exits(10 * time.Second); code != good {
		t.Errorf("exit code %d, want %d", code, good)
	}
	r.until("the approval is answered", func() bool { return ephemerals(person, fleetChannel) > before })
	if got := r.slack.Connections(); got != 0 {
		t.Errorf("%d sockets are left", got)
	}
	// The rest is done by the next one.
	r.slack.ClearFaults()
	r.serve()
	r.message(ann, "", "#"+id, "1 deleted")
}

// TestCrashBeforeAnswer: a command that was acknowledged and not answered when the
// program was killed is carried out once by the next one, and the person is told.
func TestCrashBeforeAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t, plan{})
	p := r.serve()
	r.types(ann, "whoami")
	r.slack.Fault("users.info", slackd.Fault{Delay: time.Minute, Times: -1})
	for _, text := range []string{"register octo-org because a crash", "delete octo-org nobody-at-all"} {
		if got := r.slack.Person(ann).Command(r.ctx, fleetChannel, text); !got.Acked {
			t.Fatalf("%s: not acknowledged: %+v", text, got)
		}
	}
	r.crash(p)
	r.slack.ClearFaults()
	r.serve()
	r.message(ann, "", "a registration token", "pending", "a crash")
	r.message(ann, "", "nobody-at-all")
	prompt := r.message(bob, approvals, "a registration token", "[Approve")
	id := r.number(prompt)
	r.presses(bob, prompt, "approve")
	r.message(ann, "", "#"+id, "[Reveal")
	if list := r.types(ann, "requests all").Visible(); strings.Count(list, "registration token") != 1 {
		t.Errorf("the command was not carried out once: %s", list)
	}
	if got := len(withText(r, approvals, "#"+id)); got != 1 {
		t.Errorf("the prompt was posted %d times", got)
	}
}

// TestCrashInBatch: a deletion of several that a crash interrupts is finished truthfully,
// whether GitHub had acted on the delete that was under way or not.
func TestCrashInBatch(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		acted bool
		want  []string
	}{
		"the delete under way took effect": {true, []string{"succeeded", "3 deleted", "1 already gone"}},
		"it did not":                       {false, []string{"succeeded", "4 deleted"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, plan{})
			p := r.serve()
			second := r.id(org, "old-2")
			r.github.Fault(func(q githubd.Request) bool {
				return q.Method == "DELETE" && strings.HasSuffix(q.Route, "/"+fmt.Sprint(second))
			}, githubd.Fault{Delay: time.Minute, Times: 1})
			id := r.asks(ann, "delete octo-org name:old-* because of the move")
			r.types(bob, "approve "+id)
			r.untilGitHub("the second delete is under way", func() bool { return deletes(r, second) == 1 })
			r.crash(p)
			if tc.acted {
				r.github.Remove(org, second)
			}
			r.serve()
			r.message(ann, "", append(tc.want, "#"+id)...)
			for _, x := range r.github.Runners(org) {
				if strings.HasPrefix(x.Name, "old-") {
					t.Errorf("%s is still there", x.Name)
				}
			}
			for _, scope := range []string{enterprise, repo} {
				if n := len(r.github.Runners(scope)); n != 5 {
					t.Errorf("%s has %d runners, want 5", scope, n)
				}
			}
			if n := deletes(r, second); n > 2 {
				t.Errorf("%d deletes were sent for one runner", n)
			}
		})
	}
}

// TestCrashInReveal: a crash while a token is made leaves the request open for another
// press, and the lost one counts.
func TestCrashInReveal(t *testing.T) {
	t.Parallel()
	r := newRig(t, plan{})
	p := r.serve()
	id := r.asks(ann, "register octo-org")
	r.types(bob, "approve "+id)
	r.github.Fault(githubd.On("POST", "/**"), githubd.Fault{Delay: time.Minute, Times: 1})
	seen := len(r.github.Requests())
	r.slack.Person(ann).Click(r.ctx, r.types(ann, "request "+id), "reveal")
	r.untilGitHub("the token is asked for", func() bool {
		return len(r.github.Requests()) > seen && r.github.Requests()[len(r.github.Requests())-1].Method == "POST"
	})
	r.crash(p)
	for _, v := range r.slack.Person(ann).Views() {
		r.slack.Person(ann).CloseView(r.ctx, v)
	}
	r.serve()
	var view slackd.Message
	r.until("it can be revealed again", func() bool {
		view = r.types(ann, "request "+id)
		return button(view, "Reveal") != ""
	})
	r.opens(ann, view, "reveal", "Revealed 2 of at most 3 times")
	if n := len(r.github.Tokens()); n != 1 {
		t.Errorf("%d tokens were made, want 1", n)
	}
}

// deletes counts the deletes that GitHub saw of a runner.
func deletes(r *rig, id int64) int {
	n := 0
	for _, q := range r.github.Requests() {
		if q.Method == "DELETE" && strings.HasSuffix(q.Route, "/"+fmt.Sprint(id)) {
			n++
		}
	}
	return n
}

// withText lists the messages of a channel, shown to all, that have a text.
func withText(r *rig, channel, text string) []slackd.Message {
	var out []slackd.Message
	for _, m := range r.slack.Messages(channel) {
		if !m.Ephemeral && strings.Contains(m.Visible(), text) {
			out = append(out, m)
		}
	}
	return out
}
