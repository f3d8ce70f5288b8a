package fleet

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Kind tells what a Scope is.
type Kind uint8

// The three kinds of scope that own self-hosted runners.
const (
	Enterprise Kind = iota + 1
	Organization
	Repository
)

// String is the kind as a word: "enterprise", "organization", "repository".
func (k Kind) String() string {
	switch k {
	case Enterprise:
		return "enterprise"
	case Organization:
		return "organization"
	case Repository:
		return "repository"
	}
	return "no scope"
}

// Scope is an enterprise, an organization or a repository on one server. Only
// ParseScope makes one that is not zero, so what reaches a URL is always safe. Scopes
// compare with ==.
type Scope struct {
	host, owner, repo string
	kind              Kind
}

// ErrScope is wrapped by every error of ParseScope.
var ErrScope = errors.New("not a scope")

// What GitHub accepts. An enterprise slug and an organization name hold letters,
// digits and single hyphens (managed users also end in _SHORTCODE); a repository name
// holds letters, digits, '.', '_' and '-', and is at most 100 long.
// https://docs.github.com/en/repositories/creating-and-managing-repositories/creating-a-new-repository
var (
	ownerShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,98}[a-z0-9_])?$`)
	repoShape  = regexp.MustCompile(`^[a-z0-9._-]{1,100}$`)
)

// ParseScope reads "enterprises/SLUG", "ORG" or "OWNER/REPO", or the full URL of one of
// them on the server. Case does not matter; the Scope is in lower case. Every error
// wraps ErrScope and says what would be right.
func ParseScope(server Server, text string) (Scope, error) {
	return parseScope(server.scheme, server.web, text)
}

// StoredScope makes the Scope again that was stored as its host and its text. It is as
// strict as ParseScope.
func StoredScope(host, text string) (Scope, error) {
	if !hostShape.MatchString(host) {
		return Scope{}, fmt.Errorf("%w: %q is not a host", ErrScope, clip(host))
	}
	return parseScope("", host, text)
}

func parseScope(scheme, host, text string) (Scope, error) {
	if host == "" {
		return Scope{}, fmt.Errorf("%w: no server is known", ErrScope)
	}
	if len(text) > 300 {
		return Scope{}, fmt.Errorf("%w: %q… is too long", ErrScope, clip(text))
	}
	// Some letters outside of ASCII have an ASCII letter as their lower case.
	if strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return Scope{}, fmt.Errorf("%w: %q holds letters that no scope has", ErrScope, clip(text))
	}
	path := strings.ToLower(text)
	if strings.Contains(path, "://") {
		u, err := url.Parse(path)
		if err != nil || u.User != nil || strings.ContainsAny(path, "%?#") {
			return Scope{}, fmt.Errorf("%w: %q is not the address of a scope", ErrScope, clip(text))
		}
		if scheme == "" || strings.TrimSuffix(u.Host, port(u.Scheme)) != host || u.Scheme != scheme {
			return Scope{}, fmt.Errorf("%w: %q is not on %s", ErrScope, clip(text), host)
		}
		path = strings.TrimSuffix(strings.TrimPrefix(u.Path, "/"), "/")
		if org, ok := strings.CutPrefix(path, "orgs/"); ok && !strings.Contains(org, "/") {
			path = org // where github.com's page of an organization lives
		}
	}
	first, second, pair := strings.Cut(path, "/")
	s := Scope{host: host}
	switch {
	case !pair:
		s.kind, s.owner = Organization, first
	case first == "enterprises":
		s.kind, s.owner = Enterprise, second
	default:
		s.kind, s.owner, s.repo = Repository, first, second
	}
	if !ownerShape.MatchString(s.owner) || s.owner == "enterprises" || s.owner == "orgs" {
		return Scope{}, fmt.Errorf("%w: %q; write enterprises/SLUG, ORG or OWNER/REPO", ErrScope, clip(text))
	}
	if s.kind == Repository && (!repoShape.MatchString(s.repo) || strings.Trim(s.repo, ".") == "") {
		return Scope{}, fmt.Errorf("%w: %q is not a repository's name", ErrScope, clip(s.repo))
	}
	return s, nil
}

// port is the port that an address of this scheme may leave out, with its colon.
func port(scheme string) string {
	if scheme == "http" {
		return ":80"
	}
	return ":443"
}

// IsZero reports whether s is no scope at all.
func (s Scope) IsZero() bool { return s.kind == 0 }

// Host is the server's host: "github.com".
func (s Scope) Host() string { return s.host }

// Kind tells whether s is an enterprise, an organization or a repository.
func (s Scope) Kind() Kind { return s.kind }

// Owner is the enterprise's slug, the organization, or the repository's owner.
func (s Scope) Owner() string { return s.owner }

// Repo is the repository's name, and empty for the other kinds.
func (s Scope) Repo() string { return s.repo }

// String is the canonical form: "enterprises/octo-enterprise", "octo-org" or
// "octo-org/octo-repo".
func (s Scope) String() string {
	switch s.kind {
	case Enterprise:
		return "enterprises/" + s.owner
	case Organization:
		return s.owner
	case Repository:
		return s.owner + "/" + s.repo
	}
	return ""
}

// Words names the scope in a sentence: "organization octo-org".
func (s Scope) Words() string {
	if s.kind == Repository {
		return "repository " + s.String()
	}
	return s.kind.String() + " " + s.owner
}

// MarshalText writes the host and the canonical form, for what the store keeps.
func (s Scope) MarshalText() ([]byte, error) {
	if s.IsZero() {
		return nil, nil
	}
	return []byte(s.host + " " + s.String()), nil
}

// UnmarshalText reads what MarshalText wrote, as strictly as the parser.
func (s *Scope) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = Scope{}
		return nil
	}
	host, scope, _ := strings.Cut(string(text), " ")
	read, err := StoredScope(host, scope)
	if err == nil {
		*s = read
	}
	return err
}
