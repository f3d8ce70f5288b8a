package commands

import (
	"slices"
	"testing"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

// TestDigitsThatOnlyName: digits are an id. When the runner with that id is gone and
// another one is named so, it is asked for and not taken.
func TestDigitsThatOnlyName(t *testing.T) {
	for _, tc := range []struct {
		text, said string
		offered    []string
	}{
		{"delete octo-org 300 because old", "No runner of octo-org is known by the id 300, but one has it as its name. Is that the one?", []string{"delete octo-org 106 because old"}},
		{"delete octo-org web-1 300", "No runner of octo-org is known by the id 300", []string{"delete octo-org web-1 106"}},
		{"delete 300", "No scope was named, and no runner is known by the id 300. But a runner of the organization octo-org has it as its name.", []string{"delete octo-org 106"}},
		{"show octo-org 300", "No runner of octo-org is known by the id 300", []string{"show octo-org 106"}},
		{"show 300", "no runner is known by the id 300", []string{"show octo-org 106"}},
		{"delete octo-org 400", "known by the id 400", nil}, // its own id is another's name: no button, rather than one in a circle
		{"delete octo-org 0", "", nil}, // no id, so a name as any other
		{"delete octo-org 107", "", nil},
		{"show 107", "", nil},
	} {
		t.Run(tc.text, func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				for id, name := range map[int64]string{101: "web-1", 106: "300", 107: "107", 108: "0", 109: "400", 110: "109"} {
					o.github.AddRunner(org, githubd.Runner{ID: id, Name: name, Version: "2.330.0"})
				}
				carry := func(text string) fleet.Answer {
					if c, err := Parse(text, o.Context("C0FLEET")); err == nil && !Mutates(c) {
						return o.ask("U0ANN", text)
					}
					return o.carry("U0ANN", text)
				}
				a := carry(tc.text)
				if tc.said == "" {
					if isNo(a) {
						t.Errorf("said %q", said(a))
					}
					return
				}
				wantSaid(t, a, fleet.Refused, tc.said)
				if got := offered(a); !slices.Equal(got, tc.offered) {
					t.Fatalf("offers %q, want %q", got, tc.offered)
				}
				for _, text := range tc.offered {
					if b := carry(text); isNo(b) {
						t.Errorf("the button leads to %q", said(b))
					}
				}
			})
		})
	}
}
