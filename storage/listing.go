package storage

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"slices"
	"time"

	"runnerdesk/internal/fleet"
)

// chunk is how many rows of history one transaction writes: few enough that an input which
// waits for the writer waits some milliseconds.
const chunk = 250

// overtaken is how much older than the stored reading a listing may be to be dropped as
// one that a later reading overtook. One that is older still was read after the clock was
// set back, and is stored.
const overtaken = 5 * time.Minute

// step is what a listing changes in one runner.
type step struct {
	row     known
	changes []fleet.Change
	gone    time.Time // as it was read: a row that changed meanwhile is left alone
}

// StoreListing stores what a reading of a scope found: the runners that differ from what is
// stored, and what happened to them. It returns the number of changes, and the runners that
// are stored, not gone, and absent from the list; whether those are gone is for the caller
// to find out. ReadAt is when the reading began: a runner that was marked gone since is
// left alone.
//
// It writes in several transactions, so that nobody waits long for it, and the reading
// last: after a crash the same listing can be stored again.
func (s *Store) StoreListing(ctx context.Context, l fleet.Listing) (changes int, missing []fleet.Record, err error) {
	s.listing.Lock()
	defer s.listing.Unlock()
	changes, missing, err = s.storeListing(ctx, l)
	return changes, missing, wrap(err, "store the runners of %s", l.Scope)
}

func (s *Store) storeListing(ctx context.Context, l fleet.Listing) (changes int, missing []fleet.Record, err error) {
	l.ReadAt = l.ReadAt.Truncate(time.Millisecond)
	reading, err := s.Reading(ctx, l.Scope)
	if err != nil {
		return 0, nil, err
	}
	if age := reading.ReadAt.Sub(l.ReadAt); age > 0 && age <= overtaken {
		return 0, nil, nil
	}
	steps, missing, err := s.compare(ctx, l)
	if err != nil {
		return 0, nil, err
	}
	id, err := s.scopeID(ctx, l.Scope)
	if err != nil {
		return 0, nil, err
	}
	for part := range slices.Chunk(steps, chunk) {
		n := 0
		if err := s.write(ctx, func(t *tx) (err error) {
			n, err = writeSteps(ctx, t, id, part)
			return err
		}); err != nil {
			return changes, nil, err
		}
		changes += n
	}
	err = s.write(ctx, func(t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE scope SET read_at = ?, complete = ?, problem = NULL WHERE id = ?`,
			l.ReadAt.UnixMilli(), bit(l.Complete), id)
		return err
	})
	return changes, missing, err
}

// scopeID is the number that stands for a scope in the keys of its history.
func (s *Store) scopeID(ctx context.Context, scope fleet.Scope) (id int64, err error) {
	const find = `SELECT id FROM scope WHERE host = ? AND name = ?`
	err = s.reader.QueryRowContext(ctx, find, scope.Host(), scope.String()).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	err = s.write(ctx, func(t *tx) error {
		if _, err := t.ExecContext(ctx, `INSERT INTO scope (host, name) VALUES (?, ?) ON CONFLICT DO NOTHING`,
			scope.Host(), scope.String()); err != nil {
			return err
		}
		return t.QueryRowContext(ctx, find, scope.Host(), scope.String()).Scan(&id)
	})
	return id, err
}

// compare holds a listing against what is stored.
func (s *Store) compare(ctx context.Context, l fleet.Listing) (steps []step, missing []fleet.Record, err error) {
	listed := make(map[int64]fleet.Runner, len(l.Runners))
	for _, r := range l.Runners {
		listed[r.ID] = r
	}
	err = eachRunner(ctx, s.reader, l.Scope, "ORDER BY r.id", nil, func(old known) {
		now, is := listed[old.Runner.ID]
		delete(listed, old.Runner.ID)
		switch gone := !old.GoneAt.IsZero(); {
		case gone && (!is || !l.ReadAt.After(old.GoneAt)):
		case gone:
			again := meet(l, now)
			again.row.FirstSeen, again.gone = old.FirstSeen, old.GoneAt
			steps = append(steps, again)
		case !is:
			missing = append(missing, old.Record)
			if !old.Absent {
				old.Absent = true
				steps = append(steps, step{row: old})
			}
		default:
			rec, changes := fleet.Compare(old.Record, now, l.ReadAt)
			if old.Absent || len(changes) > 0 || !rec.Since.Equal(old.Since) || !alike(old.Runner, now) {
				steps = append(steps, step{row: known{Record: rec}, changes: changes})
			}
		}
	})
	for _, r := range l.Runners {
		if _, fresh := listed[r.ID]; fresh {
			delete(listed, r.ID)
			steps = append(steps, meet(l, r))
		}
	}
	return steps, missing, err
}

func meet(l fleet.Listing, r fleet.Runner) step {
	rec, joined := fleet.Meet(l.Scope, r, l.ReadAt)
	return step{row: known{Record: rec}, changes: []fleet.Change{joined}}
}

// alike reports whether nothing that is stored of a runner differs.
func alike(a, b fleet.Runner) bool {
	labels := slices.Equal(a.Labels, b.Labels)
	a.Labels, b.Labels = nil, nil
	return labels && reflect.DeepEqual(a, b)
}

func writeSteps(ctx context.Context, t *tx, scope int64, steps []step) (changes int, err error) {
	put, err := t.PrepareContext(ctx, `INSERT INTO runner (scope, id, name, os, status, busy, labels, group_id, grp, ephemeral,
		version, outdated, first_seen, since, last_online, absent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET name = excluded.name, os = excluded.os, status = excluded.status, busy = excluded.busy,
		labels = excluded.labels, group_id = excluded.group_id, grp = excluded.grp, ephemeral = excluded.ephemeral,
		version = excluded.version, outdated = excluded.outdated, first_seen = excluded.first_seen, since = excluded.since,
		last_online = excluded.last_online, absent = excluded.absent, gone_at = NULL WHERE gone_at IS ?`)
	if err != nil {
		return 0, err
	}
	defer put.Close() // ends with the transaction anyway
	for _, step := range steps {
		k, r := step.row, step.row.Runner
		done, err := put.ExecContext(ctx, scope, r.ID, r.Name, r.OS, r.Status, int(r.Busy), document(r.Labels), r.GroupID, r.Group,
			int(r.Ephemeral), r.Version, int(k.Outdated), stamp(k.FirstSeen), stamp(k.Since), stamp(k.LastOnline), bit(k.Absent),
			stamp(step.gone))
		if err != nil {
			return changes, err
		}
		if n, err := done.RowsAffected(); err != nil {
			return changes, err
		} else if n == 0 {
			continue // marked gone since it was read
		}
		if err := writeChanges(ctx, t, scope, step.changes); err != nil {
			return changes, err
		}
		changes += len(step.changes)
	}
	return changes, nil
}

// MarkGone records that runners do not exist any more. Those that are gone already or were
// never read stay as they are.
func (s *Store) MarkGone(ctx context.Context, scope fleet.Scope, at time.Time, ids ...int64) error {
	for part := range slices.Chunk(ids, chunk) {
		err := s.write(ctx, func(t *tx) error {
			for _, id := range part {
				if err := gone(ctx, t, scope, id, at); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return wrap(err, "mark runners of %s gone", scope)
		}
	}
	return nil
}

// gone takes one runner out of the current state. One that is not in it is passed over.
func gone(ctx context.Context, t *tx, scope fleet.Scope, id int64, at time.Time) error {
	var number int64
	err := t.QueryRowContext(ctx, `UPDATE runner SET gone_at = ? WHERE id = ? AND gone_at IS NULL
		AND scope = (SELECT id FROM scope WHERE host = ? AND name = ?) RETURNING scope`,
		at.UnixMilli(), id, scope.Host(), scope.String()).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = writeChanges(ctx, t, number, []fleet.Change{{RunnerID: id, Kind: fleet.Gone, At: at}})
	}
	return err
}
