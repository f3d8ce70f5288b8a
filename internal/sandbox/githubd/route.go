package githubd

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// op is one of the operations.
type op string

const (
	opList              op = "list"
	opDownloads         op = "downloads"
	opRegistrationToken op = "registration-token"
	opRemoveToken       op = "remove-token"
	opGet               op = "get"
	opDelete            op = "delete"
	opGroups            op = "groups"
	opVersion           op = "deprecations"
)

// route is an operation with what its path names.
type route struct {
	op      op
	kind    string // "enterprises", "orgs" or "repos"
	scope   string // the key of the scope, in lower case
	id      int64
	version string
}

// segment is what may stand between two slashes: names need no escaping, so an escaped
// byte is never right.
var segment = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

var versionShape = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

// parseRoute reads a method and an escaped path without the prefix.
func parseRoute(method, path string) (route, bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, p := range parts {
		if !segment.MatchString(p) || strings.Trim(p, ".") == "" {
			return route{}, false
		}
	}
	r := route{kind: parts[0]}
	var rest []string
	switch {
	case r.kind == "enterprises" && len(parts) > 3:
		r.scope, rest = "enterprises/"+parts[1], parts[2:]
	case r.kind == "orgs" && len(parts) > 3:
		r.scope, rest = parts[1], parts[2:]
	case r.kind == "repos" && len(parts) > 4:
		r.scope, rest = parts[1]+"/"+parts[2], parts[3:]
	default:
		return route{}, false
	}
	r.scope = strings.ToLower(r.scope)
	if rest[0] != "actions" {
		return route{}, false
	}
	switch tail := strings.Join(rest[1:], "/"); {
	case method == http.MethodGet && tail == "runners":
		r.op = opList
	case method == http.MethodGet && tail == "runners/downloads":
		r.op = opDownloads
	case method == http.MethodPost && tail == "runners/registration-token":
		r.op = opRegistrationToken
	case method == http.MethodPost && tail == "runners/remove-token":
		r.op = opRemoveToken
	case method == http.MethodGet && tail == "runner-groups" && r.kind != "repos":
		r.op = opGroups
	case method == http.MethodGet && len(rest) == 4 && rest[1] == "runners" && rest[2] == "deprecations":
		r.op, r.version = opVersion, rest[3]
	case len(rest) == 3 && rest[1] == "runners" && (method == http.MethodGet || method == http.MethodDelete):
		id, err := strconv.ParseInt(rest[2], 10, 64)
		if err != nil || id <= 0 || strconv.FormatInt(id, 10) != rest[2] {
			return route{}, false
		}
		r.op, r.id = opGet, id
		if method == http.MethodDelete {
			r.op = opDelete
		}
	default:
		return route{}, false
	}
	return r, true
}

// queryOf lists the query parameters that an operation takes.
func queryOf(o op) []string {
	switch o {
	case opList:
		return []string{"name", "page", "per_page"}
	case opGroups:
		return []string{"page", "per_page"}
	}
	return nil
}

// docURL is the page that GitHub's errors name.
func docURL(o op) string {
	if o == opGroups {
		return "https://docs.github.com/rest/actions/self-hosted-runner-groups"
	}
	return "https://docs.github.com/rest/actions/self-hosted-runners"
}
