package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"runnerdesk/internal/fleet"
)

// reader gathers faults while the tree is read. Each of its methods that reads a value
// reports what is wrong with it and tells whether it is good; a value that has a fault
// already is passed over in silence.
type reader struct {
	file   string
	hide   *hider
	faults Faults
	// warnings are what is hardly meant, and harms nothing
	warnings Faults

	server    fleet.Server
	checkCron func(expr, zone string) error
	scopes    []fleet.Scope // the configured ones, once they are read
}

func (r *reader) fault(at place, format string, args ...any) {
	r.faults = append(r.faults, r.found(at, format, args...))
}

func (r *reader) found(at place, format string, args ...any) Fault {
	what := strings.Map(oneLine, r.hide.clean(fmt.Sprintf(format, args...)))
	return Fault{strings.Map(oneLine, r.hide.clean(r.file)), at.line, at.column, what}
}

// oneLine keeps foreign text from breaking the line of a fault.
func oneLine(c rune) rune {
	if strconv.IsPrint(c) {
		return c
	}
	return ' '
}

// is checks the type of a value that is given.
func (r *reader) is(n *node, want kind, name, like string) bool {
	switch n.kind {
	case want:
		return true
	case broken:
	case nothing:
		r.fault(n.at, "%s is empty; write %s, or leave the key out", name, like)
	default:
		r.fault(n.at, "%s must be %s and is %s; write %s", name, want, n.kind, like)
	}
	return false
}

// keys checks that n is a table which has no other keys than these, and none of those
// that must be there missing. Names that end in '!' must be there.
func (r *reader) keys(n *node, name string, names ...string) bool {
	if n.kind != table {
		return r.is(n, table, name, "keys and values")
	}
	known := make([]string, len(names))
	for i, key := range names {
		known[i] = strings.TrimSuffix(key, "!")
	}
	for _, p := range n.pairs {
		if !slices.Contains(known, p.key) && !strings.HasPrefix(p.key, "x-") {
			r.fault(p.at, "unknown key %s; the keys of %s are %s", quoted(p.key), name, strings.Join(known, ", "))
		}
	}
	for i, key := range names {
		if key != known[i] && n.get(known[i]) == nil {
			r.fault(n.at, "%s has no %s; add it", name, known[i])
		}
	}
	return true
}

// text reads a text that is not empty and stands on one line.
func (r *reader) text(n *node, name, like string) (string, bool) {
	if n == nil || !r.is(n, text, name, like) {
		return "", false
	}
	if strings.TrimSpace(n.text) == "" {
		r.fault(n.at, "%s is empty; write %s, or leave the key out", name, like)
		return "", false
	}
	if i := strings.IndexFunc(n.text, func(c rune) bool { return c != ' ' && !strconv.IsPrint(c) }); i >= 0 || len(n.text) > 500 {
		r.fault(n.at, "%s must be one line of at most 500 printable characters", name)
		return "", false
	}
	return n.text, true
}

// word reads one of a few words.
func (r *reader) word(n *node, name string, words ...string) (string, bool) {
	choice := strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	w, ok := r.text(n, name, choice)
	if ok && !slices.Contains(words, w) {
		r.fault(n.at, "%s is %s; write %s", name, quoted(w), choice)
		return "", false
	}
	return w, ok
}

// number reads a whole number between least and most.
func (r *reader) number(n *node, name string, least, most int, to *int) {
	like := fmt.Sprintf("a whole number from %d to %d", least, most)
	if n == nil || !r.is(n, integer, name, like) {
		return
	}
	v, err := strconv.Atoi(n.text)
	if err != nil || v < least || v > most || strconv.Itoa(v) != n.text {
		r.fault(n.at, "%s is %s; write %s", name, quoted(n.text), like)
		return
	}
	*to = v
}

func (r *reader) boolean(n *node, name string, to *bool) {
	if n != nil && r.is(n, boolean, name, "true or false") {
		*to = n.text == "true"
	}
}

// duration reads a time between least and most, and reports whether it is one.
func (r *reader) duration(n *node, name string, least, most time.Duration, to *time.Duration) bool {
	if n == nil {
		return false
	}
	if n.kind == integer || n.kind == decimal {
		r.fault(n.at, "%s has no unit; write a duration such as 30m, 12h or 7d", name)
		return false
	}
	value, ok := r.text(n, name, "a duration such as 30m, 12h or 7d")
	if !ok {
		return false
	}
	d, err := fleet.ParseDuration(value)
	switch {
	case err != nil:
		r.fault(n.at, "%s is %s; write a duration such as 30m, 12h or 7d", name, quoted(value))
	case d < least:
		r.fault(n.at, "%s is %s; at least %s is needed", name, quoted(value), fleet.FormatDuration(least))
	case d > most:
		r.fault(n.at, "%s is %s; at most %s is possible", name, quoted(value), fleet.FormatDuration(most))
	default:
		*to = d
		return true
	}
	return false
}

// items reads a list and gives its items. An empty list is a fault where it would mean
// something else than a missing one: filled says so.
func (r *reader) items(n *node, name, like string, filled bool) []*node {
	if n == nil || !r.is(n, list, name, like) {
		return nil
	}
	if filled && len(n.items) == 0 {
		r.fault(n.at, "%s is an empty list; write %s", name, like)
	}
	return n.items
}

// texts reads a list of texts, each good by check and given once. check returns what
// is wrong with a text, or "".
func (r *reader) texts(n *node, name, like string, filled bool, check func(string) string) (out []string, whole bool) {
	if n == nil {
		return nil, false
	}
	before := len(r.faults)
	for _, item := range r.items(n, name, like, filled) {
		value, ok := r.text(item, "an entry of "+name, like)
		if !ok {
			continue
		}
		if wrong := check(value); wrong != "" {
			r.fault(item.at, "%s", wrong)
			continue
		}
		if slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, value) }) {
			r.fault(item.at, "%s is listed twice in %s; keep one", quoted(value), name)
			continue
		}
		out = append(out, value)
	}
	return out, n.kind == list && len(r.faults) == before
}

// label checks a label's name. GitHub's are at most 256 long.
func label(value string) string {
	if len(value) > 256 {
		return "a label is at most 256 characters long"
	}
	return ""
}

// name reads the required name of an entry, once among those in taken.
func (r *reader) name(n *node, taken map[string]bool) string {
	value, ok := r.text(n, "name", "a short name")
	if !ok {
		return ""
	}
	if len([]rune(value)) > 75 {
		r.fault(n.at, "name is longer than 75 characters; shorten it")
		return ""
	}
	key := strings.ToLower(value)
	if taken[key] {
		r.fault(n.at, "the name %s is taken by an entry above; give each its own", quoted(value))
	}
	taken[key] = true
	return value
}
