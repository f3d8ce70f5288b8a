package fleet

import (
	"fmt"
	"slices"
	"time"
)

// ClaimReveal is the requester pressing Reveal. The claim is committed before GitHub is
// asked for a token; the token itself is never part of a Request. The reveal is the
// last of r.Reveals.
func (r Request) ClaimReveal(person string, now time.Time) (Request, error) {
	switch {
	case person != r.Requester:
		return r, notPossible("Only the requester of request #%d can reveal its token.", r.ID)
	case !r.Action.MintsToken():
		return r, notPossible("Request #%d has no token.", r.ID)
	case r.State == Executing:
		return r, notPossible("A token of request #%d is being made right now.", r.ID)
	case r.State != Approved && r.State != Succeeded:
		return r, notPossible("Request #%d is %s, so there is no token to reveal.", r.ID, r.State)
	case !now.Before(r.ActBy):
		return r, notPossible("The time to reveal the token of request #%d is over. Ask again.", r.ID)
	case r.LiveReveals() >= MaxReveals:
		return r, notPossible("Request #%d was revealed %d times, which is the most. Ask again.", r.ID, MaxReveals)
	case slices.ContainsFunc(r.Reveals, func(v Reveal) bool { return v.State == RevealClaimed }):
		return r, notPossible("A token of request #%d is being made right now.", r.ID)
	}
	r.Reveals = append(slices.Clone(r.Reveals), Reveal{At: now, State: RevealClaimed})
	r = r.note(person, "reveal", fmt.Sprintf("%d of %d", r.LiveReveals(), MaxReveals))
	if r.State == Approved {
		return r.step(Executing, person, "reveal", now)
	}
	return r, nil
}

// EndReveal records what became of the claimed reveal. A first token that was shown
// makes the request succeed; one that was not puts it back to approved, so that it can
// be pressed again.
func (r Request) EndReveal(to RevealState, expires, now time.Time) (Request, error) {
	i := slices.IndexFunc(r.Reveals, func(v Reveal) bool { return v.State == RevealClaimed })
	if i < 0 {
		return r, notPossible("Request #%d has no reveal under way.", r.ID)
	}
	number := r.LiveReveals()
	r.Reveals = slices.Clone(r.Reveals)
	r.Reveals[i].State, r.Reveals[i].ExpiresAt = to, expires
	r = r.note(Runnerdesk, "reveal:"+string(to), fmt.Sprintf("%d of %d", number, MaxReveals))
	if r.State != Executing {
		return r, nil
	}
	if to == RevealShown {
		return r.step(Succeeded, Runnerdesk, "token shown", now)
	}
	if r.LiveReveals() >= MaxReveals {
		return r.step(Failed, Runnerdesk, "no token could be shown", now)
	}
	return r.step(Approved, Runnerdesk, "not shown, press again", now)
}
