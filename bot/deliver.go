package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/internal/blocks"
	"runnerdesk/internal/fleet"
)

// Outbox is the part of the store that says what must be shown where.
type Outbox interface {
	Due(ctx context.Context, now time.Time, limit int) ([]fleet.Message, error)
	MarkSending(ctx context.Context, id int64) error
	Posted(ctx context.Context, id int64, channel, ts string, revision int64) error
	Edited(ctx context.Context, id int64, channel, ts string, revision int64) error
	DropCopy(ctx context.Context, id int64, channel, ts string) error
	Retry(ctx context.Context, id int64, notBefore time.Time, why string) error
	Bury(ctx context.Context, id int64, why string) error
	Enqueue(ctx context.Context, s fleet.Surface, body []byte) (fresh bool, err error)
	Subscribe() (wake <-chan struct{}, cancel func())
}

const (
	// pace is Slack's: one message a second in a channel.
	// https://docs.slack.dev/apis/web-api/rate-limits
	pace      = time.Second
	lanes     = 4 // channels that are written to at the same time
	dueAtOnce = 200
	lookEvery = 2 * time.Second
	giveUp    = 24 * time.Hour
)

// deliver edits and posts until what is shown equals what is stored, one message at a
// time in each channel.
func (b *Bot) deliver(ctx context.Context) {
	wake, cancel := b.o.Store.Subscribe()
	defer cancel()
	timer := time.NewTicker(lookEvery)
	defer timer.Stop()
	var (
		mu    sync.Mutex
		busy  = map[string]bool{}
		free  = map[string]time.Time{} // when a channel may be written to again
		slots = make(chan struct{}, lanes)
		ready = make(chan struct{}, 1)
		wg    sync.WaitGroup
	)
	defer wg.Wait()
	for {
		due, err := b.o.Store.Due(ctx, b.o.Now(), dueAtOnce)
		if err != nil && ctx.Err() == nil {
			b.o.Log.Error("the outbox can't be read", "err", err)
		}
		var soonest time.Duration
		for _, m := range due {
			lane := m.Surface.Channel
			mu.Lock()
			wait := free[lane].Sub(b.o.Now())
			skip := busy[lane] || wait > 0
			if !skip {
				busy[lane] = true
			}
			mu.Unlock()
			if skip {
				if wait > 0 && (soonest == 0 || wait < soonest) {
					soonest = wait
				}
				continue
			}
			slots <- struct{}{}
			wg.Go(func() {
				b.guarded(func() { b.deliverOne(ctx, m) })
				mu.Lock()
				delete(busy, lane)
				free[lane] = b.o.Now().Add(pace)
				mu.Unlock()
				<-slots
				select {
				case ready <- struct{}{}:
				default:
				}
			})
		}
		var again <-chan time.Time
		if soonest > 0 {
			again = time.After(soonest)
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-ready:
		case <-again:
		case <-timer.C:
		}
	}
}

// deliverOne brings one message up to date.
func (b *Bot) deliverOne(ctx context.Context, m fleet.Message) {
	// What goes out is recorded even when the program is stopping.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patientWithin)
	defer cancel()
	drawn, revision, err := b.draw(ctx, m)
	if err != nil {
		b.o.Log.Error("a message can't be drawn", "message", m.Surface.Key, "err", err)
		b.later(ctx, m, err)
		return
	}
	if len(m.Copies) == 0 {
		b.post(ctx, m, drawn, revision)
		return
	}
	for _, c := range m.Copies {
		if c.Revision < revision {
			b.edit(ctx, m, c, drawn, revision)
		}
	}
}

// draw is what a message shows now, and of which revision that is.
func (b *Bot) draw(ctx context.Context, m fleet.Message) (blocks.Message, int64, error) {
	o := b.options(false)
	switch m.Surface.Kind {
	case fleet.NoticeSurface:
		var n fleet.Notice
		err := json.Unmarshal(m.Body, &n)
		return blocks.NoticeOf(n, o), m.Desired, err
	case fleet.DigestSurface:
		var d fleet.Digest
		err := json.Unmarshal(m.Body, &d)
		return blocks.Digest(d, o), m.Desired, err
	}
	r, err := b.o.Store.Request(ctx, m.Request)
	if err != nil {
		return blocks.Message{}, 0, err
	}
	switch m.Surface.Kind {
	case fleet.PromptSurface:
		return blocks.Prompt(r, o), r.Version, nil
	case fleet.CopySurface:
		return blocks.Copy(r, o), r.Version, nil
	case fleet.ResultSurface:
		return blocks.Result(r, o), r.Version, nil
	case fleet.ToldSurface:
		return blocks.Told(r, o), r.Version, nil
	}
	return blocks.Message{}, 0, fmt.Errorf("a message of the kind %q can't be drawn", m.Surface.Kind)
}

// post sends the first copy. Slack has no key that makes a repeated post harmless, so the
// intent is committed before it.
func (b *Bot) post(ctx context.Context, m fleet.Message, drawn blocks.Message, revision int64) {
	shared, err := b.directory.Shared(ctx, m.Surface.Channel)
	if err != nil {
		b.unreachable(ctx, m, err)
		return
	}
	if shared {
		b.o.Tell(ctx, "shared channel "+m.Surface.Channel, fleet.Say("Nothing is posted in ", fleet.Mention(m.Surface.Channel), ": it is shared with another organization. Configure another channel."))
		b.untold(ctx, m, "its channel is shared with another organization")
		b.bury(ctx, m, "shared channel")
		return
	}
	if err := b.o.Store.MarkSending(ctx, m.ID); err != nil {
		b.o.Log.Error("a message is not sent: its mark can't be stored", "message", m.Surface.Key, "err", err)
		return
	}
	to := m.Surface.Channel
	if m.ThreadChannel != "" {
		to = m.ThreadChannel
	}
	var channel, ts string
	err = plainer(drawn, func(d blocks.Message) error {
		options := append(content(d), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
		if m.ThreadTS != "" {
			options = append(options, slack.MsgOptionTS(m.ThreadTS))
		}
		var err error
		channel, ts, err = b.patient.PostMessageContext(ctx, to, options...)
		return err
	})
	if err != nil {
		b.unreachable(ctx, m, err)
		return
	}
	record, cancel := context.WithTimeout(context.WithoutCancel(ctx), patientWithin)
	defer cancel()
	if err := b.o.Store.Posted(record, m.ID, channel, ts, revision); err != nil {
		b.o.Log.Error("a post can't be recorded; it may show twice", "message", m.Surface.Key, "err", err)
	}
}

func (b *Bot) edit(ctx context.Context, m fleet.Message, c fleet.Copy, drawn blocks.Message, revision int64) {
	err := plainer(drawn, func(d blocks.Message) error {
		options := content(d)
		if len(d.Blocks) == 0 {
			options = append(options, slack.MsgOptionBlocks()) // plain text replaces the blocks
		}
		_, _, _, err := b.patient.UpdateMessageContext(ctx, c.Channel, c.TS, options...)
		return err
	})
	switch code := slackCode(err); {
	case err == nil:
		if err := b.o.Store.Edited(ctx, m.ID, c.Channel, c.TS, revision); err != nil {
			b.o.Log.Error("an edit can't be recorded; it is made again", "message", m.Surface.Key, "err", err)
		}
	case code == "message_not_found" || code == "cant_update_message" || code == "edit_window_closed" || code == "is_inactive":
		b.o.Log.Warn("a copy can't be edited any more", "message", m.Surface.Key, "err", code)
		if err := b.o.Store.DropCopy(ctx, m.ID, c.Channel, c.TS); err != nil {
			b.o.Log.Error("a copy can't be dropped", "message", m.Surface.Key, "err", err)
		}
	default:
		b.unreachable(ctx, m, err)
	}
}

// unreachable says when a message is tried again. What only a person can mend goes to the
// operators, and the requester is told that the prompt is not shown.
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
	b.later(ctx, m, err)
}

// untold tells the requester that those who decide do not see the prompt.
func (b *Bot) untold(ctx context.Context, m fleet.Message, why string) {
	if m.Surface.Kind != fleet.PromptSurface {
		return
	}
	r, err := b.o.Store.Request(ctx, m.Request)
	if err != nil {
		return
	}
	b.tellLater(ctx, fmt.Sprintf("unseen/%d", r.ID), r.Requester, fleet.Notice{Kind: fleet.Trouble, Text: fleet.Say(
		fmt.Sprintf("The prompt of request #%d can't be shown in ", r.ID), fleet.Mention(m.Surface.Channel), ": "+why+". It can still be approved with ",
		fleet.Code(fmt.Sprintf("%s approve %d", b.o.Command, r.ID)), ".")})
}

func (b *Bot) later(ctx context.Context, m fleet.Message, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patientWithin)
	defer cancel()
	wait := min(time.Second<<min(m.Tries, 8), 5*time.Minute)
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		wait = max(limited.RetryAfter, time.Second)
	}
	if !m.SendingAt.IsZero() && m.Tries > 20 && b.o.Now().Sub(m.SendingAt) > giveUp {
		b.bury(ctx, m, clean(err))
		return
	}
	b.o.Log.Warn("a message waits", "message", m.Surface.Key, "channel", m.Surface.Channel, "err", clean(err))
	if err := b.o.Store.Retry(ctx, m.ID, b.o.Now().Add(wait), clean(err)); err != nil {
		b.o.Log.Error("a retry can't be stored", "message", m.Surface.Key, "err", err)
	}
}

func (b *Bot) bury(ctx context.Context, m fleet.Message, why string) {
	b.o.Log.Error("a message is given up", "message", m.Surface.Key, "channel", m.Surface.Channel, "err", why)
	if err := b.o.Store.Bury(ctx, m.ID, why); err != nil {
		b.o.Log.Error("a message can't be given up", "message", m.Surface.Key, "err", err)
	}
}
