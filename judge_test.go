package main

import (
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"sync"
	"testing"

	"runnerdesk/internal/sandbox/githubd/description"
)

// judge holds the traffic with the built-in GitHub against GitHub's official
// description, where that is present.
type judge struct {
	description *description.Description // nil where it is absent

	mu     sync.Mutex
	faults []error
}

var loadDescription = sync.OnceValues(func() (*description.Description, error) { return description.Load("/api/v3") })

func newJudge(t testing.TB) *judge {
	t.Helper()
	d, err := loadDescription()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return &judge{description: d}
}

// wrap is for githubd.Options.
func (j *judge) wrap(next http.Handler) http.Handler {
	if j.description == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		j.description.Handler(next, func(err error) {
			if q.Context().Err() != nil {
				return // the client hung up, so there was no answer
			}
			j.mu.Lock()
			defer j.mu.Unlock()
			j.faults = append(j.faults, err)
		}).ServeHTTP(w, q)
	})
}

// take gives what was wrong so far, and forgets it.
func (j *judge) take() []error {
	j.mu.Lock()
	defer j.mu.Unlock()
	faults := slices.Clone(j.faults)
	j.faults = nil
	return faults
}
