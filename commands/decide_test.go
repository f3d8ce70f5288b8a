package commands

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
)

// TestDecideTypedAndPressed gives the same either way.
func TestDecideTypedAndPressed(t *testing.T) {
	for _, tc := range []struct {
		verb, person string
		want         fleet.RequestState
		said         string
	}{
		{"approve", "U0BOB", fleet.Approved, "You approved request #1. U0ANN can reveal the token now."},
		{"deny", "U0CLEO", fleet.Denied, "You denied request #1. Its requester is told."},
		{"cancel", "U0ANN", fleet.Cancelled, "You cancelled request #1."},
		{"cancel", "U0BOB", fleet.Pending, "Only the requester of request #1, U0ANN, can do that."},
		{"approve", "U0VIC", fleet.Pending, "You are not among those who decide on request #1. They are: U0BOB, S0PLATFORM, the members of G0ROOM."},
		{"approve", "U0NED", fleet.Pending, "There is no request #1 that you may see or decide on."},
	} {
		for _, way := range []string{"typed", "pressed"} {
			inOffice(t, func(t *testing.T, o *office) {
				id := o.opened(o.carry("U0ANN", "register octo-org")).ID
				var a fleet.Answer
				if way == "typed" {
					a = o.carry(tc.person, fmt.Sprint(tc.verb, " #", id))
				} else {
					a = o.press(tc.person, tc.verb, id)
				}
				if got := o.stored(id).State; got != tc.want || !strings.HasPrefix(said(a), tc.said) {
					t.Errorf("%s %s by %s: %s, %q", way, tc.verb, tc.person, got, said(a))
				}
			})
		}
	}
}

// TestDeniedWithAReason keeps the person's words.
func TestDeniedWithAReason(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.carry("U0ANN", "register octo-org")
		o.carry("U0ANN", "register octo-org")
		o.carry("U0BOB", "deny 1 because &lt;not&gt; now")
		o.put(fleet.Input{Key: "dialog", Person: "U0BOB", Team: "T0OCTO", Verb: "deny", Request: 2, Text: "not now", At: time.Now()})
		for id, want := range map[int64]string{1: "<not> now", 2: "not now"} {
			v, _ := o.stored(id).VoteOf("U0BOB")
			if v.Reason != want || v.Evidence != "named as U0BOB" {
				t.Errorf("request %d: %+v", id, v)
			}
		}
	})
}

// TestLateDecisions: every one gets its answer, and changes nothing.
func TestLateDecisions(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.Policy.Rules[1].Needed = 2
		id := o.opened(o.carry("U0ANN", "register octo-org")).ID
		wantSaid(t, o.press("U0BOB", "approve", id), fleet.Done, "1 of 2", "Others have to")
		wantSaid(t, o.press("U0BOB", "approve", id), fleet.Refused, "already voted")
		wantSaid(t, o.press("U0BOB", "deny", id), fleet.Refused, "already voted")
		wantSaid(t, o.press("U0CLEO", "approve", id), fleet.Done, "can reveal")
		wantSaid(t, o.press("U0GIL", "approve", id), fleet.Refused, "already approved")
		wantSaid(t, o.press("U0GIL", "deny", id), fleet.Refused, "already approved")
		wantSaid(t, o.press("U0ANN", "cancel", id), fleet.Done, "You cancelled")
		for _, p := range []string{"U0BOB", "U0GIL"} {
			wantSaid(t, o.press(p, "approve", id), fleet.Refused, "already cancelled")
		}
		wantSaid(t, o.press("U0ANN", "cancel", id), fleet.Refused, "already cancelled")
		wantSaid(t, o.carry("U0BOB", "approve 99"), fleet.Refused, "There is no request #99", "/runners requests")
		wantSaid(t, o.press("U0ANN", "wave", id), fleet.Refused, "That button is not known")
		if err := o.reveal("U0ANN", id); err == nil {
			t.Error("a cancelled token is revealed")
		}
		if err := o.reveal("U0ANN", 99); err == nil || !strings.Contains(err.Error(), "no request #99") {
			t.Errorf("a token of no request: %v", err)
		}
	})
}

// TestDecisionCountsWhenItCameIn: what arrived in time and waited is not late; what came
// too late is.
func TestDecisionCountsWhenItCameIn(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		one, two := o.opened(o.carry("U0ANN", "register octo-org")), o.opened(o.carry("U0ANN", "register octo-org"))
		came := one.DecideBy.Add(-time.Second)
		time.Sleep(time.Until(one.DecideBy) + time.Minute)
		vote := func(id int64, at time.Time) fleet.Answer {
			return o.put(fleet.Input{Key: fmt.Sprint("vote ", id), Person: "U0BOB", Team: "T0OCTO", Verb: "approve", Request: id, At: at})
		}
		wantSaid(t, vote(one.ID, came), fleet.Done, "You approved")
		wantSaid(t, vote(two.ID, two.DecideBy), fleet.Refused, "time to decide on request #2 is over")
		if v, _ := o.stored(one.ID).VoteOf("U0BOB"); !v.At.Equal(came) {
			t.Errorf("the vote is of %v, want %v", v.At, came)
		}
	})
}

// TestDecisionDeliveredTwice counts once, and is answered alike.
func TestDecisionDeliveredTwice(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.Policy.Rules[1].Needed = 2
		id := o.opened(o.carry("U0ANN", "register octo-org")).ID
		in := fleet.Input{Key: "same", Person: "U0BOB", Team: "T0OCTO", Verb: "approve", Request: id, At: time.Now()}
		if a, b := said(o.put(in)), said(o.put(in)); a != b || o.stored(id).Approvals() != 1 {
			t.Errorf("%q, then %q, with %d approvals", a, b, o.stored(id).Approvals())
		}
	})
}

// TestDeleteConfirmed: where nobody has to approve, only the requester's own
// confirmation deletes.
func TestDeleteConfirmed(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		r := o.opened(o.carry("U0ANN", fmt.Sprint("delete octo-org/octo-repo ", o.runner(repo, "web-1"))))
		if r.State != fleet.Pending {
			t.Fatalf("it is %s at once", r.State)
		}
		wantSaid(t, o.press("U0BOB", "approve", r.ID), fleet.Refused, "needs nobody's approval")
		wantSaid(t, o.press("U0BOB", "confirm", r.ID), fleet.Refused, "Only the requester")
		wantSaid(t, o.press("U0ANN", "confirm", r.ID), fleet.Done, "You confirmed request #1", "being deleted")
		wantSaid(t, o.press("U0ANN", "confirm", r.ID), fleet.Refused, "already approved")
		if got := o.stored(r.ID); got.State != fleet.Approved || len(got.Votes) != 0 {
			t.Errorf("%s with %d votes", got.State, len(got.Votes))
		}
	})
}

// TestStrikes belong to the vote; who strikes all denies.
func TestStrikes(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		a, b := o.runner(org, "web-1"), o.runner(org, "web-2")
		id := o.opened(o.carry("U0ANN", "delete octo-org web-1 web-2")).ID
		strike := func(id int64, ids ...int64) fleet.Answer {
			return o.put(fleet.Input{Key: o.key(), Person: "U0BOB", Team: "T0OCTO", Verb: "approve", Request: id, Strikes: ids, At: time.Now()})
		}
		wantSaid(t, strike(id, 999), fleet.Refused, "not part of request")
		wantSaid(t, strike(id, a), fleet.Done, "being carried out")
		if r := o.stored(id); r.State != fleet.Approved || r.Count(fleet.Struck) != 1 {
			t.Errorf("%s with %d struck", r.State, r.Count(fleet.Struck))
		}
		o.press("U0ANN", "cancel", id)
		id = o.opened(o.carry("U0ANN", "delete octo-org web-1 web-2")).ID
		wantSaid(t, strike(id, a, b), fleet.Done, "left out every runner", "denied")
		if r := o.stored(id); r.State != fleet.Denied {
			t.Errorf("it is %s", r.State)
		}
	})
}

// TestCancelWhileExecuting stops before the next runner.
func TestCancelWhileExecuting(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(org, "web-1")
		id := o.opened(o.carry("U0ANN", "delete octo-org web-1")).ID
		o.press("U0BOB", "approve", id)
		if _, err := o.store.UpdateRequest(t.Context(), id, "", func(r fleet.Request) (fleet.Request, error) { return r.Claim(1, time.Now()) }); err != nil {
			t.Fatal(err)
		}
		wantSaid(t, o.press("U0ANN", "cancel", id), fleet.Done, "stops before the next runner")
		wantSaid(t, o.press("U0ANN", "cancel", id), fleet.Refused, "already stopping")
	})
}

// TestLapsedVotes: an approval counts only while who gave it may still decide. It stays
// recorded, and counts again when the right is back.
func TestLapsedVotes(t *testing.T) {
	person := func(change func(*fleet.Person)) func(*office) {
		return func(o *office) {
			p := o.people.people["U0CLEO"]
			change(&p)
			o.people.people["U0CLEO"] = p
		}
	}
	for name, leave := range map[string]func(*office){
		"deactivated":   person(func(p *fleet.Person) { p.Deleted = true }),
		"now a guest":   person(func(p *fleet.Person) { p.Guest = true }),
		"unknown":       person(func(p *fleet.Person) { *p = fleet.Person{} }),
		"out of group":  func(o *office) { o.people.groups["S0PLATFORM"] = nil },
		"out of policy": func(o *office) { o.Policy.Rules[1].Approvers = []string{"U0BOB", "G0ROOM"} },
	} {
		t.Run(name, func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				o.Policy.Rules[1].Needed = 2
				one, two := o.opened(o.carry("U0ANN", "register octo-org")).ID, o.opened(o.carry("U0ANN", "register octo-org")).ID
				o.press("U0CLEO", "approve", one)
				o.press("U0CLEO", "approve", two)
				people, groups, policy := maps.Clone(o.people.people), maps.Clone(o.people.groups), o.Policy
				policy.Rules = slices.Clone(policy.Rules)
				leave(o)
				in := fleet.Input{Key: o.key(), Person: "U0BOB", Team: "T0OCTO", Verb: "approve", Request: one, At: time.Now()}
				for range 2 { // delivered twice, it is answered alike
					wantSaid(t, o.put(in), fleet.Done, "You approved request #1: 1 of 2. No longer counted is the approval by U0CLEO, who may not decide any more. Others have to approve it too.")
				}
				r := o.stored(one)
				if v, _ := r.VoteOf("U0BOB"); r.State != fleet.Pending || r.Approvals() != 2 || v.Evidence != "named as U0BOB; no longer counted: U0CLEO" {
					t.Errorf("%s with %d votes, the last by %q", r.State, r.Approvals(), v.Evidence)
				}
				wantSaid(t, o.press("U0GIL", "approve", one), fleet.Done, "can reveal")
				if got := o.stored(one); got.State != fleet.Approved || got.Rule.Needed != 2 {
					t.Errorf("with two votes that count it is %s, and needs %d", got.State, got.Rule.Needed)
				}
				o.people.people, o.people.groups, o.Policy = people, groups, policy
				wantSaid(t, o.press("U0BOB", "approve", two), fleet.Done, "can reveal")
			})
		})
	}
}

// TestEarlierVotersAreLookedUp live, and where that fails nothing happens.
func TestEarlierVotersAreLookedUp(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.Policy.Rules[1].Needed = 2
		o.Policy.Grants = append(o.Policy.Grants, fleet.Grant{Who: []string{"U0ANN"}, Request: true})
		id := o.opened(o.carry("U0ANN", "register octo-org")).ID
		o.press("U0CLEO", "approve", id)
		o.people.fails = "groups"
		wantSaid(t, o.press("U0BOB", "approve", id), fleet.Trouble, "nothing was done")
		if n := len(o.stored(id).Votes); n != 1 {
			t.Errorf("%d votes", n)
		}
		o.people.work()
		wantSaid(t, o.press("U0BOB", "approve", id), fleet.Done, "can reveal")
		for _, key := range []string{"U0ANN", "U0CLEO", "S0PLATFORM"} {
			if age, asked := o.people.ages[key]; !asked || age != 0 {
				t.Errorf("%s was looked up: %v, with age %v; want a live look-up", key, asked, age)
			}
		}
	})
}

// TestRequesterLostTheRight: nothing is approved for who may no longer ask.
func TestRequesterLostTheRight(t *testing.T) {
	person := func(change func(*fleet.Person)) func(*office) {
		return func(o *office) {
			p := o.people.people["U0ANN"]
			change(&p)
			o.people.people["U0ANN"] = p
		}
	}
	for name, leave := range map[string]func(*office){
		"deactivated":  person(func(p *fleet.Person) { p.Deleted = true }),
		"now a guest":  person(func(p *fleet.Person) { p.Guest = true }),
		"out of group": func(o *office) { o.people.groups["S0LINUX"] = nil },
		"only views":   func(o *office) { o.Policy.Grants[0].Request = false },
	} {
		t.Run(name, func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				id := o.opened(o.carry("U0ANN", "register octo-org")).ID
				leave(o)
				wantSaid(t, o.press("U0BOB", "approve", id), fleet.Refused, "Request #1 can't be approved: U0ANN,", "may no longer request anything in octo-org", "denied or cancelled")
				if r := o.stored(id); r.State != fleet.Pending || len(r.Votes) != 0 {
					t.Errorf("%s with %d votes", r.State, len(r.Votes))
				}
				wantSaid(t, o.press("U0BOB", "deny", id), fleet.Done, "You denied request #1")
			})
		})
	}
}
