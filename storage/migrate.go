package storage

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"
)

//go:embed migrations/*.sql
var embedded embed.FS

// migrations are the steps from an empty file to today's schema, in the order of their
// numbers. One that was released never changes.
var migrations = readMigrations()

// applicationID marks the file as ours: "RDSK".
const applicationID = 0x5244534B

func readMigrations() []string {
	names, err := fs.Glob(embedded, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is fixed
	}
	slices.Sort(names)
	var steps []string
	for _, name := range names {
		text, err := embedded.ReadFile(name)
		if err != nil {
			panic(err) // the file is part of the program
		}
		steps = append(steps, string(text))
	}
	return steps
}

// migrate runs the steps that the database lacks, each in one transaction with the number
// that says so: a crash leaves the step before or the step after.
func migrate(ctx context.Context, db *sql.DB, steps []string) error {
	var id, version, tables int
	err := db.QueryRowContext(ctx, `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_application_id, pragma_user_version`).Scan(&id, &version, &tables)
	switch {
	case err != nil:
		return err
	case id != applicationID && (tables > 0 || id != 0 || version != 0):
		return ErrForeign
	case version > len(steps):
		return fmt.Errorf("%w (schema %d, this program knows %d)", ErrNewer, version, len(steps))
	}
	for version < len(steps) {
		if err := migrateOnce(ctx, db, steps[version], version+1); err != nil {
			return fmt.Errorf("migration %d: %w", version+1, err)
		}
		version++
	}
	return nil
}

func migrateOnce(ctx context.Context, db *sql.DB, step string, version int) error {
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback() // does nothing after the commit
	if _, err := t.ExecContext(ctx, step); err != nil {
		return err
	}
	marks := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version)
	if _, err := t.ExecContext(ctx, marks); err != nil {
		return err
	}
	var broken int
	if err := t.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken); err != nil {
		return err
	}
	if broken > 0 {
		return fmt.Errorf("%d rows would point nowhere", broken)
	}
	return t.Commit()
}
