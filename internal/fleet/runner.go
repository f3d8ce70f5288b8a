package fleet

import (
	"slices"
	"strings"
	"time"
)

// Truth is yes, no, or not known. The zero value is not known.
type Truth uint8

// The values of Truth.
const (
	NotKnown Truth = iota
	No
	Yes
)

// TruthOf turns a bool into Yes or No.
func TruthOf(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// String is "yes", "no" or "not known".
func (t Truth) String() string { return [...]string{"not known", "no", "yes"}[t] }

// State is what a runner is doing, in one word.
type State string

// The states of a runner. Online is one whose busy flag GitHub left out. Lost is one
// that is offline while GitHub still counts a job on it.
const (
	Busy    State = "busy"
	Idle    State = "idle"
	Online  State = "online"
	Offline State = "offline"
	Lost    State = "lost"
)

// Connected reports whether the runner is online: busy, idle, or either.
func (s State) Connected() bool { return s == Busy || s == Idle || s == Online }

// Label is a runner's label.
type Label struct {
	Name   string `json:"name"`
	Custom bool   `json:"custom,omitempty"` // made by people; the others are GitHub's own
}

// Runner is a self-hosted runner as GitHub describes it. Texts are foreign: whoever
// runs the machine chose them.
type Runner struct {
	ID        int64   `json:"id"` // unique in its scope only
	Name      string  `json:"name"`
	OS        string  `json:"os"`     // "linux", "Linux", "unknown", …
	Status    string  `json:"status"` // "online" or "offline"; GitHub promises no list
	Busy      Truth   `json:"busy"`
	Labels    []Label `json:"labels,omitempty"`
	GroupID   int64   `json:"group_id,omitempty"` // 0 when not told
	Group     string  `json:"group,omitempty"`    // its name; "" when not known
	Ephemeral Truth   `json:"ephemeral,omitempty"`
	Version   string  `json:"version,omitempty"` // "" when not known
}

// State is what the runner is doing.
func (r Runner) State() State {
	online := strings.EqualFold(r.Status, "online") || strings.EqualFold(r.Status, "idle") || strings.EqualFold(r.Status, "active")
	switch {
	case online && r.Busy == Yes:
		return Busy
	case online && r.Busy == No:
		return Idle
	case online:
		return Online
	case r.Busy == Yes:
		return Lost
	}
	return Offline
}

// LabelNames are the labels' names in lower case, sorted, each once. GitHub compares
// labels without case.
func (r Runner) LabelNames() []string {
	names := make([]string, 0, len(r.Labels))
	for _, l := range r.Labels {
		names = append(names, strings.ToLower(l.Name))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// SameAs reports whether now is still the runner that was pinned, and if not what
// differs: name, OS, labels or group. A runner that is registered again with --replace
// keeps its id, so the id alone proves nothing.
func (r Runner) SameAs(now Runner) (differs string, same bool) {
	switch {
	case r.ID != now.ID:
		return "id", false
	case r.Name != now.Name:
		return "name", false
	case !strings.EqualFold(r.OS, now.OS):
		return "OS", false
	case !slices.Equal(r.LabelNames(), now.LabelNames()):
		return "labels", false
	case r.GroupID != now.GroupID:
		return "group", false
	}
	return "", true
}

// Record is a runner with what our own history knows of it. Times that are not known
// are zero.
type Record struct {
	Scope      Scope
	Runner     Runner
	FirstSeen  time.Time // when we first read it
	Since      time.Time // since when it is in its present State
	LastOnline time.Time // when we last read it online
	Outdated   Truth     // whether its version may still take jobs
}

// OfflineSince is when the runner was first read offline after it was last online;
// zero when it is online or not known.
func (r Record) OfflineSince() time.Time {
	if r.Runner.State().Connected() {
		return time.Time{}
	}
	return r.Since
}

// Listing is a scope's runners as one reading of GitHub found them.
type Listing struct {
	Scope    Scope
	Runners  []Runner
	ReadAt   time.Time
	Complete bool // false: the fleet changed while it was read, some may be missing
	Total    int  // how many GitHub counted
}

// Application is a runner application to download.
type Application struct {
	OS, Arch, URL, File string
	SHA256              string // "" when the server does not tell
}
