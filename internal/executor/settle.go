package executor

import (
	"context"

	"runnerdesk/internal/fleet"
)

// settle looks again at what could not be known. It stops at the first runner that
// GitHub does not tell of: the others have time.
func (l *lane) settle(ctx context.Context, r fleet.Request) {
	for _, t := range r.Targets {
		if t.Outcome != fleet.NotSure {
			continue
		}
		now, gone, err := l.find(ctx, lookWithin, r.Scope, t.Runner.ID)
		if err != nil || ctx.Err() != nil {
			return
		}
		outcome, note := fleet.OutcomeFailed, "it is still there; ask again"
		if gone {
			outcome, note = fleet.AlreadyGone, "gone after a delete of ours whose answer was lost"
		} else if differs, same := t.Runner.SameAs(now); !same {
			outcome, note = fleet.Changed, "another runner now ("+differs+"); the one before is gone"
		}
		if _, err := l.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
			r, err := r.Result(l.epoch, t.Runner.ID, outcome, note, l.Now())
			if err != nil {
				return r, err
			}
			return r.Finish(l.epoch, "", l.Now())
		}); err != nil {
			l.Log.Error("result can't be stored", "request", r.ID, "runner", t.Runner.ID, "err", err)
			return
		}
	}
}
