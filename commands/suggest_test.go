package commands

import (
	"slices"
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	runners := []string{"web-1", "web-10", "web-2", "db-1", "Ünï"}
	for _, tc := range []struct {
		word       string
		candidates []string
		want       []string
	}{
		{"aprove", commandWords(), []string{"approve"}},
		{"LSIT", commandWords(), []string{"list"}},
		{"lst", commandWords(), []string{"ls", "list"}},
		{"reg", commandWords(), []string{"register", "registration-token"}},
		{"xyzzy", commandWords(), nil},
		{"", commandWords(), nil},
		{"web", runners, []string{"web-1", "web-2", "web-10"}},
		{"wbe-1", runners, []string{"web-1"}},
		{"ünï", runners, []string{"Ünï"}},
		{strings.Repeat("x", 5000), runners, nil},
		{"aab", []string{"aaa", "aaa"}, []string{"aaa"}},
	} {
		if got := Nearest(tc.word, tc.candidates); !slices.Equal(got, tc.want) {
			t.Errorf("Nearest(%.20q) = %q, want %q", tc.word, got, tc.want)
		}
	}
}
