package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"runnerdesk/internal/fleet"
)

// justRead is how old a reading may be to be believed about a runner that it lacks.
const justRead = 10 * time.Second

// one finds the runner that "show" is about.
func (d *Desk) one(ctx context.Context, m member, c Command) (fleet.Record, error) {
	if len(c.Scopes) > 0 {
		found, err := d.resolve(ctx, c)
		if err != nil {
			return fleet.Record{}, err
		}
		return found[0], nil
	}
	stocks, err := d.search(ctx, m, c)
	if err != nil {
		return fleet.Record{}, err
	}
	var hits []fleet.Record
	for _, s := range stocks {
		hits = append(hits, s.named(c.Runners[0])...)
	}
	if meant(c.Runners[0], hits) {
		return hits[0], nil
	}
	return fleet.Record{}, d.whichScope(c, stocks)
}

// resolve finds the runners that a person means by ids and names in one scope, each
// once. A name that stands for several is never guessed.
func (d *Desk) resolve(ctx context.Context, c Command) ([]fleet.Record, error) {
	scope := c.Scopes[0]
	have, err := d.stock(ctx, scope, d.FreshFor)
	if err != nil {
		return nil, err
	}
	var found []fleet.Record
	for i, text := range c.Runners {
		hits := have.named(text)
		id, isID := runnerID(text)
		if len(hits) == 0 && !isID {
			// It may have come since the scope was read.
			if have, err = d.stock(ctx, scope, justRead); err != nil {
				return nil, err
			}
			hits = have.named(text)
		}
		switch {
		case len(hits) > 0 && !meant(text, hits):
			return nil, d.whichRunner(c, i, hits, have)
		case len(hits) == 0 && isID:
			r, err := d.byID(ctx, scope, id)
			if err != nil {
				return nil, err
			}
			hits = []fleet.Record{r}
		case len(hits) == 0:
			return nil, d.noRunner(c, text, []stock{have})
		}
		if !slices.ContainsFunc(found, func(r fleet.Record) bool { return r.Runner.ID == hits[0].Runner.ID }) {
			found = append(found, hits[0])
		}
	}
	return found, nil
}

// named are the runners that text names: by id, or by the whole name without case.
func (s stock) named(text string) []fleet.Record {
	var hits []fleet.Record
	for _, r := range s.records {
		if strings.EqualFold(r.Runner.Name, text) || strconv.FormatInt(r.Runner.ID, 10) == text {
			hits = append(hits, r)
		}
	}
	return hits
}

// meant reports whether hits are the one runner that text stands for. Digits are an id: a
// runner that is only named so may have come after the one that was meant, and is never
// taken for it.
func meant(text string, hits []fleet.Record) bool {
	return len(hits) == 1 && !namedAsID(text, hits[0])
}

func namedAsID(text string, r fleet.Record) bool {
	id, isID := runnerID(text)
	return isID && id != r.Runner.ID
}

// word is a word that names this runner and no other, or "".
func (s stock) word(r fleet.Record) string {
	for _, text := range []string{strconv.FormatInt(r.Runner.ID, 10), r.Runner.Name} {
		if meant(text, s.named(text)) {
			return quote(text)
		}
	}
	return ""
}

func runnerID(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0
}

// byID asks GitHub for a runner that the last reading did not have.
func (d *Desk) byID(ctx context.Context, scope fleet.Scope, id int64) (fleet.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	r, err := d.GitHub.Get(ctx, scope, id)
	if errors.Is(err, fleet.ErrNotFound) {
		return fleet.Record{}, refuse("GitHub has no runner with the id ", fleet.Code(fmt.Sprint(id)), " in ", fleet.Code(scope.String()), ". See what there is with ", fleet.Code(d.Command+" list "+scope.String()), ".")
	}
	return fleet.Record{Scope: scope, Runner: r}, err
}

// whichRunner asks which of several runners of a scope is meant by a word.
func (d *Desk) whichRunner(c Command, at int, hits []fleet.Record, have stock) error {
	ask := &refused{text: fleet.Say(fleet.Code(c.Runners[at]), " stands for several runners of ", fleet.Code(have.reading.Scope.String()), ". Which one?")}
	if len(hits) == 1 {
		ask.text = fleet.Say("No runner of ", fleet.Code(have.reading.Scope.String()), " is known by the id ", fleet.Code(c.Runners[at]), ", but one has it as its name. Is that the one?")
	}
	for _, h := range hits {
		if word := have.word(h); word != "" && len(ask.suggest) < maxSuggestions {
			ask.suggest = append(ask.suggest, fleet.Suggestion{Label: fmt.Sprintf("%s (id %d)", h.Runner.Name, h.Runner.ID), Command: again(c, h.Scope, at, word)})
		}
	}
	return ask
}

// again is the command once more in a scope, with one of its runners named by another
// word, and the same reason.
func again(c Command, scope fleet.Scope, at int, word string) string {
	words := []string{c.Name, scope.String()}
	for i, text := range c.Runners {
		if i == at {
			words = append(words, word)
		} else {
			words = append(words, quote(text))
		}
	}
	if c.Reason != "" {
		words = append(words, "because", reescape.Replace(c.Reason))
	}
	return strings.Join(words, " ")
}

// search looks through every scope that the member may see.
func (d *Desk) search(ctx context.Context, m member, c Command) ([]stock, error) {
	scopes, err := d.wanted(m, c)
	if err != nil {
		return nil, err
	}
	return d.stocks(ctx, scopes)
}

// whichScope asks in which scope the runners are meant, when none was named: one that
// has all of them is offered, but never taken for granted.
func (d *Desk) whichScope(c Command, stocks []stock) error {
	ask := &refused{}
	has := slices.Clone(stocks)
	for _, text := range c.Runners {
		left := slices.DeleteFunc(slices.Clone(has), func(s stock) bool { return len(s.named(text)) == 0 })
		switch {
		case len(left) > 0:
			has = left
			continue
		case !slices.ContainsFunc(stocks, func(s stock) bool { return len(s.named(text)) > 0 }):
			return d.noRunner(c, text, stocks)
		}
		return refuse("No scope has all of these runners. Ask for one scope at a time, and name it first: ", fleet.Code(d.Command+" "+c.Name+" SCOPE …"), ".")
	}
	hits := 0
	for _, s := range has {
		found := s.named(c.Runners[0])
		hits += len(found)
		if len(c.Runners) > 1 {
			found = found[:1] // the whole command is offered, once
		}
		for _, h := range found {
			label, word := fmt.Sprintf("%s in %s", h.Runner.Name, h.Scope), s.word(h)
			if len(c.Runners) > 1 {
				label, word = fmt.Sprintf("In %s", h.Scope), quote(c.Runners[0])
			}
			if word != "" && len(ask.suggest) < maxSuggestions {
				ask.suggest = append(ask.suggest, fleet.Suggestion{Label: label, Command: again(c, h.Scope, 0, word)})
			}
		}
	}
	switch {
	case len(c.Runners) > 1 && len(has) == 1:
		ask.text = fleet.Say("No scope was named. All of these are runners of the ", has[0].reading.Scope.Words(), ". Are they the ones?")
	case len(c.Runners) > 1:
		ask.text = fleet.Say("No scope was named, and several have such runners. Which one?")
	case hits == 1 && namedAsID(c.Runners[0], has[0].named(c.Runners[0])[0]):
		ask.text = fleet.Say("No scope was named, and no runner is known by the id ", fleet.Code(c.Runners[0]), ". But a runner of the ", has[0].reading.Scope.Words(), " has it as its name. Is that the one?")
	case hits == 1:
		ask.text = fleet.Say("No scope was named. ", fleet.Code(c.Runners[0]), " is a runner of the ", has[0].reading.Scope.Words(), ". Is that the one?")
	default:
		ask.text = fleet.Say(fleet.Code(c.Runners[0]), " stands for several runners. Which one?")
	}
	return ask
}

// noRunner says that there is none, and names the nearest. A scope that can't be read
// may have it all the same. Nobody is offered a guess to delete.
func (d *Desk) noRunner(c Command, text string, stocks []stock) error {
	no := &refused{text: fleet.Say("No runner is named ", fleet.Code(text))}
	if strings.Contains(text, "*") && c.Name == "find" {
		no.text = fleet.Say("No runner matches ", fleet.Code(text))
	}
	if len(stocks) == 1 {
		no.text = append(no.text, fleet.Say(" in ", fleet.Code(stocks[0].reading.Scope.String()))...)
	}
	no.text = append(no.text, fleet.Span{Text: "."})
	var names []string
	at := map[string]fleet.Record{}
	for _, s := range stocks {
		if p := s.reading.Problem; p != nil {
			no.text = append(no.text, fleet.Say(" But ", fleet.Code(s.reading.Scope.String()), " can't be read now, so it may have come meanwhile. ", p.What)...)
		}
		for _, r := range s.records {
			if _, is := at[r.Runner.Name]; !is {
				names = append(names, r.Runner.Name)
				at[r.Runner.Name] = r
			}
		}
	}
	near := Nearest(text, names)
	if len(near) == 0 && c.Name != "find" {
		no.text = append(no.text, fleet.Say(" ", fleet.Code(d.Command+" find NAME"), " looks in every scope, and takes ", fleet.Code("*"), ".")...)
	}
	for i, name := range near {
		if i == 0 {
			no.text = append(no.text, fleet.Span{Text: " Did you mean "})
		} else {
			no.text = append(no.text, fleet.Span{Text: " or "})
		}
		no.text = append(no.text, fleet.Code(name))
		if c.Name != "delete" {
			r := at[name]
			no.suggest = append(no.suggest, fleet.Suggestion{Label: name, Command: fmt.Sprintf("show %s %d", r.Scope, r.Runner.ID)})
		}
	}
	if len(near) > 0 {
		no.text = append(no.text, fleet.Span{Text: "?"})
	}
	return no
}
