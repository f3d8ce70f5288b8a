package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"runnerdesk/internal/fleet"
)

// resolve finds the one runner that a person means by an id or a name. A name that
// stands for several is never guessed.
func (d *Desk) resolve(ctx context.Context, m member, c Command, text string) (fleet.Record, error) {
	scopes := c.Scopes
	named := len(scopes) > 0
	if named {
		if _, err := d.may(ctx, m, View, scopes[0], nil); err != nil {
			return fleet.Record{}, err
		}
	} else {
		var err error
		if scopes, err = d.visible(ctx, m, d.Scopes); err != nil {
			return fleet.Record{}, err
		}
	}
	stocks, err := d.stocks(ctx, scopes)
	if err != nil {
		return fleet.Record{}, err
	}
	hits := matching(stocks, text)
	switch {
	case len(hits) == 1 && named:
		return hits[0], nil
	case len(hits) == 1 && c.Name == "show":
		return hits[0], nil
	case len(hits) == 1:
		return fleet.Record{}, &refused{
			text:    fleet.Say("No scope was named. ", fleet.Code(hits[0].Runner.Name), " is a runner of the ", hits[0].Scope.Words(), ". Is that the one?"),
			suggest: d.inScopes(c, hits),
		}
	case len(hits) > 1:
		return fleet.Record{}, &refused{
			text:    fleet.Say(fleet.Code(text), " stands for several runners. Which one?"),
			suggest: d.inScopes(c, hits),
		}
	}
	if id, err := strconv.ParseInt(text, 10, 64); err == nil && id > 0 && named {
		return d.byID(ctx, scopes[0], id)
	}
	for _, s := range stocks {
		if s.reading.Problem != nil {
			return fleet.Record{}, &refused{text: fleet.Say("No runner named ", fleet.Code(text), " is known, and ", fleet.Code(s.reading.Scope.String()), " can't be read: ", s.reading.Problem.What)}
		}
	}
	n := d.noSuchRunner(text, stocks)
	for i := range n.Suggest {
		n.Suggest[i].Command = c.Name + strings.TrimPrefix(n.Suggest[i].Command, "show")
	}
	if c.Name == "delete" {
		n.Suggest = nil // a wrong guess is too easily pressed
	}
	return fleet.Record{}, &refused{text: n.Text, suggest: n.Suggest}
}

// matching are the runners that text names: by id, or by the whole name without case.
func matching(stocks []stock, text string) []fleet.Record {
	var hits []fleet.Record
	for _, s := range stocks {
		for _, r := range s.records {
			if strings.EqualFold(r.Runner.Name, text) || strconv.FormatInt(r.Runner.ID, 10) == text {
				hits = append(hits, r)
			}
		}
	}
	return hits
}

// byID asks GitHub for a runner that the last reading did not have.
func (d *Desk) byID(ctx context.Context, scope fleet.Scope, id int64) (fleet.Record, error) {
	r, err := d.GitHub.Get(ctx, scope, id)
	if err != nil {
		return fleet.Record{}, err
	}
	return fleet.Record{Scope: scope, Runner: r}, nil
}

// inScopes are buttons that run the command again for one runner each.
func (d *Desk) inScopes(c Command, hits []fleet.Record) []fleet.Suggestion {
	var out []fleet.Suggestion
	_, reason := cutReason(c.Text)
	for _, h := range hits[:min(len(hits), 5)] {
		out = append(out, fleet.Suggestion{
			Label:   fmt.Sprintf("%s in %s", h.Runner.Name, h.Scope),
			Command: fmt.Sprintf("%s %s %d", c.Name, h.Scope, h.Runner.ID) + reason,
		})
	}
	return out
}

// cutReason cuts a text before its reason. The reason is as it was typed, with its word in
// front, so that the text can be put together again.
func cutReason(text string) (command, reason string) {
	for at := 0; at < len(text); {
		word, _, _ := strings.Cut(text[at:], " ")
		if strings.EqualFold(word, "because") {
			return strings.TrimSpace(text[:at]), " " + text[at:]
		}
		at += len(word) + 1
	}
	return text, ""
}

// noSuchRunner says so, and names the nearest.
func (d *Desk) noSuchRunner(name string, stocks []stock) fleet.Notice {
	var names []string
	scopeOf := map[string]fleet.Record{}
	for _, s := range stocks {
		for _, r := range s.records {
			names = append(names, r.Runner.Name)
			scopeOf[r.Runner.Name] = r
		}
	}
	n := fleet.Notice{Kind: fleet.Refused, Text: fleet.Say("No runner is named ", fleet.Code(name), ". ", fleet.Code(d.Command+" find NAME"), " looks in every scope, and takes ", fleet.Code("*"), ".")}
	for _, near := range Nearest(name, names) {
		r := scopeOf[near]
		n.Suggest = append(n.Suggest, fleet.Suggestion{Label: near, Command: fmt.Sprintf("show %s %d", r.Scope, r.Runner.ID)})
	}
	return n
}
