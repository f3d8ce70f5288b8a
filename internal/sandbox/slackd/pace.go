package slackd

import (
	"net/http"
	"slices"
	"time"
)

// pace counts a call against its method's tier: so many in any minute.
func (s *Server) pace(name string, tier int) *failure {
	if tier == 0 {
		return nil
	}
	now := s.opt.Now()
	recent := slices.DeleteFunc(s.windows[name], func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(recent) >= tier {
		s.windows[name] = recent
		return limited(time.Minute - now.Sub(recent[0]))
	}
	s.windows[name] = append(recent, now)
	return nil
}

func limited(retry time.Duration) *failure {
	return &failure{code: "ratelimited", status: http.StatusTooManyRequests, retry: retry}
}
