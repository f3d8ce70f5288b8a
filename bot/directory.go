package bot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// Directory looks up people, groups and channels in Slack. Those who wait for the same
// look-up share one: Slack allows about 20 a minute for user groups.
type Directory struct {
	api    *slack.Client
	now    func() time.Time
	failed func(error) // hears what Slack answered
	team   string
	mu     sync.Mutex
	known  map[string]*lookUp
}

func newDirectory(api *slack.Client, now func() time.Time, failed func(error)) *Directory {
	return &Directory{api: api, now: now, failed: failed, known: map[string]*lookUp{}}
}

func (d *Directory) home(team string) { d.team = team }

// Home is the workspace that the bot is installed in.
func (d *Directory) Home() (team string) { return d.team }

// lookUp is one question to Slack: its last answer, the flight under way, and the flight
// that those who asked after it took off will share.
type lookUp struct {
	value   any
	began   time.Time // when the flight that brought value took off; zero: never
	current *flight
	next    *flight
}

type flight struct {
	done  chan struct{}
	value any
	err   error
}

const (
	askWithin = 6 * time.Second
	// knownMost bounds what is remembered; what is older than anyone asks for goes first.
	knownMost = 5000
	knownFor  = 10 * time.Minute
)

// look answers a question with a value whose look-up began at most maxAge ago; with 0 it
// begins after look was called.
func (d *Directory) look(ctx context.Context, key string, maxAge time.Duration, ask func(context.Context) (any, error)) (any, error) {
	d.mu.Lock()
	l := d.known[key]
	if l == nil {
		d.forget()
		l = new(lookUp)
		d.known[key] = l
	}
	if maxAge > 0 && !l.began.IsZero() && d.now().Sub(l.began) < maxAge {
		defer d.mu.Unlock()
		return l.value, nil
	}
	var f *flight
	switch {
	case l.current == nil:
		f = &flight{done: make(chan struct{})}
		l.current = f
		d.takeOff(ctx, l, f, ask)
	case maxAge > 0:
		f = l.current
	default:
		// The flight under way began before this question: wait for the next.
		if l.next == nil {
			l.next = &flight{done: make(chan struct{})}
		}
		f = l.next
	}
	d.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-f.done:
		return f.value, f.err
	}
}

// forget makes room for one more look-up; d.mu is held. First go those that are too old
// to be asked for, then any that has landed.
func (d *Directory) forget() {
	if len(d.known) < knownMost {
		return
	}
	now := d.now()
	maps.DeleteFunc(d.known, func(_ string, l *lookUp) bool { return l.current == nil && now.Sub(l.began) > knownFor })
	for key, l := range d.known {
		if len(d.known) < knownMost {
			return
		}
		if l.current == nil {
			delete(d.known, key)
		}
	}
}

// takeOff starts a flight; d.mu is held. The flight belongs to all who wait for it.
func (d *Directory) takeOff(ctx context.Context, l *lookUp, f *flight, ask func(context.Context) (any, error)) {
	ctx = context.WithoutCancel(ctx)
	began := d.now()
	go func() {
		defer func() {
			if p := recover(); p != nil {
				f.err = fmt.Errorf("a look-up failed: %v", p)
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			if f.err == nil {
				l.value, l.began = f.value, began
			}
			close(f.done)
			if l.current = l.next; l.next != nil {
				l.next = nil
				d.takeOff(ctx, l, l.current, ask)
			}
		}()
		ctx, cancel := context.WithTimeout(ctx, askWithin)
		defer cancel()
		f.value, f.err = ask(ctx)
	}()
}

// lost is the error of a look-up. Slack's own text, which may hold an address, stays out.
func (d *Directory) lost(what string, err error) error {
	d.failed(err)
	return fmt.Errorf("look up %s: %s", what, clean(err))
}

// Person looks somebody up.
func (d *Directory) Person(ctx context.Context, id string, maxAge time.Duration) (fleet.Person, error) {
	v, err := d.look(ctx, "person "+id, maxAge, func(ctx context.Context) (any, error) {
		u, err := d.api.GetUserInfoContext(ctx, id)
		if err != nil {
			switch slackCode(err) {
			case "user_not_found", "user_not_visible":
				return fleet.Person{}, nil // certain: there is nobody
			}
			return nil, d.lost(id, err)
		}
		p := fleet.Person{
			ID: u.ID, Team: u.TeamID, Teams: u.Enterprise.Teams, Name: u.Profile.DisplayName, Zone: u.TZ,
			Deleted: u.Deleted, Bot: u.IsBot || u.IsAppUser || u.ID == "USLACKBOT",
			Guest: u.IsRestricted || u.IsUltraRestricted, Stranger: u.IsStranger,
		}
		return p, nil
	})
	if err != nil {
		return fleet.Person{}, err
	}
	return v.(fleet.Person), nil
}

// Members are the ids of the people in a user group (S…) or in a private channel (C…,
// G…) that is not shared with another organization.
func (d *Directory) Members(ctx context.Context, id string, maxAge time.Duration) ([]string, error) {
	v, err := d.look(ctx, "members "+id, maxAge, func(ctx context.Context) (any, error) {
		if strings.HasPrefix(id, "S") {
			ids, err := d.api.GetUserGroupMembersContext(ctx, id)
			if err != nil {
				return nil, d.lost("group "+id, err)
			}
			return ids, nil
		}
		return d.channelMembers(ctx, id)
	})
	if err != nil {
		return nil, err
	}
	return slices.Clone(v.([]string)), nil
}

func (d *Directory) channelMembers(ctx context.Context, id string) ([]string, error) {
	c, err := d.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		return nil, d.lost("channel "+id, err)
	}
	if !c.IsPrivate || open(c) {
		return nil, fmt.Errorf("channel %s gives no rights: it must be private and not shared with another organization", id)
	}
	var ids []string
	for cursor := ""; ; {
		page, next, err := d.api.GetUsersInConversationContext(ctx, &slack.GetUsersInConversationParameters{ChannelID: id, Cursor: cursor, Limit: 1000})
		if err != nil {
			return nil, d.lost("members of "+id, err)
		}
		ids = append(ids, page...)
		if next == "" || next == cursor {
			return ids, nil
		}
		cursor = next
	}
}

// channelAge is how old the look-up of a channel may be before something is posted there.
const channelAge = time.Minute

// Shared reports whether a channel is shared with another organization, or about to be.
func (d *Directory) Shared(ctx context.Context, id string) (bool, error) {
	if !strings.HasPrefix(id, "C") && !strings.HasPrefix(id, "G") {
		return false, nil // a direct message
	}
	v, err := d.look(ctx, "channel "+id, channelAge, func(ctx context.Context) (any, error) {
		c, err := d.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
		if err != nil {
			return nil, err
		}
		return open(c), nil
	})
	if err != nil {
		return false, err
	}
	return v.(bool), nil
}

// open reports whether people of another organization can read a channel.
func open(c *slack.Channel) bool {
	return c.IsExtShared || c.IsPendingExtShared || len(c.PendingShared) > 0
}
