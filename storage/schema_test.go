package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mattn/go-sqlite3"

	"runnerdesk/internal/fleet"
)

func TestStepsAreFleets(t *testing.T) {
	d := open(t)
	got := map[fleet.RequestState][]fleet.RequestState{}
	rows, err := d.writer.Query("SELECT from_state, to_state FROM step")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var from, to fleet.RequestState
		if err := rows.Scan(&from, &to); err != nil {
			t.Fatal(err)
		}
		got[from] = append(got[from], to)
	}
	sorted := cmpopts.SortSlices(func(a, b fleet.RequestState) bool { return a < b })
	if diff := cmp.Diff(fleet.Steps(), got, sorted); diff != "" {
		t.Errorf("steps of fleet (-) and of the schema (+) differ:\n%s", diff)
	}
}

// TestIllegalSteps tries every step between two states by hand-written SQL.
func TestIllegalSteps(t *testing.T) {
	states := []fleet.RequestState{fleet.Pending, fleet.Approved, fleet.Executing, fleet.Succeeded, fleet.Failed,
		fleet.Unknown, fleet.Denied, fleet.Expired, fleet.Cancelled}
	path := map[fleet.RequestState][]fleet.RequestState{
		fleet.Approved: {fleet.Approved}, fleet.Executing: {fleet.Approved, fleet.Executing},
		fleet.Succeeded: {fleet.Approved, fleet.Executing, fleet.Succeeded},
		fleet.Failed:    {fleet.Approved, fleet.Executing, fleet.Failed},
		fleet.Unknown:   {fleet.Approved, fleet.Executing, fleet.Unknown},
		fleet.Denied:    {fleet.Denied}, fleet.Expired: {fleet.Expired}, fleet.Cancelled: {fleet.Cancelled},
	}
	d := open(t)
	n := 0
	for _, from := range states {
		for _, to := range states {
			if from == to {
				continue
			}
			n++
			r := d.ask(t, fmt.Sprint("k", n), token(scopeOf(t, "octo-org"), 1))
			d.change(t, r.ID, func(r fleet.Request) (fleet.Request, error) { // a vote that does not decide
				return r, nil
			})
			if err := d.exec(t, fmt.Sprintf("INSERT INTO vote VALUES (%d, 1, 'U0ANN', 'U0BOB', 'approve', '', '', 1)", r.ID)); err != nil {
				t.Fatal(err)
			}
			move := func(to fleet.RequestState) error {
				return d.exec(t, fmt.Sprintf(`UPDATE OR REPLACE request SET state = '%s', version = version + 1,
					decided_at = coalesce(decided_at, 1), act_by = coalesce(act_by, 1), done_at = coalesce(done_at, 1) WHERE id = %d`, to, r.ID))
			}
			for _, state := range path[from] {
				if err := move(state); err != nil {
					t.Fatalf("%s on the way to %s: %v", state, from, err)
				}
			}
			legal := false
			for _, s := range fleet.Steps()[from] {
				legal = legal || s == to
			}
			if err := move(to); (err == nil) != legal {
				t.Errorf("%s to %s: %v, legal %v", from, to, err, legal)
			}
		}
	}
}

// TestSchemaRefuses runs SQL that was written by hand against stored requests: 1 is a
// deletion of runners 11 and 12 with one vote of two, 2 is a finished deletion of runner 21, 3 is a
// token with one reveal, 4 a pending deletion of runner 41 without votes.
func TestSchemaRefuses(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	d.ask(t, "one", deletion(scope, 2, 11, 12))
	d.change(t, 1, d.vote("U0BOB", fleet.Approve, 12))
	d.ask(t, "two", deletion(scope, 1, 21))
	d.change(t, 2, d.vote("U0BOB", fleet.Approve))
	d.change(t, 2, d.claim)
	d.change(t, 2, func(r fleet.Request) (fleet.Request, error) { return r.Send(1, 21) })
	d.change(t, 2, func(r fleet.Request) (fleet.Request, error) {
		return r.Result(1, 21, fleet.Deleted, "", d.clock.Now())
	})
	d.change(t, 2, func(r fleet.Request) (fleet.Request, error) { return r.Finish(1, "", d.clock.Now()) })
	d.ask(t, "three", token(scope, 0))
	d.change(t, 3, func(r fleet.Request) (fleet.Request, error) { return r.ClaimReveal("U0ANN", d.clock.Now()) })
	d.change(t, 3, func(r fleet.Request) (fleet.Request, error) {
		return r.EndReveal(fleet.RevealShown, d.clock.Now().Add(time.Hour), d.clock.Now())
	})
	d.ask(t, "four", deletion(scope, 1, 41))
	if _, err := d.Accept(t.Context(), fleet.Input{Key: "waiting", At: began}); err != nil {
		t.Fatal(err)
	}

	const columns = "key, host, scope, action, requester, team, channel, reason, labels, grp, rule, protect, needed, targets, created_at, decide_by, state, version, epoch, stop, decided_at, act_by, done_at"
	copyRequest := func(id, with string) string { // a new row like request 4, with some columns else
		values := columns
		for _, pair := range strings.Split(with, ";") {
			name, value, _ := strings.Cut(pair, "=")
			values = strings.Replace(", "+values+",", ", "+name+",", ", "+value+",", 1)
			values = strings.Trim(values, ", ")
		}
		return "INSERT OR REPLACE INTO request (id, " + columns + ") SELECT " + id + ", " + values + " FROM request WHERE id = 4"
	}
	tests := map[string]string{
		"steps added":                 "INSERT INTO step VALUES ('denied', 'approved')",
		"steps changed":               "UPDATE step SET to_state = 'succeeded' WHERE from_state = 'pending' AND to_state = 'denied'",
		"steps removed":               "DELETE FROM step",
		"steps replaced":              "INSERT OR REPLACE INTO step VALUES ('pending', 'denied')",
		"request removed":             "DELETE FROM request WHERE id = 4",
		"request replaced":            copyRequest("4", "key='four'"),
		"request replaced by its key": copyRequest("NULL", "key='four'"),
		"request born approved":       copyRequest("NULL", "key='new';state='approved';decided_at=1;act_by=1"),
		"request born final":          copyRequest("NULL", "key='new';state='succeeded';decided_at=1;act_by=1;done_at=1"),
		"request born old":            copyRequest("NULL", "key='new';version=7"),
		"request without its key":     copyRequest("NULL", "key=''"),
		"request needs six":           copyRequest("NULL", "key='new';needed=6"),
		"request without targets":     copyRequest("NULL", "key='new';targets=0"),
		"version stays":               "UPDATE request SET stop = 1 WHERE id = 4",
		"version leaps":               "UPDATE request SET version = version + 2 WHERE id = 4",
		"epoch goes back":             "UPDATE request SET version = version + 1, epoch = -1 WHERE id = 4",
		"approved without votes":      "UPDATE request SET version = version + 1, state = 'approved', decided_at = 1, act_by = 1 WHERE id = 4",
		"approved with half of them":  "UPDATE request SET version = version + 1, state = 'approved', decided_at = 1, act_by = 1 WHERE id = 1",
		"denied without a time":       "UPDATE request SET version = version + 1, state = 'denied' WHERE id = 4",
		"final reopened":              "UPDATE request SET version = version + 1, state = 'executing' WHERE id = 2",
		"final redated":               "UPDATE request SET version = version + 1, done_at = 7 WHERE id = 2",
		"decision redated":            "UPDATE request SET version = version + 1, decided_at = 7 WHERE id = 3",
		"time to act moved":           "UPDATE request SET version = version + 1, act_by = 7 WHERE id = 3",
		"target removed":              "DELETE FROM target WHERE request = 1",
		"target replaced":             "INSERT OR REPLACE INTO target (request, n, host, scope, runner, shown) VALUES (4, 1, 'github.com', 'octo-org', 99, '{}')",
		"target added":                "INSERT OR REPLACE INTO target (request, n, host, scope, runner, shown) VALUES (4, 2, 'github.com', 'octo-org', 99, '{}')",
		"target of another scope":     copyRequest("70", "key='new'") + "; INSERT INTO target (request, n, host, scope, runner, shown) VALUES (70, 1, 'github.com', 'octo-cat', 99, '{}')",
		"target held by another":      copyRequest("71", "key='new'") + "; INSERT INTO target (request, n, host, scope, runner, shown) VALUES (71, 1, 'github.com', 'octo-org', 11, '{}')",
		"target born done":            copyRequest("72", "key='new'") + "; INSERT INTO target (request, n, host, scope, runner, shown, outcome, done_at) VALUES (72, 1, 'github.com', 'octo-org', 99, '{}', 'deleted', 1)",
		"target's runner changed":     "UPDATE target SET runner = 99 WHERE request = 4",
		"target's snapshot changed":   "UPDATE target SET shown = '{}' WHERE request = 4",
		"target of a final request":   "UPDATE target SET note = 'x' WHERE request = 2",
		"outcome changed":             "UPDATE target SET outcome = 'busy' WHERE request = 1 AND runner = 12",
		"outcome taken back":          "UPDATE target SET outcome = '', done_at = NULL WHERE request = 1 AND runner = 12",
		"outcome not known":           "UPDATE target SET outcome = 'vanished', done_at = 1 WHERE request = 1 AND runner = 11",
		"struck without a vote":       "UPDATE target SET outcome = 'struck', done_at = 1 WHERE request = 4",
		"sent before approved":        "UPDATE target SET sent = 1 WHERE request = 4",
		"self-vote":                   "INSERT INTO vote VALUES (4, 1, 'U0ANN', 'U0ANN', 'approve', '', '', 1)",
		"self-vote, other requester":  "INSERT INTO vote VALUES (4, 1, 'U0EVE', 'U0ANN', 'approve', '', '', 1)",
		"vote on a lie":               "INSERT INTO vote VALUES (4, 1, 'U0EVE', 'U0BOB', 'approve', '', '', 1)",
		"second vote":                 "INSERT INTO vote VALUES (1, 2, 'U0ANN', 'U0BOB', 'approve', '', '', 1)",
		"second vote replaces":        "INSERT OR REPLACE INTO vote VALUES (1, 2, 'U0ANN', 'U0BOB', 'approve', '', '', 1)",
		"vote replaces another's":     "INSERT OR REPLACE INTO vote VALUES (1, 1, 'U0ANN', 'U0CLEO', 'approve', '', '', 1)",
		"vote on a final request":     "INSERT INTO vote VALUES (2, 2, 'U0ANN', 'U0CLEO', 'deny', '', '', 1)",
		"vote without a request":      "INSERT INTO vote VALUES (99, 1, 'U0ANN', 'U0CLEO', 'deny', '', '', 1)",
		"vote changed":                "UPDATE OR REPLACE vote SET person = 'U0CLEO' WHERE request = 1",
		"vote removed":                "DELETE FROM vote",
		"strike without a vote":       "INSERT INTO strike VALUES (4, 'U0BOB', 1, 41)",
		"strike of another runner":    "INSERT INTO strike VALUES (1, 'U0BOB', 2, 99)",
		"strike replaced":             "INSERT OR REPLACE INTO strike VALUES (1, 'U0BOB', 1, 11)",
		"strike changed":              "UPDATE strike SET runner = 11",
		"strike removed":              "DELETE FROM strike",
		"release by another":          "INSERT INTO release VALUES (4, 'U0BOB', 'fire', 1)",
		"release without a reason":    "INSERT INTO release VALUES (4, 'U0ANN', ' ', 1)",
		"release of a final request":  "INSERT INTO release VALUES (2, 'U0ANN', 'fire', 1)",
		"reveal of a deletion":        "INSERT INTO reveal VALUES (2, 1, 1, 'claimed', NULL)",
		"reveal born shown":           "INSERT INTO reveal VALUES (3, 2, 1, 'shown', NULL)",
		"reveal replaced":             "INSERT OR REPLACE INTO reveal VALUES (3, 1, 1, 'claimed', NULL)",
		"reveal reopened":             "UPDATE reveal SET state = 'claimed'",
		"reveal ended twice":          "UPDATE reveal SET state = 'failed'",
		"reveal removed":              "DELETE FROM reveal",
		"audit changed":               "UPDATE audit SET detail = 'x' WHERE seq = 1",
		"audit removed":               "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
		"audit replaced":              "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 1",
		"audit off the chain":         "INSERT INTO audit SELECT max(seq) + 1, 1, host, scope, request, actor, verb, detail, zeroblob(32), mac FROM audit",
		"audit with a gap":            "INSERT INTO audit SELECT max(seq) + 2, 1, host, scope, request, actor, verb, detail, mac, mac FROM audit",
		"input dropped":               "DELETE FROM inbox WHERE key = 'waiting'",
		"input changed":               "UPDATE inbox SET text = 'x' WHERE key = 'waiting'",
		"revision goes back":          "UPDATE message SET desired = 0",
		"a text for a time":           "UPDATE request SET version = version + 1, done_at = 'now' WHERE id = 4",
	}
	for name, query := range tests {
		t.Run(name, func(t *testing.T) {
			// Several statements stand or fall together.
			err := d.exec(t, "SAVEPOINT try; "+query)
			var lib sqlite3.Error
			if !errors.As(err, &lib) || lib.Code != sqlite3.ErrConstraint {
				t.Errorf("got %v, want a refusal by the schema", err)
			}
			if err := d.exec(t, "ROLLBACK"); err != nil {
				t.Fatal(err)
			}
		})
	}
	// An input that is offered again is ignored, also by REPLACE.
	if err := d.exec(t, `INSERT OR REPLACE INTO inbox SELECT seq, key, 'U0EVE', team, enterprise, channel, message_ts, verb,
		request, text, strikes, at, handled_at FROM inbox WHERE key = 'waiting'`); err != nil {
		t.Error(err)
	}
	if got, err := d.Unhandled(t.Context()); err != nil || len(got) != 1 || got[0].Person != "" {
		t.Errorf("got %+v, %v; want the input as it was", got, err)
	}
	if err := d.VerifyAudit(context.Background(), ""); err != nil {
		t.Error(err)
	}
}

func TestRevealsAreThreeAtMost(t *testing.T) {
	d := open(t)
	d.ask(t, "one", token(scopeOf(t, "octo-org"), 0))
	for n := 1; n <= 3; n++ {
		if err := d.exec(t, fmt.Sprintf("INSERT INTO reveal VALUES (1, %d, 1, 'claimed', NULL); UPDATE reveal SET state = 'lost' WHERE n = %[1]d", n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.exec(t, "INSERT INTO reveal VALUES (1, 4, 1, 'claimed', NULL)"); err == nil {
		t.Error("a fourth reveal was stored")
	}
}

func TestReleaseStandsForVotes(t *testing.T) {
	d := open(t)
	r := d.ask(t, "one", deletion(scopeOf(t, "octo-org"), 2, 11))
	if err := d.exec(t, "INSERT INTO release VALUES (1, 'U0ANN', 'the fleet is on fire', 1)"); err != nil {
		t.Fatal(err)
	}
	if err := d.exec(t, "INSERT OR REPLACE INTO release VALUES (1, 'U0ANN', 'again', 1)"); err == nil {
		t.Error("a second release was stored")
	}
	if err := d.exec(t, "UPDATE request SET version = version + 1, state = 'approved', decided_at = 1, act_by = 1"); err != nil {
		t.Errorf("a released request could not be approved: %v", err)
	}
	got, err := d.Request(t.Context(), r.ID)
	if err != nil || got.Approvals() != 0 {
		t.Errorf("%d approvals, %v; a release is no vote", got.Approvals(), err)
	}
}
