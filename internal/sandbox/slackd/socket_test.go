package slackd

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/internal/sandbox"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
)

// rawSocket is a Socket Mode client that does only what a test tells it.
type rawSocket struct {
	t  *testing.T
	ws *websocket.Conn
	tr *http.Transport
}

func dialRaw(t *testing.T, s *Server, dial dialFunc) *rawSocket {
	t.Helper()
	tr := &http.Transport{DialContext: dial}
	t.Cleanup(tr.CloseIdleConnections)
	api := slack.New("", slack.OptionAppLevelToken(s.App().AppToken), slack.OptionAPIURL(s.URL()),
		slack.OptionHTTPClient(&http.Client{Transport: tr}))
	_, addr, err := api.StartSocketModeContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := websocket.Dialer{NetDialContext: dial}
	ws, _, err := d.Dial(addr, http.Header{"Origin": {"https://api.slack.com"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	return &rawSocket{t: t, ws: ws, tr: tr}
}

func (r *rawSocket) read() map[string]any {
	r.t.Helper()
	var m map[string]any
	_ = r.ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	defer r.ws.SetReadDeadline(time.Time{})
	if err := r.ws.ReadJSON(&m); err != nil {
		r.t.Fatalf("read: %v", err)
	}
	return m
}

func (r *rawSocket) write(v any) {
	r.t.Helper()
	if err := r.ws.WriteJSON(v); err != nil {
		r.t.Fatalf("write: %v", err)
	}
}

func TestHello(t *testing.T) {
	s := newWorkspace(t, Options{})
	dialRaw(t, s, nil).read()
	hello := dialRaw(t, s, nil).read()
	if hello["type"] != "hello" || hello["num_connections"] != 2.0 || asObject(hello["connection_info"])["app_id"] != s.App().ID ||
		asObject(hello["debug_info"])["approximate_connection_time"] != 18060.0 {
		t.Errorf("hello %v", hello)
	}
}

func TestElevenSockets(t *testing.T) {
	s := newWorkspace(t, Options{})
	for range 10 {
		dialRaw(t, s, nil).read()
	}
	m := dialRaw(t, s, nil).read()
	if m["type"] != "disconnect" || m["reason"] != "too_many_websockets" || s.Connections() != 10 {
		t.Errorf("eleventh socket: %v, %d connections", m, s.Connections())
	}
}

func TestTicketIsGoodForOneSocket(t *testing.T) {
	s := quiet(t, Options{})
	u := "ws" + strings.TrimPrefix(s.URL(), "http")
	u = strings.TrimSuffix(u, "api/") + "link/?ticket=made-up"
	if _, _, err := websocket.DefaultDialer.Dial(u, nil); err == nil {
		t.Error("a made-up ticket opened a socket")
	}
	if len(s.Violations()) != 1 {
		t.Errorf("violations %v", s.Violations())
	}
}

// TestAcks holds raw acks against Slack's rules.
func TestAcks(t *testing.T) {
	big := strings.Repeat("x", 20*1024)
	for _, tt := range []struct {
		name    string
		ack     func(id string) any
		acked   bool
		violate string
	}{
		{"plain", func(id string) any { return map[string]any{"envelope_id": id} }, true, ""},
		{"with a message", func(id string) any {
			return map[string]any{"envelope_id": id, "payload": map[string]any{"text": "hi"}}
		}, true, ""},
		{"just under 20 KB", func(id string) any {
			return map[string]any{"envelope_id": id, "payload": map[string]any{"text": big[:20*1024-120]}}
		}, true, ""},
		{"20 KB", func(id string) any {
			return map[string]any{"envelope_id": id, "payload": map[string]any{"text": big}}
		}, false, "20 KB"},
		{"unknown envelope", func(string) any { return map[string]any{"envelope_id": "other"} }, false, "unknown envelope"},
		{"unknown field", func(id string) any { return map[string]any{"envelope_id": id, "ok": true} }, true, "no such field: ok"},
		{"unknown message field", func(id string) any {
			return map[string]any{"envelope_id": id, "payload": map[string]any{"txt": "hi"}}
		}, true, "no such field: txt"},
		{"bad blocks", func(id string) any {
			return map[string]any{"envelope_id": id, "payload": map[string]any{"blocks": []any{map[string]any{"type": "sektion"}}}}
		}, true, "invalid_blocks"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := sandbox.NewPipe("slack.test:80")
				s := quiet(t, Options{Listener: p})
				raw := dialRaw(t, s, p.DialContext)
				raw.read()
				done := make(chan Receipt, 1)
				go func() { done <- s.Person("U0ANN").Command(t.Context(), "C0OPS", "x") }()
				id := asString(raw.read()["envelope_id"])
				raw.write(tt.ack(id))
				drain(raw)
				r := <-done
				if r.Acked != tt.acked || (!tt.acked && r.Err != "operation_timeout") {
					t.Errorf("receipt %+v, want acked %v", r, tt.acked)
				}
				if got := strings.Join(s.Violations(), "\n"); (tt.violate == "") != (got == "") || !strings.Contains(got, tt.violate) {
					t.Errorf("violations %q, want %q", got, tt.violate)
				}
				s.Close()
				raw.tr.CloseIdleConnections()
			})
		})
	}
}

// drain answers pings until the socket ends.
func drain(r *rawSocket) {
	go func() {
		for {
			if _, _, err := r.ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
}

func TestAckOnAnotherSocketDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sandbox.NewPipe("slack.test:80")
		s := newWorkspace(t, Options{Listener: p})
		a, b := dialRaw(t, s, p.DialContext), dialRaw(t, s, p.DialContext)
		a.read()
		b.read()
		got := make(chan map[string]any, 2)
		for _, r := range []*rawSocket{a, b} {
			go func() {
				for {
					var m map[string]any
					if r.ws.ReadJSON(&m) != nil {
						return
					}
					m["mine"] = r == a
					got <- m
				}
			}()
		}
		done := make(chan Receipt, 1)
		go func() { done <- s.Person("U0ANN").Command(t.Context(), "C0OPS", "x") }()
		m := <-got
		other := a
		if m["mine"] == true {
			other = b
		}
		other.write(map[string]any{"envelope_id": m["envelope_id"]})
		if r := <-done; r.Acked {
			t.Errorf("receipt %+v, want a timeout", r)
		}
		s.Close()
		a.tr.CloseIdleConnections()
		b.tr.CloseIdleConnections()
	})
}

func TestEnvelopesGoToAnySocket(t *testing.T) {
	s := newWorkspace(t, Options{})
	startBot(t, s, 3, nil, ack)
	for range 30 {
		if r := s.Person("U0ANN").Command(t.Context(), "C0OPS", "x"); !r.Acked {
			t.Fatal(r)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	used := map[*socket]int{}
	for _, e := range s.envelopes {
		for _, c := range e.on {
			used[c]++
		}
	}
	if len(used) != 3 {
		t.Errorf("%d sockets were used, want 3", len(used))
	}
}

func TestDisconnectFrameThenClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sandbox.NewPipe("slack.test:80")
		s := newWorkspace(t, Options{Listener: p})
		a := dialRaw(t, s, p.DialContext)
		a.read()
		frames := make(chan map[string]any, 10)
		closed := make(chan time.Time, 1)
		go func() {
			for {
				var m map[string]any
				if a.ws.ReadJSON(&m) != nil {
					closed <- time.Now()
					return
				}
				frames <- m
			}
		}()
		start := time.Now()
		s.Disconnect("refresh_requested")
		if m := <-frames; m["type"] != "disconnect" || m["reason"] != "refresh_requested" {
			t.Errorf("frame %v", m)
		}
		b := dialRaw(t, s, p.DialContext)
		b.read()
		drainAck(b)
		// New envelopes go to the socket that stays.
		for range 5 {
			if r := s.Person("U0ANN").Command(t.Context(), "C0OPS", "x"); !r.Acked {
				t.Errorf("receipt %+v", r)
			}
		}
		if d := (<-closed).Sub(start); d != 10*time.Second {
			t.Errorf("closed after %v, want 10s", d)
		}
		s.Close()
		a.tr.CloseIdleConnections()
		b.tr.CloseIdleConnections()
	})
}

// drainAck acknowledges everything.
func drainAck(r *rawSocket) {
	go func() {
		for {
			var m map[string]any
			if r.ws.ReadJSON(&m) != nil {
				return
			}
			if r.ws.WriteJSON(map[string]any{"envelope_id": m["envelope_id"]}) != nil {
				return
			}
		}
	}()
}

func TestSlackGoReconnects(t *testing.T) {
	s := newWorkspace(t, Options{})
	startBot(t, s, 2, nil, ack)
	for _, cut := range []func(){s.DropSockets, func() { s.Disconnect("warning") }} {
		cut()
		if err := s.Wait(t.Context(), func() bool { return s.Connections() == 2 }); err != nil {
			t.Fatal(err)
		}
		if r := s.Person("U0ANN").Command(t.Context(), "C0OPS", "x"); !r.Acked {
			t.Errorf("after the cut: %+v", r)
		}
	}
}

func countCalls(s *Server, method string) (n int) {
	for _, c := range s.Calls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

func TestPingsKeepTheWatchdogContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sandbox.NewPipe("slack.test:80")
		s := newWorkspace(t, Options{Listener: p})
		startBot(t, s, 2, p.DialContext, ack)
		time.Sleep(time.Hour)
		if n := countCalls(s, "apps.connections.open"); n != 2 {
			t.Errorf("%d connections were opened in an hour, want 2", n)
		}
	})
}

func TestDownRefusesEverything(t *testing.T) {
	s := newWorkspace(t, Options{})
	dialRaw(t, s, nil).read()
	s.Down(true)
	if err := s.Wait(t.Context(), func() bool { return s.Connections() == 0 }); err != nil {
		t.Fatal(err)
	}
	if _, err := client(s).AuthTest(); !strings.Contains(errCode(err), "503") {
		t.Errorf("got %v, want 503", err)
	}
	s.Down(false)
	if _, err := client(s).AuthTest(); err != nil {
		t.Error(err)
	}
}

func TestAppTokenIsChecked(t *testing.T) {
	s := newWorkspace(t, Options{})
	app := s.App()
	open := func(token string) string {
		_, _, err := slack.New("", slack.OptionAppLevelToken(token), slack.OptionAPIURL(s.URL())).StartSocketModeContext(t.Context())
		return errCode(err)
	}
	if got := open(app.BotToken); got != "not_allowed_token_type" {
		t.Errorf("bot token: %s", got)
	}
	if got := open("xapp-other"); got != "invalid_auth" {
		t.Errorf("other token: %s", got)
	}
	s.Revoke(app.AppToken, "token_revoked")
	if got := open(app.AppToken); got != "token_revoked" {
		t.Errorf("revoked: %s", got)
	}
	s.Revoke(app.AppToken, "")
	app.AppScopes = []string{}
	s.Install(app)
	if got := open(app.AppToken); got != "missing_scope" {
		t.Errorf("no scope: %s", got)
	}
}

func TestEnvelopeFrame(t *testing.T) {
	s := newWorkspace(t, Options{})
	raw := dialRaw(t, s, nil)
	raw.read()
	go s.Person("U0ANN").Mention(context.WithoutCancel(t.Context()), "C0OPS", "", "x")
	m := raw.read()
	keys := slices.Sorted(func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	})
	want := []string{"accepts_response_payload", "envelope_id", "payload", "retry_attempt", "retry_reason", "type"}
	if !slices.Equal(keys, want) {
		t.Errorf("fields %v, want %v", keys, want)
	}
	raw.write(map[string]any{"envelope_id": m["envelope_id"]})
	if err := s.Wait(t.Context(), func() bool { return len(acks(s)) == 1 }); err != nil {
		t.Fatal(err)
	}
}

func TestUnknownAddress(t *testing.T) {
	s := quiet(t, Options{})
	res, err := http.Post(strings.TrimSuffix(s.URL(), "api/")+"nowhere", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusNotFound || len(s.Violations()) != 1 {
		t.Errorf("status %d, violations %v", res.StatusCode, s.Violations())
	}
	var out map[string]any
	res, err = http.PostForm(s.URL()+"chat.postMesage", url.Values{"token": {s.App().BotToken}})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if out["error"] != "unknown_method" || len(s.Violations()) != 2 {
		t.Errorf("got %v, violations %v", out, s.Violations())
	}
}
