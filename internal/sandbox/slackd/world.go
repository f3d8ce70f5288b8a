package slackd

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// App is the installed app. Install fills what is left empty with the values of SampleApp.
type App struct {
	ID, AppToken, BotToken, BotUser, BotID, Team, Domain, Enterprise, Command string
	// Scopes are the bot token's, AppScopes the app-level token's. nil means what the
	// sample app has; an empty list means none.
	Scopes, AppScopes []string
	// Events are the subscribed bot events; nil means all that the server can send.
	Events []string
	// Shortcuts are the callback ids of the global shortcuts.
	Shortcuts []string
	// PlainText turns off should_escape of the slash command.
	PlainText bool
	// NoHomeTab and NoMessagesTab turn off the tabs of App Home.
	NoHomeTab, NoMessagesTab bool
}

// User is a member of the workspace, a guest (Restricted, UltraRestricted), a bot, or a
// Stranger from another workspace met in a shared channel.
type User struct {
	ID, Name, RealName, TZ, Team                        string
	Deleted, Bot, Restricted, UltraRestricted, Stranger bool
}

// Channel is a conversation. Ids begin with C, or D for a direct message of two.
type Channel struct {
	ID, Name                                       string
	Private, ExtShared, PendingExtShared, Archived bool
	Members                                        []string
}

type group struct {
	id, handle string
	users      []string
	disabled   bool
}

type world struct {
	app      App
	revoked  map[string]string // token -> error code
	users    map[string]*User
	channels map[string]*Channel
	groups   map[string]*group
	free     bool
	messages map[string][]*Message // channel -> in order of ts
	files    []*File
	modals   map[string][]*View // user -> stack, the visible one last
	homes    map[string]*View
}

func newWorld() world {
	return world{
		revoked:  map[string]string{},
		users:    map[string]*User{},
		channels: map[string]*Channel{},
		groups:   map[string]*group{},
		messages: map[string][]*Message{},
		modals:   map[string][]*View{},
		homes:    map[string]*View{},
	}
}

// SampleApp returns an app with made-up tokens and every scope and event that the
// server knows how to use.
func SampleApp() App {
	return App{
		ID: "A0RUNNERS", AppToken: "xapp-1-A0RUNNERS-1-sample", BotToken: "xoxb-1-1-sample",
		BotUser: "U0RUNNERS", BotID: "B0RUNNERS", Team: "T0OCTO", Domain: "octo-org", Command: "/runners",
		Scopes: []string{"commands", "chat:write", "users:read", "usergroups:read", "files:write",
			"channels:read", "groups:read", "im:history", "im:write", "app_mentions:read"},
		AppScopes: []string{"connections:write"},
		Events:    []string{"app_mention", "app_home_opened", "message.im"},
	}
}

// Install installs the app, or installs it again with other scopes or tokens, and adds
// its bot user.
func (s *Server) Install(a App) {
	d := SampleApp()
	for _, f := range []struct{ got, want *string }{
		{&a.ID, &d.ID}, {&a.AppToken, &d.AppToken}, {&a.BotToken, &d.BotToken}, {&a.BotUser, &d.BotUser},
		{&a.BotID, &d.BotID}, {&a.Team, &d.Team}, {&a.Domain, &d.Domain}, {&a.Command, &d.Command},
	} {
		if *f.got == "" {
			*f.got = *f.want
		}
	}
	if a.Scopes == nil {
		a.Scopes = d.Scopes
	}
	if a.AppScopes == nil {
		a.AppScopes = d.AppScopes
	}
	if a.Events == nil {
		a.Events = d.Events
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app = a
	s.users[a.BotUser] = &User{ID: a.BotUser, Name: "runners", RealName: "Runnerdesk", Team: a.Team, Bot: true}
	s.note()
}

// AddApp is Install.
func (s *Server) AddApp(a App) { s.Install(a) }

// App returns the installed app.
func (s *Server) App() App {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.app
}

// Revoke makes a token answer with code (token_revoked, account_inactive) from now on;
// an empty code makes it valid again.
func (s *Server) Revoke(token, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code == "" {
		delete(s.revoked, token)
	} else {
		s.revoked[token] = code
	}
	s.note()
}

// AddUser adds or replaces a person. Team defaults to the app's, or to another one for
// a Stranger.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.Name == "" {
		u.Name = strings.ToLower(u.ID)
	}
	if u.RealName == "" {
		u.RealName = u.Name
	}
	if u.TZ == "" {
		u.TZ = "Etc/UTC"
	}
	if u.Team == "" {
		u.Team = s.app.Team
		if u.Team == "" {
			u.Team = SampleApp().Team
		}
		if u.Stranger {
			u.Team = "T0STRANGE"
		}
	}
	s.users[u.ID] = &u
	s.note()
}

// SetUser changes a person, as an administrator would (deactivate, make a guest).
func (s *Server) SetUser(id string, change func(*User)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[id]; u != nil {
		next := *u
		change(&next)
		s.users[id] = &next
	}
	s.note()
}

// AddChannel adds or replaces a channel.
func (s *Server) AddChannel(c Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Members = slices.Clone(c.Members)
	s.channels[c.ID] = &c
	s.note()
}

// SetChannel changes a channel (archive it, share it).
func (s *Server) SetChannel(id string, change func(*Channel)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channels[id]; c != nil {
		change(c)
	}
	s.note()
}

// Join adds a user, or the bot, to a channel.
func (s *Server) Join(channel, user string) {
	s.SetChannel(channel, func(c *Channel) {
		if !slices.Contains(c.Members, user) {
			c.Members = append(slices.Clone(c.Members), user)
		}
	})
}

// Leave removes a user, or the bot, from a channel.
func (s *Server) Leave(channel, user string) {
	s.SetChannel(channel, func(c *Channel) {
		c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(m string) bool { return m == user })
	})
}

// AddGroup adds a user group.
func (s *Server) AddGroup(id, handle string, users ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups[id] = &group{id: id, handle: handle, users: slices.Clone(users)}
	s.note()
}

// SetGroup replaces the members of a user group; without users the group is disabled, as
// Slack does not keep empty groups.
func (s *Server) SetGroup(id string, users ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[id]; g != nil {
		s.groups[id] = &group{id: id, handle: g.handle, users: slices.Clone(users), disabled: len(users) == 0}
	}
	s.note()
}

// FreePlan puts the workspace on a plan without user groups, or back.
func (s *Server) FreePlan(free bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = free
	s.note()
}

// dm returns the direct message channel of a user and the bot, opened when missing. The
// caller holds mu.
func (s *Server) dm(user string) *Channel {
	id := "D" + strings.TrimLeft(user, "UW")
	c := s.channels[id]
	if c == nil {
		c = &Channel{ID: id, Private: true, Members: []string{user, s.app.BotUser}}
		s.channels[id] = c
	}
	return c
}

func (c *Channel) isDM() bool               { return strings.HasPrefix(c.ID, "D") }
func (c *Channel) has(user string) bool     { return slices.Contains(c.Members, user) }
func (u *User) guest() bool                 { return u.Restricted || u.UltraRestricted }
func (s *Server) botIn(c *Channel) bool     { return c.has(s.app.BotUser) }
func (s *Server) scope(name string) bool    { return slices.Contains(s.app.Scopes, name) }
func (s *Server) subscribed(ev string) bool { return slices.Contains(s.app.Events, ev) }

// canSee says whether a user can read a channel: members can, and full members of the
// workspace can read every public one.
func (s *Server) canSee(c *Channel, user string) bool {
	if c.has(user) {
		return true
	}
	u := s.users[user]
	return u != nil && !c.Private && !u.guest() && !u.Stranger
}

// find returns a message by channel and ts, or nil. The caller holds mu.
func (s *Server) find(channel, ts string) *Message {
	list := s.messages[channel]
	i := sort.Search(len(list), func(i int) bool { return tsLess(ts, list[i].TS) || list[i].TS == ts })
	if i < len(list) && list[i].TS == ts {
		return list[i]
	}
	return nil
}

// tsLess compares two message ids of equal form without turning them into floats.
func tsLess(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// add stores a new message and gives it its ts. The caller holds mu.
func (s *Server) add(m *Message) *Message {
	m.TS = s.newTS()
	m.At = s.opt.Now()
	m.Revision = 1
	s.messages[m.Channel] = append(s.messages[m.Channel], m)
	s.note()
	return m
}

func (s *Server) since(t time.Time) time.Duration { return s.opt.Now().Sub(t) }
