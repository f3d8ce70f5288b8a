// Package commands is the desk that people come to: it reads what they typed or
// pressed, says who may do what, answers queries, and opens, decides and cancels
// requests. It knows neither Slack's library nor SQL nor GitHub's client.
package commands

import (
	"context"
	"errors"
	"log/slog"
	"slices"
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
	// Home is the workspace that the bot is installed in.
	Home() (team string)
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
	lookUpWithin = 7 * time.Second  // rights, all look-ups together: people hear of a failure within 8 s
	warnWithin   = 3 * time.Second  // who could approve a new request: worth no more
	readWithin   = 20 * time.Second // GitHub, before what is stored has to do
	viewAge      = 5 * time.Minute  // how old a look-up may be for a view
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
	answer, err := d.answer(ctx, who, text)
	if err != nil {
		return d.refusal(err)
	}
	return answer
}

func (d *Desk) answer(ctx context.Context, who Actor, text string) (fleet.Answer, error) {
	if c, err := Parse(text, d.Context(who.Channel)); err == nil {
		switch {
		case c.Name == "help":
			return Help(c.Topic, d.Command), nil
		case c.Name == "whoami":
			return d.whoami(ctx, who)
		case Mutates(c):
			return nil, refuse("Type ", fleet.Code(d.Command+" "+c.Name+" …"), " yourself to do that.")
		}
	}
	// Everything else shows something of the fleet, so it takes a full member.
	m, err := d.member(ctx, who, viewAge)
	if err != nil {
		return nil, err
	}
	m, c, err := d.read(ctx, m, text)
	if err != nil {
		return nil, err
	}
	return d.query(ctx, m, c)
}

// read reads a text as somebody who may view some of the scopes. For them the others do
// not exist: no refusal and no suggestion names one.
func (d *Desk) read(ctx context.Context, m member, text string) (member, Command, error) {
	m.sees, m.blind = d.visible(ctx, m.viewing())
	all := d.Context(m.channel)
	some := all
	some.Scopes = m.sees
	c, err := Parse(text, some)
	if m.blind != nil {
		// Some scopes could not be looked up. A text that they would make another one is
		// not answered as if they were not there.
		whole, wrong := Parse(text, all)
		if wrong == nil && (err != nil || !slices.Equal(whole.Scopes, c.Scopes)) {
			return m, c, m.blind
		}
	}
	return m, c, err
}

func (d *Desk) query(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	switch c.Name {
	case "status":
		return d.status(ctx, m, c)
	case "list":
		return d.list(ctx, m, c)
	case "find":
		return d.find(ctx, m, c)
	case "show":
		return d.show(ctx, m, c)
	case "downloads":
		return d.downloads(ctx, m, c)
	case "requests":
		return d.requests(ctx, m, c)
	case "request":
		return d.request(ctx, m, c.Request)
	case "digest":
		return d.digest(ctx, m, c)
	case "about":
		return d.about(ctx, m)
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
	switch {
	case err == nil && !Mutates(c):
		// It changes nothing and needs no store, but answering it does no harm.
		return d.answer(ctx, who, in.Text)
	case err == nil && c.Request > 0:
		return d.decide(ctx, who, in, c.Name, c.Request, c.Reason)
	}
	m, err := d.member(ctx, who, 0)
	if err != nil {
		return nil, err
	}
	if m, c, err = d.read(ctx, m, in.Text); err != nil {
		return nil, err
	}
	return d.open(ctx, m, in, c)
}
