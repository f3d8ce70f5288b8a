package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"runnerdesk/commands"
	"runnerdesk/internal/fleet"
)

// desk is the other side of the bot in tests. It knows its few texts and fails the test on
// others. Requests are the store's own.
type desk struct {
	r       *rig
	context commands.Context
	mu      sync.Mutex
	answer  func(ctx context.Context, text string) fleet.Answer // nil: the text itself
	before  func(ctx context.Context, in fleet.Input)           // runs at the beginning of Carry
	reveal  func(show func(fleet.Request, fleet.Token) error) error
	asked   []string // the texts of Answer, with who asked
	carried []fleet.Input
	shown   []error // what show returned
}

func newDesk(r *rig, server fleet.Server) *desk {
	scope, err := fleet.StoredScope("github.com", "octo-org")
	if err != nil {
		r.Fatal(err)
	}
	return &desk{r: r, context: commands.Context{Server: server, Scopes: []fleet.Scope{scope}, Default: scope, Command: "/runners"}}
}

// set changes the desk while the bot runs.
func (d *desk) set(change func(*desk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *desk) Context(string) commands.Context { return d.context }

func (d *desk) Refusal(err error) fleet.Notice {
	return fleet.Notice{Kind: fleet.Trouble, Text: fleet.Say("No token: ", err.Error())}
}

func info(text string) fleet.Notice { return fleet.Notice{Kind: fleet.Info, Text: fleet.Say(text)} }

func (d *desk) Answer(ctx context.Context, who commands.Actor, text string) fleet.Answer {
	d.mu.Lock()
	d.asked = append(d.asked, who.Person+" "+text)
	answer := d.answer
	d.mu.Unlock()
	if answer != nil {
		return answer(ctx, text)
	}
	return info("Answer to " + text)
}

// answers counts how often a text was answered.
func (d *desk) answers(text string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, a := range d.asked {
		if strings.HasSuffix(a, text) {
			n++
		}
	}
	return n
}

// inputs counts what was carried out, by the beginning of its verb or text.
func (d *desk) inputs(what string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, in := range d.carried {
		if strings.HasPrefix(in.Verb+in.Text, what) {
			n++
		}
	}
	return n
}

func (d *desk) Carry(ctx context.Context, in fleet.Input) fleet.Answer {
	d.mu.Lock()
	d.carried = append(d.carried, in)
	before := d.before
	d.mu.Unlock()
	if before != nil {
		before(ctx, in)
	}
	now := time.Now()
	if in.Verb == "" {
		if !strings.HasPrefix(in.Text, "register") {
			d.r.Errorf("the desk got the text %q", in.Text)
		}
		if !strings.Contains(in.Text, "because") {
			return fleet.ReasonNeeded{Command: in.Text, Rule: fleet.Rule{Name: "tokens", Reason: "required"}}
		}
		req := fleet.Request{Action: fleet.Register, Scope: d.context.Default, Requester: in.Person, Team: in.Team, Channel: in.Channel, Reason: "load",
			Rule: fleet.Rule{Name: "tokens", Actions: []fleet.Action{fleet.Register}, Scopes: []fleet.Glob{"*"}, Approvers: []string{bob}, Needed: 1, Channel: approvals, Expires: 4 * time.Hour}}
		stored, _, err := d.r.store.OpenRequest(ctx, in.Key, func(fleet.Ledger) (fleet.Request, error) { return req.Opened(now, time.Hour), nil }, in.Person, req.Scope)
		if err != nil {
			return info("not opened: " + err.Error())
		}
		return fleet.RequestView{Request: stored, Viewer: in.Person, New: true, Now: now}
	}
	_, err := d.r.store.UpdateRequest(ctx, in.Request, in.Key, func(r fleet.Request) (fleet.Request, error) {
		switch in.Verb {
		case "approve", "deny":
			return r.Cast(fleet.Vote{Person: in.Person, Verdict: fleet.Verdict(in.Verb), Reason: in.Text, Evidence: "named", At: now}, time.Hour)
		case "cancel":
			return r.Cancel(in.Person, now)
		}
		d.r.Errorf("the desk got the verb %q", in.Verb)
		return r, errors.New("no such verb")
	})
	if err != nil {
		return fleet.Notice{Kind: fleet.Refused, Text: fleet.Say(err.Error())}
	}
	return info(fmt.Sprintf("Done: %s %d", in.Verb, in.Request))
}

func (d *desk) Reveal(_ context.Context, who commands.Actor, id int64, show func(fleet.Request, fleet.Token) error) error {
	d.mu.Lock()
	reveal := d.reveal
	d.mu.Unlock()
	if reveal == nil {
		d.r.Errorf("%s revealed %d", who.Person, id)
		return errors.New("not expected")
	}
	return reveal(func(r fleet.Request, token fleet.Token) error {
		err := show(r, token)
		d.set(func(d *desk) { d.shown = append(d.shown, err) })
		return err
	})
}
