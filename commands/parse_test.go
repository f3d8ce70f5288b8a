package commands

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"runnerdesk/internal/fleet"
)

// sampleContext is a Context with three scopes and no default.
func sampleContext(t testing.TB, defaultScope string) Context {
	t.Helper()
	server, err := fleet.ParseServer("")
	if err != nil {
		t.Fatal(err)
	}
	c := Context{Server: server, Command: "/runners"}
	for _, text := range []string{"enterprises/octo-enterprise", "octo-org", "octo-org/octo-repo"} {
		c.Scopes = append(c.Scopes, scopeOf(t, text))
	}
	if defaultScope != "" {
		c.Default = scopeOf(t, defaultScope)
	}
	return c
}

func scopeOf(t testing.TB, text string) fleet.Scope {
	t.Helper()
	server, _ := fleet.ParseServer("")
	s, err := fleet.ParseScope(server, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func filterOf(t testing.TB, text string) fleet.Filter {
	t.Helper()
	var words []string
	for {
		word, rest, err := fleet.NextWord(text)
		if err != nil {
			t.Fatal(err)
		}
		if word == "" {
			break
		}
		words, text = append(words, word), rest
	}
	f, err := fleet.ParseFilter(words)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var compare = cmp.Options{
	cmp.Comparer(func(a, b fleet.Scope) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func TestParse(t *testing.T) {
	ent, org, repo := scopeOf(t, "enterprises/octo-enterprise"), scopeOf(t, "octo-org"), scopeOf(t, "octo-org/octo-repo")
	one := func(s fleet.Scope) []fleet.Scope { return []fleet.Scope{s} }
	f := func(text string) fleet.Filter { return filterOf(t, text) }
	for _, tc := range []struct {
		text string
		want Command
	}{
		{"", Command{Name: "status"}},
		{"   ", Command{Name: "status"}},
		{"help", Command{Name: "help"}},
		{"HELP Delete", Command{Name: "help", Topic: "delete"}},
		{"help rm", Command{Name: "help", Topic: "delete"}},
		{"help remove token", Command{Name: "help", Topic: "remove-token"}},
		{"status", Command{Name: "status"}},
		{"Status Octo-Org", Command{Name: "status", Scopes: one(org)}},
		{"status all", Command{Name: "status"}},
		{"status https://github.com/octo-org", Command{Name: "status", Scopes: one(org)}},
		{"status https://github.com:443/octo-org/", Command{Name: "status", Scopes: one(org)}},
		{"status <https://github.com/enterprises/octo-enterprise>", Command{Name: "status", Scopes: one(ent)}},
		{"status <http://github.com/octo-org/octo-repo|github.com/octo-org/octo-repo>", Command{Name: "status", Scopes: one(repo)}},
		{"status octo–org", Command{Name: "status", Scopes: one(org)}},
		{"/runners status octo-org", Command{Name: "status", Scopes: one(org)}},
		{"ｓｔａｔｕｓ　ｏｃｔｏ-ｏｒｇ", Command{Name: "status", Scopes: one(org)}},
		{"sta\u200btus\u00a0octo-org", Command{Name: "status", Scopes: one(org)}},
		{"list", Command{Name: "list"}},
		{"ls", Command{Name: "list"}},
		{"list all", Command{Name: "list", AllScopes: true}},
		{"list octo-org octo-org/octo-repo octo-org", Command{Name: "list", Scopes: []fleet.Scope{org, repo}}},
		{"list offline gpu", Command{Name: "list", Filter: f(`status:offline "gpu"`)}},
		{"list octo-org status:offline -label:gpu sort:name-desc page:3", Command{Name: "list", Scopes: one(org), Filter: f("status:offline -label:gpu sort:name-desc"), Page: 3}},
		{"list sort:name–desc", Command{Name: "list", Filter: f("sort:name-desc")}},
		{"list –label:gpu", Command{Name: "list", Filter: f("-label:gpu")}},
		{"list version:&lt;2.329.0", Command{Name: "list", Filter: f("version:<2.329.0")}},
		{"list version:&gt;=2.329.0", Command{Name: "list", Filter: f("version:>=2.329.0")}},
		{"list offline:&gt;3d", Command{Name: "list", Filter: f("offline:>3d")}},
		{"list offline:3d", Command{Name: "list", Filter: f("offline:>3d")}},
		{"list name:“web – 1”", Command{Name: "list", Filter: f(`name:"web – 1"`)}},
		{"list label:a,b ephemeral:yes OS:Linux group:\"Team A\"", Command{Name: "list", Filter: f(`label:a,b ephemeral:yes os:linux group:"team a"`)}},
		{`list "offline"`, Command{Name: "list", Filter: f(`"offline"`)}},
		{`list "a/b" label:a/b`, Command{Name: "list", Filter: f(`"a/b" label:a/b`)}},
		{"show web-1", Command{Name: "show", Runners: []string{"web-1"}}},
		{"show octo-org 42", Command{Name: "show", Scopes: one(org), Runners: []string{"42"}}},
		{`show "web 1"`, Command{Name: "show", Runners: []string{"web 1"}}},
		{"show “web–1 –x”", Command{Name: "show", Runners: []string{"web–1 –x"}}},
		{`show "-odd"`, Command{Name: "show", Runners: []string{"-odd"}}},
		{`show "a:b"`, Command{Name: "show", Runners: []string{"a:b"}}},
		{"show <http://web-1.example.com|web-1.example.com>", Command{Name: "show", Runners: []string{"web-1.example.com"}}},
		{"show <mailto:ann@example.com|ann@example.com>", Command{Name: "show", Runners: []string{"ann@example.com"}}},
		{"show a&amp;lt;b", Command{Name: "show", Runners: []string{"a&lt;b"}}},
		{"find web-*", Command{Name: "find", AllScopes: true, Runners: []string{"web-*"}}},
		{"find web-1 page:2", Command{Name: "find", AllScopes: true, Runners: []string{"web-1"}, Page: 2}},
		{"downloads", Command{Name: "downloads"}},
		{"downloads octo-org os:macOS arch:amd64", Command{Name: "downloads", Scopes: one(org), OS: "osx", Arch: "x64"}},
		{"register octo-org", Command{Name: "register", Scopes: one(org)}},
		{"token octo-org", Command{Name: "register", Scopes: one(org)}},
		{"add", Command{Name: "register"}},
		{"registration–token octo-org", Command{Name: "register", Scopes: one(org)}},
		{`register octo-org labels:gpu,Linux,GPU group:"Team A" because it's 5" wide – really`, Command{Name: "register", Scopes: one(org),
			Labels: []string{"gpu", "Linux"}, Group: "Team A", Reason: `it's 5" wide – really`}},
		{"remove-token octo-org BECAUSE a &lt; b", Command{Name: "remove-token", Scopes: one(org), Reason: "a < b"}},
		{"remove—token octo-org", Command{Name: "remove-token", Scopes: one(org)}},
		{"unregister", Command{Name: "remove-token"}},
		{"delete web-1 web-2, 42 web-1", Command{Name: "delete", Runners: []string{"web-1", "web-2", "42"}}},
		{"rm octo-org web-1 because <@U0ANN|ann> said so", Command{Name: "delete", Scopes: one(org), Runners: []string{"web-1"}, Reason: "@ann said so"}},
		{"delete octo-org offline:>3d -label:prod because old", Command{Name: "delete", Scopes: one(org), Filter: f("offline:>3d -label:prod"), Reason: "old"}},
		{"delete name:web-*", Command{Name: "delete", Filter: f("name:web-*")}},
		{"requests", Command{Name: "requests"}},
		{"inbox Mine", Command{Name: "requests", Which: "mine"}},
		{"requests all", Command{Name: "requests", Which: "all"}},
		{"request #42", Command{Name: "request", Request: 42}},
		{"request <#C0X|42>", Command{Name: "request", Request: 42}},
		{"approve 42", Command{Name: "approve", Request: 42}},
		{"deny 42", Command{Name: "deny", Request: 42}},
		{`reject #42 still "needed`, Command{Name: "deny", Request: 42, Reason: `still "needed`}},
		{"deny 42 because no", Command{Name: "deny", Request: 42, Reason: "no"}},
		{"cancel 42", Command{Name: "cancel", Request: 42}},
		{"digest", Command{Name: "digest"}},
		{"digest now", Command{Name: "digest", Now: true}},
		{"digest now weekday morning", Command{Name: "digest", Now: true, Topic: "weekday morning"}},
		{"alerts", Command{Name: "alerts"}},
		{"mute gpu runners 2h", Command{Name: "mute", Topic: "gpu runners", Duration: 2 * time.Hour}},
		{`mute "gpu runners" 1w`, Command{Name: "mute", Topic: "gpu runners", Duration: 7 * 24 * time.Hour}},
		{"mute gpu", Command{Name: "mute", Topic: "gpu"}},
		{"unmute gpu runners", Command{Name: "unmute", Topic: "gpu runners"}},
		{"me", Command{Name: "whoami"}},
		{"whoami", Command{Name: "whoami"}},
		{"about", Command{Name: "about"}},
	} {
		got, err := Parse(tc.text, sampleContext(t, ""))
		if err != nil {
			t.Errorf("%q: %v", tc.text, err)
			continue
		}
		again, err := Parse(got.Text, sampleContext(t, ""))
		if diff := cmp.Diff(got, again, compare); err != nil || diff != "" {
			t.Errorf("%q: its Text %q reads differently: %v\n%s", tc.text, got.Text, err, diff)
		}
		got.Text = ""
		if diff := cmp.Diff(tc.want, got, compare); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.text, diff)
		}
	}
}

func TestParseDefaultScope(t *testing.T) {
	for _, tc := range []struct {
		text, fallback string
		want           string
	}{
		{"list", "octo-org", "octo-org"},
		{"list all", "octo-org", ""},
		{"list octo-org/octo-repo", "octo-org", "octo-org/octo-repo"},
		{"status", "octo-org", ""},
		{"show web-1", "octo-org", "octo-org"},
		{"find web-1", "octo-org", ""},
		{"register", "octo-org", "octo-org"},
		{"remove-token", "octo-org", "octo-org"},
		{"delete web-1", "octo-org", "octo-org"},
		{"delete status:lost", "octo-org", "octo-org"},
		{"downloads", "octo-org", "octo-org"},
		{"delete web-1", "", ""},
	} {
		got, err := Parse(tc.text, sampleContext(t, tc.fallback))
		if err != nil {
			t.Errorf("%q: %v", tc.text, err)
			continue
		}
		var scopes []string
		for _, s := range got.Scopes {
			scopes = append(scopes, s.String())
		}
		if strings.Join(scopes, " ") != tc.want {
			t.Errorf("%q with default %q: scopes %v, want %q", tc.text, tc.fallback, scopes, tc.want)
		}
	}
	c := sampleContext(t, "")
	c.Scopes = c.Scopes[1:2]
	if got, err := Parse("register", c); err != nil || !slices.Equal(got.Scopes, c.Scopes) {
		t.Errorf("the only scope is not taken: %v, %v", got.Scopes, err)
	}
	c = sampleContext(t, "octo-org/octo-repo")
	c.Scopes = c.Scopes[:2]
	if got, err := Parse("register", c); err != nil || len(got.Scopes) != 0 {
		t.Errorf("a default that is not configured is taken: %v, %v", got.Scopes, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct {
		text    string
		problem string   // part of it
		suggest []string // all of them
	}{
		{"lisst offline", "is not a command", []string{"list offline", "list", "help"}},
		{"offline", "is not a command", []string{"list offline", "help"}},
		{"label:gpu", "is not a command", []string{"list label:gpu", "help"}},
		{"octo-org offline", "is a scope", []string{"status octo-org", "list octo-org offline"}},
		{"octo-org/other", "not a scope", []string{"status enterprises/octo-enterprise", "status octo-org", "status octo-org/octo-repo"}},
		{"--help", "there are none", []string{"help"}},
		{"status octo-rog", "not a scope", []string{"status octo-org"}},
		{"status label:gpu", "counts whole scopes", []string{"list label:gpu"}},
		{"status octo-org octo-org/octo-repo", "one scope", []string{"status octo-org"}},
		{"status https://github.example/octo-org", "not a scope", []string{"status enterprises/octo-enterprise", "status octo-org", "status octo-org/octo-repo"}},
		{"status http://github.com/octo-org", "not a scope", nil},
		{"status https://ann@github.com/octo-org", "not a scope", nil},
		{"status https://github.com:8443/octo-org", "not a scope", nil},
		{"register octo-org/../octo-repo", "not a scope", nil},
		{"register octo-org/octo-repo#", "not a scope", nil},
		{"register web#", "not a scope", nil},
		{"register octo-org%2focto-repo", "not a scope", nil},
		{"register octo-org/octo-rep\x00o", "not a scope", nil},
		{"register оcto-org", "not a scope", []string{"register octo-org"}}, // a Cyrillic letter
		{"list offline octo-org/octo-repo", "scope first", []string{"list octo-org/octo-repo offline"}},
		{"list octo-org/octo-rep0 busy", "not a scope", []string{"list octo-org/octo-repo busy"}},
		{"list all octo-org", "Name scopes", []string{"list octo-org", "list all"}},
		{"list lable:gpu", "is not a filter", []string{"list label:gpu", "help list"}},
		{"list -grup:x octo", "is not a filter", []string{"list -group:x octo", "help list"}},
		{"list status:on", "is not a status", []string{"help list"}},
		{"list --force", "there are none", []string{"help list"}},
		{"list —label:gpu", "Two hyphens", []string{"list label:gpu", "list -label:gpu"}},
		{"list - gpu", "alone says nothing", nil},
		{"list – gpu", "alone says nothing", nil},
		{"list because I want", "takes no reason", []string{"list"}},
		{`list name:"web`, "not closed", nil},
		{`list ""`, "nothing between", nil},
		{"show", "Which runner", []string{"list"}},
		{"show web-*", "whole name", []string{"find web-*", "list name:web-*"}},
		{"show web 1", "one runner", []string{"list web 1", `show "web 1"`}},
		{"show octo-orgg web-1", "one runner", []string{"show octo-org web-1", "list octo-orgg web-1", `show "octo-orgg web-1"`}},
		{"show label:gpu", "one runner", []string{"list label:gpu"}},
		{"find", "Find what", []string{"list all"}},
		{"find web 1", "one name", []string{"list all web 1", "list web 1", `find "web 1"`}},
		{"downloads linux", "os:linux", []string{"downloads os:linux"}},
		{"downloads octo-org arm64", "arch:arm64", nil},
		{"downloads os:beos", "linux, osx or win", []string{"downloads"}},
		{"register gpu", "not a scope", nil},
		{"register octo-org labels:", "labels", nil},
		{"register octo-org group:a group:b", "one group", nil},
		{"register octo-org because", "Say why", []string{"register octo-org"}},
		{"remove", "two things", []string{"remove-token", "help delete", "help remove-token"}},
		{"remove octo-org web-1", "two things", []string{"delete octo-org web-1", "help delete", "help remove-token"}},
		{"remove octo-org", "two things", []string{"remove-token octo-org", "help delete", "help remove-token"}},
		{"remove token octo-org", "two things", []string{"remove-token octo-org", "help delete", "help remove-token"}},
		{"delete", "Which runners", []string{"list", "help delete"}},
		{"delete octo-org", "Which runners", []string{"list octo-org", "help delete"}},
		{"delete octo-org web-* because old", "name:web-*", []string{"delete octo-org name:web-* because old"}},
		{"delete web-1 label:gpu", "don't mix", []string{"delete name:web-1 label:gpu"}},
		{"delete offline", "by status", []string{"delete status:offline"}},
		{"delete -label:prod", "selects", []string{"help delete"}},
		{"delete sort:name", "selects", []string{"help delete"}},
		{"delete name:*", "selects", []string{"help delete"}},
		{"delete --force web-1", "there are none", []string{"help delete"}},
		{"delete web-1 --force", "there are none", []string{"help delete"}},
		{"delete web-1 -f", "don't mix", nil},
		{"requests 42", "One request", []string{"request 42"}},
		{"requests al", "not known", []string{"requests all", "requests"}},
		{"requests all mine", "too many", nil},
		{"request", "Which request", []string{"requests"}},
		{"request open", "not the number", []string{"requests open", "requests"}},
		{"approve", "Which request", []string{"requests"}},
		{"approve 0", "not the number", []string{"requests"}},
		{"approve -1", "not the number", []string{"requests"}},
		{"approve 99999999999", "not the number", []string{"requests"}},
		{"approve 42 43", "too many", []string{"approve 42", "help approve"}},
		{"approve 42 because ok", "no reason", nil},
		{"digest weekday", "digest now", []string{"digest now weekday", "digest"}},
		{"mute", "Which alert", []string{"alerts"}},
		{"mute gpu 0s", "longer", nil},
		{"whoami now", "too many", []string{"whoami", "help whoami"}},
		{"help foo", "not a command", []string{"help"}},
		{"help aprove", "not a command", []string{"help approve", "help"}},
		{strings.Repeat("a", 2001), "2,000", nil},
		{"delete " + strings.Repeat("&amp;", 1994), "2,000", nil},
	} {
		c := sampleContext(t, "")
		_, err := Parse(tc.text, c)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.80q: got %v, want a SyntaxError", tc.text, err)
			continue
		}
		if !strings.Contains(syntax.Problem.String(), tc.problem) {
			t.Errorf("%.80q: %q lacks %q", tc.text, syntax.Problem, tc.problem)
		}
		var got []string
		for _, s := range syntax.Suggest {
			got = append(got, s.Command)
			if _, err := Parse(s.Command, c); err != nil {
				t.Errorf("%.80q suggests %q, which is refused: %v", tc.text, s.Command, err)
			}
		}
		if tc.suggest != nil && !slices.Equal(got, tc.suggest) {
			t.Errorf("%.80q suggests %q, want %q", tc.text, got, tc.suggest)
		}
	}
	if _, err := Parse("mute "+strings.Repeat("a", 1995), sampleContext(t, "")); err != nil {
		t.Errorf("2,000 characters: %v", err)
	}
}

func TestMutates(t *testing.T) {
	want := []string{"register", "remove-token", "delete", "approve", "deny", "cancel"}
	var got []string
	for _, n := range names {
		if Mutates(Command{Name: n.name}) {
			got = append(got, n.name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
