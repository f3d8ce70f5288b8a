package commands

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
)

// TestHiddenScopesStayHidden: nothing that a person can type names a scope that the
// person may not view, or what is in it.
func TestHiddenScopesStayHidden(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(ent, "secret-1")
		o.runner(org, "web-1")
		o.ask("U0ANN", "status")
		o.carry("U0ANN", "register enterprises/octo-enterprise because secret plan") // 1
		o.carry("U0ANN", "delete enterprises/octo-enterprise secret-1")              // 2
		for _, person := range []string{"U0VIC", "U0NED", "U0GUEST"} {
			for _, text := range []string{
				"", "status", "status x/y", "status enterprises", "list", "list all", "list x/y", "list secret-1", "list all secret", "find secret-1", "find secret-*",
				"find secret", "find *", "show secret-1", "show secret", "show 1", "show octo-org secret-1", "downloads", "downloads x/y", "requests", "requests open", "requests all",
				"request 1", "request 2", "digest", "digest now", "digest now board", "digest now all of it", "about", "whoami", "help", "alerts", "octo", "liste x",
				"register", "register x/y", "remove-token", "delete secret-1", "delete secret", "delete label:x", "delete octo-org secret-1",
				"approve 1", "deny 1", "cancel 1", "approve 2", "cancel 2", "register octo-org because x", "remove", "list octo-org/octo-rep",
			} {
				for _, a := range []fleet.Answer{o.ask(person, text), o.carry(person, text)} {
					shown := fmt.Sprintf("%+v", a)
					// What the person typed may be said again.
					rest := strings.ReplaceAll(strings.ReplaceAll(shown, text, ""), lastWord(text), "")
					if _, help := a.(fleet.HelpPage); help {
						continue // its examples are everybody's
					}
					for _, secret := range []string{"octo-enterprise", "secret", "U0ANN"} {
						if strings.Contains(rest, secret) {
							t.Errorf("%s, %q: shows %q: %s", person, text, secret, shown)
						}
					}
				}
			}
			// A scope that is named outright is as unknown as one that there is not.
			for _, word := range []string{"status ", "list ", "downloads ", "register ", "show ", "delete "} {
				tail := ""
				if word == "show " || word == "delete " {
					tail = " secret-1"
				}
				there, not := said(o.carry(person, word+ent+tail)), said(o.carry(person, word+"enterprises/nothing-here"+tail))
				if there == "" || strings.ReplaceAll(there, ent, "X") != strings.ReplaceAll(not, "enterprises/nothing-here", "X") {
					t.Errorf("%s, %s: %q, but of none %q", person, word, there, not)
				}
			}
		}
	})
}

func lastWord(text string) string {
	if words := strings.Fields(text); len(words) > 0 {
		return words[len(words)-1]
	}
	return "\x00"
}

// TestScopesThatCouldNotBeLookedUp are not taken for none.
func TestScopesThatCouldNotBeLookedUp(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(org, "web-1")
		o.Policy.Grants = []fleet.Grant{{Who: []string{"U0CLEO"}, Request: true, Scopes: []fleet.Glob{"octo-org"}}, {Who: []string{"S0LINUX"}, Request: true}}
		o.people.fails = "groups"
		if a := o.ask("U0CLEO", "list octo-org"); isNo(a) {
			t.Errorf("what is granted by name: %s", said(a))
		}
		for _, text := range []string{"list " + ent, "register " + ent, "register", "delete web-1"} {
			wantSaid(t, o.carry("U0CLEO", text), fleet.Trouble, "Slack could not tell")
		}
	})
}

// TestAnswerNeverMutates: a shared answer or a preview can't ask for anything.
func TestAnswerNeverMutates(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		for _, text := range []string{"register octo-org", "delete octo-org web-1", "approve 1"} {
			wantSaid(t, o.ask("U0ANN", text), fleet.Refused, "yourself")
		}
		if n := o.requestCount(); n != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestCarryOfAQuery answers it.
func TestCarryOfAQuery(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		if _, ok := o.carry("U0VIC", "status").(fleet.Overview); !ok {
			t.Error("no overview")
		}
		if _, ok := o.carry("U0VIC", "help").(fleet.HelpPage); !ok {
			t.Error("no help")
		}
	})
}

// TestBrokenStore: the person is told, and nothing is done.
func TestBrokenStore(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		if err := o.store.Close(); err != nil {
			t.Fatal(err)
		}
		wantSaid(t, o.ask("U0ANN", "status"), fleet.Trouble, "Something inside Runnerdesk failed and nothing was done")
		in := fleet.Input{Key: "k", Person: "U0BOB", Verb: "approve", Request: 1, At: time.Now()}
		wantSaid(t, o.Carry(t.Context(), in), fleet.Trouble, "Something inside Runnerdesk failed")
	})
}

func TestPanicEndsOneAnswer(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.Watcher = nil
		wantSaid(t, o.ask("U0ANN", "status"), fleet.Trouble, "Something inside Runnerdesk failed")
	})
}

func TestLasting(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute: "1 minute", 90 * time.Minute: "1 hour 30 minutes", 4 * time.Hour: "4 hours", 36 * time.Hour: "1 day 12 hours", 168 * time.Hour: "7 days", 5 * time.Second: "5 seconds",
	} {
		if got := lasting(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
