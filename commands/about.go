package commands

import (
	"context"
	"fmt"
	"strings"

	"runnerdesk/internal/fleet"
)

func (d *Desk) whoami(ctx context.Context, who Actor) (fleet.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	p, err := d.Directory.Person(ctx, who.Person, viewAge)
	if err != nil {
		return nil, &unsure{err}
	}
	rights := fleet.Rights{Person: who.Person}
	team, enterprise := d.Directory.Home()
	if why, full := p.Member(team, enterprise); !full {
		rights.Role = fleet.Say("You can do nothing here: ", why, ".")
		return rights, nil
	}
	rights.Role = fleet.Say("You are a full member of this workspace.")
	m := member{p, who.Channel, viewAge, map[string][]string{}}
	for _, s := range d.Scopes {
		by, err := d.may(ctx, m, Ask, s, nil)
		if err == nil {
			rights.Lines = append(rights.Lines, fleet.Say(fleet.Code(s.String()), ": view and request, by "+by+"."))
			continue
		}
		if by, err = d.may(ctx, m, View, s, nil); err == nil {
			rights.Lines = append(rights.Lines, fleet.Say(fleet.Code(s.String()), ": view, by "+by+"."))
		} else {
			rights.Lines = append(rights.Lines, fleet.Say(fleet.Code(s.String()), ": nothing."))
		}
	}
	for _, rule := range d.Policy.Rules {
		by, ok, err := d.among(ctx, m, rule.Approvers)
		switch {
		case err != nil:
			rights.Problem = fleet.Say("Some groups could not be looked up, so this may lack something.")
		case ok:
			rights.Lines = append(rights.Lines, fleet.Say("You approve under rule ", fleet.Code(rule.Name), ": "+actions(rule)+fmt.Sprintf(", %d needed, as %s. Never your own requests.", rule.Needed, by)))
		}
	}
	if d.Policy.ReadOnly {
		rights.Lines = append(rights.Lines, fleet.Say("Runnerdesk is set to read only."))
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
	return strings.Join(words, ", ") + " in " + strings.Join(globs, ", ")
}

func (d *Desk) about(ctx context.Context, m member) (fleet.Answer, error) {
	a := d.Vitals(ctx)
	a.Now, a.Server, a.ReadOnly = d.Now(), d.Server.Host(), d.Policy.ReadOnly
	scopes, err := d.visible(ctx, m, d.Scopes)
	if err != nil {
		return a, nil // the rest may be seen by every member
	}
	for _, s := range scopes {
		reading, err := d.Store.Reading(ctx, s)
		if err != nil {
			return nil, err
		}
		a.Readings = append(a.Readings, reading)
	}
	return a, nil
}

func (d *Desk) digest(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	var seen []fleet.DigestPlan
	for _, p := range d.Digests.Plans(d.Now()) {
		if scopes, err := d.visible(ctx, m, p.Scopes); err == nil {
			p.Scopes = scopes
			seen = append(seen, p)
		}
	}
	if !c.Now {
		return fleet.DigestList{Plans: seen}, nil
	}
	var names []string
	for _, p := range seen {
		if c.Topic == "" || strings.EqualFold(p.Name, c.Topic) {
			digest, err := d.Digests.Gather(ctx, p)
			digest.Preview = true
			return fleet.DigestView{Digest: digest}, err
		}
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return nil, refuse("No digest is configured that you may see.")
	}
	return nil, refuse("No digest is named so. There are: ", strings.Join(names, ", "), ".")
}
