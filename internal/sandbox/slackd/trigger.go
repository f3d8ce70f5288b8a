package slackd

import (
	"fmt"
	"time"
)

// triggerLife is how long a trigger id opens a dialog, once.
const triggerLife = 3 * time.Second

type trigger struct {
	user   string
	born   time.Time
	inView bool // it came from an act in a dialog
	used   bool
}

// newTrigger returns a trigger id for an act of user. The caller holds mu.
func (s *Server) newTrigger(user string, inView bool) string {
	s.serial++
	id := fmt.Sprintf("%d.%d.%08x", s.serial, s.opt.Now().Unix(), s.rnd.Uint32())
	s.triggers[id] = &trigger{user: user, born: s.opt.Now(), inView: inView}
	return id
}

// exchange uses up a trigger id. The caller holds mu.
func (s *Server) exchange(id string) (*trigger, *failure) {
	t := s.triggers[id]
	switch {
	case t == nil:
		return nil, mistaken("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case s.since(t.born) > triggerLife:
		return nil, refuse("expired_trigger_id")
	}
	t.used = true
	return t, nil
}
