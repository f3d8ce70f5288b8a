package blocks

import (
	"fmt"

	"runnerdesk/internal/fleet"
)

// mostChanges is how many steps of its history a runner is shown with.
const mostChanges = 25

// details draws "show": one runner in full, with its history.
func details(d fleet.Details, o Options) Message {
	s := newSheet(o)
	r := d.Record
	s.header(r.Runner.Name)
	s.faults([]fleet.Reading{d.Reading})
	state := r.Runner.State()
	s.say(append(fleet.Say(stateSigns[state]+" "), inState(state, r.Since, r.FirstSeen)...))
	s.facts(
		fact{"ID", fleet.Say(fmt.Sprint(r.Runner.ID))},
		fact{"Where", s.where(r.Scope)},
		fact{"OS", filled(r.Runner.OS)},
		fact{"Labels", labels(r.Runner, 400)},
		fact{"Group", filled(r.Runner.Group)},
		fact{"Version", filled(version(r))},
		fact{"Ephemeral", ephemeral(r.Runner)},
		fact{"First seen", known(moment(r.FirstSeen))},
		fact{"Last online", known(moment(r.LastOnline))},
		fact{"Protected", protected(d.Protected)},
	)
	if len(d.Changes) > 0 {
		s.history(d.Changes)
	}
	var next []button
	if !d.Protected && state != fleet.Busy && o.SharedBy == "" {
		ask := run("Delete…", fmt.Sprintf("delete %s %d", r.Scope, r.Runner.ID))
		ask.confirm = confirmation("Ask for its deletion?", "This opens a request to delete "+cut(clean(r.Runner.Name), 100)+" from "+r.Scope.Words()+". Nothing is deleted before it is approved or confirmed.", "Open a request")
		next = append(next, ask)
	}
	if safeURL(d.URL) {
		next = append(next, button{action: ActionLink, label: "Open on GitHub", url: d.URL})
	}
	s.buttons(append(next, s.share(fmt.Sprintf("show %s %d", r.Scope, r.Runner.ID)))...)
	s.ages([]fleet.Reading{d.Reading})
	return s.message()
}

// where is a scope in words, as a link to its runners where the server is known.
func (s *sheet) where(scope fleet.Scope) fleet.Prose {
	if scope.IsZero() || s.o.Server.Host() != scope.Host() {
		return fleet.Say(scope.Words())
	}
	return fleet.Say(fleet.Link(scope.Words(), s.o.Server.RunnersURL(scope)))
}

// filled is a value of a fact, and nothing when it is empty, so that the line is left out.
func filled(value string) fleet.Prose {
	if value == "" {
		return nil
	}
	return text(value)
}

func known(s fleet.Span) fleet.Prose {
	if s.Kind != fleet.MomentSpan {
		return nil
	}
	return fleet.Prose{s}
}

func ephemeral(r fleet.Runner) fleet.Prose {
	if r.Ephemeral == fleet.NotKnown {
		return nil
	}
	return text(r.Ephemeral.String())
}

func protected(is bool) fleet.Prose {
	if !is {
		return nil
	}
	return text("🔒 yes, it is never deleted")
}

// history draws what became of a runner, newest first.
func (s *sheet) history(changes []fleet.Change) {
	rows := make([]row, 0, mostChanges)
	for _, c := range changes[:min(len(changes), mostChanges)] {
		what := changeWords(c)
		rows = append(rows, row{
			cells: []fleet.Prose{fleet.Say(moment(c.At)), text(what)},
			line:  fleet.Say(moment(c.At), ": "+cut(what, 160)),
		})
	}
	s.say(fleet.Bold("History"))
	s.table([]column{{name: "When", keep: true}, {name: "What", most: 160, keep: true}}, rows, len(changes))
}

// changeWords is a change in words.
func changeWords(c fleet.Change) string {
	from, to := cut(clean(c.Old), 70), cut(clean(c.New), 70)
	switch c.Kind {
	case fleet.Joined:
		return "first seen"
	case fleet.WentOnline:
		return "🟢 online"
	case fleet.WentOffline:
		return "🔴 offline"
	case fleet.BecameBusy:
		return "🔵 busy"
	case fleet.BecameIdle:
		return "🟢 idle"
	case fleet.Relabelled:
		return "labels: " + from + " → " + to
	case fleet.Regrouped:
		return "group: " + from + " → " + to
	case fleet.Renamed:
		return "another machine took its place: " + from + " → " + to
	case fleet.VersionMoved:
		return "version: " + from + " → " + to
	case fleet.Gone:
		return "gone from GitHub"
	}
	return string(c.Kind)
}
