package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"runnerdesk/internal/fleet"
)

// Delete forces the removal of a runner. It returns nil only for GitHub's 204. A runner
// with a job is fleet.ErrBusy, one that is not there fleet.ErrNotFound. An
// UnavailableError tells whether the runner may be gone all the same; look before
// another try.
func (w *Writer) Delete(ctx context.Context, s fleet.Scope, id int64) error {
	what := "delete runner " + strconv.FormatInt(id, 10)
	err := w.c.write(ctx, s, what, func(ctx context.Context) (err error) {
		switch s.Kind() {
		case fleet.Enterprise:
			_, err = w.c.api.Enterprise.RemoveRunner(ctx, s.Owner(), id)
		case fleet.Organization:
			_, err = w.c.api.Actions.RemoveOrganizationRunner(ctx, s.Owner(), id)
		default:
			_, err = w.c.api.Actions.RemoveRunner(ctx, s.Owner(), s.Repo(), id)
		}
		return err
	})
	// Older Enterprise Servers answer 500 for a runner with a job.
	var broken *fleet.UnavailableError
	if errors.As(err, &broken) && broken.Status == http.StatusInternalServerError {
		if r, readErr := w.c.runner(ctx, s, id); readErr == nil && r.Busy == fleet.Yes {
			return fmt.Errorf("%s of %s: %w", what, s.Words(), fleet.ErrBusy)
		}
	}
	return err
}
