package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"runnerdesk/internal/fleet"
)

// OpenAudit opens the audit of a database to be read, also while the bot has it open. It
// takes no lock, writes nothing and makes no key. What can't be proved for want of the
// right key is ErrAuditKey.
func OpenAudit(ctx context.Context, path string, key fleet.Secret) (*Audit, error) {
	wrapped := func(err error) error { return fmt.Errorf("storage: open the audit of %s: %w", path, err) }
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, wrapped(err)
	}
	if _, err := os.Stat(full); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no database at %s yet; the bot makes it at its first start", path)
	} else if err != nil {
		return nil, wrapped(err)
	}
	if key.IsZero() {
		if key, err = readKey(full + ".key"); errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w (%s.key is not there)", ErrAuditKey, path)
		}
		if err != nil {
			return nil, wrapped(err)
		}
	}
	a := &Audit{s: &Store{reader: readerPool(full), chain: chain{key}, now: time.Now}}
	if err := a.s.reader.PingContext(ctx); err != nil {
		return nil, errors.Join(wrapped(err), a.Close())
	}
	return a, nil
}

// Audit is the audit of a database, read beside a running bot.
type Audit struct{ s *Store }

// Close closes it.
func (a *Audit) Close() error { return a.s.Close() }

// Verify is Store.VerifyAudit.
func (a *Audit) Verify(ctx context.Context, head string) error { return a.s.VerifyAudit(ctx, head) }

// Head is Store.AuditHead.
func (a *Audit) Head(ctx context.Context) (string, error) { return a.s.AuditHead(ctx) }

// exported is one line of an export.
type exported struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Host    string    `json:"host"`
	Scope   string    `json:"scope,omitempty"`
	Request int64     `json:"request,omitempty"`
	Actor   string    `json:"actor"`
	Verb    string    `json:"verb"`
	Detail  string    `json:"detail,omitempty"`
	MAC     string    `json:"mac"` // hexadecimal
}

// Export writes every row as a line of JSON, oldest first.
func (a *Audit) Export(ctx context.Context, w io.Writer) error {
	lines := json.NewEncoder(w)
	err := each(ctx, a.s.reader, "SELECT "+linkColumns+" FROM audit ORDER BY seq", nil, func(rows *sql.Rows) error {
		l, err := scanLink(rows.Scan)
		if err != nil {
			return err
		}
		return lines.Encode(exported{l.seq, time.UnixMilli(l.at).UTC(), l.host, l.scope, l.request, l.actor, l.verb, l.detail, fmt.Sprintf("%x", l.mac)})
	})
	return wrap(err, "export the audit")
}
