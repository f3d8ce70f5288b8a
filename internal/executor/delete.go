package executor

import (
	"context"
	"errors"
	"slices"
	"time"

	"runnerdesk/internal/fleet"
)

// deleteAll carries out one approved deletion, runner by runner.
func (e *Executor) deleteAll(ctx context.Context, id, epoch int64) {
	r, err := e.update(ctx, id, func(r fleet.Request) (fleet.Request, error) {
		if r.State == fleet.Executing && r.Epoch == epoch {
			return r, nil // ours already: a step of it could not be stored before
		}
		return r.Claim(epoch, e.Now())
	})
	if err != nil {
		if !errors.Is(err, fleet.ErrIllegal) {
			e.Log.Error("request can't be claimed", "request", id, "err", err)
		}
		return
	}
	for _, t := range r.Targets {
		if t.Outcome != fleet.Undone {
			continue
		}
		if ctx.Err() != nil {
			return // the next run takes over
		}
		if r, err = e.Store.Request(context.WithoutCancel(ctx), id); err != nil {
			e.Log.Error("request can't be read", "request", id, "err", err)
			return
		}
		if r.Stop || late(r, t, e.Now()) {
			break
		}
		outcome, note, ok := e.deleteOne(ctx, r, t, epoch)
		if !ok {
			return
		}
		_, err := e.update(ctx, id, func(r fleet.Request) (fleet.Request, error) {
			return r.Result(epoch, t.Runner.ID, outcome, note, e.Now())
		})
		if err != nil {
			e.Log.Error("result can't be stored; it is looked at again", "request", id, "runner", t.Runner.ID, "err", err)
			return
		}
		e.pause(ctx, e.Pace)
	}
	_, err = e.update(ctx, id, func(r fleet.Request) (fleet.Request, error) {
		why := "not begun in time"
		if r.Stop {
			why = "stopped by the requester"
		}
		return r.Finish(epoch, why, e.Now())
	})
	if err != nil {
		e.Log.Error("request can't be finished", "request", id, "err", err)
	}
}

// late reports whether a runner's turn came too late. One whose delete may be under way
// is never late: what became of it must be found out.
func late(r fleet.Request, t fleet.Target, now time.Time) bool {
	return t.Sent == 0 && !now.Before(r.ActBy)
}

// deleteOne looks at a runner and deletes it if it is still what was approved. ok is
// false when the program is stopping or the intent can't be stored: nothing is known to
// be final then, and the next look goes on from what is stored.
func (e *Executor) deleteOne(ctx context.Context, r fleet.Request, t fleet.Target, epoch int64) (outcome fleet.Outcome, note string, ok bool) {
	for looks := 0; ; looks++ {
		now, err := e.get(ctx, r.Scope, t.Runner.ID)
		switch {
		case errors.Is(err, fleet.ErrNotFound):
			return e.gone(ctx, r.Scope, t)
		case err != nil && e.wait(ctx, r, t, epoch, err):
			looks = 0
			continue
		case err != nil && ctx.Err() != nil:
			return "", "", false
		case err != nil && looks < lookTries && retry(err):
			e.pause(ctx, backoff(looks))
			continue
		case err != nil && t.Sent > 0:
			return fleet.NotSure, "a delete was sent, and GitHub does not tell what became of it", true
		case err != nil:
			return fleet.OutcomeFailed, reason(err), true
		}
		if outcome, note, good := e.check(r, t, now); !good {
			return outcome, note, true
		}
		if t.Sent >= fleet.MaxSends {
			return fleet.OutcomeFailed, "GitHub failed at three deletes; the runner is still there", true
		}
		if _, err := e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) { return r.Send(epoch, t.Runner.ID) }); err != nil {
			e.Log.Error("delete is not sent: its intent can't be stored", "request", r.ID, "runner", t.Runner.ID, "err", err)
			return "", "", false
		}
		t.Sent++
		err = e.send(ctx, r.Scope, t.Runner.ID)
		switch {
		case err == nil:
			return fleet.Deleted, "", true
		case errors.Is(err, fleet.ErrNotFound):
			return e.gone(ctx, r.Scope, t)
		case errors.Is(err, fleet.ErrBusy):
			return fleet.WasBusy, "GitHub says that it runs a job", true
		case e.wait(ctx, r, t, epoch, err):
		case certain(err) && !retry(err):
			return fleet.OutcomeFailed, reason(err), true
		default:
			e.pause(ctx, backoff(t.Sent))
		}
		looks = 0
	}
}

// check compares a runner with what was shown to those who approved.
func (e *Executor) check(r fleet.Request, t fleet.Target, now fleet.Runner) (fleet.Outcome, string, bool) {
	if differs, same := t.Runner.SameAs(now); !same {
		if t.Sent > 0 {
			return fleet.Changed, "another runner now (" + differs + "); a delete that was sent may have removed the one before", false
		}
		return fleet.Changed, differs + " differs from what was approved", false
	}
	was, is := t.Runner.State(), now.State()
	switch {
	case e.Protect.Covers(now) || r.Protect.Covers(now):
		return fleet.Protected, "", false
	case now.Busy == fleet.Yes:
		return fleet.WasBusy, "it runs a job", false
	case !was.Connected() && is.Connected():
		return fleet.Changed, "it was offline and is online now", false
	}
	return "", "", true
}

// gone says what a 404 means. It proves that the runner is gone only when the same
// credential reads the scope's list without it: a revoked one answers 404 too.
func (e *Executor) gone(ctx context.Context, scope fleet.Scope, t fleet.Target) (fleet.Outcome, string, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callWithin)
	defer cancel()
	l, err := e.Reads.List(ctx, scope)
	there := slices.ContainsFunc(l.Runners, func(r fleet.Runner) bool { return r.ID == t.Runner.ID })
	switch {
	case err == nil && !there && t.Sent > 0:
		return fleet.AlreadyGone, "gone after a delete of ours whose answer was lost", true
	case err == nil && !there:
		return fleet.AlreadyGone, "", true
	case t.Sent > 0:
		return fleet.NotSure, "GitHub does not find it by its id, and its list does not prove that it is gone", true
	}
	return fleet.OutcomeFailed, "GitHub does not find it by its id, and its list does not prove that it is gone", true
}

func (e *Executor) get(ctx context.Context, scope fleet.Scope, id int64) (fleet.Runner, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callWithin)
	defer cancel()
	return e.Reads.Get(ctx, scope, id)
}

func (e *Executor) send(ctx context.Context, scope fleet.Scope, id int64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callWithin)
	defer cancel()
	return e.Writes.Delete(ctx, scope, id)
}

// wait waits for the end of a limit, when that is within the time that the approval
// lasts, and says so in the request. It reports whether it did.
func (e *Executor) wait(ctx context.Context, r fleet.Request, t fleet.Target, epoch int64, err error) bool {
	var limited *fleet.LimitedError
	if !errors.As(err, &limited) || !limited.Until.Before(r.ActBy) || t.Sent >= fleet.MaxSends {
		return false
	}
	until := limited.Until
	_, err = e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
		return r.Await(epoch, t.Runner.ID, "waits: GitHub limits us until "+until.UTC().Format("15:04 UTC"))
	})
	if err != nil {
		return false
	}
	e.pause(ctx, until.Sub(e.Now()))
	return ctx.Err() == nil
}

// retry reports whether the same call may do better in a moment.
func retry(err error) bool {
	var away *fleet.UnavailableError
	return errors.As(err, &away) || errors.Is(err, context.DeadlineExceeded)
}

func backoff(n int) time.Duration { return min(250*time.Millisecond<<n, 4*time.Second) }

// reason is an error in a few words of our own.
func reason(err error) string { return fleet.Explain(err).String() }

// settle looks again at what could not be known.
func (e *Executor) settle(ctx context.Context, epoch int64) {
	unsure, err := e.Store.RequestsIn(ctx, fleet.Unknown)
	if err != nil {
		return
	}
	for _, r := range unsure {
		for _, t := range r.Targets {
			if t.Outcome != fleet.NotSure || ctx.Err() != nil {
				continue
			}
			e.guarded(func() { e.settleOne(ctx, r, t, epoch) })
		}
		if _, err := e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) { return r.Finish(epoch, "", e.Now()) }); err != nil {
			e.Log.Error("request can't be settled", "request", r.ID, "err", err)
		}
	}
}

func (e *Executor) settleOne(ctx context.Context, r fleet.Request, t fleet.Target, epoch int64) {
	now, err := e.get(ctx, r.Scope, t.Runner.ID)
	outcome, note := fleet.OutcomeFailed, "it is still there; ask again"
	switch {
	case errors.Is(err, fleet.ErrNotFound):
		outcome, note, _ = e.gone(ctx, r.Scope, t)
	case err != nil:
		return
	default:
		if differs, same := t.Runner.SameAs(now); !same {
			outcome, note = fleet.Changed, "another runner now ("+differs+"); the one before is gone"
		}
	}
	if outcome == fleet.NotSure {
		return
	}
	if _, err := e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
		return r.Result(epoch, t.Runner.ID, outcome, note, e.Now())
	}); err != nil {
		e.Log.Error("result can't be stored", "request", r.ID, "runner", t.Runner.ID, "err", err)
	}
}
