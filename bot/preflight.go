package bot

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// scopes are what manifest.yml asks for, with what does not work without each.
var scopes = []struct{ name, lost string }{
	{"commands", "the slash command"},
	{"chat:write", "every message"},
	{"users:read", "looking up who may do what"},
	{"usergroups:read", "user groups in access: and approvals:"},
	{"channels:read", "checking channels before something is posted"},
	{"groups:read", "private channels as groups of people"},
	{"app_mentions:read", "mentions of the bot"},
	{"im:history", "direct messages to the bot"},
}

// refusals are Slack's codes for a token that will not work again without a person.
// https://docs.slack.dev/reference/methods/auth.test
var refusals = map[string]string{
	"invalid_auth":            "Slack does not know it. Copy it again from the app's settings.",
	"not_authed":              "it is empty.",
	"account_inactive":        "its account or workspace is deactivated, or the app was removed.",
	"token_revoked":           "it was revoked. Install the app again and copy the new one.",
	"token_expired":           "it has expired. Turn token rotation off for the app, or make a new one.",
	"not_allowed_token_type":  "it is of the wrong kind: SLACK_APP_TOKEN begins with xapp-, SLACK_BOT_TOKEN with xoxb-.",
	"no_permission":           "it lacks the permission.",
	"missing_scope":           "it lacks a scope.",
	"team_access_not_granted": "the app is not installed in this workspace.",
	"org_login_required":      "the workspace was moved to an organization. Install the app again.",
	"access_denied":           "Slack denies it access.",
	"ekm_access_denied":       "the workspace's administrators suspended the app.",
}

// Connect tries both tokens. It waits while Slack can't be reached, and returns a *Fatal
// when it refuses one of them.
func (b *Bot) Connect(ctx context.Context) error {
	if err := b.insist(ctx, "SLACK_BOT_TOKEN", func(ctx context.Context) error {
		r, err := b.api.AuthTestContext(ctx)
		if err == nil {
			b.self = *r
			b.directory.home(r.TeamID)
		}
		return err
	}); err != nil {
		return err
	}
	if err := b.insist(ctx, "SLACK_APP_TOKEN", func(ctx context.Context) error {
		_, _, err := b.api.StartSocketModeContext(ctx)
		return err
	}); err != nil {
		return err
	}
	b.missing(ctx)
	return nil
}

func (b *Bot) insist(ctx context.Context, name string, try func(context.Context) error) error {
	for n := 0; ; n++ {
		once, cancel := context.WithTimeout(ctx, patientWithin)
		err := try(once)
		cancel()
		if err == nil {
			return nil
		}
		if f := refusal(name, err); f != nil {
			return f
		}
		wait := min(time.Second<<min(n, 6), 30*time.Second)
		if after, limited := limit(err); limited {
			wait = after
		}
		b.o.Log.Warn("Slack can't be reached; trying again", "url", b.o.APIURL, "in", wait.String(), "err", clean(err))
		if within(ctx.Done(), wait) {
			return ctx.Err()
		}
	}
}

// refusal is the *Fatal for an error that means a refused token, or nil.
func refusal(name string, err error) *Fatal {
	code := slackCode(err)
	why, ok := refusals[code]
	if !ok {
		return nil
	}
	if code == "missing_scope" {
		var s slack.SlackErrorResponse
		if errors.As(err, &s) && s.Needed != "" {
			why = "it lacks the scope " + s.Needed + "."
		}
	}
	if name == "SLACK_APP_TOKEN" && (code == "missing_scope" || code == "no_permission") {
		why = "it lacks the scope connections:write. Make an app-level token with that scope in the app's settings."
	}
	return &Fatal{Why: "Slack refused " + name + " (" + code + "): " + why}
}

// heed stops the program when an answer shows that Slack takes the bot token no more.
// Other refusals are about one method or one place.
func (b *Bot) heed(err error) {
	switch slackCode(err) {
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired":
		b.fail(refusal("SLACK_BOT_TOKEN", err))
	}
}

// limit is how long Slack wants to be left alone, if err says so.
func limit(err error) (time.Duration, bool) {
	var told *slack.RateLimitedError
	var status slack.StatusCodeError
	switch {
	case errors.As(err, &told):
		return max(told.RetryAfter, time.Second), true
	case errors.As(err, &status) && status.Code == http.StatusTooManyRequests, slackCode(err) == "ratelimited":
		return 30 * time.Second, true // it does not say how long
	}
	return 0, false
}

// missing tells the operators which scopes the bot token lacks.
func (b *Bot) missing(ctx context.Context) {
	granted := b.self.Header.Get("X-OAuth-Scopes")
	if granted == "" {
		return
	}
	have := strings.FieldsFunc(granted, func(r rune) bool { return r == ',' || r == ' ' })
	for _, s := range scopes {
		if !slices.Contains(have, s.name) {
			b.o.Tell(ctx, "scope "+s.name, fleet.Say("The bot token lacks the scope ", fleet.Code(s.name), ", so "+s.lost+" can't work. Add it in the app's settings and install the app again."))
		}
	}
}

// clean is an error without what a log must not hold: addresses in it may carry secrets.
func clean(err error) string {
	if code := slackCode(err); code != "" {
		return code
	}
	_, limited := limit(err)
	var status slack.StatusCodeError
	var ours *fault
	switch {
	case errors.As(err, &ours):
		return ours.Error()
	case limited:
		return "rate limited"
	case errors.As(err, &status):
		return status.Status
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "stopped"
	}
	return "connection failed" + cause(err)
}

// cause is why a connection failed, as far as the network tells. Of an address only host
// and port are in it.
func cause(err error) string {
	var (
		name    *net.DNSError
		network *net.OpError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &name):
		return ": the name " + name.Name + " is not known here"
	case errors.As(err, &unknown), errors.As(err, &host):
		return ": its certificate is not trusted here"
	case errors.As(err, &record):
		return ": it does not speak TLS"
	case errors.As(err, &network) && network.Addr != nil:
		return ": " + network.Op + " " + network.Addr.String() + ": " + network.Err.Error()
	}
	return ""
}
