package commands

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"runnerdesk/internal/fleet"
)

// This file reads the words behind each command that asks and answers; those that name
// runners are in choose.go.

func (p *parser) help() error {
	words, err := p.tokens(false)
	if err != nil || len(words) == 0 {
		return err
	}
	topic := keyword(strings.ReplaceAll(sources(words), " ", "-"))
	if topic == "remove" {
		return p.remove()
	}
	if p.cmd.Topic = canonical(topic); p.cmd.Topic != "" {
		return nil
	}
	var near []string
	for _, word := range Nearest(topic, commandWords()) {
		near = append(near, "help "+word)
	}
	return p.fail(fleet.Say(fleet.Code(topic), " is not a command. ", p.typed("help"), " names them all."), append(near, "help")...)
}

// remove asks which is meant.
func (p *parser) remove() error {
	rest := strings.TrimSpace(p.scan.rest)
	near := []string{"delete " + rest, "remove-token " + rest}
	if first, more, err := fleet.NextWord(rest); err == nil && keyword(first) == "token" {
		near = []string{"remove-token " + more}
	}
	return p.fail(fleet.Say(fleet.Code("remove"), " can mean two things. ", p.typed("delete RUNNER"), " deletes it from GitHub; ",
		p.typed("remove-token"), " gives a token with which the machine removes itself. Which one?"),
		append(near, "help delete", "help remove-token")...)
}

// oneScope reads what takes a scope and little else: status, downloads, remove-token.
func (p *parser) oneScope() error {
	words, err := p.tokens(p.cmd.Name == "remove-token")
	if err != nil {
		return err
	}
	if p.cmd.Name == "status" && len(words) == 1 && words[0].is("all") {
		return nil
	}
	if words, err = p.takeScopes(words, 1); err != nil {
		return err
	}
	for i, t := range words {
		switch {
		case p.cmd.Name == "downloads" && t.key() == "os" && !t.dashed():
			p.cmd.OS, err = p.choice(t, p.cmd.OS, systems, "linux, osx or win")
		case p.cmd.Name == "downloads" && t.key() == "arch" && !t.dashed():
			p.cmd.Arch, err = p.choice(t, p.cmd.Arch, architectures, "x64, arm or arm64")
		default:
			err = p.misplaced(t, words, i)
		}
		if err != nil {
			return err
		}
	}
	if p.cmd.Name != "status" {
		p.useDefault()
	}
	return nil
}

// The names that GitHub gives to its runner applications, by those that people use.
// https://docs.github.com/en/rest/actions/self-hosted-runners
var (
	systems = map[string]string{
		"linux": "linux", "osx": "osx", "mac": "osx", "macos": "osx", "darwin": "osx", "win": "win", "windows": "win",
	}
	architectures = map[string]string{
		"x64": "x64", "amd64": "x64", "x86_64": "x64", "arm": "arm", "arm32": "arm", "arm64": "arm64", "aarch64": "arm64",
	}
)

func (p *parser) choice(t token, had string, known map[string]string, list string) (string, error) {
	value, ok := known[keyword(strings.ReplaceAll(t.value(), `"`, ""))]
	if !ok || had != "" {
		return "", p.fail(fleet.Say(fleet.Code(t.key()+":"), " takes one of "+list+", once."), p.word)
	}
	return value, nil
}

// misplaced explains a word where at most a scope fits.
func (p *parser) misplaced(t token, words []token, i int) error {
	rest := slices.Concat(words[:i], words[i+1:])
	switch {
	case p.cmd.Name == "downloads" && systems[keyword(t.text)] != "":
		return p.fail(fleet.Say("Write ", fleet.Code("os:"+t.text), "."), p.again(append(rest, token{src: "os:" + t.src})))
	case p.cmd.Name == "downloads" && architectures[keyword(t.text)] != "":
		return p.fail(fleet.Say("Write ", fleet.Code("arch:"+t.text), "."), p.again(append(rest, token{src: "arch:" + t.src})))
	case p.cmd.Name == "status" && (fleet.IsState(t.text) || slices.Contains(fleet.FilterKeys, t.key())):
		return p.fail(fleet.Say(fleet.Code("status"), " counts whole scopes. To choose runners, use ", p.typed("list"), "."), "list "+sources(p.scopeTokens())+" "+sources(words))
	case p.isScope(t):
		return p.fail(fleet.Say("Name one scope at a time."), p.again(append(rest, t)), p.again(append(p.scopeTokens(), rest...)))
	case t.key() != "" || len(p.cmd.Scopes) > 0:
		return p.extra(t, p.again(append(p.scopeTokens(), rest...)))
	}
	return p.refuseScope(t, func(scope string) string { return p.again(append([]token{{src: scope}}, rest...)) })
}

// scopeTokens are the scopes that were read, as words.
func (p *parser) scopeTokens() []token {
	out := make([]token, len(p.cmd.Scopes))
	for i, s := range p.cmd.Scopes {
		out[i] = token{src: s.String()}
	}
	return out
}

func (p *parser) register() error {
	words, err := p.tokens(true)
	if err != nil {
		return err
	}
	if words, err = p.takeScopes(words, 1); err != nil {
		return err
	}
	for i, t := range words {
		key := t.key()
		switch {
		case t.dashed() || key != "label" && key != "labels" && key != "group":
			return p.misplaced(t, words, i)
		case key == "group":
			if p.cmd.Group != "" {
				return p.fail(fleet.Say("A runner is in one group; name one."))
			}
			if p.cmd.Group = strings.TrimSpace(strings.ReplaceAll(t.value(), `"`, "")); p.cmd.Group == "" {
				return p.fail(fleet.Say("Name the group behind ", fleet.Code("group:"), ", without a space."))
			}
		default:
			labels := fleet.Values(t.value())
			if len(labels) == 0 {
				return p.fail(fleet.Say("Name the labels behind ", fleet.Code("labels:"), ", without spaces: ", fleet.Code("labels:gpu,linux"), "."))
			}
			for _, l := range labels {
				if strings.Contains(l, ",") {
					return p.fail(fleet.Say("A label can't hold a comma."))
				}
				if !slices.ContainsFunc(p.cmd.Labels, func(had string) bool { return strings.EqualFold(had, l) }) {
					p.cmd.Labels = append(p.cmd.Labels, l)
				}
			}
		}
	}
	p.useDefault()
	return nil
}

func (p *parser) requests() error {
	words, err := p.tokens(false)
	if err != nil || len(words) == 0 {
		return err
	}
	which := keyword(words[0].text)
	_, number := requestNumber(words[0])
	switch {
	case number:
		return p.fail(fleet.Say("One request is ", p.typed("request "+words[0].text), "."), "request "+words[0].src)
	case !slices.Contains([]string{"open", "mine", "all"}, which):
		near := []string{"requests"}
		for _, word := range Nearest(which, []string{"open", "mine", "all"}) {
			near = append([]string{"requests " + word}, near...)
		}
		return p.fail(fleet.Say(fleet.Code(words[0].text), " is not known here. Requests are ", fleet.Code("open"), ", ", fleet.Code("mine"), " or ", fleet.Code("all"), "."), near...)
	case len(words) > 1:
		return p.extra(words[1], "requests "+which)
	}
	p.cmd.Which = which
	return nil
}

// numbered reads the commands about one request.
func (p *parser) numbered() error {
	t, ok, err := p.scan.next()
	if err != nil {
		return err
	}
	if !ok {
		return p.fail(fleet.Say("Which request? Name its number, as in ", p.typed(p.word+" 42"), "."), "requests")
	}
	if p.cmd.Request, ok = requestNumber(t); !ok {
		near := []string{"requests"}
		if p.cmd.Name == "request" {
			near = []string{"requests " + t.src, "requests"}
		}
		return p.fail(fleet.Say(fleet.Code(t.text), " is not the number of a request. Write it as ", p.typed(p.word+" 42"), "; ", p.typed("requests"), " shows the numbers."), near...)
	}
	if p.cmd.Name != "deny" {
		number := p.word + " " + t.src
		more, err := p.tokens(false)
		if err != nil || len(more) == 0 {
			return err
		}
		return p.extra(more[0], number)
	}
	rest := strings.TrimSpace(p.scan.rest)
	if first, more, err := fleet.NextWord(rest); err == nil && strings.TrimSuffix(keyword(first), ":") == "because" {
		rest = strings.TrimSpace(more)
	}
	p.cmd.Reason = unescape.Replace(rest)
	return nil
}

func (p *parser) digest() error {
	words, err := p.tokens(false)
	if err != nil || len(words) == 0 {
		return err
	}
	if !words[0].is("now") {
		return p.fail(fleet.Say("To see a digest here, write ", p.typed("digest now NAME"), "."), "digest now "+sources(words), "digest")
	}
	p.cmd.Now, p.cmd.Topic = true, joined(words[1:])
	return nil
}

// mute reads a name, which may be several words, and for mute how long.
func (p *parser) mute() error {
	words, err := p.tokens(false)
	if err != nil {
		return err
	}
	if last := len(words) - 1; p.cmd.Name == "mute" && last > 0 && !words[last].quoted {
		if d, err := fleet.ParseDuration(keyword(words[last].text)); err == nil {
			if d <= 0 {
				return p.fail(fleet.Say("Mute for longer than that: ", fleet.Code("2h"), ", say."))
			}
			p.cmd.Duration, words = d, words[:last]
		}
	}
	if len(words) == 0 {
		return p.fail(fleet.Say("Which alert? ", p.typed("alerts"), " names them."), "alerts")
	}
	p.cmd.Topic = joined(words)
	return nil
}

func joined(words []token) string {
	texts := make([]string, len(words))
	for i, t := range words {
		texts[i] = t.text
	}
	return strings.Join(texts, " ")
}

var pageWord = regexp.MustCompile(`^page:([0-9]{1,6})$`)

// takePage takes out "page:2", which the buttons of a list add.
func (p *parser) takePage(words []token) []token {
	return slices.DeleteFunc(words, func(t token) bool {
		m := pageWord.FindStringSubmatch(keyword(t.raw))
		if m != nil {
			p.cmd.Page, _ = strconv.Atoi(m[1])
		}
		return m != nil
	})
}
