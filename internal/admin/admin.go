// Package admin is what the people who run Runnerdesk type beside it: a first
// configuration, and the audit. Each function gives its result in an error or in what it
// writes; none connects to anything.
package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"runnerdesk/internal/config"
	"runnerdesk/storage"
)

// Init writes an annotated configuration to path, where there must be none, and the next
// steps to out.
func Init(path string, out io.Writer) error {
	if path == "" {
		path = config.DefaultFile
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; name another file with --config", path)
	}
	if err == nil {
		_, err = io.WriteString(f, config.Example())
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("write a configuration: %w", err)
	}
	_, err = fmt.Fprintf(out, `%s is written. Next:
1. Put your scopes, people and channels into it.
2. Make the Slack app from manifest.yml, install it, and make its app-level token.
3. Set SLACK_APP_TOKEN, SLACK_BOT_TOKEN and GITHUB_TOKEN.
4. Run: runnerdesk serve
`, path)
	return err
}

// ExportAudit writes the audit as JSON Lines.
func ExportAudit(ctx context.Context, c *config.Config, out io.Writer) error {
	a, err := storage.OpenAudit(ctx, c.Database, c.AuditKey)
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Export(ctx, out)
}

// VerifyAudit says whether the audit is whole, and contains head when that is not "".
func VerifyAudit(ctx context.Context, c *config.Config, head string, out io.Writer) error {
	a, err := storage.OpenAudit(ctx, c.Database, c.AuditKey)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Verify(ctx, head); err != nil {
		return err
	}
	now, err := a.Head(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The audit is whole. Its newest row is %s\n", now)
	return err
}
