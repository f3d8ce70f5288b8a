package commands

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
)

func rightLines(a fleet.Answer) string {
	r, _ := a.(fleet.Rights)
	lines := []string{r.Role.String()}
	for _, l := range r.Lines {
		lines = append(lines, l.String())
	}
	if len(r.Problem) > 0 {
		lines = append(lines, r.Problem.String())
	}
	return strings.Join(lines, "\n")
}

func TestWhoami(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.Policy.Rules[1].Labels = []string{"gpu"}
		for person, want := range map[string]string{
			"U0ANN": "You are a full member of this workspace.\n" +
				"enterprises/octo-enterprise: view and request, by access line 1, as a member of S0LINUX.\n" +
				"octo-org: view and request, by access line 1, as a member of S0LINUX.\n" +
				"octo-org/octo-repo: view and request, by access line 1, as a member of S0LINUX.\n" +
				"You approve under rule platform, as a member of S0PLATFORM: register, remove-token, delete in * of runners labelled gpu, 1 needed. Never your own requests.",
			"U0VIC": "You are a full member of this workspace.\nocto-org: view, by access line 2, as you are named there.\n" +
				"octo-org/octo-repo: view, by access line 2, as you are named there.\nNothing in 1 more of the configured scopes.",
			"U0NED":   "You are a full member of this workspace.\nNo line of access: lets you view or request anything.",
			"U0GUEST": "You can do nothing here: guests can't do this.",
			"U0OTHER": "You can do nothing here: you belong to another workspace.",
		} {
			if got := rightLines(o.ask(person, "me")); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", person, got, want)
			}
		}
		o.people.work()
		o.people.fails = "groups"
		if got := rightLines(o.ask("U0NED", "whoami")); !strings.Contains(got, "may be allowed more") || strings.Contains(got, "No line") {
			t.Errorf("with groups that can't be looked up:\n%s", got)
		}
		o.people.fails = "all"
		wantSaid(t, o.ask("U0NED", "whoami"), fleet.Trouble, "Slack could not tell")
	})
}

func TestAbout(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.ask("U0ANN", "status")
		for person, want := range map[string]int{"U0ANN": 3, "U0VIC": 2, "U0NED": 0} {
			a := o.ask(person, "about").(fleet.About)
			if len(a.Readings) != want || a.Version != "1" || a.Server != "127.0.0.1" || !a.Now.Equal(time.Now()) {
				t.Errorf("%s: %+v", person, a)
			}
		}
	})
}

func TestAlerts(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		for _, text := range []string{"alerts", "mute gpu runners 2h", "unmute gpu runners"} {
			if a := o.ask("U0VIC", text); said(a) != "No alert is configured." || isNo(a) {
				t.Errorf("%s: %q", text, said(a))
			}
		}
	})
}

func TestHelpForAnybody(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.people.fails = "all"
		for _, text := range []string{"help", "help delete"} {
			if h, ok := o.ask("U0GUEST", text).(fleet.HelpPage); !ok || h.Command != "/runners" {
				t.Errorf("%s: %+v", text, h)
			}
		}
	})
}

func TestDigests(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(ent, "hidden-1")
		o.runner(org, "web-1")
		for person, want := range map[string][]string{"U0ANN": {"morning", "all of it", "board"}, "U0VIC": {"morning", "all of it"}, "U0NED": nil} {
			var got []string
			for _, p := range o.ask(person, "digest").(fleet.DigestList).Plans {
				got = append(got, p.Name)
				if p.Next.IsZero() {
					t.Errorf("%s is never due", p.Name)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", person, got, want)
			}
		}
		for text, want := range map[string]string{"digest now": "morning 1", "digest now ALL of it": "all of it 2"} {
			v, ok := o.ask("U0VIC", text).(fleet.DigestView)
			if got := fmt.Sprint(v.Digest.Name, " ", len(v.Digest.Summaries)); !ok || got != want || !v.Digest.Preview {
				t.Errorf("%s: %q, want %q", text, got, want)
			}
		}
		a := o.ask("U0VIC", "digest now board")
		wantSaid(t, a, fleet.Refused, "No digest is named board. Which one?")
		if want := []string{"digest now morning", "digest now all of it"}; !slices.Equal(offered(a), want) {
			t.Errorf("offers %q, want %q", offered(a), want)
		}
		wantSaid(t, o.ask("U0NED", "digest now"), fleet.Refused, "No digest is configured that you may see")
	})
}
