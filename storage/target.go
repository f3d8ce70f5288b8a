package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"runnerdesk/internal/fleet"
)

func insertTarget(ctx context.Context, t *tx, request int64, n int, scope fleet.Scope, target fleet.Target) error {
	_, err := t.ExecContext(ctx, `INSERT INTO target (request, n, host, scope, runner, shown, since, first_seen, outcome, note, sent, done_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, request, n, scope.Host(), scope.String(), target.Runner.ID,
		document(target.Runner), stamp(target.Since), stamp(target.FirstSeen), string(target.Outcome), target.Note, target.Sent, stamp(target.DoneAt))
	return err
}

// saveTargets writes the targets that changed: what became of them, never what was shown.
func saveTargets(ctx context.Context, t *tx, before, after fleet.Request) error {
	if len(after.Targets) != len(before.Targets) {
		return fmt.Errorf("%w: a request keeps its runners", fleet.ErrIllegal)
	}
	for i, now := range after.Targets {
		was := before.Targets[i]
		if now.Runner.ID != was.Runner.ID || document(now.Runner) != document(was.Runner) || !now.Since.Equal(was.Since) || !now.FirstSeen.Equal(was.FirstSeen) {
			return fmt.Errorf("%w: what was shown of runner %d does not change", fleet.ErrIllegal, was.Runner.ID)
		}
		if now.Outcome == was.Outcome && now.Note == was.Note && now.Sent == was.Sent && now.DoneAt.Equal(was.DoneAt) {
			continue
		}
		if _, err := t.ExecContext(ctx, `UPDATE target SET outcome = ?, note = ?, sent = ?, done_at = ? WHERE request = ? AND n = ?`,
			string(now.Outcome), now.Note, now.Sent, stamp(now.DoneAt), after.ID, i+1); err != nil {
			return err
		}
		// What was deleted counts as deleted from now on, and no longer as there.
		if now.Outcome == fleet.Deleted || now.Outcome == fleet.AlreadyGone {
			if err := gone(ctx, t, after.Scope, now.Runner.ID, now.DoneAt); err != nil {
				return err
			}
		}
	}
	return nil
}

func loadTargets(ctx context.Context, q querier, r *fleet.Request) error {
	return each(ctx, q, `SELECT shown, since, first_seen, outcome, note, sent, done_at FROM target WHERE request = ? ORDER BY n`,
		[]any{r.ID}, func(rows *sql.Rows) error {
			var target fleet.Target
			var shown string
			var since, first, done sql.NullInt64
			if err := rows.Scan(&shown, &since, &first, &target.Outcome, &target.Note, &target.Sent, &done); err != nil {
				return err
			}
			target.Since, target.FirstSeen, target.DoneAt = moment(since), moment(first), moment(done)
			if err := json.Unmarshal([]byte(shown), &target.Runner); err != nil {
				return err
			}
			r.Targets = append(r.Targets, target)
			return nil
		})
}
