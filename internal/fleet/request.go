package fleet

import (
	"time"
)

// RequestState is where a request stands, by the word that people read.
type RequestState string

// The states of a request: pending → approved → executing → succeeded, failed or
// unknown; or denied, expired, cancelled.
const (
	Pending   RequestState = "pending"
	Approved  RequestState = "approved"
	Executing RequestState = "executing"
	Succeeded RequestState = "succeeded"
	Failed    RequestState = "failed"
	Unknown   RequestState = "unknown" // an outcome can't be known yet; it is looked at again
	Denied    RequestState = "denied"
	Expired   RequestState = "expired"
	Cancelled RequestState = "cancelled"
)

// next lists every legal step. The schema of storage holds the same table.
var next = map[RequestState][]RequestState{
	Pending:   {Approved, Denied, Expired, Cancelled},
	Approved:  {Executing, Expired, Cancelled},
	Executing: {Succeeded, Failed, Unknown, Cancelled, Approved}, // back to approved: a reveal that showed nothing
	Unknown:   {Succeeded, Failed},
}

// Steps lists every legal step from one state to another.
func Steps() map[RequestState][]RequestState { return next }

// Final reports whether nothing follows.
func (s RequestState) Final() bool { return len(next[s]) == 0 }

// Open reports whether the request still waits for something.
func (s RequestState) Open() bool { return !s.Final() }

// Outcome is what became of one runner of a request, by the word that people read.
type Outcome string

// The outcomes. Undone is one that is still to come.
const (
	Undone        Outcome = ""
	Deleted       Outcome = "deleted"
	AlreadyGone   Outcome = "already gone"
	WasBusy       Outcome = "busy"
	Changed       Outcome = "changed"
	Protected     Outcome = "protected"
	Struck        Outcome = "struck"
	NotTried      Outcome = "not tried"
	OutcomeFailed Outcome = "failed"
	NotSure       Outcome = "unknown"
)

// Target is one runner of a request, as it was shown to those who decide.
type Target struct {
	Runner Runner
	Since  time.Time // since when it was in its state; zero when not known
	// FirstSeen is when we first read it; when it is Since, it was in its state before.
	FirstSeen time.Time
	Outcome   Outcome
	Note      string // what differs, or why; one of our own phrases
	Sent      int    // how many deletes went to GitHub for it; at most MaxSends
	DoneAt    time.Time
}

// Verdict is a vote's direction.
type Verdict string

// The verdicts.
const (
	Approve Verdict = "approve"
	Deny    Verdict = "deny"
)

// Vote is one person's decision on a request.
type Vote struct {
	Person   string // Slack's id
	Verdict  Verdict
	Reason   string  // a deny's reason, the person's own words
	Strikes  []int64 // ids of runners left out by this vote
	Evidence string  // what gave the right: "member of S0PLATFORM"
	At       time.Time
}

// RevealState is what became of a reveal.
type RevealState string

// The states of a reveal. A lost one was claimed by a run of the program that ended:
// a token may have been made, nobody saw it.
const (
	RevealClaimed RevealState = "claimed"
	RevealShown   RevealState = "shown"
	RevealFailed  RevealState = "failed" // GitHub made no token
	RevealLost    RevealState = "lost"
)

// Reveal is one press of Reveal. The token itself is stored nowhere.
type Reveal struct {
	At        time.Time
	State     RevealState
	ExpiresAt time.Time // of the token, when one was shown
}

// Event is a step of a request for the audit. Detail holds ids, codes and the people's
// own reasons, never a server's text.
type Event struct {
	Actor  string // Slack's id, or "runnerdesk"
	Verb   string // "opened", "approved", "deleted", …
	Detail string
}

// Runnerdesk is the actor of what the program does by itself.
const Runnerdesk = "runnerdesk"

// Bounds on what is done for an approved request.
const (
	ExecuteWithin = 15 * time.Minute // approved deletes start within it
	MaxReveals    = 3
	MaxSends      = 3 // deletes sent for one runner of one request
)

// Request is something a person asked for that others approve.
type Request struct {
	ID        int64 // what people type; 0 until it is stored
	Action    Action
	Scope     Scope
	Requester string // Slack's id
	Team      string // the requester's workspace
	Channel   string // where it was asked
	Reason    string // the person's own words
	Labels    []string
	Group     string // labels and group wished for a new runner
	Targets   []Target
	Rule      Rule // as it was when the request was opened
	Protect   Protect

	State     RequestState
	Version   int64 // one more at every change
	Epoch     int64 // which run of the program executes it
	Votes     []Vote
	Reveals   []Reveal
	CreatedAt time.Time
	DecideBy  time.Time // pending ends
	DecidedAt time.Time
	ActBy     time.Time // approved ends: deletes must have begun, tokens be revealed
	DoneAt    time.Time
	Stop      bool // the requester cancelled while it was executing

	// Events are the steps that the last change took. storage writes them to the audit
	// and clears them.
	Events []Event
}

// Approvals counts the votes in favour.
func (r Request) Approvals() int {
	n := 0
	for _, v := range r.Votes {
		if v.Verdict == Approve {
			n++
		}
	}
	return n
}

// VoteOf is the vote of a person.
func (r Request) VoteOf(person string) (Vote, bool) {
	for _, v := range r.Votes {
		if v.Person == person {
			return v, true
		}
	}
	return Vote{}, false
}

// Count tells how many targets ended so.
func (r Request) Count(o Outcome) int {
	n := 0
	for _, t := range r.Targets {
		if t.Outcome == o {
			n++
		}
	}
	return n
}

// LiveReveals counts the reveals that made a token, or may have.
func (r Request) LiveReveals() int {
	n := 0
	for _, v := range r.Reveals {
		if v.State != RevealFailed {
			n++
		}
	}
	return n
}

// CanReveal reports whether the requester may press Reveal now.
func (r Request) CanReveal(now time.Time) bool {
	return r.Action.MintsToken() && (r.State == Approved || r.State == Succeeded) &&
		now.Before(r.ActBy) && r.LiveReveals() < MaxReveals
}
