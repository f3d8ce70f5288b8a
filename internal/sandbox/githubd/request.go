package githubd

import (
	"net/http"
	"net/url"
	"time"
)

// Request is what a client sent, and how it was answered.
type Request struct {
	Method     string
	Path       string // escaped, as on the wire, with the prefix
	Route      string // Path without the prefix
	Query      url.Values
	Header     http.Header // without Authorization
	Authorized bool        // it carried a credential that the server knows
	Body       []byte
	Status     int // of the answer; 0 when there was none
	At         time.Time
}

// Requests are all requests so far, in the order in which they came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := make([]Request, 0, len(s.requests))
	for _, r := range s.requests {
		requests = append(requests, *r)
	}
	return requests
}

// ForgetRequests empties the record, so that a test looks at its own part only.
func (s *Server) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}
