package githubd

import (
	"net/http"
	"strconv"
	"time"
)

// charge counts a request against the credential's hour and answers for GitHub when
// the hour is used up. The lock is held.
func (s *Server) charge(c *credential) *reply {
	if !s.opts.RateLimits {
		return nil
	}
	now := s.opts.Now()
	if !now.Before(c.reset) {
		c.used, c.reset = 0, now.Add(time.Hour)
	}
	if c.used >= hourly {
		return failure(http.StatusForbidden, "API rate limit exceeded for user ID 1.",
			"https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api")
	}
	c.used++
	return nil
}

// refund gives back what a request cost: an answer of 304 is free.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
func (s *Server) refund(c *credential) {
	if s.opts.RateLimits && c.used > 0 {
		c.used--
	}
}

// budget adds the headers that tell what is left of the hour.
func (s *Server) budget(h http.Header, c *credential) {
	if !s.opts.RateLimits {
		return
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(hourly))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(hourly-c.used))
	h.Set("X-RateLimit-Used", strconv.Itoa(c.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(c.reset.Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
}
