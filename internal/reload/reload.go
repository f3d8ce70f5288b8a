// Package reload keeps a program running through changes of its configuration. A new one
// that can't be read, or can't work, gives way to the one before.
package reload

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

// Loop runs a program under one configuration after another. C is the configuration.
type Loop[C any] struct {
	Load  func() (C, error)
	Start func(ctx context.Context, c C, up func()) error // the program; up says that it works
	Again <-chan os.Signal                                // asks for the configuration to be read again
	// Within is how long a new configuration may take to come up; the first one, and one
	// that has worked, may take for ever.
	Within time.Duration
	Log    *slog.Logger
}

var errLate = errors.New("it did not come up in time")

// Run ends when ctx does, when the first configuration can't be read, or when the program
// ends by itself under a configuration that has worked. It returns what Load or Start
// returned.
func (l Loop[C]) Run(ctx context.Context) error {
	first, err := l.Load()
	if err != nil {
		return err
	}
	now := &first
	var proven *C // the last one that came up
	for {
		limit := l.Within
		if proven == nil || now == proven {
			limit = 0
		}
		next, worked, err := l.once(ctx, *now, limit)
		if worked {
			proven = now
		}
		switch {
		case next != nil:
			l.Log.Info("the configuration was read again", "event", "reload")
			now = next
		case err != nil && ctx.Err() == nil && proven != nil && proven != now:
			l.Log.Error("the new configuration can't work; the old one goes on", "err", err)
			now = proven
		default:
			return err
		}
	}
}

// once runs the program until it ends, or until there is a good new configuration. It has
// ended when once returns.
func (l Loop[C]) once(ctx context.Context, c C, limit time.Duration) (next *C, worked bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended, up := make(chan error, 1), make(chan struct{})
	go func() {
		err := errors.New("a part of the program failed")
		defer func() {
			if p := recover(); p != nil {
				l.Log.Error("panic", "err", p, "stack", string(debug.Stack()))
			}
			ended <- err
		}()
		err = l.Start(ctx, c, sync.OnceFunc(func() { close(up) }))
	}()
	var late <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	isUp := func() bool {
		select {
		case <-up:
			return true
		default:
			return false
		}
	}
	for {
		select {
		case err := <-ended:
			return nil, isUp(), err
		case <-late:
			if isUp() {
				late = nil
				continue
			}
			stop()
			<-ended
			return nil, false, errLate
		case <-l.Again:
			read, err := l.Load()
			if err != nil {
				l.Log.Error("the new configuration is refused; the old one stays", "err", err)
				continue
			}
			stop()
			<-ended
			return &read, isUp(), nil
		}
	}
}
