package admin

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runnerdesk/internal/config"
	"runnerdesk/internal/fleet"
	"runnerdesk/storage"
)

func TestInitWritesOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runnerdesk.yml")
	var out bytes.Buffer
	if err := Init(path, &out); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path)
	if err != nil || string(written) != config.Example() {
		t.Errorf("the file differs from the example, %v", err)
	}
	for _, want := range []string{path, "SLACK_APP_TOKEN", "runnerdesk serve"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the next steps lack %q:\n%s", want, out.String())
		}
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Init(path, &out); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second time: %v", err)
	}
	if kept, _ := os.ReadFile(path); string(kept) != "mine" {
		t.Errorf("it wrote over a configuration: %s", kept)
	}
}

func TestAudit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runnerdesk.db")
	c := &config.Config{Database: path}
	var out bytes.Buffer
	if err := VerifyAudit(t.Context(), c, "", &out); err == nil || !strings.Contains(err.Error(), "no database") {
		t.Errorf("without a database: %v", err)
	}
	s, err := storage.Open(t.Context(), storage.Options{Path: path, Host: "github.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() // the bot runs on
	if err := s.Record(t.Context(), fleet.Event{Actor: fleet.Runnerdesk, Verb: "started"}); err != nil {
		t.Fatal(err)
	}
	head, err := s.AuditHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyAudit(t.Context(), c, head, &out); err != nil || !strings.Contains(out.String(), head) {
		t.Errorf("verify says %q, %v", out.String(), err)
	}
	out.Reset()
	if err := ExportAudit(t.Context(), c, &out); err != nil || strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), `"verb":"started"`) {
		t.Errorf("export says %q, %v", out.String(), err)
	}
	if err := VerifyAudit(t.Context(), c, "7:"+strings.Repeat("0", 64), &out); err == nil || !strings.Contains(err.Error(), "before the given head") {
		t.Errorf("a head that is not there: %v", err)
	}
}
