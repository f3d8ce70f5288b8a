package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Match reports whether every term holds for the record at the time now. What is not
// known counts as no.
func (f Filter) Match(rec Record, now time.Time) bool {
	for _, t := range f.terms {
		if t.holds(rec, now) == t.not {
			return false
		}
	}
	return true
}

func (t term) holds(rec Record, now time.Time) bool {
	r := rec.Runner
	any := func(match func(want string) bool) bool { return slices.ContainsFunc(t.values, match) }
	labelled := func(want string) bool {
		return slices.ContainsFunc(r.Labels, func(l Label) bool { return Glob(want).Match(l.Name) })
	}
	switch t.key {
	case "status":
		return any(func(want string) bool { return r.State().is(want) })
	case "os":
		return r.OS != "" && any(func(want string) bool { return Glob(systemName(want)).Match(systemName(r.OS)) })
	case "label":
		return any(labelled)
	case "name":
		return any(func(want string) bool { return Glob(want).Match(r.Name) })
	case "group":
		return r.Group != "" && any(func(want string) bool { return Glob(want).Match(r.Group) })
	case "version":
		return any(func(want string) bool { return t.versionHolds(rec, want) })
	case "offline":
		return t.offlineHolds(rec, now)
	case "ephemeral":
		return (t.values[0] == "yes") == (r.Ephemeral == Yes)
	}
	return any(func(want string) bool { return labelled(want) || occurs(want, r.Name) })
}

// is reports whether a state falls under the word that people use: a busy runner is
// online too, and a lost one is offline.
func (s State) is(word string) bool {
	switch State(word) {
	case Online:
		return s.Connected()
	case Offline:
		return !s.Connected()
	}
	return s == State(word)
}

// systemName gives the operating systems that GitHub calls by several names one name:
// runners say macOS and Windows, downloads say osx and win.
func systemName(os string) string {
	switch os = strings.ToLower(os); os {
	case "mac", "osx", "darwin":
		return "macos"
	case "win":
		return "windows"
	}
	return os
}

// occurs reports whether a bare word is part of the name.
func occurs(want, name string) bool {
	if !strings.Contains(want, "*") {
		return strings.Contains(strings.ToLower(name), want)
	}
	return Glob("*" + want + "*").Match(name)
}

func (t term) versionHolds(rec Record, want string) bool {
	have := strings.ToLower(rec.Runner.Version)
	if want == "outdated" {
		return rec.Outdated == Yes
	}
	if have == "" {
		return false
	}
	if strings.Contains(want, "*") {
		return Glob(want).Match(have)
	}
	order, ok := CompareVersions(have, want)
	return ok && compared(order, t.op)
}

// offlineHolds compares how long the runner is offline. Of one that was never seen
// online it is only known that it is offline at least since it was first seen.
func (t term) offlineHolds(rec Record, now time.Time) bool {
	since := rec.OfflineSince()
	if since.IsZero() || rec.LastOnline.IsZero() && strings.HasPrefix(t.op, "<") {
		return false
	}
	return compared(cmp.Compare(now.Sub(since), t.age), t.op)
}

func compared(order int, op string) bool {
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	return order == 0
}

// Sort puts the records in the filter's order: by name where it has none. Those whose
// version or time is not known come last either way.
func (f Filter) Sort(records []Record) {
	slices.SortStableFunc(records, func(a, b Record) int {
		order, settled := f.compare(a, b)
		if f.desc && !settled {
			order = -order
		}
		return cmp.Or(order, compareNames(a, b), strings.Compare(a.Scope.String(), b.Scope.String()),
			cmp.Compare(a.Runner.ID, b.Runner.ID))
	})
}

func compareNames(a, b Record) int {
	return strings.Compare(strings.ToLower(a.Runner.Name), strings.ToLower(b.Runner.Name))
}

// stateOrder puts the connected ones first.
var stateOrder = []State{Busy, Idle, Online, Lost, Offline}

// compare is the order of two records; settled when it holds in both directions.
func (f Filter) compare(a, b Record) (order int, settled bool) {
	switch f.sort {
	case "status":
		return slices.Index(stateOrder, a.Runner.State()) - slices.Index(stateOrder, b.Runner.State()), false
	case "os":
		return strings.Compare(systemName(a.Runner.OS), systemName(b.Runner.OS)), false
	case "version":
		x, y := versionShape.MatchString(a.Runner.Version), versionShape.MatchString(b.Runner.Version)
		if !x || !y {
			return lastUnless(x, y), true
		}
		order, _ = CompareVersions(a.Runner.Version, b.Runner.Version)
		return order, false
	case "since":
		if a.Since.IsZero() || b.Since.IsZero() {
			return lastUnless(!a.Since.IsZero(), !b.Since.IsZero()), true
		}
		return a.Since.Compare(b.Since), false
	}
	return compareNames(a, b), false
}

// lastUnless puts what is not known behind what is.
func lastUnless(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
