package executor

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"runnerdesk/internal/fleet"
)

// deleteAll carries out one approved deletion, runner by runner.
func (l *lane) deleteAll(ctx context.Context, r fleet.Request) {
	if r.State != fleet.Executing || r.Epoch != l.epoch { // else it is ours: a step of it could not be stored
		var err error
		if r, err = l.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) { return r.Claim(l.epoch, l.Now()) }); err != nil {
			if !errors.Is(err, fleet.ErrIllegal) {
				l.Log.Error("request can't be claimed", "request", r.ID, "err", err)
			}
			return
		}
	}
	untried := ""
	for _, t := range r.Targets {
		if t.Outcome != fleet.Undone {
			continue
		}
		if ctx.Err() != nil {
			return // the next run takes over
		}
		outcome, note := l.deleteOne(ctx, r, t)
		if outcome == fleet.Undone {
			return
		}
		if outcome == fleet.NotTried {
			untried = note // as it will be for all that follow
			continue
		}
		if _, err := l.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
			return r.Result(l.epoch, t.Runner.ID, outcome, note, l.Now())
		}); err != nil {
			l.Log.Error("result can't be stored; it is looked at again", "request", r.ID, "runner", t.Runner.ID, "err", err)
			return
		}
	}
	if _, err := l.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
		return r.Finish(l.epoch, untried, l.Now())
	}); err != nil {
		l.Log.Error("request can't be finished", "request", r.ID, "err", err)
	}
}

// over tells why no delete may be sent any more, or nothing.
func (l *lane) over(r fleet.Request) string {
	switch now := l.Now(); {
	case r.Stop:
		return "stopped by the requester"
	case !now.Before(r.ActBy):
		return "not begun in time"
	case now.Before(l.limited) && !l.limited.Before(r.ActBy):
		return "GitHub limits us until " + clock(l.limited) + ", when the time to begin is over"
	}
	return l.forbidden(r)
}

// turn is one runner's: it is looked at, and deleted if it is still what was approved,
// until it is known what became of it.
type turn struct {
	*lane
	fleet.Target
	request fleet.Request
	doubt   bool          // a delete was sent, and what became of it is not known
	hidden  bool          // GitHub found nothing to delete
	left    time.Duration // for looks
	seen    time.Time     // when it was last seen to be what was approved
}

// deleteOne takes a runner's turn. The outcome is fleet.Undone when the program is
// stopping or the store fails: nothing is known to be final then, and the next look goes
// on from what is stored.
func (l *lane) deleteOne(ctx context.Context, r fleet.Request, target fleet.Target) (outcome fleet.Outcome, note string) {
	t := &turn{lane: l, Target: target, request: r, doubt: target.Sent > 0, left: lookWithin}
	defer func() {
		if p := recover(); p != nil {
			l.Log.Error("panic", "request", r.ID, "runner", target.Runner.ID, "err", p, "stack", string(debug.Stack()))
			outcome, note = fleet.OutcomeFailed, "a part of Runnerdesk failed; no delete was sent"
			if t.Sent > 0 {
				outcome, note = fleet.NotSure, "a part of Runnerdesk failed after a delete was sent"
			}
		}
	}()
	for {
		if outcome, note, done := t.look(ctx); done {
			return outcome, note
		}
		if outcome, note, done := t.attempt(ctx); done {
			return outcome, note
		}
	}
}

// attempt deletes a runner that was just looked at. done is false when it must be looked
// at again.
func (t *turn) attempt(ctx context.Context) (outcome fleet.Outcome, note string, done bool) {
	why, err := t.write(ctx)
	switch {
	case errors.Is(err, errUnsent):
		return fleet.Undone, "", true
	case errors.Is(err, errOld):
	case why != "" && t.Sent == 0:
		return fleet.NotTried, why, true
	case why != "":
		return fleet.OutcomeFailed, "a delete had no effect, and no other was sent: " + why, true
	case err == nil:
		return fleet.Deleted, "", true
	case errors.Is(err, fleet.ErrNotFound):
		t.hidden = true // gone meanwhile, or hidden: the next look tells
	case errors.Is(err, fleet.ErrBusy):
		return fleet.WasBusy, "GitHub says that it runs a job", true
	case t.Sent < fleet.MaxSends && t.wait(ctx, err):
	case ctx.Err() != nil:
		return fleet.Undone, "", true
	case certain(err) && !retry(err):
		return fleet.OutcomeFailed, reason(err), true
	default:
		t.doubt = t.doubt || !certain(err)
		pause(ctx, backoff(t.Sent))
	}
	return fleet.Undone, "", false
}

var (
	errUnsent = errors.New("the program is stopping, or the intent can't be stored")
	errOld    = errors.New("the last look is too old")
)

// write commits the intent to delete and sends the delete, while no other lane writes.
// why is not empty when nothing may be sent any more.
func (t *turn) write(ctx context.Context) (why string, err error) {
	if !t.take(ctx) {
		return "", errUnsent
	}
	var pace time.Duration
	defer func() { t.giveBack(pace) }()
	switch {
	case !t.still(ctx):
		return "", errOld
	case ctx.Err() != nil:
		return "", errUnsent
	}
	if _, err := t.update(ctx, t.request.ID, func(r fleet.Request) (fleet.Request, error) {
		if why = t.over(r); why != "" {
			return r, nil
		}
		return r.Send(t.epoch, t.Runner.ID)
	}); err != nil {
		t.Log.Error("delete is not sent: its intent can't be stored", "request", t.request.ID, "runner", t.Runner.ID, "err", err)
		return "", errUnsent
	}
	if why != "" {
		return why, nil
	}
	t.Sent++
	pace = t.Pace
	ctx, cancel := lasting(ctx, sendWithin)
	defer cancel()
	return "", t.Writes.Delete(ctx, t.scope, t.Runner.ID)
}

// wait waits for the end of a limit, when that is within the time that the approval
// lasts, and says so in the request. It reports whether it did.
func (t *turn) wait(ctx context.Context, err error) bool {
	var limited *fleet.LimitedError
	if !errors.As(err, &limited) {
		return false
	}
	if !limited.Until.Before(t.request.ActBy) {
		t.limited = limited.Until
		return false
	}
	if _, err := t.update(ctx, t.request.ID, func(r fleet.Request) (fleet.Request, error) {
		return r.Await(t.epoch, t.Runner.ID, "waits: GitHub limits us until "+clock(limited.Until))
	}); err != nil {
		t.Log.Error("waiting can't be stored", "request", t.request.ID, "err", err)
	}
	wake, cancel := t.Store.Subscribe()
	defer cancel()
	timer := time.NewTimer(limited.Until.Sub(t.Now()))
	defer timer.Stop()
	for {
		// What was not begun can be stopped while it waits.
		if now, err := t.Store.Request(context.WithoutCancel(ctx), t.request.ID); err == nil && now.Stop && t.Sent == 0 {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-wake:
		}
	}
}

func clock(at time.Time) string { return at.UTC().Format("15:04 UTC") }

// retry reports whether the same call may do better in a moment.
func retry(err error) bool {
	var away *fleet.UnavailableError
	return errors.As(err, &away) || errors.Is(err, context.DeadlineExceeded)
}

func backoff(n int) time.Duration { return min(250*time.Millisecond<<n, 4*time.Second) }

// reason is an error in a few words of our own.
func reason(err error) string { return fleet.Explain(err).String() }
