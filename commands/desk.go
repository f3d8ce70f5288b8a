// Package commands is the desk that people come to: it reads what they typed or
// pressed, says who may do what, answers queries, and opens, decides and cancels
// requests. It knows neither Slack's library nor SQL nor GitHub's client.
package commands

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"runnerdesk/internal/fleet"
)

// Actor is who asks, and where.
type Actor struct {
	Person, Team, Enterprise string // Slack's ids
	Channel                  string
}

// Store is what the desk needs of storage.
type Store interface {
	Ledger
	Request(ctx context.Context, id int64) (fleet.Request, error)
	Requests(ctx context.Context, q fleet.RequestQuery) ([]fleet.Request, error)
	AuditOf(ctx context.Context, request int64) ([]fleet.AuditRow, error)
	Records(ctx context.Context, scope fleet.Scope) ([]fleet.Record, error)
	RecordOf(ctx context.Context, scope fleet.Scope, id int64) (fleet.Record, error)
	Reading(ctx context.Context, scope fleet.Scope) (fleet.Reading, error)
	Changes(ctx context.Context, scope fleet.Scope, runner int64, limit int) ([]fleet.Change, error)
}

// Ledger is the part of Store that changes requests.
type Ledger interface {
	// OpenRequest stores what build makes, or finds the request that the same input opened.
	OpenRequest(ctx context.Context, key string, build func(fleet.Ledger) (fleet.Request, error), requester string, scope fleet.Scope) (r fleet.Request, fresh bool, err error)
	// UpdateRequest runs a pure rule in one transaction and marks the input handled.
	UpdateRequest(ctx context.Context, id int64, key string, change func(fleet.Request) (fleet.Request, error)) (fleet.Request, error)
}

// GitHub is what the desk reads of GitHub itself; everything else it reads of the store.
type GitHub interface {
	Get(ctx context.Context, scope fleet.Scope, id int64) (fleet.Runner, error)
	Downloads(ctx context.Context, scope fleet.Scope) ([]fleet.Application, error)
}

// Watcher reads a scope from GitHub into the store.
type Watcher interface {
	Read(ctx context.Context, scope fleet.Scope) error
}

// Directory looks people up in Slack. A look-up that is older than maxAge is made again;
// with 0 it begins after the call did.
type Directory interface {
	Person(ctx context.Context, id string, maxAge time.Duration) (fleet.Person, error)
	// Members are the ids of the people in a user group, or in a private channel that is
	// not shared with another organization.
	Members(ctx context.Context, id string, maxAge time.Duration) ([]string, error)
	// Home is the workspace that the bot is installed in, and its organization or "".
	Home() (team, enterprise string)
}

// Revealer makes a token for an approved request and hands it to show.
type Revealer interface {
	Reveal(ctx context.Context, request int64, person string, show func(fleet.Request, fleet.Token) error) error
}

// Digests gathers digests.
type Digests interface {
	Plans(now time.Time) []fleet.DigestPlan
	Gather(ctx context.Context, plan fleet.DigestPlan) (fleet.Digest, error)
}

// Desk answers people. Its fields are set once.
type Desk struct {
	Store     Store
	GitHub    GitHub
	Watcher   Watcher
	Directory Directory
	Revealer  Revealer
	Digests   Digests
	Vitals    func(context.Context) fleet.About

	Policy          fleet.Policy
	Server          fleet.Server
	Scopes          []fleet.Scope
	DefaultScope    fleet.Scope
	ChannelDefaults map[string]fleet.Scope
	Command         string
	FreshFor        time.Duration // stored data younger than this answers without GitHub
	Now             func() time.Time
	Log             *slog.Logger
}

// Times that people wait at the most.
const (
	lookUpWithin = 7 * time.Second // rights; SPEC says that people hear of a failure within 8 s
	viewAge      = 5 * time.Minute // how old a look-up may be for a view
)

// Context is what a text typed in a channel is parsed with.
func (d *Desk) Context(channel string) Context {
	c := Context{Server: d.Server, Scopes: d.Scopes, Default: d.DefaultScope, Command: d.Command}
	if s, ok := d.ChannelDefaults[channel]; ok {
		c.Default = s
	}
	return c
}

// Answer answers a query: a text that changes nothing. It always has an answer.
func (d *Desk) Answer(ctx context.Context, who Actor, text string) fleet.Answer {
	c, err := Parse(text, d.Context(who.Channel))
	if err != nil {
		return d.refusal(err)
	}
	if Mutates(c) {
		return fleet.Notice{Kind: fleet.Refused, Text: fleet.Say("Type ", fleet.Code(d.Command+" "+c.Name+" …"), " yourself to do that.")}
	}
	answer, err := d.query(ctx, who, c)
	if err != nil {
		return d.refusal(err)
	}
	return answer
}

func (d *Desk) query(ctx context.Context, who Actor, c Command) (fleet.Answer, error) {
	switch c.Name {
	case "help":
		return Help(c.Topic, d.Command), nil
	case "whoami":
		return d.whoami(ctx, who)
	}
	// Everything below shows something of the fleet, so it takes a full member.
	member, err := d.member(ctx, who, viewAge)
	if err != nil {
		return nil, err
	}
	switch c.Name {
	case "status":
		return d.status(ctx, member, c)
	case "list":
		return d.list(ctx, member, c)
	case "find":
		return d.find(ctx, member, c)
	case "show":
		return d.show(ctx, member, c)
	case "downloads":
		return d.downloads(ctx, member, c)
	case "requests":
		return d.requests(ctx, member, c)
	case "request":
		return d.request(ctx, member, c.Request)
	case "digest":
		return d.digest(ctx, member, c)
	case "about":
		return d.about(ctx, member)
	case "alerts", "mute", "unmute":
		return fleet.Notice{Kind: fleet.Info, Text: fleet.Say("No alert is configured.")}, nil
	}
	return nil, errors.New("a command that is parsed but not answered: " + c.Name) // unreachable unless program bug
}

// Carry carries out an input that was stored: a request or a decision. The input is
// marked handled in the transaction that it causes; where it causes none, the caller
// marks it once the person has the answer.
func (d *Desk) Carry(ctx context.Context, in fleet.Input) fleet.Answer {
	answer, err := d.carry(ctx, in)
	if err != nil {
		return d.refusal(err)
	}
	return answer
}

func (d *Desk) carry(ctx context.Context, in fleet.Input) (fleet.Answer, error) {
	who := Actor{in.Person, in.Team, in.Enterprise, in.Channel}
	if in.Verb != "" {
		return d.decide(ctx, who, in, in.Verb, in.Request, in.Text)
	}
	c, err := Parse(in.Text, d.Context(in.Channel))
	if err != nil {
		return nil, err
	}
	switch c.Name {
	case "register", "remove-token", "delete":
		return d.open(ctx, who, in, c)
	case "approve", "deny", "cancel":
		return d.decide(ctx, who, in, c.Name, c.Request, c.Reason)
	}
	// A text that changes nothing needs no store, but answering it does no harm.
	return d.query(ctx, who, c)
}
