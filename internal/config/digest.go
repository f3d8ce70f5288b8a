package config

import (
	"slices"
	"strings"
	"time"

	"runnerdesk/internal/fleet"
)

func (r *reader) digests(n *node) []Digest {
	var out []Digest
	taken := map[string]bool{}
	for _, item := range r.items(n, "digests", "a list of digests", false) {
		if !r.keys(item, "a digest", "name!", "channel!", "cron!", "timezone", "scopes!", "when", "offline_for") {
			continue
		}
		d := Digest{When: "always", OfflineFor: time.Hour}
		d.Name = r.name(item.get("name"), taken)
		d.Channel = r.channel(item.get("channel"), "channel")
		d.Cron, d.Zone = r.schedule(item)
		d.Scopes = r.matching(r.globs(item.get("scopes"), "scopes"))
		if when, ok := r.word(item.get("when"), "when", "always", "changed", "unhealthy"); ok {
			d.When = when
		}
		r.duration(item.get("offline_for"), "offline_for", time.Second, ever, &d.OfflineFor)
		out = append(out, d)
	}
	return out
}

// schedule reads cron and timezone of an entry.
func (r *reader) schedule(n *node) (cron, zone string) {
	zone = "UTC"
	if z := n.get("timezone"); z != nil {
		const like = "a name such as Europe/Berlin or UTC"
		if value, ok := r.text(z, "timezone", like); ok {
			if _, err := time.LoadLocation(value); err != nil || strings.EqualFold(value, "local") {
				r.fault(z.at, "%s is not a time zone; write %s", quoted(value), like)
			} else {
				zone = value
			}
		}
	}
	c := n.get("cron")
	value, ok := r.text(c, "cron", `five fields such as "0 9 * * MON-FRI"`)
	if !ok {
		return "", zone
	}
	if err := r.checkCron(value, zone); err != nil {
		r.fault(c.at, "%v", err)
		return "", zone
	}
	return value, zone
}

// cleanups reads proposals to delete. Each needs a rule under which its request could
// be opened.
func (r *reader) cleanups(n *node, rules []fleet.Rule) []Cleanup {
	var out []Cleanup
	taken := map[string]bool{}
	for _, item := range r.items(n, "cleanup", "a list of proposals", false) {
		if !r.keys(item, "a cleanup", "name!", "cron!", "timezone", "scopes!", "offline_for!") {
			continue
		}
		c := Cleanup{Name: r.name(item.get("name"), taken)}
		c.Cron, c.Zone = r.schedule(item)
		globs := r.globs(item.get("scopes"), "scopes")
		c.Scopes = r.matching(globs)
		r.duration(item.get("offline_for"), "offline_for", time.Second, ever, &c.OfflineFor)
		for _, s := range c.Scopes {
			if !slices.ContainsFunc(rules, func(rule fleet.Rule) bool {
				return slices.Contains(rule.Actions, fleet.Delete) && slices.ContainsFunc(rule.Scopes, func(g fleet.Glob) bool { return g.Match(s.String()) })
			}) {
				r.fault(item.get("scopes").at, "no rule of approvals matches delete in %s, so this could never be asked for; add a rule or leave the scope out", s)
			}
		}
		out = append(out, c)
	}
	return out
}
