package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// This file is the state machine: every step that a request can take, as a pure
// function of what it was. A step that is not possible returns an error that wraps
// ErrIllegal and says why; nothing is changed then. storage runs these inside one
// transaction.

// NotPossible is a step that the state or the rules do not allow. Its text is written
// for people.
type NotPossible struct{ Why string }

func (e *NotPossible) Error() string { return e.Why }

// Unwrap makes it an ErrIllegal.
func (e *NotPossible) Unwrap() error { return ErrIllegal }

func notPossible(format string, args ...any) error {
	return &NotPossible{Why: fmt.Sprintf(format, args...)}
}

func (r Request) step(to RequestState, actor, detail string, now time.Time) (Request, error) {
	if !slices.Contains(next[r.State], to) {
		return r, notPossible("Request #%d is already %s.", r.ID, r.State)
	}
	r.State = to
	if to == Approved || to == Denied {
		if r.DecidedAt.IsZero() {
			r.DecidedAt = now
		}
	}
	if to.Final() || to == Unknown {
		r.DoneAt = now
	}
	return r.note(actor, string(to), detail), nil
}

func (r Request) note(actor, verb, detail string) Request {
	r.Events = append(slices.Clone(r.Events), Event{actor, verb, detail})
	return r
}

// Opened makes the first state of a request: pending, or approved at once when it is a
// token that needs nobody's approval.
func (r Request) Opened(now time.Time, revealWithin time.Duration) Request {
	r.State, r.CreatedAt, r.DecideBy = Pending, now, now.Add(r.Rule.Expires)
	r = r.note(r.Requester, "opened", r.Summary())
	if r.Rule.Needed == 0 && r.Action.MintsToken() {
		r, _ = r.approve("no approval needed", now, revealWithin)
	}
	return r
}

// Summary is the request in one line of our own words and ids.
func (r Request) Summary() string {
	s := fmt.Sprintf("%s in %s under rule %q", r.Action, r.Scope, r.Rule.Name)
	if len(r.Targets) > 0 {
		ids := make([]string, len(r.Targets))
		for i, t := range r.Targets {
			ids[i] = fmt.Sprint(t.Runner.ID)
		}
		s += ", runners " + strings.Join(ids, " ")
	}
	return s
}

func (r Request) approve(detail string, now time.Time, revealWithin time.Duration) (Request, error) {
	within := ExecuteWithin
	if r.Action.MintsToken() {
		within = revealWithin
	}
	r, err := r.step(Approved, Runnerdesk, detail, now)
	if err == nil {
		r.ActBy = now.Add(within)
	}
	return r, err
}

// Cast adds a person's vote. Whether the person may vote at all is decided before, by
// the one authorization; that the requester never counts, that one person counts once
// and that time has not run out is decided here.
func (r Request) Cast(v Vote, revealWithin time.Duration) (Request, error) {
	if v.Person == r.Requester {
		return r, notPossible("You asked for request #%d, so your vote does not count. Someone else has to decide.", r.ID)
	}
	if r.State != Pending {
		return r, notPossible("Request #%d is already %s.", r.ID, r.State)
	}
	if !v.At.Before(r.DecideBy) {
		return r, notPossible("The time to decide on request #%d is over.", r.ID)
	}
	if _, voted := r.VoteOf(v.Person); voted {
		return r, notPossible("You have already voted on request #%d.", r.ID)
	}
	if r.Rule.Needed == 0 && v.Verdict == Approve {
		return r, notPossible("Request #%d needs nobody's approval; its requester confirms it.", r.ID)
	}
	for _, id := range v.Strikes {
		if !slices.ContainsFunc(r.Targets, func(t Target) bool { return t.Runner.ID == id }) {
			return r, notPossible("Runner %d is not part of request #%d.", id, r.ID)
		}
	}
	v.Strikes = slices.Clone(v.Strikes)
	slices.Sort(v.Strikes)
	v.Strikes = slices.Compact(v.Strikes)
	r.Votes = append(slices.Clone(r.Votes), v)
	r = r.note(v.Person, "vote:"+string(v.Verdict), v.Evidence)
	if v.Verdict == Deny {
		return r.step(Denied, v.Person, v.Reason, v.At)
	}
	r = r.strike(v)
	if len(r.Targets) > 0 && r.Count(Struck) == len(r.Targets) {
		return r.step(Denied, v.Person, "every runner was struck", v.At)
	}
	if r.Approvals() >= r.Rule.Needed {
		return r.approve(fmt.Sprintf("%d of %d", r.Approvals(), r.Rule.Needed), v.At, revealWithin)
	}
	return r, nil
}

func (r Request) strike(v Vote) Request {
	r.Targets = slices.Clone(r.Targets)
	for i, t := range r.Targets {
		if slices.Contains(v.Strikes, t.Runner.ID) && t.Outcome == Undone {
			r.Targets[i].Outcome, r.Targets[i].DoneAt = Struck, v.At
			r = r.note(v.Person, "struck", fmt.Sprint(t.Runner.ID))
		}
	}
	return r
}

// Confirm is the requester's own release of a deletion whose rule needs nobody else.
func (r Request) Confirm(person string, now time.Time) (Request, error) {
	switch {
	case person != r.Requester:
		return r, notPossible("Only the requester of request #%d can confirm it.", r.ID)
	case r.Rule.Needed != 0 || r.Action != Delete:
		return r, notPossible("Request #%d needs approval; it can't be confirmed by its requester.", r.ID)
	case r.State != Pending:
		return r, notPossible("Request #%d is already %s.", r.ID, r.State)
	case !now.Before(r.DecideBy):
		return r, notPossible("The time to confirm request #%d is over.", r.ID)
	}
	return r.note(person, "confirmed", "").approve("no approval needed", now, 0)
}

// Cancel is the requester taking the request back. While it is executing it stops
// before the next runner.
func (r Request) Cancel(person string, now time.Time) (Request, error) {
	if person != r.Requester {
		return r, notPossible("Only the requester can cancel request #%d.", r.ID)
	}
	if r.State == Executing && r.Action == Delete {
		if r.Stop {
			return r, notPossible("Request #%d is already stopping.", r.ID)
		}
		r.Stop = true
		return r.note(person, "stop", "before the next runner"), nil
	}
	if r.State == Executing {
		return r, notPossible("A token of request #%d is being made right now.", r.ID)
	}
	return r.step(Cancelled, person, "", now)
}

// Expire ends a request whose time is over. It reports false when it is not.
func (r Request) Expire(now time.Time) (Request, bool) {
	var err error
	switch {
	case r.State == Pending && !now.Before(r.DecideBy):
		r, err = r.step(Expired, Runnerdesk, "nobody decided in time", now)
	case r.State == Approved && !now.Before(r.ActBy) && r.Action.MintsToken():
		r, err = r.step(Expired, Runnerdesk, "not revealed in time", now)
	case r.State == Approved && !now.Before(r.ActBy):
		r = r.leave("approved too long ago", now)
		r, err = r.step(Expired, Runnerdesk, "not begun in time", now)
	default:
		return r, false
	}
	return r, err == nil
}

// leave calls every target without an outcome not tried; but one for which a delete was
// sent is not known.
func (r Request) leave(note string, now time.Time) Request {
	r.Targets = slices.Clone(r.Targets)
	for i := range r.Targets {
		switch t := &r.Targets[i]; {
		case t.Outcome != Undone:
		case t.Sent > 0:
			t.Outcome, t.Note, t.DoneAt = NotSure, "a delete was sent, and what became of it was not looked at", now
		default:
			t.Outcome, t.Note, t.DoneAt = NotTried, note, now
		}
	}
	return r
}
