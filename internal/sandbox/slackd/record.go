package slackd

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// AllText is everything that clients ever sent, in the order in which it came, apart from
// their own tokens and apart from calls of the methods named (views.open, ack, …). Tests
// search it for what must not be there.
func (s *Server) AllText(except ...string) []byte {
	var b bytes.Buffer
	for _, c := range s.Calls() {
		if slices.Contains(except, c.Method) {
			continue
		}
		for _, k := range slices.Sorted(maps.Keys(c.Args)) {
			b.WriteString(c.Args[k])
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// Dump writes every call and every violation, for a person who looks for the cause of a
// failed test.
func (s *Server) Dump(w io.Writer) {
	for _, c := range s.Calls() {
		fmt.Fprintf(w, "%s %s %d %s\n", c.At.UTC().Format(time.RFC3339Nano), c.Method, c.Status, c.Err)
		for _, k := range slices.Sorted(maps.Keys(c.Args)) {
			fmt.Fprintf(w, "\t%s=%s\n", k, c.Args[k])
		}
	}
	for _, v := range s.Violations() {
		fmt.Fprintf(w, "VIOLATION %s\n", v)
	}
}

// Calls lists every call so far, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}
