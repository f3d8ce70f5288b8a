package commands

import (
	"errors"
	"log/slog"
	"runtime/debug"
)

// errPanic is a fault in the program that was stopped where it happened.
var errPanic = errors.New("a part of the program failed")

// guarded turns a panic of a goroutine into an error, so that it ends one answer and not
// the program.
func guarded(log *slog.Logger, f func() error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				log.Error("panic", "err", p, "stack", string(debug.Stack()))
				err = errPanic
			}
		}()
		return f()
	}
}
