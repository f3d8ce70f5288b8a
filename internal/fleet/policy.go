package fleet

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Glob is a pattern in which * is any run of characters but '/'; a lone "*" is all. It
// compares without case.
type Glob string

// Match reports whether the glob matches the whole of text.
func (g Glob) Match(text string) bool {
	if g == "*" {
		return true
	}
	return globMatch(strings.ToLower(string(g)), strings.ToLower(text))
}

// globMatch goes back to the last star only, so it takes at most len(g)*len(text) steps.
func globMatch(g, text string) bool {
	star, mark, i, j := -1, 0, 0, 0
	for j < len(text) {
		switch {
		case i < len(g) && g[i] == '*':
			star, mark = i, j
			i++
		case i < len(g) && g[i] == text[j]:
			i++
			j++
		case star >= 0 && text[mark] != '/':
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(g[i:], "*") == ""
}

// Everyone stands for all full members of the home workspace in a list of people.
const Everyone = "everyone"

// Grant lets people view, or view and request, in some scopes.
type Grant struct {
	Who     []string // U…/W… a person, S… a group, C…/G… a private channel's members, Everyone
	Request bool     // may request too, not only view
	Scopes  []Glob   // of Scope.String; empty is all
}

// Covers reports whether the grant is about the scope.
func (g Grant) Covers(s Scope) bool {
	return len(g.Scopes) == 0 || anyGlob(g.Scopes, s.String())
}

// Escalation is who is asked next when nobody decides.
type Escalation struct {
	After     time.Duration `json:"after"`
	Approvers []string      `json:"approvers,omitempty"`
	Channel   string        `json:"channel,omitempty"`
}

// Rule says who approves what. A request keeps the rule as it was when it was opened.
type Rule struct {
	Name      string        `json:"name"`
	Actions   []Action      `json:"actions"`
	Scopes    []Glob        `json:"scopes"`
	Labels    []string      `json:"labels,omitempty"` // for delete: any runner has any of these; empty is all
	Approvers []string      `json:"approvers,omitempty"`
	Needed    int           `json:"needed"` // 0 to 5
	Channel   string        `json:"channel,omitempty"`
	Expires   time.Duration `json:"expires"` // of the prompt
	Escalate  *Escalation   `json:"escalate,omitempty"`
	Reason    string        `json:"reason,omitempty"` // "optional", "required" or a regular expression
}

// Matches reports whether the rule is about this action in this scope on these runners.
func (r Rule) Matches(a Action, s Scope, runners []Runner) bool {
	if !slices.Contains(r.Actions, a) || !anyGlob(r.Scopes, s.String()) {
		return false
	}
	if len(r.Labels) == 0 {
		return true
	}
	return a == Delete && slices.ContainsFunc(runners, func(runner Runner) bool { return hasLabel(runner, r.Labels) })
}

// ReasonGood reports whether the reason is what the rule asks for.
func (r Rule) ReasonGood(reason string) bool {
	switch r.Reason {
	case "", "optional":
		return true
	case "required":
		return strings.TrimSpace(reason) != ""
	}
	shape, err := regexp.Compile(r.Reason)
	return err == nil && shape.MatchString(reason)
}

// Protect names the runners that are never deleted, whoever approves.
type Protect struct {
	Names  []Glob   `json:"names,omitempty"`
	Labels []string `json:"labels,omitempty"`
}

// Covers reports whether the runner is protected.
func (p Protect) Covers(r Runner) bool { return anyGlob(p.Names, r.Name) || hasLabel(r, p.Labels) }

// Limits bound what one request, and all of a day, may delete.
type Limits struct {
	DeleteAtOnce int // runners in one request
	DeleteShare  int // percent of a scope's runners, in scopes with more than ShareFrom
	OpenRequests int // per person
}

// ShareFrom is how many runners a scope may have before DeleteShare counts.
const ShareFrom = 8

// BreakGlass names the people who may release their own request.
type BreakGlass struct {
	People  []string
	Actions []Action
	Channel string
}

// Policy is everything the configuration says about who may do what.
type Policy struct {
	Grants       []Grant
	Rules        []Rule
	BreakGlass   BreakGlass
	Protect      Protect
	Limits       Limits
	RevealWithin time.Duration
	ReadOnly     bool
}

// RuleFor is the first rule that matches. An action that no rule matches is refused.
func (p Policy) RuleFor(a Action, s Scope, runners []Runner) (Rule, bool) {
	for _, r := range p.Rules {
		if r.Matches(a, s, runners) {
			return r, true
		}
	}
	return Rule{}, false
}

func anyGlob(globs []Glob, text string) bool {
	return slices.ContainsFunc(globs, func(g Glob) bool { return g.Match(text) })
}

func hasLabel(r Runner, labels []string) bool {
	return slices.ContainsFunc(r.Labels, func(l Label) bool {
		return slices.ContainsFunc(labels, func(want string) bool { return strings.EqualFold(l.Name, want) })
	})
}

// Person is someone in Slack, as looked up.
type Person struct {
	ID, Team     string
	Teams        []string // of an organization's person: every workspace they are in
	Name, Zone   string   // display name, and IANA time zone or ""
	Deleted, Bot bool
	Guest        bool // restricted to some channels
	Stranger     bool // of another organization
}

// Member reports whether the person is a full member of the home workspace, and so can do
// anything at all; if not, why.
func (p Person) Member(team string) (why string, ok bool) {
	switch {
	case p.ID == "":
		return "Slack does not know you", false
	case p.Deleted:
		return "your account is deactivated", false
	case p.Bot:
		return "bots can't do this", false
	case p.Stranger, team == "", p.Team != team && !slices.Contains(p.Teams, team):
		return "you belong to another workspace", false
	case p.Guest:
		return "guests can't do this", false
	}
	return "", true
}
