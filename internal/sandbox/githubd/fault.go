package githubd

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Fault is what goes wrong instead of, or beside, the true answer.
type Fault struct {
	Times  int         // how often; 0: until it is lifted
	Status int         // the answer's status; 0: the true answer
	Body   string      // with Status: the answer's body
	Header http.Header // added to the answer, or set in place of its own
	Delay  time.Duration

	Reset       bool // break the connection instead of an answer
	AfterEffect bool // with Status or Reset: the operation takes effect first
	Truncate    bool // break the connection in the middle of the answer's body
}

// Match chooses the requests that a fault is for.
type Match func(Request) bool

// On matches a method and a route without the prefix. In the route * is any run of
// characters but /, and ** is any at all. The empty method is every method.
func On(method, route string) Match {
	pattern := regexp.QuoteMeta(route)
	pattern = strings.ReplaceAll(pattern, `\*\*`, `.*`)
	pattern = strings.ReplaceAll(pattern, `\*`, `[^/]*`)
	shape := regexp.MustCompile(`^` + pattern + `$`)
	return func(r Request) bool {
		return (method == "" || method == r.Method) && shape.MatchString(r.Route)
	}
}

type plannedFault struct {
	Fault
	match Match
	left  int
}

// Fault plans a fault for the requests that match. Of several the one that was planned
// first comes first. The returned function lifts it.
func (s *Server) Fault(match Match, f Fault) (lift func()) {
	planned := &plannedFault{Fault: f, match: match, left: f.Times}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, planned)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.drop(planned)
	}
}

// ClearFaults lifts every fault.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// faultFor takes the fault that is planned for the request, if there is one. A match
// may ask the server, so it is asked without the lock.
func (s *Server) faultFor(r Request) *Fault {
	s.mu.Lock()
	planned := slices.Clone(s.faults)
	s.mu.Unlock()
	for _, p := range planned {
		if p.match(r) && s.take(p) {
			return &p.Fault
		}
	}
	return nil
}

// take uses a fault once, unless it was used up or lifted meanwhile.
func (s *Server) take(p *plannedFault) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.faults, p) {
		return false
	}
	if p.Times > 0 {
		if p.left--; p.left == 0 {
			s.drop(p)
		}
	}
	return true
}

// drop forgets a fault. The lock is held.
func (s *Server) drop(p *plannedFault) {
	s.faults = slices.DeleteFunc(slices.Clone(s.faults), func(q *plannedFault) bool { return p == q })
}
