package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"runnerdesk/internal/fleet"
)

func (r *reader) grants(n *node) []fleet.Grant {
	var out []fleet.Grant
	for _, item := range r.items(n, "access", "a list of lines with who and may", false) {
		if !r.keys(item, "an access line", "who!", "may!", "scopes") {
			continue
		}
		var g fleet.Grant
		g.Who, _ = r.people(item.get("who"), "who")
		may, _ := r.texts(item.get("may"), "may", "view or request", true, func(value string) string {
			if value != "view" && value != "request" {
				return quoted(value) + " is nothing that one may; write view, or request, which includes it"
			}
			return ""
		})
		g.Request = slices.Contains(may, "request")
		g.Scopes = r.globs(item.get("scopes"), "scopes")
		out = append(out, g)
	}
	return out
}

// actions reads a list of actions.
func (r *reader) actions(n *node) []fleet.Action {
	var out []fleet.Action
	words, _ := r.texts(n, "actions", "register, remove-token or delete", true, func(value string) string {
		if _, err := fleet.ParseAction(value); err != nil {
			return err.Error()
		}
		return ""
	})
	for _, w := range words {
		out = append(out, fleet.Action(w))
	}
	return out
}

// breakGlass reads who may release their own request. It is off unless given.
func (r *reader) breakGlass(n *node, p *fleet.Policy) {
	if n == nil || !r.keys(n, "break_glass", "people!", "actions!", "channel!") {
		return
	}
	b := &p.BreakGlass
	b.People = r.named(n.get("people"), "people")
	b.Channel = r.channel(n.get("channel"), "channel")
	b.Actions = r.actions(n.get("actions"))
	list := n.get("actions")
	if list == nil || len(b.Actions) != len(list.items) {
		return
	}
	for i, a := range b.Actions {
		needsApproval := func(rule fleet.Rule) bool { return rule.Needed > 0 && slices.Contains(rule.Actions, a) }
		if !slices.ContainsFunc(p.Rules, needsApproval) {
			r.fault(list.items[i].at, "no rule of approvals asks anybody to approve %s, so there is nothing to release; add such a rule or leave %s out", a, a)
		}
	}
}

func (r *reader) protect(n *node, to *fleet.Protect) {
	if n == nil || !r.keys(n, "protect", "names", "labels") {
		return
	}
	names, _ := r.texts(n.get("names"), "names", "a runner's name or a pattern such as db-*", false, func(value string) string {
		if len([]rune(value)) > 256 {
			return "a name is at most 256 characters long"
		}
		return ""
	})
	for _, name := range names {
		to.Names = append(to.Names, fleet.Glob(name))
	}
	to.Labels, _ = r.texts(n.get("labels"), "labels", "a label's name", false, label)
}

var shareShape = regexp.MustCompile(`^([1-9][0-9]?|100)%$`)

func (r *reader) limits(n *node, to *fleet.Limits) {
	if n == nil || !r.keys(n, "limits", "delete_at_once", "delete_share", "open_requests") {
		return
	}
	r.number(n.get("delete_at_once"), "delete_at_once", 1, 50, &to.DeleteAtOnce)
	r.number(n.get("open_requests"), "open_requests", 1, 1000, &to.OpenRequests)
	share := n.get("delete_share")
	if share == nil {
		return
	}
	const like = "a share from 1% to 100%"
	if share.kind == integer {
		r.fault(share.at, "delete_share has no percent sign; write %s", like)
		return
	}
	value, ok := r.text(share, "delete_share", like)
	if ok && !shareShape.MatchString(value) {
		r.fault(share.at, "delete_share is %s; write %s", quoted(value), like)
	} else if ok {
		to.DeleteShare, _ = strconv.Atoi(strings.TrimSuffix(value, "%"))
	}
}
