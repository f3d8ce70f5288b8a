package executor

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

// forbids are configurations of today for the scope, and why nothing may be done by them.
func forbids(scope fleet.Scope) map[string]struct {
	policy fleet.Policy
	scopes []fleet.Scope
	why    string
} {
	all := fleet.Rule{Actions: []fleet.Action{fleet.Delete, fleet.Register, fleet.RemoveToken}, Scopes: []fleet.Glob{"*"}}
	elsewhere, none := all, all
	elsewhere.Scopes, none.Actions = []fleet.Glob{"octo-other"}, nil
	const changed = "the rules have changed, and none allows this any more"
	type today = struct {
		policy fleet.Policy
		scopes []fleet.Scope
		why    string
	}
	return map[string]today{
		"all is as it was":      {fleet.Policy{Rules: []fleet.Rule{none, all}}, []fleet.Scope{scope}, ""},
		"read only":             {fleet.Policy{Rules: []fleet.Rule{all}, ReadOnly: true}, []fleet.Scope{scope}, "Runnerdesk is set to read only"},
		"no such scope":         {fleet.Policy{Rules: []fleet.Rule{all}}, nil, "Runnerdesk may not touch octo-org any more"},
		"no rule":               {fleet.Policy{}, []fleet.Scope{scope}, changed},
		"rules for other scope": {fleet.Policy{Rules: []fleet.Rule{elsewhere}}, []fleet.Scope{scope}, changed},
		"rules for no action":   {fleet.Policy{Rules: []fleet.Rule{none}}, []fleet.Scope{scope}, changed},
	}
}

// TestAllowedByLabels: a rule for labels is about a deletion when any runner has one.
func TestAllowedByLabels(t *testing.T) {
	scope, err := fleet.StoredScope("github.com", "octo-org")
	if err != nil {
		t.Fatal(err)
	}
	allowed := Allowed(fleet.Policy{Rules: []fleet.Rule{{Actions: []fleet.Action{fleet.Delete}, Scopes: []fleet.Glob{"*"}, Labels: []string{"gpu"}}}}, []fleet.Scope{scope})
	for label, want := range map[string]bool{"gpu": true, "db": false} {
		r := fleet.Request{Action: fleet.Delete, Scope: scope, Targets: []fleet.Target{{}, {Runner: fleet.Runner{Labels: []fleet.Label{{Name: label}}}}}}
		if why := allowed(r); (why == "") != want {
			t.Errorf("%s: %q", label, why)
		}
	}
}

// TestForbiddenBeforeTheStart restarts the program with another configuration while an
// approved deletion is not begun, waits for a limit, or is in doubt.
func TestForbiddenBeforeTheStart(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		for name, today := range forbids(d.scope) {
			if today.why == "" {
				continue
			}
			fresh := d.approved(1, 2)
			next := d.restarted()
			next.Allowed = Allowed(today.policy, today.scopes)
			next.finish(time.Second)
			untried := "not tried: " + today.why
			check(t, name+", not begun", []string{"failed", untried, untried}, d.ended(fresh.ID))

			waits := d.approved(1, 2)
			lift := d.github.Fault(githubd.On("GET", oneRunner), githubd.Fault{Status: 429, Header: map[string][]string{"Retry-After": {"60"}}})
			d.restarted().finish(time.Second)
			lift()
			d.github.ForgetRequests()
			next.finish(2 * time.Minute)
			check(t, name+", begun", []string{"failed", untried, untried}, d.ended(waits.ID))
			check(t, "requests", 0, len(d.github.Requests()))

			doubt := d.approved(1, 2)
			d.change(doubt.ID, func(r fleet.Request) (fleet.Request, error) { return r.Claim(0, time.Now()) })
			d.change(doubt.ID, func(r fleet.Request) (fleet.Request, error) { return r.Send(0, 1) })
			next.finish(time.Second)
			check(t, name+", in doubt", []string{"failed", "failed: a delete had no effect, and no other was sent: " + today.why, untried}, d.ended(doubt.ID))
			check(t, "deletes", []string(nil), d.deletes())
		}
	})
}

// TestForbiddenAfterTheLook: what is allowed is asked again where the intent is stored.
func TestForbiddenAfterTheLook(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		r := d.approved(1, 2)
		d.Allowed = func(fleet.Request) string {
			if len(d.github.Requests()) > 0 {
				return "not now"
			}
			return ""
		}
		d.finish(time.Second)
		check(t, "outcomes", []string{"failed", "not tried: not now", "not tried: not now"}, d.ended(r.ID))
		check(t, "deletes", []string(nil), d.deletes())
	})
}

func TestStillAllowed(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		today := forbids(d.scope)["all is as it was"]
		d.Allowed = Allowed(today.policy, today.scopes)
		r := d.approved(1, 2)
		d.finish(time.Minute)
		check(t, "outcomes", []string{"succeeded", "deleted", "deleted"}, d.ended(r.ID))
	})
}

func TestRevealForbidden(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		for name, today := range forbids(d.scope) {
			r := d.token(fleet.Register)
			var seen eyes
			before := len(d.github.Tokens())
			d.Allowed = Allowed(today.policy, today.scopes)
			err := d.press(r.ID, seen.show)
			if today.why == "" {
				check(t, name, []string{"succeeded", "shown"}, d.reveals(r.ID))
				continue
			}
			var refused *fleet.NotPossible
			if !errors.As(err, &refused) {
				t.Fatalf("%s: got %v", name, err)
			}
			check(t, name, "The token of request #"+strconv.FormatInt(r.ID, 10)+" can't be made: "+today.why+". Ask the people who run Runnerdesk.", refused.Why)
			check(t, name, []string{"approved"}, d.reveals(r.ID))
			check(t, name+", tokens", before, len(d.github.Tokens()))
			d.Allowed = nil
			if err := d.press(r.ID, seen.show); err != nil || len(seen.tokens) != 1 {
				t.Errorf("%s, and allowed again: %v", name, err)
			}
		}
	})
}
