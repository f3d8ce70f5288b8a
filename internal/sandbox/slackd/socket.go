package slackd

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Limits of Socket Mode.
const (
	maxSockets     = 10
	ackWithin      = 3 * time.Second
	ackLimit       = 20 * 1024 // acks of this many bytes and more are dropped silently
	leavePeriod    = 10 * time.Second
	connectionLife = 18060 // seconds, as hello says
)

type sockets struct {
	conns     []*socket
	envelopes map[string]*envelope
	order     []string // envelope ids, oldest first
	duplicate int
}

func newSockets() sockets { return sockets{envelopes: map[string]*envelope{}} }

type socket struct {
	ws      *websocket.Conn
	writing chan struct{} // one place; unlike a mutex it lets a bubble's clock run on
	ready   bool          // hello was sent; guarded by Server.mu, as is leaving
	leaving bool          // a disconnect frame was sent
	done    chan struct{}
}

func (c *socket) write(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.writeRaw(raw)
}

func (c *socket) writeRaw(raw []byte) error {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	return c.writeNow(raw)
}

// writeNow writes while the caller holds the place in writing.
func (c *socket) writeNow(raw []byte) error {
	_ = c.ws.SetWriteDeadline(time.Now().Add(ackWithin))
	return c.ws.WriteMessage(websocket.TextMessage, raw)
}

func (s *Server) connectionsOpen(*request) (map[string]any, *failure) {
	ticket := s.newID("L")
	s.tickets[ticket] = true
	return map[string]any{"url": "ws" + strings.TrimPrefix(s.origin, "http") + "/link/?ticket=" + ticket + "&app_id=" + s.app.ID}, nil
}

var upgrader = websocket.Upgrader{
	// Clients of Slack send the origin of Slack's API, not of this server.
	CheckOrigin:     func(*http.Request) bool { return true },
	ReadBufferSize:  32 * 1024,
	WriteBufferSize: 32 * 1024,
}

func (s *Server) serveLink(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	known := s.tickets[ticket]
	delete(s.tickets, ticket)
	s.mu.Unlock()
	if !known {
		s.violation("socket without a fresh ticket")
		http.Error(w, "ticket", http.StatusForbidden)
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.violation("socket: %v", err)
		return
	}
	c := &socket{ws: ws, writing: make(chan struct{}, 1), done: make(chan struct{})}
	defer s.forget(c)
	s.mu.Lock()
	if s.ctx.Err() != nil || s.down {
		s.mu.Unlock()
		return
	}
	full := len(s.conns) >= maxSockets
	if !full {
		s.conns = append(s.conns, c)
	}
	n, app := len(s.conns), s.app.ID
	s.mu.Unlock()
	if full {
		_ = c.write(disconnectFrame("too_many_websockets"))
		return
	}
	life := connectionLife
	if r.URL.Query().Get("debug_reconnects") == "true" {
		life = 360
	}
	hello, err := json.Marshal(map[string]any{"type": "hello", "num_connections": n,
		"connection_info": map[string]any{"app_id": app},
		"debug_info":      map[string]any{"host": "applink-1", "build_number": 1, "approximate_connection_time": life}})
	if err != nil {
		s.violation("hello: %v", err)
		return
	}
	// Envelopes may come as soon as hello is out, and never before it.
	c.writing <- struct{}{}
	s.mu.Lock()
	c.ready = true
	s.mu.Unlock()
	err = c.writeNow(hello)
	<-c.writing
	if err != nil {
		return
	}
	s.mu.Lock()
	s.note()
	s.mu.Unlock()
	s.background("ping", func() { s.ping(c) })
	s.read(c)
}

// ping keeps the client's watchdog content, and notices a client that is gone.
func (s *Server) ping(c *socket) {
	t := time.NewTicker(s.opt.PingEvery)
	defer t.Stop()
	for {
		if c.ws.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(s.opt.PingEvery)) != nil {
			c.ws.Close()
			return
		}
		select {
		case <-t.C:
		case <-c.done:
			return
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Server) read(c *socket) {
	patience := 4*s.opt.PingEvery + 5*time.Second
	_ = c.ws.SetReadDeadline(time.Now().Add(patience))
	c.ws.SetPongHandler(func(string) error { return c.ws.SetReadDeadline(time.Now().Add(patience)) })
	c.ws.SetReadLimit(bodyLimit)
	for {
		kind, raw, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		if kind != websocket.TextMessage {
			s.violation("socket: binary message")
			continue
		}
		s.ack(c, raw)
	}
}

func (s *Server) forget(c *socket) {
	s.mu.Lock()
	for i, o := range s.conns {
		if o == c {
			s.conns = append(s.conns[:i:i], s.conns[i+1:]...)
			break
		}
	}
	s.note()
	s.mu.Unlock()
	close(c.done)
	c.ws.Close()
}

// Connections counts the open sockets that were not told to disconnect.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.conns {
		if c.ready && !c.leaving {
			n++
		}
	}
	return n
}

// DropSockets cuts every socket without a word, as a broken network does.
func (s *Server) DropSockets() {
	s.mu.Lock()
	list := s.conns
	s.conns = nil
	s.note()
	s.mu.Unlock()
	for _, c := range list {
		c.ws.Close()
	}
}

func disconnectFrame(reason string) map[string]any {
	return map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink-1"}}
}

// Disconnect sends every socket a disconnect frame with reason (warning,
// refresh_requested, link_disabled, too_many_websockets) and closes it ten seconds later.
// Until then envelopes prefer sockets without such a frame.
func (s *Server) Disconnect(reason string) {
	s.mu.Lock()
	list := append([]*socket(nil), s.conns...)
	for _, c := range list {
		c.leaving = true
	}
	s.note()
	s.mu.Unlock()
	for _, c := range list {
		_ = c.write(disconnectFrame(reason))
		s.background("disconnect", func() {
			t := time.NewTimer(leavePeriod)
			defer t.Stop()
			select {
			case <-t.C:
			case <-c.done:
			case <-s.ctx.Done():
			}
			c.ws.Close()
		})
	}
}
