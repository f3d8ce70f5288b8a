package bot

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/internal/blocks"
	"runnerdesk/internal/fleet"
)

// doInput carries out a stored request or decision and answers it.
func (b *Bot) doInput(ctx context.Context, in fleet.Input) {
	if in.Request > 0 && in.MessageTS != "" {
		// The copy that was pressed may be one we do not know, from a post that a crash
		// interrupted. From now on it is kept true.
		if err := b.o.Store.Adopt(ctx, in.Request, in.Channel, in.MessageTS); err != nil {
			b.o.Log.Warn("a copy can't be adopted", "request", in.Request, "err", err)
		}
	}
	answer := b.desk.Carry(ctx, in)
	to, here := b.replies.take(in.Key)
	if need, ok := answer.(fleet.ReasonNeeded); ok {
		if here && b.openDialog(ctx, to, blocks.ReasonDialog(need.Command, need.Rule), meta{Command: need.Command, Channel: to.channel, Thread: to.thread}) == nil {
			b.handled(ctx, in)
			return
		}
		answer = fleet.Notice{Kind: fleet.Refused, Text: fleet.Say("This needs a reason. Add ", fleet.Code("because …"), " to the command.")}
	}
	if !here || !b.send(ctx, to, blocks.Answer(answer, b.options(false)), to.ephemeral) {
		// A new request has its own direct message; everything else is told by one.
		if n, ok := answer.(fleet.Notice); ok {
			b.tellLater(ctx, in.Key, in.Person, n)
		}
	}
	b.handled(ctx, in)
}

// handled marks an input whose answer caused no change in the store.
func (b *Bot) handled(ctx context.Context, in fleet.Input) {
	if err := b.o.Store.Handled(ctx, in.Key); err != nil {
		b.o.Log.Error("an input can't be marked handled; it is answered again", "user", in.Person, "err", err)
	}
}

// doQuery answers what changes nothing.
func (b *Bot) doQuery(ctx context.Context, a arrival, in fleet.Input) {
	switch a.kind {
	case typed, mention, direct:
		b.send(ctx, a.reply, blocks.Answer(b.desk.Answer(ctx, a.actor, a.text), b.options(true)), false)
	case pressed:
		b.doPress(ctx, a)
	case submitted:
		if a.action == blocks.CallbackReason {
			// With its reason it became a text that asks for nothing; the desk says why.
			b.send(ctx, a.reply, blocks.Answer(b.desk.Answer(ctx, a.actor, in.Text), b.options(false)), false)
		}
	}
}

// doPress answers a button that changes nothing, or opens a dialog.
func (b *Bot) doPress(ctx context.Context, a arrival) {
	id, _ := strconv.ParseInt(a.value, 10, 64)
	switch a.action {
	case blocks.ActionRun:
		answer := b.desk.Answer(ctx, a.actor, a.value)
		b.send(ctx, a.reply, blocks.Answer(answer, b.options(true)), a.reply.ephemeral)
	case blocks.ActionShare:
		b.share(ctx, a)
	case blocks.ActionLink:
	case blocks.ActionDeny:
		r, err := b.o.Store.Request(ctx, id)
		if err == nil {
			err = b.openDialog(ctx, a.reply, blocks.DenyDialog(r), meta{Request: id, Channel: a.reply.channel, Thread: a.reply.thread})
		}
		b.sorry(ctx, a, err)
	case blocks.ActionDetails:
		answer := b.desk.Answer(ctx, a.actor, "request "+a.value)
		view, ok := answer.(fleet.RequestView)
		if !ok {
			b.send(ctx, a.reply, blocks.Answer(answer, b.options(false)), false)
			return
		}
		b.sorry(ctx, a, b.openDialog(ctx, a.reply, blocks.DetailsDialog(view.Request, b.options(false)), meta{Request: id, Channel: a.reply.channel}))
	case blocks.ActionReveal:
		b.reveal(ctx, a, id)
	default:
		b.send(ctx, a.reply, blocks.NoticeOf(fleet.Notice{Kind: fleet.Refused, Text: fleet.Say("This button belongs to an older version. Ask again with ", fleet.Code(b.o.Command), ".")}, b.options(false)), false)
	}
}

// sorry tells the person that a dialog did not open.
func (b *Bot) sorry(ctx context.Context, a arrival, err error) {
	if err == nil {
		return
	}
	b.o.Log.Warn("a dialog did not open", "err", clean(err))
	text := fleet.Say("The dialog did not open in time. Press the button again.")
	if errors.Is(err, fleet.ErrNotFound) {
		text = fleet.Say("There is no such request.")
	}
	b.send(ctx, a.reply, blocks.NoticeOf(fleet.Notice{Kind: fleet.Trouble, Text: text}, b.options(false)), false)
}

// openDialog opens a dialog with the reply's trigger, which lives three seconds.
func (b *Bot) openDialog(ctx context.Context, to reply, v slack.ModalViewRequest, m meta) error {
	_, err := b.open(ctx, to, v, m)
	return err
}

func (b *Bot) open(ctx context.Context, to reply, v slack.ModalViewRequest, m meta) (*slack.ViewResponse, error) {
	if to.trigger.IsZero() {
		return nil, errors.New("no trigger")
	}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	v.PrivateMetadata = string(data)
	ctx, cancel := context.WithTimeout(ctx, quickWithin)
	defer cancel()
	return b.quick.OpenViewContext(ctx, to.trigger.Reveal(), v)
}

// reveal opens a dialog at once, has a token made for the person and puts it there. The
// token is in the dialog only.
func (b *Bot) reveal(ctx context.Context, a arrival, id int64) {
	r, err := b.o.Store.Request(ctx, id)
	if err != nil {
		b.sorry(ctx, a, err)
		return
	}
	opened, err := b.open(ctx, a.reply, blocks.RevealWaiting(r), meta{Request: id, Channel: a.reply.channel})
	if err != nil {
		b.sorry(ctx, a, err)
		return
	}
	view := opened.View.ID
	err = b.desk.Reveal(ctx, a.actor, id, func(r fleet.Request, token fleet.Token) error {
		return b.fill(ctx, view, blocks.RevealShown(r, token, b.o.Server.URL(r.Scope), b.options(false)))
	})
	if err != nil {
		n := b.desk.Refusal(err)
		if err := b.fill(ctx, view, blocks.RevealFailed(r, n.Text)); err != nil {
			b.send(ctx, a.reply, blocks.NoticeOf(n, b.options(false)), false)
		}
	}
}

// fill replaces what a dialog shows. Slack may be slow for a moment; a dialog stays open.
func (b *Bot) fill(ctx context.Context, view string, v slack.ModalViewRequest) error {
	var err error
	for n := range 3 {
		once, cancel := context.WithTimeout(ctx, 2*quickWithin)
		_, err = b.quick.UpdateViewContext(once, v, "", "", view)
		cancel()
		var limited *slack.RateLimitedError
		if err == nil || slackCode(err) != "" && !errors.As(err, &limited) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(n+1) * 500 * time.Millisecond):
		}
	}
	return err
}

// share shows an answer to the channel, in the person's name.
func (b *Bot) share(ctx context.Context, a arrival) {
	shared, err := b.directory.Shared(ctx, a.reply.channel)
	if err != nil || shared {
		b.send(ctx, a.reply, blocks.NoticeOf(fleet.Notice{Kind: fleet.Refused, Text: fleet.Say("Nothing is shared here: this channel is open to another organization, or Slack does not tell.")}, b.options(false)), false)
		return
	}
	m := blocks.Answer(b.desk.Answer(ctx, a.actor, a.value), b.options(false))
	by := slack.NewContextBlock("", slack.NewTextBlockObject(slack.MarkdownType, "Shared by <@"+a.actor.Person+">", false, false))
	m.Blocks = append(m.Blocks, by)
	m.Text = "Shared by <@" + a.actor.Person + ">: " + m.Text
	if err := plainer(m, func(m blocks.Message) error { return b.respond(ctx, a.reply.url, m, false, true) }); err != nil {
		b.sorry(ctx, a, err)
	}
}
