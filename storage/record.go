package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"runnerdesk/internal/fleet"
)

// known is a runner as stored, with what a Record does not tell.
type known struct {
	fleet.Record
	Absent bool      // from the newest list
	GoneAt time.Time // zero: not gone
}

// recordQuery reads runners together with the newest reading of their scope.
const recordQuery = `SELECT r.id, r.name, r.os, r.status, r.busy, r.labels, r.group_id, r.grp, r.ephemeral, r.version,
	r.outdated, r.first_seen, r.since, r.last_online, r.absent, r.gone_at, s.read_at
	FROM runner r JOIN scope s ON s.id = r.scope WHERE s.host = ? AND s.name = ? `

// Records are the runners of a scope as last read, without those that are gone, by id.
// Records with equal labels share one list of them.
func (s *Store) Records(ctx context.Context, scope fleet.Scope) ([]fleet.Record, error) {
	var out []fleet.Record
	err := s.read(ctx, func(t *sql.Tx) error {
		var n int
		if err := t.QueryRowContext(ctx, `SELECT count(*) FROM runner WHERE gone_at IS NULL
			AND scope = (SELECT id FROM scope WHERE host = ? AND name = ?)`, scope.Host(), scope.String()).Scan(&n); err != nil {
			return err
		}
		out = make([]fleet.Record, 0, n) // growing would cost more than the rows themselves
		return eachRunner(ctx, t, scope, "AND r.gone_at IS NULL ORDER BY r.id", nil, func(k known) {
			out = append(out, k.Record)
		})
	})
	return out, wrap(err, "read the runners of %s", scope)
}

// RecordOf is one runner of a scope. fleet.ErrNotFound: it was never read, or is gone.
func (s *Store) RecordOf(ctx context.Context, scope fleet.Scope, id int64) (r fleet.Record, err error) {
	err = sql.ErrNoRows
	if failed := eachRunner(ctx, s.reader, scope, "AND r.id = ? AND r.gone_at IS NULL", []any{id}, func(k known) {
		r, err = k.Record, nil
	}); failed != nil {
		err = failed
	}
	return r, wrap(err, "read runner %d of %s", id, scope)
}

func eachRunner(ctx context.Context, q querier, scope fleet.Scope, where string, args []any, fn func(known)) error {
	sets := map[string][]fleet.Label{} // most runners of a fleet share a few sets of labels
	return each(ctx, q, recordQuery+where, append([]any{scope.Host(), scope.String()}, args...), func(rows *sql.Rows) error {
		var k known
		var labels sql.RawBytes
		var first, since, last, gone, read sql.NullInt64
		r := &k.Runner
		if err := rows.Scan(&r.ID, &r.Name, &r.OS, &r.Status, &r.Busy, &labels, &r.GroupID, &r.Group, &r.Ephemeral, &r.Version,
			&k.Outdated, &first, &since, &last, &k.Absent, &gone, &read); err != nil {
			return err
		}
		set, seen := sets[string(labels)]
		if !seen {
			if err := json.Unmarshal(labels, &set); err != nil {
				return err
			}
			set = set[:len(set):len(set)] // an append copies
			sets[string(labels)] = set
		}
		r.Labels = set
		k.Scope, k.FirstSeen, k.Since, k.LastOnline, k.GoneAt = scope, moment(first), moment(since), moment(last), moment(gone)
		if at := moment(read); r.State().Connected() && !k.Absent && at.After(k.LastOnline) {
			k.LastOnline = at
		}
		fn(k)
		return nil
	})
}

// Reading says how old and how whole the stored runners of a scope are. A scope that was
// never read has a zero ReadAt.
func (s *Store) Reading(ctx context.Context, scope fleet.Scope) (fleet.Reading, error) {
	r := fleet.Reading{Scope: scope}
	var read sql.NullInt64
	var problem sql.NullString
	err := s.reader.QueryRowContext(ctx, `SELECT read_at, complete, problem FROM scope WHERE host = ? AND name = ?`,
		scope.Host(), scope.String()).Scan(&read, &r.Complete, &problem)
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil
	}
	if err == nil && problem.Valid {
		r.Problem = &fleet.Problem{}
		err = json.Unmarshal([]byte(problem.String), r.Problem)
	}
	r.ReadAt = moment(read)
	return r, wrap(err, "read how old the data of %s is", scope)
}

// FailReading stores why a scope could not be read; what was read before stays.
func (s *Store) FailReading(ctx context.Context, scope fleet.Scope, problem fleet.Problem) error {
	err := s.write(ctx, func(t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO scope (host, name, problem) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET problem = excluded.problem`, scope.Host(), scope.String(), document(problem))
		return err
	})
	return wrap(err, "store that %s could not be read", scope)
}
