// Package config reads runnerdesk.yml and the environment into a Config, and reports
// everything that is wrong with them at once, each fault with its place.
package config

import (
	"log/slog"
	"time"

	"runnerdesk/internal/fleet"
)

// DefaultFile is the configuration that is read when none is named.
const DefaultFile = "runnerdesk.yml"

// Config is everything a person has configured, checked and with its defaults filled
// in. Only Load makes one. Whether channels, people and groups exist is not known here.
type Config struct {
	File     string // that was read
	Server   fleet.Server
	Slack    Slack
	GitHub   GitHub
	AuditKey fleet.Secret // of the audit chain; zero when not given

	Scopes          []fleet.Scope          // what the bot may touch, in the file's order
	DefaultScope    fleet.Scope            // zero when there is none
	ChannelDefaults map[string]fleet.Scope // by channel id
	Command         string                 // "/runners"
	Database        string                 // path, usable from the working directory
	Listen          string                 // host and port; "" turns it off
	Poll, Retention time.Duration
	LogLevel        slog.Level

	Policy    fleet.Policy
	Operators Operators
	Digests   []Digest
	Alerts    []Alert
	Cleanups  []Cleanup

	// Warnings are what is hardly meant but harms nothing.
	Warnings Faults

	// Hash is the SHA-256, in hex, of the file and of those variables that are no secrets.
	Hash string
}

// Slack is how Slack is reached.
type Slack struct {
	AppToken, BotToken fleet.Secret
	APIURL             string // ends in a slash
}

// GitHub holds the credentials. Token, or the App's two halves, or all three are set.
type GitHub struct {
	Token  fleet.Secret
	AppID  int64
	AppKey fleet.Secret // PEM
}

// Operators are those who hear of broken credentials, unreachable channels and old data.
type Operators struct {
	Channel string
	People  []string
}

// Digest is a report that is posted on a schedule.
type Digest struct {
	Name, Channel string
	Cron, Zone    string // five fields; an IANA time zone
	Scopes        []fleet.Scope
	When          string        // always, changed or unhealthy
	OfflineFor    time.Duration // offline longer than this needs a person
}

// Alert is a condition that somebody wants to hear of at once. A zero field is no
// condition.
type Alert struct {
	Name, Channel string
	Scopes        []fleet.Scope
	Labels        []string // runners with any of these; empty is all
	OfflineFor    time.Duration
	NoneIdleFor   time.Duration
	FewerThan     int // online
	BusyFor       time.Duration
	VersionEndsIn time.Duration
	Unexplained   bool
	Mention       []string // people and user groups
}

// Cleanup is a deletion that is proposed on a schedule, as a request like any other.
type Cleanup struct {
	Name, Cron, Zone string
	Scopes           []fleet.Scope
	OfflineFor       time.Duration
}

const (
	day  = 24 * time.Hour
	week = 7 * day
	// ever is the bound of a duration that has none of its own: a hundred years.
	ever = 36500 * day
)

// defaults is a Config before anything is read.
func defaults() *Config {
	return &Config{
		ChannelDefaults: map[string]fleet.Scope{},
		Command:         "/runners",
		Database:        "runnerdesk.db",
		Listen:          "127.0.0.1:8080",
		Poll:            2 * time.Minute,
		Retention:       90 * day,
		Policy: fleet.Policy{
			Limits:       fleet.Limits{DeleteAtOnce: 25, DeleteShare: 25, OpenRequests: 5},
			RevealWithin: 8 * time.Hour,
		},
	}
}
