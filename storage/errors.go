package storage

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"runnerdesk/internal/fleet"
)

// Why a database can't be opened, or its audit can't be trusted.
var (
	// ErrLocked: another process has the database open.
	ErrLocked = errors.New("another instance holds the database")
	// ErrNewer: a later version of Runnerdesk wrote the database.
	ErrNewer = errors.New("written by a later version of Runnerdesk; run that one")
	// ErrForeign: the file is a database of another program.
	ErrForeign = errors.New("not a database of Runnerdesk")
	// ErrAuditKey: the audit has rows, and their key is missing or another one.
	ErrAuditKey = errors.New("the audit's key is missing or wrong; give the key that the audit was begun with")
	// ErrAudit is wrapped by every finding of VerifyAudit.
	ErrAudit = errors.New("the audit was changed")
)

// wrap says what was attempted, and turns the library's errors into fleet's: no row is
// fleet.ErrNotFound, a refusal by the schema is fleet.ErrIllegal.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	what := fmt.Sprintf(format, args...)
	var lib sqlite3.Error
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = fleet.ErrNotFound
	case errors.As(err, &lib) && lib.Code == sqlite3.ErrConstraint:
		err = fmt.Errorf("%w: %w", fleet.ErrIllegal, err)
	}
	return fmt.Errorf("storage: %s: %w", what, err)
}
