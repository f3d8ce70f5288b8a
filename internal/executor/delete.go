package executor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"runnerdesk/internal/fleet"
)

// deleteAll carries out one approved deletion, runner by runner.
func (e *Executor) deleteAll(ctx context.Context, r fleet.Request, epoch int64) {
	if r.State != fleet.Executing || r.Epoch != epoch { // else it is ours: a step of it could not be stored
		var err error
		if r, err = e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) { return r.Claim(epoch, e.Now()) }); err != nil {
			if !errors.Is(err, fleet.ErrIllegal) {
				e.Log.Error("request can't be claimed", "request", r.ID, "err", err)
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
		outcome, note, known := e.deleteOne(ctx, r, t, epoch)
		if !known {
			return
		}
		if outcome == fleet.NotTried {
			untried = note // as it will be for all that follow
			continue
		}
		if _, err := e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
			return r.Result(epoch, t.Runner.ID, outcome, note, e.Now())
		}); err != nil {
			e.Log.Error("result can't be stored; it is looked at again", "request", r.ID, "runner", t.Runner.ID, "err", err)
			return
		}
	}
	if _, err := e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
		return r.Finish(epoch, untried, e.Now())
	}); err != nil {
		e.Log.Error("request can't be finished", "request", r.ID, "err", err)
	}
}

// over tells why no delete may be sent any more, or nothing.
func (e *Executor) over(r fleet.Request) string {
	switch now := e.Now(); {
	case r.Stop:
		return "stopped by the requester"
	case !now.Before(r.ActBy):
		return "not begun in time"
	case now.Before(e.limited) && !e.limited.Before(r.ActBy):
		return "GitHub limits us until " + clock(e.limited) + ", when the time to begin is over"
	}
	return ""
}

// deleteOne looks at a runner and deletes it if it is still what was approved. known is
// false when the program is stopping or the store fails: nothing is known to be final
// then, and the next look goes on from what is stored.
func (e *Executor) deleteOne(ctx context.Context, r fleet.Request, t fleet.Target, epoch int64) (outcome fleet.Outcome, note string, known bool) {
	doubt := t.Sent > 0 // a delete was sent, and what became of it is not known
	defer func() {
		if p := recover(); p != nil {
			e.Log.Error("panic", "request", r.ID, "runner", t.Runner.ID, "err", p, "stack", string(debug.Stack()))
			outcome, note, known = fleet.OutcomeFailed, "a part of Runnerdesk failed; no delete was sent", true
			if t.Sent > 0 {
				outcome, note = fleet.NotSure, "a part of Runnerdesk failed after a delete was sent"
			}
		}
	}()
	hidden := false // GitHub found nothing to delete
	for looks := 0; ; {
		stored, err := e.Store.Request(context.WithoutCancel(ctx), r.ID)
		if err != nil {
			e.Log.Error("request can't be read", "request", r.ID, "err", err)
			return "", "", false
		}
		if why := e.over(stored); why != "" && t.Sent == 0 {
			return fleet.NotTried, why, true
		}
		pause(ctx, e.Pace-time.Since(e.wrote))
		now, gone, err := e.look(ctx, r.Scope, t.Runner.ID)
		switch {
		case gone && doubt:
			return fleet.AlreadyGone, "gone after a delete of ours whose answer was lost", true
		case gone:
			return fleet.AlreadyGone, "", true
		case err == nil:
		case e.wait(ctx, r, t, epoch, err):
			looks = 0
			continue
		case ctx.Err() != nil:
			return "", "", false
		case looks < lookTries && retry(err):
			pause(ctx, backoff(looks))
			looks++
			continue
		case e.over(stored) != "" && t.Sent == 0: // a limit that lasts too long
			continue
		case doubt:
			return fleet.NotSure, "a delete was sent, and GitHub does not tell what became of it", true
		default:
			return fleet.OutcomeFailed, reason(err), true
		}
		looks = 0
		if outcome, note, good := e.check(r, t, now, doubt); !good {
			return outcome, note, true
		}
		switch {
		case hidden:
			return fleet.OutcomeFailed, "GitHub shows it and finds nothing to delete; the credential may lack the permission", true
		case t.Sent >= fleet.MaxSends:
			return fleet.OutcomeFailed, "GitHub failed at three deletes; the runner is still there", true
		case ctx.Err() != nil:
			return "", "", false
		}
		why := ""
		if _, err := e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
			if why = e.over(r); why != "" {
				return r, nil
			}
			return r.Send(epoch, t.Runner.ID)
		}); err != nil {
			e.Log.Error("delete is not sent: its intent can't be stored", "request", r.ID, "runner", t.Runner.ID, "err", err)
			return "", "", false
		}
		switch {
		case why != "" && t.Sent == 0:
			return fleet.NotTried, why, true
		case why != "":
			return fleet.OutcomeFailed, "a delete had no effect, and no other was sent: " + why, true
		}
		t.Sent++
		err = e.send(ctx, r.Scope, t.Runner.ID)
		switch {
		case err == nil:
			return fleet.Deleted, "", true
		case errors.Is(err, fleet.ErrNotFound):
			hidden = true // gone meanwhile, or hidden: the next look tells
		case errors.Is(err, fleet.ErrBusy):
			return fleet.WasBusy, "GitHub says that it runs a job", true
		case t.Sent < fleet.MaxSends && e.wait(ctx, r, t, epoch, err):
		case ctx.Err() != nil:
			return "", "", false
		case certain(err) && !retry(err):
			return fleet.OutcomeFailed, reason(err), true
		default:
			doubt = doubt || !certain(err)
			pause(ctx, backoff(t.Sent))
		}
	}
}

// check compares a runner with what was shown to those who approved.
func (e *Executor) check(r fleet.Request, t fleet.Target, now fleet.Runner, doubt bool) (outcome fleet.Outcome, note string, good bool) {
	differs, same := t.Runner.SameAs(now)
	switch {
	case !same && doubt:
		return fleet.Changed, "another runner now (" + differs + "); a delete that was sent may have removed the one before", false
	case e.Protect.Covers(now) || r.Protect.Covers(now):
		return fleet.Protected, "", false
	case !same:
		return fleet.Changed, differs + " differs from what was approved", false
	case now.Busy == fleet.Yes:
		return fleet.WasBusy, "it runs a job", false
	case !t.Runner.State().Connected() && now.State().Connected():
		return fleet.Changed, "it was offline and is online now", false
	}
	return "", "", true
}

// look reads a runner. It is gone when its id is not found and the same credential then
// reads the scope's list without it: a revoked one is told of no runner either.
func (e *Executor) look(ctx context.Context, scope fleet.Scope, id int64) (now fleet.Runner, gone bool, err error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if now, err = e.Reads.Get(ctx, scope, id); !errors.Is(err, fleet.ErrNotFound) {
		return now, false, err
	}
	l, err := e.Reads.List(ctx, scope)
	if err != nil {
		return now, false, fmt.Errorf("prove that runner %d is gone: %w", id, err)
	}
	for _, r := range l.Runners {
		if r.ID == id {
			return now, false, &fleet.UnavailableError{What: "it does not find a runner that it lists"}
		}
	}
	return now, true, nil
}

func (e *Executor) send(ctx context.Context, scope fleet.Scope, id int64) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	defer func() { e.wrote = time.Now() }()
	return e.Writes.Delete(ctx, scope, id)
}

// wait waits for the end of a limit, when that is within the time that the approval
// lasts, and says so in the request. It reports whether it did.
func (e *Executor) wait(ctx context.Context, r fleet.Request, t fleet.Target, epoch int64, err error) bool {
	var limited *fleet.LimitedError
	if !errors.As(err, &limited) {
		return false
	}
	if !limited.Until.Before(r.ActBy) {
		e.limited = limited.Until
		return false
	}
	if _, err := e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
		return r.Await(epoch, t.Runner.ID, "waits: GitHub limits us until "+clock(limited.Until))
	}); err != nil {
		e.Log.Error("waiting can't be stored", "request", r.ID, "err", err)
	}
	wake, cancel := e.Store.Subscribe()
	defer cancel()
	timer := time.NewTimer(limited.Until.Sub(e.Now()))
	defer timer.Stop()
	for {
		// What was not begun can be stopped while it waits.
		if now, err := e.Store.Request(context.WithoutCancel(ctx), r.ID); err == nil && now.Stop && t.Sent == 0 {
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
