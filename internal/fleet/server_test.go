package fleet

import "testing"

func TestParseServer(t *testing.T) {
	for _, tc := range []struct{ text, web, api string }{
		{"", "github.com", "https://api.github.com"},
		{"https://api.github.com/", "github.com", "https://api.github.com"},
		{"https://GitHub.com", "github.com", "https://api.github.com"},
		{"https://api.octo.ghe.com", "octo.ghe.com", "https://api.octo.ghe.com"},
		{"https://octo.ghe.com", "octo.ghe.com", "https://api.octo.ghe.com"},
		{"https://octo.example/api/v3", "octo.example", "https://octo.example/api/v3"},
		{"https://octo.example/api/v3/", "octo.example", "https://octo.example/api/v3"},
		{"https://octo.example", "octo.example", "https://octo.example/api/v3"},
		{"https://octo.example:443", "octo.example", "https://octo.example/api/v3"},
		{"https://octo.example:8443", "octo.example:8443", "https://octo.example:8443/api/v3"},
		{" http://127.0.0.1:8080 ", "127.0.0.1:8080", "http://127.0.0.1:8080/api/v3"},
		{"http://localhost", "localhost", "http://localhost/api/v3"},
		{"http://[::1]:80", "[::1]", "http://[::1]/api/v3"},

		{"http://octo.example", "", ""}, {"http://api.github.com", "", ""}, {"ftp://octo.example", "", ""}, {"octo.example", "", ""},
		{"https://", "", ""}, {"https://ann@octo.example", "", ""}, {"https://octo.example?x", "", ""}, {"https://octo.example?", "", ""},
		{"https://octo.example#x", "", ""}, {"https://octo.example/other", "", ""}, {"https://github.com/octo-org", "", ""},
		{"https://api.octo.ghe.com/api/v3", "", ""}, {"https://octo_example", "", ""}, {"https://a b", "", ""}, {"https://octo.example:99x", "", ""},
		{"http://127.0.0.1.evil.example", "", ""}, {"http://localhost.evil.example", "", ""}, {"https:octo.example", "", ""},
	} {
		got, err := ParseServer(tc.text)
		if got.Host() != tc.web || got.APIURL() != tc.api || (err == nil) != (tc.api != "") {
			t.Errorf("ParseServer(%q) = %q, %q, %v; want %q, %q", tc.text, got.Host(), got.APIURL(), err, tc.web, tc.api)
		}
	}
}

func TestServerAddresses(t *testing.T) {
	for _, tc := range []struct{ server, scope, url, runners string }{
		{"", "octo-org", "https://github.com/octo-org", "https://github.com/organizations/octo-org/settings/actions/runners"},
		{"", "octo-org/octo-repo", "https://github.com/octo-org/octo-repo", "https://github.com/octo-org/octo-repo/settings/actions/runners"},
		{"https://octo.example:8443", "enterprises/octo-enterprise", "https://octo.example:8443/enterprises/octo-enterprise",
			"https://octo.example:8443/enterprises/octo-enterprise/settings/actions/runners"},
	} {
		s := serverOf(t, tc.server)
		scope, err := ParseScope(s, tc.scope)
		if err != nil || s.URL(scope) != tc.url || s.RunnersURL(scope) != tc.runners {
			t.Errorf("%s: %s, %s, %v", tc.scope, s.URL(scope), s.RunnersURL(scope), err)
		}
	}
	for text, want := range map[string]bool{"": true, "https://octo.ghe.com": true, "https://octo.example": false} {
		if got := serverOf(t, text).HasVersions(); got != want {
			t.Errorf("%q has versions: %v, want %v", text, got, want)
		}
	}
}
