package blocks

import (
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// words are the foreign texts of a fixture.
type words struct{ name, label, group, os, version, reason, typed string }

var calm = words{"web", "gpu", "Default", "linux", "2.329.0", "broken disk, ticket OPS-7", "list"}

func server() fleet.Server {
	s, err := fleet.ParseServer("")
	if err != nil {
		panic(err)
	}
	return s
}

func scope(text string) fleet.Scope {
	s, err := fleet.ParseScope(server(), text)
	if err != nil {
		panic(err)
	}
	return s
}

func options() Options { return Options{Now: noon, Command: "/runners", Server: server()} }

func (w words) runner(i int) fleet.Runner {
	r := fleet.Runner{
		ID: int64(100 + i), Name: fmt.Sprintf("%s-%d", w.name, i), OS: w.os, Status: []string{"online", "offline"}[i%2], Busy: fleet.TruthOf(i%4 == 0),
		Labels:  []fleet.Label{{Name: "self-hosted"}, {Name: w.os}, {Name: w.label, Custom: true}},
		GroupID: 1, Group: w.group, Ephemeral: fleet.TruthOf(i%5 == 0), Version: w.version,
	}
	return r
}

func (w words) record(i int) fleet.Record {
	at := noon.Add(-time.Duration(i+1) * 7 * time.Hour)
	return fleet.Record{Scope: scope("octo-org"), Runner: w.runner(i), FirstSeen: noon.AddDate(0, -1, 0), Since: at, LastOnline: at, Outdated: fleet.TruthOf(i == 3)}
}

func (w words) records(n int) []fleet.Record {
	out := make([]fleet.Record, n)
	for i := range out {
		out[i] = w.record(i)
	}
	return out
}

func (w words) request(a fleet.Action, n int) fleet.Request {
	r := fleet.Request{
		ID: 42, Action: a, Scope: scope("octo-org"), Requester: "U0ANN", Team: "T0HOME", Channel: "C0LINUX", Reason: w.reason,
		Rule:  fleet.Rule{Name: "deletions", Approvers: []string{"S0PLATFORM", "U0BOB"}, Needed: 2, Channel: "C0APPROVALS", Reason: "required"},
		State: fleet.Pending, CreatedAt: noon.Add(-time.Hour), DecideBy: noon.Add(3 * time.Hour),
	}
	if a == fleet.Register {
		r.Labels, r.Group = []string{w.label, "linux"}, w.group
	}
	for i := range n {
		r.Targets = append(r.Targets, fleet.Target{Runner: w.runner(i), Since: noon.Add(-time.Duration(i+1) * time.Hour)})
	}
	return r
}

var reading = fleet.Reading{Scope: scope("octo-org"), ReadAt: noon.Add(-40 * time.Second), Complete: true}

func limited() fleet.Reading {
	return fleet.Reading{Scope: scope("enterprises/octo-enterprise"), ReadAt: noon.Add(-20 * time.Minute), Problem: &fleet.Problem{What: fleet.Say("limited"), Until: noon.Add(2*time.Hour + 5*time.Minute)}}
}

// pageOf is a page of a list of n runners.
func (w words) pageOf(n, at int) fleet.Page {
	p := fleet.Page{Title: "Runners of " + w.name, Command: w.typed, Number: at, Pages: (n + 24) / 25, Readings: []fleet.Reading{reading}, OneScope: true}
	all := w.records(n)
	for _, r := range all {
		p.Matching.Add(r.Runner.State())
	}
	p.Rows = all[(at-1)*25 : min(n, at*25)]
	return p
}

// states are the request in each state that it can be in.
func (w words) states(a fleet.Action, n int) map[string]fleet.Request {
	out := map[string]fleet.Request{}
	put := func(name string, change func(*fleet.Request)) {
		r := w.request(a, n)
		change(&r)
		out[string(a)+"-"+name] = r
	}
	yes := func(r *fleet.Request) {
		r.Votes = []fleet.Vote{{Person: "U0BOB", Verdict: fleet.Approve, At: noon}, {Person: "U0CLEO", Verdict: fleet.Approve, At: noon}}
		r.DecidedAt, r.ActBy = noon, noon.Add(8*time.Hour)
	}
	ended := func(r *fleet.Request, outcomes ...fleet.Outcome) {
		yes(r)
		r.DoneAt = noon
		for i := range r.Targets {
			r.Targets[i].Outcome = outcomes[i%len(outcomes)]
			if r.Targets[i].Outcome == fleet.Changed {
				r.Targets[i].Note = "labels differ"
			}
		}
	}
	put("pending", func(r *fleet.Request) { r.Votes = []fleet.Vote{{Person: "U0BOB", Verdict: fleet.Approve, At: noon}} })
	put("alone", func(r *fleet.Request) { r.Rule.Needed = 0 })
	put("approved", func(r *fleet.Request) { yes(r); r.State = fleet.Approved })
	put("denied", func(r *fleet.Request) {
		r.State, r.DoneAt = fleet.Denied, noon
		r.Votes = []fleet.Vote{{Person: "U0BOB", Verdict: fleet.Deny, Reason: w.reason, At: noon}}
	})
	put("expired", func(r *fleet.Request) { r.State, r.DoneAt = fleet.Expired, noon })
	put("cancelled", func(r *fleet.Request) { r.State, r.DoneAt = fleet.Cancelled, noon })
	put("executing", func(r *fleet.Request) {
		yes(r)
		r.State = fleet.Executing
		if n > 1 {
			r.Targets[0].Outcome, r.Targets[1].Note = fleet.Deleted, "waits: GitHub limits us until 14:05 UTC"
		}
	})
	if a != fleet.Delete {
		put("succeeded", func(r *fleet.Request) {
			ended(r)
			r.State, r.Reveals = fleet.Succeeded, []fleet.Reveal{{At: noon, State: fleet.RevealShown, ExpiresAt: noon.Add(time.Hour)}}
		})
		put("cut-off", func(r *fleet.Request) {
			yes(r)
			r.State, r.Reveals = fleet.Approved, []fleet.Reveal{{At: noon, State: fleet.RevealFailed}, {At: noon, State: fleet.RevealLost}}
		})
		put("failed", func(r *fleet.Request) { ended(r); r.State = fleet.Failed })
		return out
	}
	put("succeeded", func(r *fleet.Request) {
		ended(r, fleet.Deleted, fleet.AlreadyGone, fleet.Struck)
		r.State = fleet.Succeeded
	})
	put("failed", func(r *fleet.Request) {
		ended(r, fleet.Deleted, fleet.WasBusy, fleet.Changed, fleet.Protected, fleet.NotTried, fleet.OutcomeFailed)
		r.State = fleet.Failed
	})
	put("unknown", func(r *fleet.Request) { ended(r, fleet.NotSure, fleet.Deleted); r.State = fleet.Unknown })
	return out
}

// answers are the answers of every type.
func (w words) answers() map[string]fleet.Answer {
	sum := fleet.Summarize(reading, w.records(30))
	other := fleet.Summarize(limited(), nil)
	other.Scope = scope("enterprises/octo-enterprise")
	bad := fleet.Reading{Scope: scope("octo-org/octo-repo"), Problem: &fleet.Problem{What: fleet.Say("GitHub refused: the credential needs ", fleet.Code("administration: read"), ".")}}
	unread := fleet.Summary{Scope: bad.Scope, Reading: bad}
	del, reg := w.request(fleet.Delete, 3), w.request(fleet.Register, 0)
	done := w.states(fleet.Delete, 3)["delete-failed"]
	mixed := w.pageOf(3, 1)
	mixed.OneScope, mixed.Readings = false, []fleet.Reading{reading, limited(), bad}
	return map[string]fleet.Answer{
		"notice":         fleet.Notice{Kind: fleet.Info, Text: fleet.Say("No alert is configured for ", fleet.Code(w.name), ".")},
		"notice-refused": fleet.Notice{Kind: fleet.Refused, Text: fleet.Say("There is no command ", fleet.Code(w.typed), ". Ask ", fleet.Mention("U0BOB"), " in ", fleet.Mention("C0OPS"), "."), More: []fleet.Prose{fleet.Say(w.reason)}, Suggest: []fleet.Suggestion{{Label: w.name, Command: w.typed}, {Label: "Help", Command: "help"}}},
		"notice-done":    fleet.Notice{Kind: fleet.Done, Text: fleet.Say("Done at ", fleet.Moment(noon), ", see ", fleet.Link(w.name, "https://github.com/octo-org"), ".")},
		"overview":       fleet.Overview{Summaries: []fleet.Summary{sum}},
		"overview-all":   fleet.Overview{Summaries: []fleet.Summary{sum, other, unread}, Hidden: 1},
		"overview-none":  fleet.Overview{Hidden: 2},
		"page":           w.pageOf(60, 2),
		"page-last":      w.pageOf(60, 3),
		"page-mixed":     mixed,
		"page-empty":     fleet.Page{Title: "Runners of octo-org", Command: w.typed, Number: 1, Readings: []fleet.Reading{reading}},
		"details": fleet.Details{Record: w.record(3), URL: "https://github.com/organizations/octo-org/settings/actions/runners/103", Reading: reading, Changes: []fleet.Change{
			{Kind: fleet.WentOffline, At: noon.Add(-time.Hour)}, {Kind: fleet.Relabelled, Old: w.label, New: w.label + "," + w.name, At: noon.Add(-2 * time.Hour)}, {Kind: fleet.Joined, At: noon.AddDate(0, -1, 0)},
		}},
		"details-protected": fleet.Details{Record: w.record(2), Reading: reading, Protected: true},
		"downloads": fleet.Downloads{Scope: scope("octo-org"), Applications: []fleet.Application{
			{OS: w.os, Arch: "x64", URL: "https://github.com/actions/runner/releases/download/v2.329.0/actions-runner-linux-x64-2.329.0.tar.gz", File: "actions-runner-linux-x64-2.329.0.tar.gz", SHA256: "194f1e1e4bd02f80b7e9633fc546084d8d4e19f3928a324d512ea53430102e1d"},
			{OS: "win", Arch: "x64", URL: w.reason, File: w.name},
		}},
		"downloads-none":  fleet.Downloads{Scope: scope("octo-org"), Filtered: true},
		"request-new":     fleet.RequestView{Request: del, Viewer: "U0ANN", New: true, Now: noon, Warning: fleet.Say("Fewer than 2 people can approve this now.")},
		"request-decides": fleet.RequestView{Request: del, Viewer: "U0BOB", Decides: true, Now: noon, Why: fleet.Say("Rule ", fleet.Code("deletions"), " applies."), Steps: []fleet.AuditRow{{Seq: 1, At: noon, Actor: "U0ANN", Verb: "opened", Detail: "delete in octo-org"}, {Seq: 2, At: noon, Actor: "runnerdesk", Verb: "posted", Detail: w.reason}}},
		"request-failed":  fleet.RequestView{Request: done, Viewer: "U0ANN", Now: noon},
		"request-token":   fleet.RequestView{Request: reg, Viewer: "U0CLEO", Now: noon},
		"inbox":           fleet.RequestList{Waiting: []fleet.Request{del}, Mine: []fleet.Request{done, reg}, Filter: "open", Now: noon},
		"inbox-empty":     fleet.RequestList{Filter: "open"},
		"help":            fleet.HelpPage{Command: "/runners", Topics: []fleet.HelpTopic{{Usage: "status [SCOPE]", Does: "counts"}, {Usage: "list [SCOPE…|all] [FILTERS]", Does: "the runners", Also: []string{"ls"}}}},
		"help-one":        fleet.HelpPage{Command: "/runners", Topics: []fleet.HelpTopic{{Usage: "list [FILTERS]", Does: "the runners", Also: []string{"ls"}, Examples: []string{"list offline gpu"}, Detail: []string{"Filters all have to hold."}}}},
		"rights":          fleet.Rights{Person: "U0ANN", Role: fleet.Say("full member of the workspace"), Lines: []fleet.Prose{fleet.Say("view in every scope (access line 1)")}},
		"rights-none":     fleet.Rights{Person: "U0GUEST", Role: fleet.Say("guests can't do this"), Problem: fleet.Say("Slack could not tell all of it.")},
		"about":           fleet.About{Version: "1.0.0", Started: noon.Add(-26 * time.Hour), Now: noon, Sockets: 2, Server: "github.com", Readings: []fleet.Reading{reading, limited(), bad}, Lines: []fleet.Prose{fleet.Say("4,321 calls left of 5,000")}, ReadOnly: true},
		"digests":         fleet.DigestList{Plans: []fleet.DigestPlan{{Name: "weekday morning", Channel: "C0FLEET", Cron: "0 9 * * MON-FRI", Zone: "Europe/Berlin", When: "changed", Next: noon.Add(20 * time.Hour)}}},
		"digests-none":    fleet.DigestList{},
		"digest-preview":  fleet.DigestView{Digest: w.digest()},
		"reason-needed":   fleet.ReasonNeeded{Command: "delete " + w.name, Rule: fleet.Rule{Name: w.name, Reason: "[A-Z]+-[0-9]+"}},
	}
}

func (w words) digest() fleet.Digest {
	sum := fleet.Summarize(reading, w.records(30))
	other := fleet.Summary{Scope: scope("enterprises/octo-enterprise"), Reading: limited(), Counts: fleet.Counts{Total: 5, Online: 5, Idle: 5}}
	return fleet.Digest{
		Name: w.name, Due: noon, Zone: "Europe/Berlin", Late: true, Preview: true, Summaries: []fleet.Summary{sum, other}, Attention: fleet.OfflineLongest(w.records(30)),
		OfflineFor: time.Hour, Waiting: []fleet.Request{w.request(fleet.Delete, 2)}, AuditHead: "17:ab12", At: noon,
	}
}

// messages are all drawings that are messages.
func (w words) messages() map[string]Message {
	out := map[string]Message{}
	for name, a := range w.answers() {
		o := options()
		o.Share, o.Typed = true, w.typed
		out["answer-"+name] = Answer(a, o)
		o.SharedBy = "U0ANN"
		if name == "page" || name == "request-new" {
			out["shared-"+name] = Answer(a, o)
		}
	}
	for _, a := range []fleet.Action{fleet.Register, fleet.RemoveToken, fleet.Delete} {
		n := 0
		if a == fleet.Delete {
			n = 6
		}
		for name, r := range w.states(a, n) {
			out["prompt-"+name] = Prompt(r, options())
			out["copy-"+name] = Copy(r, options())
			out["result-"+name] = Result(r, options())
			out["told-"+name] = Told(r, options())
		}
	}
	out["prompt-long"] = Prompt(w.request(fleet.Delete, 50), options())
	out["digest"] = Digest(w.digest(), options())
	calmDigest := w.digest()
	calmDigest.Summaries, calmDigest.Attention, calmDigest.Waiting, calmDigest.Late, calmDigest.Preview = calmDigest.Summaries[:1], nil, nil, false, false
	out["digest-calm"] = Digest(calmDigest, options())
	return out
}

// dialogs are all drawings that are dialogs.
func (w words) dialogs() map[string]slack.ModalViewRequest {
	reg, rem := w.request(fleet.Register, 0), w.request(fleet.RemoveToken, 0)
	token := fleet.Token{Value: fleet.NewSecret("AABBCC"), ExpiresAt: noon.Add(time.Hour)}
	return map[string]slack.ModalViewRequest{
		"view-deny":          DenyDialog(w.request(fleet.Delete, 2)),
		"view-reason":        ReasonDialog("delete "+w.name, fleet.Rule{Name: w.name, Reason: "required"}),
		"view-reason-shape":  ReasonDialog("delete web-1", fleet.Rule{Name: "ticket", Reason: "[A-Z]+-[0-9]+"}),
		"view-waiting":       RevealWaiting(reg),
		"view-shown":         RevealShown(reg, token, "https://github.com/octo-org", options()),
		"view-shown-removal": RevealShown(rem, token, "https://github.com/octo-org", options()),
		"view-failed":        RevealFailed(reg, fleet.Say("GitHub does not answer. ", w.reason)),
		"view-details":       DetailsDialog(w.request(fleet.Delete, 50), options()),
	}
}
