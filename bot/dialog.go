package bot

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/slack-go/slack"

	"runnerdesk/internal/blocks"
	"runnerdesk/internal/fleet"
)

// opensDialog reports whether the answer is a dialog: its trigger lives three seconds, so
// it must not wait behind answers that take longer.
func (a arrival) opensDialog() bool {
	if a.kind != pressed {
		return false
	}
	switch a.action {
	case blocks.ActionDeny, blocks.ActionDetails, blocks.ActionReveal:
		return true
	}
	return false
}

func (b *Bot) deny(life context.Context, a arrival, id int64) {
	r, err := b.o.Store.Request(life, id)
	if err == nil {
		err = b.openDialog(life, a.reply, blocks.DenyDialog(r), a.reply.meta(id))
	}
	b.sorry(life, a, err)
}

func (b *Bot) details(life context.Context, a arrival, id int64) {
	answer := b.ask(life, func(ctx context.Context) fleet.Answer { return b.desk.Answer(ctx, a.actor, "request "+a.value) })
	view, ok := answer.(fleet.RequestView)
	if !ok {
		b.tell(life, a.reply, answer, b.options(), false)
		return
	}
	b.sorry(life, a, b.openDialog(life, a.reply, blocks.DetailsDialog(view.Request, b.options()), a.reply.meta(id)))
}

// meta is what a dialog about a request remembers of the place.
func (to reply) meta(id int64) meta {
	return meta{Request: id, Channel: to.channel, Thread: to.thread}
}

// sorry tells the person that a dialog did not open.
func (b *Bot) sorry(ctx context.Context, a arrival, err error) {
	if err == nil {
		return
	}
	b.heed(err)
	b.o.Log.Warn("a dialog did not open", "err", clean(err))
	text := fleet.Say("The dialog did not open in time. Press the button again.")
	if errors.Is(err, fleet.ErrNotFound) {
		text = fleet.Say("There is no such request.")
	}
	b.say(ctx, a.reply, fleet.Notice{Kind: fleet.Trouble, Text: text})
}

// openDialog opens a dialog with the reply's trigger.
func (b *Bot) openDialog(ctx context.Context, to reply, v slack.ModalViewRequest, m meta) error {
	if to.trigger.IsZero() {
		return errors.New("no trigger")
	}
	var data strings.Builder
	e := json.NewEncoder(&data)
	e.SetEscapeHTML(false) // a command full of &lt; still fits
	if err := e.Encode(m); err != nil {
		return err
	}
	v.PrivateMetadata = strings.TrimSpace(data.String())
	ctx, cancel := context.WithTimeout(ctx, quickWithin)
	defer cancel()
	_, err := b.api.OpenViewContext(ctx, to.trigger.Reveal(), v)
	return err
}

// reveal opens a dialog at once, has a token made for the person and puts it there. The
// token is in the dialog only. The dialog has a name of our own, so that it can be
// reached even when Slack's answer to opening it got lost.
func (b *Bot) reveal(life context.Context, a arrival, id int64) {
	r, err := b.o.Store.Request(life, id)
	if err != nil {
		b.sorry(life, a, err)
		return
	}
	name := "reveal-" + digest(a.key)
	waiting := blocks.RevealWaiting(r)
	waiting.ExternalID = name
	if err := b.openDialog(life, a.reply, waiting, a.reply.meta(id)); err != nil {
		if slackCode(err) == "" {
			// It may be open all the same, and would wait for ever.
			_ = b.fill(life, name, blocks.RevealFailed(r, fleet.Say("Slack was too slow. Press the button again.")))
		}
		b.sorry(life, a, err)
		return
	}
	err = errors.New("a part of the program failed")
	b.guarded(func() {
		ctx, cancel := context.WithTimeout(life, jobWithin)
		defer cancel()
		err = b.desk.Reveal(ctx, a.actor, id, func(r fleet.Request, token fleet.Token) error {
			return b.fill(ctx, name, blocks.RevealShown(r, token, b.o.Server.URL(r.Scope), b.options()))
		})
	})
	if err == nil {
		return
	}
	n := b.desk.Refusal(err)
	if life.Err() != nil { // the program stops; the dialog shall not wait for ever
		n = fleet.Notice{Kind: fleet.Trouble, Text: fleet.Say("Runnerdesk was stopped meanwhile. Press Reveal again in a minute.")}
		last, cancel := context.WithTimeout(context.WithoutCancel(life), quickWithin/2)
		defer cancel()
		life = last
	}
	if err := b.fill(life, name, blocks.RevealFailed(r, n.Text)); err != nil {
		b.say(life, a.reply, n)
	}
}

// fill replaces what a dialog shows. It can be repeated: the same contents twice are one.
func (b *Bot) fill(ctx context.Context, name string, v slack.ModalViewRequest) error {
	v.ExternalID = name
	return b.persist(ctx, func(ctx context.Context) error {
		_, err := b.api.UpdateViewContext(ctx, v, name, "", "")
		return err
	})
}
