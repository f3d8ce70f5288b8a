package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Counts are the sums of a fleet. Online holds the busy, the idle and those whose busy
// flag is not known; Offline holds the lost.
type Counts struct {
	Total, Online, Busy, Idle, Offline, Lost int
}

// Add counts one runner.
func (c *Counts) Add(s State) {
	c.Total++
	if s.Connected() {
		c.Online++
	} else {
		c.Offline++
	}
	switch s {
	case Busy:
		c.Busy++
	case Idle:
		c.Idle++
	case Lost:
		c.Lost++
	}
}

// Sum adds the counts of another part of the fleet.
func (c *Counts) Sum(o Counts) {
	c.Total += o.Total
	c.Online += o.Online
	c.Busy += o.Busy
	c.Idle += o.Idle
	c.Offline += o.Offline
	c.Lost += o.Lost
}

// Tally is the counts of those runners that share an OS, a label or a group.
type Tally struct {
	Name   string
	Counts Counts
}

// Problem is why a scope could not be read, in a sentence of our own.
type Problem struct {
	What  Prose
	Until time.Time // of a limit: when it ends
}

// Reading says how old and how whole the data of a scope is.
type Reading struct {
	Scope    Scope
	ReadAt   time.Time // zero: never read
	Complete bool
	Problem  *Problem // why the last try to read it failed
}

// Summary is a scope in numbers.
type Summary struct {
	Scope                  Scope
	Counts                 Counts
	ByOS, ByLabel, ByGroup []Tally
	Reading                Reading
	LongestOffline         []Record // at most OfflineShown, offline longest first
}

// OfflineShown is how many offline runners a summary names.
const OfflineShown = 5

// Summarize counts a scope's records.
func Summarize(reading Reading, records []Record) Summary {
	s := Summary{Scope: reading.Scope, Reading: reading}
	os, label, group := tallies{}, tallies{}, tallies{}
	for _, r := range records {
		state := r.Runner.State()
		s.Counts.Add(state)
		os.add(r.Runner.OS, state)
		for _, l := range r.Runner.LabelNames() {
			label.add(l, state)
		}
		group.add(r.Runner.Group, state)
	}
	s.ByOS, s.ByLabel, s.ByGroup = os.sorted(), label.sorted(), group.sorted()
	offline := OfflineLongest(records)
	s.LongestOffline = offline[:min(len(offline), OfflineShown)]
	return s
}

// OfflineLongest are the persistent runners that are offline, longest first. Ephemeral
// ones come and go and never count.
func OfflineLongest(records []Record) []Record {
	var out []Record
	for _, r := range records {
		if !r.Runner.State().Connected() && r.Runner.Ephemeral != Yes {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b Record) int {
		return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.Runner.Name, b.Runner.Name))
	})
	return out
}

// tallies are kept by name without case, and show the name as it was first met.
type tallies map[string]*Tally

func (t tallies) add(name string, s State) {
	key := strings.ToLower(name)
	if key == "" {
		return
	}
	if t[key] == nil {
		t[key] = &Tally{Name: name}
	}
	t[key].Counts.Add(s)
}

// sorted puts the largest first.
func (t tallies) sorted() []Tally {
	out := make([]Tally, 0, len(t))
	for _, tally := range t {
		out = append(out, *tally)
	}
	slices.SortFunc(out, func(a, b Tally) int {
		return cmp.Or(b.Counts.Total-a.Counts.Total, strings.Compare(a.Name, b.Name))
	})
	return out
}
