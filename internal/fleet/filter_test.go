package fleet

import (
	"strings"
	"testing"
	"time"
)

func words(t testing.TB, text string) []string {
	t.Helper()
	var out []string
	for {
		word, rest, err := NextWord(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if word == "" {
			return out
		}
		out, text = append(out, word), rest
	}
}

func filterOf(t testing.TB, text string) Filter {
	t.Helper()
	f, err := ParseFilter(words(t, text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return f
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func sampleRecords() []Record {
	record := func(name, os, status string, busy Truth, version string, since time.Duration, labels ...string) Record {
		r := Record{Runner: Runner{Name: name, OS: os, Status: status, Busy: busy, Version: version}, Since: noon.Add(-since), LastOnline: noon.Add(-since)}
		for _, l := range labels {
			r.Runner.Labels = append(r.Runner.Labels, Label{Name: l})
		}
		return r
	}
	web1 := record("web-1", "Linux", "online", Yes, "2.329.0", time.Hour, "self-hosted", "GPU", "linux")
	web1.Runner.Group, web1.Runner.Ephemeral, web1.Outdated = "Default", No, No
	web2 := record("Web-2", "linux", "offline", No, "2.328.10", 4*Day, "gpu-large")
	web2.Runner.Group, web2.Runner.Ephemeral, web2.Outdated = "Team A", Yes, Yes
	mac := record("mac mini", "macOS", "offline", Yes, "", 2*Day, "team:infra")
	idle := record("idle-box", "Windows", "online", No, "2.9.0", Day)
	never := record("db/1", "linux", "offline", No, "2.330.0", 10*Day, "a/b")
	never.LastOnline = time.Time{}
	return []Record{web1, web2, mac, idle, never}
}

func TestFilterMatch(t *testing.T) {
	for _, tc := range []struct{ filter, want string }{
		{"", "web-1 Web-2 mac mini idle-box db/1"},
		{"status:online", "web-1 idle-box"},
		{"status:offline", "Web-2 mac mini db/1"},
		{"status:busy", "web-1"},
		{"STATUS:Idle", "idle-box"},
		{"status:lost", "mac mini"},
		{"-status:lost status:offline", "Web-2 db/1"},
		{"status:busy,lost", "web-1 mac mini"},
		{"offline", "Web-2 mac mini db/1"},
		{`"idle"`, "idle-box"},
		{"idle", "idle-box"},
		{"os:LINUX", "web-1 Web-2 db/1"},
		{"os:osx", "mac mini"},
		{"os:win*", "idle-box"},
		{"label:gpu", "web-1"},
		{"label:gpu*", "web-1 Web-2"},
		{"label:gpu,team:infra", "web-1 mac mini"},
		{"label:gpu label:linux", "web-1"},
		{"label:gpu -label:linux", ""},
		{"label:a/b", "db/1"},
		{"label:*", "web-1 Web-2 mac mini db/1"},
		{"gpu", "web-1"},
		{"WEB", "web-1 Web-2"},
		{"-web", "mac mini idle-box db/1"},
		{"b-*", "web-1 Web-2"},
		{"name:web-*", "web-1 Web-2"},
		{"name:web", ""},
		{`name:"mac mini"`, "mac mini"},
		{`name:db*`, ""},
		{`name:db/*`, "db/1"},
		{`name:*`, "web-1 Web-2 mac mini idle-box db/1"},
		{`group:"team a"`, "Web-2"},
		{"group:*", "web-1 Web-2"},
		{"-group:default", "Web-2 mac mini idle-box db/1"},
		{"version:2.329.0", "web-1"},
		{"version:2.329", "web-1"},
		{"version:=2.329.0", "web-1"},
		{"version:<2.329.0", "Web-2 idle-box"},
		{"version:<=2.329.0", "web-1 Web-2 idle-box"},
		{"version:>2.329.0", "db/1"},
		{"version:>=2.329.0", "web-1 db/1"},
		{"version:2.32*", "web-1 Web-2"},
		{"version:outdated", "Web-2"},
		{"offline:>3d", "Web-2 db/1"},
		{"offline:3d", "Web-2 db/1"},
		{"offline:>4d", "db/1"},
		{"offline:>=4d", "Web-2 db/1"},
		{"offline:<3d", "mac mini"},
		{"offline:<=4d", "Web-2 mac mini"},
		{"offline:<2w", "Web-2 mac mini"}, // since when db/1 is offline is not known
		{"ephemeral:yes", "Web-2"},
		{"ephemeral:no", "web-1 mac mini idle-box db/1"},
		{"sort:since", "web-1 Web-2 mac mini idle-box db/1"},
	} {
		f := filterOf(t, tc.filter)
		var got []string
		for _, r := range sampleRecords() {
			if f.Match(r, noon) {
				got = append(got, r.Runner.Name)
			}
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%q: got %q, want %q", tc.filter, strings.Join(got, " "), tc.want)
		}
		if again := filterOf(t, f.String()); !again.Equal(f) {
			t.Errorf("%q: %q reads back as %q", tc.filter, f, again)
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	for _, word := range []string{
		"foo:x", "status:", "status:on", "status:offline,foo", "label:", `label:""`, "label:,", "version:new", "version:<outdated", "version:<2.*", "version:<",
		"offline:soon", "offline:>", "offline:-3d", "offline:1d,2d", "ephemeral:maybe", "ephemeral:yes,no", "sort:age", "sort:", "-sort:name", "--force", "-", "--", "–", ",", `name:"x`, "offline,gpu",
	} {
		if f, err := ParseFilter([]string{word}); err == nil {
			t.Errorf("%q is read as %q", word, f)
		}
	}
	if _, err := ParseFilter([]string{"sort:name", "sort:os"}); err == nil {
		t.Error("two sorts are read")
	}
}

func TestFilterSort(t *testing.T) {
	for _, tc := range []struct{ filter, want string }{
		{"", "db/1 idle-box mac mini web-1 Web-2"},
		{"sort:name-desc", "Web-2 web-1 mac mini idle-box db/1"},
		{"sort:NAME–desc", "Web-2 web-1 mac mini idle-box db/1"},
		{"sort:status", "web-1 idle-box mac mini db/1 Web-2"},
		{"sort:os", "db/1 web-1 Web-2 mac mini idle-box"},
		{"sort:version", "idle-box Web-2 web-1 db/1 mac mini"},
		{"sort:version-desc", "db/1 web-1 Web-2 idle-box mac mini"},
		{"sort:since", "db/1 Web-2 mac mini idle-box web-1"},
		{"sort:since-desc", "web-1 idle-box mac mini Web-2 db/1"},
	} {
		records := sampleRecords()
		filterOf(t, tc.filter).Sort(records)
		var got []string
		for _, r := range records {
			got = append(got, r.Runner.Name)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%q: got %q, want %q", tc.filter, strings.Join(got, " "), tc.want)
		}
	}
}

func TestFilterSelects(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "sort:name": false, "-label:prod": false, "name:*": false, "label:a,*": false, "name:**": false,
		"name:web-*": true, "offline": true, "offline:>3d": true, "ephemeral:yes": true, "gpu -label:prod sort:os": true,
	} {
		if got := filterOf(t, text).Selects(); got != want {
			t.Errorf("%q selects: %v, want %v", text, got, want)
		}
	}
}

// FuzzParseFilter: the canonical text of a filter reads back to the same text, and
// matching never panics.
func FuzzParseFilter(f *testing.F) {
	for _, text := range []string{"status:online,busy gpu -x", `name:"a b",c -"d,e"`, "version:<=2.3 offline:>1w2d3h4m5s6ms", "sort:name-desc label:*", "İ label:İ", "version:v2.3,outdated,2.*", "offline:.5d", "\xff", "\f-", `"-"`} {
		f.Add(text)
	}
	records := sampleRecords()
	f.Fuzz(func(t *testing.T, text string) {
		var list []string
		for rest := text; ; {
			word, more, err := NextWord(rest)
			if err != nil || word == "" {
				break
			}
			list, rest = append(list, word), more
		}
		filter, err := ParseFilter(list)
		if err != nil {
			return
		}
		once := filter.String()
		again, err := ParseFilter(words(t, once))
		if err != nil || again.String() != once || again.Selects() != filter.Selects() {
			t.Fatalf("%q is %q, reads back as %q, %v", text, once, again, err)
		}
		for _, r := range records {
			if filter.Match(r, noon) != again.Match(r, noon) {
				t.Fatalf("%q and %q differ on %s", text, once, r.Runner.Name)
			}
		}
		filter.Sort(records)
	})
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "90d": 90 * Day, "1w": 7 * Day, "1w2d3h": 9*Day + 3*time.Hour, "1.5d": 36 * time.Hour, "2H": 2 * time.Hour, "1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond,
		"": -1, "3": -1, "d": -1, "-3d": -1, "+3d": -1, "3 d": -1, "3y": -1, "999999999w": -1, "200000w200000w": -1, "1d1": -1, "1e3d": -1, "١d": -1,
	} {
		got, err := ParseDuration(text)
		if want < 0 && err == nil || want >= 0 && (err != nil || got != want) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
		if err == nil {
			if again, err := ParseDuration(FormatDuration(got)); err != nil || again != got {
				t.Errorf("%q is written %q, which is %v, %v", text, FormatDuration(got), again, err)
			}
		}
	}
	if got := FormatDuration(36*time.Hour + 90*time.Second); got != "1d12h1m30s" {
		t.Errorf("got %q", got)
	}
}

func TestCompareVersions(t *testing.T) {
	for _, tc := range []struct {
		a, b  string
		order int
		ok    bool
	}{
		{"2.329.0", "2.330.0", -1, true}, {"2.10.0", "2.9.9", 1, true}, {"2.329", "v2.329.0", 0, true}, {"2.329.0.1", "2.329.0", 1, true},
		{"", "2.0", 0, false}, {"2.0-beta", "2.0", 0, false}, {"2..0", "2.0", 0, false}, {"9999999999.0", "2.0", 0, false},
	} {
		if order, ok := CompareVersions(tc.a, tc.b); order != tc.order || ok != tc.ok {
			t.Errorf("%q, %q: %d, %v; want %d, %v", tc.a, tc.b, order, ok, tc.order, tc.ok)
		}
	}
}
