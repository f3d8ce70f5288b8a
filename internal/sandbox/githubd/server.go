package githubd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options say how a Server behaves. The zero value is an Enterprise Server on a free
// loopback port, without rate limits.
type Options struct {
	Listener  net.Listener     // nil: a free port of 127.0.0.1
	Now       func() time.Time // nil: time.Now
	Prefix    string           // the path before every route; "": "/api/v3", as Enterprise Server has it; "/" is none, as on github.com
	Violation func(string)     // told of everything that a correct client never sends; Violations has it too
	PageDelay time.Duration    // how long each page of a list takes
	Seed      uint64           // of Tick and of the tokens; the same seed gives the same fleet

	Wrap func(http.Handler) http.Handler // around every request, for tests that watch the traffic

	RateLimits     bool // count requests and send X-RateLimit headers; an Enterprise Server has neither by default
	OldServer      bool // no runner versions, no runner groups, no end-of-life dates
	DownloadTokens bool // add temp_download_token to downloads, as an Enterprise Server without internet does
}

// Server is a running double. All methods may be called from any goroutine.
type Server struct {
	opts   Options
	prefix string
	host   string
	http   *http.Server
	served chan struct{} // closed when the accept loop has ended

	mu          sync.Mutex
	rand        *rand.Rand
	changed     chan struct{} // closed and replaced at every change, for Wait
	scopes      map[string]*scope
	credentials map[string]*credential
	minted      []mintedToken
	tokenPrefix string
	versions    map[string]Version
	nextID      int64
	faults      []*plannedFault
	requests    []*Request
	violations  []string
}

// New starts a double. Close ends it.
func New(opts Options) *Server {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Listener == nil {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(fmt.Sprintf("githubd: %v", err))
		}
		opts.Listener = listener
	}
	s := &Server{
		opts:        opts,
		prefix:      "/api/v3",
		host:        opts.Listener.Addr().String(),
		served:      make(chan struct{}),
		rand:        rand.New(rand.NewPCG(opts.Seed, 18)),
		changed:     make(chan struct{}),
		scopes:      map[string]*scope{},
		credentials: map[string]*credential{},
		versions:    map[string]Version{},
		nextID:      1,
	}
	if opts.Prefix != "" {
		s.prefix = strings.TrimSuffix(opts.Prefix, "/")
	}
	var handler http.Handler = s
	if opts.Wrap != nil {
		handler = opts.Wrap(s)
	}
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.served)
		// A closed listener is how this ends; a test notices any other end by its
		// refused connections.
		_ = s.http.Serve(opts.Listener)
	}()
	return s
}

// URL is the address of the API, without a slash at the end:
// http://127.0.0.1:PORT/api/v3.
func (s *Server) URL() string { return "http://" + s.host + s.prefix }

// Close breaks every connection and stops listening.
func (s *Server) Close() {
	_ = s.http.Close()
	<-s.served
}

// Wait returns when done reports true. It is asked again after every request and
// every change of the fleet, and may call the other methods. The error is ctx's.
func (s *Server) Wait(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if done() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Violations are the things that a correct client never sends, in order.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// violated records a violation and tells the owner of the server.
func (s *Server) violated(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.mu.Lock()
	s.violations = append(s.violations, text)
	s.mu.Unlock()
	if s.opts.Violation != nil {
		s.opts.Violation(text)
	}
}

// touch wakes whoever waits. The lock is held.
func (s *Server) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}
