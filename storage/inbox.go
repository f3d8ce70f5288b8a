package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"runnerdesk/internal/fleet"
)

// InboxKept is how long a handled input is remembered, so that a second delivery of it
// does nothing. Slack repeats for minutes.
const InboxKept = 24 * time.Hour

// pruneInputs is how many old inputs go whenever one is handled: more than come in, so the
// inbox stays small without a job of its own.
const pruneInputs = 16

// Accept stores an input. fresh is false when its key was accepted before; nothing is
// written then. Slack's acknowledgement waits for it.
func (s *Store) Accept(ctx context.Context, in fleet.Input) (fresh bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		done, err := t.ExecContext(ctx, `INSERT INTO inbox
			(key, person, team, enterprise, channel, message_ts, verb, request, text, strikes, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			in.Key, in.Person, in.Team, in.Enterprise, in.Channel, in.MessageTS, in.Verb, in.Request, in.Text,
			document(in.Strikes), in.At.UnixMilli())
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		fresh = n == 1
		return err
	})
	return fresh && err == nil, wrap(err, "accept input %s", in.Key)
}

// Unhandled lists what was accepted and not handled yet, oldest first.
func (s *Store) Unhandled(ctx context.Context) ([]fleet.Input, error) {
	var inputs []fleet.Input
	err := s.read(ctx, func(t *sql.Tx) error {
		return each(ctx, t, `SELECT key, person, team, enterprise, channel, message_ts, verb, request, text, strikes, at
			FROM inbox WHERE handled_at IS NULL ORDER BY seq`, nil, func(rows *sql.Rows) error {
			var in fleet.Input
			var strikes string
			var at sql.NullInt64
			if err := rows.Scan(&in.Key, &in.Person, &in.Team, &in.Enterprise, &in.Channel, &in.MessageTS, &in.Verb,
				&in.Request, &in.Text, &strikes, &at); err != nil {
				return err
			}
			in.At = moment(at)
			inputs = append(inputs, in)
			return json.Unmarshal([]byte(strikes), &inputs[len(inputs)-1].Strikes)
		})
	})
	return inputs, wrap(err, "list unhandled inputs")
}

// Handled marks an input as done with. One that is not in the inbox is no error.
func (s *Store) Handled(ctx context.Context, key string) error {
	err := s.write(ctx, func(t *tx) error { return handled(ctx, t, key) })
	return wrap(err, "mark input %s handled", key)
}

func handled(ctx context.Context, t *tx, key string) error {
	if _, err := t.ExecContext(ctx, `UPDATE inbox SET handled_at = ? WHERE key = ? AND handled_at IS NULL`,
		t.now.UnixMilli(), key); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `DELETE FROM inbox WHERE seq IN (
		SELECT seq FROM inbox WHERE handled_at < ? ORDER BY handled_at LIMIT ?)`,
		t.now.Add(-InboxKept).UnixMilli(), pruneInputs)
	return err
}

// wasHandled reports whether the input was handled before.
func wasHandled(ctx context.Context, t *tx, key string) (bool, error) {
	var n int
	err := t.QueryRowContext(ctx, `SELECT count(*) FROM inbox WHERE key = ? AND handled_at IS NOT NULL`, key).Scan(&n)
	return n > 0, err
}
