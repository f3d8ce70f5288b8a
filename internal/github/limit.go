package github

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"runnerdesk/internal/fleet"
)

// How long to wait where GitHub does not tell, and the bounds of what is believed.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
const (
	defaultWait  = time.Minute
	shortestWait = time.Second
	longestWait  = 24 * time.Hour
)

// limit recognizes a rate limit in every form that GitHub sends: 403 or 429, with
// Retry-After, with an hour that is used up, or with nothing but a sentence or the
// address of the page on limits. It is nil for any other answer.
func limit(status int, h http.Header, t told, now time.Time) *fleet.LimitedError {
	if status != http.StatusForbidden && status != http.StatusTooManyRequests {
		return nil
	}
	after, hasAfter := retryAfter(h, now)
	// The last request of an hour may also be one that is forbidden: then the hour is
	// used up but the sentence is about something else.
	usedUp := h.Get("X-RateLimit-Remaining") == "0" &&
		(t.Message == "" || strings.Contains(t.Message, "rate limit") || status == http.StatusTooManyRequests)
	secondary := strings.Contains(t.Message, "secondary rate") || strings.Contains(t.Message, "abuse detection") ||
		strings.HasSuffix(t.DocURL, "secondary-rate-limits") || strings.HasSuffix(t.DocURL, "#abuse-rate-limits")
	primary := strings.Contains(t.Message, "rate limit exceeded")
	if !hasAfter && !usedUp && !secondary && !primary && status != http.StatusTooManyRequests {
		return nil
	}
	wait := defaultWait
	reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	switch {
	case hasAfter:
		wait = after
	case usedUp && err == nil && reset > now.Unix():
		wait = time.Duration(min(reset-now.Unix(), int64(longestWait/time.Second))) * time.Second
	}
	wait = min(max(wait, shortestWait), longestWait)
	return &fleet.LimitedError{Until: now.Add(wait), Secondary: secondary || !usedUp && !primary}
}

// retryAfter reads the header in both of its forms, seconds and a date.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, int64(longestWait/time.Second))) * time.Second, true
	}
	if date, err := http.ParseTime(text); err == nil {
		return date.Sub(now), true
	}
	return 0, false
}
