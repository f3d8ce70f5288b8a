package github

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	gh "github.com/google/go-github/v53/github"

	"runnerdesk/internal/fleet"
)

// Options are what a client needs. Server and Token are required.
type Options struct {
	Server    fleet.Server
	Token     fleet.Secret                                                      // personal access token
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error) // nil: the system's; has 5 s
	Now       func() time.Time                                                  // nil: time.Now
	UserAgent string                                                            // GitHub refuses requests without one; "": runnerdesk
	Log       *slog.Logger                                                      // one debug line for each call; nil: none
	Proxy     func(*http.Request) (*url.URL, error)                             // nil: the environment's HTTPS_PROXY and NO_PROXY
	RootCAs   *x509.CertPool                                                    // nil: the system's
}

// Reader asks GitHub about runners. It changes nothing. Its errors wrap those of fleet:
// ErrNotFound, ErrCredential, ErrUnsupported, ErrUnsafe, ForbiddenError, LimitedError
// and UnavailableError; or the context's.
type Reader struct{ c *client }

// Writer mints tokens and deletes runners. Whoever is not handed one can change nothing
// at GitHub. It never tries anything a second time.
type Writer struct{ c *client }

// client is what Reader and Writer share.
type client struct {
	server  fleet.Server
	api     *gh.Client
	now     func() time.Time
	close   func()
	backoff []time.Duration // before each further try of a read
}

// New makes the two sides of a client: one credential on one server. No request is sent.
func New(opts Options) (*Reader, *Writer, error) {
	base, err := url.Parse(opts.Server.APIURL() + "/")
	if err != nil || opts.Server.APIHost() == "" {
		return nil, nil, errors.New("no GitHub server is given")
	}
	if !goodToken(opts.Token.Reveal()) {
		return nil, nil, errors.New("the GitHub token is empty or holds a character that no token has; set GITHUB_TOKEN again")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.UserAgent == "" {
		opts.UserAgent = "runnerdesk"
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	wire := transport(opts)
	guard := &guard{server: opts.Server, token: opts.Token, next: wire}
	api := gh.NewClient(&http.Client{
		Transport:     &verdict{next: guard, now: opts.Now, log: opts.Log},
		CheckRedirect: func(*http.Request, []*http.Request) error { return fleet.ErrUnsafe },
		Timeout:       callTimeout,
	})
	api.BaseURL, api.UserAgent = base, opts.UserAgent
	c := &client{
		server: opts.Server, api: api, now: opts.Now, close: wire.CloseIdleConnections,
		backoff: []time.Duration{200 * time.Millisecond, 800 * time.Millisecond},
	}
	return &Reader{c}, &Writer{c}, nil
}

// Close gives back the idle connections of the Reader and its Writer.
func (r *Reader) Close() { r.c.close() }

// goodToken reports whether a token is visible ASCII, as every kind of GitHub's is, so
// that it can neither break a header nor hide a stray line end.
func goodToken(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// path is the route of a scope's Actions resource, relative to the API. Only a Scope
// goes into it, and a Scope holds nothing that needs escaping.
func path(s fleet.Scope, resource string) string {
	switch s.Kind() {
	case fleet.Enterprise:
		return "enterprises/" + s.Owner() + "/actions/" + resource
	case fleet.Organization:
		return "orgs/" + s.Owner() + "/actions/" + resource
	default:
		return "repos/" + s.Owner() + "/" + s.Repo() + "/actions/" + resource
	}
}

// own refuses a scope of another server, and none at all.
func (c *client) own(s fleet.Scope) error {
	if s.IsZero() || s.Host() != c.server.Host() {
		return fmt.Errorf("%w: the scope is not on %s", fleet.ErrUnsafe, c.server.Host())
	}
	return nil
}

// read does a read, up to twice more after a 5xx or a broken connection, which cost
// nothing to try again. what begins the error.
func (c *client) read(ctx context.Context, s fleet.Scope, what string, once func(context.Context) error) error {
	if err := c.own(s); err != nil {
		return fmt.Errorf("%s of %s: %w", what, s.Words(), err)
	}
	for try := 0; ; try++ {
		err := translate(ctx, once(within(ctx, s)), false, false)
		if err == nil {
			return nil
		}
		if try == len(c.backoff) || !worthAnother(err) || !pause(ctx, c.backoff[try]) {
			return fmt.Errorf("%s of %s: %w", what, s.Words(), err)
		}
	}
}

// write does a write, exactly once.
func (c *client) write(ctx context.Context, s fleet.Scope, what string, once func(context.Context) error) error {
	err := c.own(s)
	if err == nil {
		// Once there is a connection the request may be on its way; before that nothing
		// can have happened.
		var sent atomic.Bool
		traced := httptrace.WithClientTrace(within(ctx, s), &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
		})
		err = once(traced)
		err = translate(ctx, err, true, sent.Load())
	}
	if err != nil {
		return fmt.Errorf("%s of %s: %w", what, s.Words(), err)
	}
	return nil
}

// get sends a GET and decodes the answer into v.
func (c *client) get(ctx context.Context, route string, v any) (*gh.Response, error) {
	request, err := c.api.NewRequest(http.MethodGet, route, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is no route", fleet.ErrUnsafe, route)
	}
	return c.api.Do(ctx, request, v)
}

// pause waits unless the context ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
