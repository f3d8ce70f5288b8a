package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"runnerdesk/internal/fleet"
)

// mostNeeded is how many approvals a rule may ask for.
const mostNeeded = 5

func (r *reader) rules(n *node) []fleet.Rule {
	var out []fleet.Rule
	taken := map[string]bool{}
	for i, item := range r.items(n, "approvals", "a list of rules", false) {
		before := len(r.faults)
		rule, ok := r.rule(item, fmt.Sprintf("rule %d", i+1), taken)
		if !ok {
			continue
		}
		if whole := len(r.faults) == before; whole {
			if over := r.shadow(rule, out); over != "" {
				r.fault(item.at, "this rule can never match, since %s above matches first wherever it would; move it up, narrow the one above, or delete it", over)
			}
		}
		out = append(out, rule)
	}
	return out
}

func (r *reader) rule(n *node, name string, taken map[string]bool) (fleet.Rule, bool) {
	if !r.keys(n, "a rule", "name", "actions!", "scopes!", "labels", "approvers", "needed", "channel", "expires", "escalate", "reason") {
		return fleet.Rule{}, false
	}
	rule := fleet.Rule{Name: name, Needed: 1, Expires: 4 * time.Hour, Reason: "optional"}
	if given := r.name(n.get("name"), taken); given != "" {
		rule.Name = given
	}
	rule.Actions = r.actions(n.get("actions"))
	rule.Scopes = r.globs(n.get("scopes"), "scopes")
	rule.Labels, _ = r.texts(n.get("labels"), "labels", "a label's name", true, label)
	r.labelled(n, rule)
	r.number(n.get("needed"), "needed", 0, mostNeeded, &rule.Needed)
	r.duration(n.get("expires"), "expires", time.Second, week, &rule.Expires)
	rule.Channel = r.channel(n.get("channel"), "channel")
	r.reason(n.get("reason"), &rule.Reason)
	r.approvers(n, &rule)
	return rule, true
}

// labelled finds actions that a rule with labels can never match: only a delete is
// about runners that have labels.
func (r *reader) labelled(n *node, rule fleet.Rule) {
	list := n.get("actions")
	if len(rule.Labels) == 0 || list == nil {
		return
	}
	if len(rule.Actions) > 0 && !slices.Contains(rule.Actions, fleet.Delete) {
		r.fault(n.get("labels").at, "labels are about delete, which this rule does not have; leave them out, or make it a rule for delete")
		return
	}
	for _, item := range list.items {
		if a, err := fleet.ParseAction(item.text); err == nil && a != fleet.Delete {
			r.fault(item.at, "a rule with labels is about delete only and never matches %s; give %s a rule of its own", a, a)
		}
	}
}

// approvers reads who may decide, and finds rules that nobody could ever satisfy.
func (r *reader) approvers(n *node, rule *fleet.Rule) {
	var whole, wholeToo bool
	list := n.get("approvers")
	rule.Approvers, whole = r.people(list, "approvers")
	escalate := n.get("escalate")
	if escalate != nil {
		wholeToo = r.escalate(escalate, rule)
	}
	if rule.Needed == 0 {
		if escalate != nil && n.get("needed") != nil {
			r.fault(escalate.at, "with needed: 0 nobody is asked, so there is nothing to escalate; leave escalate out")
		}
		return
	}
	if n.get("channel") == nil {
		r.fault(n.at, "this rule has no channel, where its prompt would be shown; add channel: C…")
	}
	if list == nil {
		r.fault(n.at, "this rule has no approvers, so nobody could ever approve; add approvers, or needed: 0 if no approval is wanted")
		return
	}
	all := slices.Clone(rule.Approvers)
	if rule.Escalate != nil {
		all = append(all, rule.Escalate.Approvers...)
	}
	if !whole || escalate != nil && !wholeToo || slices.ContainsFunc(all, func(id string) bool { return !personShape.MatchString(id) }) {
		return // how many a group or a channel has is looked up in Slack
	}
	slices.Sort(all)
	if most := len(slices.Compact(all)); most < rule.Needed {
		at := list.at
		if given := n.get("needed"); given != nil {
			at = given.at
		}
		r.fault(at, "needed is %d and approvers names %s; name more, or a user group, or lower needed", rule.Needed, persons(most))
	}
}

func persons(n int) string {
	if n == 1 {
		return "one person"
	}
	return fmt.Sprintf("%d persons", n)
}

// escalate reads whom to ask when nobody decides, and tells whether all of it is good.
func (r *reader) escalate(n *node, rule *fleet.Rule) bool {
	before := len(r.faults)
	if !r.keys(n, "escalate", "after!", "approvers", "channel") {
		return false
	}
	e := &fleet.Escalation{}
	if r.duration(n.get("after"), "after", time.Second, week, &e.After) && e.After >= rule.Expires {
		r.fault(n.get("after").at, "escalate begins after %s, when the prompt has expired already (%s); make after shorter or expires longer", fleet.FormatDuration(e.After), fleet.FormatDuration(rule.Expires))
	}
	e.Approvers, _ = r.people(n.get("approvers"), "approvers")
	e.Channel = r.channel(n.get("channel"), "channel")
	if n.get("approvers") == nil && n.get("channel") == nil {
		r.fault(n.at, "escalate asks nobody; give approvers, a channel, or both")
	}
	rule.Escalate = e
	return len(r.faults) == before
}

// reason reads optional, required, or a regular expression that the reason must match.
func (r *reader) reason(n *node, to *string) {
	const like = "optional, required, or a regular expression such as '[A-Z]+-[0-9]+'"
	value, ok := r.text(n, "reason", like)
	if !ok {
		return
	}
	for _, word := range []string{"optional", "required"} {
		if strings.EqualFold(value, word) {
			value = word
		}
	}
	if _, err := regexp.Compile(value); err != nil {
		r.fault(n.at, "reason is %s, which is not a regular expression; write %s", quoted(value), like)
		return
	}
	*to = value
}

// shadow names the rules above that take everything this one could match. A rule with
// labels takes deletes of runners that have one of them; one without takes all.
func (r *reader) shadow(rule fleet.Rule, above []fleet.Rule) string {
	var by []string
	for _, a := range rule.Actions {
		for _, s := range r.matching(rule.Scopes) {
			left := slices.Clone(rule.Labels)
			taken := false
			for _, over := range above {
				if !slices.Contains(over.Actions, a) || !slices.ContainsFunc(over.Scopes, func(g fleet.Glob) bool { return g.Match(s.String()) }) {
					continue
				}
				left = slices.DeleteFunc(left, func(l string) bool {
					return slices.ContainsFunc(over.Labels, func(o string) bool { return strings.EqualFold(o, l) })
				})
				if taken = len(over.Labels) == 0 || len(rule.Labels) > 0 && len(left) == 0; taken {
					by = append(by, quoted(over.Name))
					break
				}
			}
			if !taken {
				return ""
			}
		}
	}
	slices.Sort(by)
	return strings.Join(slices.Compact(by), " and ")
}
