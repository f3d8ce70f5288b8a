package storage

import (
	"context"
	"database/sql"
	"time"

	"runnerdesk/internal/fleet"
)

// The states in which a slot is claimed.
const (
	SlotClaimed = "claimed" // its message is posted
	SlotSkipped = "skipped" // missed, and too late to post
)

// ClaimSlot takes a slot of a job, once for all time: won is false when it was taken
// before. Slot is local civil time, "2006-01-02T15:04". The slot's message is made in the
// same transaction; a skipped one has none, and surface and body are ignored.
func (s *Store) ClaimSlot(ctx context.Context, job, slot string, due time.Time, state string,
	surface fleet.Surface, body []byte) (won bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		var taken int
		if err := t.QueryRowContext(ctx, `SELECT count(*) FROM slot WHERE job = ? AND slot = ?`, job, slot).
			Scan(&taken); err != nil || taken > 0 {
			return err
		}
		var message any
		if state == SlotClaimed {
			id, err := enqueue(ctx, t, surface, 0, body, 1)
			if err != nil {
				return err
			}
			if id != 0 {
				message = id
			}
		}
		_, err := t.ExecContext(ctx, `INSERT INTO slot (job, slot, due_at, state, message) VALUES (?, ?, ?, ?, ?)`,
			job, slot, due.UnixMilli(), state, message)
		won = err == nil
		return err
	})
	return won && err == nil, wrap(err, "claim slot %s of %s", slot, job)
}

// LastSlot is the slot of a job with the latest due time, claimed or skipped.
// fleet.ErrNotFound: the job has had none.
func (s *Store) LastSlot(ctx context.Context, job string) (slot string, due time.Time, err error) {
	var at sql.NullInt64
	err = s.reader.QueryRowContext(ctx, `SELECT slot, due_at FROM slot WHERE job = ? ORDER BY due_at DESC, slot DESC LIMIT 1`, job).
		Scan(&slot, &at)
	return slot, moment(at), wrap(err, "find the last slot of %s", job)
}
