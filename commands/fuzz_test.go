package commands

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse: no text makes a panic; only configured scopes come out; what was read is
// read the same from its Text and its Filter's text; a refusal's suggestions can be read.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "list octo-org offline gpu page:2", "delete octo-org web-1 because x", `register labels:"a b",c group:G`,
		"list “a – b” –label:x —y", "status <https://github.com/octo-org|x>", "<@U1> &lt;@U1&gt; &amp;lt;", "remove octo-org x",
		"web#", "..", "register a/../../x", "list o?x", "status octo-org%2fx", "show a\r\nb", "show a\x00b", "find <<@U1>>",
		"delete name:web-* -status:busy sort:since-desc", "mute a b 2h", "deny 42 \"x", "list offline:>1w2d version:<=2.3,x",
		"ｌｉｓｔ ＜＠Ｕ１＞", "request <#C1|42>", "show https://x@github.com:443/octo-org", "list octo-orgg/x label:a",
	} {
		f.Add(text)
	}
	c := sampleContext(f, "octo-org")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text, c)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || len(syntax.Problem) == 0 {
				t.Fatalf("%q: %v is no SyntaxError with a text", text, err)
			}
			for _, s := range syntax.Suggest {
				if _, err := Parse(s.Command, c); err != nil {
					t.Fatalf("%q suggests %q: %v", text, s.Command, err)
				}
			}
			return
		}
		if canonical(got.Name) != got.Name {
			t.Fatalf("%q: unknown command %q", text, got.Name)
		}
		for _, s := range got.Scopes {
			if !slices.Contains(c.Scopes, s) {
				t.Fatalf("%q: scope %q is not configured", text, s)
			}
		}
		again, err := Parse(got.Text, c)
		if diff := cmp.Diff(got, again, compare); err != nil || diff != "" {
			t.Fatalf("%q: its Text %q reads differently: %v\n%s", text, got.Text, err, diff)
		}
		if filter := got.Filter.String(); filter != "" {
			if same := filterOf(t, filter); same.String() != filter {
				t.Fatalf("%q: filter %q reads as %q", text, filter, same)
			}
		}
		if got.Name == "delete" && len(got.Runners) == 0 && !got.Filter.Selects() {
			t.Fatalf("%q: deletes without choosing", text)
		}
	})
}

// FuzzNormalize: a text that was normalised stays as it is.
func FuzzNormalize(f *testing.F) {
	f.Add("<@U1|a> “x–y” –z &lt; <<#C1|@U2>>")
	f.Fuzz(func(t *testing.T, text string) {
		once := Normalize(text)
		if twice := Normalize(once); twice != once {
			t.Fatalf("%q, then %q", once, twice)
		}
	})
}
