package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"runnerdesk/internal/fleet"
)

// Request is a request with its votes, targets and reveals. fleet.ErrNotFound: there is no
// such one.
func (s *Store) Request(ctx context.Context, id int64) (r fleet.Request, err error) {
	err = s.read(ctx, func(t *sql.Tx) error {
		r, err = s.load(ctx, t, id)
		return err
	})
	return r, wrap(err, "read request %d", id)
}

// Requests lists requests, newest first.
func (s *Store) Requests(ctx context.Context, q fleet.RequestQuery) ([]fleet.Request, error) {
	where, args := "host = ?", []any{s.host}
	if q.Open {
		where += " AND state IN " + openStates
	}
	if q.Requester != "" {
		where, args = where+" AND requester = ?", append(args, q.Requester)
	}
	limit := -1
	if q.Limit > 0 {
		limit = q.Limit
	}
	out, err := s.loadAll(ctx, "SELECT id FROM request WHERE "+where+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
	return out, wrap(err, "list requests")
}

// RequestsIn lists the requests that are in one of the states, oldest first.
func (s *Store) RequestsIn(ctx context.Context, states ...fleet.RequestState) ([]fleet.Request, error) {
	if len(states) == 0 {
		return nil, nil
	}
	args := []any{s.host}
	for _, state := range states {
		args = append(args, string(state))
	}
	marks := strings.Repeat(", ?", len(states))[2:]
	out, err := s.loadAll(ctx, "SELECT id FROM request WHERE host = ? AND state IN ("+marks+") ORDER BY id", args...)
	return out, wrap(err, "list requests by state")
}

// NextEpoch counts the runs of the program: it is one more at every call. A request that
// an earlier run was executing is told by its lower epoch.
func (s *Store) NextEpoch(ctx context.Context) (epoch int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, `INSERT INTO counter (name, value) VALUES ('epoch', 1)
			ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value`).Scan(&epoch)
	})
	return epoch, wrap(err, "count this run of the program")
}

// loadAll loads the requests that a query names, in its order, from one snapshot.
func (s *Store) loadAll(ctx context.Context, query string, args ...any) (out []fleet.Request, err error) {
	err = s.read(ctx, func(t *sql.Tx) error {
		var ids []int64
		err := each(ctx, t, query, args, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
		for _, id := range ids {
			if err != nil {
				break
			}
			var r fleet.Request
			r, err = s.load(ctx, t, id)
			out = append(out, r)
		}
		return err
	})
	return out, err
}

// load reads one request with everything that belongs to it, or sql.ErrNoRows.
func (s *Store) load(ctx context.Context, q querier, id int64) (fleet.Request, error) {
	r := fleet.Request{ID: id}
	var scope, labels, rule, protect string
	var created, decideBy, decided, actBy, done sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT scope, action, requester, team, channel, reason, labels, grp, rule, protect,
		state, version, epoch, stop, created_at, decide_by, decided_at, act_by, done_at
		FROM request WHERE id = ? AND host = ?`, id, s.host).
		Scan(&scope, &r.Action, &r.Requester, &r.Team, &r.Channel, &r.Reason, &labels, &r.Group, &rule, &protect,
			&r.State, &r.Version, &r.Epoch, &r.Stop, &created, &decideBy, &decided, &actBy, &done)
	if err != nil {
		return fleet.Request{}, err
	}
	if r.Scope, err = fleet.StoredScope(s.host, scope); err != nil {
		return fleet.Request{}, err
	}
	if err := errors.Join(json.Unmarshal([]byte(labels), &r.Labels), json.Unmarshal([]byte(rule), &r.Rule),
		json.Unmarshal([]byte(protect), &r.Protect)); err != nil {
		return fleet.Request{}, err
	}
	r.CreatedAt, r.DecideBy, r.DecidedAt = moment(created), moment(decideBy), moment(decided)
	r.ActBy, r.DoneAt = moment(actBy), moment(done)
	for _, read := range []func(context.Context, querier, *fleet.Request) error{loadTargets, loadVotes, loadReveals} {
		if err := read(ctx, q, &r); err != nil {
			return fleet.Request{}, err
		}
	}
	return r, nil
}
