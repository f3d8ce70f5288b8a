package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"runnerdesk/internal/fleet"
)

// mintWithin bounds the making and showing of a token.
const mintWithin = 20 * time.Second

// Reveal makes a token for an approved request and hands it to show. The claim is
// committed before GitHub is asked; what became of it is recorded after show returned.
// The token is kept nowhere.
func (e *Executor) Reveal(ctx context.Context, id int64, person string, show func(fleet.Request, fleet.Token) error) error {
	e.minting.Add(1)
	defer e.minting.Done()
	r, err := e.update(ctx, id, func(r fleet.Request) (fleet.Request, error) { return r.ClaimReveal(person, e.Now()) })
	if err != nil {
		return err
	}
	to, expires, failed := e.mint(ctx, r, show)
	if _, err := e.update(ctx, id, func(r fleet.Request) (fleet.Request, error) {
		return r.EndReveal(to, expires, e.Now())
	}); err != nil {
		e.Log.Error("reveal can't be recorded", "request", id, "err", err)
	}
	return failed
}

// mint ends in a state, whatever happens: a panic counts as a token that nobody saw.
func (e *Executor) mint(ctx context.Context, r fleet.Request, show func(fleet.Request, fleet.Token) error) (to fleet.RevealState, expires time.Time, err error) {
	to = fleet.RevealLost
	defer func() {
		if p := recover(); p != nil {
			e.Log.Error("panic", "err", fmt.Sprintf("%T", p))
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
			to = fleet.RevealFailed
		}
		return to, expires, err
	}
	if err := show(r, token); err != nil {
		return to, token.ExpiresAt, fmt.Errorf("show the token: %w", err)
	}
	return fleet.RevealShown, token.ExpiresAt, nil
}

// endLostReveals ends the reveals that an earlier run of the program claimed: a token may
// have been made, nobody saw it, and Reveal can be pressed again.
func (e *Executor) endLostReveals(ctx context.Context) {
	open, err := e.Store.RequestsIn(ctx, fleet.Executing, fleet.Succeeded)
	if err != nil {
		e.Log.Error("requests can't be read", "err", err)
		return
	}
	for _, r := range open {
		for _, v := range r.Reveals {
			if v.State != fleet.RevealClaimed {
				continue
			}
			if _, err := e.update(ctx, r.ID, func(r fleet.Request) (fleet.Request, error) {
				return r.EndReveal(fleet.RevealLost, time.Time{}, e.Now())
			}); err != nil {
				e.Log.Error("reveal can't be ended", "request", r.ID, "err", err)
			}
		}
	}
}
