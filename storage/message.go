package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"runnerdesk/internal/fleet"
)

// surface makes sure that the messages of a request exist, and that all of them come to
// show its present version.
func surface(ctx context.Context, t *tx, r fleet.Request) error {
	for _, place := range r.Surfaces() {
		if _, err := enqueue(ctx, t, place, r.ID, nil, r.Version); err != nil {
			return err
		}
	}
	_, err := t.ExecContext(ctx, `UPDATE message SET desired = ? WHERE request = ? AND desired < ?`, r.Version, r.ID, r.Version)
	return err
}

// Enqueue makes a message that belongs to no request: a notice, a digest. fresh is false
// when one with the same key exists; nothing is written then. The message under which it
// is to be a reply must exist (else fleet.ErrNotFound).
func (s *Store) Enqueue(ctx context.Context, place fleet.Surface, body []byte) (fresh bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		id, err := enqueue(ctx, t, place, 0, body, 1)
		fresh = id != 0
		return err
	})
	return fresh && err == nil, wrap(err, "enqueue message %s", place.Key)
}

// enqueue returns the id of the new message, or 0 when it exists.
func enqueue(ctx context.Context, t *tx, place fleet.Surface, request int64, body []byte, desired int64) (id int64, err error) {
	var parent, about any
	if place.Thread != "" {
		var p int64
		if err := t.QueryRowContext(ctx, `SELECT id FROM message WHERE key = ?`, place.Thread).Scan(&p); err != nil {
			return 0, err
		}
		parent = p
	}
	if request != 0 {
		about = request
	}
	err = t.QueryRowContext(ctx, `INSERT INTO message (key, kind, channel, parent, request, body, desired, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
		place.Key, string(place.Kind), place.Channel, parent, about, body, desired, t.now.UnixMilli()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// messageQuery reads a message with the first copy of the one under which it is a reply.
const messageQuery = `SELECT m.id, m.key, m.kind, m.channel, coalesce(p.key, ''), coalesce(m.request, 0), m.body, m.desired,
	m.state, m.sending_at, m.tries, m.not_before, coalesce(pc.channel, ''), coalesce(pc.ts, '') ` + messageRows

const messageRows = `FROM message m
	LEFT JOIN message p ON p.id = m.parent
	LEFT JOIN copy pc ON pc.id = (SELECT min(id) FROM copy WHERE message = m.parent)
	LEFT JOIN request r ON r.id = m.request
	WHERE (r.id IS NULL OR r.host = ?) `

func messages(ctx context.Context, q querier, where string, args ...any) ([]fleet.Message, error) {
	var out []fleet.Message
	err := each(ctx, q, messageQuery+where, args, func(rows *sql.Rows) error {
		var m fleet.Message
		var sending sql.NullInt64
		var notBefore int64
		err := rows.Scan(&m.ID, &m.Surface.Key, &m.Surface.Kind, &m.Surface.Channel, &m.Surface.Thread, &m.Request, &m.Body,
			&m.Desired, &m.State, &sending, &m.Tries, &notBefore, &m.ThreadChannel, &m.ThreadTS)
		m.SendingAt = moment(sending)
		m.NotBefore = moment(sql.NullInt64{Int64: notBefore, Valid: notBefore != 0})
		out = append(out, m)
		return err
	})
	for i := range out {
		if err != nil {
			break
		}
		err = each(ctx, q, `SELECT channel, ts, revision FROM copy WHERE message = ? ORDER BY id`, []any{out[i].ID},
			func(rows *sql.Rows) error {
				var c fleet.Copy
				err := rows.Scan(&c.Channel, &c.TS, &c.Revision)
				out[i].Copies = append(out[i].Copies, c)
				return err
			})
	}
	return out, err
}

// dueInChannel is how many messages of one channel are due at a time: a channel takes one a
// second, so more would only keep the others from being seen.
const dueInChannel = 4

// Due lists the messages that do not show the truth yet, oldest first, at most limit, and
// of each channel the oldest few: those never posted, and those with a copy behind Desired. A message that is to be tried later,
// and a reply whose parent is not posted, are not due; a reply whose parent was given up is
// due without one. Messages that are being sent are due too: after a crash they must be
// posted again, and only the one who is sending knows that it still is.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (out []fleet.Message, err error) {
	err = s.read(ctx, func(t *sql.Tx) error {
		out, err = messages(ctx, t, `AND m.id IN (SELECT id FROM (
				SELECT m.id, row_number() OVER (PARTITION BY m.channel ORDER BY m.id) AS place `+messageRows+`
				AND m.state <> 'dead' AND m.shown < m.desired AND m.not_before <= ?
				AND (m.parent IS NULL OR m.shown >= 0 OR p.state = 'dead' OR pc.id IS NOT NULL)
			) WHERE place <= ?) ORDER BY m.id LIMIT ?`, s.host, s.host, now.UnixMilli(), dueInChannel, limit)
		return err
	})
	return out, wrap(err, "list due messages")
}

// MessageOf is the message of a surface, by its key. fleet.ErrNotFound: there is none.
func (s *Store) MessageOf(ctx context.Context, key string) (m fleet.Message, err error) {
	err = s.read(ctx, func(t *sql.Tx) error {
		out, err := messages(ctx, t, "AND m.key = ?", s.host, key)
		if err == nil && len(out) == 0 {
			return sql.ErrNoRows
		}
		if err == nil {
			m = out[0]
		}
		return err
	})
	return m, wrap(err, "read message %s", key)
}

// MarkSending records that a message is about to be posted for the first time. It is
// committed before the post goes out. fleet.ErrStale: it has a copy or was given up.
func (s *Store) MarkSending(ctx context.Context, id int64) error {
	err := s.write(ctx, func(t *tx) error {
		err := one(t.ExecContext(ctx, `UPDATE message SET state = 'sending', sending_at = ?
			WHERE id = ? AND state IN ('queued', 'sending')`, t.now.UnixMilli(), id))
		if errors.Is(err, sql.ErrNoRows) {
			return fleet.ErrStale
		}
		return err
	})
	return wrap(err, "mark message %d as being sent", id)
}

// Posted records a copy of a message that Slack took, and the revision that it shows.
func (s *Store) Posted(ctx context.Context, id int64, channel, ts string, revision int64) error {
	err := s.write(ctx, func(t *tx) error {
		if _, err := t.ExecContext(ctx, `INSERT INTO copy (message, channel, ts, revision) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET revision = max(revision, excluded.revision)`, id, channel, ts, revision); err != nil {
			return err
		}
		return settle(ctx, t, id)
	})
	return wrap(err, "record the post of message %d", id)
}

// Edited records the revision that a copy shows since an edit. fleet.ErrNotFound: the copy
// is not known.
func (s *Store) Edited(ctx context.Context, id int64, channel, ts string, revision int64) error {
	err := s.write(ctx, func(t *tx) error {
		if err := one(t.ExecContext(ctx, `UPDATE copy SET revision = max(revision, ?) WHERE message = ? AND channel = ? AND ts = ?`,
			revision, id, channel, ts)); err != nil {
			return err
		}
		return settle(ctx, t, id)
	})
	return wrap(err, "record the edit of message %d", id)
}

// settle works out shown from the copies of a message that was posted or edited, and
// forgets the failures before.
func settle(ctx context.Context, t *tx, id int64) error {
	return one(t.ExecContext(ctx, `UPDATE message SET state = 'sent', tries = 0, not_before = 0, why = '',
		shown = (SELECT min(revision) FROM copy WHERE message = ?1) WHERE id = ?1`, id))
}

// Retry puts off a message that could not be posted or edited. why is in our own words.
func (s *Store) Retry(ctx context.Context, id int64, notBefore time.Time, why string) error {
	err := s.write(ctx, func(t *tx) error {
		return one(t.ExecContext(ctx, `UPDATE message SET tries = tries + 1, not_before = ?, why = ?,
			state = CASE WHEN state <> 'sending' THEN state ELSE 'queued' END WHERE id = ?`, notBefore.UnixMilli(), why, id))
	})
	return wrap(err, "put off message %d", id)
}

// Bury gives a message up, after a refusal that will not change. why is in our own words.
func (s *Store) Bury(ctx context.Context, id int64, why string) error {
	err := s.write(ctx, func(t *tx) error {
		return one(t.ExecContext(ctx, `UPDATE message SET state = 'dead', why = ? WHERE id = ?`, why, id))
	})
	return wrap(err, "give up message %d", id)
}

// DropCopy forgets a copy that was deleted in Slack. A message whose last copy is gone was
// deleted by people and is given up.
func (s *Store) DropCopy(ctx context.Context, id int64, channel, ts string) error {
	err := s.write(ctx, func(t *tx) error {
		if err := one(t.ExecContext(ctx, `DELETE FROM copy WHERE message = ? AND channel = ? AND ts = ?`, id, channel, ts)); err != nil {
			return err
		}
		return one(t.ExecContext(ctx, `UPDATE message SET
			shown = coalesce((SELECT min(revision) FROM copy WHERE message = ?1), -1),
			state = CASE WHEN EXISTS (SELECT 1 FROM copy WHERE message = ?1) THEN state ELSE 'dead' END,
			why   = CASE WHEN EXISTS (SELECT 1 FROM copy WHERE message = ?1) THEN why ELSE 'deleted in Slack' END
			WHERE id = ?1`, id))
	})
	return wrap(err, "forget a copy of message %d", id)
}

// Adopt remembers a copy that a click came from and that the store does not know: a post
// that a crash interrupted. It is taken to show revision 0, so it is drawn anew. In a
// direct message (D…) it is the requester's copy, or the later message that told them the
// end when that existed as it was posted; elsewhere it is the prompt. A copy that is known
// stays as it is. fleet.ErrNotFound: the request has no such message.
func (s *Store) Adopt(ctx context.Context, request int64, channel, ts string) error {
	err := s.write(ctx, func(t *tx) error {
		var known int
		if err := t.QueryRowContext(ctx, `SELECT count(*) FROM copy WHERE channel = ? AND ts = ?`, channel, ts).
			Scan(&known); err != nil || known > 0 {
			return err
		}
		kinds := []any{string(fleet.PromptSurface), string(fleet.PromptSurface)}
		if strings.HasPrefix(channel, "D") {
			kinds = []any{string(fleet.CopySurface), string(fleet.ToldSurface)}
		}
		// The copy is older than anything told, so it is what remains when the time of the
		// post says nothing.
		var id int64
		if err := t.QueryRowContext(ctx, `SELECT m.id FROM message m JOIN request r ON r.id = m.request
			WHERE m.request = ? AND r.host = ? AND m.kind IN (?, ?)
			ORDER BY m.created_at <= ? DESC, CASE WHEN m.created_at <= ? THEN -m.id ELSE m.id END LIMIT 1`,
			append([]any{request, s.host}, append(kinds, postedAt(ts), postedAt(ts))...)...).Scan(&id); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO copy (message, channel, ts, revision) VALUES (?, ?, ?, 0)`,
			id, channel, ts); err != nil {
			return err
		}
		return settle(ctx, t, id)
	})
	return wrap(err, "adopt a copy of request %d", request)
}

// clockSlack is how far Slack's clock may be from ours.
const clockSlack = 5 * time.Second

// postedAt is when Slack posted a message: its ts begins with the unix second. It is 0 for
// what is no ts.
func postedAt(ts string) int64 {
	seconds, _, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return 0
	}
	return time.Unix(n, 0).Add(clockSlack).UnixMilli()
}

// one turns a statement that changed no row into sql.ErrNoRows.
func one(done sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return fmt.Errorf("nothing to change: %w", sql.ErrNoRows)
}
