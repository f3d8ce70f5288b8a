package tour

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"runnerdesk/internal/sandbox/slackd"
)

// stage is where the day is played: it types and presses as people do, prints what they
// see, and checks it.
type stage struct {
	*world
	ctx            context.Context
	out            io.Writer
	checks, failed int
}

func newStage(ctx context.Context, w *world, out io.Writer) *stage {
	return &stage{world: w, ctx: ctx, out: out}
}

var names = map[string]string{
	ann: "Ann", bob: "Bob", cleo: "Cleo", dan: "Dan",
	platform: "platform", fleetChannel: "#fleet", approvals: "#runner-approvals", operations: "#ops",
}

// mentions are what Slack's client shows as a name.
var mentions = regexp.MustCompile(`<(?:@|#|!subteam\^)([A-Z0-9]+)(?:\|[^>]*)?>`)

// patience is how long something may take to appear.
const patience = 10 * time.Second

// ready waits for the bot's sockets.
func (s *stage) ready(ended chan error) bool {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	go func() {
		defer func() { _ = recover() }()
		select {
		case err := <-ended:
			fmt.Fprintln(s.out, "The bot ended:", err)
			ended <- err // for whoever waits for its end
			cancel()
		case <-ctx.Done():
		}
	}()
	err := s.slack.Wait(ctx, func() bool { return s.slack.Connections() == 2 })
	return s.check("the bot connects to Slack with two sockets", err == nil)
}

func (s *stage) check(what string, held bool) bool {
	s.checks++
	mark := "✓"
	if !held {
		s.failed++
		mark = "✗ FAILED:"
	}
	fmt.Fprintf(s.out, "      %s %s\n", mark, what)
	return held
}

func (s *stage) chapter(title string) { fmt.Fprintf(s.out, "\n── %s\n", title) }

func (s *stage) say(format string, args ...any) {
	fmt.Fprintf(s.out, "%s  %s\n", s.clock.now().Format("15:04"), fmt.Sprintf(format, args...))
}

// shows prints what somebody reads.
func (s *stage) shows(title, text string) {
	fmt.Fprintf(s.out, "       %s\n", title)
	text = mentions.ReplaceAllStringFunc(text, func(m string) string {
		id := mentions.FindStringSubmatch(m)[1]
		if name, known := names[id]; known {
			return "@" + strings.TrimPrefix(name, "@")
		}
		return m
	})
	text = strings.ReplaceAll(text, "@#", "#")
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n "); line != "" {
			fmt.Fprintf(s.out, "       │ %s\n", line)
		}
	}
}

// until waits for something to be so.
func (s *stage) until(what string, cond func() bool) bool {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	return s.check(what, s.slack.Wait(ctx, cond) == nil)
}

// types has a person type the slash command, and gives the answer that only they see.
func (s *stage) types(person, channel, text string, want ...string) slackd.Message {
	s.say("%s in %s types: /runners %s", names[person], names[channel], text)
	p := s.slack.Person(person)
	before := s.ephemerals(p, channel)
	r := p.Command(s.ctx, channel, text)
	if !r.Acked {
		s.check("Slack gets its acknowledgement", false)
	}
	return s.answer(p, channel, before, want)
}

// mentions has a person write to the bot in a channel.
func (s *stage) mentions(person, channel, text string, want ...string) {
	s.say("%s in %s writes: @runnerdesk %s", names[person], names[channel], text)
	p := s.slack.Person(person)
	before := s.ephemerals(p, channel)
	p.Mention(s.ctx, channel, "", text)
	s.answer(p, channel, before, want)
}

// writes has a person write to the bot directly.
func (s *stage) writes(person, text string, want ...string) {
	s.say("%s writes to the bot directly: %s", names[person], text)
	p := s.slack.Person(person)
	p.DM(s.ctx, text)
	m := s.message(person, p.DMChannel(), "the answer is a direct message", want...)
	s.shows("Runnerdesk, to "+names[person]+" directly:", m.Visible())
}

// presses has a person press a button, and gives the answer that only they see.
func (s *stage) presses(person string, m slackd.Message, label string, want ...string) slackd.Message {
	s.say("%s presses %s", names[person], label)
	p := s.slack.Person(person)
	before := s.ephemerals(p, m.Channel)
	if r := p.Click(s.ctx, m, button(m, label)); r.Err != "" {
		s.check("the button "+label+" is there and is acknowledged: "+r.Err, false)
		return slackd.Message{}
	}
	return s.answer(p, m.Channel, before, want)
}

// button is the id of the button with a label.
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
	return label
}

// ephemerals counts what only the person sees, each revision by itself, since an answer
// may replace the one before.
func (s *stage) ephemerals(p *slackd.Person, channel string) int {
	n := 0
	for _, m := range p.Sees(channel) {
		if m.Ephemeral {
			n += m.Revision
		}
	}
	return n
}

func (s *stage) answer(p *slackd.Person, channel string, before int, want []string) slackd.Message {
	var last slackd.Message
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if s.slack.Wait(ctx, func() bool { return s.ephemerals(p, channel) > before }) != nil {
		s.check("an answer comes", false)
		return last
	}
	for _, m := range p.Sees(channel) {
		if m.Ephemeral && (last.TS == "" || !m.At.Before(last.At)) {
			last = m
		}
	}
	text := last.Visible()
	s.shows("Runnerdesk, to "+names[p.ID()]+" alone:", text)
	for _, w := range want {
		s.check("the answer has «"+w+"»", strings.Contains(text, w))
	}
	return last
}

var requestID = regexp.MustCompile(`#([0-9]+)`)

// number finds the number of the request that a message is about.
func (s *stage) number(m slackd.Message) string {
	if hit := requestID.FindStringSubmatch(m.Visible()); hit != nil {
		return hit[1]
	}
	s.check("the answer names its request", false)
	return "0"
}

// message waits for a message in a channel that a person sees, which has all of want.
func (s *stage) message(person, channel, what string, want ...string) slackd.Message {
	return s.find(person, channel, what, func(m slackd.Message) bool { return all(m.Visible(), want) })
}

// find waits for a message in a channel that a person sees.
func (s *stage) find(person, channel, what string, is func(slackd.Message) bool) slackd.Message {
	p := s.slack.Person(person)
	var found slackd.Message
	s.until(what, func() bool {
		for _, m := range p.Sees(channel) {
			if !m.Ephemeral && !m.Deleted && is(m) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func all(text string, want []string) bool {
	for _, w := range want {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// prompt waits for the prompt of a request.
func (s *stage) prompt(id string) slackd.Message {
	m := s.message(bob, approvals, "the prompt of #"+id+" is in #runner-approvals", "#"+id, "[Approve")
	s.shows("Runnerdesk in #runner-approvals:", m.Visible())
	return m
}

// reveals has a person press Reveal, and checks that the dialog shows a token.
func (s *stage) reveals(person string, m slackd.Message, id string) {
	s.say("%s presses Reveal", names[person])
	p := s.slack.Person(person)
	minted := len(s.github.Tokens())
	if r := p.Click(s.ctx, m, "reveal", slackd.Value(id)); r.Err != "" {
		s.check("the button Reveal is there and is acknowledged: "+r.Err, false)
		return
	}
	var view slackd.View
	ok := s.until("a dialog shows the token and lines to paste", func() bool {
		for _, v := range p.Views() {
			if strings.Contains(v.Visible(), "TOKENOFTHETOUR") {
				view = v
				return true
			}
		}
		return false
	})
	s.check("GitHub made one token for it", len(s.github.Tokens()) == minted+1)
	if ok {
		text := view.Visible()
		for _, t := range s.github.Tokens() {
			text = strings.ReplaceAll(text, t, "••••••••")
		}
		s.shows("A dialog, to "+names[person]+" alone: "+view.Title, text)
		p.CloseView(s.ctx, view)
	}
}

// told waits for the direct message in which the requester finds Reveal.
func (s *stage) told(person, id string) slackd.Message {
	m := s.message(person, s.slack.Person(person).DMChannel(), names[person]+" gets a direct message about #"+id+" with Reveal", "#"+id, "[Reveal")
	s.shows("Runnerdesk, to "+names[person]+" directly:", m.Visible())
	return m
}
