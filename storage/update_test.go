package storage

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/fleet"
)

func TestUpdateRequest(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	r := d.ask(t, "one", deletion(scope, 2, 11, 12, 13))
	moves := []func(fleet.Request) (fleet.Request, error){
		d.vote("U0BOB", fleet.Approve, 13, 13),
		d.vote("U0CLEO", fleet.Approve),
		d.claim,
		func(r fleet.Request) (fleet.Request, error) { return r.Send(1, 11) },
		func(r fleet.Request) (fleet.Request, error) { return r.Cancel("U0ANN", d.clock.Now()) },
		func(r fleet.Request) (fleet.Request, error) {
			return r.Result(1, 11, fleet.NotSure, "no answer", d.clock.Now())
		},
		func(r fleet.Request) (fleet.Request, error) { return r.Finish(1, "", d.clock.Now()) },
		func(r fleet.Request) (fleet.Request, error) {
			r, err := r.Result(1, 11, fleet.AlreadyGone, "", d.clock.Now())
			if err != nil {
				return r, err
			}
			return r.Finish(1, "", d.clock.Now())
		},
	}
	events := len(r.Opened(began, 0).Events)
	for i, move := range moves {
		d.clock.Add(time.Second)
		want, err := move(r)
		if err != nil {
			t.Fatal(err)
		}
		want.Version++
		if i == 0 {
			want.Votes[0].Strikes = []int64{13}
		}
		got := d.change(t, r.ID, move)
		if diff := cmp.Diff(want, got, sameRequest); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
		events += len(want.Events)
		r = got
		for _, place := range r.Surfaces() {
			if m, err := d.MessageOf(t.Context(), place.Key); err != nil || m.Desired != r.Version {
				t.Errorf("step %d: %s is at %d, %v; want %d", i, place.Key, m.Desired, err, r.Version)
			}
		}
	}
	if r.State != fleet.Failed {
		t.Errorf("ended %s", r.State)
	}
	if rows, err := d.AuditOf(t.Context(), r.ID); err != nil || len(rows) != events {
		t.Errorf("%d audit rows, %v; want %d", len(rows), err, events)
	}
	if err := d.VerifyAudit(t.Context(), ""); err != nil {
		t.Error(err)
	}
}

func TestReveals(t *testing.T) {
	d := open(t)
	r := d.ask(t, "one", token(scopeOf(t, "octo-org"), 0))
	ends := []fleet.RevealState{fleet.RevealLost, fleet.RevealFailed, fleet.RevealShown, fleet.RevealShown}
	for _, end := range ends {
		r = d.change(t, r.ID, func(r fleet.Request) (fleet.Request, error) { return r.ClaimReveal("U0ANN", d.clock.Now()) })
		want, err := r.EndReveal(end, began.Add(time.Hour), d.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		want.Version++
		got := d.change(t, r.ID, func(r fleet.Request) (fleet.Request, error) {
			return r.EndReveal(end, began.Add(time.Hour), d.clock.Now())
		})
		if diff := cmp.Diff(want, got, sameRequest); diff != "" {
			t.Errorf("%s (-want +got):\n%s", end, diff)
		}
		r = got
	}
}

func TestUpdateRequestRefuses(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	before := d.ask(t, "one", deletion(scope, 2, 11, 12))
	before = d.change(t, before.ID, d.vote("U0BOB", fleet.Approve))
	no := errors.New("no")
	tests := map[string]struct {
		change func(*fleet.Request) error
		want   error
	}{
		"its own error":  {func(*fleet.Request) error { return no }, no},
		"another reason": {func(r *fleet.Request) error { r.Reason = "x"; return nil }, fleet.ErrIllegal},
		"another rule":   {func(r *fleet.Request) error { r.Rule.Needed = 1; return nil }, fleet.ErrIllegal},
		"another runner": {func(r *fleet.Request) error { r.Targets[0].Runner.ID = 9; return nil }, fleet.ErrIllegal},
		"another label":  {func(r *fleet.Request) error { r.Targets[0].Runner.Name = "db"; return nil }, fleet.ErrIllegal},
		"fewer runners":  {func(r *fleet.Request) error { r.Targets = r.Targets[:1]; return nil }, fleet.ErrIllegal},
		"another vote":   {func(r *fleet.Request) error { r.Votes[0].Person = "U0EVE"; return nil }, fleet.ErrIllegal},
		"fewer votes":    {func(r *fleet.Request) error { r.Votes = nil; return nil }, fleet.ErrIllegal},
		"a step too far": {func(r *fleet.Request) error { r.State = fleet.Executing; return nil }, fleet.ErrIllegal},
		"a vote by herself": {func(r *fleet.Request) error {
			r.Votes = append(r.Votes, fleet.Vote{Person: "U0ANN", Verdict: fleet.Approve, At: began})
			return nil
		}, fleet.ErrIllegal},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := d.Accept(t.Context(), fleet.Input{Key: name, At: began}); err != nil {
				t.Fatal(err)
			}
			_, err := d.UpdateRequest(t.Context(), before.ID, name, func(r fleet.Request) (fleet.Request, error) {
				err := test.change(&r)
				r.Events = append(r.Events, fleet.Event{Actor: "U0EVE", Verb: "tried"})
				return r, err
			})
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			got, err := d.Request(t.Context(), before.ID)
			if diff := cmp.Diff(before, got, sameRequest); diff != "" || err != nil {
				t.Errorf("changed all the same: %v\n%s", err, diff)
			}
			if left, err := d.Unhandled(t.Context()); err != nil || left[len(left)-1].Key != name {
				t.Errorf("the input does not wait any more: %v", err)
			}
		})
	}
	if _, err := d.UpdateRequest(t.Context(), 99, "", nil); !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("no such request: got %v, want ErrNotFound", err)
	}
}

func TestUpdateRequestWithoutChange(t *testing.T) {
	d := open(t)
	before := d.ask(t, "one", deletion(scopeOf(t, "octo-org"), 1, 11))
	head, err := d.AuditHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Accept(t.Context(), fleet.Input{Key: "click", At: began}); err != nil {
		t.Fatal(err)
	}
	got, err := d.UpdateRequest(t.Context(), before.ID, "click", func(r fleet.Request) (fleet.Request, error) { return r, nil })
	if diff := cmp.Diff(before, got, sameRequest); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if now, err := d.AuditHead(t.Context()); err != nil || now != head {
		t.Errorf("the audit went on: %v", err)
	}
	if left, err := d.Unhandled(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("%d inputs wait, %v; want none", len(left), err)
	}
}

func TestUpdateRequestOncePerInput(t *testing.T) {
	d := open(t)
	r := d.ask(t, "one", deletion(scopeOf(t, "octo-org"), 2, 11))
	if _, err := d.Accept(t.Context(), fleet.Input{Key: "click", At: began}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := d.UpdateRequest(t.Context(), r.ID, "click", d.vote("U0BOB", fleet.Approve))
		if err != nil || got.Version != 2 || got.Approvals() != 1 {
			t.Errorf("got version %d with %d approvals, %v; want 2 with 1", got.Version, got.Approvals(), err)
		}
	}
}

// TestDeletedIsGoneAtOnce: what was deleted counts against the share of its scope, and no
// longer among the runners that the share is of.
func TestDeletedIsGoneAtOnce(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	_, _, err := d.StoreListing(t.Context(), fleet.Listing{Scope: scope, ReadAt: d.clock.Now(), Complete: true, Runners: []fleet.Runner{
		{ID: 41, Name: "a", Status: "offline"}, {ID: 42, Name: "b", Status: "offline"}, {ID: 43, Name: "c", Status: "offline"},
	}})
	must(t, err)
	r := d.ask(t, "delete", deletion(scope, 1, 41, 42))
	d.change(t, r.ID, d.vote("U0BOB", fleet.Approve))
	d.change(t, r.ID, d.claim)
	d.change(t, r.ID, func(r fleet.Request) (fleet.Request, error) { return r.Result(1, 41, fleet.Deleted, "", d.clock.Now()) })
	d.change(t, r.ID, func(r fleet.Request) (fleet.Request, error) { return r.Result(1, 42, fleet.WasBusy, "", d.clock.Now()) })
	records, err := d.Records(t.Context(), scope)
	must(t, err)
	var left []int64
	for _, rec := range records {
		left = append(left, rec.Runner.ID)
	}
	slices.Sort(left)
	if diff := cmp.Diff([]int64{42, 43}, left); diff != "" {
		t.Errorf("runners left (-want +got):\n%s", diff)
	}
	changes, err := d.Changes(t.Context(), scope, 41, 5)
	must(t, err)
	if len(changes) == 0 || changes[0].Kind != fleet.Gone {
		t.Errorf("its history is %+v, want gone first", changes)
	}
}
