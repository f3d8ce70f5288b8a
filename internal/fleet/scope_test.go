package fleet

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func serverOf(t testing.TB, text string) Server {
	t.Helper()
	s, err := ParseServer(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func scopeOf(t testing.TB, text string) Scope {
	t.Helper()
	s, err := ParseScope(serverOf(t, ""), text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseScope(t *testing.T) {
	for _, tc := range []struct {
		server, text string
		want         string // "" when it is refused
		kind         Kind
	}{
		{"", "octo-org", "octo-org", Organization},
		{"", "Octo-Org", "octo-org", Organization},
		{"", "octo_corp", "octo_corp", Organization},
		{"", "octo-org/Octo.Repo_1", "octo-org/octo.repo_1", Repository},
		{"", "octo-org/.github", "octo-org/.github", Repository},
		{"", "enterprises/octo-enterprise", "enterprises/octo-enterprise", Enterprise},
		{"", "https://github.com/octo-org", "octo-org", Organization},
		{"", "HTTPS://GitHub.com/octo-org/octo-repo/", "octo-org/octo-repo", Repository},
		{"", "https://github.com:443/octo-org", "octo-org", Organization},
		{"", "https://github.com/orgs/octo-org", "octo-org", Organization},
		{"", "https://github.com/enterprises/octo-enterprise", "enterprises/octo-enterprise", Enterprise},
		{"https://octo.example:8443/api/v3", "https://octo.example:8443/octo-org", "octo-org", Organization},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/octo-org", "octo-org", Organization},
		{"http://127.0.0.1:80", "http://127.0.0.1/octo-org", "octo-org", Organization},

		{"", "", "", 0}, {"", "web#", "", 0}, {"", "..", "", 0}, {"", ".", "", 0}, {"", "a/../../x", "", 0}, {"", "o?x", "", 0},
		{"", "%2f", "", 0}, {"", "a%2fb", "", 0}, {"", "octo-org\r\n", "", 0}, {"", "octo\norg", "", 0}, {"", "octo-org\x00", "", 0},
		{"", "оcto-org", "", 0}, {"", "o\u212ato", "", 0}, {"", "octo\u0130", "", 0}, {"", "ｏcto", "", 0}, {"", "octo∕repo", "", 0}, {"", "octo\u200borg", "", 0}, {"", "\xff", "", 0},
		{"", "enterprises/..", "", 0}, {"", "enterprises/", "", 0}, {"", "enterprises", "", 0}, {"", "enterprises/a/b", "", 0}, {"", "orgs/octo-org", "", 0},
		{"", "octo-org/..", "", 0}, {"", "octo-org/.", "", 0}, {"", "octo-org/", "", 0}, {"", "/octo-org", "", 0}, {"", "octo-org/a/b", "", 0}, {"", "octo-org//a", "", 0},
		{"", "-octo", "", 0}, {"", "octo-", "", 0}, {"", "octo org", "", 0}, {"", " octo-org", "", 0}, {"", `octo\org`, "", 0}, {"", "octo:org", "", 0}, {"", "octo;org", "", 0}, {"", "a@b", "", 0},
		{"", strings.Repeat("a", 101), "", 0}, {"", "a/" + strings.Repeat("b", 101), "", 0}, {"", strings.Repeat("a", 1<<20), "", 0},
		{"", "https://github.example/octo-org", "", 0}, {"", "http://github.com/octo-org", "", 0}, {"", "https://github.com:8443/octo-org", "", 0},
		{"", "https://ann@github.com/octo-org", "", 0}, {"", "https://ann:x@github.com/octo-org", "", 0}, {"", "https://github.com@evil.example/octo-org", "", 0},
		{"", "https://github.com.evil.example/octo-org", "", 0}, {"", "https://api.github.com/octo-org", "", 0}, {"", "//github.com/octo-org", "", 0},
		{"", "https://github.com/octo-org?x", "", 0}, {"", "https://github.com/octo-org?", "", 0}, {"", "https://github.com/octo-org#x", "", 0}, {"", "https://github.com/octo-org#", "", 0},
		{"", "https://github.com/octo%2forg", "", 0}, {"", "https://github.com/a/../b", "", 0}, {"", "https://github.com//octo-org", "", 0}, {"", "https://github.com/", "", 0}, {"", "https://github.com", "", 0},
		{"", "https://github.com/orgs/octo-org/people", "", 0}, {"", "https://github.com/orgs/enterprises/x", "", 0},
		{"https://octo.example:8443/api/v3", "https://octo.example/octo-org", "", 0},
	} {
		got, err := ParseScope(serverOf(t, tc.server), tc.text)
		if got.String() != tc.want || got.Kind() != tc.kind || (err == nil) != (tc.want != "") {
			t.Errorf("ParseScope(%.60q) = %q (%s), %v; want %q (%s)", tc.text, got, got.Kind(), err, tc.want, tc.kind)
		}
		if err != nil && (!errors.Is(err, ErrScope) || len(err.Error()) > 400) {
			t.Errorf("ParseScope(%.60q): %d bytes of error %.100v", tc.text, len(err.Error()), err)
		}
	}
	if _, err := ParseScope(Server{}, "octo-org"); !errors.Is(err, ErrScope) {
		t.Errorf("no server: %v", err)
	}
}

func TestStoredScope(t *testing.T) {
	for _, tc := range []struct {
		host, text string
		ok         bool
	}{
		{"github.com", "octo-org/octo-repo", true},
		{"127.0.0.1:8080", "enterprises/octo-enterprise", true},
		{"[::1]:8080", "octo-org", true},
		{"", "octo-org", false}, {"github.com/x", "octo-org", false}, {"a b", "octo-org", false}, {"GitHub.com", "octo-org", false},
		{"github.com", "", false}, {"github.com", "a/../b", false}, {"github.com", "https://github.com/octo-org", false},
	} {
		got, err := StoredScope(tc.host, tc.text)
		if (err == nil) != tc.ok || tc.ok && (got.Host() != tc.host || got.String() != tc.text) {
			t.Errorf("StoredScope(%q, %q) = %q on %q, %v", tc.host, tc.text, got, got.Host(), err)
		}
	}
}

func TestScopeIsComparable(t *testing.T) {
	a, b := scopeOf(t, "Octo-Org"), scopeOf(t, "https://github.com/octo-org")
	other, err := ParseScope(serverOf(t, "https://octo.ghe.com"), "octo-org")
	if a != b || err != nil || a == other || !(Scope{}).IsZero() || a.IsZero() {
		t.Errorf("%v == %v is wrong, or %v == %v; %v", a, b, a, other, err)
	}
	if got := scopeOf(t, "octo-org/octo-repo").Words() + ", " + a.Words(); got != "repository octo-org/octo-repo, organization octo-org" {
		t.Errorf("words: %s", got)
	}
}

var safeScope = regexp.MustCompile(`^(enterprises/)?[a-z0-9][a-z0-9_-]*$|^[a-z0-9][a-z0-9_-]*/[a-z0-9._-]+$`)

// FuzzParseScope: what is accepted has a safe shape and reads back to itself.
func FuzzParseScope(f *testing.F) {
	for _, text := range []string{"octo-org", "octo-org/octo-repo", "enterprises/octo-enterprise", "web#", "..", "a/../../x", "o?x", "%2f", "a\r\nb", "a\x00", "оcto",
		"o\u212a", "enterprises/..", "https://github.com/octo-org", "https://github.com:443/orgs/a", "https://ann:x@github.com:8443/octo-org", "http://evil.example/a/b", "a/.", "enterprises/enterprises"} {
		f.Add(text)
	}
	server := serverOf(f, "")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseScope(server, text)
		if err != nil {
			if !s.IsZero() || !errors.Is(err, ErrScope) {
				t.Fatalf("%q: %q with error %v", text, s, err)
			}
			return
		}
		canonical := s.String()
		if !safeScope.MatchString(canonical) || strings.Contains(canonical+"/", "/../") || strings.Contains(canonical+"/", "/./") {
			t.Fatalf("%q became %q", text, canonical)
		}
		if again, err := ParseScope(server, canonical); err != nil || again != s {
			t.Fatalf("%q reads back as %q, %v", canonical, again, err)
		}
		if again, err := StoredScope(s.Host(), canonical); err != nil || again != s {
			t.Fatalf("%q is stored as %q, %v", canonical, again, err)
		}
		if again, err := ParseScope(server, server.URL(s)); err != nil || again != s {
			t.Fatalf("%q reads back as %q, %v", server.URL(s), again, err)
		}
	})
}
