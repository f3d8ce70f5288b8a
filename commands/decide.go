package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"runnerdesk/internal/fleet"
)

// decide carries out a vote, a cancellation or a confirmation, whether it was typed or
// pressed.
func (d *Desk) decide(ctx context.Context, who Actor, in fleet.Input, verb string, id int64, reason string) (fleet.Answer, error) {
	m, err := d.member(ctx, who, 0)
	if err != nil {
		return nil, err
	}
	right := Own
	if verb == "approve" || verb == "deny" {
		right = Decide
	}
	r, by, err := d.theirs(ctx, m, id, right)
	var lapsed []string
	switch {
	case err != nil:
	case verb == "confirm":
		err = d.mayRelease(ctx, m, r)
	case verb == "approve" && r.State == fleet.Pending:
		lapsed, err = d.lapsed(ctx, m, r)
	}
	if err != nil {
		return nil, err
	}
	// The time of the decision is when it came in, so that one which arrived in time and
	// waited for a look-up is not late.
	at := in.At
	after, err := d.Store.UpdateRequest(ctx, id, in.Key, func(r fleet.Request) (fleet.Request, error) {
		switch verb {
		case "approve", "deny":
			return d.cast(r, fleet.Vote{Person: m.ID, Verdict: fleet.Verdict(verb), Reason: reason, Strikes: in.Strikes, Evidence: by.String(), At: at}, lapsed)
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
	return fleet.Notice{Kind: fleet.Done, Text: d.told(verb, after, lapsed)}, nil
}

// theirs loads a request for somebody who has a right on it. Who neither asked for it
// nor decides on it nor may view its scope is not told that it exists.
func (d *Desk) theirs(ctx context.Context, m member, id int64, right Right) (fleet.Request, grounds, error) {
	r, err := d.Store.Request(ctx, id)
	if errors.Is(err, fleet.ErrNotFound) {
		return r, grounds{}, d.noRequest(id)
	}
	if err != nil {
		return r, grounds{}, err
	}
	// As in open: a look-up of a moment ago may refuse, only a live one allows.
	by, err := d.may(ctx, m.recent(), right, r.Scope, &r)
	if err == nil {
		by, err = d.may(ctx, m, right, r.Scope, &r)
	}
	if err == nil || isUnsure(err) {
		return r, by, err
	}
	if unseen := d.maySee(ctx, m.recent(), r); unseen != nil {
		err = unseen
	}
	return r, by, err
}

// maySee refuses those for whom a request does not exist.
func (d *Desk) maySee(ctx context.Context, m member, r fleet.Request) error {
	if m.ID == r.Requester {
		return nil
	}
	_, view := d.may(ctx, m.viewing(), View, r.Scope, nil)
	if view == nil {
		return nil
	}
	switch _, err := d.may(ctx, m, Decide, r.Scope, &r); {
	case err == nil:
		return nil
	case isUnsure(err):
		return err
	case isUnsure(view):
		return view
	}
	return d.noRequest(r.ID)
}

func (d *Desk) noRequest(id int64) error {
	return refuse(fmt.Sprintf("There is no request #%d that you may see or decide on. See yours with ", id), fleet.Code(d.Command+" requests"), ".")
}

// mayRelease asks whether the requester may still do what nobody else has to approve or
// has approved: who may no longer ask in the scope, or under rules that have become
// stricter, may not.
func (d *Desk) mayRelease(ctx context.Context, m member, r fleet.Request) error {
	now, err := d.ruleNow(r)
	if err != nil {
		return err
	}
	if r.Rule.Needed == 0 && now.Needed > 0 {
		return refuse(fmt.Sprintf("The rules have changed, and request #%d needs approval now. Cancel it, and ask again.", r.ID))
	}
	_, err = d.may(ctx, m, Ask, r.Scope, nil)
	return err
}

// needed is how many approvals the stricter of the rule then and the rule now asks for.
func (d *Desk) needed(r fleet.Request) int {
	now, err := d.ruleNow(r)
	if err != nil {
		return r.Rule.Needed
	}
	return max(r.Rule.Needed, now.Needed)
}

// lapsed are the earlier approvers who may no longer decide, so that their votes don't
// count. It refuses when the requester may no longer ask: an approval would act for who
// has no right to it.
func (d *Desk) lapsed(ctx context.Context, m member, r fleet.Request) ([]string, error) {
	asker, err := d.full(ctx, m, r.Requester)
	if err == nil {
		_, err = d.may(ctx, asker, Ask, r.Scope, nil)
	}
	switch {
	case isUnsure(err):
		return nil, err
	case err != nil:
		return nil, refuse(fmt.Sprintf("Request #%d can't be approved: ", r.ID), fleet.Mention(r.Requester), ", who asked for it, may no longer request anything in ", fleet.Code(r.Scope.String()), ". It can be denied or cancelled.")
	}
	var lapsed []string
	for _, v := range r.Votes {
		voter, err := d.full(ctx, m, v.Person)
		if err == nil {
			_, err = d.may(ctx, voter, Decide, r.Scope, &r)
		}
		switch {
		case isUnsure(err):
			return nil, err
		case err != nil:
			lapsed = append(lapsed, v.Person)
		}
	}
	return lapsed, nil
}

// cast votes under the stricter of the rule then and the rule now. The votes that lapsed
// stay, and as many more are needed.
func (d *Desk) cast(r fleet.Request, v fleet.Vote, lapsed []string) (fleet.Request, error) {
	if len(lapsed) > 0 {
		v.Evidence += "; no longer counted: " + strings.Join(lapsed, " ")
	}
	then := r.Rule.Needed
	r.Rule.Needed = d.needed(r) + len(lapsed)
	r, err := r.Cast(v, d.Policy.RevealWithin)
	r.Rule.Needed = then
	return r, err
}

// told says what a decision did.
func (d *Desk) told(verb string, r fleet.Request, lapsed []string) fleet.Prose {
	id := fmt.Sprintf("request #%d", r.ID)
	switch {
	case verb == "deny":
		return fleet.Say("You denied " + id + ". Its requester is told.")
	case verb == "cancel" && r.State == fleet.Executing:
		return fleet.Say("Request #", fmt.Sprint(r.ID), " stops before the next runner.")
	case verb == "cancel":
		return fleet.Say("You cancelled " + id + ".")
	case verb == "confirm":
		return fleet.Say("You confirmed " + id + ". Its runners are being deleted; the result comes as a direct message.")
	case r.State == fleet.Denied:
		return fleet.Say("You left out every runner of " + id + ", so it is denied. Its requester is told.")
	case r.State == fleet.Pending:
		text := fleet.Say(fmt.Sprintf("You approved %s: %d of %d. ", id, r.Approvals()-len(lapsed), d.needed(r)))
		if len(lapsed) > 0 {
			text = fleet.Say(text, "No longer counted is the approval by ", people(lapsed), ", who may not decide any more. ")
		}
		return fleet.Say(text, "Others have to approve it too.")
	case r.Action.MintsToken():
		return fleet.Say("You approved "+id+". ", fleet.Mention(r.Requester), " can reveal the token now.")
	}
	return fleet.Say("You approved " + id + ". It is being carried out; the result comes in the thread of its prompt.")
}

// Reveal makes a token for the person who asked for it and hands it to show, which puts
// it before that person's eyes. Nobody else ever holds it.
func (d *Desk) Reveal(ctx context.Context, who Actor, id int64, show func(fleet.Request, fleet.Token) error) error {
	m, err := d.member(ctx, who, 0)
	if err != nil {
		return err
	}
	r, _, err := d.theirs(ctx, m, id, Own)
	if err == nil {
		err = d.mayRelease(ctx, m, r)
	}
	if err != nil {
		return err
	}
	return d.Revealer.Reveal(ctx, id, m.ID, show)
}

// Refusal is the notice for an error of Reveal.
func (d *Desk) Refusal(err error) fleet.Notice {
	n, _ := d.refusal(err).(fleet.Notice)
	return n
}
