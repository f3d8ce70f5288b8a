package commands

import (
	"context"
	"slices"
	"time"

	"runnerdesk/internal/fleet"
)

// member is a full member of the home workspace, for as long as one input is answered.
type member struct {
	fleet.Person
	channel string
	age     time.Duration       // how old look-ups may be
	until   time.Time           // all look-ups for this input end then
	groups  map[string]lookedUp // for this input already
	sees    []fleet.Scope       // the scopes that may be viewed
	blind   error               // why some may be missing there
}

// lookedUp are the people of a group, or why they are not known. A failure is kept too:
// one input does not ask Slack the same again and again.
type lookedUp struct {
	ids []string
	err error
}

// member looks the actor up. Guests, bots, deactivated people and other workspaces are
// refused here, whatever they want.
func (d *Desk) member(ctx context.Context, who Actor, age time.Duration) (member, error) {
	m := member{channel: who.Channel, age: age, until: time.Now().Add(lookUpWithin), groups: map[string]lookedUp{}}
	return d.full(ctx, m, who.Person)
}

// full is m as a person who must be a full member. For somebody else than the actor the
// look-ups are as old at the most, end at the same time, and ask for no group twice.
func (d *Desk) full(ctx context.Context, m member, person string) (member, error) {
	ctx, cancel := context.WithDeadline(ctx, m.until)
	defer cancel()
	p, err := d.Directory.Person(ctx, person, m.age)
	if err != nil {
		return m, &unsure{err}
	}
	m.Person = p
	if why, ok := p.Member(d.Directory.Home()); !ok {
		return m, refuse("Nothing was done: ", why, ".")
	}
	return m, nil
}

// viewing is the member as one who only looks: that may rest on older look-ups.
func (m member) viewing() member {
	if m.age < viewAge {
		m.age, m.groups = viewAge, map[string]lookedUp{}
	}
	return m
}

// recentAge is how old a look-up may be that refuses. It bounds how many one person
// without a right can use up; only a live one allows.
const recentAge = 5 * time.Second

// recent is the member with look-ups of the last seconds.
func (m member) recent() member {
	if m.age < recentAge {
		m.age, m.groups = recentAge, map[string]lookedUp{}
	}
	return m
}

// among finds by which of refs the member is meant; "" by none. A look-up that fails
// matters only when no other one says yes.
func (d *Desk) among(ctx context.Context, m member, refs []string) (ref string, err error) {
	switch {
	case slices.Contains(refs, m.ID):
		return m.ID, nil
	case slices.Contains(refs, fleet.Everyone):
		return fleet.Everyone, nil
	}
	var failed error
	for _, ref := range refs {
		if !group(ref) {
			continue
		}
		g, known := m.groups[ref]
		if !known {
			g.ids, g.err = d.Directory.Members(ctx, ref, m.age)
			m.groups[ref] = g
		}
		if g.err != nil {
			failed = g.err
		} else if slices.Contains(g.ids, m.ID) {
			return ref, nil
		}
	}
	return "", failed
}

// group reports whether ref stands for several people: a user group or a channel.
func group(ref string) bool { return ref != "" && (ref[0] == 'S' || ref[0] == 'C' || ref[0] == 'G') }
