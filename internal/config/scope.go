package config

import (
	"errors"
	"slices"
	"strings"

	"runnerdesk/internal/fleet"
)

// scopeList reads the scopes that exist for the bot.
func (r *reader) scopeList(n *node) []fleet.Scope {
	var out []fleet.Scope
	for _, item := range r.items(n, "scopes", "a list such as [octo-org, octo-org/octo-repo]", true) {
		s, ok := r.parseScope(item, "an entry of scopes")
		if !ok {
			continue
		}
		if slices.Contains(out, s) {
			r.fault(item.at, "%s is listed twice in scopes; keep one", s)
			continue
		}
		out = append(out, s)
	}
	return out
}

func (r *reader) parseScope(n *node, name string) (fleet.Scope, bool) {
	value, ok := r.text(n, name, "enterprises/SLUG, ORG or OWNER/REPO")
	if !ok {
		return fleet.Scope{}, false
	}
	s, err := fleet.ParseScope(r.server, value)
	if err != nil {
		why := strings.TrimPrefix(err.Error(), fleet.ErrScope.Error()+": ")
		if !errors.Is(err, fleet.ErrScope) || !strings.Contains(why, "write ") {
			why += "; write enterprises/SLUG, ORG or OWNER/REPO"
		}
		r.fault(n.at, "%s is not a scope: %s", name, why)
		return fleet.Scope{}, false
	}
	return s, true
}

// scope reads one of the configured scopes.
func (r *reader) scope(n *node, name string) fleet.Scope {
	if n == nil {
		return fleet.Scope{}
	}
	s, ok := r.parseScope(n, name)
	if !ok || !r.configured(n, s) {
		return fleet.Scope{}
	}
	return s
}

// configured reports whether s is among the configured scopes. Nothing is said when
// there are none, which is a fault of its own.
func (r *reader) configured(n *node, s fleet.Scope) bool {
	if len(r.scopes) == 0 || slices.Contains(r.scopes, s) {
		return true
	}
	r.fault(n.at, "%s is not among scopes; add it there, or take one of %s", s, r.names())
	return false
}

// names lists the configured scopes, not all of many.
func (r *reader) names() string {
	const most = 8
	var names []string
	for _, s := range r.scopes[:min(len(r.scopes), most)] {
		names = append(names, s.String())
	}
	if len(r.scopes) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// globs reads patterns over the configured scopes. One that matches none of them is a
// fault, since what it stands for could never happen. What has no star is a scope, and
// is kept in its canonical form.
func (r *reader) globs(n *node, name string) []fleet.Glob {
	var out []fleet.Glob
	for _, item := range r.items(n, name, `a list of scopes such as [octo-org], or ["*"] for all`, true) {
		value, ok := r.text(item, "an entry of "+name, `a scope or a pattern such as octo-org/*`)
		if !ok {
			continue
		}
		glob := fleet.Glob(value)
		if !strings.Contains(value, "*") {
			s, ok := r.parseScope(item, "an entry of "+name)
			if !ok || !r.configured(item, s) {
				continue
			}
			glob = fleet.Glob(s.String())
		} else if len(r.scopes) > 0 && len(r.matching([]fleet.Glob{glob})) == 0 {
			r.fault(item.at, "%s matches no configured scope; those are %s", quoted(value), r.names())
			continue
		}
		if slices.ContainsFunc(out, func(g fleet.Glob) bool { return strings.EqualFold(string(g), string(glob)) }) {
			r.fault(item.at, "%s is listed twice in %s; keep one", quoted(value), name)
			continue
		}
		out = append(out, glob)
	}
	return out
}

// matching are the configured scopes that any of the globs matches, in their own order.
func (r *reader) matching(globs []fleet.Glob) []fleet.Scope {
	var out []fleet.Scope
	for _, s := range r.scopes {
		if slices.ContainsFunc(globs, func(g fleet.Glob) bool { return g.Match(s.String()) }) {
			out = append(out, s)
		}
	}
	return out
}

// channelDefaults reads the scope that each channel means when none is named.
func (r *reader) channelDefaults(n *node, to map[string]fleet.Scope) {
	if n == nil || !r.is(n, table, "channels", "channel ids with keys below them") {
		return
	}
	for _, p := range n.pairs {
		if strings.HasPrefix(p.key, "x-") {
			continue
		}
		if !channelShape.MatchString(p.key) {
			r.fault(p.at, "%s is not a channel's id; write C… as the channel's About tab shows it", quoted(p.key))
		}
		if r.keys(p.value, "a channel", "default_scope!") && p.value.get("default_scope") != nil {
			r.channelDefault(p.value.get("default_scope"), p.key, to)
		}
	}
}

// channelDefault reads one channel's default. One that is not configured is no fault, as
// the channel then simply has no default; it is a warning, since that is hardly meant.
func (r *reader) channelDefault(n *node, channel string, to map[string]fleet.Scope) {
	s, ok := r.parseScope(n, "default_scope")
	switch {
	case !ok:
	case len(r.scopes) > 0 && !slices.Contains(r.scopes, s):
		r.warnings = append(r.warnings, r.found(n.at, "%s is not among scopes, so %s has no default; add it there, or take one of %s", s, channel, r.names()))
	default:
		to[channel] = s
	}
}
