package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"runnerdesk/internal/fleet"
)

// look finds out whether the runner is still what was approved; done is false when it
// is. What fails is tried again, as long as the turn's time for looks lasts.
func (t *turn) look(ctx context.Context) (outcome fleet.Outcome, note string, done bool) {
	for try := 0; ; {
		r, err := t.Store.Request(context.WithoutCancel(ctx), t.request.ID)
		if err != nil {
			t.Log.Error("request can't be read", "request", t.request.ID, "err", err)
			return fleet.Undone, "", true
		}
		if why := t.over(r); why != "" && t.Sent == 0 {
			return fleet.NotTried, why, true
		}
		now, gone, err := t.read(ctx, lookWithin)
		switch {
		case err == nil:
			return t.judge(now, gone)
		case t.wait(ctx, err):
			try = 0
		case ctx.Err() != nil:
			return fleet.Undone, "", true
		case try < lookTries && t.left > 0 && retry(err):
			pause(ctx, backoff(try))
			try++
		case t.over(r) != "" && t.Sent == 0: // a limit that lasts too long
			return fleet.NotTried, t.over(r), true
		case t.doubt:
			return fleet.NotSure, "a delete was sent, and GitHub does not tell what became of it", true
		default:
			return fleet.OutcomeFailed, reason(err), true
		}
	}
}

// read looks once. Its time is taken off what the turn has left for looks.
func (t *turn) read(ctx context.Context, within time.Duration) (now fleet.Runner, gone bool, err error) {
	began := time.Now()
	defer func() { t.left -= time.Since(began) }()
	return t.find(ctx, min(within, t.left), t.scope, t.Runner.ID)
}

// judge tells what a look means.
func (t *turn) judge(now fleet.Runner, gone bool) (outcome fleet.Outcome, note string, done bool) {
	switch {
	case gone && t.doubt:
		return fleet.AlreadyGone, "gone after a delete of ours whose answer was lost", true
	case gone:
		return fleet.AlreadyGone, "", true
	}
	if outcome, note, good := t.check(now); !good {
		return outcome, note, true
	}
	switch {
	case t.hidden:
		return fleet.OutcomeFailed, "GitHub shows it and finds nothing to delete; the credential may lack the permission", true
	case t.Sent >= fleet.MaxSends:
		return fleet.OutcomeFailed, "GitHub failed at three deletes; the runner is still there", true
	}
	t.seen = time.Now()
	return fleet.Undone, "", false
}

// check compares a runner with what was shown to those who approved.
func (t *turn) check(now fleet.Runner) (outcome fleet.Outcome, note string, good bool) {
	differs, same := t.Runner.SameAs(now)
	switch {
	case !same && t.doubt:
		return fleet.Changed, "another runner now (" + differs + "); a delete that was sent may have removed the one before", false
	case t.Protect.Covers(now) || t.request.Protect.Covers(now):
		return fleet.Protected, "", false
	case !same:
		return fleet.Changed, differs + " differs from what was approved", false
	case now.Busy == fleet.Yes:
		return fleet.WasBusy, "it runs a job", false
	case !t.Runner.State().Connected() && now.State().Connected():
		return fleet.Changed, "it was offline and is online now", false
	}
	return fleet.Undone, "", true
}

// still looks again when the last look is old, because other lanes wrote meanwhile. It
// is short, since they wait now.
func (t *turn) still(ctx context.Context) bool {
	if time.Since(t.seen) < fresh {
		return true
	}
	now, gone, err := t.read(ctx, stillWithin)
	if err != nil || gone {
		return false
	}
	_, _, good := t.check(now)
	return good
}

// find reads a runner. It is gone when its id is not found and the same credential then
// reads the scope's list without it: a revoked one is told of no runner either.
func (e *Executor) find(ctx context.Context, within time.Duration, scope fleet.Scope, id int64) (now fleet.Runner, gone bool, err error) {
	ctx, cancel := lasting(ctx, within)
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
