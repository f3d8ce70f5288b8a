package commands

import (
	"context"
	"errors"
	"fmt"

	"runnerdesk/internal/fleet"
)

// decide carries out a vote, a cancellation or a confirmation, whether it was typed or
// pressed.
func (d *Desk) decide(ctx context.Context, who Actor, in fleet.Input, verb string, id int64, reason string) (fleet.Answer, error) {
	m, err := d.member(ctx, who, 0)
	if err != nil {
		return nil, err
	}
	r, err := d.Store.Request(ctx, id)
	if errors.Is(err, fleet.ErrNotFound) {
		return nil, refuse(fmt.Sprintf("There is no request #%d. See yours with ", id), fleet.Code(d.Command+" requests"), ".")
	}
	if err != nil {
		return nil, err
	}
	right := Own
	if verb == "approve" || verb == "deny" {
		right = Decide
	}
	by, err := d.may(ctx, m, right, r.Scope, &r)
	if err != nil {
		return nil, err
	}
	// The time of the decision is when it came in, so that one which arrived in time and
	// waited for a look-up is not late.
	at := in.At
	after, err := d.Store.UpdateRequest(ctx, id, in.Key, func(r fleet.Request) (fleet.Request, error) {
		switch verb {
		case "approve", "deny":
			return d.cast(r, fleet.Vote{Person: m.ID, Verdict: fleet.Verdict(verb), Reason: reason, Strikes: in.Strikes, Evidence: by, At: at})
		case "cancel":
			return r.Cancel(m.ID, at)
		case "confirm":
			return r.Confirm(m.ID, at)
		}
		return r, refuse("That button is not known. Look at the request with ", fleet.Code(fmt.Sprintf("%s request %d", d.Command, id)), ".")
	})
	if err != nil {
		return nil, err
	}
	return fleet.Notice{Kind: fleet.Done, Text: told(verb, after)}, nil
}

// cast votes under the stricter of the rule then and the rule now.
func (d *Desk) cast(r fleet.Request, v fleet.Vote) (fleet.Request, error) {
	then := r.Rule.Needed
	if now, ok := d.ruleNow(r); ok {
		r.Rule.Needed = max(r.Rule.Needed, now.Needed)
	}
	r, err := r.Cast(v, d.Policy.RevealWithin)
	r.Rule.Needed = then
	return r, err
}

// told says what a decision did.
func told(verb string, r fleet.Request) fleet.Prose {
	id := fmt.Sprintf("request #%d", r.ID)
	switch {
	case verb == "deny":
		return fleet.Say("You denied " + id + ". Its requester is told.")
	case verb == "cancel" && r.State == fleet.Executing:
		return fleet.Say("Request #", fmt.Sprint(r.ID), " stops before the next runner.")
	case verb == "cancel":
		return fleet.Say("You cancelled " + id + ".")
	case verb == "confirm":
		return fleet.Say("Confirmed. The runners of " + id + " are deleted now.")
	case r.State == fleet.Pending:
		return fleet.Say(fmt.Sprintf("You approved %s: %d of %d.", id, r.Approvals(), r.Rule.Needed))
	case r.Action.MintsToken():
		return fleet.Say("You approved "+id+". ", fleet.Mention(r.Requester), " can reveal the token now.")
	}
	return fleet.Say("You approved " + id + ". It is carried out now.")
}

// Reveal makes a token for the person who asked for it and hands it to show, which puts
// it before that person's eyes. Nobody else ever holds it.
func (d *Desk) Reveal(ctx context.Context, who Actor, id int64, show func(fleet.Request, fleet.Token) error) error {
	m, err := d.member(ctx, who, 0)
	if err != nil {
		return err
	}
	r, err := d.Store.Request(ctx, id)
	if errors.Is(err, fleet.ErrNotFound) {
		return refuse(fmt.Sprintf("There is no request #%d.", id))
	}
	if err != nil {
		return err
	}
	if _, err := d.may(ctx, m, Own, r.Scope, &r); err != nil {
		return err
	}
	// Who may no longer ask in this scope may not get its token either.
	if _, err := d.may(ctx, m, Ask, r.Scope, nil); err != nil {
		return err
	}
	if d.Policy.ReadOnly {
		return refuse("Runnerdesk is set to read only: no tokens and no deletions.")
	}
	return d.Revealer.Reveal(ctx, id, m.ID, show)
}

// Refusal is the notice for an error of Reveal.
func (d *Desk) Refusal(err error) fleet.Notice {
	n, _ := d.refusal(err).(fleet.Notice)
	return n
}
