package github

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"runnerdesk/internal/fleet"
)

// verdict judges every answer by status and headers and lets only the expected ones
// through: 200 to a GET, 201 to a POST, 204 to a DELETE. Everything else becomes an
// error of fleet. So go-github's own reading of errors, which misses 429 and today's
// secondary limits, and its memory of rate limits, by which a read could block an
// approved delete, never come into play.
type verdict struct {
	next http.RoundTripper
	now  func() time.Time
	log  *slog.Logger
}

// settled is an error that is final and may be shown: the transports decided it.
// http.Client wraps it together with the address; translate takes it out again.
type settled struct{ err error }

func (s *settled) Error() string { return s.err.Error() }
func (s *settled) Unwrap() error { return s.err }

// expected is the one good status of each method.
var expected = map[string]int{
	http.MethodGet: http.StatusOK, http.MethodPost: http.StatusCreated, http.MethodDelete: http.StatusNoContent,
}

// RoundTrip sends the request and judges the answer.
func (v *verdict) RoundTrip(r *http.Request) (*http.Response, error) {
	began := v.now()
	response, err := v.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	v.log.DebugContext(r.Context(), "called GitHub", "event", "github_call", "method", r.Method,
		"path", r.URL.EscapedPath(), "status", response.StatusCode, "ms", v.now().Sub(began).Milliseconds())
	if response.StatusCode == expected[r.Method] {
		hideLimits(response.Header)
		response.Body = http.MaxBytesReader(nil, response.Body, maxBody)
		return response, nil
	}
	told := readTold(response.Body)
	return nil, &settled{v.judge(r, response, told)}
}

// told is what the body of an error says. Only its meaning is used: no text of it goes
// any further.
type told struct {
	Message string `json:"message"`
	DocURL  string `json:"documentation_url"`
}

// readTold reads and closes the body of an error. One that is no JSON says nothing.
func readTold(body io.ReadCloser) told {
	defer body.Close()
	var t told
	data, err := io.ReadAll(io.LimitReader(body, 64<<10))
	if err != nil || json.Unmarshal(data, &t) != nil {
		return told{}
	}
	t.Message = strings.ToLower(t.Message)
	return t
}

// judge turns an answer that is not the expected one into an error.
func (v *verdict) judge(r *http.Request, response *http.Response, t told) error {
	status, write := response.StatusCode, r.Method != http.MethodGet
	if limited := limit(status, response.Header, t, v.now()); limited != nil {
		return limited
	}
	switch {
	case status == http.StatusUnauthorized:
		return fleet.ErrCredential
	case status == http.StatusForbidden:
		return &fleet.ForbiddenError{Need: missing(response.Header)}
	case status == http.StatusNotFound && hidden(response.Header):
		return &fleet.ForbiddenError{Need: missing(response.Header)}
	case status == http.StatusNotFound:
		return fleet.ErrNotFound
	case status == http.StatusUnprocessableEntity && r.Method == http.MethodDelete:
		return fleet.ErrBusy
	case status >= 300 && status < 400 && status != http.StatusNotModified:
		return &fleet.UnavailableError{Status: status, What: "it answers that the address has moved; " +
			"check the scope's name and the server's address, redirects are not followed"}
	case status >= 500:
		return &fleet.UnavailableError{Status: status, What: fmt.Sprintf("it answered %d", status), MayHaveActed: write}
	}
	return &fleet.UnavailableError{
		Status: status, What: fmt.Sprintf("it answered %d where %d belongs", status, expected[r.Method]),
		// A 4xx is a refusal. What another 2xx did nobody knows.
		MayHaveActed: write && (status < 300 || status == http.StatusRequestTimeout),
	}
}

// hideLimits takes away what go-github would remember and later refuse calls for.
func hideLimits(h http.Header) {
	for key := range h {
		if strings.HasPrefix(strings.ToLower(key), "x-ratelimit-") || strings.EqualFold(key, "Retry-After") {
			delete(h, key)
		}
	}
}

// odd is an answer of the right status that makes no sense.
func odd(status int, what string) error {
	return &settled{&fleet.UnavailableError{Status: status, What: what, MayHaveActed: status != http.StatusOK}}
}
