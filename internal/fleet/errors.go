package fleet

import (
	"errors"
	"time"
)

// What can go wrong outside, as the rest of the program branches on it. The rooms at
// the border (internal/github, storage, bot) turn their libraries' errors into these.
var (
	// ErrNotFound: GitHub has no such runner or scope, or hides it from the credential.
	ErrNotFound = errors.New("not found")
	// ErrBusy: GitHub refused to delete a runner that is running a job.
	ErrBusy = errors.New("busy with a job")
	// ErrUnsupported: the server lacks the endpoint.
	ErrUnsupported = errors.New("not supported by this server")
	// ErrCredential: GitHub did not accept the credential.
	ErrCredential = errors.New("credential refused")
	// ErrUnsafe: the request was not one of the allowed shapes and was not sent.
	ErrUnsafe = errors.New("refused as unsafe")
	// ErrStale: what was to be changed is no longer as it was read.
	ErrStale = errors.New("changed meanwhile")
	// ErrIllegal: the state allows no such step.
	ErrIllegal = errors.New("not possible in this state")
)

// ForbiddenError is GitHub's refusal of a credential that lacks a permission.
type ForbiddenError struct {
	Need string // the permission that is missing, as GitHub names it; "" when not told
}

func (e *ForbiddenError) Error() string {
	if e.Need == "" {
		return "forbidden"
	}
	return "forbidden: the credential needs " + e.Need
}

// LimitedError is GitHub's or Slack's request to wait.
type LimitedError struct {
	Until     time.Time // when calls are taken again
	Secondary bool      // GitHub's secondary limit, not the hourly budget
}

func (e *LimitedError) Error() string {
	return "limited until " + e.Until.UTC().Format("15:04:05 MST")
}

// UnavailableError is a server that did not answer properly: 5xx, a broken connection,
// a deadline, or an answer that makes no sense.
type UnavailableError struct {
	Status int    // the HTTP status, or 0 when there was no answer
	What   string // in plain words, never the server's own text
	// MayHaveActed reports whether a write may have taken effect all the same.
	MayHaveActed bool
}

func (e *UnavailableError) Error() string { return "unavailable: " + e.What }
