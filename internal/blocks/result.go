package blocks

import (
	"fmt"

	"runnerdesk/internal/fleet"
)

// Result is the reply in the prompt's thread: how it ended, with counts and each
// runner's outcome.
func Result(r fleet.Request, o Options) Message {
	s := newSheet(o)
	s.ended(r)
	s.buttons(s.whole(r))
	return s.message()
}

// Told is the new direct message to the requester, sent so that they are notified: what
// was decided, what came of it, and what to do next.
func Told(r fleet.Request, o Options) Message {
	s := newSheet(o)
	s.ended(r)
	if r.CanReveal(o.Now) {
		s.say("Press Reveal to make the token. You see it once, in a dialog; the button is in ", fleet.Code(s.typed(fmt.Sprintf("request %d", r.ID))), " too.")
	}
	s.buttons(append(s.owning(r), s.whole(r))...)
	return s.message()
}

// ended draws a request for those who know it already: how it stands now.
func (s *sheet) ended(r fleet.Request) {
	s.say(fleet.Bold(title(r)), " in ", s.where(r.Scope), ", asked by ", fleet.Mention(r.Requester))
	s.standing(r)
	s.targets(r)
}
