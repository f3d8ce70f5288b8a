package executor

import (
	"context"

	"runnerdesk/internal/fleet"
)

// settle looks again at what could not be known.
func (e *Executor) settle(ctx context.Context, epoch int64) {
	unsure, err := e.Store.RequestsIn(ctx, fleet.Unknown)
	if err != nil {
		if ctx.Err() == nil {
			e.Log.Error("requests can't be read", "err", err)
		}
		return
	}
	for _, r := range unsure {
		e.guarded(func() { e.settleOne(ctx, r, epoch) })
	}
}

// settleOne stops at the first runner that GitHub does not tell of: the others have time.
func (e *Executor) settleOne(ctx context.Context, r fleet.Request, epoch int64) {
	for _, t := range r.Targets {
		if t.Outcome != fleet.NotSure {
			continue
		}
		now, gone, err := e.look(ctx, r.Scope, t.Runner.ID)
		if err != nil || ctx.Err() != nil {
			return
		}
		outcome, note := fleet.OutcomeFailed, "it is still there; ask again"
		if gone {
			outcome, note = fleet.AlreadyGone, "gone after a delete of ours whose answer was lost"
		} else if differs, same := t.Runner.SameAs(now); !same {
			outcome, note = fleet.Changed, "another runner now ("+differs+"); the one before is gone"
		}
		if _, err := e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
			r, err := r.Result(epoch, t.Runner.ID, outcome, note, e.Now())
			if err != nil {
				return r, err
			}
			return r.Finish(epoch, "", e.Now())
		}); err != nil {
			e.Log.Error("result can't be stored", "request", r.ID, "runner", t.Runner.ID, "err", err)
			return
		}
	}
}
