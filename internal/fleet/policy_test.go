package fleet

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	for _, tc := range []struct {
		glob, text string
		want       bool
	}{
		{"*", "anything/at all", true}, {"*", "", true}, {"", "", true}, {"", "a", false}, {"web-*", "WEB-1", true}, {"WEB-1", "web-1", true},
		{"web-*", "web", false}, {"*-1", "web-1", true}, {"w*b*1", "web-b-1", true}, {"octo-org/*", "octo-org/octo-repo", true}, {"octo-org/*", "octo-org", false},
		{"octo-*", "octo-org/octo-repo", false}, {"*/*", "a/b", true}, {"*/*", "a/b/c", false}, {"**", "a/b", false}, {"**", "ab", true}, {"enterprises/*", "enterprises/octo-enterprise", true},
		{"a*", "a/", false}, {"*a*/b", "xax/b", true}, {"*a/*b", "aa/xb", true}, {"?", "a", false}, {"[a]", "a", false}, {"Ü*", "über", true},
	} {
		if got := Glob(tc.glob).Match(tc.text); got != tc.want {
			t.Errorf("%q matches %q: %v, want %v", tc.glob, tc.text, got, tc.want)
		}
	}
	// A matcher that tries every star again would not end in this life.
	if Glob(strings.Repeat("a*", 500) + "b").Match(strings.Repeat("a", 5000)) {
		t.Error("a pattern that ends in b matches only a")
	}
}

func TestRuleForTakesTheFirst(t *testing.T) {
	ent, org, repo := scopeOf(t, "enterprises/octo-enterprise"), scopeOf(t, "octo-org"), scopeOf(t, "octo-org/octo-repo")
	gpu, plain := Runner{Labels: []Label{{Name: "GPU"}}}, Runner{Labels: []Label{{Name: "linux"}}}
	p := Policy{Rules: []Rule{
		{Name: "enterprise", Actions: []Action{Delete}, Scopes: []Glob{"enterprises/*"}},
		{Name: "gpu", Actions: []Action{Delete, Register}, Scopes: []Glob{"*"}, Labels: []string{"gpu", "prod"}},
		{Name: "repos", Actions: []Action{Register, Delete}, Scopes: []Glob{"octo-org/*"}},
		{Name: "all", Actions: []Action{Delete}, Scopes: []Glob{"*"}},
	}}
	for _, tc := range []struct {
		action  Action
		scope   Scope
		runners []Runner
		want    string
	}{
		{Delete, ent, []Runner{gpu}, "enterprise"},
		{Delete, org, []Runner{plain, gpu}, "gpu"},
		{Delete, org, []Runner{plain}, "all"},
		{Delete, repo, []Runner{plain}, "repos"},
		{Register, repo, nil, "repos"},
		{Register, org, nil, ""},
		{RemoveToken, repo, nil, ""},
	} {
		got, ok := p.RuleFor(tc.action, tc.scope, tc.runners)
		if got.Name != tc.want || ok != (tc.want != "") {
			t.Errorf("%s in %s: %q, want %q", tc.action, tc.scope, got.Name, tc.want)
		}
	}
}

func TestReasonGood(t *testing.T) {
	for _, tc := range []struct {
		rule, reason string
		want         bool
	}{
		{"", "", true}, {"optional", "", true}, {"required", " ", false}, {"required", "x", true}, {"[A-Z]+-[0-9]+", "OPS-7", true}, {"[A-Z]+-[0-9]+", "ops", false}, {"(", "x", false},
	} {
		if got := (Rule{Reason: tc.rule}).ReasonGood(tc.reason); got != tc.want {
			t.Errorf("%q for %q: %v", tc.reason, tc.rule, got)
		}
	}
}

func TestGrantAndProtectCover(t *testing.T) {
	repo, org := scopeOf(t, "octo-org/octo-repo"), scopeOf(t, "octo-org")
	if !(Grant{}).Covers(repo) || !(Grant{Scopes: []Glob{"octo-org/*"}}).Covers(repo) || (Grant{Scopes: []Glob{"octo-org/*"}}).Covers(org) {
		t.Error("Grant.Covers is wrong")
	}
	p := Protect{Names: []Glob{"db-*"}, Labels: []string{"prod-critical"}}
	for name, want := range map[string]bool{"DB-1": true, "web-1": false} {
		if got := p.Covers(Runner{Name: name}); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !p.Covers(Runner{Name: "x", Labels: []Label{{Name: "Prod-Critical"}}}) || (Protect{}).Covers(Runner{Name: "x"}) {
		t.Error("Protect.Covers is wrong about labels")
	}
}

func TestAdmit(t *testing.T) {
	policy := Policy{Limits: Limits{DeleteAtOnce: 25, DeleteShare: 25, OpenRequests: 5}, Protect: Protect{Names: []Glob{"db-*"}}}
	readOnly := policy
	readOnly.ReadOnly = true
	targets := func(n int, names ...string) Request {
		r := Request{Action: Delete, Scope: scopeOf(t, "octo-org")}
		for i := range n {
			r.Targets = append(r.Targets, Target{Runner: Runner{ID: int64(i + 1), Name: fmt.Sprintf("web-%d", i+1)}})
		}
		for i, name := range names {
			r.Targets = append(r.Targets, Target{Runner: Runner{ID: int64(100 + i), Name: name}})
		}
		return r
	}
	held := func(n int) map[int64]int64 {
		m := map[int64]int64{}
		for i := range n {
			m[int64(1000+i)] = 7
		}
		return m
	}
	token := Request{Action: Register, Scope: scopeOf(t, "octo-org")}
	for _, tc := range []struct {
		name   string
		policy Policy
		r      Request
		l      Ledger
		size   int
		want   string // part of the refusal; "" is admitted
	}{
		{"a token", policy, token, Ledger{Held: held(9)}, 10, ""},
		{"read only", readOnly, token, Ledger{}, 10, "read only"},
		{"four open", policy, token, Ledger{OpenByPerson: 4}, 10, ""},
		{"five open", policy, token, Ledger{OpenByPerson: 5}, 10, "Your open requests are 5"},
		{"25 at once", policy, targets(25), Ledger{}, 100, ""},
		{"26 at once", policy, targets(26), Ledger{}, 200, "at most 25"},
		{"all of a small scope", policy, targets(8), Ledger{}, 8, ""},
		{"nine is not small", policy, targets(3), Ledger{}, 9, "leaves 2"},
		{"exactly the share", policy, targets(3), Ledger{}, 12, ""},
		{"one more than the share", policy, targets(4), Ledger{}, 12, "at most 25%"},
		{"exactly the share with others", policy, targets(1), Ledger{Held: held(1), DeletedLastDay: 1}, 12, ""},
		{"open requests count", policy, targets(2), Ledger{Held: held(2)}, 12, "leaves 1"},
		{"the last day counts", policy, targets(2), Ledger{DeletedLastDay: 2}, 12, "leaves 1"},
		{"one by one, as far as all at once", policy, targets(1), Ledger{DeletedLastDay: 4}, 16, ""},
		{"one by one, not farther", policy, targets(1), Ledger{DeletedLastDay: 5}, 15, "6 of 20"},
		{"a large scope does not become a small one", policy, targets(2), Ledger{DeletedLastDay: 2}, 8, "leaves 0"},
		{"nothing is left", policy, targets(1), Ledger{DeletedLastDay: 9}, 12, "leaves 0"},
		{"no limits", Policy{}, targets(100), Ledger{OpenByPerson: 99, DeletedLastDay: 99}, 100, ""},
		{"protected", policy, targets(1, "db-1", "DB-2 x"), Ledger{}, 100, `DB-2 x and db-1 are protected and never deleted. Leave them out: name the others, or add -name:db-1 -name:"DB-2 x".`},
		{"only protected", policy, targets(0, "db-1"), Ledger{}, 100, "db-1 is protected and never deleted. Without"},
		{"held", policy, targets(2), Ledger{Held: map[int64]int64{2: 7}}, 100, "web-2 is part of open request #7 already. Leave them out: name the others, or add -name:web-2."},
	} {
		err := tc.policy.Admit(tc.r, tc.l, tc.size)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.name, err)
		case tc.want != "" && (!errors.Is(err, ErrIllegal) || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestMember(t *testing.T) {
	good := Person{ID: "U0ANN", Team: "T1"}
	with := func(change func(*Person)) Person { p := good; change(&p); return p }
	for _, tc := range []struct {
		name string
		p    Person
		team string
		want bool
	}{
		{"member", good, "T1", true},
		{"other workspace", good, "T2", false},
		{"also in this workspace", with(func(p *Person) { p.Teams = []string{"T1", "T2"} }), "T2", true},
		{"in others of the organization", with(func(p *Person) { p.Teams = []string{"T1", "T3"} }), "T2", false},
		{"home not known", with(func(p *Person) { p.Team = "" }), "", false},
		{"no id", with(func(p *Person) { p.ID = "" }), "T1", false},
		{"deleted", with(func(p *Person) { p.Deleted = true }), "T1", false},
		{"bot", with(func(p *Person) { p.Bot = true }), "T1", false},
		{"guest", with(func(p *Person) { p.Guest = true }), "T1", false},
		{"stranger", with(func(p *Person) { p.Stranger = true }), "T1", false},
	} {
		if why, ok := tc.p.Member(tc.team); ok != tc.want || ok != (why == "") {
			t.Errorf("%s: %v, %q", tc.name, ok, why)
		}
	}
}
