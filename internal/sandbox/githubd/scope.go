package githubd

import (
	"slices"
	"strings"
)

// defaultGroup is the id of the group that every enterprise and organization has.
const defaultGroup = 1

// scope is an enterprise, an organization or a repository with its runners. Repositories
// have no groups of their own.
type scope struct {
	key     string // "enterprises/octo-enterprise", "octo-org", "octo-org/octo-repo"
	parent  *scope // an organization's enterprise, whose groups it inherits
	runners []*Runner
	groups  []group
	size    int // how many runners Tick keeps, more or less
}

type group struct {
	id   int64
	name string
}

// find is the place of a runner in the scope, or -1.
func (sc *scope) find(id int64) int {
	at, found := slices.BinarySearchFunc(sc.runners, id, byID)
	if !found {
		return -1
	}
	return at
}

// AddEnterprise adds an enterprise, whose scope is "enterprises/SLUG".
func (s *Server) AddEnterprise(slug string) { s.addScope("enterprises/"+slug, "", true) }

// AddOrg adds an organization, whose scope is its name. It inherits the runner groups
// of its enterprise, a slug that was added before, or "" for none.
func (s *Server) AddOrg(name, enterprise string) {
	parent := ""
	if enterprise != "" {
		parent = "enterprises/" + enterprise
	}
	s.addScope(name, parent, true)
}

// AddRepo adds a repository, whose scope is "OWNER/REPO".
func (s *Server) AddRepo(owner, repo string) { s.addScope(owner+"/"+repo, "", false) }

func (s *Server) addScope(key, parent string, groups bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key = strings.ToLower(key)
	sc := &scope{key: key}
	if parent != "" {
		sc.parent = s.mustScope(parent)
	}
	if groups {
		sc.groups = []group{{defaultGroup, "Default"}}
	}
	if s.scopes[key] != nil {
		panic("githubd: scope " + key + " was added twice")
	}
	s.scopes[key] = sc
}

// AddGroup adds a runner group to an enterprise or an organization.
func (s *Server) AddGroup(scopeKey string, id int64, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.mustScope(scopeKey)
	if sc.groups == nil {
		panic("githubd: a repository has no runner groups")
	}
	sc.groups = append(sc.groups, group{id, name})
	s.touch()
}

// mustScope is a scope that a test or the demo names; a wrong name is its mistake. The
// lock is held.
func (s *Server) mustScope(key string) *scope {
	sc := s.scopes[strings.ToLower(key)]
	if sc == nil {
		panic("githubd: no scope " + key)
	}
	return sc
}

// groupOwner is the part of the key that a path of runner groups names.
func (sc *scope) groupOwner() string { return strings.TrimPrefix(sc.key, "enterprises/") }
