package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"runnerdesk/internal/fleet"
)

// whoami says what the person may do, and what gives the right. Only scopes and rules
// that concern the person are named.
func (d *Desk) whoami(ctx context.Context, who Actor) (fleet.Answer, error) {
	m, err := d.member(ctx, who, viewAge)
	rights := fleet.Rights{Person: who.Person}
	if isUnsure(err) {
		return nil, err
	}
	if err != nil {
		why, _ := m.Member(d.Directory.Home())
		rights.Role = fleet.Say("You can do nothing here: ", why, ".")
		return rights, nil
	}
	rights.Role = fleet.Say("You are a full member of this workspace.")
	line := func(parts ...any) { rights.Lines = append(rights.Lines, fleet.Say(parts...)) }
	unknown, none := false, 0
	for _, s := range d.Scopes {
		by, err := d.may(ctx, m, Ask, s, nil)
		if err == nil {
			line(fleet.Code(s.String()), ": view and request, ", by.prose(), ".")
			continue
		}
		unknown = unknown || isUnsure(err)
		switch by, err = d.may(ctx, m, View, s, nil); {
		case err == nil:
			line(fleet.Code(s.String()), ": view, ", by.prose(), ".")
		case isUnsure(err):
			unknown = true
		default:
			none++
		}
	}
	switch {
	case none > 0 && none == len(d.Scopes):
		line("No line of ", fleet.Code("access:"), " lets you view or request anything.")
	case none > 0:
		line(fmt.Sprintf("Nothing in %d more of the configured scopes.", none))
	}
	for _, rule := range d.Policy.Rules {
		ref, err := d.among(ctx, m, rule.Approvers)
		unknown = unknown || err != nil && ref == ""
		if ref != "" && rule.Needed > 0 {
			line("You approve under rule ", fleet.Code(rule.Name), ", ", grounds{ref: ref}.prose(), ": ", actions(rule), fmt.Sprintf(", %d needed. Never your own requests.", rule.Needed))
		}
	}
	if d.Policy.ReadOnly {
		line(readOnly)
	}
	if unknown {
		rights.Problem = fleet.Say("Some groups could not be looked up, so you may be allowed more than this. Try again in a minute.")
	}
	return rights, nil
}

func actions(r fleet.Rule) string {
	words := make([]string, len(r.Actions))
	for i, a := range r.Actions {
		words[i] = string(a)
	}
	globs := make([]string, len(r.Scopes))
	for i, g := range r.Scopes {
		globs[i] = string(g)
	}
	text := strings.Join(words, ", ") + " in " + strings.Join(globs, ", ")
	if len(r.Labels) > 0 {
		text += " of runners labelled " + strings.Join(r.Labels, " or ")
	}
	return text
}

func (d *Desk) about(ctx context.Context, m member) (fleet.Answer, error) {
	a := d.Vitals(ctx)
	a.Now, a.Server, a.ReadOnly = d.Now(), d.Server.Host(), d.Policy.ReadOnly
	for _, s := range m.sees { // the rest may be seen by every member
		reading, err := d.Store.Reading(ctx, s)
		if err != nil {
			return nil, err
		}
		a.Readings = append(a.Readings, reading)
	}
	return a, nil
}

// digest lists the digests of scopes that may be viewed, or shows one with those alone.
func (d *Desk) digest(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	var seen []fleet.DigestPlan
	for _, p := range d.Digests.Plans(d.Now()) {
		p.Scopes = slices.DeleteFunc(slices.Clone(p.Scopes), func(s fleet.Scope) bool { return !slices.Contains(m.sees, s) })
		if len(p.Scopes) > 0 {
			seen = append(seen, p)
		}
	}
	if !c.Now {
		return fleet.DigestList{Plans: seen}, nil
	}
	if len(seen) == 0 {
		return nil, refuse("No digest is configured that you may see. See the fleet with ", fleet.Code(d.Command+" status"), ".")
	}
	no := &refused{text: fleet.Say("No digest is named ", fleet.Code(c.Topic), ". Which one?")}
	for _, p := range seen {
		if c.Topic == "" || strings.EqualFold(p.Name, c.Topic) {
			digest, err := d.Digests.Gather(ctx, p)
			digest.Preview = true
			return fleet.DigestView{Digest: digest}, err
		}
		if len(no.suggest) < maxSuggestions {
			no.suggest = append(no.suggest, fleet.Suggestion{Label: p.Name, Command: "digest now " + reescape.Replace(p.Name)})
		}
	}
	return nil, no
}
