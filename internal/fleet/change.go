package fleet

import (
	"strings"
	"time"
)

// ChangeKind is what happened to a runner.
type ChangeKind string

// What our history knows to happen.
const (
	Joined       ChangeKind = "joined"
	WentOnline   ChangeKind = "online"
	WentOffline  ChangeKind = "offline"
	BecameBusy   ChangeKind = "busy"
	BecameIdle   ChangeKind = "idle"
	Relabelled   ChangeKind = "relabelled"
	Regrouped    ChangeKind = "regrouped"
	Renamed      ChangeKind = "renamed" // another machine took over the id
	VersionMoved ChangeKind = "version"
	Gone         ChangeKind = "gone"
)

// Change is one step of a runner's history.
type Change struct {
	Scope    Scope
	RunnerID int64
	Name     string
	Kind     ChangeKind
	Old, New string // of a label, group, name or version change
	At       time.Time
}

// Compare lists what changed in a runner between two readings, and gives the record as
// it is now.
func Compare(old Record, now Runner, at time.Time) (Record, []Change) {
	// What a reading leaves out has not changed.
	if now.GroupID == 0 {
		now.GroupID, now.Group = old.Runner.GroupID, old.Runner.Group
	}
	if now.Version == "" {
		now.Version = old.Runner.Version
	}
	rec := old
	rec.Runner = now
	was, is := old.Runner.State(), now.State()
	var changes []Change
	add := func(kind ChangeKind, from, to string) {
		changes = append(changes, Change{old.Scope, now.ID, now.Name, kind, from, to, at})
	}
	if old.Runner.Name != now.Name {
		add(Renamed, old.Runner.Name, now.Name)
	}
	switch {
	case was.Connected() && !is.Connected():
		add(WentOffline, "", "")
	case !was.Connected() && is.Connected():
		add(WentOnline, "", "")
	}
	switch {
	case was != Busy && is == Busy:
		add(BecameBusy, "", "")
	case was == Busy && is == Idle:
		add(BecameIdle, "", "")
	}
	if from, to := strings.Join(old.Runner.LabelNames(), ","), strings.Join(now.LabelNames(), ","); from != to {
		add(Relabelled, from, to)
	}
	if old.Runner.GroupID != now.GroupID && old.Runner.GroupID != 0 {
		add(Regrouped, old.Runner.Group, now.Group)
	}
	if old.Runner.Version != now.Version {
		if old.Runner.Version != "" {
			add(VersionMoved, old.Runner.Version, now.Version)
		}
		rec.Outdated = NotKnown
	}
	// Offline and lost are one outage: the time since when counts from its beginning.
	if was != is && (was.Connected() || is.Connected()) {
		rec.Since = at
	}
	if is.Connected() {
		rec.LastOnline = at
	}
	return rec, changes
}

// Meet makes the record of a runner that was not known before. Since when it has been
// offline can't be known.
func Meet(scope Scope, now Runner, at time.Time) (Record, Change) {
	rec := Record{Scope: scope, Runner: now, FirstSeen: at, Since: at}
	if now.State().Connected() {
		rec.LastOnline = at
	}
	return rec, Change{Scope: scope, RunnerID: now.ID, Name: now.Name, Kind: Joined, At: at}
}
