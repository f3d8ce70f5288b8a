package githubd

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// timeFormat is how GitHub writes a time in these answers.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// operate does what the request asks. The lock is held.
func (s *Server) operate(r route, record *Request) *reply {
	missing := failure(http.StatusNotFound, "Not Found", docURL(r.op))
	sc := s.scopes[r.scope]
	if sc == nil || s.opts.OldServer && (r.op == opGroups || r.op == opVersion) {
		return missing
	}
	switch r.op {
	case opList:
		return s.list(sc, record)
	case opDownloads:
		return success(http.StatusOK, s.applications(sc))
	case opRegistrationToken, opRemoveToken:
		t := s.mint(r.op, sc)
		return success(http.StatusCreated, map[string]string{
			"token": t.value, "expires_at": t.expiresAt.UTC().Format(timeFormat),
		})
	case opGroups:
		return s.groups(sc, r, record)
	case opVersion:
		return s.version(r.version)
	}
	at := sc.find(r.id)
	if at < 0 {
		return missing
	}
	runner := sc.runners[at]
	if r.op == opGet {
		return success(http.StatusOK, s.wire(runner))
	}
	if runner.Busy {
		return failure(http.StatusUnprocessableEntity,
			fmt.Sprintf("Bad request - Runner %q is still running a job", runner.Name), docURL(r.op))
	}
	s.remove(sc, r.id)
	return success(http.StatusNoContent, nil)
}

// wireRunner is a runner as it is sent. An old server leaves the last two out.
type wireRunner struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	OS        string  `json:"os"`
	Status    string  `json:"status"`
	Busy      bool    `json:"busy"`
	Labels    []Label `json:"labels"`
	GroupID   int64   `json:"runner_group_id,omitempty"`
	Ephemeral *bool   `json:"ephemeral,omitempty"`
	Version   *string `json:"version,omitempty"`
}

// newWireRunner also has "version": null for a runner that never connected.
type newWireRunner struct {
	wireRunner
	Version *string `json:"version"`
}

func (s *Server) wire(r *Runner) any {
	w := wireRunner{
		ID: r.ID, Name: r.Name, OS: r.OS, Status: r.Status, Busy: r.Busy,
		Labels: slices.Clone(r.Labels), GroupID: r.GroupID,
	}
	if w.Labels == nil {
		w.Labels = []Label{}
	}
	if s.opts.OldServer {
		w.GroupID = 0
		return w
	}
	w.Ephemeral = &r.Ephemeral
	n := newWireRunner{wireRunner: w}
	if r.Version != "" {
		n.Version = &r.Version
	}
	return n
}

func (s *Server) list(sc *scope, record *Request) *reply {
	runners := sc.runners
	if record.Query.Has("name") {
		runners = nil
		for _, r := range sc.runners {
			if r.Name == record.Query.Get("name") {
				runners = append(runners, r)
			}
		}
	}
	p := pageOf(record.Query, len(runners))
	wire := make([]any, 0, p.size)
	for _, r := range runners[p.from:p.to] {
		wire = append(wire, s.wire(r))
	}
	answer := success(http.StatusOK, map[string]any{"total_count": len(runners), "runners": wire})
	p.link(answer.header, "http://"+s.host+record.Path, record.Query)
	return answer
}

func (s *Server) groups(sc *scope, r route, record *Request) *reply {
	groups := make([]map[string]any, 0, len(sc.groups))
	add := func(g group, inherited bool) {
		url := s.URL() + "/" + r.kind + "/" + sc.groupOwner() + "/actions/runner-groups/" + strconv.FormatInt(g.id, 10)
		wire := map[string]any{
			"id": g.id, "name": g.name, "visibility": "all", "default": g.id == defaultGroup,
			"runners_url": url + "/runners", "allows_public_repositories": false,
		}
		if r.kind == "orgs" {
			wire["inherited"] = inherited
		}
		groups = append(groups, wire)
	}
	for _, g := range sc.groups {
		add(g, false)
	}
	if sc.parent != nil {
		for _, g := range sc.parent.groups {
			taken := slices.ContainsFunc(sc.groups, func(own group) bool { return own.id == g.id })
			if !taken {
				add(g, true)
			}
		}
	}
	p := pageOf(record.Query, len(groups))
	answer := success(http.StatusOK, map[string]any{"total_count": len(groups), "runner_groups": groups[p.from:p.to]})
	p.link(answer.header, "http://"+s.host+record.Path, record.Query)
	return answer
}

// Version is when a runner version ends. A zero time is not yet set.
type Version struct {
	Registration time.Time // the last moment to register with it
	Runtime      time.Time // the last moment that it gets jobs
}

// SetVersion sets when a runner version ends.
func (s *Server) SetVersion(version string, v Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[version] = v
	s.touch()
}

func (s *Server) version(version string) *reply {
	if !versionShape.MatchString(version) {
		return failure(http.StatusNotFound, "Not Found", docURL(opVersion))
	}
	v := s.versions[version]
	date := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return t.UTC().Format(time.RFC3339)
	}
	return success(http.StatusOK, map[string]any{
		"runner_version": version, "registration_deprecates_at": date(v.Registration), "runtime_deprecates_at": date(v.Runtime),
	})
}
