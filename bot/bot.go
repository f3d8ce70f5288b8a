// Package bot is Slack's edge. Envelopes come in over Socket Mode, are stored or queued,
// and acknowledged at once; what they say is handed to the desk as plain values; the
// desk's answers and the rows of the store become messages. It knows no SQL and no
// GitHub.
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/commands"
	"runnerdesk/internal/blocks"
	"runnerdesk/internal/fleet"
)

// Desk is what the bot needs of the desk.
type Desk interface {
	Answer(ctx context.Context, who commands.Actor, text string) fleet.Answer
	Carry(ctx context.Context, in fleet.Input) fleet.Answer
	Reveal(ctx context.Context, who commands.Actor, id int64, show func(fleet.Request, fleet.Token) error) error
	Refusal(err error) fleet.Notice
	Context(channel string) commands.Context
}

// Store is what the bot needs of storage.
type Store interface {
	Accept(ctx context.Context, in fleet.Input) (fresh bool, err error)
	Unhandled(ctx context.Context) ([]fleet.Input, error)
	Handled(ctx context.Context, key string) error
	Adopt(ctx context.Context, request int64, channel, ts string) error
	Request(ctx context.Context, id int64) (fleet.Request, error)
	Outbox
}

// Options are what a Bot is made of.
type Options struct {
	AppToken, BotToken fleet.Secret
	APIURL             string // with a slash at the end: https://slack.com/api/
	Dial               func(ctx context.Context, network, addr string) (net.Conn, error)
	Sockets            int // connections; 2 close the gap when Slack refreshes one
	Workers            int // for each: requests and decisions, queries, dialogs
	Store              Store
	Server             fleet.Server
	Command            string
	Tell               func(ctx context.Context, topic string, text fleet.Prose) // the operators
	Now                func() time.Time
	Log                *slog.Logger
}

// Bot is the connection to Slack.
type Bot struct {
	o         Options
	http      *http.Client
	api       *slack.Client
	directory *Directory
	desk      Desk
	replies   *replies
	seen      *seen
	intake    chan arrival // what came in
	storing   chan job     // requests and decisions, to be stored
	inputs    chan job     // what was stored
	work      chan job     // queries, which may be slow
	dialogs   chan job     // what opens a dialog; its trigger can't wait for slow answers
	started   time.Time
	connected atomic.Int32
	self      slack.AuthTestResponse
	fatal     chan error
	stopping  atomic.Bool
}

// Fatal is an error that a restart would not mend: Slack refused a token. Its text says
// what to do.
type Fatal struct{ Why string }

func (f *Fatal) Error() string { return f.Why }

const (
	quickWithin   = 2500 * time.Millisecond // Slack's triggers live 3 s
	patientWithin = 15 * time.Second
	drainWithin   = 7 * time.Second        // the program has 10 s to stop
	killWithin    = time.Second            // for what does not stop by itself
	linger        = 300 * time.Millisecond // acks are only queued; the socket lives on until they are out
	queueLength   = 1000
	intakeWorkers = 8
	storeWorkers  = 32 // they wait side by side while the store is busy
)

// New makes a Bot. Nothing is sent before Connect.
func New(o Options) *Bot {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: o.Dial, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 8, IdleConnTimeout: 90 * time.Second,
	}
	b := &Bot{
		o: o, http: &http.Client{Transport: transport, Timeout: patientWithin},
		replies: newReplies(o.Now), seen: newSeen(o.Now),
		intake: make(chan arrival, queueLength), storing: make(chan job, queueLength),
		inputs: make(chan job, queueLength), work: make(chan job, queueLength), dialogs: make(chan job, queueLength),
		fatal: make(chan error, 1),
	}
	b.api = slack.New(o.BotToken.Reveal(), slack.OptionAppLevelToken(o.AppToken.Reveal()),
		slack.OptionAPIURL(o.APIURL), slack.OptionHTTPClient(b.http), slack.OptionLog(quiet{}))
	b.directory = newDirectory(b.api, o.Now, b.heed)
	return b
}

// Directory looks people up with the bot's credential.
func (b *Bot) Directory() *Directory { return b.directory }

// Connected is how many sockets are up.
func (b *Bot) Connected() int { return int(b.connected.Load()) }

// Run serves desk until ctx ends, then finishes what is in hand. It returns a *Fatal when
// Slack refuses a token for good.
func (b *Bot) Run(ctx context.Context, desk Desk) error {
	b.desk, b.started = desk, b.o.Now().Truncate(time.Millisecond)
	// Sockets and work outlive ctx: what was taken is finished, and acknowledged.
	sockets, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	life, kill := context.WithCancel(sockets)
	defer kill()
	running, stop := context.WithCancel(life)
	defer stop()
	delivering, stopDelivery := context.WithCancel(life)
	defer stopDelivery()
	var pumps, takers, storers, workers, loops sync.WaitGroup
	noMore, allTaken, allStored := make(chan struct{}), make(chan struct{}), make(chan struct{})
	for i := range max(1, b.o.Sockets) {
		pumps.Go(func() { b.keepSocket(sockets, i) })
	}
	for range intakeWorkers {
		takers.Go(func() { drain(b, noMore, b.intake, func(a arrival) { b.take(sockets, a) }) })
	}
	for range storeWorkers {
		storers.Go(func() { drain(b, allTaken, b.storing, func(j job) { b.store(sockets, j) }) })
	}
	for _, queue := range []chan job{b.inputs, b.work, b.dialogs} {
		for range max(1, b.o.Workers) {
			workers.Go(func() { drain(b, allStored, queue, func(j job) { b.do(life, j) }) })
		}
	}
	loops.Go(func() { b.guarded(func() { b.sweep(running) }) })
	loops.Go(func() { b.guarded(func() { b.deliver(delivering, life) }) })

	var err error
	select {
	case <-ctx.Done():
	case err = <-b.fatal:
	}
	// Nothing more is taken; what was taken is finished; the acknowledgements go out; only
	// then the sockets close.
	b.stopping.Store(true)
	stop()
	done := make(chan struct{})
	go b.guarded(func() {
		defer close(done)
		close(noMore)
		takers.Wait()
		close(allTaken)
		storers.Wait()
		close(allStored)
		workers.Wait()
		stopDelivery()
		loops.Wait()
	})
	if !within(done, drainWithin) {
		b.o.Log.Warn("some answers were not finished in time; what was stored is carried out at the next start")
		kill()
		within(done, killWithin)
	}
	within(nil, linger)
	hangUp()
	pumps.Wait()
	b.http.CloseIdleConnections()
	return err
}

// within waits for done, and reports false when that takes too long.
func within(done <-chan struct{}, limit time.Duration) bool {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

// drain takes from a queue until end is closed and the queue is empty. A panic ends the
// work on one thing.
func drain[T any](b *Bot, end <-chan struct{}, queue <-chan T, do func(T)) {
	for {
		var v T
		select {
		case v = <-queue:
		case <-end:
			select {
			case v = <-queue:
			default:
				return
			}
		}
		b.guarded(func() { do(v) })
	}
}

// guarded stops a panic where it happened, and reports whether there was none.
func (b *Bot) guarded(f func()) (whole bool) {
	defer func() {
		if p := recover(); p != nil {
			b.o.Log.Error("panic", "err", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}

func (b *Bot) options() blocks.Options {
	return blocks.Options{Now: b.o.Now(), Command: b.o.Command, Server: b.o.Server}
}

// fail ends Run.
func (b *Bot) fail(err error) {
	select {
	case b.fatal <- err:
	default: // it ends already
	}
}

// slackCode is Slack's own code of an error, such as "channel_not_found", or "".
func slackCode(err error) string {
	var s slack.SlackErrorResponse
	if errors.As(err, &s) {
		return s.Err
	}
	return ""
}

// quiet keeps slack-go from writing to standard error by itself.
type quiet struct{}

func (quiet) Output(int, string) error { return nil }
func (quiet) Printf(string, ...any)    {}
func (quiet) Print(...any)             {}
func (quiet) Println(...any)           {}
