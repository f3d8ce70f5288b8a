package slackd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Call is one request to the Web API, to a response URL ("response_url") or to an upload
// address ("upload"), or the answer to an envelope ("ack"). Tokens are left out.
type Call struct {
	Method string
	Args   map[string]string // JSON values as JSON, strings as they are
	Token  string            // "bot", "app", "" (none) or "other"
	At     time.Time
	Err    string // Slack's error code; "" means ok
	Status int    // HTTP status; 0 when the connection was cut instead of an answer
}

type web struct {
	calls     []Call
	faults    map[string][]*Fault
	noBlocks  int // so many messages with blocks are still to be refused
	windows   map[string][]time.Time
	lastPost  map[string]time.Time
	triggers  map[string]*trigger
	responses map[string]*responseURL
	uploads   map[string]*File
	tickets   map[string]bool
}

func newWeb() web {
	return web{
		faults:    map[string][]*Fault{},
		windows:   map[string][]time.Time{},
		lastPost:  map[string]time.Time{},
		triggers:  map[string]*trigger{},
		responses: map[string]*responseURL{},
		uploads:   map[string]*File{},
		tickets:   map[string]bool{},
	}
}

// failure is Slack's refusal of a call.
type failure struct {
	code     string
	extra    map[string]any
	status   int           // 0 means 200
	retry    time.Duration // Retry-After, with status 429
	mistake  bool          // the client did something no client should: a violation
	messages []string      // response_metadata.messages
}

func refuse(code string) *failure { return &failure{code: code} }

func mistaken(code string, messages ...string) *failure {
	return &failure{code: code, mistake: true, messages: messages}
}

// request is one call with its arguments, every one as JSON.
type request struct {
	method string
	args   map[string]json.RawMessage
}

// str returns an argument as text: a JSON string's value, else the JSON itself.
func (r *request) str(name string) string {
	raw := r.args[name]
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// object returns an argument that holds JSON, whether it came as JSON or, as in forms,
// as a string with JSON in it. It is nil when the argument is absent, null or empty.
func (r *request) object(name string) json.RawMessage {
	raw := bytes.TrimSpace([]byte(r.str(name)))
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	return raw
}

func (r *request) bool(name string) bool {
	v := r.str(name)
	return v == "true" || v == "1"
}

const bodyLimit = 2 << 20

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api/")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		return
	}
	m := methods[name]
	req, token, fail := parseRequest(name, m, r, body)
	kind := s.tokenKind(token)
	call := Call{Method: name, Args: req.texts(), Token: kind, At: s.opt.Now()}
	if m == nil {
		s.answer(w, r, call, nil, mistaken("unknown_method"))
		return
	}
	var cut bool
	if fail == nil {
		fault := s.takeFault(name)
		if fault.stop(s, r) {
			cut = true
		}
		if fail = fault.failure(); fail == nil && !cut {
			var data map[string]any
			s.mu.Lock()
			if fail = s.admit(m, req, token, kind); fail == nil {
				data, fail = m.run(s, req)
			}
			s.mu.Unlock()
			if fault == nil || !fault.DropAfterEffect {
				s.answer(w, r, call, data, fail)
				return
			}
			cut = true
		}
	}
	if cut {
		call.Err = "connection cut"
		s.record(call)
		panic(http.ErrAbortHandler)
	}
	s.answer(w, r, call, nil, fail)
}

// answer records the call and writes Slack's answer.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, call Call, data map[string]any, fail *failure) {
	out := map[string]any{"ok": true}
	for k, v := range data {
		out[k] = v
	}
	status := http.StatusOK
	if fail != nil {
		out = map[string]any{"ok": false, "error": fail.code}
		for k, v := range fail.extra {
			out[k] = v
		}
		if len(fail.messages) > 0 {
			out["errors"] = fail.messages
			out["response_metadata"] = map[string]any{"messages": withPrefix("[ERROR] ", fail.messages)}
		}
		if fail.status != 0 {
			status = fail.status
		}
		if fail.retry > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((fail.retry+time.Second-1)/time.Second)))
		}
		if fail.mistake {
			s.violation("%s: %s %s", call.Method, fail.code, strings.Join(fail.messages, "; "))
		}
		call.Err = fail.code
	}
	call.Status = status
	s.record(call)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	s.mu.Lock()
	w.Header().Set("X-OAuth-Scopes", strings.Join(s.app.Scopes, ","))
	s.mu.Unlock()
	if status >= 500 {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html>Server Error</html>")
		return
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

func withPrefix(prefix string, list []string) []string {
	out := make([]string, len(list))
	for i, m := range list {
		out[i] = prefix + m
	}
	return out
}

func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	s.note()
	s.opt.Log.Debug("call", "method", c.Method, "error", c.Err, "status", c.Status)
}

// parseRequest reads the arguments and the token of a call.
func parseRequest(name string, m *method, r *http.Request, body []byte) (*request, string, *failure) {
	req := &request{method: name, args: map[string]json.RawMessage{}}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if r.Method != http.MethodPost {
		return req, token, mistaken("invalid_arguments", "only POST is taken here, not "+r.Method)
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return req, token, mistaken("invalid_form_data")
		}
		for k, v := range form {
			if len(v) > 1 {
				return req, token, mistaken("invalid_arguments", "argument given twice: "+k)
			}
			if k == "token" {
				if token == "" {
					token = v[0]
				}
				continue
			}
			req.args[k], _ = json.Marshal(v[0])
		}
	case kind == "application/json":
		if m != nil && !m.json {
			return req, token, mistaken("invalid_post_type", name+" takes no JSON body")
		}
		if err := json.Unmarshal(body, &req.args); err != nil {
			return req, token, mistaken("invalid_json")
		}
		delete(req.args, "token") // Slack reads no token from a JSON body
	default:
		return req, token, mistaken("invalid_post_type", "Content-Type "+kind)
	}
	return req, token, nil
}

func (r *request) texts() map[string]string {
	out := make(map[string]string, len(r.args))
	for k := range r.args {
		out[k] = r.str(k)
	}
	return out
}

func (s *Server) tokenKind(token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch token {
	case "":
		return ""
	case s.app.BotToken:
		return "bot"
	case s.app.AppToken:
		return "app"
	}
	return "other"
}

// admit checks the token, its kind and scopes, the argument names and the rate limits.
// The caller holds mu.
func (s *Server) admit(m *method, req *request, token, kind string) *failure {
	if token == "" {
		return refuse("not_authed")
	}
	if code := s.revoked[token]; code != "" {
		return refuse(code)
	}
	if kind == "other" {
		return refuse("invalid_auth")
	}
	scopes := s.app.Scopes
	if m.app {
		scopes = s.app.AppScopes
	}
	if m.app != (kind == "app") {
		return refuse("not_allowed_token_type")
	}
	if m.scope != "" && !slices.Contains(scopes, m.scope) {
		return missingScope(m.scope, scopes)
	}
	for _, k := range m.need {
		if req.str(k) == "" {
			return mistaken("invalid_arguments", "missing required field: "+k)
		}
	}
	for k := range req.args {
		if !slices.Contains(m.need, k) && !slices.Contains(m.may, k) {
			return mistaken("invalid_arguments", fmt.Sprintf("%s has no argument %q", req.method, k))
		}
	}
	if !s.opt.Pace {
		return nil
	}
	if m.burst != nil {
		if fail := m.burst(s, req); fail != nil {
			return fail
		}
	}
	return s.pace(req.method, m.tier)
}

func missingScope(needed string, provided []string) *failure {
	return &failure{code: "missing_scope", extra: map[string]any{
		"needed": needed, "provided": strings.Join(provided, ",")}}
}
