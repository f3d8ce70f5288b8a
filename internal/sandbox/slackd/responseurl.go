package slackd

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A response URL takes five messages within 30 minutes of the payload it came in.
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

type responseURL struct {
	channel, user string
	message       *Message // the message that was clicked, or the first answer to a command
	born          time.Time
	used          int
}

// newResponseURL returns an address that answers a payload. The caller holds mu.
func (s *Server) newResponseURL(channel, user string, m *Message) string {
	id := s.newID("R")
	s.responses[id] = &responseURL{channel: channel, user: user, message: m, born: s.opt.Now()}
	return s.origin + "/response/" + s.app.Team + "/" + id
}

// Arguments of a message that answers a payload: by response URL or by ack.
var answerArgs = []string{"text", "blocks", "response_type", "replace_original", "delete_original", "thread_ts",
	"mrkdwn", "parse", "link_names", "unfurl_links", "unfurl_media", "metadata"}

func (s *Server) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		return
	}
	req := &request{method: "response_url", args: map[string]json.RawMessage{}}
	fault := s.takeFault(req.method)
	cut := fault.stop(s, r)
	fail := fault.failure()
	if fail == nil && !cut {
		switch {
		case r.Method != http.MethodPost:
			fail = &failure{code: "invalid_request", mistake: true, status: http.StatusBadRequest}
		case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") || json.Unmarshal(body, &req.args) != nil:
			fail = &failure{code: "invalid_payload", mistake: true, status: http.StatusBadRequest}
		default:
			fail = s.respond(lastPart(r.URL.Path), req)
		}
		cut = fault != nil && fault.DropAfterEffect
	}
	call := Call{Method: req.method, Args: req.texts(), At: s.opt.Now()}
	if cut {
		call.Err = "connection cut"
		s.record(call)
		panic(http.ErrAbortHandler)
	}
	s.answer(w, r, call, nil, fail)
}

// respond posts or changes a message through a response URL.
func (s *Server) respond(id string, req *request) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.responses[id]
	switch {
	case u == nil:
		return &failure{code: "no_service", mistake: true, status: http.StatusNotFound}
	case s.since(u.born) >= responseLife:
		return &failure{code: "expired_url", status: http.StatusNotFound}
	case u.used >= responseUses:
		return &failure{code: "used_url", status: http.StatusNotFound}
	}
	u.used++
	return s.answerMessage(u, req)
}

// answerMessage does what a message given as an answer to a payload asks for. The caller
// holds mu.
func (s *Server) answerMessage(u *responseURL, req *request) *failure {
	bad := func(f *failure) *failure {
		f.status = http.StatusBadRequest
		return f
	}
	for k := range req.args {
		if !slices.Contains(answerArgs, k) {
			return bad(mistaken("invalid_payload", "no such field: "+k))
		}
	}
	if req.bool("delete_original") {
		if u.message == nil || u.message.Deleted {
			return bad(refuse("message_not_found"))
		}
		u.message.Deleted = true
		s.note()
		return nil
	}
	d, fail := s.draft(req, 0)
	if fail != nil {
		return bad(fail)
	}
	if !d.hasText && len(d.blocks) == 0 {
		return bad(mistaken("no_text"))
	}
	kind := req.str("response_type")
	if !slices.Contains([]string{"", "ephemeral", "in_channel"}, kind) {
		return bad(mistaken("invalid_payload", "response_type "+kind))
	}
	if req.bool("replace_original") && u.message != nil && !u.message.Deleted {
		if !s.byBot(u.message) {
			return bad(refuse("cant_update_message"))
		}
		d.hasBlocks = true // what replaces a message replaces all of it
		s.edit(u.message, d)
		return nil
	}
	m := &Message{Channel: u.channel, ThreadTS: req.str("thread_ts"), User: s.app.BotUser,
		Text: d.text, Blocks: d.blocks, Metadata: d.metadata, Parse: d.parse}
	if kind != "in_channel" {
		m.Ephemeral, m.For = true, u.user
	}
	m.ThreadTS = s.thread(u.channel, m.ThreadTS)
	s.add(m)
	if u.message == nil {
		u.message = m
	}
	return nil
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
