package storage

import (
	"bytes"
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"runnerdesk/internal/fleet"
)

// Record adds rows to the audit that belong to no request: a start, a reload.
func (s *Store) Record(ctx context.Context, events ...fleet.Event) error {
	err := s.write(ctx, func(t *tx) error { return s.note(ctx, t, fleet.Request{}, events) })
	return wrap(err, "record in the audit")
}

// note adds a row for each event to the audit, within the transaction of what it records.
func (s *Store) note(ctx context.Context, t *tx, r fleet.Request, events []fleet.Event) error {
	if len(events) == 0 {
		return nil
	}
	last, err := newest(ctx, t)
	if errors.Is(err, sql.ErrNoRows) {
		last, err = link{mac: make([]byte, 32)}, nil
	}
	if err != nil {
		return err
	}
	var request any
	host := s.host
	if r.ID != 0 {
		request, host = r.ID, r.Scope.Host()
	}
	for _, e := range events {
		l := link{seq: last.seq + 1, at: t.now.UnixMilli(), host: host, scope: r.Scope.String(), request: r.ID,
			actor: e.Actor, verb: e.Verb, detail: e.Detail, prev: last.mac}
		l.mac = s.chain.sum(l)
		if _, err := t.ExecContext(ctx, "INSERT INTO audit ("+linkColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			l.seq, l.at, l.host, l.scope, request, l.actor, l.verb, l.detail, l.prev, l.mac); err != nil {
			return err
		}
		attrs := []any{slog.Int64("seq", l.seq), slog.String("user", l.actor), slog.String("event", l.verb), slog.String("detail", l.detail)}
		if r.ID != 0 {
			attrs = append(attrs, slog.Int64("request", r.ID), slog.String("scope", l.scope))
		}
		t.audit = append(t.audit, slog.Group("audit", attrs...))
		last = l
	}
	return nil
}

// AuditOf lists the audit rows of a request, oldest first.
func (s *Store) AuditOf(ctx context.Context, request int64) ([]fleet.AuditRow, error) {
	var out []fleet.AuditRow
	err := each(ctx, s.reader, "SELECT "+linkColumns+" FROM audit WHERE request = ? ORDER BY seq", []any{request},
		func(rows *sql.Rows) error {
			l, err := scanLink(rows.Scan)
			out = append(out, l.row())
			return err
		})
	return out, wrap(err, "read the audit of request %d", request)
}

// AuditHead is the newest row of the audit as "SEQ:MAC", MAC in hexadecimal. Kept
// elsewhere, it lets VerifyAudit find a tail that was cut off. Before the first row it is
// row 0 with a MAC of zeros.
func (s *Store) AuditHead(ctx context.Context) (string, error) {
	last, err := newest(ctx, s.reader)
	if errors.Is(err, sql.ErrNoRows) {
		last, err = link{mac: make([]byte, 32)}, nil
	}
	if err != nil {
		return "", wrap(err, "read the audit's head")
	}
	return fmt.Sprintf("%d:%x", last.seq, last.mac), nil
}

// VerifyAudit reads the whole audit and holds each row against the chain. When head is not
// "" the audit must contain that row. What it finds wraps ErrAudit and names the first row
// that is wrong.
func (s *Store) VerifyAudit(ctx context.Context, head string) error {
	headSeq, headMAC, err := parseHead(head)
	if err != nil {
		return err
	}
	last := link{mac: make([]byte, 32)}
	check := func(l link) error {
		switch {
		case l.seq != last.seq+1:
			return fmt.Errorf("%w: row %d is missing", ErrAudit, last.seq+1)
		case !bytes.Equal(l.prev, last.mac), !hmac.Equal(s.chain.sum(l), l.mac):
			return fmt.Errorf("%w: row %d is not as it was written", ErrAudit, l.seq)
		case l.seq == headSeq && !hmac.Equal(l.mac, headMAC):
			return fmt.Errorf("%w: row %d is not the one of the given head", ErrAudit, l.seq)
		}
		last = l
		return nil
	}
	err = each(ctx, s.reader, "SELECT "+linkColumns+" FROM audit ORDER BY seq", nil, func(rows *sql.Rows) error {
		l, err := scanLink(rows.Scan)
		if err != nil {
			return err
		}
		return check(l)
	})
	if err == nil && headSeq > last.seq {
		err = fmt.Errorf("%w: it ends at row %d, before the given head, row %d", ErrAudit, last.seq, headSeq)
	}
	return wrap(err, "verify the audit")
}

func parseHead(head string) (seq int64, mac []byte, err error) {
	if head == "" {
		return 0, nil, nil
	}
	number, sum, _ := strings.Cut(head, ":")
	seq, err = strconv.ParseInt(number, 10, 64)
	mac, bad := hex.DecodeString(sum)
	if err != nil || bad != nil || seq < 0 || len(mac) != 32 {
		return 0, nil, fmt.Errorf("a head is SEQ:MAC as the digest prints it, not %q", head)
	}
	return seq, mac, nil
}
