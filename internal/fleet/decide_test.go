package fleet

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const within = 8 * time.Hour

// deletion is a pending request of ann for runners 1 to n.
func deletion(t testing.TB, n, needed int) Request {
	t.Helper()
	r := Request{ID: 42, Action: Delete, Scope: scopeOf(t, "octo-org"), Requester: "U0ANN", Rule: Rule{Name: "r", Needed: needed, Expires: 4 * time.Hour}}
	for i := range n {
		r.Targets = append(r.Targets, Target{Runner: Runner{ID: int64(i + 1)}})
	}
	return r.Opened(noon, within)
}

func tokenRequest(t testing.TB, needed int) Request {
	r := deletion(t, 0, 1)
	r.Action, r.Rule.Needed = Register, needed
	return r.Opened(noon, within)
}

// inState puts a request into a state without asking the rules.
func inState(r Request, s RequestState) Request {
	r.State, r.ActBy, r.Epoch = s, noon.Add(time.Hour), 1
	return r
}

func vote(person string, v Verdict, strikes ...int64) Vote {
	return Vote{Person: person, Verdict: v, Strikes: strikes, At: noon.Add(time.Minute)}
}

func must(t *testing.T, r Request, err error) Request {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var states = []RequestState{Pending, Approved, Executing, Succeeded, Failed, Unknown, Denied, Expired, Cancelled}

func TestEveryStateAndStep(t *testing.T) {
	late := noon.Add(24 * time.Hour)
	expire := func(r Request) (Request, error) {
		r, ok := r.Expire(late)
		if !ok {
			return r, ErrIllegal
		}
		return r, nil
	}
	for _, tc := range []struct {
		name  string
		step  func(Request) (Request, error)
		token bool
		free  bool // no approval needed
		want  map[RequestState]RequestState
	}{
		{"approve", func(r Request) (Request, error) { return r.Cast(vote("U0BOB", Approve), within) }, false, false, map[RequestState]RequestState{Pending: Approved}},
		{"approve a token", func(r Request) (Request, error) { return r.Cast(vote("U0BOB", Approve), within) }, true, false, map[RequestState]RequestState{Pending: Approved}},
		{"deny", func(r Request) (Request, error) { return r.Cast(vote("U0BOB", Deny), within) }, false, false, map[RequestState]RequestState{Pending: Denied}},
		{"own vote", func(r Request) (Request, error) { return r.Cast(vote("U0ANN", Approve), within) }, false, false, nil},
		{"own deny", func(r Request) (Request, error) { return r.Cast(vote("U0ANN", Deny), within) }, false, false, nil},
		{"approve where none is needed", func(r Request) (Request, error) { return r.Cast(vote("U0BOB", Approve), within) }, false, true, nil},
		{"confirm", func(r Request) (Request, error) { return r.Confirm("U0ANN", noon) }, false, true, map[RequestState]RequestState{Pending: Approved}},
		{"confirm what needs approval", func(r Request) (Request, error) { return r.Confirm("U0ANN", noon) }, false, false, nil},
		{"confirm of another", func(r Request) (Request, error) { return r.Confirm("U0BOB", noon) }, false, true, nil},
		{"confirm late", func(r Request) (Request, error) { return r.Confirm("U0ANN", late) }, false, true, nil},
		{"confirm a token", func(r Request) (Request, error) { return r.Confirm("U0ANN", noon) }, true, true, nil},
		{"cancel", func(r Request) (Request, error) { return r.Cancel("U0ANN", noon) }, false, false,
			map[RequestState]RequestState{Pending: Cancelled, Approved: Cancelled, Executing: Executing}},
		{"cancel a token", func(r Request) (Request, error) { return r.Cancel("U0ANN", noon) }, true, false,
			map[RequestState]RequestState{Pending: Cancelled, Approved: Cancelled}},
		{"cancel of another", func(r Request) (Request, error) { return r.Cancel("U0BOB", noon) }, false, false, nil},
		{"expire", expire, false, false, map[RequestState]RequestState{Pending: Expired, Approved: Expired}},
		{"expire a token", expire, true, false, map[RequestState]RequestState{Pending: Expired, Approved: Expired}},
		{"claim", func(r Request) (Request, error) { return r.Claim(1, noon) }, false, false, map[RequestState]RequestState{Approved: Executing}},
		{"claim anew", func(r Request) (Request, error) { return r.Claim(2, noon) }, false, false, map[RequestState]RequestState{Approved: Executing, Executing: Executing}},
		{"claim late", func(r Request) (Request, error) { return r.Claim(1, late) }, false, false, nil},
		{"claim a token", func(r Request) (Request, error) { return r.Claim(1, noon) }, true, false, nil},
		{"send", func(r Request) (Request, error) { return r.Send(1, 1) }, false, false, map[RequestState]RequestState{Executing: Executing}},
		{"send for another run", func(r Request) (Request, error) { return r.Send(2, 1) }, false, false, nil},
		{"send for no runner of it", func(r Request) (Request, error) { return r.Send(1, 99) }, false, false, nil},
		{"result", func(r Request) (Request, error) { return r.Result(1, 1, Deleted, "", noon) }, false, false,
			map[RequestState]RequestState{Executing: Executing, Unknown: Unknown}},
		{"finish with nothing tried", func(r Request) (Request, error) { return r.Finish(1, "why", noon) }, false, false,
			map[RequestState]RequestState{Executing: Failed, Unknown: Failed}},
		{"finish of another run", func(r Request) (Request, error) { r.Epoch = 3; return r.Finish(1, "why", noon) }, false, false,
			map[RequestState]RequestState{Unknown: Failed}},
		{"reveal", func(r Request) (Request, error) { return r.ClaimReveal("U0ANN", noon) }, true, false,
			map[RequestState]RequestState{Approved: Executing, Succeeded: Succeeded}},
		{"reveal of another", func(r Request) (Request, error) { return r.ClaimReveal("U0BOB", noon) }, true, false, nil},
		{"reveal late", func(r Request) (Request, error) { return r.ClaimReveal("U0ANN", late) }, true, false, nil},
		{"reveal a deletion", func(r Request) (Request, error) { return r.ClaimReveal("U0ANN", noon) }, false, false, nil},
		{"end no reveal", func(r Request) (Request, error) { return r.EndReveal(RevealShown, noon, noon) }, true, false, nil},
	} {
		for _, from := range states {
			before := deletion(t, 2, 1)
			if tc.free {
				before = deletion(t, 2, 0)
			}
			if tc.token {
				before = tokenRequest(t, before.Rule.Needed)
			}
			before = inState(before, from)
			if tc.name == "finish of another run" {
				before.Epoch = 3
			}
			after, err := tc.step(before)
			want, legal := tc.want[from]
			switch {
			case legal && (err != nil || after.State != want):
				t.Errorf("%s when %s: %s, %v; want %s", tc.name, from, after.State, err, want)
			case legal && len(after.Events) == len(before.Events) && want != from:
				t.Errorf("%s when %s leaves no event", tc.name, from)
			case legal && want != from && !slices.Contains(Steps()[from], want):
				t.Errorf("%s: the step from %s to %s is not listed", tc.name, from, want)
			case !legal && !errors.Is(err, ErrIllegal) && !errors.Is(err, ErrStale):
				t.Errorf("%s when %s: %s, %v; want a refusal", tc.name, from, after.State, err)
			case !legal && !reflect.DeepEqual(after, before):
				t.Errorf("%s when %s is refused but changes the request:\n%+v\n%+v", tc.name, from, before, after)
			}
		}
	}
}

func TestStates(t *testing.T) {
	for _, s := range states {
		final := slices.Contains([]RequestState{Succeeded, Failed, Denied, Expired, Cancelled}, s)
		if s.Final() != final || s.Open() == final {
			t.Errorf("%s: final %v, want %v", s, s.Final(), final)
		}
	}
}

func TestOpened(t *testing.T) {
	if r := deletion(t, 1, 0); r.State != Pending || !r.DecideBy.Equal(noon.Add(4*time.Hour)) {
		t.Errorf("a deletion without approval: %s until %s", r.State, r.DecideBy)
	}
	if r := tokenRequest(t, 1); r.State != Pending {
		t.Errorf("a token: %s", r.State)
	}
	r := tokenRequest(t, 0)
	if r.State != Approved || !r.ActBy.Equal(noon.Add(within)) || !r.CanReveal(noon) || r.CanReveal(noon.Add(within)) {
		t.Errorf("a token without approval: %s until %s", r.State, r.ActBy)
	}
}

func TestVotes(t *testing.T) {
	r := must2(t)(deletion(t, 3, 2).Cast(vote("U0BOB", Approve, 2), within))
	if r.State != Pending || r.Approvals() != 1 || r.Count(Struck) != 1 || r.Targets[1].Outcome != Struck {
		t.Fatalf("one of two: %s, %d approvals, %+v", r.State, r.Approvals(), r.Targets)
	}
	for name, v := range map[string]Vote{
		"second vote": vote("U0BOB", Approve), "second thought": vote("U0BOB", Deny), "own": vote("U0ANN", Approve), "strange strike": vote("U0CLEO", Approve, 9),
		"late": {Person: "U0CLEO", Verdict: Approve, At: r.DecideBy},
	} {
		if after, err := r.Cast(v, within); !errors.Is(err, ErrIllegal) || !reflect.DeepEqual(after, r) {
			t.Errorf("%s: %v, %s", name, err, after.State)
		}
	}
	done := must2(t)(r.Cast(vote("U0CLEO", Approve, 2, 3), within))
	if done.State != Approved || done.Count(Struck) != 2 || !done.ActBy.Equal(noon.Add(time.Minute+ExecuteWithin)) || !done.DecidedAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("two of two: %s, %d struck, until %s", done.State, done.Count(Struck), done.ActBy)
	}
	all := must2(t)(r.Cast(vote("U0CLEO", Approve, 1, 3), within))
	if all.State != Denied {
		t.Errorf("every runner struck: %s", all.State)
	}
	denied := must2(t)(r.Cast(vote("U0CLEO", Deny, 1), within))
	if denied.State != Denied || denied.Count(Struck) != 1 {
		t.Errorf("denied: %s, %d struck", denied.State, denied.Count(Struck))
	}
	if r.State != Pending || r.Count(Struck) != 1 || len(r.Votes) != 1 {
		t.Error("a step changed the request that it came from")
	}
}

func must2(t *testing.T) func(Request, error) Request {
	return func(r Request, err error) Request { t.Helper(); return must(t, r, err) }
}

func TestBatchOutcomes(t *testing.T) {
	for _, tc := range []struct {
		outcomes []Outcome // Undone is not begun
		stop     bool
		want     RequestState
		tally    string
	}{
		{[]Outcome{Deleted, Deleted}, false, Succeeded, "2 deleted"},
		{[]Outcome{Deleted, AlreadyGone, Struck}, false, Succeeded, "1 deleted, 1 already gone, 1 struck"},
		{[]Outcome{Deleted, WasBusy}, false, Failed, "1 deleted, 1 busy"},
		{[]Outcome{Deleted, Changed}, false, Failed, "1 deleted, 1 changed"},
		{[]Outcome{Deleted, Protected}, false, Failed, "1 deleted, 1 protected"},
		{[]Outcome{Deleted, OutcomeFailed}, false, Failed, "1 deleted, 1 failed"},
		{[]Outcome{Deleted, Undone}, false, Failed, "1 deleted, 1 not tried"},
		{[]Outcome{Deleted, NotSure, WasBusy}, false, Unknown, "1 deleted, 1 busy, 1 unknown"},
		{[]Outcome{Deleted, Undone}, true, Cancelled, "1 deleted, 1 not tried"},
		{[]Outcome{Deleted, Deleted}, true, Succeeded, "2 deleted"},
		{[]Outcome{NotSure, Undone}, true, Unknown, "1 not tried, 1 unknown"},
	} {
		r := inState(deletion(t, len(tc.outcomes), 1), Approved)
		r = must2(t)(r.Claim(1, noon))
		for i, o := range tc.outcomes {
			if o == Struck {
				r.Targets[i].Outcome = Struck
			} else if o != Undone {
				r = must2(t)(r.Result(1, int64(i+1), o, "", noon))
				if _, err := r.Send(1, int64(i+1)); err == nil && o != NotSure {
					t.Errorf("%v: a delete is sent after the outcome", tc.outcomes)
				}
			}
		}
		if tc.stop {
			r = must2(t)(r.Cancel("U0ANN", noon))
			if _, err := r.Cancel("U0ANN", noon); !errors.Is(err, ErrIllegal) {
				t.Errorf("stopped twice: %v", err)
			}
		}
		r = must2(t)(r.Finish(1, "time is over", noon))
		if r.State != tc.want || r.Tally() != tc.tally || !r.DoneAt.Equal(noon) {
			t.Errorf("%q: %s, %s; want %s, %s", tc.outcomes, r.State, r.Tally(), tc.want, tc.tally)
		}
	}
}

func TestUnknownIsSettledLater(t *testing.T) {
	for o, want := range map[Outcome]RequestState{Deleted: Succeeded, OutcomeFailed: Failed} {
		r := inState(deletion(t, 1, 1), Executing)
		r = must2(t)(r.Result(1, 1, NotSure, "", noon))
		r = must2(t)(r.Finish(1, "", noon))
		if again := must2(t)(r.Finish(1, "", noon)); again.State != Unknown || len(again.Events) != len(r.Events) {
			t.Errorf("still unknown: %s, %v", again.State, again.Events)
		}
		r = must2(t)(r.Result(7, 1, o, "", noon))
		if r = must2(t)(r.Finish(7, "", noon)); r.State != want {
			t.Errorf("%s: %s, want %s", o, r.State, want)
		}
		if _, err := r.Result(7, 1, Deleted, "", noon); err == nil {
			t.Error("a settled outcome is changed")
		}
	}
}

func TestSendIsBounded(t *testing.T) {
	r := inState(deletion(t, 1, 1), Executing)
	for range MaxSends {
		r = must2(t)(r.Send(1, 1))
	}
	if _, err := r.Send(1, 1); !errors.Is(err, ErrIllegal) {
		t.Errorf("send %d: %v", MaxSends+1, err)
	}
}

func TestExpireLeavesNotTried(t *testing.T) {
	r := inState(deletion(t, 2, 1), Approved)
	r.Targets[0].Outcome = Struck
	if same, ok := r.Expire(r.ActBy.Add(-time.Second)); ok || same.State != Approved {
		t.Errorf("too early: %s", same.State)
	}
	r, ok := r.Expire(r.ActBy)
	if !ok || r.State != Expired || r.Tally() != "1 struck, 1 not tried" {
		t.Errorf("%v, %s, %s", ok, r.State, r.Tally())
	}
}

func TestReveals(t *testing.T) {
	press := func(r Request) (Request, error) { return r.ClaimReveal("U0ANN", noon.Add(time.Hour)) }
	end := func(r Request, to RevealState) Request {
		t.Helper()
		return must2(t)(r.EndReveal(to, noon.Add(2*time.Hour), noon.Add(time.Hour)))
	}
	for _, tc := range []struct {
		ends []RevealState
		want RequestState
		more bool // may be pressed again
	}{
		{nil, Approved, true},
		{[]RevealState{RevealShown}, Succeeded, true},
		{[]RevealState{RevealShown, RevealShown, RevealShown}, Succeeded, false},
		{[]RevealState{RevealFailed, RevealFailed, RevealFailed, RevealFailed}, Approved, true},
		{[]RevealState{RevealLost}, Approved, true},
		{[]RevealState{RevealLost, RevealLost, RevealLost}, Failed, false},
		{[]RevealState{RevealLost, RevealShown, RevealLost}, Succeeded, false},
		{[]RevealState{RevealFailed, RevealShown, RevealFailed}, Succeeded, true},
	} {
		r := tokenRequest(t, 0)
		for _, e := range tc.ends {
			r = must2(t)(press(r))
			if _, err := press(r); !errors.Is(err, ErrIllegal) {
				t.Errorf("%v: pressed while one is under way: %v", tc.ends, err)
			}
			r = end(r, e)
		}
		_, err := press(r)
		if r.State != tc.want || (err == nil) != tc.more || r.CanReveal(noon) != tc.more {
			t.Errorf("%v: %s, again: %v, CanReveal %v; want %s, %v", tc.ends, r.State, err, r.CanReveal(noon), tc.want, tc.more)
		}
		for _, e := range r.Events {
			for n := MaxReveals + 1; n < 9; n++ {
				if strings.HasPrefix(e.Detail, fmt.Sprintf("%d of ", n)) {
					t.Errorf("%v: event %+v counts too far", tc.ends, e)
				}
			}
		}
	}
}
