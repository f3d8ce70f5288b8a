package config

import (
	"net"
	"regexp"
	"strconv"
	"strings"
)

// Slack's command names are lower case and at most 32 characters long.
// https://docs.slack.dev/interactivity/implementing-slash-commands
var commandShape = regexp.MustCompile(`^/[a-z0-9_-]{1,31}$`)

func (r *reader) command(n *node, to *string) {
	const like = "the slash command's name, such as /runners, in small letters"
	value, ok := r.text(n, "command", like)
	if ok && !commandShape.MatchString(value) {
		r.fault(n.at, "command is %s; write %s", quoted(value), like)
	} else if ok {
		*to = value
	}
}

// listen reads an address; "" turns listening off.
func (r *reader) listen(n *node, to *string) {
	const like = `HOST:PORT such as 127.0.0.1:8080, or "" to turn it off`
	if n == nil || !r.is(n, text, "listen", like) {
		return
	}
	if n.text != "" && !hostPort(n.text) {
		r.fault(n.at, "listen is %s; write %s", quoted(n.text), like)
		return
	}
	*to = n.text
}

var hostShape = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)

// hostPort reports whether a server could listen there. An empty host is all of this
// machine's addresses.
func hostPort(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	bare, _, _ := strings.Cut(host, "%") // an IPv6 zone
	return err == nil && strconv.FormatUint(n, 10) == port &&
		(host == "" || net.ParseIP(bare) != nil || hostShape.MatchString(host))
}

func (r *reader) operators(n *node, to *Operators) {
	if n == nil || !r.keys(n, "operators", "channel", "people") {
		return
	}
	to.Channel = r.channel(n.get("channel"), "channel")
	to.People = r.named(n.get("people"), "people")
	if n.get("channel") == nil && n.get("people") == nil {
		r.fault(n.at, "operators names nobody; give a channel, people, or both")
	}
}
