package github

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// permissionShape is a scope or a permission as GitHub names it. Anything else in the
// headers is not repeated to people.
var permissionShape = regexp.MustCompile(`\A[a-z][a-z_:]{1,60}(?:=[a-z]{1,10})?\z`)

// missing names what a refused credential lacks, from the headers with which GitHub
// tells it: a token scope such as "admin:org" or a permission such as
// "organization_self_hosted_runners=write", several joined by "or". It is empty when
// GitHub does not tell.
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
func missing(h http.Header) string {
	if sso := h.Get("X-GitHub-SSO"); strings.HasPrefix(sso, "required") {
		return "authorization for the organization's single sign-on"
	}
	if wanted := names(h.Get("X-Accepted-GitHub-Permissions"), ",;"); len(wanted) > 0 {
		return strings.Join(wanted, " or ")
	}
	wanted := names(h.Get("X-Accepted-OAuth-Scopes"), ",")
	switch {
	case len(wanted) == 0:
		return ""
	case covered(h, wanted):
		return "an owner or administrator behind it"
	}
	return strings.Join(wanted, " or ")
}

// hidden reports whether a 404 stands for a refusal: GitHub hides enterprises and
// private repositories from classic tokens that lack the scope.
func hidden(h http.Header) bool {
	wanted := names(h.Get("X-Accepted-OAuth-Scopes"), ",")
	_, classic := h[http.CanonicalHeaderKey("X-OAuth-Scopes")]
	return classic && len(wanted) > 0 && !covered(h, wanted)
}

// covered reports whether the token has one of the wanted scopes, or the admin scope
// that includes it.
func covered(h http.Header, wanted []string) bool {
	return slices.ContainsFunc(names(h.Get("X-OAuth-Scopes"), ","), func(has string) bool {
		return slices.ContainsFunc(wanted, func(want string) bool {
			_, family, _ := strings.Cut(want, ":")
			return has == want || family != "" && has == "admin:"+family
		})
	})
}

func names(header, separators string) []string {
	var found []string
	for _, name := range strings.FieldsFunc(header, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if name = strings.TrimSpace(name); permissionShape.MatchString(name) && len(found) < 5 {
			found = append(found, name)
		}
	}
	return found
}
