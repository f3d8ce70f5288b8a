// Package slackd is a built-in Slack: the server side of the Web API, of Socket Mode
// and of the client that people use, in one process and in memory.
//
// It is strict. What Slack refuses, it refuses with Slack's own error code; what it does
// not know (a method, an argument, a block, a field) it refuses too and reports as a
// violation, so that a test fails instead of passing by luck.
package slackd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options of a Server. The zero value is a server on a free loopback port.
type Options struct {
	// Listener accepts the connections; nil means 127.0.0.1:0.
	Listener net.Listener
	// Now is the clock for message ids, trigger ids, response URLs and rate limits;
	// nil means time.Now. Ack deadlines, pings and retries run on real timers.
	Now func() time.Time
	// PingEvery is the time between two pings on a socket; 0 means 5 s. Clients give
	// up on a socket without pings (slack-go after 30 s).
	PingEvery time.Duration
	// Violation hears of everything unknown or wrong that a client sent. It must not
	// call the server.
	Violation func(string)
	// Pace enforces one message per second and channel, and the tiers of the methods.
	Pace bool
	// Log receives what happens, without message contents; nil means nowhere.
	Log *slog.Logger
	// Seed chooses the order in which sockets get envelopes; the same seed, the same order.
	Seed uint64
}

// Server is one Slack workspace with one installed app.
type Server struct {
	opt    Options
	http   *http.Server
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup
	workMu sync.Mutex // guards closed, so that nothing starts while Close waits
	closed bool
	origin string // "http://127.0.0.1:PORT"

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change
	rnd     *rand.Rand
	serial  int // source of ids
	lastTS  int64
	down    bool
	world
	web
	sockets

	vmu        sync.Mutex
	violations []string
}

// New starts a server; it accepts connections when New returns. It panics when the
// listener can't be opened, as httptest does.
func New(o Options) *Server {
	if o.Listener == nil {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(fmt.Sprintf("slackd: listen: %v", err))
		}
		o.Listener = l
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.PingEvery <= 0 {
		o.PingEvery = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		opt:     o,
		origin:  "http://" + o.Listener.Addr().String(),
		changed: make(chan struct{}),
		rnd:     rand.New(rand.NewPCG(o.Seed, 1)),
		world:   newWorld(),
		web:     newWeb(),
		sockets: newSockets(),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	s.background("serve", func() { _ = s.http.Serve(o.Listener) })
	return s
}

// URL is the address for slack.OptionAPIURL, with its trailing slash.
func (s *Server) URL() string { return s.origin + "/api/" }

// Close ends every connection, waits for what is under way, and frees the port.
func (s *Server) Close() {
	s.workMu.Lock()
	s.closed = true
	s.workMu.Unlock()
	s.stop()
	_ = s.http.Close()
	s.DropSockets()
	s.work.Wait()
}

// Down makes the server refuse everything (HTTP 503, no sockets) until Down(false).
func (s *Server) Down(down bool) {
	s.mu.Lock()
	s.down = down
	s.note()
	s.mu.Unlock()
	if down {
		s.DropSockets()
	}
}

// Violations lists everything unknown or wrong that clients have sent, oldest first.
func (s *Server) Violations() []string {
	s.vmu.Lock()
	defer s.vmu.Unlock()
	return append([]string(nil), s.violations...)
}

func (s *Server) violation(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.vmu.Lock()
	s.violations = append(s.violations, text)
	s.vmu.Unlock()
	s.opt.Log.Warn("violation", "what", text)
	if s.opt.Violation != nil {
		s.opt.Violation(text)
	}
}

// Wait returns when cond holds. It looks again after every change of the server's state
// and never in between; cond may call any method of the server.
func (s *Server) Wait(ctx context.Context, cond func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for Slack's state: %w", context.Cause(ctx))
		case <-s.ctx.Done():
			return fmt.Errorf("waiting for Slack's state: the server is closed")
		}
	}
}

// note tells those who Wait that something changed. The caller holds mu.
func (s *Server) note() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// begin announces work that Close waits for with work.Done; it is false when the server
// is closing.
func (s *Server) begin() bool {
	s.workMu.Lock()
	defer s.workMu.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

// background runs f beside the caller; Close waits for it.
func (s *Server) background(what string, f func()) {
	if !s.begin() {
		return
	}
	go func() {
		defer s.work.Done()
		defer func() {
			if r := recover(); r != nil {
				s.violation("panic in %s: %v", what, r)
			}
		}()
		f()
	}()
}

// newID returns a fresh id with Slack's leading letter. The caller holds mu.
func (s *Server) newID(letter string) string {
	s.serial++
	return fmt.Sprintf("%s0%07X", letter, s.serial)
}

// newTS returns a message id: seconds, a dot, and six digits, always rising. The caller
// holds mu.
func (s *Server) newTS() string {
	now := s.opt.Now().UnixMicro()
	if now <= s.lastTS {
		now = s.lastTS + 1 // a clock that stands still or jumps back never repeats an id
	}
	s.lastTS = now
	return fmt.Sprintf("%d.%06d", now/1e6, now%1e6)
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", s.serveAPI)
	mux.HandleFunc("/response/", s.serveResponseURL)
	mux.HandleFunc("/upload/", s.serveUpload)
	mux.HandleFunc("/link/", s.serveLink)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.violation("no such address: %s %s", r.Method, r.URL.Path)
		http.NotFound(w, r)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.begin() {
			panic(http.ErrAbortHandler)
		}
		defer s.work.Done()
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v)
				}
				s.violation("panic in %s: %v", r.URL.Path, v)
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		s.mu.Lock()
		down := s.down
		s.mu.Unlock()
		if down {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "<html>Service Unavailable</html>")
			return
		}
		mux.ServeHTTP(w, r)
	})
}
