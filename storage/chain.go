package storage

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"runnerdesk/internal/fleet"
)

// minKey is how short an audit key may be, in bytes. A shorter one could be guessed from a
// copy of the database.
const minKey = 16

// chain makes the keyed hashes that link audit rows.
type chain struct{ key fleet.Secret }

// link is one audit row as it is hashed and stored.
type link struct {
	seq         int64
	at          int64 // unix milliseconds
	host, scope string
	request     int64 // 0: none
	actor       string
	verb        string
	detail      string
	prev, mac   []byte
}

// sum is the row's hash. Each text is preceded by its length, so that no two rows are
// hashed from the same bytes.
func (c chain) sum(l link) []byte {
	h := hmac.New(sha256.New, []byte(c.key.Reveal()))
	b := append([]byte("runnerdesk audit 1\n"), l.prev...)
	for _, n := range []int64{l.seq, l.at, l.request} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, text := range []string{l.host, l.scope, l.actor, l.verb, l.detail} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(text)))
		b = append(b, text...)
	}
	h.Write(b)
	return h.Sum(nil)
}

// openChain finds the key, and holds the newest row against it: a chain that went on under
// another key could never be verified again.
func openChain(ctx context.Context, q querier, path string, key fleet.Secret) (chain, error) {
	last, err := newest(ctx, q)
	began := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return chain{}, err
	}
	if key.IsZero() {
		if key, err = readKey(path); errors.Is(err, fs.ErrNotExist) {
			if began {
				return chain{}, fmt.Errorf("%w (%s is not there)", ErrAuditKey, path)
			}
			key, err = makeKey(path)
		}
		if err != nil {
			return chain{}, err
		}
	}
	if len(key.Reveal()) < minKey {
		return chain{}, fmt.Errorf("the audit key is too short; it needs at least %d bytes", minKey)
	}
	c := chain{key}
	if began && !hmac.Equal(c.sum(last), last.mac) {
		return chain{}, fmt.Errorf("%w (row %d does not fit it)", ErrAuditKey, last.seq)
	}
	return c, nil
}

func readKey(path string) (fleet.Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fleet.Secret{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fleet.Secret{}, fmt.Errorf("others can read %s; set its mode to 0600", path)
	}
	text, err := os.ReadFile(path)
	return fleet.NewSecret(strings.TrimSpace(string(text))), err
}

// makeKey writes a new key. The file appears whole or not at all, and is on the disk
// before the first row that needs it.
func makeKey(path string) (_ fleet.Secret, err error) {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails: crypto/rand
	text := hex.EncodeToString(raw)
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return fleet.Secret{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.WriteString(text + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fleet.Secret{}, err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return fleet.Secret{}, err
	}
	return fleet.NewSecret(text), syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

const linkColumns = "seq, at, host, scope, request, actor, verb, detail, prev, mac"

// scanLink reads linkColumns.
func scanLink(scan func(...any) error) (l link, err error) {
	var request sql.NullInt64
	err = scan(&l.seq, &l.at, &l.host, &l.scope, &request, &l.actor, &l.verb, &l.detail, &l.prev, &l.mac)
	l.request = request.Int64
	return l, err
}

func (l link) row() fleet.AuditRow {
	return fleet.AuditRow{Seq: l.seq, At: time.UnixMilli(l.at).UTC(), Actor: l.actor, Verb: l.verb, Detail: l.detail}
}

// newest is the newest audit row, or sql.ErrNoRows.
func newest(ctx context.Context, q querier) (link, error) {
	return scanLink(q.QueryRowContext(ctx, "SELECT "+linkColumns+" FROM audit ORDER BY seq DESC LIMIT 1").Scan)
}
