package githubd

import (
	"slices"
	"strings"
)

// Label is a runner's label.
type Label struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"` // "read-only" or "custom"
}

// Runner is a self-hosted runner.
type Runner struct {
	ID        int64 // 0 in AddRunner: the next free one of the server
	Name      string
	OS        string // "" in AddRunner: linux
	Status    string // "online" or "offline"; "" in AddRunner: online
	Busy      bool
	Labels    []Label
	GroupID   int64 // 0 in AddRunner: 1, the group Default
	Ephemeral bool
	Version   string // "": the runner has never connected
}

// clone is a copy that shares nothing.
func (r Runner) clone() Runner {
	r.Labels = slices.Clone(r.Labels)
	return r
}

// Labels makes labels of their names. Those that GitHub gives by itself are
// read-only, all others are custom.
func Labels(names ...string) []Label {
	labels := make([]Label, 0, len(names))
	for i, name := range names {
		labels = append(labels, Label{ID: int64(i + 1), Name: name, Type: labelType(name)})
	}
	return labels
}

// labelType tells GitHub's own labels from people's.
// https://docs.github.com/en/actions/reference/runners/self-hosted-runners
func labelType(name string) string {
	switch strings.ToLower(name) {
	case "self-hosted", "linux", "windows", "macos", "x64", "arm", "arm64":
		return "read-only"
	}
	return "custom"
}

// AddRunner adds a runner to a scope and returns its id. Ids that the server chooses
// are unique in all its scopes.
func (s *Server) AddRunner(scopeKey string, r Runner) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addRunner(s.mustScope(scopeKey), r)
}

func (s *Server) addRunner(sc *scope, r Runner) int64 {
	r = r.clone()
	if r.ID == 0 {
		r.ID = s.nextID
	}
	s.nextID = max(s.nextID, r.ID+1)
	if sc.find(r.ID) >= 0 {
		panic("githubd: the scope has a runner of that id already")
	}
	if r.OS == "" {
		r.OS = "linux"
	}
	if r.Status == "" {
		r.Status = "online"
	}
	if r.GroupID == 0 {
		r.GroupID = defaultGroup
	}
	for i, l := range r.Labels {
		if l.Type == "" {
			r.Labels[i].Type = labelType(l.Name)
		}
	}
	at, _ := slices.BinarySearchFunc(sc.runners, r.ID, byID)
	sc.runners = slices.Insert(sc.runners, at, &r)
	s.touch()
	return r.ID
}

// Update changes a runner in place and reports whether the scope has it.
func (s *Server) Update(scopeKey string, id int64, change func(*Runner)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.mustScope(scopeKey)
	at := sc.find(id)
	if at < 0 {
		return false
	}
	r := sc.runners[at].clone()
	change(&r)
	r.ID = id
	sc.runners[at] = &r
	s.touch()
	return true
}

// Remove takes a runner away, busy or not, and reports whether the scope had it.
func (s *Server) Remove(scopeKey string, id int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove(s.mustScope(scopeKey), id)
}

func (s *Server) remove(sc *scope, id int64) bool {
	at := sc.find(id)
	if at < 0 {
		return false
	}
	sc.runners = slices.Delete(sc.runners, at, at+1)
	s.touch()
	return true
}

// Runners are the scope's runners by id.
func (s *Server) Runners(scopeKey string) []Runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.mustScope(scopeKey)
	runners := make([]Runner, 0, len(sc.runners))
	for _, r := range sc.runners {
		runners = append(runners, r.clone())
	}
	return runners
}

func byID(r *Runner, id int64) int {
	switch {
	case r.ID < id:
		return -1
	case r.ID > id:
		return 1
	}
	return 0
}
