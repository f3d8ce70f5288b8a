package githubd

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, hr.Body, 1<<20))
	if err != nil {
		return // the client hung up, or sends without end
	}
	record := s.record(hr, body)
	fault := s.faultFor(*record)
	if fault == nil {
		fault = &Fault{}
	}
	delay := fault.Delay
	r, known := parseRoute(record.Method, record.Route)
	if known && r.op == opList {
		delay += s.opts.PageDelay
	}
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-hr.Context().Done():
			return
		}
	}
	answer := &reply{header: http.Header{}}
	if fault.AfterEffect || fault.Status == 0 && !fault.Reset {
		answer = s.answer(record, hr.Header, r, known)
	}
	if fault.Reset {
		s.finish(record, 0)
		breakConnection(w, true)
		return
	}
	answer = fault.with(answer)
	s.finish(record, answer.status)
	if fault.Truncate {
		answer.sendHalf(w)
		return
	}
	answer.send(w)
}

// record keeps the request.
func (s *Server) record(hr *http.Request, body []byte) *Request {
	header := hr.Header.Clone()
	header.Del("Authorization")
	path := hr.URL.EscapedPath()
	r := &Request{
		Method: hr.Method, Path: path, Route: strings.TrimPrefix(path, s.prefix),
		Query: hr.URL.Query(), Header: header, Body: body, At: s.opts.Now(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, _ := s.credentialOf(hr.Header)
	r.Authorized = c != nil
	kept := *r
	s.requests = append(s.requests, &kept)
	s.touch()
	return &kept
}

// finish notes how a request was answered.
func (s *Server) finish(r *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Status = status
	s.touch()
}

// answer carries out a request and is what GitHub would say.
func (s *Server) answer(record *Request, header http.Header, r route, known bool) *reply {
	if wrong := s.strict(record, r, known); wrong != nil {
		return wrong
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, refused := s.credentialOf(header)
	if refused != nil {
		return refused
	}
	n := needOf(r)
	answer := s.charge(c)
	limited := answer != nil
	if answer == nil {
		answer = c.refusal(r, n)
	}
	if answer == nil {
		answer = s.operate(r, record)
		if record.Method == http.MethodGet && answer.status == http.StatusOK {
			answer = answer.conditional(c.Value, header.Get("If-None-Match"))
		}
	}
	if answer.status == http.StatusNotModified && !limited {
		s.refund(c)
	}
	c.describe(answer.header, n)
	s.budget(answer.header, c)
	answer.header.Set("X-GitHub-Media-Type", "github.v3; format=json")
	return answer
}

// strict finds what a correct client never sends.
func (s *Server) strict(record *Request, r route, known bool) *reply {
	if !known || !strings.HasPrefix(record.Path, s.prefix+"/") {
		s.violated("no such route: %s %s", record.Method, record.Path)
		return failure(http.StatusNotFound, "Not Found", "")
	}
	if record.Header.Get("User-Agent") == "" {
		s.violated("%s %s without User-Agent", record.Method, record.Path)
		return failure(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.", "")
	}
	// https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
	accept := record.Header.Get("Accept")
	if accept != "application/vnd.github+json" && accept != "application/vnd.github.v3+json" {
		s.violated("%s %s with Accept %q", record.Method, record.Path, accept)
		return failure(http.StatusUnsupportedMediaType, "Unsupported 'Accept' header: "+accept+".  Must accept 'application/json'.", "")
	}
	if version := record.Header.Get("X-GitHub-Api-Version"); version != "2022-11-28" {
		s.violated("%s %s with X-GitHub-Api-Version %q", record.Method, record.Path, version)
		return failure(http.StatusBadRequest, "\""+version+"\" is not a supported version.", "")
	}
	for key, values := range record.Query {
		if !slices.Contains(queryOf(r.op), key) || len(values) != 1 {
			s.violated("%s %s with query parameter %q", record.Method, record.Path, key)
			return failure(http.StatusNotFound, "Not Found", docURL(r.op))
		}
	}
	for _, key := range []string{"page", "per_page"} {
		if text := record.Query.Get(key); record.Query.Has(key) && !goodCount(key, text) {
			s.violated("%s %s with %s=%q", record.Method, record.Path, key, text)
			return failure(http.StatusNotFound, "Not Found", docURL(r.op))
		}
	}
	if len(record.Body) != 0 {
		s.violated("%s %s with a body", record.Method, record.Path)
		return failure(http.StatusBadRequest, "Problems parsing JSON", docURL(r.op))
	}
	return nil
}
