package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

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
)

// landed says that a channel's message is done with, and how long Slack wants no other.
type landed struct {
	lane string
	rest time.Duration
}

// deliver edits and posts until what is shown equals what is stored, one message at a
// time in each channel. Life is what a message that was begun may take.
//
// A channel is busy from before its message is read until after its outcome is stored and
// this loop has heard of it. So no message is ever taken from a reading that is older
// than its last post, which would post it twice.
func (b *Bot) deliver(ctx, life context.Context) {
	wake, cancel := b.o.Store.Subscribe()
	defer cancel()
	timer := time.NewTicker(lookEvery)
	defer timer.Stop()
	busy := map[string]bool{}
	free := map[string]time.Time{} // when a channel may be written to again
	done := make(chan landed, lanes)
	land := func(l landed) {
		delete(busy, l.lane)
		free[l.lane] = time.Now().Add(max(pace, l.rest))
	}
	defer func() {
		for len(busy) > 0 {
			land(<-done)
		}
	}()
	for {
		now := time.Now()
		maps.DeleteFunc(free, func(_ string, at time.Time) bool { return !at.After(now) })
		due, err := b.o.Store.Due(ctx, b.o.Now(), dueAtOnce)
		if err != nil && ctx.Err() == nil {
			b.o.Log.Error("the outbox can't be read", "err", err)
		}
		var soonest <-chan time.Time
		var at time.Time
		for _, m := range due {
			lane := m.Surface.Channel
			if t, resting := free[lane]; resting {
				if soonest == nil || t.Before(at) {
					at, soonest = t, time.After(t.Sub(now))
				}
				continue
			}
			if busy[lane] || len(busy) == lanes {
				continue // looked at again when one has landed
			}
			busy[lane] = true
			go func() {
				l := landed{lane: lane}
				defer func() { done <- l }()
				b.guarded(func() { l.rest = b.deliverOne(life, m) })
			}()
		}
		select {
		case <-ctx.Done():
			return
		case l := <-done:
			land(l)
		case <-wake:
		case <-soonest:
		case <-timer.C:
		}
	}
}

// fault is an error on our own side. Its text, unlike that of an error of a connection,
// can be logged: there is no address in it.
type fault struct {
	what  string
	cause error
}

func (f *fault) Error() string {
	if f.cause == nil {
		return f.what
	}
	return f.what + ": " + f.cause.Error()
}

// deliverOne brings one message up to date, or puts it off. It returns how long Slack
// wants the channel left alone.
func (b *Bot) deliverOne(life context.Context, m fleet.Message) (rest time.Duration) {
	ctx, cancel := context.WithTimeout(life, 2*patientWithin)
	defer cancel()
	var err error = &fault{"a part of the program failed", nil}
	b.guarded(func() { err = b.show(ctx, m) })
	if err == nil || life.Err() != nil {
		return 0 // what was cut off is still due at the next start
	}
	b.heed(err)
	b.unreachable(life, m, err)
	return b.putOff(life, m, err)
}

// show posts a message, or edits those of its copies that are behind.
func (b *Bot) show(ctx context.Context, m fleet.Message) error {
	shared, err := b.directory.Shared(ctx, m.Surface.Channel)
	if err != nil {
		return err
	}
	if shared && len(m.Copies) == 0 {
		return b.withhold(ctx, m)
	}
	drawn, revision, err := b.draw(ctx, m)
	if err != nil {
		return &fault{"it can't be drawn", err}
	}
	if shared {
		// Others read along since it was posted.
		drawn = blocks.NoticeOf(fleet.Notice{Kind: fleet.Refused, Text: fleet.Say("This channel is shared with another organization now, so nothing is shown here any more.")}, b.options())
	}
	if len(m.Copies) == 0 {
		return b.post(ctx, m, drawn, revision)
	}
	err = &fault{"it is due, though no copy is behind", nil}
	for _, c := range m.Copies {
		if c.Revision < revision {
			err = nil
		}
	}
	for _, c := range m.Copies {
		if c.Revision < revision {
			err = errors.Join(err, b.edit(ctx, m, c, drawn, revision))
		}
	}
	return err
}

// draw is what a message shows now, and of which revision that is.
func (b *Bot) draw(ctx context.Context, m fleet.Message) (blocks.Message, int64, error) {
	o := b.options()
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
