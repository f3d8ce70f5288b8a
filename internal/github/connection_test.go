package github

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

// pipes is a network in memory, on which a fake clock may stand still.
type pipes struct {
	calls  chan net.Conn
	done   chan struct{}
	once   sync.Once
	silent atomic.Bool // drops everything, as a firewall does
}

func newPipes() *pipes { return &pipes{calls: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.calls:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.done) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (p *pipes) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if p.silent.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	near, far := net.Pipe()
	select {
	case p.calls <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.done:
		return nil, syscall.ECONNREFUSED
	}
}

// inMemory runs a test on a fake clock.
func inMemory(t *testing.T, test func(t *testing.T, d *desk, network *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		github := githubd.New(githubd.Options{Listener: network})
		github.AddOrg("octo-org", "")
		github.AddToken(githubd.Token{Value: admin, Scopes: []string{"admin:org"}})
		github.AddRunner("octo-org", githubd.Runner{ID: 1, Name: "a"})
		d := connect(t, github, github.URL(), Options{Dial: network.Dial})
		d.Reader.c.backoff = []time.Duration{200 * time.Millisecond, 800 * time.Millisecond}
		test(t, d, network)
		d.Close()
		github.Close()
		synctest.Wait()
	})
}

func TestDeadlines(t *testing.T) {
	for name, tc := range map[string]struct {
		fault githubd.Fault
		dead  bool // nobody answers the dial
		after time.Duration
		acted bool // a write may have
	}{
		"no header": {githubd.Fault{Delay: time.Hour}, false, headerTimeout, true},
		"no dial":   {githubd.Fault{}, true, dialTimeout, false},
	} {
		for method, call := range calls {
			t.Run(name+" "+method, func(t *testing.T) {
				inMemory(t, func(t *testing.T, d *desk, network *pipes) {
					d.github.Fault(githubd.On("", "/**"), tc.fault)
					network.silent.Store(tc.dead)
					began := time.Now()
					err := call(t.Context(), d, d.scope(t, "octo-org"))
					want := &fleet.UnavailableError{MayHaveActed: tc.acted && method != "GET"}
					if got := kindOf(err); !same(got, want) || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("got %v (%#v), want %#v", err, got, want)
					}
					if took := time.Since(began); took != tc.after {
						t.Errorf("took %v, want %v: a deadline is not tried again", took, tc.after)
					}
				})
			})
		}
	}
}

func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		dribble := func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for {
					if _, err := w.Write([]byte(" ")); err != nil {
						return
					}
					_ = http.NewResponseController(w).Flush()
					if !pause(r.Context(), time.Second) {
						return
					}
				}
			})
		}
		github := githubd.New(githubd.Options{Listener: network, Wrap: dribble})
		d := connect(t, github, github.URL(), Options{Dial: network.Dial})
		began := time.Now()
		_, err := d.Get(t.Context(), d.scope(t, "octo-org"), 1)
		if took := time.Since(began); took != callTimeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v; want an end after %v", took, err, callTimeout)
		}
		d.Close()
		github.Close()
	})
}

func TestRetry(t *testing.T) {
	for name, tc := range map[string]struct {
		fault githubd.Fault
		sent  int
		fails bool
		took  time.Duration
	}{
		"one 502":          {githubd.Fault{Times: 1, Status: 502}, 2, false, 200 * time.Millisecond},
		"two 503":          {githubd.Fault{Times: 2, Status: 503}, 3, false, time.Second},
		"three 500":        {githubd.Fault{Times: 3, Status: 500}, 3, true, time.Second},
		"one cut off":      {githubd.Fault{Times: 1, Truncate: true}, 2, false, 200 * time.Millisecond},
		"one reset":        {githubd.Fault{Times: 1, Reset: true}, 2, false, 200 * time.Millisecond},
		"a limit":          {githubd.Fault{Times: 1, Status: 429}, 1, true, 0},
		"an odd answer":    {githubd.Fault{Times: 1, Status: 200, Body: "null"}, 1, true, 0},
		"bad credentials":  {githubd.Fault{Times: 1, Status: 401}, 1, true, 0},
		"not found at all": {githubd.Fault{Times: 1, Status: 404}, 1, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inMemory(t, func(t *testing.T, d *desk, _ *pipes) {
				d.github.Fault(githubd.On("GET", "/**"), tc.fault)
				began := time.Now()
				_, err := d.Get(t.Context(), d.scope(t, "octo-org"), 1)
				if sent := len(d.github.Requests()); (err != nil) != tc.fails || sent != tc.sent || time.Since(began) != tc.took {
					t.Errorf("%v after %d requests in %v; want failure %v, %d requests, %v", err, sent, time.Since(began), tc.fails, tc.sent, tc.took)
				}
			})
		})
	}
	t.Run("no longer than the context", func(t *testing.T) {
		inMemory(t, func(t *testing.T, d *desk, _ *pipes) {
			d.github.Fault(githubd.On("GET", "/**"), githubd.Fault{Status: 502})
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := d.Get(ctx, d.scope(t, "octo-org"), 1)
			if sent := len(d.github.Requests()); sent != 1 || !same(kindOf(err), &fleet.UnavailableError{Status: 502}) {
				t.Errorf("%v after %d requests", err, sent)
			}
		})
	})
}

// TestBrokenWrite: a write is sent once, whatever happens to its connection, also on
// one that was kept open from an earlier call.
func TestBrokenWrite(t *testing.T) {
	for method, call := range calls {
		for name, fault := range map[string]githubd.Fault{
			"before the effect": {Reset: true},
			"after the effect":  {Reset: true, AfterEffect: true},
		} {
			if method == "GET" {
				continue
			}
			t.Run(method+" "+name, func(t *testing.T) {
				d := open(t, githubd.Options{})
				d.github.AddRunner("octo-org", githubd.Runner{ID: 1, Name: "a"})
				s := d.scope(t, "octo-org")
				if _, err := d.Get(t.Context(), s, 1); err != nil {
					t.Fatal(err)
				}
				d.github.ForgetRequests()
				d.github.Fault(githubd.On(method, "/**"), fault)
				err := call(t.Context(), d, s)
				if got := kindOf(err); !same(got, &fleet.UnavailableError{MayHaveActed: true}) {
					t.Errorf("got %#v", got)
				}
				if sent := len(d.github.Requests()); sent != 1 {
					t.Errorf("sent %d times, want once", sent)
				}
			})
		}
	}
}

func TestUnreachable(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"refused":      {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "unavailable: the connection was refused"},
		"unknown name": {&net.DNSError{Err: foreign, Name: "x", IsNotFound: true}, "unavailable: its host name is not known"},
		"else":         {errors.New(foreign), "unavailable: the connection broke"},
	} {
		server, err := fleet.ParseServer("https://github.example")
		if err != nil {
			t.Fatal(err)
		}
		d := connect(t, nil, server.APIURL(), Options{
			Dial: func(context.Context, string, string) (net.Conn, error) { return nil, tc.err },
		})
		err = d.Delete(t.Context(), d.scope(t, "octo-org"), 1)
		var broken *fleet.UnavailableError
		if !errors.As(err, &broken) || broken.Error() != tc.want || broken.MayHaveActed {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
}

func TestCancelled(t *testing.T) {
	for method, call := range calls {
		t.Run(method, func(t *testing.T) {
			d := open(t, githubd.Options{})
			ctx, cancel := context.WithCancel(t.Context())
			d.github.Fault(func(githubd.Request) bool { cancel(); return true }, githubd.Fault{Delay: time.Hour})
			err := call(ctx, d, d.scope(t, "octo-org"))
			var broken *fleet.UnavailableError
			if !errors.Is(err, context.Canceled) || errors.As(err, &broken) != (method != "GET") {
				t.Errorf("got %v", err)
			}
			if broken != nil && !broken.MayHaveActed {
				t.Error("a write that was on its way may have acted")
			}
		})
	}
}
