package storage

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runnerdesk/internal/fleet"
)

func TestOpenMakesPrivateFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "a b?c#d%41.db")
	d := openAt(t, path)
	if _, err := d.Accept(t.Context(), fleet.Input{Key: "k", At: began}); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock", ".key"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%q has mode %v, want 0600", suffix, got)
		}
	}
}

func TestOpenTightensFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runnerdesk.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	openAt(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v; want 0600", info.Mode().Perm(), err)
	}
}

func TestPragmas(t *testing.T) {
	d := open(t)
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
		"busy_timeout": "5000", "recursive_triggers": "1", "application_id": "1380209483", "user_version": "1"} {
		var got string
		if err := d.writer.QueryRow("PRAGMA " + name).Scan(&got); err != nil || got != want {
			t.Errorf("writer: %s is %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := d.reader.Exec("DELETE FROM slot"); err == nil {
		t.Error("a reader could write")
	}
}

func TestConnectionWithAnotherPragmaIsRefused(t *testing.T) {
	d := open(t)
	db := pool(d.path, map[string][]string{"_foreign_keys": {"off"}, "_journal_mode": {"WAL"}}, common)
	defer db.Close()
	if err := db.Ping(); err == nil || !strings.Contains(err.Error(), "foreign_keys") {
		t.Errorf("got %v, want a refusal that names foreign_keys", err)
	}
}

func reopen(ctx context.Context, path string, key string) error {
	o := Options{Path: path, Host: host, Log: slog.New(slog.DiscardHandler)}
	if key != "" {
		o.AuditKey = fleet.NewSecret(key)
	}
	s, err := Open(ctx, o)
	if err != nil {
		return err
	}
	return s.Close()
}

func TestSecondOpenIsLocked(t *testing.T) {
	d := open(t)
	if err := reopen(t.Context(), d.path, ""); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := reopen(t.Context(), d.path, ""); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	tests := map[string]struct {
		spoil string
		want  error
	}{
		"newer schema":  {"PRAGMA user_version = 99", ErrNewer},
		"other program": {"PRAGMA application_id = 7", ErrForeign},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			if err := d.exec(t, test.spoil); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if err := reopen(t.Context(), d.path, ""); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestMigrationIsWholeOrNot(t *testing.T) {
	d := open(t)
	steps := append(append([]string{}, migrations...), "CREATE TABLE extra (a INTEGER) STRICT; CREATE TABLE extra (a INTEGER)")
	if err := migrate(t.Context(), d.writer, steps); err == nil || !strings.Contains(err.Error(), "migration 2") {
		t.Fatalf("got %v, want migration 2 to fail", err)
	}
	var tables, version int
	if err := d.writer.QueryRow(`SELECT (SELECT count(*) FROM sqlite_schema WHERE name = 'extra'), user_version
		FROM pragma_user_version`).Scan(&tables, &version); err != nil {
		t.Fatal(err)
	}
	if tables != 0 || version != 1 {
		t.Errorf("%d tables and version %d remain of a failed migration, want 0 and 1", tables, version)
	}
}

func TestAuditKey(t *testing.T) {
	const good, other = "0123456789abcdef", "fedcba9876543210"
	start := fleet.Event{Actor: fleet.Runnerdesk, Verb: "started"}
	tests := map[string]struct {
		rows  bool
		first string // key at the first open; "" makes the file
		spoil func(keyFile string) error
		key   string // key at the second open
		want  error  // nil: opens
	}{
		"same key":             {rows: true, first: good, key: good},
		"another key":          {rows: true, first: good, key: other, want: ErrAuditKey},
		"no key":               {rows: true, first: good, want: ErrAuditKey},
		"no key, no rows":      {first: good},
		"key file":             {rows: true},
		"key file lost":        {rows: true, spoil: os.Remove, want: ErrAuditKey},
		"key file of others":   {rows: true, spoil: func(p string) error { return os.WriteFile(p, []byte(other), 0o600) }, want: ErrAuditKey},
		"key file for all":     {rows: true, spoil: func(p string) error { return os.Chmod(p, 0o644) }, want: errAny},
		"key file cut":         {spoil: func(p string) error { return os.Truncate(p, 3) }, want: errAny},
		"a key that is short":  {first: good, key: "short", want: errAny},
		"key given beside one": {rows: true, key: other, want: ErrAuditKey},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "runnerdesk.db")
			o := Options{Path: path, Host: host, Log: slog.New(slog.DiscardHandler), AuditKey: fleet.NewSecret(test.first)}
			s, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if test.rows {
				if err := s.Record(t.Context(), start); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path + ".key"); (test.first == "") != (err == nil) {
				t.Fatalf("key file: %v, with the key %q given", err, test.first)
			}
			if test.spoil != nil {
				if err := test.spoil(path + ".key"); err != nil {
					t.Fatal(err)
				}
			}
			err = reopen(t.Context(), path, test.key)
			if test.want == errAny && err != nil && !errors.Is(err, fs.ErrNotExist) {
				return
			}
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

var errAny = errors.New("any error")

func TestSubscribeCoalesces(t *testing.T) {
	d := open(t)
	changed, cancel := d.Subscribe()
	for _, key := range []string{"a", "b"} {
		if _, err := d.Accept(t.Context(), fleet.Input{Key: key, At: began}); err != nil {
			t.Fatal(err)
		}
	}
	if len(changed) != 1 {
		t.Errorf("%d signals wait after two commits, want 1", len(changed))
	}
	<-changed
	cancel()
	if err := d.Handled(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if len(changed) != 0 {
		t.Error("a signal came after cancel")
	}
}

func TestEpochsGoUp(t *testing.T) {
	d := open(t)
	for want := int64(1); want < 4; want++ {
		if got, err := d.NextEpoch(t.Context()); err != nil || got != want {
			t.Errorf("got %d, %v; want %d", got, err, want)
		}
	}
}
