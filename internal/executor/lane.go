package executor

import (
	"context"
	"slices"
	"time"

	"runnerdesk/internal/fleet"
)

// lane carries out the deletions of one scope, one after another, in a goroutine of its
// own: a scope that hangs, or waits for a limit, delays only itself. There are as many
// as scopes had something to delete, so at most as many as were ever configured.
type lane struct {
	*Executor
	scope fleet.Scope
	epoch int64
	wake  chan struct{} // holds one signal, so that none is lost while the lane works
	pen   chan struct{} // all lanes share it: whoever fills it may write

	// Only the lane's goroutine uses these.
	limited time.Time // the end of a limit that was too late to wait for
	looked  time.Time // when unknown outcomes were last looked at
}

// lanes are the scopes' lanes, made when there is something to do. Only Run's goroutine
// uses them.
type lanes struct {
	*Executor
	epoch int64
	pen   chan struct{}
	of    map[fleet.Scope]*lane
	start func(func()) // in a goroutine that Run waits for
}

// rouse tells the lanes of the scopes that have a deletion to carry out, to continue or
// to settle.
func (all *lanes) rouse(ctx context.Context) {
	for _, r := range all.deletions(ctx, fleet.Approved, fleet.Executing, fleet.Unknown) {
		l := all.of[r.Scope]
		if l == nil {
			l = &lane{Executor: all.Executor, scope: r.Scope, epoch: all.epoch, wake: make(chan struct{}, 1), pen: all.pen}
			all.of[r.Scope] = l
			all.start(func() { l.work(ctx) })
		}
		select {
		case l.wake <- struct{}{}:
		default: // it will look anyhow
		}
	}
}

// deletions are those in one of the states, oldest first.
func (e *Executor) deletions(ctx context.Context, states ...fleet.RequestState) []fleet.Request {
	found, err := e.Store.RequestsIn(ctx, states...)
	if err != nil && ctx.Err() == nil {
		e.Log.Error("requests can't be read", "err", err)
	}
	return slices.DeleteFunc(found, func(r fleet.Request) bool { return r.Action != fleet.Delete })
}

// work carries out the lane's deletions until ctx ends.
func (l *lane) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		l.each(ctx, l.deleteAll, fleet.Approved, fleet.Executing)
		if since := l.Now().Sub(l.looked); since >= lookAgain || since < 0 {
			l.looked = l.Now()
			l.each(ctx, l.settle, fleet.Unknown)
		}
	}
}

// each does something with every deletion of the scope that is in one of the states.
func (l *lane) each(ctx context.Context, do func(context.Context, fleet.Request), states ...fleet.RequestState) {
	l.guarded(func() {
		for _, r := range l.deletions(ctx, states...) {
			if r.Scope == l.scope && ctx.Err() == nil {
				l.guarded(func() { do(ctx, r) })
			}
		}
	})
}

// take waits for the pen, unless ctx ends.
func (l *lane) take(ctx context.Context) bool {
	select {
	case l.pen <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// giveBack lays the pen down for the next write after a while.
func (l *lane) giveBack(after time.Duration) {
	time.AfterFunc(after, func() { <-l.pen })
}
