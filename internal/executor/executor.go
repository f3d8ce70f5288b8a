// Package executor carries out what was approved. It is the only room that holds
// GitHub's writes. The intent to write is committed before the first byte goes out,
// GitHub is looked at before acting and after every doubt, and results are recorded on a
// context that a shutdown does not cut.
package executor

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"runnerdesk/internal/fleet"
)

// Store is what the executor needs of storage.
type Store interface {
	Request(ctx context.Context, id int64) (fleet.Request, error)
	RequestsIn(ctx context.Context, states ...fleet.RequestState) ([]fleet.Request, error)
	UpdateRequest(ctx context.Context, id int64, key string, change func(fleet.Request) (fleet.Request, error)) (fleet.Request, error)
	NextEpoch(ctx context.Context) (int64, error)
	// Subscribe gives a signal after commits; cancel ends it.
	Subscribe() (wake <-chan struct{}, cancel func())
}

// Reads is what the executor looks at before and after it acts.
type Reads interface {
	Get(ctx context.Context, scope fleet.Scope, id int64) (fleet.Runner, error)
	List(ctx context.Context, scope fleet.Scope) (fleet.Listing, error)
}

// Writes change something at GitHub.
type Writes interface {
	Delete(ctx context.Context, scope fleet.Scope, id int64) error
	RegistrationToken(ctx context.Context, scope fleet.Scope) (fleet.Token, error)
	RemoveToken(ctx context.Context, scope fleet.Scope) (fleet.Token, error)
}

// Executor carries out requests. Its exported fields are set once.
type Executor struct {
	Store   Store
	Reads   Reads
	Writes  Writes
	Protect fleet.Protect // as configured now; a request has its own as well
	Pace    time.Duration // between two deletes; GitHub asks for a second between writes
	Every   time.Duration // how often time-outs are looked for; 15 s when 0
	// Allowed tells why the configuration does not allow an approved request any more;
	// "" when it does. It is asked inside the store's transactions. nil: all are allowed.
	Allowed func(fleet.Request) (why string)
	Now     func() time.Time
	Log     *slog.Logger

	mu      sync.Mutex
	unended map[int64]ending // reveals whose end is not recorded yet; nil before the first look
}

const (
	tick        = 15 * time.Second // how often time-outs are looked for
	lookAgain   = 5 * time.Minute  // how often an unknown outcome is
	lookWithin  = 30 * time.Second // of all looks at one runner in its turn
	lookTries   = 4                // of a look that GitHub does not answer
	fresh       = 3 * time.Second  // a look that is older is made again before a delete
	stillWithin = 3 * time.Second  // of that one, for which other writes wait
	sendWithin  = 15 * time.Second // of a delete; other writes wait for it
	lastCall    = 3 * time.Second  // of a call that is under way when the program is told to stop
	storeWithin = 10 * time.Second
)

// Run takes over what an earlier run left, then carries out what gets approved, until ctx
// ends. It returns after the calls in hand have their results.
func (e *Executor) Run(ctx context.Context) error {
	epoch, err := e.Store.NextEpoch(ctx)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { e.repeat(ctx, func() { e.expire(ctx) }) })

	all := &lanes{Executor: e, epoch: epoch, pen: make(chan struct{}, 1), of: map[fleet.Scope]*lane{}, start: wg.Go}
	e.repeat(ctx, func() {
		if err := e.endReveals(ctx); err != nil && ctx.Err() == nil {
			e.Log.Error("lost reveals can't be read", "err", err)
		}
		all.rouse(ctx)
	})
	return nil
}

// repeat does something now, after every commit and every now and then, until ctx ends.
func (e *Executor) repeat(ctx context.Context, do func()) {
	wake, cancel := e.Store.Subscribe()
	defer cancel()
	timer := time.NewTicker(cmp.Or(e.Every, tick))
	defer timer.Stop()
	for {
		e.guarded(do)
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-timer.C:
		}
	}
}

// expire ends what nobody decided, revealed or began in time.
func (e *Executor) expire(ctx context.Context) {
	open, err := e.Store.RequestsIn(ctx, fleet.Pending, fleet.Approved)
	if err != nil && ctx.Err() == nil {
		e.Log.Error("requests can't be read", "err", err)
	}
	for _, r := range open {
		if _, due := r.Expire(e.Now()); !due {
			continue
		}
		_, err := e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
			r, _ = r.Expire(e.Now())
			return r, nil
		})
		if err != nil {
			e.Log.Error("request can't be expired", "request", r.ID, "err", err)
		}
	}
}

// update changes a request on a context that a shutdown does not cut: what happened
// must be recorded.
func (e *Executor) update(ctx context.Context, id int64, change func(fleet.Request) (fleet.Request, error)) (fleet.Request, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	return e.Store.UpdateRequest(ctx, id, "", change)
}

// guarded stops a panic at one request, so that the others go on.
func (e *Executor) guarded(f func()) {
	defer func() {
		if p := recover(); p != nil {
			e.Log.Error("panic", "err", p, "stack", string(debug.Stack()))
		}
	}()
	f()
}

// lasting is a context for a call to GitHub. When ctx ends, what is in hand may still end
// well: the call has a little time left.
func lasting(ctx context.Context, within time.Duration) (context.Context, context.CancelFunc) {
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(lastCall, cancel) })
	return call, func() {
		stop()
		cancel()
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// certain reports whether a failed write surely had no effect.
func certain(err error) bool {
	var away *fleet.UnavailableError
	if errors.As(err, &away) {
		return !away.MayHaveActed
	}
	var limited *fleet.LimitedError
	var forbidden *fleet.ForbiddenError
	return errors.As(err, &limited) || errors.As(err, &forbidden) || errors.Is(err, fleet.ErrNotFound) ||
		errors.Is(err, fleet.ErrCredential) || errors.Is(err, fleet.ErrBusy) || errors.Is(err, fleet.ErrUnsafe) || errors.Is(err, fleet.ErrUnsupported)
}
