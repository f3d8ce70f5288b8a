package blocks

import (
	"runnerdesk/internal/fleet"
)

// about draws "about".
func about(a fleet.About, o Options) Message {
	if !a.Now.IsZero() {
		o.Now = a.Now
	}
	s := newSheet(o)
	s.header("About Runnerdesk")
	if a.ReadOnly {
		s.say("Set to read only: no tokens and no deletions.")
	}
	s.facts(
		fact{"Version", filled(a.Version)},
		fact{"Running since", running(a, o)},
		fact{"Connections to Slack", numeral(a.Sockets)},
		fact{"GitHub", filled(a.Server)},
	)
	s.faults(a.Readings)
	items := make([]fleet.Prose, 0, len(a.Readings))
	for _, r := range a.Readings {
		items = append(items, age(r, o, true))
	}
	if len(items) > 0 {
		s.say(fleet.Bold("Data"))
		s.bullets(items, len(items))
	}
	if len(a.Lines) > 0 {
		s.say(fleet.Bold("Good to know"))
		s.bullets(a.Lines, len(a.Lines))
	}
	s.buttons(s.share("about"))
	return s.message()
}

func running(a fleet.About, o Options) fleet.Prose {
	if a.Started.IsZero() {
		return nil
	}
	return fleet.Say(fleet.Moment(a.Started), " ("+span(o.Now.Sub(a.Started))+")")
}

// rights draws "whoami".
func rights(r fleet.Rights, o Options) Message {
	s := newSheet(o)
	s.header("What you may do here")
	s.facts(fact{"You", fleet.Say(fleet.Mention(r.Person))}, fact{"Role", r.Role})
	if len(r.Problem) > 0 {
		s.say("❗ ", r.Problem)
	}
	if len(r.Lines) > 0 {
		s.bullets(r.Lines, len(r.Lines))
	} else if len(r.Problem) == 0 {
		s.say("No line of the configuration lets you do anything yet. Ask the people who run Runnerdesk.")
	}
	s.buttons(run("Status", "status"), run("My requests", "requests mine"))
	return s.message()
}
