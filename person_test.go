package main

import (
	"encoding/json"
	"regexp"
	"strings"

	"runnerdesk/internal/sandbox/slackd"
)

// types has a person type the slash command, and gives the answer that only they see.
func (r *rig) types(person, text string) slackd.Message {
	r.t.Helper()
	p := r.slack.Person(person)
	before := ephemerals(p, fleetChannel)
	if got := p.Command(r.ctx, fleetChannel, text); got.Err != "" {
		r.t.Fatalf("/runners %s: %s", text, got.Err)
	}
	return r.answer(p, fleetChannel, before, text)
}

// presses has a person press a button by its id, and gives the answer.
func (r *rig) presses(person string, m slackd.Message, action string, opts ...slackd.ClickOption) slackd.Message {
	r.t.Helper()
	p := r.slack.Person(person)
	before := ephemerals(p, m.Channel)
	if got := p.Click(r.ctx, m, action, opts...); got.Err != "" {
		r.t.Fatalf("%s presses %s: %s in %s", person, action, got.Err, m.Visible())
	}
	return r.answer(p, m.Channel, before, action)
}

// opens has a person press a button that opens a dialog which shows want.
func (r *rig) opens(person string, m slackd.Message, action, want string, opts ...slackd.ClickOption) slackd.View {
	r.t.Helper()
	p := r.slack.Person(person)
	if got := p.Click(r.ctx, m, action, opts...); got.Err != "" {
		r.t.Fatalf("%s presses %s: %s", person, action, got.Err)
	}
	return r.dialog(person, want)
}

// submits has a person give a reason in a dialog, and gives the answer in the channel
// where the dialog was opened.
func (r *rig) submits(person string, v slackd.View, channel, reason string) slackd.Message {
	r.t.Helper()
	p := r.slack.Person(person)
	before := ephemerals(p, channel)
	if got := p.Submit(r.ctx, v, map[string]string{"reason": reason}); got.Err != "" {
		r.t.Fatalf("%s submits %q: %s", person, reason, got.Err)
	}
	return r.answer(p, channel, before, reason)
}

// dialog waits for a dialog of a person that shows want.
func (r *rig) dialog(person, want string) slackd.View {
	r.t.Helper()
	p := r.slack.Person(person)
	var view slackd.View
	r.until("a dialog shows "+want, func() bool {
		for _, v := range p.Views() {
			if strings.Contains(v.Title+"\n"+v.Visible(), want) {
				view = v
				return true
			}
		}
		return false
	})
	return view
}

// ephemerals counts what only the person sees, each revision by itself, since an answer
// may replace the one before.
func ephemerals(p *slackd.Person, channel string) int {
	n := 0
	for _, m := range p.Sees(channel) {
		if m.Ephemeral {
			n += m.Revision
		}
	}
	return n
}

func (r *rig) answer(p *slackd.Person, channel string, before int, text string) slackd.Message {
	r.t.Helper()
	r.until("an answer to "+text, func() bool { return ephemerals(p, channel) > before })
	var last slackd.Message
	for _, m := range p.Sees(channel) {
		if m.Ephemeral && (last.TS == "" || !m.At.Before(last.At)) {
			last = m
		}
	}
	return last
}

// message waits for a message that a person sees and that has all of want.
func (r *rig) message(person, channel string, want ...string) slackd.Message {
	r.t.Helper()
	p := r.slack.Person(person)
	if channel == "" {
		channel = p.DMChannel()
	}
	var found slackd.Message
	r.until(person+" sees in "+channel+" a message with "+strings.Join(want, ", "), func() bool {
		for _, m := range p.Sees(channel) {
			if !m.Ephemeral && !m.Deleted && hasAll(m.Visible(), want) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func hasAll(text string, want []string) bool {
	for _, w := range want {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

var requestNumber = regexp.MustCompile(`[Rr]equest #([0-9]+)`)

// number is the number of the request that a message is about.
func (r *rig) number(m slackd.Message) string {
	r.t.Helper()
	hit := requestNumber.FindStringSubmatch(m.Visible())
	if hit == nil {
		r.t.Fatalf("no request is named in: %s", m.Visible())
	}
	return hit[1]
}

// asks types a command that opens a request and gives its number.
func (r *rig) asks(person, text string) string {
	r.t.Helper()
	return r.number(r.types(person, text))
}

// button is the id of the button with a label, or "".
func button(m slackd.Message, label string) string {
	for _, raw := range m.Blocks {
		var b struct {
			Elements []struct {
				ID   string `json:"action_id"`
				Text struct {
					Text string `json:"text"`
				} `json:"text"`
			} `json:"elements"`
		}
		if json.Unmarshal(raw, &b) != nil {
			continue
		}
		for _, e := range b.Elements {
			if e.ID != "" && strings.HasPrefix(e.Text.Text, label) {
				return e.ID
			}
		}
	}
	return ""
}
