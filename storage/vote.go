package storage

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"

	"runnerdesk/internal/fleet"
)

// saveVotes writes the votes that were added, each with its strikes.
func saveVotes(ctx context.Context, t *tx, before, after fleet.Request) error {
	old := len(before.Votes)
	if len(after.Votes) < old || !slices.EqualFunc(before.Votes, after.Votes[:old], func(a, b fleet.Vote) bool {
		return reflect.DeepEqual(a, b)
	}) {
		return fmt.Errorf("%w: votes are final", fleet.ErrIllegal)
	}
	for i, v := range after.Votes[old:] {
		if _, err := t.ExecContext(ctx, `INSERT INTO vote (request, n, requester, person, verdict, reason, evidence, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, after.ID, old+i+1, after.Requester, v.Person, string(v.Verdict), v.Reason,
			v.Evidence, stamp(v.At)); err != nil {
			return err
		}
		for j, runner := range v.Strikes {
			if slices.Contains(v.Strikes[:j], runner) {
				continue // named twice is struck once
			}
			if _, err := t.ExecContext(ctx, `INSERT INTO strike (request, person, n, runner) VALUES (?, ?, ?, ?)`,
				after.ID, v.Person, j+1, runner); err != nil {
				return err
			}
		}
	}
	return nil
}

func loadVotes(ctx context.Context, q querier, r *fleet.Request) error {
	nth := map[string]int{}
	err := each(ctx, q, `SELECT person, verdict, reason, evidence, at FROM vote WHERE request = ? ORDER BY n`,
		[]any{r.ID}, func(rows *sql.Rows) error {
			var v fleet.Vote
			var at sql.NullInt64
			err := rows.Scan(&v.Person, &v.Verdict, &v.Reason, &v.Evidence, &at)
			v.At = moment(at)
			nth[v.Person] = len(r.Votes)
			r.Votes = append(r.Votes, v)
			return err
		})
	if err != nil || len(r.Votes) == 0 {
		return err
	}
	return each(ctx, q, `SELECT person, runner FROM strike WHERE request = ? ORDER BY person, n`,
		[]any{r.ID}, func(rows *sql.Rows) error {
			var person string
			var runner int64
			err := rows.Scan(&person, &runner)
			v := &r.Votes[nth[person]]
			v.Strikes = append(v.Strikes, runner)
			return err
		})
}
