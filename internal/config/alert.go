package config

import (
	"slices"
	"time"
)

func (r *reader) alerts(n *node) []Alert {
	var out []Alert
	taken := map[string]bool{}
	for _, item := range r.items(n, "alerts", "a list of alerts", false) {
		if !r.keys(item, "an alert", "name!", "channel!", "scopes!", "labels", "offline_for", "none_idle_for",
			"fewer_than", "busy_for", "version_ends_in", "unexplained", "mention") {
			continue
		}
		a := Alert{Name: r.name(item.get("name"), taken)}
		a.Channel = r.channel(item.get("channel"), "channel")
		a.Scopes = r.matching(r.globs(item.get("scopes"), "scopes"))
		a.Labels, _ = r.texts(item.get("labels"), "labels", "a label's name", true, label)
		r.duration(item.get("offline_for"), "offline_for", time.Second, ever, &a.OfflineFor)
		r.duration(item.get("none_idle_for"), "none_idle_for", time.Second, ever, &a.NoneIdleFor)
		r.duration(item.get("busy_for"), "busy_for", time.Second, ever, &a.BusyFor)
		r.duration(item.get("version_ends_in"), "version_ends_in", time.Second, ever, &a.VersionEndsIn)
		r.number(item.get("fewer_than"), "fewer_than", 1, 1_000_000, &a.FewerThan)
		r.boolean(item.get("unexplained"), "unexplained", &a.Unexplained)
		a.Mention = r.mentions(item.get("mention"), "mention")
		r.condition(item)
		out = append(out, a)
	}
	return out
}

// condition finds alerts that could never be raised.
func (r *reader) condition(n *node) {
	conditions := []string{"offline_for", "none_idle_for", "fewer_than", "busy_for", "version_ends_in"}
	if slices.ContainsFunc(conditions, func(key string) bool { return n.get(key) != nil }) {
		return
	}
	switch unexplained := n.get("unexplained"); {
	case unexplained == nil:
		r.fault(n.at, "this alert has no condition; add one of offline_for, none_idle_for, fewer_than, busy_for, version_ends_in or unexplained: true")
	case unexplained.kind == boolean && unexplained.text != "true":
		r.fault(unexplained.at, "this alert has no other condition, so it could never be raised; write unexplained: true, or add a condition")
	}
}
