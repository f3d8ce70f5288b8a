package bot

import (
	"sync"
	"time"
)

// seen remembers what came in already, so that an envelope that arrives twice acts once.
// Slack repeats events up to five minutes later.
type seen struct {
	now     func() time.Time
	mu      sync.Mutex
	at      map[string]time.Time
	current map[string]bool // stored inputs that are queued or worked on
}

const (
	seenFor  = 15 * time.Minute
	seenMost = 20_000
)

func newSeen(now func() time.Time) *seen {
	return &seen{now: now, at: map[string]time.Time{}, current: map[string]bool{}}
}

// once runs take, unless something took key before. It reports whether key is taken now.
// take must not block.
func (s *seen) once(key string, take func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if at, ok := s.at[key]; ok && now.Sub(at) < seenFor {
		return true
	}
	if !take() {
		return false
	}
	if len(s.at) >= seenMost {
		for k, at := range s.at {
			if now.Sub(at) >= seenFor {
				delete(s.at, k)
			}
		}
	}
	if len(s.at) < seenMost {
		s.at[key] = now
	}
	return true
}

// begin reports whether nobody else works on key, and marks it.
func (s *seen) begin(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current[key] {
		return false
	}
	s.current[key] = true
	return true
}

func (s *seen) end(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.current, key)
}
