package bot

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"runnerdesk/internal/blocks"
	"runnerdesk/internal/fleet"
)

// broken is the answer when a part of the program failed.
var broken = fleet.Notice{Kind: fleet.Trouble, Text: fleet.Say(
	"Something in Runnerdesk itself failed; its log says more. Look with ", fleet.Code("requests"), " whether anything was done, and try again.")}

// ask has the desk answer. Whatever happens there is an answer.
func (b *Bot) ask(life context.Context, f func(context.Context) fleet.Answer) fleet.Answer {
	ctx, cancel := context.WithTimeout(life, jobWithin)
	defer cancel()
	answer := fleet.Answer(broken)
	b.guarded(func() { answer = f(ctx) })
	return answer
}

// tell draws an answer and shows it to the person. In a channel that is shared with
// another organization nothing but a refusal is shown: the answer goes to their direct
// messages.
func (b *Bot) tell(ctx context.Context, to reply, a fleet.Answer, o blocks.Options, replace bool) bool {
	m := blocks.NoticeOf(broken, o)
	b.guarded(func() { m = blocks.Answer(a, o) })
	if n, is := a.(fleet.Notice); is && n.Kind == fleet.Refused || !b.openToOthers(ctx, to.channel) {
		return b.send(ctx, to, m, replace)
	}
	b.send(ctx, to, blocks.NoticeOf(fleet.Notice{Kind: fleet.Refused, Text: fleet.Say(
		"This channel is shared with another organization, so nothing is shown here. The answer is in your direct messages.")}, o), replace)
	return b.send(ctx, reply{person: to.person}, m, false)
}

// openToOthers reports whether a channel is shared, or Slack does not tell. Of a private
// channel without the bot it never does; the answer is for the person alone all the same.
func (b *Bot) openToOthers(ctx context.Context, channel string) bool {
	ctx, cancel := context.WithTimeout(ctx, quickWithin)
	defer cancel()
	shared, err := b.directory.Shared(ctx, channel)
	return shared || err != nil && slackCode(err) != "channel_not_found"
}

// say is tell for a sentence.
func (b *Bot) say(ctx context.Context, to reply, n fleet.Notice) bool {
	return b.tell(ctx, to, n, b.options(), false)
}

// doInput carries out a stored request or decision and answers it. An input whose
// carrying out panicked is answered as such and is done with: it would panic again.
func (b *Bot) doInput(life context.Context, in fleet.Input) {
	to, here := b.replies.take(in.Key)
	answer := b.ask(life, func(ctx context.Context) fleet.Answer {
		b.adopt(ctx, in)
		return b.desk.Carry(ctx, in)
	})
	if life.Err() != nil {
		return // cut off; the next run carries it out and answers
	}
	if need, ok := answer.(fleet.ReasonNeeded); ok && here {
		m := meta{Command: need.Command, Channel: to.channel, Thread: to.thread}
		if err := b.openDialog(life, to, blocks.ReasonDialog(need.Command, need.Rule), m); err == nil {
			b.handled(life, in)
			return
		}
	}
	if here && b.tell(life, to, answer, b.options(), to.ephemeral) || b.tellLater(life, in.Key, in.Person, later(answer)) {
		b.handled(life, in)
	}
}

// later is the notice that stands for an answer whose place is gone, or nil when the
// answer has a direct message of its own: a new request.
func later(a fleet.Answer) *fleet.Notice {
	switch a := a.(type) {
	case fleet.Notice:
		return &a
	case fleet.ReasonNeeded:
		return &fleet.Notice{Kind: fleet.Refused, Text: fleet.Say("This needs a reason, and nothing was done: ", fleet.Code(a.Command), ". Type it again with ", fleet.Code("because …"), " at its end.")}
	case fleet.RequestView:
		if len(a.Warning) > 0 {
			return &fleet.Notice{Kind: fleet.Info, Text: a.Warning}
		}
		return nil
	}
	return &fleet.Notice{Kind: fleet.Info, Text: fleet.Say("An answer could not be shown where it was asked for. Ask again.")}
}

// handled marks an input whose answer caused no change in the store.
func (b *Bot) handled(ctx context.Context, in fleet.Input) {
	if err := b.o.Store.Handled(ctx, in.Key); err != nil {
		b.o.Log.Error("an input can't be marked handled; it is answered again", "user", in.Person, "err", err)
	}
}

// adopt keeps the message of a button true from now on, if it is a copy that the store
// does not know, from a post that a crash interrupted. Prompts are in the rule's channel,
// the requester's copies in their direct messages; other messages with buttons are
// answers, and stay as they are.
func (b *Bot) adopt(ctx context.Context, in fleet.Input) {
	if in.Request <= 0 || in.MessageTS == "" {
		return
	}
	r, err := b.o.Store.Request(ctx, in.Request)
	if err == nil && (in.Channel == r.Rule.Channel || strings.HasPrefix(in.Channel, "D") && in.Person == r.Requester) {
		err = b.o.Store.Adopt(ctx, in.Request, in.Channel, in.MessageTS)
	}
	if err != nil && !errors.Is(err, fleet.ErrNotFound) {
		b.o.Log.Warn("a copy can't be adopted", "request", in.Request, "err", err)
	}
}

// doQuery answers what changes nothing.
func (b *Bot) doQuery(life context.Context, a arrival, in fleet.Input) {
	whole := b.guarded(func() {
		switch a.kind {
		case typed, mention, direct:
			b.run(life, a, a.text, false)
		case pressed:
			b.doPress(life, a)
		case submitted:
			if a.action == blocks.CallbackReason {
				// With its reason it became a text that asks for nothing; the desk says why.
				b.run(life, a, in.Text, false)
			}
		}
	})
	if !whole {
		b.say(life, a.reply, broken)
	}
}

// run answers a text.
func (b *Bot) run(life context.Context, a arrival, text string, replace bool) {
	answer := b.ask(life, func(ctx context.Context) fleet.Answer { return b.desk.Answer(ctx, a.actor, text) })
	o := b.options()
	// In a direct message there is nobody to share with but, maybe, a stranger.
	o.Share, o.Typed = !strings.HasPrefix(a.reply.channel, "D"), text
	b.tell(life, a.reply, answer, o, replace)
}

// doPress answers a button that changes nothing, or opens a dialog.
func (b *Bot) doPress(life context.Context, a arrival) {
	id, _ := strconv.ParseInt(a.value, 10, 64)
	switch a.action {
	case blocks.ActionRun:
		b.run(life, a, a.value, a.reply.ephemeral)
	case blocks.ActionShare:
		b.share(life, a)
	case blocks.ActionLink: // the page opens by itself
	case blocks.ActionDeny:
		b.deny(life, a, id)
		b.adopt(life, a.pressedOn(id))
	case blocks.ActionDetails:
		b.details(life, a, id)
	case blocks.ActionReveal:
		b.reveal(life, a, id)
		b.adopt(life, a.pressedOn(id))
	default:
		b.say(life, a.reply, fleet.Notice{Kind: fleet.Refused, Text: fleet.Say("This button belongs to an older version. Ask again with ", fleet.Code(b.o.Command), ".")})
	}
}

// pressedOn is the part of an input that tells which message a button was on.
func (a arrival) pressedOn(request int64) fleet.Input {
	in := fleet.Input{Request: request, Person: a.actor.Person, Channel: a.actor.Channel}
	if !a.reply.ephemeral {
		in.MessageTS = a.reply.message
	}
	return in
}

// share shows an answer to the channel, in the person's name.
func (b *Bot) share(life context.Context, a arrival) {
	no := func(why string) {
		b.say(life, a.reply, fleet.Notice{Kind: fleet.Refused, Text: fleet.Say(why)})
	}
	if strings.HasPrefix(a.reply.channel, "D") {
		no("Nothing is shared in direct messages.")
		return
	}
	shared, err := b.directory.Shared(life, a.reply.channel)
	if err != nil || shared {
		no("Nothing is shared here: this channel is open to another organization, or Slack does not tell.")
		return
	}
	answer := b.ask(life, func(ctx context.Context) fleet.Answer { return b.desk.Answer(ctx, a.actor, a.value) })
	o := b.options()
	o.SharedBy = a.actor.Person
	err = plainer(blocks.Answer(answer, o), func(m blocks.Message) error {
		ctx, cancel := context.WithTimeout(life, sendWithin)
		defer cancel()
		return b.respond(ctx, a.reply.url, m, false, true) // once: a second try might show it twice
	})
	if err != nil {
		b.o.Log.Warn("an answer could not be shared", "user", a.actor.Person, "channel", a.reply.channel, "err", clean(err))
		no("This could not be shared. If it is not in the channel, ask again and share the new answer.")
	}
}
