package storage

import (
	"context"
	"database/sql"
	"fmt"

	"runnerdesk/internal/fleet"
)

// saveReveals writes the reveals that ended or were added.
func saveReveals(ctx context.Context, t *tx, before, after fleet.Request) error {
	if len(after.Reveals) < len(before.Reveals) {
		return fmt.Errorf("%w: reveals are kept", fleet.ErrIllegal)
	}
	for i, now := range after.Reveals {
		var err error
		switch {
		case i >= len(before.Reveals):
			_, err = t.ExecContext(ctx, `INSERT INTO reveal (request, n, at, state, expires_at) VALUES (?, ?, ?, ?, ?)`,
				after.ID, i+1, stamp(now.At), string(now.State), stamp(now.ExpiresAt))
		case now != before.Reveals[i]:
			_, err = t.ExecContext(ctx, `UPDATE reveal SET at = ?, state = ?, expires_at = ? WHERE request = ? AND n = ?`,
				stamp(now.At), string(now.State), stamp(now.ExpiresAt), after.ID, i+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func loadReveals(ctx context.Context, q querier, r *fleet.Request) error {
	return each(ctx, q, `SELECT at, state, expires_at FROM reveal WHERE request = ? ORDER BY n`,
		[]any{r.ID}, func(rows *sql.Rows) error {
			var v fleet.Reveal
			var at, expires sql.NullInt64
			err := rows.Scan(&at, &v.State, &expires)
			v.At, v.ExpiresAt = moment(at), moment(expires)
			r.Reveals = append(r.Reveals, v)
			return err
		})
}
