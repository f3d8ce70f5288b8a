package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"runnerdesk/internal/fleet"
)

var sameRequest = cmp.Options{cmp.Comparer(func(a, b fleet.Scope) bool { return a == b }),
	cmpopts.IgnoreFields(fleet.Request{}, "Events")}

func TestOpenRequestStoresAll(t *testing.T) {
	d := open(t)
	for name, want := range map[string]fleet.Request{
		"deletion":   deletion(scopeOf(t, "octo-org/octo-repo"), 2, 11, 12),
		"token":      token(scopeOf(t, "enterprises/octo-enterprise"), 1),
		"free token": token(scopeOf(t, "octo-org"), 0),
	} {
		t.Run(name, func(t *testing.T) {
			got := d.ask(t, name, want)
			want := want.Opened(d.clock.Now(), 10*time.Minute)
			want.ID, want.Version = got.ID, 1
			if diff := cmp.Diff(want, got, sameRequest); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
			again, err := d.Request(t.Context(), got.ID)
			if diff := cmp.Diff(got, again, sameRequest); diff != "" || err != nil {
				t.Errorf("read again: %v\n%s", err, diff)
			}
			rows, err := d.AuditOf(t.Context(), got.ID)
			if err != nil || len(rows) != len(want.Events) {
				t.Fatalf("audit: %d rows, %v; want %d", len(rows), err, len(want.Events))
			}
			for i, e := range want.Events {
				row := fleet.AuditRow{Seq: rows[i].Seq, At: d.clock.Now(), Actor: e.Actor, Verb: e.Verb, Detail: e.Detail}
				if diff := cmp.Diff(row, rows[i]); diff != "" {
					t.Errorf("audit row (-want +got):\n%s", diff)
				}
			}
			for _, place := range got.Surfaces() {
				m, err := d.MessageOf(t.Context(), place.Key)
				if err != nil || m.Surface != place || m.Desired != 1 || m.Request != got.ID || m.State != fleet.Queued {
					t.Errorf("message %+v, %v; want %+v", m, err, place)
				}
			}
		})
	}
}

func TestOpenRequestOncePerKey(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	in := fleet.Input{Key: "one", Person: "U0ANN", At: began}
	if _, err := d.Accept(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	first := d.ask(t, "one", token(scope, 1))
	again, fresh, err := d.OpenRequest(t.Context(), "one", func(fleet.Ledger) (fleet.Request, error) {
		t.Error("built a second time")
		return fleet.Request{}, nil
	}, "U0ANN", scope)
	if err != nil || fresh || again.ID != first.ID {
		t.Errorf("got #%d, fresh %v, %v; want #%d", again.ID, fresh, err, first.ID)
	}
	if left, err := d.Unhandled(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("%d inputs are unhandled, %v; want none", len(left), err)
	}
}

// TestOpenRequestIsOneTransaction lets each statement of it fail in turn: nothing of the
// request may stay, and its input must still wait.
func TestOpenRequestIsOneTransaction(t *testing.T) {
	for _, table := range []string{"request", "target", "audit", "message", "inbox"} {
		t.Run(table, func(t *testing.T) {
			d := open(t)
			if _, err := d.Accept(t.Context(), fleet.Input{Key: "one", At: began}); err != nil {
				t.Fatal(err)
			}
			verb := "INSERT"
			if table == "inbox" {
				verb = "UPDATE"
			}
			if err := d.exec(t, fmt.Sprintf("CREATE TRIGGER broken AFTER %s ON %s BEGIN SELECT RAISE(ABORT, 'broken'); END", verb, table)); err != nil {
				t.Fatal(err)
			}
			scope := scopeOf(t, "octo-org")
			_, _, err := d.OpenRequest(t.Context(), "one", func(fleet.Ledger) (fleet.Request, error) {
				return deletion(scope, 1, 11).Opened(began, 0), nil
			}, "U0ANN", scope)
			if err == nil {
				t.Fatal("no error")
			}
			var n int
			if err := d.writer.QueryRow(`SELECT (SELECT count(*) FROM request) + (SELECT count(*) FROM target) +
				(SELECT count(*) FROM audit) + (SELECT count(*) FROM message)`).Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows stayed, %v; want none", n, err)
			}
			if left, err := d.Unhandled(t.Context()); err != nil || len(left) != 1 {
				t.Errorf("%d inputs wait, %v; want 1", len(left), err)
			}
		})
	}
}

func TestOpenRequestRefusals(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	refusal := errors.New("refused")
	elsewhere, err := fleet.StoredScope("ghe.example", "octo-org")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		scope fleet.Scope
		built fleet.Request
		err   error
		want  error
	}{
		"build refuses":  {scope: scope, err: refusal, want: refusal},
		"another scope":  {scope: scope, built: deletion(scopeOf(t, "octo-cat"), 1, 11), want: fleet.ErrIllegal},
		"another server": {scope: elsewhere, built: deletion(elsewhere, 1, 11), want: fleet.ErrIllegal},
		"runner twice":   {scope: scope, built: deletion(scope, 1, 11, 11), want: fleet.ErrIllegal},
		"no runner":      {scope: scope, built: deletion(scope, 1), want: fleet.ErrIllegal},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, fresh, err := d.OpenRequest(t.Context(), name, func(fleet.Ledger) (fleet.Request, error) {
				return test.built.Opened(began, 0), test.err
			}, "U0ANN", test.scope)
			if !errors.Is(err, test.want) || fresh {
				t.Errorf("got %v, fresh %v; want %v", err, fresh, test.want)
			}
			if test.err != nil && err != test.err {
				t.Errorf("the error of build came wrapped: %v", err)
			}
		})
	}
}

func TestLedger(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	d.ask(t, "other scope", deletion(scopeOf(t, "octo-cat"), 1, 11))
	struck := d.ask(t, "struck", deletion(scope, 2, 21, 22))
	d.change(t, struck.ID, d.vote("U0BOB", fleet.Approve, 22))
	denied := d.ask(t, "denied", deletion(scope, 1, 31))
	d.change(t, denied.ID, d.vote("U0BOB", fleet.Deny))
	half := d.ask(t, "half", deletion(scope, 1, 41, 42))
	d.change(t, half.ID, d.vote("U0BOB", fleet.Approve))
	d.change(t, half.ID, d.claim)
	d.change(t, half.ID, func(r fleet.Request) (fleet.Request, error) {
		return r.Result(1, 41, fleet.Deleted, "", d.clock.Now())
	})
	check := func(want fleet.Ledger) {
		t.Helper()
		stop := errors.New("stop")
		if _, _, err := d.OpenRequest(t.Context(), "look", func(got fleet.Ledger) (fleet.Request, error) {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
			return fleet.Request{}, stop
		}, "U0ANN", scope); err != stop {
			t.Fatal(err)
		}
	}
	// Its delete was sent, and its answer was lost.
	lost := d.ask(t, "lost", deletion(scope, 1, 51, 52))
	d.change(t, lost.ID, d.vote("U0BOB", fleet.Approve))
	d.change(t, lost.ID, d.claim)
	d.change(t, lost.ID, func(r fleet.Request) (fleet.Request, error) { return r.Send(1, 51) })
	for _, runner := range []int64{51, 52} { // 52 was gone before
		d.change(t, lost.ID, func(r fleet.Request) (fleet.Request, error) {
			return r.Result(1, runner, fleet.AlreadyGone, "", d.clock.Now())
		})
	}
	held := map[int64]int64{21: struck.ID, 42: half.ID}
	check(fleet.Ledger{OpenByPerson: 4, Held: held, DeletedLastDay: 2})
	d.clock.Add(fleet.Day)
	check(fleet.Ledger{OpenByPerson: 4, Held: held})
	// A runner that was struck is free for another request.
	d.ask(t, "free", deletion(scope, 1, 22))
}

func TestRequestLists(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	d.ask(t, "1", token(scope, 1))
	d.ask(t, "2", deletion(scope, 1, 11))
	bobs := token(scope, 1)
	bobs.Requester = "U0BOB"
	d.ask(t, "3", bobs)
	d.change(t, 2, d.vote("U0BOB", fleet.Deny))
	ids := func(requests []fleet.Request, err error) []int64 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var out []int64
		for _, r := range requests {
			out = append(out, r.ID)
		}
		return out
	}
	ctx := t.Context()
	for _, test := range []struct {
		name string
		got  []int64
		want []int64
	}{
		{"all", ids(d.Requests(ctx, fleet.RequestQuery{})), []int64{3, 2, 1}},
		{"open", ids(d.Requests(ctx, fleet.RequestQuery{Open: true})), []int64{3, 1}},
		{"of Ann", ids(d.Requests(ctx, fleet.RequestQuery{Requester: "U0ANN"})), []int64{2, 1}},
		{"newest", ids(d.Requests(ctx, fleet.RequestQuery{Limit: 1})), []int64{3}},
		{"pending", ids(d.RequestsIn(ctx, fleet.Pending)), []int64{1, 3}},
		{"two states", ids(d.RequestsIn(ctx, fleet.Pending, fleet.Denied)), []int64{1, 2, 3}},
		{"no state", ids(d.RequestsIn(ctx)), nil},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestHundredVotesAtOnce has a hundred people vote at once on a request that needs three,
// and as many claims: one approval, one execution, and a true answer for each.
func TestHundredVotesAtOnce(t *testing.T) {
	d := open(t)
	r := d.ask(t, "one", deletion(scopeOf(t, "octo-org"), 3, 11))
	const people = 100
	var mu sync.Mutex
	var counted, late, claims int
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range people {
		group.Go(func() {
			<-start
			_, err := d.UpdateRequest(context.Background(), r.ID, "", d.vote(fmt.Sprintf("U0P%d", i%50), fleet.Approve))
			_, claimErr := d.UpdateRequest(context.Background(), r.ID, "", d.claim)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				counted++
			} else if errors.Is(err, fleet.ErrIllegal) {
				late++
			} else {
				t.Error(err)
			}
			if claimErr == nil {
				claims++
			}
		})
	}
	close(start)
	group.Wait()
	got, err := d.Request(t.Context(), r.ID)
	if err != nil || counted != 3 || late != people-3 || claims != 1 || got.State != fleet.Executing || len(got.Votes) != 3 || got.Version != 5 {
		t.Errorf("%d counted, %d late, %d claims; the request is %s, version %d with %d votes, %v", counted, late, claims,
			got.State, got.Version, len(got.Votes), err)
	}
}

func TestPanicOfARuleUndoesAndFrees(t *testing.T) {
	d := open(t)
	r := d.ask(t, "one", deletion(scopeOf(t, "octo-org"), 1, 11))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		d.UpdateRequest(t.Context(), r.ID, "", func(fleet.Request) (fleet.Request, error) { panic("rule") })
	}()
	d.change(t, r.ID, d.vote("U0BOB", fleet.Approve)) // would wait for ever
}

func TestAuditKeyDoesNotPrint(t *testing.T) {
	d := open(t)
	var secret bytes.Buffer
	fmt.Fprint(&secret, d.chain)
	if bytes.Contains(secret.Bytes(), []byte(d.chain.key.Reveal())) {
		t.Error("the audit key prints")
	}
}
