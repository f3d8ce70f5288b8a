package githubd

import (
	"fmt"
	"maps"
	"slices"
)

// Tick lets the fleet live one step: jobs start and end, runners lose and find their
// connection, ephemeral ones leave after their job, and new ones join in their place.
// Two servers with the same seed, fleet and calls live the same life.
func (s *Server) Tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.scopes)) {
		s.tick(s.scopes[key])
	}
	s.touch()
}

func (s *Server) tick(sc *scope) {
	sc.size = max(sc.size, len(sc.runners))
	chance := func(percent int) bool { return s.rand.IntN(100) < percent }
	var done []int64
	for i, old := range sc.runners {
		r := old.clone()
		switch online := r.Status == "online"; {
		case !online && chance(15): // back, and whatever it ran is lost
			r.Status, r.Busy = "online", false
		case !online && r.Busy && chance(20): // GitHub gives the lost job up
			r.Busy = false
		case online && r.Busy && chance(30):
			r.Busy = false
			if r.Ephemeral {
				done = append(done, r.ID)
			}
		case online && r.Busy && chance(2), online && !r.Busy && chance(3):
			r.Status = "offline"
		case online && !r.Busy && chance(20):
			r.Busy = true
		}
		sc.runners[i] = &r
	}
	for _, id := range done {
		s.remove(sc, id)
	}
	if len(sc.runners) > 0 && len(sc.runners) < sc.size && chance(60) {
		like := sc.runners[s.rand.IntN(len(sc.runners))].clone()
		like.ID, like.Name = 0, fmt.Sprintf("ephemeral-%d", s.nextID)
		like.Status, like.Busy, like.Ephemeral = "online", false, true
		s.addRunner(sc, like)
	}
}
