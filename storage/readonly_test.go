package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runnerdesk/internal/fleet"
)

func TestAuditIsReadBesideARunningBot(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "db")
	s, err := Open(ctx, Options{Path: path, Host: "github.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Record(ctx, fleet.Event{Actor: fleet.Runnerdesk, Verb: "started", Detail: "one"}, fleet.Event{Actor: "U0ANN", Verb: "looked"}); err != nil {
		t.Fatal(err)
	}
	head, err := s.AuditHead(ctx)
	if err != nil {
		t.Fatal(err)
	}
	a, err := OpenAudit(ctx, path, fleet.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Verify(ctx, head); err != nil {
		t.Errorf("verify: %v", err)
	}
	if got, err := a.Head(ctx); err != nil || got != head {
		t.Errorf("head is %q, %v, want %q", got, err, head)
	}
	var out bytes.Buffer
	if err := a.Export(ctx, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2:\n%s", len(lines), out.String())
	}
	var row exported
	if err := json.Unmarshal([]byte(lines[0]), &row); err != nil {
		t.Fatal(err)
	}
	if row.Seq != 1 || row.Verb != "started" || row.Detail != "one" || row.Host != "github.com" || len(row.MAC) != 64 {
		t.Errorf("first line is %s", lines[0])
	}
}

func TestAuditNeedsItsKey(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "db")
	s, err := Open(ctx, Options{Path: path, Host: "github.com"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Record(ctx, fleet.Event{Actor: fleet.Runnerdesk, Verb: "started"}); err != nil {
		t.Fatal(err)
	}
	s.Close()

	other, err := OpenAudit(ctx, path, fleet.NewSecret(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Verify(ctx, ""); !errors.Is(err, ErrAudit) {
		t.Errorf("verify with another key: %v, want ErrAudit", err)
	}
	if err := os.Remove(path + ".key"); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAudit(ctx, path, fleet.Secret{}); !errors.Is(err, ErrAuditKey) {
		t.Errorf("open without a key: %v, want ErrAuditKey", err)
	}
	if _, err := os.Stat(path + ".key"); err == nil {
		t.Error("a key was made")
	}
	if _, err := OpenAudit(ctx, filepath.Join(t.TempDir(), "none"), fleet.Secret{}); err == nil {
		t.Error("a database that is not there was opened")
	}
}
