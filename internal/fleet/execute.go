package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// This file holds the steps of an approved deletion; decide.go those before it.

// Claim begins the execution of an approved deletion for one run of the program, and
// takes over one that an earlier run began.
func (r Request) Claim(epoch int64, now time.Time) (Request, error) {
	if r.Action != Delete {
		return r, notPossible("Request #%d is not a deletion.", r.ID)
	}
	switch {
	case r.State == Approved && !now.Before(r.ActBy):
		return r, notPossible("Request #%d was approved too long ago.", r.ID)
	case r.State == Executing && epoch > r.Epoch:
		r.Epoch = epoch
		return r.note(Runnerdesk, "taken over", fmt.Sprintf("epoch %d", epoch)), nil
	}
	r, err := r.step(Executing, Runnerdesk, fmt.Sprintf("epoch %d", epoch), now)
	if err == nil {
		r.Epoch = epoch
	}
	return r, err
}

// held checks that this run of the program still executes the request.
func (r Request) held(epoch int64) error {
	if r.State != Executing || r.Epoch != epoch {
		return fmt.Errorf("request %d is %s under epoch %d: %w", r.ID, r.State, r.Epoch, ErrStale)
	}
	return nil
}

// Send records the intent to send one delete. It is committed before the first byte.
func (r Request) Send(epoch, runner int64) (Request, error) {
	if err := r.held(epoch); err != nil {
		return r, err
	}
	i := r.target(runner)
	if i < 0 || r.Targets[i].Outcome != Undone {
		return r, notPossible("Runner %d of request #%d has its outcome.", runner, r.ID)
	}
	if r.Targets[i].Sent >= MaxSends {
		return r, notPossible("Enough deletes were sent for runner %d.", runner)
	}
	r.Targets = slices.Clone(r.Targets)
	r.Targets[i].Sent++
	return r.note(Runnerdesk, "sending delete", fmt.Sprintf("%d, attempt %d", runner, r.Targets[i].Sent)), nil
}

// Await notes why a runner's turn is not over yet, so that people see it.
func (r Request) Await(epoch, runner int64, note string) (Request, error) {
	if err := r.held(epoch); err != nil {
		return r, err
	}
	i := r.target(runner)
	if i < 0 || r.Targets[i].Outcome != Undone {
		return r, notPossible("Runner %d of request #%d has its outcome.", runner, r.ID)
	}
	if r.Targets[i].Note == note {
		return r, nil
	}
	r.Targets = slices.Clone(r.Targets)
	r.Targets[i].Note = note
	return r.note(Runnerdesk, "waiting", fmt.Sprintf("%d %s", runner, note)), nil
}

func (r Request) target(runner int64) int {
	return slices.IndexFunc(r.Targets, func(t Target) bool { return t.Runner.ID == runner })
}

// Result records what became of one runner. An unknown outcome may be settled later.
func (r Request) Result(epoch, runner int64, o Outcome, note string, now time.Time) (Request, error) {
	if r.State != Unknown {
		if err := r.held(epoch); err != nil {
			return r, err
		}
	}
	i := r.target(runner)
	if i < 0 || r.Targets[i].Outcome != Undone && r.Targets[i].Outcome != NotSure {
		return r, notPossible("Runner %d of request #%d has its outcome.", runner, r.ID)
	}
	r.Targets = slices.Clone(r.Targets)
	t := &r.Targets[i]
	t.Outcome, t.Note, t.DoneAt = o, note, now
	return r.note(Runnerdesk, "runner:"+string(o), fmt.Sprintf("%d %s", runner, note)), nil
}

// Finish ends the execution: what was not begun is not tried, and the state follows
// from the outcomes.
func (r Request) Finish(epoch int64, why string, now time.Time) (Request, error) {
	if r.State != Unknown {
		if err := r.held(epoch); err != nil {
			return r, err
		}
	}
	r = r.leave(why, now)
	to := r.verdict()
	if to == r.State {
		return r, nil
	}
	return r.step(to, Runnerdesk, r.Tally(), now)
}

// verdict is the state that the outcomes make: succeeded when every runner that was
// not struck is deleted or already gone; unknown when any is; else failed, or
// cancelled when the requester stopped it.
func (r Request) verdict() RequestState {
	good := r.Count(Deleted) + r.Count(AlreadyGone) + r.Count(Struck)
	switch {
	case r.Count(NotSure) > 0:
		return Unknown
	case good == len(r.Targets):
		return Succeeded
	case r.Stop && r.State == Executing:
		return Cancelled
	}
	return Failed
}

// Tally counts the outcomes: "3 deleted, 1 busy".
func (r Request) Tally() string {
	var parts []string
	for _, o := range []Outcome{Deleted, AlreadyGone, WasBusy, Changed, Protected, Struck, NotTried, OutcomeFailed, NotSure} {
		if n := r.Count(o); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(parts, ", ")
}
