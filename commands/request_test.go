package commands

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

func targetIDs(r fleet.Request) []int64 {
	var ids []int64
	for _, t := range r.Targets {
		ids = append(ids, t.Runner.ID)
	}
	slices.Sort(ids)
	return ids
}

// TestDeleteNames: which runners a deletion is of, or what is said instead.
func TestDeleteNames(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string // names of the targets
		said       []string
		offered    []string // %d stands for nothing; ids are those below
	}{
		{"by name", "delete octo-org web-1", []string{"web-1"}, nil, nil},
		{"by name in another case", "delete octo-org WEB-1", []string{"web-1"}, nil, nil},
		{"by id", "delete octo-org 101", []string{"web-1"}, nil, nil},
		{"several", "delete octo-org web-1 102", []string{"web-1", "web-2"}, nil, nil},
		{"twice the same", "delete octo-org web-1 101 WEB-1", []string{"web-1"}, nil, nil},
		{"with spaces", `delete octo-org "big one"`, []string{"big one"}, nil, nil},
		{"a name that is also an id", "delete octo-org 102 because old", nil, []string{"102", "several runners", "octo-org"},
			[]string{"delete octo-org web-2 because old", "delete octo-org 104 because old"}},
		{"the same beside others", "delete octo-org web-1 102", nil, nil, nil}, // replaced below
		{"unknown", "delete octo-org web-11", nil, []string{"No runner is named web-11 in octo-org.", "web-1"}, nil},
		{"unknown and near to nothing", "delete octo-org zzzzzz", nil, []string{"No runner is named zzzzzz", "/runners find NAME"}, nil},
		{"unknown id", "delete octo-org 999", nil, []string{"no runner with the id 999 in octo-org"}, nil},
		{"in another scope", "delete octo-org only-repo", nil, []string{"No runner is named only-repo in octo-org"}, nil},
		{"without scope, one hit", "delete web-1 because it's old", nil, []string{"No scope was named", "organization octo-org", "Is that the one?"},
			[]string{"delete octo-org 101 because it's old"}},
		{"without scope, several hits", "delete shared", nil, []string{"several runners"}, []string{"delete octo-org 103", "delete octo-org/octo-repo 201"}},
		{"without scope, several runners of one", "delete web-1 web-2", nil, []string{"All of these are runners of the organization octo-org"}, []string{"delete octo-org web-1 web-2"}},
		{"without scope, several runners of several", "delete web-1 only-repo", nil, []string{"No scope has all of these"}, nil},
		{"without scope, unknown", "delete web-11", nil, []string{"No runner is named web-11.", "web-1"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				add := func(scope string, id int64, name string) {
					o.github.AddRunner(scope, githubd.Runner{ID: id, Name: name, Version: "2.330.0"})
				}
				add(org, 101, "web-1")
				add(org, 102, "web-2")
				add(org, 103, "shared")
				add(repo, 201, "shared")
				add(repo, 202, "only-repo")
				if strings.Contains(tc.text, "big") {
					add(org, 105, "big one")
				}
				if strings.Contains(tc.name, "also an id") {
					add(org, 104, "102")
				}
				a := o.carry("U0ANN", tc.text)
				if tc.said != nil {
					wantSaid(t, a, fleet.Refused, tc.said...)
					if got := offered(a); !slices.Equal(got, tc.offered) {
						t.Errorf("offers %q, want %q", got, tc.offered)
					}
					for _, text := range offered(a) { // a button leads on, and never in a circle
						if b := o.carry("U0ANN", text); isNo(b) {
							t.Errorf("%s: %s", text, said(b))
						}
					}
					return
				}
				if tc.want == nil {
					return
				}
				var got []string
				for _, target := range o.opened(a).Targets {
					got = append(got, target.Runner.Name)
				}
				if slices.Sort(got); !slices.Equal(got, tc.want) {
					t.Errorf("deletes %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// TestDeleteWithAnAmbiguousNameKeepsTheOthers: the button names the other runners too.
func TestDeleteWithAnAmbiguousNameKeepsTheOthers(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.github.AddRunner(org, githubd.Runner{ID: 101, Name: "web-1"})
		o.github.AddRunner(org, githubd.Runner{ID: 7, Name: "web-7"})
		o.github.AddRunner(org, githubd.Runner{ID: 102, Name: "7"})
		a := o.carry("U0ANN", "delete octo-org web-1 7")
		if want := []string{"delete octo-org web-1 web-7", "delete octo-org web-1 102"}; !slices.Equal(offered(a), want) {
			t.Errorf("offers %q, want %q", offered(a), want)
		}
		if got := o.opened(o.carry("U0ANN", offered(a)[1])); !slices.Equal(targetIDs(got), []int64{101, 102}) {
			t.Errorf("deletes %d", targetIDs(got))
		}
	})
}

// TestDeleteFindsWhatJustCame: a name that the stored list lacks is looked for anew, but
// a typo does not read GitHub again and again.
func TestDeleteFindsWhatJustCame(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(org, "web-1")
		o.ask("U0ANN", "list octo-org")
		time.Sleep(time.Minute)
		id := o.runner(org, "fresh")
		if got := targetIDs(o.opened(o.carry("U0ANN", "delete octo-org fresh"))); !slices.Equal(got, []int64{id}) {
			t.Errorf("deletes %d, want %d", got, id)
		}
		time.Sleep(time.Second)
		o.calls()
		o.carry("U0ANN", "delete octo-org nothing")
		if n := o.calls(); n != 0 {
			t.Errorf("%d calls for a typo, a moment after a reading", n)
		}
	})
}

// TestDeletePinsWhatGitHubHas: what is asked for is the runner of this moment.
func TestDeletePinsWhatGitHubHas(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		id := o.runner(org, "web-1", "gpu")
		o.ask("U0ANN", "list octo-org")
		o.github.Update(org, id, func(r *githubd.Runner) { r.Busy, r.Labels = true, githubd.Labels("gpu", "prod") })
		r := o.opened(o.carry("U0ANN", "delete octo-org web-1"))
		if got := r.Targets[0]; got.Runner.State() != fleet.Busy || !slices.Contains(got.Runner.LabelNames(), "prod") || got.Runner.Group != "Default" || !got.Since.Equal(time.Now()) {
			t.Errorf("pinned %+v", got)
		}
		o.github.Update(org, id, func(r *githubd.Runner) { r.Name = "other" })
		o.press("U0BOB", "deny", r.ID)
		wantSaid(t, o.carry("U0ANN", "delete octo-org web-1"), fleet.Refused, "web-1", "changed a moment ago", "Nothing was asked for")
		o.github.Remove(org, id)
		wantSaid(t, o.carry("U0ANN", "delete octo-org web-1"), fleet.Refused, "GitHub has no runner web-1", "any more")
		if n := o.requestCount(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestDeleteByFilter takes what the list of this moment has, and nothing when it can't
// be trusted.
func TestDeleteByFilter(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		gpu := []int64{o.runner(org, "gpu-1", "gpu"), o.runner(org, "gpu-2", "gpu")}
		o.runner(org, "web-1")
		o.ask("U0ANN", "list octo-org")
		gpu = append(gpu, o.runner(org, "gpu-3", "gpu")) // not in the stored list
		wantSaid(t, o.carry("U0ANN", "delete octo-org label:nothing"), fleet.Refused, "No runner of octo-org matches label:nothing", "Nothing was asked for.")
		r := o.opened(o.carry("U0ANN", "delete octo-org label:gpu because old"))
		if !slices.Equal(targetIDs(r), gpu) || r.Reason != "old" {
			t.Errorf("deletes %d because %q, want %d", targetIDs(r), r.Reason, gpu)
		}
		lift := o.github.Fault(githubd.On("GET", "/orgs/octo-org/actions/runners"), githubd.Fault{Status: 502})
		wantSaid(t, o.carry("U0ANN", "delete octo-org name:web-*"), fleet.Trouble, "does not answer properly")
		lift()
		defer o.github.Fault(githubd.On("GET", "/orgs/octo-org/actions/runners/*"), githubd.Fault{Status: 502})()
		wantSaid(t, o.carry("U0ANN", "delete octo-org name:web-*"), fleet.Trouble, "does not answer properly")
		if n := o.requestCount(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestDeleteByFilterOfWhatMoves: between the list and the last look a runner goes, and
// then one stops matching.
func TestDeleteByFilterOfWhatMoves(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		one, two := o.runner(org, "gpu-1", "gpu"), o.runner(org, "gpu-2", "gpu")
		var meanwhile func()
		defer o.github.Fault(func(r githubd.Request) bool {
			if strings.HasPrefix(r.Route, "/orgs/octo-org/actions/runners/") && meanwhile != nil {
				meanwhile()
				meanwhile = nil
			}
			return false
		}, githubd.Fault{})()
		meanwhile = func() {
			o.github.Update(org, two, func(r *githubd.Runner) { r.Labels = nil })
			o.github.Remove(org, one)
		}
		wantSaid(t, o.carry("U0ANN", "delete octo-org name:gpu-1"), fleet.Refused, "matches name:gpu-1", "Nothing was asked for")
		meanwhile = func() { o.github.Update(org, two, func(r *githubd.Runner) { r.Busy = true }) }
		wantSaid(t, o.carry("U0ANN", "delete octo-org name:gpu-2 status:idle"), fleet.Refused, "gpu-2", "changed a moment ago")
	})
}

// TestDeleteByFilterOfAHalfList: the list changed while its pages were read.
func TestDeleteByFilterOfAHalfList(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		for i := range 150 {
			o.runner(org, fmt.Sprint("web-", i))
		}
		passes := 0
		shrink := func(r githubd.Request) bool {
			if r.Route == "/orgs/octo-org/actions/runners" && r.Query.Get("page") == "2" && passes < 2 {
				passes++
				o.github.Remove(org, o.github.Runners(org)[0].ID)
			}
			return false
		}
		defer o.github.Fault(shrink, githubd.Fault{})()
		wantSaid(t, o.carry("U0ANN", "delete octo-org name:web-149"), fleet.Refused, "may have missed some", "try again")
		if r := o.opened(o.carry("U0ANN", "delete octo-org name:web-149")); len(r.Targets) != 1 {
			t.Errorf("%d targets of a whole list", len(r.Targets))
		}
	})
}

// TestDeleteOfAScopeThatWasNeverRead: the share can't be judged, so nothing is asked.
func TestDeleteOfAScopeThatWasNeverRead(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		id := o.runner(org, "web-1")
		defer o.github.Fault(githubd.On("GET", "/orgs/octo-org/actions/runners"), githubd.Fault{Status: 502})()
		wantSaid(t, o.carry("U0ANN", fmt.Sprint("delete octo-org ", id)), fleet.Refused, "could not be read yet", "Try again")
		wantSaid(t, o.carry("U0ANN", "delete octo-org web-1"), fleet.Refused, "No runner is named web-1", "octo-org can't be read now")
	})
}

// TestLimits: what is refused whole, and exactly what is still allowed.
func TestLimits(t *testing.T) {
	twenty := func(o *office) {
		for i := range 20 {
			o.runner(org, fmt.Sprint("web-", i))
		}
	}
	for _, tc := range []struct {
		name   string
		limits fleet.Limits
		text   string
		said   string // "" when it is allowed
	}{
		{"share, exactly", fleet.Limits{DeleteShare: 25}, "delete octo-org web-0 web-1 web-2 web-3 web-4", ""},
		{"share, one more", fleet.Limits{DeleteShare: 25}, "delete octo-org web-0 web-1 web-2 web-3 web-4 web-5", "at most 25% may go"},
		{"at once, exactly", fleet.Limits{DeleteAtOnce: 2}, "delete octo-org web-0 web-1", ""},
		{"at once, duplicates count once", fleet.Limits{DeleteAtOnce: 2}, "delete octo-org web-0 WEB-0 web-1 Web-1", ""},
		{"at once, one more", fleet.Limits{DeleteAtOnce: 2}, "delete octo-org web-0 web-1 web-2", "That is 3 runners; at most 2"},
		{"at once, by filter", fleet.Limits{DeleteAtOnce: 2}, "delete octo-org name:web-*", "That is 20 runners; at most 2"},
		{"protected", fleet.Limits{}, "delete octo-org web-0 db-1", "db-1 is protected"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				twenty(o)
				o.Policy.Limits = tc.limits
				if tc.name == "protected" {
					o.runner(org, "db-1")
					o.Policy.Protect.Names = []fleet.Glob{"db-*"}
				}
				a := o.carry("U0ANN", tc.text)
				if tc.said == "" {
					o.opened(a)
					return
				}
				wantSaid(t, a, fleet.Refused, tc.said)
				if n := o.requestCount(); n != 0 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// execute has an approved deletion carried out, as far as the store knows.
func (o *office) execute(r fleet.Request) {
	o.t.Helper()
	step := func(change func(fleet.Request) (fleet.Request, error)) {
		if _, err := o.store.UpdateRequest(o.t.Context(), r.ID, "", change); err != nil {
			o.t.Fatal(err)
		}
	}
	step(func(r fleet.Request) (fleet.Request, error) { return r.Claim(1, time.Now()) })
	for _, id := range targetIDs(r) {
		step(func(r fleet.Request) (fleet.Request, error) { return r.Send(1, id) })
		step(func(r fleet.Request) (fleet.Request, error) { return r.Result(1, id, fleet.Deleted, "", time.Now()) })
	}
	step(func(r fleet.Request) (fleet.Request, error) { return r.Finish(1, "", time.Now()) })
}

// TestShareCountsTheLastDay and what is asked for already.
func TestShareCountsTheLastDay(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		for i := range 8 {
			o.runner(repo, fmt.Sprint("small-", i))
		}
		for i := range 20 {
			o.runner(org, fmt.Sprint("web-", i))
		}
		o.Policy.Limits.DeleteShare = 25
		o.opened(o.carry("U0ANN", "delete octo-org/octo-repo name:small-*")) // 8 runners: no share
		held := o.opened(o.carry("U0ANN", "delete octo-org web-0 web-1"))
		wantSaid(t, o.carry("U0ANN", "delete octo-org web-2 web-3 web-4 web-5"), fleet.Refused, "leaves 3")
		wantSaid(t, o.carry("U0ANN", "delete octo-org web-1 web-2"), fleet.Refused, "web-1 is part of open request #2")
		o.press("U0BOB", "approve", held.ID)
		o.execute(held)
		wantSaid(t, o.carry("U0ANN", "delete octo-org web-2 web-3 web-4 web-5"), fleet.Refused, "leaves 3")
		time.Sleep(25 * time.Hour)
		o.opened(o.carry("U0ANN", "delete octo-org web-2 web-3 web-4 web-5"))
	})
}

func TestOpenRequestsLimit(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.Policy.Limits.OpenRequests = 1
		o.opened(o.carry("U0ANN", "register octo-org"))
		wantSaid(t, o.carry("U0ANN", "register octo-org"), fleet.Refused, "Your open requests are 1")
	})
}

// TestSameInputTwice opens one request.
func TestSameInputTwice(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		in := fleet.Input{Key: "k", Person: "U0ANN", Team: "T0OCTO", Text: "register octo-org", At: time.Now()}
		first, second := o.put(in).(fleet.RequestView), o.put(in).(fleet.RequestView)
		if first.Request.ID != second.Request.ID || !first.New || second.New || o.requestCount() != 1 {
			t.Errorf("requests %d and %d, new %v and %v", first.Request.ID, second.Request.ID, first.New, second.New)
		}
	})
}

// TestRules: the first that matches holds; without one it is refused.
func TestRules(t *testing.T) {
	every := []fleet.Action{fleet.Register, fleet.RemoveToken, fleet.Delete}
	bob := []string{"U0BOB"}
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(org, "gpu-1", "gpu")
		o.runner(org, "web-1")
		o.Policy.Rules = []fleet.Rule{
			{Name: "gpu", Actions: every, Scopes: []fleet.Glob{"*"}, Labels: []string{"GPU"}, Approvers: bob, Needed: 2, Expires: 90 * time.Minute},
			{Name: "tokens", Actions: []fleet.Action{fleet.Register}, Scopes: []fleet.Glob{"octo-org"}, Expires: time.Hour},
			{Name: "rest", Actions: every, Scopes: []fleet.Glob{"octo-org"}, Approvers: []string{"S0PLATFORM", fleet.Everyone}, Needed: 1, Expires: 36 * time.Hour},
		}
		for _, tc := range []struct {
			text, rule, why string
			state           fleet.RequestState
		}{
			{"register octo-org labels:gpu", "tokens", "Rule tokens is the first that matches: no approval is needed.", fleet.Approved},
			{"remove-token octo-org", "rest", "Rule rest is the first that matches: 1 of S0PLATFORM, every full member must approve within 1 day 12 hours.", fleet.Pending},
			{"delete octo-org web-1", "rest", "", fleet.Pending},
			{"delete octo-org gpu-1", "gpu", "Rule gpu is the first that matches: 2 of U0BOB must approve within 1 hour 30 minutes.", fleet.Pending},
		} {
			a := o.carry("U0ANN", tc.text)
			r := o.opened(a)
			if got := a.(fleet.RequestView).Why.String(); r.Rule.Name != tc.rule || r.State != tc.state || tc.why != "" && got != tc.why {
				t.Errorf("%s: rule %q, %s, %q", tc.text, r.Rule.Name, r.State, got)
			}
		}
		wantSaid(t, o.carry("U0ANN", "register octo-org/octo-repo"), fleet.Refused, "No rule of approvals: allows a registration token in octo-org/octo-repo")
		o.Policy.ReadOnly = true
		wantSaid(t, o.carry("U0ANN", "register octo-org"), fleet.Refused, "read only")
	})
}

// TestTooFewApprovers is told at once, with those who could.
func TestTooFewApprovers(t *testing.T) {
	for _, tc := range []struct {
		name      string
		approvers []string
		needed    int
		want      string
	}{
		{"enough", []string{"U0BOB", "S0PLATFORM"}, 2, ""},
		{"one of two", []string{"U0BOB", "U0ANN", "U0GUEST"}, 2, "2 approvals are needed, and besides you only U0BOB could"},
		{"only herself", []string{"U0ANN", "U0GONE"}, 1, "besides you, nobody among U0ANN, U0GONE"},
		{"everyone", []string{fleet.Everyone}, 2, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				o.Policy.Rules[1].Approvers, o.Policy.Rules[1].Needed = tc.approvers, tc.needed
				a := o.carry("U0ANN", "register octo-org")
				o.opened(a)
				if got := a.(fleet.RequestView).Warning.String(); tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
					t.Errorf("warns %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// TestReasons: a rule that wants one gets a dialog, and the command comes back with it.
func TestReasons(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.runner(org, "web-1")
		for _, tc := range []struct{ shape, text, command string }{
			{"required", "register octo-org", "register octo-org"},
			{"[A-Z]+-[0-9]+", "delete octo-org web-1 because: no number", "delete octo-org web-1"},
			{"[A-Z]+-[0-9]+", `register octo-org labels:"because x" Because nothing because`, `register octo-org labels:"because x"`},
		} {
			o.Policy.Rules[1].Reason = tc.shape
			a := o.carry("U0ANN", tc.text)
			need, ok := a.(fleet.ReasonNeeded)
			if !ok || need.Command != tc.command || need.Rule.Reason != tc.shape {
				t.Errorf("%s: %T %+v, want the command %q", tc.text, a, need, tc.command)
			}
			if r := o.opened(o.carry("U0ANN", need.Command+" because of AB-12")); r.Reason != "of AB-12" {
				t.Errorf("reason %q", r.Reason)
			}
			o.press("U0ANN", "cancel", int64(o.requestCount()))
		}
	})
}

// TestWhichScope asks where a token is for.
func TestWhichScope(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		a := o.carry("U0ANN", "register labels:a because b &lt;c")
		wantSaid(t, a, fleet.Refused, "For which scope?")
		want := []string{"register " + ent + " labels:a because b &lt;c", "register octo-org labels:a because b &lt;c", "register " + repo + " labels:a because b &lt;c"}
		if got := offered(a); !slices.Equal(got, want) {
			t.Errorf("offers %q", got)
		}
		wantSaid(t, o.carry("U0BOB", "delete label:gpu"), fleet.Refused, "lets you request anything")
		o.people.fails = "groups"
		for _, person := range []string{"U0BOB", "U0ANN"} { // he sees some scopes for sure, she none
			wantSaid(t, o.carry(person, "register"), fleet.Trouble, "Slack could not tell")
		}
		o.Policy.Grants[1].Scopes = []fleet.Glob{"*"} // he sees all of them, and might ask there
		wantSaid(t, o.carry("U0BOB", "register"), fleet.Trouble, "Slack could not tell")
		o.Policy = samplePolicy()
		o.people.work()
		o.ChannelDefaults = map[string]fleet.Scope{"C0FLEET": o.Scopes[2]}
		if r := o.opened(o.carry("U0ANN", "register")); r.Scope != o.Scopes[2] {
			t.Errorf("the channel's default is not taken: %s", r.Scope)
		}
	})
}
