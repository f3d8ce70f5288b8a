package commands

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

func rowNames(t *testing.T, a fleet.Answer) []string {
	t.Helper()
	p, ok := a.(fleet.Page)
	if !ok {
		t.Errorf("%T: %s", a, said(a))
	}
	var names []string
	for _, r := range p.Rows {
		names = append(names, r.Runner.Name)
	}
	return names
}

// TestStoredDataAnswers while it is fresh; then GitHub is read again; and when that
// fails, what is stored answers with the problem.
func TestStoredDataAnswers(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(org, "web-1")
		first := time.Now()
		o.ask("U0VIC", "list octo-org")
		o.calls()
		for _, text := range []string{"list octo-org", "status octo-org", "list octo-org web page:1"} {
			if a := o.ask("U0VIC", text); isNo(a) || o.calls() != 0 {
				t.Errorf("%s: %T %s, and GitHub was called", text, a, said(a))
			}
		}
		time.Sleep(4 * time.Minute)
		o.runner(org, "web-2")
		p := o.ask("U0VIC", "list octo-org").(fleet.Page)
		if got := rowNames(t, p); !slices.Equal(got, []string{"web-1", "web-2"}) || !p.Readings[0].ReadAt.Equal(time.Now()) || !p.Readings[0].Complete {
			t.Errorf("%q, read %v after the first", got, p.Readings[0].ReadAt.Sub(first))
		}

		read := time.Now()
		time.Sleep(4 * time.Minute)
		lift := o.github.Fault(githubd.On("GET", "**"), githubd.Fault{Status: 502})
		p = o.ask("U0VIC", "list octo-org").(fleet.Page)
		if len(p.Rows) != 2 || p.Readings[0].Problem == nil || !p.Readings[0].ReadAt.Equal(read) {
			t.Errorf("%d rows with %+v", len(p.Rows), p.Readings[0])
		}
		lift()

		until := time.Now().Add(10 * time.Minute).Truncate(time.Second)
		limit := http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {fmt.Sprint(until.Unix())}}
		lift = o.github.Fault(githubd.On("GET", "**"), githubd.Fault{Status: 403, Header: limit, Body: `{"message":"API rate limit exceeded"}`})
		p = o.ask("U0VIC", "list octo-org").(fleet.Page)
		if len(p.Rows) != 2 || p.Readings[0].Problem == nil || !p.Readings[0].Problem.Until.Equal(until) {
			t.Errorf("%d rows with %+v, want the limit until %v", len(p.Rows), p.Readings[0], until)
		}
		o.calls()
		for _, text := range []string{"list octo-org", "status octo-org", "show octo-org web-1"} {
			if a := o.ask("U0VIC", text); isNo(a) {
				t.Errorf("%s: %s", text, said(a))
			}
		}
		if n := o.calls(); n != 0 {
			t.Errorf("%d calls while GitHub limits us", n)
		}
		lift()
		time.Sleep(10 * time.Minute)
		if p = o.ask("U0VIC", "list octo-org").(fleet.Page); p.Readings[0].Problem != nil {
			t.Errorf("still a problem: %+v", p.Readings[0].Problem)
		}
	})
}

// TestSilentGitHub: people don't wait for it for ever.
func TestSilentGitHub(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(org, "web-1")
		o.ask("U0VIC", "list octo-org")
		time.Sleep(time.Hour)
		defer o.github.Fault(githubd.On("GET", "**"), githubd.Fault{Delay: 10 * time.Minute})()
		began := time.Now()
		p := o.ask("U0VIC", "list octo-org").(fleet.Page)
		if took := time.Since(began); took > readWithin+time.Second || len(p.Rows) != 1 || p.Readings[0].Problem == nil {
			t.Errorf("after %v: %d rows with %+v", took, len(p.Rows), p.Readings[0])
		}
		d := o.ask("U0VIC", "show octo-org web-1").(fleet.Details)
		if d.Reading.Problem == nil || d.Record.Runner.Name != "web-1" {
			t.Errorf("%+v", d.Reading)
		}
	})
}

func TestListPages(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		for i := range 52 {
			o.runner(org, fmt.Sprintf("web-%02d", i))
		}
		for _, tc := range []struct {
			text                string
			number, pages, rows int
			first               string
		}{
			{"list octo-org", 1, 3, 25, "web-00"},
			{"list octo-org page:2", 2, 3, 25, "web-25"},
			{"list octo-org page:3", 3, 3, 2, "web-50"},
			{"list octo-org page:9", 3, 3, 2, "web-50"},
			{"list octo-org page:0", 1, 3, 25, "web-00"},
			{"list octo-org name:web-1* sort:name-desc", 1, 1, 10, "web-19"},
			{"list octo-org nothing", 1, 1, 0, ""},
			{"find web-4*", 1, 1, 10, "web-40"},
		} {
			p := o.ask("U0VIC", tc.text).(fleet.Page)
			first := ""
			if len(p.Rows) > 0 {
				first = p.Rows[0].Runner.Name
			}
			if p.Number != tc.number || p.Pages != tc.pages || len(p.Rows) != tc.rows || first != tc.first {
				t.Errorf("%s: page %d of %d, %d rows from %q", tc.text, p.Number, p.Pages, len(p.Rows), first)
			}
			if again := o.ask("U0VIC", p.Command).(fleet.Page); again.Number != p.Number {
				t.Errorf("%q turns to page %d", p.Command, again.Number)
			}
		}
	})
}

func TestListOfSeveralScopes(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(ent, "hidden-1")
		o.runner(org, "web-1", "gpu")
		o.runner(repo, "web-2")
		for text, want := range map[string][]string{
			"list":                               {"web-1", "web-2"},
			"list all":                           {"web-1", "web-2"},
			"list octo-org octo-org/octo-repo":   {"web-1", "web-2"},
			"list octo-org/octo-repo":            {"web-2"},
			"list gpu":                           {"web-1"},
			"list all -label:gpu sort:name":      {"web-2"},
			"find WEB-*":                         {"web-1", "web-2"},
			"list octo-org octo-org status:idle": {"web-1"},
		} {
			if got := rowNames(t, o.ask("U0VIC", text)); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", text, got, want)
			}
		}
		if got := rowNames(t, o.ask("U0ANN", "list all")); len(got) != 3 {
			t.Errorf("who views all sees %q", got)
		}
		if s := o.ask("U0VIC", "status").(fleet.Overview); len(s.Summaries) != 2 || s.Hidden != 1 {
			t.Errorf("%d summaries, %d hidden", len(s.Summaries), s.Hidden)
		}
		if s := o.ask("U0VIC", "status octo-org").(fleet.Overview); len(s.Summaries) != 1 || s.Hidden != 0 {
			t.Errorf("%d summaries, %d hidden", len(s.Summaries), s.Hidden)
		}
		o.DefaultScope = o.Scopes[2]
		if got := rowNames(t, o.ask("U0VIC", "list")); !slices.Equal(got, []string{"web-2"}) {
			t.Errorf("the default scope has %q", got)
		}
		if s := o.ask("U0VIC", "").(fleet.Overview); len(s.Summaries) != 2 {
			t.Errorf("status keeps to the default scope")
		}
	})
}

func TestFindNothing(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		id := o.runner(org, "web-1")
		a := o.ask("U0VIC", "find web-11")
		wantSaid(t, a, fleet.Refused, "No runner is named web-11.", "web-1")
		if want := fmt.Sprint("show octo-org ", id); !slices.Equal(offered(a), []string{want}) {
			t.Errorf("offers %q, want %q", offered(a), want)
		}
		wantSaid(t, o.ask("U0VIC", "find gpu-*"), fleet.Refused, "No runner matches gpu-*.")
		time.Sleep(time.Hour)
		defer o.github.Fault(githubd.On("GET", "/orgs/**"), githubd.Fault{Status: 502})()
		wantSaid(t, o.ask("U0VIC", "find gpu-*"), fleet.Refused, "octo-org can't be read now")
	})
}

func TestShow(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		id := o.runner(org, "web-1", "gpu")
		o.Policy.Protect.Labels = []string{"gpu"}
		first := time.Now()
		d := o.ask("U0VIC", "show octo-org web-1").(fleet.Details)
		if d.Record.Runner.ID != id || !d.Protected || len(d.Changes) != 1 || d.Record.Runner.Group != "Default" || !strings.Contains(d.URL, "octo-org") {
			t.Errorf("%+v", d)
		}
		time.Sleep(time.Minute) // the stored list is still fresh; the runner itself is asked for
		o.github.Update(org, id, func(r *githubd.Runner) { r.Status = "offline" })
		d = o.ask("U0VIC", fmt.Sprint("show ", id)).(fleet.Details)
		if d.Record.Runner.State() != fleet.Offline || !d.Record.Since.Equal(time.Now()) || !d.Record.FirstSeen.Equal(first) {
			t.Errorf("%+v", d.Record)
		}
		fresh := o.runner(org, "fresh")
		if d = o.ask("U0VIC", fmt.Sprint("show octo-org ", fresh)).(fleet.Details); d.Record.Runner.Name != "fresh" || len(d.Changes) != 0 {
			t.Errorf("by an id that is not in the store: %+v", d.Record)
		}
		wantSaid(t, o.ask("U0VIC", "show octo-org 999"), fleet.Refused, "no runner with the id 999")
		o.runner(repo, "web-1")
		time.Sleep(time.Hour)
		if a := o.ask("U0VIC", "show web-1"); len(offered(a)) != 2 || isNo(o.ask("U0VIC", offered(a)[1])) {
			t.Errorf("%s, offers %q", said(a), offered(a))
		}
		o.github.Remove(org, id)
		time.Sleep(time.Second)
		wantSaid(t, o.ask("U0VIC", fmt.Sprint("show octo-org ", id)), fleet.Refused, "GitHub has no runner web-1", "any more")
	})
}

func TestDownloads(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		all := o.ask("U0VIC", "downloads octo-org").(fleet.Downloads)
		one := o.ask("U0VIC", "downloads octo-org os:linux arch:arm64").(fleet.Downloads)
		if all.Filtered || len(all.Applications) < 6 || !one.Filtered || len(one.Applications) != 1 || one.Applications[0].OS != "linux" || one.Applications[0].Arch != "arm64" {
			t.Errorf("all %+v\none %+v", all, one)
		}
		wantSaid(t, o.ask("U0VIC", "downloads octo-org os:win arch:arm"), fleet.Refused, "no runner application", "/runners downloads octo-org")
		defer o.github.Fault(githubd.On("GET", "/orgs/**"), githubd.Fault{Status: 502})()
		wantSaid(t, o.ask("U0VIC", "downloads octo-org"), fleet.Trouble, "does not answer properly")
	})
}
