package bot

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/commands"
	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox"
	"runnerdesk/internal/sandbox/slackd"
	"runnerdesk/storage"
)

// The people and places of every test.
const (
	ann, bob, gil              = "U0ANN", "U0BOB", "U0GIL"
	room, approvals, elsewhere = "C0ROOM", "C0APPROVALS", "C0ELSEWHERE"
)

// rig is the bot between the built-in Slack, a store on a file, and a desk made for the
// test. It runs in a synctest bubble: waiting costs nothing, and a goroutine that is left
// over fails the test.
type rig struct {
	*testing.T
	slack *slackd.Server
	store *faulty
	desk  *desk
	bot   *Bot
	o     Options
	log   *locked

	mu   sync.Mutex
	told []string
	end  context.CancelFunc
	done chan error
}

// inBubble runs a test with a rig that is not started yet.
func inBubble(t *testing.T, o slackd.Options, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := sandbox.NewPipe("localhost:80")
		o.Listener = p
		if o.Violation == nil {
			o.Violation = func(v string) { t.Errorf("Slack: %s", v) }
		}
		s := slackd.New(o)
		t.Cleanup(s.Close)
		s.Install(slackd.App{})
		for _, u := range []string{ann, bob, gil} {
			s.AddUser(slackd.User{ID: u})
		}
		me := s.App().BotUser
		s.AddChannel(slackd.Channel{ID: room, Name: "room", Members: []string{ann, bob, me}})
		s.AddChannel(slackd.Channel{ID: approvals, Name: "approvals", Members: []string{ann, bob, me}})
		s.AddChannel(slackd.Channel{ID: elsewhere, Name: "elsewhere", Members: []string{ann, bob}})
		r := &rig{T: t, slack: s, log: new(locked), done: make(chan error, 1)}
		log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		r.store = openStore(t, filepath.Join(t.TempDir(), "runnerdesk.db"))
		server, err := fleet.ParseServer("https://api.github.com")
		if err != nil {
			t.Fatal(err)
		}
		r.desk = newDesk(r, server)
		r.o = Options{
			AppToken: fleet.NewSecret(s.App().AppToken), BotToken: fleet.NewSecret(s.App().BotToken), APIURL: s.URL(), Dial: p.DialContext,
			Sockets: 2, Workers: 8, Store: r.store, Server: server, Command: "/runners", Now: time.Now, Log: log,
			Tell: func(_ context.Context, topic string, text fleet.Prose) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.told = append(r.told, topic+": "+text.String())
			},
		}
		r.bot = New(r.o)
		t.Cleanup(func() { _ = r.stop() })
		test(r)
		_ = r.stop()
		if t.Failed() {
			s.Dump(t.Output())
			_, _ = t.Output().Write(r.log.bytes())
		}
	})
}

// started is inBubble with the bot connected.
func started(t *testing.T, test func(r *rig)) {
	t.Helper()
	inBubble(t, slackd.Options{}, func(r *rig) {
		r.start()
		test(r)
	})
}

func (r *rig) start() {
	r.Helper()
	ctx, end := context.WithCancel(r.Context())
	r.end = end
	if err := r.bot.Connect(ctx); err != nil {
		r.Fatal(err)
	}
	go func() { r.done <- r.bot.Run(ctx, r.desk) }()
	r.until("two sockets", func() bool { return r.slack.Connections() == r.o.Sockets })
}

// stop ends the bot, as SIGTERM does, and returns what Run returned.
func (r *rig) stop() error {
	if r.end == nil {
		return nil
	}
	r.end()
	r.end = nil
	return <-r.done
}

// restart is a new run of the program on the same store.
func (r *rig) restart() {
	r.stop()
	r.bot = New(r.o)
	r.start()
}

// until waits until Slack's state is so. Where it depends on something else too, it looks
// again every second.
func (r *rig) until(what string, cond func() bool) {
	r.Helper()
	for range 3600 {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		err := r.slack.Wait(ctx, cond)
		cancel()
		if err == nil {
			return
		}
	}
	r.slack.Dump(r.Output())
	_, _ = r.Output().Write(r.log.bytes())
	r.Fatalf("never happened: %s", what)
}

// pass lets time go by, and waits until everything has come to rest.
func (r *rig) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (r *rig) tells(topic string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.told {
		if strings.Contains(line, topic) {
			return true
		}
	}
	return false
}

// only lists what a person alone sees in a channel.
func (r *rig) only(person, channel string) []slackd.Message {
	var out []slackd.Message
	for _, m := range r.slack.Person(person).Sees(channel) {
		if m.Ephemeral {
			out = append(out, m)
		}
	}
	return out
}

// reads waits for a message that the person sees, by a text in it.
func (r *rig) reads(person, channel, text string) slackd.Message {
	r.Helper()
	var found slackd.Message
	r.until(fmt.Sprintf("%s reads %q in %s", person, text, channel), func() bool {
		for _, m := range r.slack.Person(person).Sees(channel) {
			if m.User == r.slack.App().BotUser && strings.Contains(m.Visible()+m.Text, text) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// acked fails the test when an envelope was not acknowledged in time.
func (r *rig) acked(got slackd.Receipt) slackd.Receipt {
	r.Helper()
	if !got.Acked || got.Err != "" || got.After > 3*time.Second {
		r.Errorf("envelope: acked %v after %v, %q", got.Acked, got.After, got.Err)
	}
	return got
}

// asks has Ann ask for a token, and returns the request as stored.
func (r *rig) asks() fleet.Request {
	r.Helper()
	r.acked(r.slack.Person(ann).Command(r.Context(), room, "register octo-org because of load"))
	all, err := r.store.Requests(r.Context(), fleet.RequestQuery{Limit: 1})
	for err == nil && len(all) == 0 {
		r.pass(time.Second)
		all, err = r.store.Requests(r.Context(), fleet.RequestQuery{Limit: 1})
	}
	if err != nil {
		r.Fatal(err)
	}
	return all[0]
}

// prompts lists the messages of the approvals channel that show a request, not replies.
func (r *rig) prompts() []slackd.Message {
	var out []slackd.Message
	for _, m := range r.slack.Messages(approvals) {
		if m.ThreadTS == "" && !m.Deleted && !m.Ephemeral {
			out = append(out, m)
		}
	}
	return out
}

// faulty is the real store, with faults on demand.
type faulty struct {
	*storage.Store
	path   string
	mu     sync.Mutex
	accept func(ctx context.Context, in fleet.Input) error
	posted func() error
}

func openStore(t *testing.T, path string) *faulty {
	t.Helper()
	s, err := storage.Open(t.Context(), storage.Options{Path: path, Host: "github.com", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &faulty{Store: s, path: path}
}

func (f *faulty) fault(accept func(context.Context, fleet.Input) error, posted func() error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.accept, f.posted = accept, posted
}

func (f *faulty) Accept(ctx context.Context, in fleet.Input) (bool, error) {
	f.mu.Lock()
	accept := f.accept
	f.mu.Unlock()
	if accept != nil {
		if err := accept(ctx, in); err != nil {
			return false, err
		}
	}
	return f.Store.Accept(ctx, in)
}

func (f *faulty) Posted(ctx context.Context, id int64, channel, ts string, revision int64) error {
	f.mu.Lock()
	posted := f.posted
	f.mu.Unlock()
	if posted != nil {
		if err := posted(); err != nil {
			return err
		}
	}
	return f.Store.Posted(ctx, id, channel, ts, revision)
}

// locked is a buffer for several writers.
type locked struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *locked) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.buf.Bytes())
}

var _ Desk = (*commands.Desk)(nil)
