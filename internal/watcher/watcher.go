// Package watcher reads each scope from GitHub and has what changed stored.
package watcher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"runnerdesk/internal/fleet"
)

// Store is what the watcher needs of storage.
type Store interface {
	// StoreListing stores what changed and names the runners that are known and were not
	// listed.
	StoreListing(ctx context.Context, l fleet.Listing) (changes int, missing []fleet.Record, err error)
	MarkGone(ctx context.Context, scope fleet.Scope, at time.Time, ids ...int64) error
	FailReading(ctx context.Context, scope fleet.Scope, problem fleet.Problem) error
	PruneHistory(ctx context.Context, before time.Time) error
}

// GitHub is what the watcher reads.
type GitHub interface {
	List(ctx context.Context, scope fleet.Scope) (fleet.Listing, error)
	Get(ctx context.Context, scope fleet.Scope, id int64) (fleet.Runner, error)
	Groups(ctx context.Context, scope fleet.Scope) (map[int64]string, error)
}

// Watcher reads the fleet. Its fields are set once.
type Watcher struct {
	Store     Store
	GitHub    GitHub
	Scopes    []fleet.Scope
	Poll      time.Duration
	Retention time.Duration
	Tell      func(ctx context.Context, topic string, text fleet.Prose) // the operators
	Now       func() time.Time
	Log       *slog.Logger

	flights singleflight.Group
	mu      sync.Mutex
	groups  map[fleet.Scope]groupNames
	running context.Context // Run's; nil before it
}

type groupNames struct {
	names  map[int64]string
	readAt time.Time
}

const (
	readWithin  = 2 * time.Minute
	storeWithin = 10 * time.Second
	groupsAge   = 10 * time.Minute
	proofsAPoll = 50 // how many missing runners are looked at in one reading
	pruneEvery  = time.Hour
)

// Run reads every scope at once and then each Poll, until ctx ends. What fails is stored
// as not known and tried again.
func (w *Watcher) Run(ctx context.Context) error {
	w.mu.Lock()
	w.running = ctx
	w.mu.Unlock()
	timer := time.NewTicker(w.Poll)
	defer timer.Stop()
	var pruned time.Time
	for {
		for _, s := range w.Scopes {
			if err := w.Read(ctx, s); err != nil && ctx.Err() == nil {
				w.failed(ctx, s, err)
			}
		}
		if w.Retention > 0 && w.Now().Sub(pruned) >= pruneEvery {
			pruned = w.Now()
			if err := w.Store.PruneHistory(ctx, w.Now().Add(-w.Retention)); err != nil && ctx.Err() == nil {
				w.Log.Warn("history can't be pruned", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
	}
}

// failed tells the operators what only they can mend. A server that is away or a limit
// passes by itself.
func (w *Watcher) failed(ctx context.Context, s fleet.Scope, err error) {
	w.Log.Warn("scope can't be read", "scope", s.String(), "err", err)
	var forbidden *fleet.ForbiddenError
	if errors.As(err, &forbidden) || errors.Is(err, fleet.ErrCredential) || errors.Is(err, fleet.ErrNotFound) {
		w.Tell(ctx, "unreadable "+s.String(), fleet.Say("The runners of ", fleet.Code(s.String()), " can't be read. ", fleet.Explain(err)))
	}
}

// Read reads one scope now and stores it. Those who ask at the same time share one
// reading. When it fails the failure is stored beside what was known, and returned.
func (w *Watcher) Read(ctx context.Context, scope fleet.Scope) error {
	done := w.flights.DoChan(scope.Host()+"/"+scope.String(), func() (any, error) {
		// The reading belongs to all who wait, so the first one's leaving does not end it;
		// the end of the program does.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readWithin)
		defer cancel()
		w.mu.Lock()
		running := w.running
		w.mu.Unlock()
		if running != nil {
			defer context.AfterFunc(running, cancel)()
		}
		return nil, w.guarded(func() error { return w.read(ctx, scope) })
	})
	select {
	case <-ctx.Done():
		return ctx.Err()
	case r := <-done:
		return r.Err
	}
}

func (w *Watcher) read(ctx context.Context, scope fleet.Scope) error {
	l, err := w.GitHub.List(ctx, scope)
	if err != nil {
		w.unread(ctx, scope, err)
		return fmt.Errorf("list runners of %s: %w", scope, err)
	}
	names := w.groupNames(ctx, scope)
	for i := range l.Runners {
		l.Runners[i].Group = names[l.Runners[i].GroupID]
	}
	_, missing, err := w.Store.StoreListing(ctx, l)
	if err != nil {
		return fmt.Errorf("store runners of %s: %w", scope, err)
	}
	return w.markGone(ctx, scope, w.prove(ctx, scope, missing))
}

// unread stores why a scope could not be read, also when it was for lack of time.
func (w *Watcher) unread(ctx context.Context, scope fleet.Scope, err error) {
	if errors.Is(err, context.Canceled) {
		return // the program ends; GitHub did nothing wrong
	}
	p := fleet.Problem{What: fleet.Explain(err)}
	var limited *fleet.LimitedError
	if errors.As(err, &limited) {
		p.Until = limited.Until
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWithin)
	defer cancel()
	if err := w.Store.FailReading(ctx, scope, p); err != nil {
		w.Log.Error("failed reading can't be stored", "scope", scope.String(), "err", err)
	}
}

// prove finds out which of the runners that a list lacked are gone. A list can omit live
// runners, and a credential that lost its right is told of none: one is gone when its id
// answers 404 and the same credential then reads the list without it. What can't be
// proved now is looked at in the next reading.
func (w *Watcher) prove(ctx context.Context, scope fleet.Scope, missing []fleet.Record) []int64 {
	var gone []int64
	for _, r := range missing[:min(len(missing), proofsAPoll)] {
		_, err := w.GitHub.Get(ctx, scope, r.Runner.ID)
		if errors.Is(err, fleet.ErrNotFound) {
			gone = append(gone, r.Runner.ID)
		} else if err != nil {
			w.Log.Warn("missing runner can't be read", "scope", scope.String(), "runner", r.Runner.ID, "err", err)
			break
		}
	}
	if len(gone) == 0 {
		return nil
	}
	l, err := w.GitHub.List(ctx, scope)
	if err != nil {
		w.Log.Warn("missing runners can't be proved gone", "scope", scope.String(), "err", err)
		return nil
	}
	for _, r := range l.Runners {
		gone = slices.DeleteFunc(gone, func(id int64) bool { return id == r.ID })
	}
	return gone
}

func (w *Watcher) markGone(ctx context.Context, scope fleet.Scope, gone []int64) error {
	if len(gone) == 0 {
		return nil
	}
	if err := w.Store.MarkGone(ctx, scope, w.Now(), gone...); err != nil {
		return fmt.Errorf("store gone runners of %s: %w", scope, err)
	}
	return nil
}

// groupNames are the names of the scope's runner groups. Repositories have none, and an
// old server has no such endpoint; a runner's group is then not known by name.
func (w *Watcher) groupNames(ctx context.Context, scope fleet.Scope) map[int64]string {
	if scope.Kind() == fleet.Repository {
		return nil
	}
	w.mu.Lock()
	known, ok := w.groups[scope]
	w.mu.Unlock()
	if ok && w.Now().Sub(known.readAt) < groupsAge {
		return known.names
	}
	names, err := w.GitHub.Groups(ctx, scope)
	if err != nil && !errors.Is(err, fleet.ErrUnsupported) {
		w.Log.Warn("runner groups can't be read", "scope", scope.String(), "err", err)
		return known.names // and they are asked for again in the next reading
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.groups == nil {
		w.groups = map[fleet.Scope]groupNames{}
	}
	w.groups[scope] = groupNames{names, w.Now()}
	return names
}

func (w *Watcher) guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.Log.Error("panic", "err", p, "stack", string(debug.Stack()))
			err = errors.New("a part of the program failed")
		}
	}()
	return f()
}
