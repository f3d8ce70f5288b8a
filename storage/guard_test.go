package storage

import (
	"strings"
	"testing"

	"runnerdesk/internal/fleet"
)

// TestTriggersRefuseByThemselves runs SQL that a foreign key or a CHECK might refuse too,
// and looks for the trigger's own words.
func TestTriggersRefuseByThemselves(t *testing.T) {
	d := open(t)
	scope := scopeOf(t, "octo-org")
	d.ask(t, "voted", deletion(scope, 2, 11, 12))
	d.change(t, 1, d.vote("U0BOB", fleet.Approve, 12))
	d.ask(t, "approved", token(scope, 0))
	d.ask(t, "released", deletion(scope, 2, 21))
	must(t, d.exec(t, "INSERT INTO release VALUES (3, 'U0ANN', 'the fleet is on fire', 1)"))
	const kept, fixed = "requests are kept", "what was asked for does not change"
	tests := []struct{ query, want string }{
		{"DELETE FROM request WHERE id = 2", kept},
		{"DELETE FROM target", "targets are kept"},
		{"DELETE FROM vote", "votes are kept"},
		{"UPDATE vote SET evidence = 'x'", "votes are final"},
		{"UPDATE OR IGNORE vote SET verdict = 'deny'", "votes are final"},
		{"DELETE FROM release", "releases are kept"},
		{"UPDATE release SET reason = 'x'", "releases are final"},
		{"UPDATE message SET desired = desired - 1 WHERE desired > 1", "a revision does not go back"},
		{"UPDATE request SET version = version + 1, decided_at = decided_at + 1 WHERE id = 2", "a decision does not move in time"},
		{"UPDATE request SET version = version + 1, act_by = act_by + 1 WHERE id = 2", "a decision does not move in time"},
	}
	for _, column := range []string{"key", "host", "scope", "requester", "team", "channel", "reason", "labels", "grp", "rule", "protect"} {
		tests = append(tests, struct{ query, want string }{
			"UPDATE request SET version = version + 1, " + column + " = " + column + " || 'x' WHERE id = 2", fixed})
	}
	for _, set := range []string{"id = 77", "action = 'remove-token'", "needed = 1", "targets = 1", "created_at = created_at - 1", "decide_by = decide_by + 1"} {
		tests = append(tests, struct{ query, want string }{"UPDATE request SET version = version + 1, " + set + " WHERE id = 2", fixed})
	}
	for _, test := range tests {
		if err := d.exec(t, test.query); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.query, err, test.want)
		}
	}
}
