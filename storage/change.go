package storage

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"runnerdesk/internal/fleet"
)

// changeKinds gives each kind of change the number by which it is stored: its place in this
// list, from 1. New kinds go to the end.
var changeKinds = []fleet.ChangeKind{
	fleet.Joined, fleet.WentOnline, fleet.WentOffline, fleet.BecameBusy, fleet.BecameIdle,
	fleet.Relabelled, fleet.Regrouped, fleet.Renamed, fleet.VersionMoved, fleet.Gone,
}

func writeChanges(ctx context.Context, t *tx, scope int64, changes []fleet.Change) error {
	for _, c := range changes {
		kind := slices.Index(changeKinds, c.Kind) + 1
		if kind == 0 {
			return fmt.Errorf("a change of kind %q can't be stored", c.Kind)
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO change (scope, runner, at, kind, old, new) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`, scope, c.RunnerID, c.At.UnixMilli(), kind, filled(c.Old), filled(c.New)); err != nil {
			return err
		}
	}
	return nil
}

// filled is a text, or NULL when it is empty, which takes no room.
func filled(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Changes is what happened to a runner, newest first, at most limit.
func (s *Store) Changes(ctx context.Context, scope fleet.Scope, runner int64, limit int) ([]fleet.Change, error) {
	var out []fleet.Change
	// A change holds no name: going back in time, the name is today's until a renaming.
	name, begun := "", false
	err := each(ctx, s.reader, `SELECT r.name, c.at, c.kind, coalesce(c.old, ''), coalesce(c.new, '')
		FROM scope s JOIN runner r ON r.scope = s.id JOIN change c ON c.scope = r.scope AND c.runner = r.id
		WHERE s.host = ? AND s.name = ? AND r.id = ? ORDER BY c.at DESC, c.kind DESC LIMIT ?`,
		[]any{scope.Host(), scope.String(), runner, limit}, func(rows *sql.Rows) error {
			c := fleet.Change{Scope: scope, RunnerID: runner}
			var latest string
			var at sql.NullInt64
			var kind int
			if err := rows.Scan(&latest, &at, &kind, &c.Old, &c.New); err != nil {
				return err
			}
			if kind < 1 || kind > len(changeKinds) {
				return fmt.Errorf("a change of kind %d is not known", kind)
			}
			if !begun {
				name, begun = latest, true
			}
			c.Name, c.At, c.Kind = name, moment(at), changeKinds[kind-1]
			if c.Kind == fleet.Renamed {
				name = c.Old
			}
			out = append(out, c)
			return nil
		})
	return out, wrap(err, "read the history of runner %d in %s", runner, scope)
}

// PruneHistory removes the changes before a time, and the runners that were gone by then
// and have no later change. It goes runner by runner in small transactions.
func (s *Store) PruneHistory(ctx context.Context, before time.Time) error {
	scope, runner := int64(-1), int64(-1)
	for more := true; more; {
		err := s.write(ctx, func(t *tx) error {
			var part [][2]int64
			err := each(ctx, t, `SELECT scope, id FROM runner WHERE (scope, id) > (?, ?) ORDER BY scope, id LIMIT ?`,
				[]any{scope, runner, chunk}, func(rows *sql.Rows) error {
					var key [2]int64
					err := rows.Scan(&key[0], &key[1])
					part = append(part, key)
					return err
				})
			if err != nil {
				return err
			}
			for _, key := range part {
				if err := pruneRunner(ctx, t, key[0], key[1], before); err != nil {
					return err
				}
				scope, runner = key[0], key[1]
			}
			more = len(part) == chunk
			return nil
		})
		if err != nil {
			return wrap(err, "prune the history")
		}
	}
	return nil
}

func pruneRunner(ctx context.Context, t *tx, scope, runner int64, before time.Time) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM change WHERE scope = ? AND runner = ? AND at < ?`,
		scope, runner, before.UnixMilli()); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `DELETE FROM runner WHERE scope = ?1 AND id = ?2 AND gone_at < ?3
		AND NOT EXISTS (SELECT 1 FROM change WHERE scope = ?1 AND runner = ?2)`, scope, runner, before.UnixMilli())
	return err
}
