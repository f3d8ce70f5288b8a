package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Environment is the File of a fault that lies in an environment variable. Such a fault
// has line and column 0, and its text begins with the variable's name.
const Environment = "environment"

// Fault is one thing that is wrong with the configuration.
type Fault struct {
	File   string
	Line   int // from 1
	Column int // from 1, in characters
	What   string
}

// String is "FILE:LINE:COLUMN: what is wrong and what would be right"; of what has no place
// in a file it is "environment: …".
func (f Fault) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.What
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.What)
}

// Faults is everything that is wrong, sorted by place, those of the environment first.
// It holds no secret.
type Faults []Fault

// Error is one line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// sorted puts the faults in the order of their places, each once: what an anchor holds
// is read again wherever it is used.
func (f Faults) sorted() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(
			cmp.Compare(min(a.Line, 1), min(b.Line, 1)),
			strings.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			strings.Compare(a.What, b.What),
		)
	})
	return slices.Compact(f)
}
