// Package tour runs the whole bot against the built-in Slack and the built-in GitHub: as a
// demo that goes on until it is stopped, or as one scripted day with a transcript, in
// which every step is checked.
package tour

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/sandbox/slackd"
)

// Seams are what the bot is started with.
type Seams struct {
	File      string // its configuration
	LookupEnv func(name string) (string, bool)
	Now       func() time.Time
	Every     time.Duration // how often slots and time-outs are looked for
	Log       *slog.Logger
}

// Options of a Demo.
type Options struct {
	Play bool   // the scripted day, instead of running until stopped
	Addr string // where the built-in Slack listens
	Keep string // folder for the state; "" is a temporary one
	Out  io.Writer
	Err  io.Writer
	Run  func(ctx context.Context, s Seams) error // the bot
}

// tourWithin bounds the scripted day.
const tourWithin = 3 * time.Minute

// Demo runs the bot and gives the program's exit code: 0 when everything held.
func Demo(ctx context.Context, o Options) int {
	dir := o.Keep
	if dir == "" {
		temporary, err := os.MkdirTemp("", "runnerdesk-demo-")
		if err != nil {
			return trouble(o.Err, err)
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	}
	if err := empty(dir); err != nil {
		return trouble(o.Err, err)
	}
	if host, _, err := net.SplitHostPort(o.Addr); err != nil || !loopback(host) {
		return trouble(o.Err, fmt.Errorf("--addr is %q; the built-in Slack listens on this machine only, such as 127.0.0.1:9099", o.Addr))
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return trouble(o.Err, err)
	}
	w := newWorld(listener)
	defer w.close()
	file := filepath.Join(dir, "runnerdesk.yml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		return trouble(o.Err, err)
	}
	// What the bot logs is kept for the search for secrets, and shown when the day fails.
	logs := new(buffer)
	seams := Seams{
		File: file, LookupEnv: w.environment(dir), Now: w.clock.now, Every: 100 * time.Millisecond,
		Log: slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if !o.Play {
		seams.Every = 0
		seams.Log = slog.New(slog.NewJSONHandler(o.Err, nil))
		return w.serve(ctx, o, seams)
	}

	ctx, cancel := context.WithTimeout(ctx, tourWithin)
	defer cancel()
	bot, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- o.Run(bot, seams) }()
	s := newStage(ctx, w, o.Out)
	if s.ready(ended) {
		s.play()
	}
	stop()
	select {
	case err := <-ended:
		s.check("the bot stops cleanly when it is told to", err == nil)
	case <-time.After(12 * time.Second):
		s.check("the bot stops within ten seconds", false)
	}
	s.secrets(dir, logs.bytes())
	if s.summary() {
		return 0
	}
	fmt.Fprintln(o.Err, "What the bot logged:")
	_, _ = o.Err.Write(logs.bytes())
	return 1
}

// empty makes the folder, or checks that nothing is in it: a demo overwrites nothing, and
// what an earlier one kept belongs to a built-in Slack that is gone.
func empty(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	found, err := os.ReadDir(dir)
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("%s is not empty; give --keep a new folder", dir)
	}
	return err
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serve runs the demo until it is stopped.
func (w *world) serve(ctx context.Context, o Options, seams Seams) int {
	fmt.Fprintf(o.Out, "The built-in Slack listens at %s and the built-in GitHub at %s.\nPlay a scripted day with: runnerdesk demo --tour\nStop with Ctrl-C.\n", w.slack.URL(), w.github.URL())
	go func() {
		defer func() { _ = recover() }()
		timer := time.NewTicker(3 * time.Second)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
				w.github.Tick()
			}
		}
	}()
	if err := o.Run(ctx, seams); err != nil && ctx.Err() == nil {
		return trouble(o.Err, err)
	}
	return 0
}

func trouble(to io.Writer, err error) int {
	fmt.Fprintf(to, "runnerdesk: %v\n", err)
	return 1
}

// clock is a clock that can be moved forward. It begins on a Monday morning.
type clock struct {
	mu    sync.Mutex
	began time.Time
	ahead time.Duration
}

var monday = time.Date(2026, 1, 12, 8, 50, 0, 0, time.UTC)

func newClock() *clock { return &clock{began: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return monday.Add(time.Since(c.began) + c.ahead)
}

// jump moves the clock to a later time.
func (c *clock) jump(to time.Time) {
	d := to.Sub(c.now())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += max(0, d)
}

// buffer is a bytes.Buffer for several writers.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.b.Bytes())
}

// world is the two built-in servers and what lives in them.
type world struct {
	clock  *clock
	slack  *slackd.Server
	github *githubd.Server
}
