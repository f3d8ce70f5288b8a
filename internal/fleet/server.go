package fleet

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// Server is a GitHub: github.com, a GHE.com subdomain, or an Enterprise Server. It
// can only be made by ParseServer.
type Server struct {
	scheme string
	web    string // host and port that people see: github.com
	api    string // host and port of the REST API: api.github.com
	path   string // path of the REST API, without a slash at the end: /api/v3
}

// The host shapes that GitHub documents: api.github.com, api.SUBDOMAIN.ghe.com, and
// https://HOST/api/v3 for Enterprise Server.
// https://docs.github.com/en/enterprise-server/rest/quickstart
var hostShape = regexp.MustCompile(`^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)(:[0-9]{1,5})?$`)

// ParseServer reads the address of a GitHub's REST API. The empty text is github.com.
// The addresses that people see (https://github.com, https://octo.ghe.com,
// https://HOST) are taken for the API that belongs to them. An http address is
// accepted for loopback hosts only.
func ParseServer(text string) (Server, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		text = "https://api.github.com"
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return Server{}, fmt.Errorf("%q is not an address; give https://api.github.com or https://HOST/api/v3", clip(text))
	}
	host := strings.ToLower(u.Host)
	switch {
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return Server{}, fmt.Errorf("the address of GitHub's API may hold no user name, query or fragment")
	case !hostShape.MatchString(host):
		return Server{}, fmt.Errorf("%q is not a host name", clip(host))
	case u.Scheme == "http" && !Loopback(host):
		return Server{}, fmt.Errorf("http is accepted for loopback hosts only; use https://%s", host)
	case u.Scheme != "http" && u.Scheme != "https":
		return Server{}, fmt.Errorf("the address of GitHub's API begins with https://")
	}
	host = strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
	path := strings.TrimSuffix(u.Path, "/")
	s := Server{scheme: u.Scheme, web: host, api: host, path: "/api/v3"}
	switch {
	case host == "github.com" || host == "www.github.com" || host == "api.github.com":
		s.web, s.api, s.path = "github.com", "api.github.com", ""
	case strings.HasSuffix(host, ".ghe.com"):
		s.web = strings.TrimPrefix(host, "api.")
		s.api, s.path = "api."+s.web, ""
	case path != "" && path != "/api/v3":
		return Server{}, fmt.Errorf("the path of an Enterprise Server's API is /api/v3: give https://%s/api/v3", host)
	}
	if s.path == "" && path != "" {
		return Server{}, fmt.Errorf("the API of %s has no path: give https://%s", s.web, s.api)
	}
	return s, nil
}

// Loopback reports whether host, with or without a port, names this machine.
func Loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Host is the host, with its port when it has one, under which people know the
// server: github.com. It is part of every Scope and of every stored key.
func (s Server) Host() string { return s.web }

// APIHost is the host and port that requests go to.
func (s Server) APIHost() string { return s.api }

// APIPath is the path in front of every route: "/api/v3", or "" on github.com.
func (s Server) APIPath() string { return s.path }

// APIURL is the address of the REST API without a slash at the end.
func (s Server) APIURL() string {
	if s.api == "" {
		return ""
	}
	return s.scheme + "://" + s.api + s.path
}

// Scheme is "https", or "http" for a loopback host.
func (s Server) Scheme() string { return s.scheme }

// URL is the page of a scope on the server, and what config.sh --url takes.
func (s Server) URL(scope Scope) string { return s.scheme + "://" + s.web + "/" + scope.String() }

// RunnersURL is the settings page that lists the scope's runners.
func (s Server) RunnersURL(scope Scope) string {
	base := s.scheme + "://" + s.web + "/"
	switch scope.Kind() {
	case Organization:
		return base + "organizations/" + scope.String() + "/settings/actions/runners"
	default:
		return base + scope.String() + "/settings/actions/runners"
	}
}

// HasVersions reports whether the server can tell when a runner version ends.
// Enterprise Server has no such endpoint.
func (s Server) HasVersions() bool { return s.path == "" }

// clip shortens text that is quoted in an error.
func clip(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
