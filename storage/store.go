package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"runnerdesk/internal/fleet"
)

// Options say where the store is and for whom.
type Options struct {
	// Path of the database file. Beside it are PATH-wal and PATH-shm, which are part of
	// it, PATH.lock, and PATH.key when AuditKey is not given.
	Path string
	// Host of the GitHub server, as in fleet.Scope. Requests about another host stay in
	// the file and are neither listed, changed nor executed.
	Host string
	// AuditKey is the key of the audit chain, at least 16 bytes. When it is zero, PATH.key
	// is read, and made once if there are no audit rows yet.
	AuditKey fleet.Secret
	Now      func() time.Time // the clock; time.Now when nil
	Log      *slog.Logger     // gets a line for each audit row; slog.Default() when nil
}

// Store is an open database. Its methods may be called from many goroutines.
type Store struct {
	host  string
	now   func() time.Time
	log   *slog.Logger
	chain chain

	lock   *os.File
	writer *sql.DB // one connection, so that writers wait in Go and never meet SQLITE_BUSY
	reader *sql.DB

	closed  sync.Once
	listing sync.Mutex // one StoreListing at a time

	mu   sync.Mutex
	subs map[chan struct{}]struct{}
}

// Open opens the database, makes it when it is not there, and brings its schema up to
// date. It returns ErrLocked when another process has it open, ErrNewer when a later
// version of Runnerdesk wrote it, and ErrAuditKey when the audit has rows and their key is
// missing or another one.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{host: o.Host, now: o.Now, log: o.Log, subs: map[chan struct{}]struct{}{}}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if o.Path == "" || o.Host == "" {
		return nil, errors.New("storage: a path and a host are needed")
	}
	path, err := filepath.Abs(o.Path)
	if err == nil {
		err = s.open(ctx, path, o.AuditKey)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("storage: open %s: %w", o.Path, err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path string, key fleet.Secret) (err error) {
	if s.lock, err = lockFile(path + ".lock"); err != nil {
		return err
	}
	if err := ensureFile(path); err != nil {
		return err
	}
	s.writer = writerPool(path)
	if err := migrate(ctx, s.writer, migrations); err != nil {
		return err
	}
	s.reader = readerPool(path)
	if err := s.reader.PingContext(ctx); err != nil {
		return err
	}
	s.chain, err = openChain(ctx, s.reader, path+".key", key)
	return err
}

// Close waits for the statements that run and closes the database. Another process may
// open it then. A second Close does nothing.
func (s *Store) Close() error {
	var err error
	s.closed.Do(func() { err = s.close() })
	return err
}

func (s *Store) close() error {
	var errs []error
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// Subscribe returns a channel that gets a signal soon after each commit; signals that
// nobody took yet are one. Call cancel when it is no longer read.
func (s *Store) Subscribe() (changed <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs[c] = struct{}{}
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.subs, c)
	}
}

func (s *Store) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.subs {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// tx is one writing transaction.
type tx struct {
	*sql.Tx
	now   time.Time
	audit []slog.Attr // a group for each row, logged after the commit
}

// write runs fn inside BEGIN IMMEDIATE. When fn returns an error nothing was written.
func (s *Store) write(ctx context.Context, fn func(*tx) error) error {
	began, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	t := &tx{Tx: began, now: s.now()}
	defer began.Rollback() // does nothing after the commit; undoes all of it when fn panics
	if err := fn(t); err != nil {
		return err
	}
	if err := began.Commit(); err != nil {
		return err
	}
	for _, row := range t.audit {
		s.log.LogAttrs(ctx, slog.LevelInfo, "audit", row.Value.Group()...)
	}
	s.wake()
	return nil
}

// read runs fn on one snapshot of the database.
func (s *Store) read(ctx context.Context, fn func(*sql.Tx) error) error {
	t, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback() // nothing was written
	return fn(t)
}
