package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
)

// verbs are all that can be done, each against fresh things; they report whether it
// succeeded.
var verbs = []struct {
	name string
	do   func(o *office, person string, id int64) bool
}{
	{"status", func(o *office, p string, _ int64) bool { return !isNo(o.ask(p, "status octo-org")) }},
	{"list", func(o *office, p string, _ int64) bool { return !isNo(o.ask(p, "list octo-org")) }},
	{"find", func(o *office, p string, _ int64) bool { return !isNo(o.ask(p, "find web-1")) }},
	{"show", func(o *office, p string, _ int64) bool { return !isNo(o.ask(p, "show octo-org web-1")) }},
	{"downloads", func(o *office, p string, _ int64) bool { return !isNo(o.ask(p, "downloads octo-org")) }},
	{"digest now", func(o *office, p string, _ int64) bool { return !isNo(o.ask(p, "digest now morning")) }},
	{"digest", func(o *office, p string, _ int64) bool {
		l, ok := o.ask(p, "digest").(fleet.DigestList)
		return ok && len(l.Plans) > 0
	}},
	{"about", func(o *office, p string, _ int64) bool { return !isNo(o.ask(p, "about")) }},
	{"requests", func(o *office, p string, _ int64) bool { return !isNo(o.ask(p, "requests")) }},
	{"requests all", func(o *office, p string, id int64) bool {
		l, _ := o.ask(p, "requests all").(fleet.RequestList)
		return slices.ContainsFunc(slices.Concat(l.Waiting, l.Mine, l.Others), func(r fleet.Request) bool { return r.ID == id })
	}},
	{"request ID", func(o *office, p string, id int64) bool { return !isNo(o.ask(p, fmt.Sprint("request ", id))) }},
	{"alerts", func(o *office, p string, _ int64) bool { return !isNo(o.ask(p, "alerts")) }},
	{"register", func(o *office, p string, _ int64) bool { return asks(o, p, "register octo-org") }},
	{"remove-token", func(o *office, p string, _ int64) bool { return asks(o, p, "remove-token octo-org") }},
	{"delete", func(o *office, p string, _ int64) bool {
		return asks(o, p, fmt.Sprint("delete octo-org ", o.runner(org, "new")))
	}},
	{"approve", func(o *office, p string, id int64) bool {
		o.carry(p, fmt.Sprint("approve ", id))
		return o.stored(id).State == fleet.Approved
	}},
	{"Approve", func(o *office, p string, id int64) bool {
		o.press(p, "approve", id)
		return o.stored(id).State == fleet.Approved
	}},
	{"deny", func(o *office, p string, id int64) bool {
		o.carry(p, fmt.Sprint("deny ", id))
		return o.stored(id).State == fleet.Denied
	}},
	{"Deny", func(o *office, p string, id int64) bool {
		o.press(p, "deny", id)
		return o.stored(id).State == fleet.Denied
	}},
	{"cancel", func(o *office, p string, id int64) bool {
		o.carry(p, fmt.Sprint("cancel ", id))
		return o.stored(id).State == fleet.Cancelled
	}},
	{"Cancel", func(o *office, p string, id int64) bool {
		o.press(p, "cancel", id)
		return o.stored(id).State == fleet.Cancelled
	}},
	{"unknown button", func(o *office, p string, id int64) bool {
		return !isNo(o.press(p, "wave", id)) || o.stored(id).State != fleet.Pending
	}},
	{"Delete", func(o *office, p string, _ int64) bool {
		id := o.free("delete")
		o.press(p, "confirm", id)
		return o.stored(id).State == fleet.Approved
	}},
	{"Reveal", func(o *office, p string, _ int64) bool { return o.reveal(p, o.free("register")) == nil }},
}

func asks(o *office, person, text string) bool {
	before := o.requestCount()
	o.carry(person, text)
	return o.requestCount() > before
}

// free is a request of Ann's that nobody has to approve. It is made while look-ups work.
func (o *office) free(action string) int64 {
	fails, slow, cache := o.people.fails, o.people.slow, o.people.cache
	o.people.work()
	text := action + " octo-org/octo-repo"
	if action == "delete" {
		text += fmt.Sprint(" ", o.runner(repo, "spare"))
	}
	id := o.opened(o.carry("U0ANN", text)).ID
	o.people.fails, o.people.slow, o.people.cache = fails, slow, cache
	return id
}

func (o *office) reveal(person string, id int64) error {
	return o.Reveal(o.t.Context(), who(person), id, func(_ fleet.Request, token fleet.Token) error {
		if token.Value.IsZero() {
			o.t.Error("an empty token is shown")
		}
		return nil
	})
}

// TestAuthorizationMatrix holds every kind of actor against every verb, with look-ups
// that work, fail, and are silent. Only the cells that are listed succeed.
func TestAuthorizationMatrix(t *testing.T) {
	const (
		any     = "about requests alerts "
		view    = any + "status list find show downloads digest digest_now requests_all request_ID "
		decides = "approve Approve deny Deny "
		asker   = view + "register remove-token delete cancel Cancel Delete Reveal "
	)
	actors := []struct{ kind, id, may string }{
		{"requester", "U0ANN", asker},
		{"approver by id", "U0BOB", view + decides},
		{"approver by group", "U0CLEO", view + decides},
		{"approver by private channel, views nothing", "U0GIL", any + decides + "requests_all request_ID "},
		{"former group member", "U0FAY", ""}, // views follow her older look-up; see below
		{"viewer only", "U0VIC", view},
		{"nobody", "U0NED", any},
		{"guest", "U0GUEST", ""},
		{"bot", "U0BOT", ""},
		{"deactivated", "U0GONE", ""},
		{"stranger", "U0STRANGER", ""},
		{"other workspace", "U0OTHER", ""},
		{"unknown id", "U0UNKNOWN", ""},
	}
	for _, mode := range []struct{ name, fails string }{{"working", ""}, {"groups failing", "groups"}, {"failing", "all"}, {"groups silent", "groups"}, {"silent", "all"}} {
		t.Run(mode.name, func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				o.runner(org, "web-1")
				o.ask("U0ANN", "status")
				o.people.work()
				for _, a := range actors {
					for _, verb := range verbs {
						fay := a.id == "U0FAY"
						o.people.work()
						id := o.opened(o.carry("U0ANN", "register octo-org")).ID
						o.people.work()
						if fay && mode.fails == "" {
							for _, g := range []string{"S0LINUX", "S0PLATFORM", "G0ROOM"} {
								o.people.cache[g] = cached{[]string{"U0FAY"}, time.Now().Add(-4 * time.Minute)}
							}
						}
						o.people.fails, o.people.slow = mode.fails, strings.HasSuffix(mode.name, "silent")
						want := strings.Contains(" "+a.may, " "+strings.ReplaceAll(verb.name, " ", "_")+" ")
						if fay {
							want = mode.fails == "" && strings.Contains(" "+view, " "+strings.ReplaceAll(verb.name, " ", "_")+" ")
						}
						switch mode.fails {
						case "all":
							want = false
						case "groups":
							want = want && stillMay(a.id, verb.name)
							want = want || fay && strings.Contains(" "+any, " "+verb.name+" ") && stillMay(a.id, verb.name)
						}
						began := time.Now()
						if got := verb.do(o, a.id, id); got != want {
							t.Errorf("%s, %s: %v, want %v", a.kind, verb.name, got, want)
						}
						if took := time.Since(began); took > 8*time.Second {
							t.Errorf("%s, %s: answered after %v", a.kind, verb.name, took)
						}
					}
				}
			})
		})
	}
}

// stillMay are the cells that need no group, or are granted without one.
func stillMay(id, verb string) bool {
	switch verb {
	case "about", "alerts", "cancel", "Cancel":
		return true
	case "requests", "requests all":
		return id == "U0BOB" || id == "U0ANN"
	case "request ID":
		return id == "U0ANN" || id == "U0BOB" || id == "U0VIC"
	case "register", "remove-token", "delete", "Delete", "Reveal", "approve", "Approve": // the last two for the requester's right
		return false
	}
	return id == "U0BOB" || id == "U0VIC"
}

// TestLookUpsAreLive: only views rest on look-ups, of five minutes at most.
func TestLookUpsAreLive(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(org, "web-1")
		id := o.opened(o.carry("U0ANN", "register octo-org")).ID
		for text, live := range map[string]bool{"status": false, "request 1": false, "register octo-org": true, fmt.Sprint("approve ", id): true} {
			o.people.work()
			if live {
				o.carry("U0CLEO", text)
			} else {
				o.ask("U0CLEO", text)
			}
			for _, key := range []string{"U0CLEO", "S0PLATFORM"} {
				want := 5 * time.Minute
				if live && (key == "U0CLEO" || strings.HasPrefix(text, "approve")) {
					want = 0
				}
				if got, asked := o.people.ages[key]; asked && got != want {
					t.Errorf("%s: %s was looked up with age %v, want %v", text, key, got, want)
				}
			}
		}
		o.people.work()
		o.carry("U0ANN", "register octo-org")
		if got, asked := o.people.ages["S0LINUX"]; !asked || got != 0 {
			t.Errorf("the right to ask rests on a look-up of age %v", got)
		}
	})
}

// TestFailedLookUpIsNotRepeated: one input asks Slack for a group once.
func TestFailedLookUpIsNotRepeated(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.people.fails = "groups"
		wantSaid(t, o.ask("U0NED", "status"), fleet.Trouble, "Slack could not tell", "Try again")
		if n := o.people.asked["S0LINUX"]; n != 1 {
			t.Errorf("asked %d times for one group, want once", n)
		}
	})
}

// TestMembersLeaveBetweenAskingAndVoting: rights are those of the moment of the click.
func TestMembersLeaveBetweenAskingAndVoting(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		id := o.opened(o.carry("U0ANN", "register octo-org")).ID
		o.people.groups["S0PLATFORM"] = nil
		wantSaid(t, o.press("U0CLEO", "approve", id), fleet.Refused, "see or decide on")
		p := o.people.people["U0BOB"]
		p.Deleted = true
		o.people.people["U0BOB"] = p
		wantSaid(t, o.press("U0BOB", "approve", id), fleet.Refused, "deactivated")
		free := o.free("register")
		o.people.groups["S0LINUX"] = nil
		if err := o.reveal("U0ANN", free); err == nil || !strings.Contains(err.Error(), "lets you request") {
			t.Errorf("a token is revealed to who may no longer ask: %v", err)
		}
		if got := o.stored(id).State; got != fleet.Pending {
			t.Errorf("the request is %s", got)
		}
	})
}

// TestStricterRulesWin: what changes in the configuration between request and vote can
// only make it stricter.
func TestStricterRulesWin(t *testing.T) {
	noRule := func(p *fleet.Policy) { p.Rules = p.Rules[:1] }
	for _, tc := range []struct {
		name   string
		change func(*fleet.Policy)
		person string
		want   fleet.RequestState
		said   string
	}{
		{"approver removed", func(p *fleet.Policy) { p.Rules[1].Approvers = []string{"S0PLATFORM"} }, "U0BOB", fleet.Pending, "no longer among those"},
		{"approver added", func(p *fleet.Policy) { p.Rules[1].Approvers = []string{"U0VIC"} }, "U0VIC", fleet.Pending, "not among those"},
		{"needed raised", func(p *fleet.Policy) { p.Rules[1].Needed = 2 }, "U0BOB", fleet.Pending, "1 of 2"},
		{"needed lowered", func(p *fleet.Policy) { p.Rules[1].Needed = 0 }, "U0BOB", fleet.Approved, "can reveal"},
		{"rule gone", noRule, "U0BOB", fleet.Pending, "none allows request #1 any more"},
		{"read only", func(p *fleet.Policy) { p.ReadOnly = true }, "U0BOB", fleet.Pending, "read only"},
		{"another rule first", func(p *fleet.Policy) {
			p.Rules = append([]fleet.Rule{{Name: "new", Actions: []fleet.Action{fleet.Register}, Scopes: []fleet.Glob{"octo-org"}, Approvers: []string{"U0VIC"}, Needed: 1}}, p.Rules...)
		}, "U0BOB", fleet.Pending, "no longer among those"},
		{"unchanged", func(*fleet.Policy) {}, "U0BOB", fleet.Approved, "can reveal"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				id := o.opened(o.carry("U0ANN", "register octo-org")).ID
				tc.change(&o.Policy)
				a := o.press(tc.person, "approve", id)
				if got := o.stored(id).State; got != tc.want || !strings.Contains(said(a), tc.said) {
					t.Errorf("%s, said %q; want %s and %q", got, said(a), tc.want, tc.said)
				}
			})
		})
	}
}

// TestStricterRulesBindTheRequester: the same for what needs nobody's approval.
func TestStricterRulesBindTheRequester(t *testing.T) {
	for name, change := range map[string]func(*fleet.Policy){
		"needed raised": func(p *fleet.Policy) { p.Rules[0].Needed, p.Rules[0].Approvers = 1, []string{"U0BOB"} },
		"rule gone":     func(p *fleet.Policy) { p.Rules = nil },
		"read only":     func(p *fleet.Policy) { p.ReadOnly = true },
		"access gone":   func(p *fleet.Policy) { p.Grants = p.Grants[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				token, deletion := o.free("register"), o.free("delete")
				change(&o.Policy)
				o.calls()
				if err := o.reveal("U0ANN", token); err == nil {
					t.Error("a token was revealed")
				}
				if a := o.press("U0ANN", "confirm", deletion); !isNo(a) || o.stored(deletion).State != fleet.Pending {
					t.Errorf("confirmed: %v", said(a))
				}
				if n := o.calls(); n != 0 {
					t.Errorf("%d calls went to GitHub", n)
				}
				if isNo(o.press("U0ANN", "cancel", deletion)) {
					t.Error("it can't even be cancelled")
				}
			})
		})
	}
}

// TestScopeTakenOut: in a scope that is configured no more nothing is decided, deleted or
// revealed; what was asked can be taken back.
func TestScopeTakenOut(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		pending, token, deletion := o.opened(o.carry("U0ANN", "register octo-org")).ID, o.free("register"), o.free("delete")
		o.Scopes = o.Scopes[:1]
		o.calls()
		for _, a := range []fleet.Answer{
			o.press("U0BOB", "approve", pending), o.carry("U0BOB", fmt.Sprint("approve ", pending)), o.press("U0BOB", "deny", pending),
			o.press("U0ANN", "confirm", deletion), o.Refusal(o.reveal("U0ANN", token)),
		} {
			wantSaid(t, a, fleet.Refused, "is for octo-org", "may not touch any more", "can cancel it")
		}
		if l := o.ask("U0BOB", "requests").(fleet.RequestList); len(l.Waiting) != 0 {
			t.Errorf("%d wait for a decision that can't be made", len(l.Waiting))
		}
		if n := o.calls(); n != 0 {
			t.Errorf("%d calls went to GitHub", n)
		}
		for _, id := range []int64{pending, token, deletion} {
			wantSaid(t, o.press("U0ANN", "cancel", id), fleet.Done, "You cancelled")
		}
	})
}

// TestOnlyTheRightfulAreLookedUpLive: to refuse a request, and to offer scopes for one, an
// older look-up will do; to open one it never does.
func TestOnlyTheRightfulAreLookedUpLive(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		for _, tc := range []struct {
			person, text string
			want         time.Duration
		}{
			{"U0VIC", "register octo-org", recentAge},
			{"U0VIC", "register", viewAge},
			{"U0ANN", "register", viewAge},
			{"U0ANN", "register octo-org", 0},
		} {
			o.people.work()
			o.carry(tc.person, tc.text)
			if got, asked := o.people.ages["S0LINUX"]; !asked || got != tc.want {
				t.Errorf("%s, %s: looked up with age %v (%v), want %v", tc.person, tc.text, got, asked, tc.want)
			}
		}
		wantSaid(t, o.carry("U0VIC", "register octo-org"), fleet.Refused, "lets you request in octo-org", "try again in 5 seconds")
		id := o.opened(o.carry("U0ANN", "register octo-org")).ID
		o.people.work()
		o.press("U0VIC", "approve", id)
		if age := o.people.ages["S0PLATFORM"]; age != recentAge {
			t.Errorf("a vote without a right was looked up with age %v, want %v", age, recentAge)
		}
		before := o.requestCount()
		o.people.groups["S0LINUX"] = nil // Ann was in it a moment ago, and is still remembered so
		wantSaid(t, o.carry("U0ANN", "register octo-org"), fleet.Refused, "lets you request in octo-org")
		if got := o.requestCount(); got != before {
			t.Errorf("%d requests were opened on an older look-up", got-before)
		}
	})
}

// TestEveryoneApproves: full members only, and never one's own.
func TestEveryoneApproves(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.Policy.Rules[1].Approvers = []string{fleet.Everyone}
		id := o.opened(o.carry("U0ANN", "register octo-org")).ID
		for _, p := range []string{"U0ANN", "U0GUEST", "U0BOT", "U0STRANGER", "U0OTHER", "U0GONE"} {
			if a := o.press(p, "approve", id); !isNo(a) {
				t.Errorf("%s approved: %s", p, said(a))
			}
		}
		wantSaid(t, o.press("U0NED", "approve", id), fleet.Done, "You approved request #1")
		if v, _ := o.stored(id).VoteOf("U0NED"); v.Evidence != fleet.Everyone {
			t.Errorf("evidence %q", v.Evidence)
		}
	})
}

// TestSelfApproval is refused by every path, whoever the requester is.
func TestSelfApproval(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.Policy.Rules[1].Approvers = []string{"U0ANN", "S0PLATFORM", fleet.Everyone}
		id := o.opened(o.carry("U0ANN", "register octo-org")).ID
		for _, a := range []fleet.Answer{
			o.carry("U0ANN", "approve 1"), o.press("U0ANN", "approve", id), o.carry("U0ANN", "deny 1 no"), o.press("U0ANN", "deny", id),
		} {
			wantSaid(t, a, fleet.Refused, "You asked for request #1")
		}
		wantSaid(t, o.press("U0ANN", "confirm", id), fleet.Refused, "needs approval")
		if r := o.stored(id); r.State != fleet.Pending || len(r.Votes) != 0 {
			t.Errorf("%s with %d votes", r.State, len(r.Votes))
		}
		if l := o.ask("U0ANN", "requests").(fleet.RequestList); len(l.Waiting) != 0 || len(l.Mine) != 1 {
			t.Errorf("%d wait for their own requester, %d are hers", len(l.Waiting), len(l.Mine))
		}
	})
}

// TestEscalation: who is asked next may decide when the time has come, not before.
func TestEscalation(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.Policy.Rules[1].Escalate = &fleet.Escalation{After: 30 * time.Minute, Approvers: []string{"U0NED"}}
		id := o.opened(o.carry("U0ANN", "register octo-org")).ID
		wantSaid(t, o.press("U0NED", "approve", id), fleet.Refused)
		time.Sleep(30 * time.Minute)
		wantSaid(t, o.press("U0NED", "approve", id), fleet.Done)
	})
}

// TestSilentSlackIsToldOf: whatever it takes to be sure, people hear within 8 seconds.
func TestSilentSlackIsToldOf(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.people.fails, o.people.slow = "all", true
		for name, answer := range map[string]func() fleet.Answer{
			"query":  func() fleet.Answer { return o.ask("U0ANN", "status") },
			"whoami": func() fleet.Answer { return o.ask("U0ANN", "whoami") },
			"open":   func() fleet.Answer { return o.carry("U0ANN", "register octo-org") },
			"decide": func() fleet.Answer { return o.press("U0BOB", "approve", 1) },
			"reveal": func() fleet.Answer { return o.Refusal(o.reveal("U0ANN", 1)) },
		} {
			began := time.Now()
			wantSaid(t, answer(), fleet.Trouble, "nothing was done", "Try again")
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("%s: answered after %v", name, took)
			}
		}
		if n := o.requestCount(); n != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

// lateDirectory answers each look-up late, though in time.
type lateDirectory struct{ *directory }

func (d lateDirectory) Person(ctx context.Context, id string, age time.Duration) (fleet.Person, error) {
	select {
	case <-ctx.Done():
		return fleet.Person{}, ctx.Err()
	case <-time.After(5 * time.Second):
	}
	return d.directory.Person(ctx, id, age)
}

func (d lateDirectory) Members(ctx context.Context, id string, age time.Duration) ([]string, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(5 * time.Second):
	}
	return d.directory.Members(ctx, id, age)
}

// TestLookUpsShareOneDeadline: slow answers one after the other don't add up.
func TestLookUpsShareOneDeadline(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		id := o.opened(o.carry("U0ANN", "register octo-org")).ID
		o.Directory = lateDirectory{o.people}
		for _, tc := range []struct {
			person, text string
			want         fleet.NoticeKind
		}{
			{"U0NED", "status", fleet.Trouble},
			{"U0NED", "register octo-org", fleet.Trouble},
			{"U0NED", "approve 99", fleet.Refused},
			{"U0BOB", fmt.Sprint("approve ", id), fleet.Trouble}, // the requester is looked up after him
		} {
			began := time.Now()
			wantSaid(t, o.carry(tc.person, tc.text), tc.want)
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("%s: answered after %v", tc.text, took)
			}
		}
		if r := o.stored(id); r.State != fleet.Pending || len(r.Votes) != 0 {
			t.Errorf("%s with %d votes", r.State, len(r.Votes))
		}
	})
}
