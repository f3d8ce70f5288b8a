package fleet

import "time"

// Digest is what a digest shows, gathered when it is due.
type Digest struct {
	Name       string
	Due        time.Time
	Zone       string // IANA name; times in the digest are given in it
	Late       bool   // the slot was missed and is posted late
	Preview    bool   // shown to one person by "digest now"
	Summaries  []Summary
	Attention  []Record // offline longer than OfflineFor, longest first
	OfflineFor time.Duration
	Waiting    []Request // requests that wait for a decision
	AuditHead  string    // SEQ:MAC
	At         time.Time // when it was gathered
}

// DigestPlan is a configured digest and when it is next due.
type DigestPlan struct {
	Name, Channel, Cron, Zone, When string
	Scopes                          []Scope
	OfflineFor                      time.Duration
	Next                            time.Time
}
