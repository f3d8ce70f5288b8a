package bot

import (
	"context"
	"slices"
	"time"

	"runnerdesk/internal/blocks"
	"runnerdesk/internal/fleet"
)

// job is one thing for a worker to do.
type job struct {
	a      arrival
	in     fleet.Input
	stored bool // in is in the inbox
	swept  bool // found there by the sweep
}

const (
	storeWithin = 2500 * time.Millisecond // Slack waits three seconds for an acknowledgement
	sweepEvery  = 5 * time.Second
	jobWithin   = 60 * time.Second
)

// take stores what must not be lost, acknowledges, and queues the rest of the work.
func (b *Bot) take(ctx context.Context, a arrival) {
	if a.kind == ignored || a.kind == suggest {
		_ = a.ack(ctx, nil)
		return
	}
	in, lasting := a.input(b.desk.Context(a.actor.Channel))
	if !lasting {
		b.ack(ctx, a)
		if b.seen.first(a.key) {
			b.queue(ctx, job{a: a, in: in})
		}
		return
	}
	store, cancel := context.WithTimeout(ctx, storeWithin)
	fresh, err := b.o.Store.Accept(store, in)
	cancel()
	if err != nil {
		// Not stored, so not acknowledged: Slack tells the person that it did not work.
		b.o.Log.Error("an input can't be stored, so it was not acknowledged", "user", in.Person, "err", err)
		return
	}
	b.ack(ctx, a)
	if fresh {
		b.replies.put(in.Key, a.reply)
		b.queue(ctx, job{a: a, in: in, stored: true})
	}
}

func (b *Bot) ack(ctx context.Context, a arrival) {
	if err := a.ack(ctx, nil); err != nil {
		b.o.Log.Warn("an envelope can't be acknowledged", "event", string(a.kind))
	}
}

// queue hands a job to the workers. What is stored is found again by the sweep when the
// queue is full; what is not is refused with a word.
func (b *Bot) queue(ctx context.Context, j job) {
	select {
	case b.work <- j:
	default:
		if j.stored {
			return
		}
		b.send(ctx, j.a.reply, blocks.NoticeOf(fleet.Notice{Kind: fleet.Trouble, Text: fleet.Say("Too much is asked of Runnerdesk right now. Try again in a moment.")}, b.options(false)), false)
	}
}

// sweep finds stored inputs that nobody works on: those that an earlier run left, and
// those that found the queue full.
func (b *Bot) sweep(ctx context.Context) {
	timer := time.NewTicker(sweepEvery)
	defer timer.Stop()
	for {
		left, err := b.o.Store.Unhandled(ctx)
		if err != nil && ctx.Err() == nil {
			b.o.Log.Error("the inbox can't be read", "err", err)
		}
		for _, in := range left {
			if b.seen.working(in.Key) {
				continue
			}
			select {
			case b.work <- job{in: in, stored: true, swept: true}:
			default:
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
	}
}

func (b *Bot) do(ctx context.Context, j job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), jobWithin)
	defer cancel()
	if !j.stored {
		b.doQuery(ctx, j.a, j.in)
		return
	}
	if !b.seen.begin(j.in.Key) {
		return // another worker has it
	}
	defer b.seen.end(j.in.Key)
	if j.swept && !b.waits(ctx, j.in.Key) {
		return // it was finished after the sweep saw it
	}
	b.doInput(ctx, j.in)
}

// waits reports whether a stored input is not handled yet.
func (b *Bot) waits(ctx context.Context, key string) bool {
	left, err := b.o.Store.Unhandled(ctx)
	return err == nil && slices.ContainsFunc(left, func(in fleet.Input) bool { return in.Key == key })
}
