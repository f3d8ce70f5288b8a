package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/fleet"
)

// audited is a store whose audit has nine rows.
func audited(t *testing.T) desk {
	t.Helper()
	d := open(t)
	if err := d.Record(t.Context(), fleet.Event{Actor: fleet.Runnerdesk, Verb: "started", Detail: "config 1a2b"}); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		r := d.ask(t, fmt.Sprint(i), deletion(scopeOf(t, "octo-org"), 2, int64(100+i)))
		d.change(t, r.ID, d.vote("U0BOB", fleet.Approve))
	}
	return d
}

func TestVerifyAuditFindsTampering(t *testing.T) {
	const drop = "DROP TRIGGER audit_fixed; DROP TRIGGER audit_kept; DROP TRIGGER audit_next; PRAGMA foreign_keys = OFF; "
	tests := map[string]struct {
		tamper string
		finds  string
	}{
		"nothing":          {"SELECT 1", ""},
		"at":               {"UPDATE audit SET at = at + 1 WHERE seq = 4", "row 4"},
		"host":             {"UPDATE audit SET host = 'ghe.example' WHERE seq = 4", "row 4"},
		"scope":            {"UPDATE audit SET scope = 'octo-cat' WHERE seq = 4", "row 4"},
		"request":          {"UPDATE audit SET request = 4 WHERE seq = 4", "row 4"},
		"no request":       {"UPDATE audit SET request = NULL WHERE seq = 4", "row 4"},
		"actor":            {"UPDATE audit SET actor = 'U0EVE' WHERE seq = 4", "row 4"},
		"verb":             {"UPDATE audit SET verb = 'x' WHERE seq = 4", "row 4"},
		"detail":           {"UPDATE audit SET detail = detail || ' ' WHERE seq = 4", "row 4"},
		"text moved along": {"UPDATE audit SET verb = verb || substr(detail, 1, 1), detail = substr(detail, 2) WHERE seq = 4", "row 4"},
		"mac":              {"UPDATE audit SET mac = zeroblob(32) WHERE seq = 4", "row 4"},
		"row removed":      {"DELETE FROM audit WHERE seq = 4", "row 4 is missing"},
		"first removed":    {"DELETE FROM audit WHERE seq = 1", "row 1 is missing"},
		"moved up":         {"DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = seq - 1 WHERE seq > 4", "row 4"},
		"swapped":          {"UPDATE audit SET seq = 99 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 99", "row 4"},
		"copied to end":    {"INSERT INTO audit SELECT 10, at, host, scope, request, actor, verb, detail, prev, mac FROM audit WHERE seq = 4", "row 10"},
		"tail cut":         {"DELETE FROM audit WHERE seq > 7", "ends at row 7"},
		"all gone":         {"DELETE FROM audit", "ends at row 0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := audited(t)
			head, err := d.AuditHead(t.Context())
			if err != nil || !strings.HasPrefix(head, "9:") {
				t.Fatalf("head %q, %v", head, err)
			}
			if err := d.exec(t, drop+test.tamper); err != nil {
				t.Fatal(err)
			}
			err = d.VerifyAudit(t.Context(), head)
			if test.finds == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrAudit) || !strings.Contains(err.Error(), test.finds) {
				t.Errorf("got %v, want a finding about %q", err, test.finds)
			}
		})
	}
}

func TestVerifyAuditHeads(t *testing.T) {
	d := open(t)
	zero, err := d.AuditHead(t.Context())
	if err != nil || zero != "0:"+strings.Repeat("0", 64) {
		t.Fatalf("head of an empty audit is %q, %v", zero, err)
	}
	heads := []string{zero, ""}
	for range 3 {
		if err := d.Record(t.Context(), fleet.Event{Actor: fleet.Runnerdesk, Verb: "started"}); err != nil {
			t.Fatal(err)
		}
		head, err := d.AuditHead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, head)
	}
	for _, head := range heads {
		if err := d.VerifyAudit(t.Context(), head); err != nil {
			t.Errorf("head %q: %v", head, err)
		}
	}
	other := "2:" + strings.Repeat("ab", 32)
	if err := d.VerifyAudit(t.Context(), other); !errors.Is(err, ErrAudit) {
		t.Errorf("another head: got %v, want ErrAudit", err)
	}
	for _, head := range []string{"x", "1", "1:", "1:zz", "-1:" + strings.Repeat("0", 64), "1:" + strings.Repeat("0", 62)} {
		if err := d.VerifyAudit(t.Context(), head); err == nil || errors.Is(err, ErrAudit) {
			t.Errorf("head %q: got %v, want a complaint about the head itself", head, err)
		}
	}
}

func TestAuditRowsAreLogged(t *testing.T) {
	var out bytes.Buffer
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "x.db"), Host: host, Log: slog.New(slog.NewJSONHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	d := desk{s, &clock{now: began}, ""}
	defer d.Close()
	d.ask(t, "one", deletion(scopeOf(t, "octo-org"), 1, 11))
	_, _ = d.UpdateRequest(t.Context(), 1, "", func(r fleet.Request) (fleet.Request, error) {
		r.Events = append(r.Events, fleet.Event{Actor: "U0EVE", Verb: "undone"})
		r.State = fleet.Succeeded // refused: nothing of it may be logged
		return r, nil
	})
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("not one line of JSON: %v\n%s", err, out.String())
	}
	delete(got, "time")
	want := map[string]any{"level": "INFO", "msg": "audit", "seq": 1.0, "user": "U0ANN", "event": "opened", "request": 1.0,
		"scope": "octo-org", "detail": `delete in octo-org under rule "fleet", runners 11`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}
