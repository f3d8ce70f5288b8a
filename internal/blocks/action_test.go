package blocks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// pressed lists the buttons of a message as "action=value".
func pressed(m Message) (out []string) {
	for _, b := range m.Blocks {
		row, ok := b.(*slack.ActionBlock)
		if !ok {
			continue
		}
		for _, e := range row.Elements.ElementSet {
			button := e.(*slack.ButtonBlockElement)
			ask := ""
			if button.Confirm != nil {
				ask = "?"
			}
			out = append(out, ActionOf(button.ActionID)+ask+"="+button.Value)
		}
	}
	return out
}

func TestButtonsOfEachState(t *testing.T) {
	const again = "run=delete octo-org 100 101 because broken disk, ticket OPS-7"
	token := "run=register octo-org labels:gpu,linux group:Default because broken disk, ticket OPS-7"
	for name, want := range map[string]struct{ prompt, copied, told []string }{
		"delete-pending":     {[]string{"approve?=42", "deny=42"}, []string{"cancel=42"}, []string{"cancel=42"}},
		"delete-alone":       {nil, []string{"confirm?=42", "cancel=42"}, []string{"confirm?=42", "cancel=42"}},
		"delete-approved":    {nil, []string{"cancel=42"}, []string{"cancel=42"}},
		"delete-executing":   {nil, []string{"cancel=42"}, []string{"cancel=42"}},
		"delete-denied":      {},
		"delete-cancelled":   {},
		"delete-succeeded":   {},
		"delete-unknown":     {},
		"delete-expired":     {nil, []string{again}, []string{again}},
		"register-pending":   {[]string{"approve=42", "deny=42"}, []string{"cancel=42"}, []string{"cancel=42"}},
		"register-approved":  {nil, []string{"reveal=42", "cancel=42"}, []string{"reveal=42", "cancel=42"}},
		"register-executing": {},
		"register-succeeded": {nil, []string{"reveal=42"}, []string{"reveal=42"}},
		"register-denied":    {},
		"register-expired":   {nil, []string{token}, []string{token}},
	} {
		n, action := 0, fleet.Register
		if strings.HasPrefix(name, "delete") {
			n, action = 2, fleet.Delete
		}
		r, ok := calm.states(action, n)[name]
		if !ok {
			t.Fatalf("no fixture %s", name)
		}
		for where, c := range map[string]struct {
			draw func(fleet.Request, Options) Message
			want []string
		}{"prompt": {Prompt, want.prompt}, "copy": {Copy, want.copied}, "told": {Told, want.told}, "result": {Result, nil}} {
			if got := pressed(c.draw(r, options())); !slices.Equal(got, c.want) {
				t.Errorf("%s of %s: got %q, want %q", where, name, got, c.want)
			}
		}
	}
}

func TestRevealButtonEndsWithItsTime(t *testing.T) {
	r := calm.states(fleet.Register, 0)["register-approved"]
	o := options()
	o.Now = r.ActBy.Add(-time.Second)
	if got := pressed(Told(r, o)); !slices.Contains(got, "reveal=42") {
		t.Errorf("before the end: %q", got)
	}
	o.Now = r.ActBy
	if got := pressed(Told(r, o)); slices.Contains(got, "reveal=42") {
		t.Errorf("at the end: %q", got)
	}
}

func TestPageTurns(t *testing.T) {
	for _, c := range []struct {
		at, pages int
		command   string
		want      []string
	}{
		{1, 1, "list", nil},
		{1, 3, "list", []string{"run=list page:2"}},
		{2, 3, "/runners list offline page:2", []string{"run=list offline page:1", "run=list offline page:3"}},
		{3, 3, "list page:3 gpu", []string{"run=list gpu page:2"}},
		{9, 3, "list", []string{"run=list page:3"}},
	} {
		p := fleet.Page{Title: "x", Command: c.command, Number: c.at, Pages: c.pages, Rows: calm.records(25), OneScope: true}
		if got := pressed(Answer(p, options())); !slices.Equal(got, c.want) {
			t.Errorf("page %d of %d of %q: got %q, want %q", c.at, c.pages, c.command, got, c.want)
		}
	}
}

func TestViewersButtons(t *testing.T) {
	r := calm.request(fleet.Delete, 1)
	for _, c := range []struct {
		viewer  string
		decides bool
		want    []string
	}{
		{"U0BOB", true, []string{"approve?=42", "deny=42"}},
		{"U0CLEO", false, nil},
		{"U0ANN", false, []string{"cancel=42"}},
		{"U0ANN", true, []string{"cancel=42"}}, // the requester never decides
	} {
		if got := pressed(Answer(fleet.RequestView{Request: r, Viewer: c.viewer, Decides: c.decides}, options())); !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func TestDetailsButtonWhenTheListIsCut(t *testing.T) {
	for n, want := range map[int]bool{promptRows: false, promptRows + 1: true} {
		m := Prompt(calm.request(fleet.Delete, n), options())
		if got := slices.Contains(pressed(m), "details=42"); got != want {
			t.Errorf("%d runners: Details %v, want %v", n, got, want)
		}
	}
}

func TestShare(t *testing.T) {
	o := options()
	o.Share, o.Typed = true, "status octo-org"
	a := calm.answers()["overview"]
	if got := pressed(Answer(a, o)); !slices.Contains(got, "share=status octo-org") {
		t.Errorf("no Share button: %q", got)
	}
	for name, want := range map[string]string{
		"overview": "status octo-org", "overview-all": "status", "page": "list page:2", "details": "show octo-org 103", "downloads": "downloads octo-org",
		"request-decides": "request 42", "about": "about",
	} {
		o.Typed = ""
		if got := pressed(Answer(calm.answers()[name], o)); !slices.Contains(got, "share="+want) {
			t.Errorf("%s: got %q, want share=%s", name, got, want)
		}
	}
	o.SharedBy = "U0ANN"
	m := Answer(a, o)
	if got := pressed(m); slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "share") }) {
		t.Errorf("a shared answer can be shared again: %q", got)
	}
	if !strings.HasPrefix(m.Text, "Shared by <@U0ANN>\n") {
		t.Errorf("text: %.60q", m.Text)
	}
}

func TestActionOf(t *testing.T) {
	for id, want := range map[string]string{"run:12": ActionRun, "approve": ActionApprove, "": ""} {
		if got := ActionOf(id); got != want {
			t.Errorf("ActionOf(%q) = %q, want %q", id, got, want)
		}
	}
}

// Only the dialog that is made for it holds the token.
func TestTokenIsShownInOneDialogOnly(t *testing.T) {
	const secret = "CANARYTOKEN"
	r := calm.states(fleet.Register, 0)["register-succeeded"]
	token := fleet.Token{Value: fleet.NewSecret(secret), ExpiresAt: noon.Add(time.Hour)}
	shown := fmt.Sprint(checkedJSON(t, RevealShown(r, token, "https://github.com/octo-org", options())))
	if strings.Count(shown, secret) != 3 { // by itself and in two lines
		t.Errorf("the dialog holds the token %d times", strings.Count(shown, secret))
	}
	for _, os := range []string{"Linux", "macOS", "Windows"} {
		if !strings.Contains(shown, os) {
			t.Errorf("the dialog does not say %s", os)
		}
	}
}
