package config

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"runnerdesk/internal/fleet"
)

// environ reads the environment: every X, or the file that X_FILE names.
type environ struct {
	r        *reader
	lookup   func(string) (string, bool)
	readFile func(string) ([]byte, error)
}

// fault is about a variable and never repeats what it holds.
func (e *environ) fault(name, format string, args ...any) {
	e.r.faults = append(e.r.faults, Fault{Environment, 0, 0, name + " " + e.r.hide.clean(fmt.Sprintf(format, args...))})
}

// value is what a variable holds. An empty one counts as not given.
func (e *environ) value(name string) (string, bool) {
	direct, _ := e.lookup(name)
	path, _ := e.lookup(name + "_FILE")
	switch {
	case direct != "" && path != "":
		e.fault(name, "and %s_FILE are both given; keep one of them", name)
		return "", false
	case path == "":
		return direct, direct != ""
	}
	data, err := e.readFile(path)
	switch {
	case err != nil:
		e.fault(name+"_FILE", "names a file that %s; give the path of a file that holds the value of %s", unreadable(err), name)
		return "", false
	case len(data) > largest:
		e.fault(name+"_FILE", "names a file that is larger than 1 MiB; give the path of a file that holds the value of %s alone", name)
		return "", false
	}
	held := strings.TrimRight(string(data), "\r\n")
	if held == "" {
		e.fault(name+"_FILE", "names an empty file; write the value of %s into it", name)
	}
	return held, held != ""
}

// secret is a variable that no fault may repeat.
func (e *environ) secret(name string) (fleet.Secret, bool) {
	value, given := e.value(name)
	if !given {
		return fleet.Secret{}, false
	}
	e.r.hide.learn(value)
	return fleet.NewSecret(value), true
}

// read fills in what only the environment says.
func (e *environ) read(c *Config, offline bool) {
	// Secrets come first, so that no later fault can repeat one.
	var key fleet.Secret
	var hasToken, hasKey bool
	c.Slack.AppToken = e.slackToken("SLACK_APP_TOKEN", "xapp-", "the app-level token of the app's Basic Information page", offline)
	c.Slack.BotToken = e.slackToken("SLACK_BOT_TOKEN", "xoxb-", "the bot token of the app's OAuth & Permissions page", offline)
	c.GitHub.Token, hasToken = e.secret("GITHUB_TOKEN")
	key, hasKey = e.secret("GITHUB_APP_PRIVATE_KEY")
	c.AuditKey, _ = e.secret("RUNNERDESK_AUDIT_KEY")

	if hasToken && !oneWord(c.GitHub.Token) {
		e.fault("GITHUB_TOKEN", "has spaces, line breaks or control characters in it; give the token alone")
	}
	id, hasID := e.value("GITHUB_APP_ID")
	e.r.hide.learn(lookLikeKey(id))
	if hasID {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || n <= 0 {
			e.fault("GITHUB_APP_ID", "is not an App's number; give the App ID of the App's settings page")
		}
		c.GitHub.AppID = n
	}
	if hasKey && !privateKey(key) {
		e.fault("GITHUB_APP_PRIVATE_KEY", "is not an RSA private key in PEM; give the file that GitHub made, best by GITHUB_APP_PRIVATE_KEY_FILE")
	}
	c.GitHub.AppKey = key
	switch {
	case hasID && !hasKey && !e.named("GITHUB_APP_PRIVATE_KEY"):
		e.fault("GITHUB_APP_PRIVATE_KEY", "is missing; GITHUB_APP_ID needs it, or give GITHUB_TOKEN alone")
	case hasKey && !hasID && !e.named("GITHUB_APP_ID"):
		e.fault("GITHUB_APP_ID", "is missing; GITHUB_APP_PRIVATE_KEY needs it, or give GITHUB_TOKEN alone")
	case !offline && !e.named("GITHUB_TOKEN") && !e.named("GITHUB_APP_ID") && !e.named("GITHUB_APP_PRIVATE_KEY"):
		e.fault("GITHUB_TOKEN", "is missing; give a personal access token")
	}
	e.addresses(c)
}

// named reports whether a variable is given in any way, also a wrong one.
func (e *environ) named(name string) bool {
	direct, _ := e.lookup(name)
	path, _ := e.lookup(name + "_FILE")
	return direct != "" || path != ""
}

func (e *environ) slackToken(name, prefix, what string, offline bool) fleet.Secret {
	token, given := e.secret(name)
	switch {
	case !given && !e.named(name) && !offline:
		e.fault(name, "is missing; give %s, which begins with %s", what, prefix)
	case given && !strings.HasPrefix(token.Reveal(), prefix):
		e.fault(name, "does not begin with %s; give %s", prefix, what)
	case given && (!oneWord(token) || len(token.Reveal()) == len(prefix)):
		e.fault(name, "is not a whole token; give %s, and nothing else", what)
	}
	return token
}

// oneWord reports whether a secret is printable ASCII without spaces, which can go into
// a header.
func oneWord(s fleet.Secret) bool {
	return strings.IndexFunc(s.Reveal(), func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}

// lookLikeKey is the value of a number variable when it is no number: a secret that
// went to the wrong variable.
func lookLikeKey(value string) string {
	if strings.Trim(value, "0123456789") == "" {
		return ""
	}
	return value
}

func privateKey(s fleet.Secret) bool {
	block, _ := pem.Decode([]byte(s.Reveal()))
	if block == nil {
		return false
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return true
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	_, isRSA := key.(*rsa.PrivateKey)
	return err == nil && isRSA
}

// addresses reads where Slack and GitHub are. An address that may hold a password is
// not repeated.
func (e *environ) addresses(c *Config) {
	address, _ := e.value("GITHUB_API_URL")
	server, err := fleet.ParseServer(address)
	switch {
	case err != nil && (strings.Contains(address, "@") || e.r.hide.holds(address)):
		e.fault("GITHUB_API_URL", "is not an address; give https://api.github.com or https://HOST/api/v3")
	case err != nil:
		e.fault("GITHUB_API_URL", "is wrong: %v", err)
	}
	if err != nil {
		server, _ = fleet.ParseServer("") // so that scopes can be read and checked all the same
	}
	c.Server = server

	c.Slack.APIURL = "https://slack.com/api/"
	if address, given := e.value("SLACK_API_URL"); given {
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" ||
			u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			e.fault("SLACK_API_URL", "is not an address; give https://slack.com/api/ or leave it out")
		case u.Scheme == "http" && !fleet.Loopback(u.Host):
			e.fault("SLACK_API_URL", "begins with http://, which is accepted for loopback hosts only; use https://")
		default:
			c.Slack.APIURL = strings.TrimSuffix(address, "/") + "/"
		}
	}

	if level, given := e.value("RUNNERDESK_LOG"); given {
		levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
		var known bool
		if c.LogLevel, known = levels[strings.ToLower(level)]; !known {
			e.fault("RUNNERDESK_LOG", "is not a level; give debug, info, warn or error")
		}
	}
}

// override puts the variables that stand above the file's keys in their place. A path
// among them is relative to the working directory, as is usual for the environment.
func (e *environ) override(c *Config) {
	if path, given := e.value("RUNNERDESK_DATABASE"); given {
		c.Database = path
	}
	if listen, given := e.value("RUNNERDESK_LISTEN"); given {
		if c.Listen = listen; !hostPort(listen) {
			e.fault("RUNNERDESK_LISTEN", `is not HOST:PORT; give one such as 127.0.0.1:8080, or "" to turn it off`)
		}
	} else if empty, set := e.lookup("RUNNERDESK_LISTEN"); set && empty == "" && !e.named("RUNNERDESK_LISTEN") {
		c.Listen = ""
	}
}
