package blocks

import (
	"time"

	"runnerdesk/internal/fleet"
)

// stateSigns are the signs of a runner's states. The word always stands beside it.
var stateSigns = map[fleet.State]string{
	fleet.Busy: "🔵", fleet.Idle: "🟢", fleet.Online: "🟢", fleet.Offline: "🔴", fleet.Lost: "🟠",
}

func stateWords(s fleet.State) string { return stateSigns[s] + " " + string(s) }

// since is when a runner came into its state. What was so when the runner was first
// seen may have begun earlier.
func since(at, firstSeen time.Time) fleet.Prose {
	switch {
	case at.IsZero():
		return nil
	case at.Equal(firstSeen):
		return fleet.Say("before ", fleet.Moment(at))
	}
	return fleet.Say(fleet.Moment(at))
}

// inState is the state in a sentence: "offline since …".
func inState(s fleet.State, at, firstSeen time.Time) fleet.Prose {
	if at.IsZero() {
		return fleet.Say(string(s))
	}
	return append(fleet.Say(string(s)+" since "), since(at, firstSeen)...)
}

func sumWords(c fleet.Counts) string {
	text := count(c.Total, "runner") + ": " + number(c.Online) + " online (" + number(c.Busy) + " busy, " + number(c.Idle) + " idle), " + number(c.Offline) + " offline"
	if c.Lost > 0 {
		text += " (" + number(c.Lost) + " lost: offline with a job still counted)"
	}
	return text
}

// recordColumns are the columns of a list of runners; those that are empty all the way
// down are not shown.
var recordColumns = []column{
	{name: "Runner", most: 64, keep: true}, {name: "Scope", most: 60}, {name: "State", keep: true}, {name: "Since", most: 60},
	{name: "OS", most: 12}, {name: "Labels", most: 80}, {name: "Group", most: 30}, {name: "Version", most: 20},
}

// recordRow is a runner of a list. The scope is told where a list has several.
func recordRow(r fleet.Record, oneScope bool) row {
	at, state := r.Since, r.Runner.State()
	scope := ""
	if !oneScope {
		scope = r.Scope.String()
	}
	name := clean(r.Runner.Name)
	words := append(fleet.Say(fleet.Bold(cut(name, 64)), ": "), inState(state, at, r.FirstSeen)...)
	for _, more := range []string{scope, r.Runner.OS, version(r)} {
		if more != "" {
			words = append(words, fleet.Span{Text: ", " + cut(clean(more), 40)})
		}
	}
	return row{
		cells: []fleet.Prose{
			text(name), text(scope), text(stateWords(state)), since(at, r.FirstSeen),
			text(r.Runner.OS), labels(r.Runner, 80), text(r.Runner.Group), text(version(r)),
		},
		line: words,
	}
}

func version(r fleet.Record) string {
	if r.Outdated == fleet.Yes && r.Runner.Version != "" {
		return r.Runner.Version + " ❗outdated"
	}
	return r.Runner.Version
}

// labels are the labels of a runner, those that people made first: the others repeat
// the OS and the architecture.
func labels(r fleet.Runner, most int) fleet.Prose {
	var own, given []string
	for _, l := range r.Labels {
		if l.Custom {
			own = append(own, l.Name)
		} else {
			given = append(given, l.Name)
		}
	}
	if len(r.Labels) == 0 {
		return nil
	}
	return text(joined(append(own, given...), most))
}
