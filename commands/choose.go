package commands

import (
	"errors"
	"slices"
	"strings"

	"runnerdesk/internal/fleet"
)

// This file reads the commands that name or choose runners.

func (p *parser) list() error {
	words, err := p.tokens(false)
	if err != nil {
		return err
	}
	words = p.takePage(words)
	if len(words) > 0 && words[0].is("all") {
		p.cmd.AllScopes, words = true, words[1:]
		if len(words) > 0 && p.isScope(words[0]) {
			return p.fail(fleet.Say("Name scopes, or say ", fleet.Code("all"), "."), "list "+sources(words), "list all")
		}
	}
	if words, err = p.takeScopes(words, len(p.c.Scopes)); err != nil {
		return err
	}
	if p.cmd.Filter, err = p.filter(words); err != nil {
		return err
	}
	p.useDefault()
	return nil
}

// filter reads the words of a filter, and suggests the nearest one for a wrong key.
func (p *parser) filter(words []token) (fleet.Filter, error) {
	f, err := fleet.ParseFilter(raws(words))
	if err == nil || errors.Is(err, fleet.ErrQuote) {
		return f, err
	}
	var near []string
	for i, t := range words {
		key := t.key()
		if key == "" || slices.Contains(fleet.FilterKeys, key) {
			continue
		}
		minus := ""
		if t.dashed() {
			minus = "-"
		}
		_, value, _ := strings.Cut(t.src, ":")
		for _, k := range Nearest(key, fleet.FilterKeys) {
			fixed := slices.Clone(words)
			fixed[i].src = minus + k + ":" + value
			near = append(near, p.again(append(p.scopeTokens(), fixed...)))
		}
	}
	return f, p.fail(fleet.Say(sentence(err.Error())), append(near, "help "+p.cmd.Name)...)
}

// sentence ends an error's text as people read it.
func sentence(text string) string { return strings.TrimSuffix(text, ".") + "." }

// plainName reports whether a word is a runner's name or id, and no pattern or filter.
func plainName(t token) bool {
	return !isFilter(t) && (t.quoted || !strings.Contains(t.text, "*"))
}

// isFilter reports whether a word reads as a filter and not as a name.
func isFilter(t token) bool { return t.dashed() || t.key() != "" }

func (p *parser) show() error {
	words, err := p.tokens(false)
	if err != nil {
		return err
	}
	if words, err = p.takeScopes(words, 1); err != nil {
		return err
	}
	switch scope := sources(p.scopeTokens()); {
	case len(words) == 0:
		return p.fail(fleet.Say("Which runner? Name it, or its id: ", p.typed("show NAME"), "."), "list "+scope)
	case len(words) > 1 || isFilter(words[0]):
		near := []string{"list " + scope + " " + sources(words)}
		if !slices.ContainsFunc(words, isFilter) {
			near = append(near, p.again(append(p.scopeTokens(), token{src: quote(joined(words))})))
			near = append(p.nearScopes(words), near...)
		}
		return p.fail(fleet.Say(fleet.Code("show"), " takes one runner: its name (in quotes, if it has spaces) or its id."), near...)
	case !plainName(words[0]):
		return p.fail(fleet.Say(fleet.Code("show"), " takes a whole name. For a pattern use ", p.typed("find"), "."), "find "+words[0].src, "list "+scope+" name:"+words[0].src)
	}
	p.cmd.Runners = []string{words[0].text}
	p.useDefault()
	return nil
}

// nearScopes are the commands in which the first word is the scope that it is near to.
func (p *parser) nearScopes(words []token) []string {
	if len(p.cmd.Scopes) > 0 {
		return nil
	}
	allowed := make([]string, len(p.c.Scopes))
	for i, s := range p.c.Scopes {
		allowed[i] = s.String()
	}
	var out []string
	for _, s := range Nearest(keyword(words[0].text), allowed) {
		out = append(out, p.again(append([]token{{src: s}}, words[1:]...)))
	}
	return out
}

func (p *parser) find() error {
	words, err := p.tokens(false)
	if err != nil {
		return err
	}
	words = p.takePage(words)
	switch {
	case len(words) == 0:
		return p.fail(fleet.Say("Find what? Give a name or a pattern: ", p.typed("find web-*"), "."), "list all")
	case len(words) > 1 || isFilter(words[0]) && !words[0].quoted:
		near := []string{"list all " + sources(words), "list " + sources(words)}
		if !slices.ContainsFunc(words, isFilter) {
			near = append(near, "find "+quote(joined(words)))
		}
		return p.fail(fleet.Say(fleet.Code("find"), " takes one name or pattern, in quotes if it has spaces. For more use ", p.typed("list all"), "."), near...)
	}
	p.cmd.Runners, p.cmd.AllScopes = []string{words[0].text}, true
	return nil
}

func (p *parser) delete() error {
	words, err := p.tokens(true)
	if err != nil {
		return err
	}
	if words, err = p.takeScopes(words, 1); err != nil {
		return err
	}
	var runners, filters []token
	for _, t := range words {
		if isFilter(t) {
			filters = append(filters, t)
		} else {
			runners = append(runners, t)
		}
	}
	switch {
	case len(words) == 0:
		return p.fail(fleet.Say("Which runners? Name them, or give at least one filter that selects: ", p.typed("delete web-1"), " or ", p.typed("delete offline:>3d"), "."),
			"list "+sources(p.scopeTokens()), "help delete")
	case len(runners) > 0 && len(filters) > 0:
		return p.fail(fleet.Say("Runners and filters don't mix. Name runners, or write everything as filters, as ", fleet.Code("name:web-1"), "."), p.asFilters(runners, filters))
	case len(filters) > 0:
		if p.cmd.Filter, err = p.filter(filters); err != nil {
			return err
		}
		if !p.cmd.Filter.Selects() {
			return p.fail(fleet.Say("Nothing here selects runners: a filter with ", fleet.Code("-"), " only leaves out, ", fleet.Code("*"), " takes all, and ",
				fleet.Code("sort:"), " only sorts. Add one that selects, such as ", fleet.Code("offline:>3d"), "."), "help delete")
		}
	default:
		return p.deleteNamed(runners)
	}
	p.useDefault()
	return nil
}

func (p *parser) deleteNamed(runners []token) error {
	for _, t := range runners {
		switch {
		case !t.quoted && fleet.IsState(t.text):
			return p.fail(fleet.Say(fleet.Code(t.text), " alone is read as a name here. To delete by status, write ", fleet.Code("status:"+t.text), "."), p.asFilters(runners, nil))
		case !plainName(t):
			return p.fail(fleet.Say("A pattern is a filter: write ", fleet.Code("name:"+t.text), "."), p.asFilters(runners, nil))
		}
		for _, name := range fleet.Values(t.raw) {
			if !slices.Contains(p.cmd.Runners, name) {
				p.cmd.Runners = append(p.cmd.Runners, name)
			}
		}
	}
	if len(p.cmd.Runners) == 0 {
		return p.fail(fleet.Say("Which runners? Name them, or give a filter."), "help delete")
	}
	p.useDefault()
	return nil
}

// asFilters writes the command anew with filters only.
func (p *parser) asFilters(runners, filters []token) string {
	var names []string
	words := p.scopeTokens()
	for _, t := range runners {
		if !t.quoted && fleet.IsState(t.text) {
			words = append(words, token{src: "status:" + t.src})
			continue
		}
		for _, name := range fleet.Values(t.raw) {
			names = append(names, quote(name))
		}
	}
	if len(names) > 0 {
		words = append(words, token{src: "name:" + strings.Join(names, ",")})
	}
	return p.again(append(words, filters...))
}
