package slackd

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// newWorkspace is a server with two people, a guest, a stranger and some channels.
func newWorkspace(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Violation == nil {
		o.Violation = func(v string) { t.Errorf("violation: %s", v) }
	}
	s := New(o)
	t.Cleanup(s.Close)
	s.Install(App{Shortcuts: []string{"status"}})
	s.AddUser(User{ID: "U0ANN", Name: "ann", RealName: "Ann", TZ: "Europe/Berlin"})
	s.AddUser(User{ID: "U0BOB", Name: "bob"})
	s.AddUser(User{ID: "U0GUEST", Name: "guest", Restricted: true})
	s.AddUser(User{ID: "U0STRANGE", Name: "stranger", Stranger: true})
	s.AddUser(User{ID: "U0GONE", Name: "gone", Deleted: true})
	s.AddChannel(Channel{ID: "C0OPS", Name: "ops", Members: []string{"U0ANN", "U0BOB", "U0RUNNERS"}})
	s.AddChannel(Channel{ID: "C0OTHER", Name: "other", Members: []string{"U0ANN"}})
	s.AddChannel(Channel{ID: "C0SECRET", Name: "secret", Private: true, Members: []string{"U0ANN"}})
	s.AddChannel(Channel{ID: "C0OLD", Name: "old", Archived: true, Members: []string{"U0ANN", "U0RUNNERS"}})
	s.AddGroup("S0OPS", "ops-team", "U0ANN", "U0BOB")
	return s
}

// quiet is newWorkspace for tests that provoke violations: it only collects them.
func quiet(t *testing.T, o Options) *Server {
	o.Violation = func(string) {}
	return newWorkspace(t, o)
}

func client(s *Server) *slack.Client {
	return slack.New(s.App().BotToken, slack.OptionAppLevelToken(s.App().AppToken), slack.OptionAPIURL(s.URL()),
		slack.OptionHTTPClient(http.DefaultClient))
}

// bot is slack-go's client of the server, with one function for everything that arrives.
type bot struct {
	s    *Server
	api  *slack.Client
	http *http.Client
	mu   sync.Mutex
	got  []socketmode.Event
}

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// startBot connects n sockets. handle answers an event with the payload of its ack; it
// returns false not to acknowledge at all.
func startBot(t *testing.T, s *Server, n int, dial dialFunc, handle func(b *bot, e socketmode.Event) (any, bool)) *bot {
	t.Helper()
	hc := &http.Client{Transport: &http.Transport{DialContext: dial}}
	if dial == nil {
		hc = &http.Client{Transport: &http.Transport{}}
	}
	b := &bot{s: s, http: hc, api: slack.New(s.App().BotToken, slack.OptionAppLevelToken(s.App().AppToken), slack.OptionAPIURL(s.URL()),
		slack.OptionHTTPClient(hc))}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range n {
		sm := socketmode.New(b.api, socketmode.OptionLog(log.New(io.Discard, "", 0)),
			socketmode.OptionDialer(&websocket.Dialer{NetDialContext: dial, WriteBufferSize: 32 << 10}))
		wg.Go(func() { _ = sm.RunContext(ctx) })
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case e := <-sm.Events:
					if e.Request == nil || e.Request.EnvelopeID == "" {
						if e.Type == socketmode.EventTypeErrorBadMessage {
							t.Errorf("slack-go can't read: %s", e.Data)
						}
						continue
					}
					b.mu.Lock()
					b.got = append(b.got, e)
					b.mu.Unlock()
					payload, ok := handle(b, e)
					if !ok {
						continue
					}
					ackCtx, stop := context.WithTimeout(ctx, 2*time.Second)
					var err error
					if payload == nil {
						err = sm.AckCtx(ackCtx, e.Request.EnvelopeID, nil)
					} else {
						err = sm.AckCtx(ackCtx, e.Request.EnvelopeID, payload)
					}
					stop()
					if err != nil && ctx.Err() == nil {
						t.Errorf("ack: %v", err)
					}
				}
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		s.Close()
		wg.Wait()
		hc.CloseIdleConnections()
	})
	if err := s.Wait(t.Context(), func() bool { return s.Connections() == n }); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bot) events() []socketmode.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]socketmode.Event(nil), b.got...)
}

func ack(*bot, socketmode.Event) (any, bool) { return nil, true }

// errCode is Slack's code of an error from slack-go.
func errCode(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func mrk(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, false)
}

func pln(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
}

func section(text string) slack.Block { return slack.NewSectionBlock(mrk(text), nil, nil) }

func wantHas(t *testing.T, what, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s: got %q, want it to have %q", what, got, w)
		}
	}
}
