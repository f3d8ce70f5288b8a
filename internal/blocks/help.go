package blocks

import (
	"strings"

	"runnerdesk/internal/fleet"
)

// help draws "help": every command in one line, or one command in full.
func help(h fleet.HelpPage, o Options) Message {
	if o.Command == "" {
		o.Command = h.Command
	}
	s := newSheet(o)
	if len(h.Topics) == 1 {
		s.topic(h.Topics[0])
		return s.message()
	}
	s.header("What " + o.Command + " can do")
	items := make([]fleet.Prose, 0, len(h.Topics))
	for _, t := range h.Topics {
		p := fleet.Say(fleet.Code(s.typed(t.Usage)), " "+t.Does)
		if len(t.Also) > 0 {
			p = append(p, fleet.Span{Text: " (also " + joined(t.Also, 60) + ")"})
		}
		items = append(items, p)
	}
	s.bullets(items, len(items))
	s.say("More about one of them: ", fleet.Code(s.typed("help delete")))
	s.buttons(run("Status", "status"), run("Runners", "list"), run("Requests", "requests"), run("What may I do?", "whoami"))
	return s.message()
}

func (s *sheet) topic(t fleet.HelpTopic) {
	s.header(s.typed(t.Usage))
	s.say(t.Does)
	for _, d := range t.Detail {
		s.say(d)
	}
	if len(t.Also) > 0 {
		s.facts(fact{"Other words", text(strings.Join(t.Also, ", "))})
	}
	if len(t.Examples) > 0 {
		items := make([]fleet.Prose, 0, len(t.Examples))
		for _, e := range t.Examples {
			items = append(items, fleet.Say(fleet.Code(s.typed(e))))
		}
		s.say(fleet.Bold("Examples"))
		s.bullets(items, len(items))
	}
	s.buttons(run("All commands", "help"))
}
