package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"runnerdesk/internal/fleet"
)

// mintWithin bounds the making of a token.
const mintWithin = 20 * time.Second

// ending is what became of a claimed reveal.
type ending struct {
	to      fleet.RevealState
	expires time.Time
}

// Reveal makes a token for an approved request and hands it to show. The claim is
// committed before GitHub is asked; what became of it is recorded after show returned.
// The token is kept nowhere.
func (e *Executor) Reveal(ctx context.Context, id int64, person string, show func(fleet.Request, fleet.Token) error) error {
	if err := e.endReveals(ctx); err != nil {
		return err
	}
	r, err := e.update(ctx, id, func(r fleet.Request) (fleet.Request, error) {
		claimed, err := r.ClaimReveal(person, e.Now())
		if why := e.forbidden(r); err == nil && why != "" {
			return r, &fleet.NotPossible{Why: fmt.Sprintf("The token of request #%d can't be made: %s. Ask the people who run Runnerdesk.", id, why)}
		}
		return claimed, err
	})
	if err != nil {
		return err
	}
	end, failed := e.mint(ctx, r, show)
	if err := e.end(ctx, id, end); err != nil {
		e.Log.Error("reveal can't be recorded; it is tried again", "request", id, "err", err)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.unended[id] = end
	}
	return failed
}

// mint ends in a state, whatever happens: a panic counts as a token that nobody saw.
func (e *Executor) mint(ctx context.Context, r fleet.Request, show func(fleet.Request, fleet.Token) error) (end ending, err error) {
	end.to = fleet.RevealLost
	defer func() {
		if p := recover(); p != nil {
			e.Log.Error("panic", "request", r.ID, "err", fmt.Sprintf("%T", p)) // its text may hold the token
			err = errors.New("the token could not be shown")
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mintWithin)
	defer cancel()
	make := e.Writes.RegistrationToken
	if r.Action == fleet.RemoveToken {
		make = e.Writes.RemoveToken
	}
	token, err := make(ctx, r.Scope)
	if err != nil {
		if certain(err) {
			end.to = fleet.RevealFailed
		}
		return end, err
	}
	end.expires = token.ExpiresAt
	if err := show(r, token); err != nil {
		return end, fmt.Errorf("show the token: %w", err)
	}
	end.to = fleet.RevealShown
	return end, nil
}

func (e *Executor) end(ctx context.Context, id int64, end ending) error {
	_, err := e.update(ctx, id, func(r fleet.Request) (fleet.Request, error) {
		return r.EndReveal(end.to, end.expires, e.Now())
	})
	return err
}

// endReveals records what became of reveals where that is still to do. The first time
// those are among them that an earlier run of the program claimed: a token may have been
// made, nobody saw it, and Reveal can be pressed again. So no claim of this run may come
// before it.
func (e *Executor) endReveals(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.unended == nil {
		left, err := e.Store.RequestsIn(ctx, fleet.Executing, fleet.Succeeded)
		if err != nil {
			return err
		}
		e.unended = map[int64]ending{}
		for _, r := range left {
			if slices.ContainsFunc(r.Reveals, func(v fleet.Reveal) bool { return v.State == fleet.RevealClaimed }) {
				e.unended[r.ID] = ending{to: fleet.RevealLost}
			}
		}
	}
	for id, end := range e.unended {
		if err := e.end(ctx, id, end); err != nil && !errors.Is(err, fleet.ErrIllegal) {
			e.Log.Error("reveal can't be recorded; it is tried again", "request", id, "err", err)
			continue
		}
		delete(e.unended, id)
	}
	return nil
}
