package config

import (
	"regexp"

	"runnerdesk/internal/fleet"
)

// The ids that Slack gives: a letter for the kind, then capitals and digits.
// https://docs.slack.dev/reference/objects
var (
	channelShape = regexp.MustCompile(`^[CG][A-Z0-9]{1,20}$`)
	personShape  = regexp.MustCompile(`^[UW][A-Z0-9]{1,20}$`)
	groupShape   = regexp.MustCompile(`^S[A-Z0-9]{1,20}$`)
)

// people reads a list of those who are meant by ids, or by the word everyone.
func (r *reader) people(n *node, name string) (who []string, whole bool) {
	const like = "U… or W… for a person, S… for a user group, C… or G… for the members of a private channel, or everyone"
	return r.texts(n, name, like, true, func(value string) string {
		if value == fleet.Everyone || personShape.MatchString(value) || groupShape.MatchString(value) || channelShape.MatchString(value) {
			return ""
		}
		return quoted(value) + " in " + name + " names nobody; write " + like
	})
}

// named reads a list of those who are meant by ids alone, where everyone would be too
// many.
func (r *reader) named(n *node, name string) []string {
	const like = "U… or W… for a person, S… for a user group, or C… or G… for the members of a private channel"
	who, _ := r.texts(n, name, like, true, func(value string) string {
		switch {
		case value == fleet.Everyone:
			return name + " can't be everyone; write " + like
		case personShape.MatchString(value) || groupShape.MatchString(value) || channelShape.MatchString(value):
			return ""
		}
		return quoted(value) + " in " + name + " names nobody; write " + like
	})
	return who
}

// mentions reads people and groups whom a message can mention.
func (r *reader) mentions(n *node, name string) []string {
	const like = "U… or W… for a person, or S… for a user group"
	who, _ := r.texts(n, name, like, true, func(value string) string {
		if personShape.MatchString(value) || groupShape.MatchString(value) {
			return ""
		}
		return quoted(value) + " can't be mentioned; write " + like
	})
	return who
}

// channel reads a channel's id.
func (r *reader) channel(n *node, name string) string {
	const like = "a channel's id, C…, as the channel's About tab shows it"
	value, ok := r.text(n, name, like)
	if ok && !channelShape.MatchString(value) {
		r.fault(n.at, "%s is %s; write %s", name, quoted(value), like)
		return ""
	}
	return value
}
