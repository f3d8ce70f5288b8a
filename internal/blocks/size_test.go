package blocks

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
)

func times[T any](n int, one T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = one
	}
	return out
}

// Everything is as large as it can get, and more.
func TestNothingGrowsBeyondSlacksLimits(t *testing.T) {
	const many = 20000
	for _, w := range []words{calm, {strings.Repeat("&", 300), strings.Repeat("l", 256), strings.Repeat("g", 256), strings.Repeat("o", 256), strings.Repeat("9", 256), strings.Repeat("<w> ", 500), strings.Repeat("c", 1990)}} {
		long := fleet.Say(strings.Repeat("word & ", 5000))
		records := w.records(many)
		tallies := make([]fleet.Tally, many)
		for i := range tallies {
			tallies[i] = fleet.Tally{Name: fmt.Sprint(w.label, i), Counts: fleet.Counts{Total: many - i}}
		}
		full := fleet.Summary{Scope: scope("octo-org"), Reading: reading, ByOS: tallies, ByLabel: tallies, ByGroup: tallies, LongestOffline: records}
		broken := reading
		broken.Problem = &fleet.Problem{What: long}
		del := w.request(fleet.Delete, many)
		voted := del
		voted.Votes = times(500, fleet.Vote{Person: "U0BOB", Verdict: fleet.Deny, Reason: w.reason, At: noon})
		voted.State, voted.Rule.Approvers = fleet.Denied, times(500, "U0BOB")
		label := fleet.Label{Name: w.label, Custom: true}
		one := w.record(1)
		one.Runner.Labels = times(5000, label)
		topic := fleet.HelpTopic{Usage: w.reason, Does: w.reason, Also: times(100, w.label), Examples: times(100, w.reason), Detail: times(200, w.reason)}
		answers := []fleet.Answer{
			fleet.Notice{Text: long, More: times(100, long), Suggest: times(500, fleet.Suggestion{Label: w.label, Command: w.typed})},
			fleet.Overview{Summaries: times(20, full)},
			fleet.Page{Title: w.reason, Rows: records, Number: 3, Pages: 800, Command: w.typed, Readings: times(500, broken)},
			fleet.Details{Record: one, Changes: times(many, fleet.Change{Kind: fleet.Relabelled, Old: w.reason, New: w.reason, At: noon}), Reading: broken},
			fleet.Downloads{Scope: scope("octo-org"), Applications: times(500, fleet.Application{OS: w.os, File: w.name, URL: w.reason, SHA256: w.label})},
			fleet.RequestView{Request: voted, Viewer: "U0ANN", Why: long, Warning: long, Steps: times(many, fleet.AuditRow{At: noon, Actor: w.name, Detail: w.reason})},
			fleet.RequestList{Waiting: times(5000, del), Mine: times(5000, del), Others: times(5000, voted)},
			fleet.HelpPage{Topics: times(500, topic)},
			fleet.HelpPage{Topics: times(1, topic)},
			fleet.Rights{Person: "U0ANN", Role: long, Lines: times(500, long), Problem: long},
			fleet.About{Readings: times(500, broken), Lines: times(500, long), Now: noon},
			fleet.DigestList{Plans: times(500, fleet.DigestPlan{Name: w.reason, Channel: "C0FLEET", Cron: w.label, Next: noon})},
			fleet.DigestView{Digest: fleet.Digest{Name: w.reason, Summaries: times(300, full), Attention: records, Waiting: times(500, del), AuditHead: w.reason, At: noon}},
			fleet.ReasonNeeded{Command: w.typed, Rule: fleet.Rule{Reason: w.reason}},
		}
		o := options()
		o.Share, o.Typed = true, w.typed
		for _, a := range answers {
			for _, fault := range check(Answer(a, o)) {
				t.Errorf("%T: %s", a, fault)
			}
		}
		for name, draw := range map[string]func(fleet.Request, Options) Message{"prompt": Prompt, "copy": Copy, "result": Result, "told": Told} {
			for _, r := range []fleet.Request{del, voted} {
				for _, fault := range check(draw(r, o)) {
					t.Errorf("%s: %s", name, fault)
				}
			}
		}
		reg := w.request(fleet.Register, 0)
		reg.Labels = times(200, strings.Repeat("'", 50))
		token := fleet.Token{Value: fleet.NewSecret(strings.Repeat("A", 300)), ExpiresAt: noon.Add(time.Hour)}
		for _, fault := range checkView(RevealShown(reg, token, "https://github.com/octo-org", o)) {
			t.Errorf("reveal: %s", fault)
		}
		for _, fault := range checkView(DetailsDialog(del, o)) {
			t.Errorf("details: %s", fault)
		}
		for _, fault := range checkView(ReasonDialog(strings.Repeat("x", 5000), fleet.Rule{Reason: w.reason})) {
			t.Errorf("reason: %s", fault)
		}
	}
}

// The text form of a prompt alone has to suffice: it names every runner by its id.
func TestPromptTextNamesEveryRunner(t *testing.T) {
	for _, w := range []words{calm, {strings.Repeat("&", 64), "l", "g", "o", "v", strings.Repeat("<reason> ", 200), "t"}} {
		r := w.request(fleet.Delete, 50)
		for i := range r.Targets {
			r.Targets[i].Runner.ID += 1_000_000_000
		}
		for name, m := range map[string]Message{"prompt": Prompt(r, options()), "copy": Copy(r, options())} {
			for _, target := range r.Targets {
				if id := fmt.Sprint(target.Runner.ID); !strings.Contains(m.Text, id) {
					t.Errorf("%s with name %.10q: no id %s in the text", name, w.name, id)
				}
			}
			if !strings.Contains(m.Text, "request 42") {
				t.Errorf("%s: the text does not say request 42", name)
			}
		}
	}
}
