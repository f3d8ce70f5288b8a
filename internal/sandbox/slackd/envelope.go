package slackd

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Receipt says what became of an envelope.
type Receipt struct {
	EnvelopeID string
	AckPayload json.RawMessage
	Acked      bool
	After      time.Duration // from sending to the ack
	// Err is what the person is told: "" or "operation_timeout" (no ack within 3 s),
	// "dispatch_failed" (no socket), or why the client could not even send it.
	Err string
}

type envelope struct {
	id      string
	kind    string
	accepts bool
	frame   []byte
	onAck   func(json.RawMessage) string // what the ack's payload does; with mu held
	sent    time.Time
	on      []*socket
	closed  bool // acked or given up
	receipt Receipt
	done    chan struct{}
}

// keepEnvelopes bounds what Redeliver can reach.
const keepEnvelopes = 10000

// retries are the waits before Slack repeats an event that was not acknowledged.
var retries = []time.Duration{0, time.Minute, 5 * time.Minute}

// deliver sends an envelope to one of the sockets and waits for its ack, at most 3 s.
func (s *Server) deliver(ctx context.Context, kind string, accepts bool, payload any, attempt int, onAck func(json.RawMessage) string) Receipt {
	s.mu.Lock()
	e := &envelope{id: s.newID("E") + "-envelope", kind: kind, accepts: accepts, onAck: onAck, done: make(chan struct{})}
	out := map[string]any{"envelope_id": e.id, "type": kind, "payload": payload, "accepts_response_payload": accepts}
	if attempt > 0 {
		out["retry_attempt"], out["retry_reason"] = attempt, "timeout"
	} else if kind == "events_api" {
		out["retry_attempt"], out["retry_reason"] = 0, ""
	}
	frame, err := json.Marshal(out)
	if err != nil {
		s.mu.Unlock()
		s.violation("envelope: %v", err)
		return Receipt{Err: "internal_error"}
	}
	e.frame = frame
	s.envelopes[e.id] = e
	s.order = append(s.order, e.id)
	if len(s.order) > keepEnvelopes {
		delete(s.envelopes, s.order[0])
		s.order = s.order[1:]
	}
	n := 1
	if s.duplicate > 0 {
		s.duplicate--
		n = 2
	}
	s.mu.Unlock()
	return s.send(ctx, e, n)
}

// send writes the envelope n times, on different sockets when there are several, and
// waits for the first ack.
func (s *Server) send(ctx context.Context, e *envelope, n int) Receipt {
	s.mu.Lock()
	e.sent = time.Now()
	e.closed = false
	targets := s.pick(n)
	e.on = append(e.on, targets...)
	e.receipt = Receipt{EnvelopeID: e.id}
	done := e.done
	s.note()
	s.mu.Unlock()
	arrived := false
	for _, c := range targets {
		if c.writeRaw(e.frame) == nil {
			arrived = true
		}
	}
	give := func(code string) Receipt {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !e.closed {
			e.closed = true
			e.receipt.Err = code
			s.note()
		}
		return e.receipt
	}
	if !arrived {
		return give("dispatch_failed")
	}
	t := time.NewTimer(ackWithin)
	defer t.Stop()
	select {
	case <-done:
		return give("")
	case <-t.C:
		return give("operation_timeout")
	case <-ctx.Done():
		return give(ctx.Err().Error())
	case <-s.ctx.Done():
		return give("server closed")
	}
}

// pick chooses n sockets at random; sockets about to close come last. The caller holds mu.
func (s *Server) pick(n int) []*socket {
	list := slices.DeleteFunc(slices.Clone(s.conns), func(c *socket) bool { return !c.ready })
	if len(list) == 0 {
		return nil
	}
	s.rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	slices.SortStableFunc(list, func(a, b *socket) int {
		switch {
		case a.leaving == b.leaving:
			return 0
		case b.leaving:
			return -1
		}
		return 1
	})
	for len(list) < n {
		list = append(list, list[0])
	}
	return list[:n]
}

// ack takes what a client wrote on a socket.
func (s *Server) ack(c *socket, raw []byte) {
	var in map[string]json.RawMessage
	if json.Unmarshal(raw, &in) != nil {
		s.violation("socket: not a JSON object: %.80q", raw)
		return
	}
	var id string
	_ = json.Unmarshal(in["envelope_id"], &id)
	for k := range in {
		if k != "envelope_id" && k != "payload" {
			s.violation("ack: no such field: %s", k)
		}
	}
	payload := bytes.TrimSpace(in["payload"])
	if bytes.Equal(payload, []byte("null")) {
		payload = nil
	}
	call := Call{Method: "ack", Args: map[string]string{"envelope_id": id, "payload": string(payload)}, At: s.opt.Now()}
	s.mu.Lock()
	e := s.envelopes[id]
	var problem string
	switch {
	case e == nil:
		problem = "ack of an unknown envelope"
	case len(raw) >= ackLimit:
		// Slack drops such an ack without a word; the person sees a timeout.
		problem = "ack of 20 KB or more: dropped"
	case !slices.Contains(e.on, c):
		call.Err = "other_connection" // not taken: Slack promises nothing for it
	case e.closed:
		call.Err = "late"
	default:
		if len(payload) > 0 && !e.accepts && !bytes.Equal(payload, []byte("{}")) {
			problem = "ack of " + e.kind + " with a payload that nobody reads"
		}
		e.closed = true
		e.receipt.Acked = true
		e.receipt.After = time.Since(e.sent)
		e.receipt.AckPayload = json.RawMessage(payload)
		if e.onAck != nil {
			e.receipt.Err = e.onAck(json.RawMessage(payload))
			e.onAck = nil // a second delivery's ack must not act again
		}
		close(e.done)
		e.done = make(chan struct{})
	}
	s.note()
	s.mu.Unlock()
	if problem != "" {
		call.Err = problem
		s.violation("%s", problem)
	}
	s.record(call)
}

// Redeliver sends an envelope once more, unchanged, as after a lost ack.
func (s *Server) Redeliver(ctx context.Context, envelopeID string) Receipt {
	s.mu.Lock()
	e := s.envelopes[envelopeID]
	s.mu.Unlock()
	if e == nil {
		return Receipt{EnvelopeID: envelopeID, Err: "no such envelope"}
	}
	return s.send(ctx, e, 1)
}

// Duplicate makes Slack deliver each of the next n envelopes twice.
func (s *Server) Duplicate(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.duplicate = n
}

// event delivers an event and keeps trying in the background, with waits of 0, 1 and 5
// minutes, when it is not acknowledged.
func (s *Server) event(ctx context.Context, inner map[string]any) Receipt {
	s.mu.Lock()
	payload := map[string]any{"token": "sample", "team_id": s.app.Team, "context_team_id": s.app.Team,
		"context_enterprise_id": nil, "api_app_id": s.app.ID, "type": "event_callback", "event": inner,
		"event_id": s.newID("Ev"), "event_time": s.opt.Now().Unix(), "is_ext_shared_channel": false,
		"event_context": s.newID("4-"), "authorizations": []map[string]any{{"enterprise_id": nil,
			"team_id": s.app.Team, "user_id": s.app.BotUser, "is_bot": true, "is_enterprise_install": false}}}
	if s.app.Enterprise != "" {
		payload["enterprise_id"] = s.app.Enterprise
	}
	if id, _ := inner["channel"].(string); s.channels[id] != nil {
		payload["is_ext_shared_channel"] = s.channels[id].ExtShared
	}
	s.mu.Unlock()
	r := s.deliver(ctx, "events_api", false, payload, 0, nil)
	if r.Acked {
		return r
	}
	s.background("retry", func() {
		for i, wait := range retries {
			t := time.NewTimer(wait)
			select {
			case <-t.C:
			case <-s.ctx.Done():
				t.Stop()
				return
			}
			if s.deliver(s.ctx, "events_api", false, payload, i+1, nil).Acked {
				return
			}
		}
	})
	return r
}

// echo tells the app about its own messages in direct messages, as Slack does to those
// who subscribe to message.im. The caller holds mu.
func (s *Server) echo(c *Channel, m *Message, subtype string) {
	if !c.isDM() || !s.subscribed("message.im") || !s.scope("im:history") {
		return
	}
	ev := s.asJSON(m)
	ev["channel"], ev["channel_type"], ev["event_ts"] = c.ID, "im", m.TS
	if subtype != "" {
		ev = map[string]any{"type": "message", "subtype": subtype, "hidden": true, "channel": c.ID, "channel_type": "im",
			"ts": m.TS, "event_ts": m.TS, "message": ev}
	}
	s.background("echo", func() { s.event(s.ctx, ev) })
}
