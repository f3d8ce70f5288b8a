package bot

import (
	"context"
	"slices"
	"time"

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
	// settling is how long an input that just came in is left to those who store it.
	settling  = 10 * time.Second
	jobWithin = 60 * time.Second
)

const tooMuch = "Too much is asked of Runnerdesk right now. Try again in a moment."

// take acknowledges and queues what changes nothing, and hands on what must be stored
// first. It never waits for the store: a query is acknowledged also while that is busy.
func (b *Bot) take(ctx context.Context, a arrival) {
	if a.kind == ignored || a.kind == suggest {
		b.ack(ctx, a, nil)
		return
	}
	in, lasting := a.input(b.desk.Context(a.actor.Channel))
	j := job{a: a, in: in}
	if lasting {
		if !push(b.storing, j) {
			b.turnAway(ctx, a)
		}
		return
	}
	queue := b.work
	if a.opensDialog() {
		queue = b.dialogs
	}
	if b.seen.once(a.key, func() bool { return push(queue, j) }) {
		b.ack(ctx, a, nil)
	} else {
		b.turnAway(ctx, a)
	}
}

// store stores a request or a decision, acknowledges it and queues it.
func (b *Bot) store(ctx context.Context, j job) {
	limited, cancel := context.WithDeadline(ctx, j.a.due)
	defer cancel()
	fresh, err := b.o.Store.Accept(limited, j.in)
	if err != nil {
		// Not stored, so not acknowledged: Slack tells the person that it did not work.
		b.o.Log.Error("an input can't be stored, so it was not acknowledged", "user", j.in.Person, "err", err)
		return
	}
	if fresh {
		b.replies.put(j.in.Key, j.a.reply)
	}
	b.ack(ctx, j.a, nil)
	if fresh {
		j.stored = true
		b.queue(j)
	}
}

// queue hands a stored input to the workers, unless one has it. When the queue is full
// the sweep finds it again.
func (b *Bot) queue(j job) {
	if b.seen.begin(j.in.Key) && !push(b.inputs, j) {
		b.seen.end(j.in.Key)
	}
}

// push puts v into a queue, if there is room.
func push[T any](queue chan<- T, v T) bool {
	select {
	case queue <- v:
		return true
	default:
		return false
	}
}

// turnAway refuses what there is no room for. Only the acknowledgement of a command can
// carry words; the rest is not acknowledged, so that Slack says it, or sends it again.
func (b *Bot) turnAway(ctx context.Context, a arrival) {
	b.o.Log.Error("too much is asked; an input was turned away", "event", string(a.kind), "user", a.actor.Person)
	if a.kind == typed {
		b.ack(ctx, a, map[string]string{"response_type": "ephemeral", "text": tooMuch})
	}
}

func (b *Bot) ack(ctx context.Context, a arrival, payload any) {
	if err := a.ack(ctx, payload); err != nil {
		b.o.Log.Warn("an envelope can't be acknowledged", "event", string(a.kind))
	}
}

// sweep finds stored inputs that nobody works on: those that an earlier run left, and
// those that found the queue full.
func (b *Bot) sweep(ctx context.Context) {
	for {
		left, err := b.o.Store.Unhandled(ctx)
		if err != nil && ctx.Err() == nil {
			b.o.Log.Error("the inbox can't be read", "err", err)
		}
		for _, in := range left {
			if in.At.Before(b.started) || b.o.Now().Sub(in.At) >= settling {
				b.queue(job{in: in, stored: true, swept: true})
			}
		}
		if within(ctx.Done(), sweepEvery) {
			return
		}
	}
}

// do carries out one job and sees to it that the person hears of it.
func (b *Bot) do(life context.Context, j job) {
	if !j.stored {
		b.doQuery(life, j.a, j.in)
		return
	}
	defer b.seen.end(j.in.Key)
	if j.swept && !b.waits(life, j.in.Key) {
		return // it was finished after the sweep saw it
	}
	b.doInput(life, j.in)
}

// waits reports whether a stored input is not handled yet.
func (b *Bot) waits(ctx context.Context, key string) bool {
	left, err := b.o.Store.Unhandled(ctx)
	return err == nil && slices.ContainsFunc(left, func(in fleet.Input) bool { return in.Key == key })
}
