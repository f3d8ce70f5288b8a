package slackd

import (
	"net/http"
	"time"
)

// Fault is a planned failure of a method.
type Fault struct {
	Times      int           // how often it strikes; 0 means once, below 0 for ever
	Error      string        // Slack's error code in an otherwise fine answer
	Status     int           // HTTP status instead of an answer (429 goes with RetryAfter)
	RetryAfter time.Duration // value of the header, in whole seconds
	Delay      time.Duration // waits before anything else
	// DropAfterEffect lets the call have its effect and cuts the connection instead of
	// answering, as when an answer is lost on the way.
	DropAfterEffect bool
}

// Fault plans a failure for the next calls of a method; "*" is every method,
// "response_url" the response URLs and "upload" the upload addresses. Faults of one
// method strike one after another.
func (s *Server) Fault(method string, f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[method] = append(s.faults[method], &f)
	s.note()
}

// ClearFaults forgets every fault that was planned.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.faults)
	s.noBlocks = 0
	s.note()
}

// RefuseBlocks makes Slack answer invalid_blocks to the next n messages with blocks,
// however correct they are.
func (s *Server) RefuseBlocks(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noBlocks = n
	s.note()
}

func (s *Server) takeFault(method string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range []string{method, "*"} {
		list := s.faults[name]
		if len(list) == 0 {
			continue
		}
		f := list[0]
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults[name] = list[1:]
			}
		}
		s.note()
		return f
	}
	return nil
}

// stop waits for the fault's delay. It is true when the client went away meanwhile.
func (f *Fault) stop(s *Server, r *http.Request) bool {
	if f == nil || f.Delay <= 0 {
		return false
	}
	t := time.NewTimer(f.Delay)
	defer t.Stop()
	select {
	case <-t.C:
		return false
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
	return true
}

func (f *Fault) failure() *failure {
	switch {
	case f == nil:
		return nil
	case f.RetryAfter > 0:
		return limited(f.RetryAfter)
	case f.Status != 0:
		return &failure{code: "internal_error", status: f.Status}
	case f.Error != "":
		return refuse(f.Error)
	}
	return nil
}
