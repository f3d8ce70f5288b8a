package commands

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"runnerdesk/internal/fleet"
)

// Parse reads what a person typed. The error is a *SyntaxError: nothing was done, and
// its text says what would be right. Every scope in the Command is one of c.Scopes.
func Parse(text string, c Context) (Command, error) { return parse(text, c, false) }

// parser reads one text.
type parser struct {
	c     Context
	scan  scanner
	word  string // the command's word as typed
	text  string // from that word on
	cmd   Command
	trial bool // a suggestion is tried out: make no further ones
}

func parse(text string, c Context, trial bool) (Command, error) {
	p := &parser{c: c, trial: trial}
	if len(text) > 16*maxText {
		return Command{}, p.fail(tooMuch)
	}
	text = Normalize(text)
	if tooLong(text) {
		return Command{}, p.fail(tooMuch)
	}
	p.scan.rest = text
	if err := p.read(); err != nil {
		if errors.Is(err, fleet.ErrQuote) {
			err = p.fail(fleet.Say("A quote (", fleet.Code(`"`), ") is not closed. Close it, or leave it out."))
		}
		return Command{}, err
	}
	p.cmd.Text = p.text
	return p.cmd, nil
}

var tooMuch = fleet.Say("That is longer than 2,000 characters, so it was not read. Say it in fewer; for many runners use a filter.")

func (p *parser) read() error {
	first, ok, err := p.scan.next()
	// The text may begin with the slash command itself.
	for err == nil && ok && !first.quoted && p.c.Command != "" && strings.EqualFold(first.text, p.c.Command) {
		first, ok, err = p.scan.next()
	}
	if err != nil {
		return err
	}
	if !ok {
		p.cmd.Name = "status"
		return nil
	}
	p.word = keyword(first.text)
	p.text = strings.TrimSpace(first.src + " " + strings.TrimSpace(p.scan.rest))
	switch p.cmd.Name = canonical(p.word); p.cmd.Name {
	case "help":
		return p.help()
	case "status", "downloads", "remove-token":
		return p.oneScope()
	case "list":
		return p.list()
	case "show":
		return p.show()
	case "find":
		return p.find()
	case "register":
		return p.register()
	case "delete":
		return p.delete()
	case "requests":
		return p.requests()
	case "request", "approve", "deny", "cancel":
		return p.numbered()
	case "digest":
		return p.digest()
	case "mute", "unmute":
		return p.mute()
	case "alerts", "whoami", "about":
		return p.nothingElse()
	}
	if p.word == "remove" {
		return p.remove()
	}
	if first.dashed() {
		return p.fail(fleet.Say(fleet.Code(first.text), " is an option, and there are none. ", p.typed("help"), " explains the words."), "help")
	}
	return p.unknownCommand(first, strings.TrimSpace(p.scan.rest))
}

// tokens are the words up to "because", which takes the rest of the line as the reason
// where the command has one.
func (p *parser) tokens(reason bool) ([]token, error) {
	var out []token
	for {
		t, ok, err := p.scan.next()
		if err != nil || !ok {
			return out, err
		}
		switch {
		case t.is("because") || t.is("because:"):
			if !reason {
				return nil, p.fail(fleet.Say(fleet.Code(p.word), " takes no reason."), p.word+" "+sources(out))
			}
			p.cmd.Reason = strings.TrimSpace(unescape.Replace(p.scan.rest))
			if p.cmd.Reason == "" {
				return nil, p.fail(fleet.Say("Say why after ", fleet.Code("because"), ", or leave it out."), p.word+" "+sources(out))
			}
			return out, nil
		case t.quoted && t.text == "":
			return nil, p.fail(fleet.Say("There is nothing between the quotes. Leave them out."))
		case !t.quoted && strings.Trim(keyword(t.text), "-") == "":
			return nil, p.fail(fleet.Say(fleet.Code(t.text), " alone says nothing. Leave it out; a reason goes after ", fleet.Code("because"), "."))
		case strings.HasPrefix(t.raw, "--"):
			return nil, p.option(t, sources(out))
		}
		out = append(out, t)
	}
}

// option refuses --force and the like, which must never seem to work.
func (p *parser) option(t token, before string) error {
	word := strings.TrimLeft(t.raw, "-")
	if key, ok := fleet.FilterKey(word); ok && slices.Contains(fleet.FilterKeys, key) {
		src := strings.TrimLeft(t.src, "-")
		return p.fail(fleet.Say("Two hyphens mean nothing here: ", fleet.Code(word), " takes these, and ", fleet.Code("-"+word), " takes all but these."),
			p.word+" "+before+" "+src, p.word+" "+before+" -"+src)
	}
	return p.fail(fleet.Say(fleet.Code(t.text), " is an option, and there are none. ", p.typed("help "+p.cmd.Name), " names what may be said."), "help "+p.cmd.Name)
}

var scheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://`)

// scope reads a token as a configured scope.
func (p *parser) scope(t token) (fleet.Scope, bool) {
	if t.quoted {
		return fleet.Scope{}, false
	}
	text := keyword(strings.TrimSuffix(t.text, ","))
	if p.c.Server.Host() != "" && strings.HasPrefix(text, p.c.Server.Host()+"/") {
		text = p.c.Server.Scheme() + "://" + text // as Slack shows links that it made itself
	}
	s, err := fleet.ParseScope(p.c.Server, text)
	if err != nil || !slices.Contains(p.c.Scopes, s) {
		return fleet.Scope{}, false
	}
	return s, true
}

func (p *parser) isScope(t token) bool {
	_, ok := p.scope(t)
	return ok
}

// looksLikeScope tells a scope that is not configured from a name: only scopes and
// addresses have a slash outside of quotes.
func looksLikeScope(t token) bool {
	if t.quoted || t.dashed() || slices.Contains(fleet.FilterKeys, t.key()) {
		return false
	}
	return strings.ContainsAny(t.text, `/\`) || scheme.MatchString(keyword(t.text))
}

// takeScopes takes the scopes off the front, at most some, and refuses what looks like
// one but is none.
func (p *parser) takeScopes(tokens []token, most int) ([]token, error) {
	all := tokens
	for len(tokens) > 0 && len(p.cmd.Scopes) < most {
		s, ok := p.scope(tokens[0])
		if !ok {
			break
		}
		if !slices.Contains(p.cmd.Scopes, s) {
			p.cmd.Scopes = append(p.cmd.Scopes, s)
		}
		tokens = tokens[1:]
	}
	taken := len(all) - len(tokens)
	for i, t := range tokens {
		switch {
		case !looksLikeScope(t):
			continue
		case !p.isScope(t):
			return nil, p.refuseScope(t, func(scope string) string {
				return p.again(slices.Concat(all[:taken+i], []token{{src: scope}}, tokens[i+1:]))
			})
		case taken == most:
			return nil, p.fail(fleet.Say("Name one scope at a time."), p.again(slices.Concat(all[:taken], tokens[:i], tokens[i+1:])))
		}
		return nil, p.fail(fleet.Say("Put the scope first."), p.again(slices.Concat([]token{t}, all[:taken+i], tokens[i+1:])))
	}
	return tokens, nil
}

// again is the command once more with other words, and the same reason.
func (p *parser) again(tokens []token) string {
	text := p.word + " " + sources(tokens)
	if p.cmd.Reason != "" {
		text += " because " + reescape.Replace(p.cmd.Reason)
	}
	return text
}

// useDefault fills in the scope that was left out.
func (p *parser) useDefault() {
	if len(p.cmd.Scopes) == 0 && !p.cmd.AllScopes {
		p.cmd.Scopes = p.c.defaultScope()
	}
}

// nothingElse refuses further words.
func (p *parser) nothingElse() error {
	more, err := p.tokens(false)
	if err != nil || len(more) == 0 {
		return err
	}
	return p.extra(more[0], p.word)
}

// extra refuses a word that the command has no place for.
func (p *parser) extra(t token, suggest ...string) error {
	return p.fail(fleet.Say(fleet.Code(t.text), " is one word too many. ", p.typed("help "+p.cmd.Name), " shows how it is written."), append(suggest, "help "+p.cmd.Name)...)
}

// requestNumber reads 42 or #42.
func requestNumber(t token) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimPrefix(t.text, "#"), 10, 32)
	return n, err == nil && n > 0 && !strings.ContainsAny(t.text, "+-")
}
