package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"runnerdesk/internal/fleet"
)

// OpenRequest makes a request for the input key, once: for a key that has one it returns
// that one and fresh is false. Else build makes it, already Opened, from what weighs on it,
// and it is stored together with its targets, audit rows and messages; the input is
// handled then. An error of build is returned as it is, and nothing is written.
func (s *Store) OpenRequest(ctx context.Context, key string, build func(fleet.Ledger) (fleet.Request, error),
	requester string, scope fleet.Scope) (r fleet.Request, fresh bool, err error) {
	var refused error
	err = s.write(ctx, func(t *tx) error {
		var id int64
		err := t.QueryRowContext(ctx, `SELECT id FROM request WHERE key = ?`, key).Scan(&id)
		if err == nil {
			if r, err = s.load(ctx, t, id); err != nil {
				return err
			}
			return handled(ctx, t, key)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		ledger, err := s.ledger(ctx, t, requester, scope)
		if err != nil {
			return err
		}
		built, err := build(ledger)
		if err != nil {
			refused = err
			return err
		}
		if built.Requester != requester || built.Scope != scope || scope.Host() != s.host {
			return fmt.Errorf("%w: the request is of another person, scope or server", fleet.ErrIllegal)
		}
		built.Version = 1
		if built.ID, err = insertRequest(ctx, t, key, built); err != nil {
			return err
		}
		if err := s.note(ctx, t, built, built.Events); err != nil {
			return err
		}
		if err := surface(ctx, t, built); err != nil {
			return err
		}
		if err := handled(ctx, t, key); err != nil {
			return err
		}
		fresh = true
		r, err = s.load(ctx, t, built.ID)
		return err
	})
	switch {
	case refused != nil:
		return fleet.Request{}, false, refused
	case err != nil:
		return fleet.Request{}, false, wrap(err, "open a request in %s", scope)
	}
	return r, fresh, nil
}

func insertRequest(ctx context.Context, t *tx, key string, r fleet.Request) (int64, error) {
	done, err := t.ExecContext(ctx, `INSERT INTO request (key, host, scope, action, requester, team, channel, reason,
		labels, grp, rule, protect, needed, targets, created_at, decide_by, state, version, epoch, stop,
		decided_at, act_by, done_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		key, r.Scope.Host(), r.Scope.String(), string(r.Action), r.Requester, r.Team, r.Channel, r.Reason,
		document(r.Labels), r.Group, document(r.Rule), document(r.Protect), r.Rule.Needed, len(r.Targets),
		stamp(r.CreatedAt), stamp(r.DecideBy), string(r.State), r.Version, r.Epoch, bit(r.Stop),
		stamp(r.DecidedAt), stamp(r.ActBy), stamp(r.DoneAt))
	if err != nil {
		return 0, err
	}
	id, err := done.LastInsertId()
	if err != nil {
		return 0, err
	}
	for i, target := range r.Targets {
		if err := insertTarget(ctx, t, id, i+1, r.Scope, target); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// UpdateRequest runs change, a pure rule of fleet, on the request as it is now, and stores
// what it made of it in the same transaction: the request with its version advanced, new
// votes, strikes and reveals, changed targets, an audit row for each event, and the
// revision that its messages must come to show. It returns the request as stored.
//
// When change leaves the request as it was, nothing of it is written. An error of change
// is returned as it is, with the request as it is, and nothing is written. key names the
// input to mark handled in the same transaction, or is ""; an input that was handled
// before changes nothing a second time. fleet.ErrNotFound: there is no such request.
func (s *Store) UpdateRequest(ctx context.Context, id int64, key string,
	change func(fleet.Request) (fleet.Request, error)) (r fleet.Request, err error) {
	var refused error
	err = s.write(ctx, func(t *tx) error {
		before, err := s.load(ctx, t, id)
		if err != nil {
			return err
		}
		r = before
		if key != "" {
			if again, err := wasHandled(ctx, t, key); again || err != nil {
				return err
			}
		}
		after, err := change(copyOf(before))
		if err != nil {
			refused = err
			return err
		}
		if !same(before, after) {
			if err := s.save(ctx, t, before, after); err != nil {
				return err
			}
			if r, err = s.load(ctx, t, id); err != nil {
				return err
			}
		}
		if key == "" {
			return nil
		}
		return handled(ctx, t, key)
	})
	switch {
	case refused != nil:
		return r, refused
	case err != nil:
		return fleet.Request{}, wrap(err, "change request %d", id)
	}
	return r, nil
}

// copyOf shares no list with r, so that a change made in place is seen as one.
func copyOf(r fleet.Request) fleet.Request {
	r.Targets, r.Votes, r.Reveals = slices.Clone(r.Targets), slices.Clone(r.Votes), slices.Clone(r.Reveals)
	return r
}

// same reports whether a change left everything as it was.
func same(before, after fleet.Request) bool {
	return len(after.Events) == 0 && reflect.DeepEqual(before, after)
}

// asked is the part of a request that never changes.
func asked(r fleet.Request) fleet.Request {
	return fleet.Request{ID: r.ID, Action: r.Action, Scope: r.Scope, Requester: r.Requester, Team: r.Team,
		Channel: r.Channel, Reason: r.Reason, Labels: r.Labels, Group: r.Group, Rule: r.Rule, Protect: r.Protect,
		Version: r.Version, CreatedAt: r.CreatedAt, DecideBy: r.DecideBy}
}

// save writes what changed. Votes, targets and reveals are written while the old state
// still stands in the row, since the schema allows them in that state.
func (s *Store) save(ctx context.Context, t *tx, before, after fleet.Request) error {
	if !reflect.DeepEqual(asked(before), asked(after)) {
		return fmt.Errorf("%w: what was asked for does not change", fleet.ErrIllegal)
	}
	after.Version = before.Version + 1
	for _, write := range []func(context.Context, *tx, fleet.Request, fleet.Request) error{
		saveVotes, saveTargets, saveReveals,
	} {
		if err := write(ctx, t, before, after); err != nil {
			return err
		}
	}
	if _, err := t.ExecContext(ctx, `UPDATE request SET state = ?, version = ?, epoch = ?, stop = ?, decided_at = ?,
		act_by = ?, done_at = ? WHERE id = ?`, string(after.State), after.Version, after.Epoch, bit(after.Stop),
		stamp(after.DecidedAt), stamp(after.ActBy), stamp(after.DoneAt), after.ID); err != nil {
		return err
	}
	if err := s.note(ctx, t, after, after.Events); err != nil {
		return err
	}
	return surface(ctx, t, after)
}

// ledger is what weighs on a new request. A runner of an open request is held while it may
// still be deleted, and counts as deleted once it was.
func (s *Store) ledger(ctx context.Context, t *tx, requester string, scope fleet.Scope) (fleet.Ledger, error) {
	l := fleet.Ledger{Held: map[int64]int64{}}
	if err := t.QueryRowContext(ctx, `SELECT count(*) FROM request WHERE host = ? AND requester = ? AND state IN `+openStates,
		scope.Host(), requester).Scan(&l.OpenByPerson); err != nil {
		return l, err
	}
	if err := t.QueryRowContext(ctx, `SELECT count(*) FROM target WHERE host = ? AND scope = ? AND done_at > ?
		AND (outcome = 'deleted' OR sent > 0 AND outcome IN ('already gone', 'changed'))`,
		scope.Host(), scope.String(), t.now.Add(-fleet.Day).UnixMilli()).Scan(&l.DeletedLastDay); err != nil {
		return l, err
	}
	err := each(ctx, t, `SELECT t.runner, t.request FROM request r JOIN target t ON t.request = r.id
		WHERE r.host = ? AND r.scope = ? AND r.state IN `+openStates+` AND t.outcome IN ('', 'unknown')`,
		[]any{scope.Host(), scope.String()}, func(rows *sql.Rows) error {
			var runner, request int64
			err := rows.Scan(&runner, &request)
			l.Held[runner] = request
			return err
		})
	return l, err
}

// openStates are the states in which a request still waits for something; the schema's
// indexes name them in the same words.
const openStates = `('pending', 'approved', 'executing', 'unknown')`
