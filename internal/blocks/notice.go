package blocks

import "runnerdesk/internal/fleet"

// noticeSigns tell the kinds of notice apart at a glance; the sentence says the rest.
var noticeSigns = map[fleet.NoticeKind]string{fleet.Done: "✅ ", fleet.Refused: "⛔ ", fleet.Trouble: "❗ "}

// NoticeOf draws a sentence or two with buttons that type a command.
func NoticeOf(n fleet.Notice, o Options) Message {
	s := newSheet(o)
	s.say(noticeSigns[n.Kind], n.Text)
	for _, more := range n.More {
		s.say(more)
	}
	var next []button
	for _, suggest := range n.Suggest {
		next = append(next, run(suggest.Label, suggest.Command))
	}
	s.buttons(next...)
	return s.message()
}
