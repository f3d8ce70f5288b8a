package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/internal/blocks"
	"runnerdesk/internal/fleet"
)

const (
	recordWithin = 5 * time.Second
	// mostTries is about a day of trying: from the ninth on they are five minutes apart.
	mostTries = 300
	// unsureWait is how long a post rests whose outcome is not known: Slack has no key that
	// makes a repeated post harmless, so it is not repeated in a hurry.
	unsureWait = 10 * time.Second
)

// post sends the first copy. The intent is committed before it.
func (b *Bot) post(ctx context.Context, m fleet.Message, drawn blocks.Message, revision int64) error {
	if err := b.o.Store.MarkSending(ctx, m.ID); err != nil {
		return &fault{"it can't be marked as being sent", err}
	}
	to := m.Surface.Channel
	if m.ThreadChannel != "" {
		to = m.ThreadChannel
	}
	var channel, ts string
	err := plainer(drawn, func(d blocks.Message) error {
		var err error
		channel, ts, err = b.api.PostMessageContext(ctx, to, reply{thread: m.ThreadTS}.content(d)...)
		return err
	})
	if err != nil {
		return err
	}
	// What went out is recorded even when the program is stopping.
	record, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	if err := b.o.Store.Posted(record, m.ID, channel, ts, revision); err != nil {
		return &fault{"its post can't be recorded, so it may show twice", err}
	}
	return nil
}

func (b *Bot) edit(ctx context.Context, m fleet.Message, c fleet.Copy, drawn blocks.Message, revision int64) error {
	err := plainer(drawn, func(d blocks.Message) error {
		options := content(d)
		if len(d.Blocks) == 0 {
			options = append(options, slack.MsgOptionBlocks()) // plain text replaces the blocks
		}
		_, _, _, err := b.api.UpdateMessageContext(ctx, c.Channel, c.TS, options...)
		return err
	})
	record, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	switch code := slackCode(err); {
	case err == nil:
		return b.o.Store.Edited(record, m.ID, c.Channel, c.TS, revision)
	case code == "message_not_found" || code == "cant_update_message" || code == "edit_window_closed" || code == "is_inactive":
		b.o.Log.Warn("a copy can't be edited any more", "message", m.Surface.Key, "err", code)
		return b.o.Store.DropCopy(record, m.ID, c.Channel, c.TS)
	}
	return err
}

// withhold gives up a message whose channel is shared with another organization.
func (b *Bot) withhold(ctx context.Context, m fleet.Message) error {
	b.o.Tell(ctx, "shared channel "+m.Surface.Channel, fleet.Say("Nothing is posted in ", fleet.Mention(m.Surface.Channel), ": it is shared with another organization. Configure another channel."))
	b.untold(ctx, m, "it is shared with another organization")
	return b.bury(ctx, m, "shared channel")
}

// unreachable tells those who can mend it that a channel takes no messages, and the
// requester that the prompt is not shown.
func (b *Bot) unreachable(ctx context.Context, m fleet.Message, err error) {
	switch code := slackCode(err); code {
	case "channel_not_found", "not_in_channel", "is_archived", "restricted_action", "restricted_action_read_only_channel",
		"user_not_found", "messages_tab_disabled", "cannot_dm_bot", "missing_scope", "no_permission":
		// A notice about a channel that can't be reached would only go there again.
		if !strings.HasPrefix(m.Surface.Key, "operators/") {
			b.o.Tell(ctx, "unreachable "+m.Surface.Channel, fleet.Say("Slack lets nothing be posted to ", fleet.Mention(m.Surface.Channel), " (", fleet.Code(code), "). Invite the bot there, or configure another channel."))
		}
		b.untold(ctx, m, "Slack lets nothing be posted there ("+code+")")
	}
}

// untold tells the requester that those who decide do not see the prompt.
func (b *Bot) untold(ctx context.Context, m fleet.Message, why string) {
	if m.Surface.Kind != fleet.PromptSurface || len(m.Copies) > 0 {
		return
	}
	r, err := b.o.Store.Request(ctx, m.Request)
	if err != nil || r.State.Final() {
		return
	}
	b.tellLater(ctx, fmt.Sprintf("unseen/%d", r.ID), r.Requester, &fleet.Notice{Kind: fleet.Trouble, Text: fleet.Say(
		fmt.Sprintf("The prompt of request #%d can't be shown in ", r.ID), fleet.Mention(m.Surface.Channel), ": "+why+". It can still be approved with ",
		fleet.Code(fmt.Sprintf("%s approve %d", b.o.Command, r.ID)), ".")})
}

// putOff says when a message is tried again, or gives it up. It returns how long Slack
// wants its channel left alone.
func (b *Bot) putOff(ctx context.Context, m fleet.Message, err error) time.Duration {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	rest, limited := limit(err)
	wait := rest
	switch {
	case limited:
	case m.Tries >= mostTries:
		if err := b.bury(ctx, m, clean(err)); err != nil {
			b.o.Log.Error("a message can't be given up", "message", m.Surface.Key, "err", err)
		}
		return 0
	default:
		wait = min(time.Second<<min(m.Tries, 9), 5*time.Minute)
		if len(m.Copies) == 0 && !certain(err) {
			wait = max(wait, unsureWait)
		}
	}
	b.o.Log.Warn("a message waits", "message", m.Surface.Key, "channel", m.Surface.Channel, "in", wait.String(), "err", clean(err))
	if err := b.o.Store.Retry(ctx, m.ID, b.o.Now().Add(wait), clean(err)); err != nil {
		b.o.Log.Error("a retry can't be stored", "message", m.Surface.Key, "err", err)
	}
	return rest
}

func (b *Bot) bury(ctx context.Context, m fleet.Message, why string) error {
	b.o.Log.Error("a message is given up", "message", m.Surface.Key, "channel", m.Surface.Channel, "err", why)
	return b.o.Store.Bury(ctx, m.ID, why)
}
