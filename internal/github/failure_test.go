package github

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

// foreign is in every body and header that a server sends here, and must be in no error.
const foreign = "Foreign-Text"

// calls are the ways to reach GitHub, one for each method.
var calls = map[string]func(ctx context.Context, d *desk, s fleet.Scope) error{
	"GET":    func(ctx context.Context, d *desk, s fleet.Scope) error { _, err := d.Get(ctx, s, 1); return err },
	"POST":   func(ctx context.Context, d *desk, s fleet.Scope) error { _, err := d.RemoveToken(ctx, s); return err },
	"DELETE": func(ctx context.Context, d *desk, s fleet.Scope) error { return d.Delete(ctx, s, 1) },
}

// kindOf is the fleet error in err.
func kindOf(err error) error {
	var forbidden *fleet.ForbiddenError
	var limited *fleet.LimitedError
	var broken *fleet.UnavailableError
	switch {
	case errors.As(err, &forbidden):
		return forbidden
	case errors.As(err, &limited):
		return limited
	case errors.As(err, &broken):
		broken.What = "" // its words are for people
		return broken
	}
	for _, sentinel := range []error{fleet.ErrNotFound, fleet.ErrBusy, fleet.ErrCredential, fleet.ErrUnsupported, fleet.ErrUnsafe} {
		if errors.Is(err, sentinel) {
			return sentinel
		}
	}
	return err
}

func same(a, b error) bool { return reflect.DeepEqual(a, b) }

func TestStatus(t *testing.T) {
	message := func(text string) string {
		return `{"message":"` + text + ` ` + foreign + `","documentation_url":"https://docs.github.com/rest"}`
	}
	docs := func(page string) string {
		return `{"message":"` + foreign + `","documentation_url":"https://docs.github.com/` + page + `"}`
	}
	head := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	reset := strconv.FormatInt(start.Add(17*time.Minute).Unix(), 10)
	limited := func(wait time.Duration, secondary bool) error {
		return &fleet.LimitedError{Until: start.Add(wait), Secondary: secondary}
	}
	unavailable := func(status int, acted bool) error {
		return &fleet.UnavailableError{Status: status, MayHaveActed: acted}
	}
	forbidden := func(need string) error { return &fleet.ForbiddenError{Need: need} }
	all := "GET POST DELETE"
	for name, tc := range map[string]struct {
		methods string
		status  int
		body    string
		header  http.Header
		want    error
	}{
		"bad credentials":                       {all, 401, message("Bad credentials"), nil, fleet.ErrCredential},
		"not found":                             {all, 404, message("Not Found"), nil, fleet.ErrNotFound},
		"not found, scope held":                 {all, 404, message("Not Found"), head("X-OAuth-Scopes", "admin:org, repo", "X-Accepted-OAuth-Scopes", "admin:org"), fleet.ErrNotFound},
		"not found, broader scope held":         {all, 404, message("Not Found"), head("X-OAuth-Scopes", "admin:enterprise", "X-Accepted-OAuth-Scopes", "manage_runners:enterprise"), fleet.ErrNotFound},
		"hidden":                                {all, 404, message("Not Found"), head("X-OAuth-Scopes", "", "X-Accepted-OAuth-Scopes", "manage_runners:enterprise"), forbidden("manage_runners:enterprise")},
		"busy":                                  {"DELETE", 422, message("Bad request - Runner is still running a job"), nil, fleet.ErrBusy},
		"busy in other words":                   {"DELETE", 422, "", nil, fleet.ErrBusy},
		"422 that is no delete":                 {"GET", 422, message(""), nil, unavailable(422, false)},
		"forbidden":                             {all, 403, message("Resource not accessible"), nil, forbidden("")},
		"forbidden, HTML":                       {all, 403, "<html>" + foreign, nil, forbidden("")},
		"forbidden, classic":                    {all, 403, message("Must have admin rights"), head("X-OAuth-Scopes", "gist", "X-Accepted-OAuth-Scopes", "admin:org, write:org"), forbidden("admin:org or write:org")},
		"forbidden, no owner":                   {all, 403, message("Must have admin rights"), head("X-OAuth-Scopes", "admin:org", "X-Accepted-OAuth-Scopes", "admin:org"), forbidden("an owner or administrator behind it")},
		"forbidden, fine-grained":               {all, 403, message("Resource not accessible by personal access token"), head("X-Accepted-GitHub-Permissions", "organization_self_hosted_runners=write"), forbidden("organization_self_hosted_runners=write")},
		"forbidden, foreign text":               {all, 403, message(""), head("X-Accepted-GitHub-Permissions", foreign+" <!channel>; administration=read"), forbidden("administration=read")},
		"single sign-on":                        {all, 403, message("Resource protected by organization SAML enforcement"), head("X-GitHub-SSO", "required; url=https://"+foreign), forbidden("authorization for the organization's single sign-on")},
		"forbidden with the last of the hour":   {all, 403, message("Resource not accessible by integration"), head("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), forbidden("")},
		"primary limit":                         {all, 403, message("API rate limit exceeded for user ID 1."), head("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), limited(17*time.Minute, false)},
		"primary limit, no words":               {all, 403, "", head("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), limited(17*time.Minute, false)},
		"primary limit as 429":                  {all, 429, message("API rate limit exceeded"), head("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), limited(17*time.Minute, false)},
		"primary limit without an end":          {all, 403, message("API rate limit exceeded"), nil, limited(time.Minute, false)},
		"primary limit, end in the past":        {all, 403, message("API rate limit exceeded"), head("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1"), limited(time.Minute, false)},
		"secondary limit":                       {all, 403, message("You have exceeded a secondary rate limit."), head("Retry-After", "30"), limited(30*time.Second, true)},
		"secondary limit as 429":                {all, 429, message("You have exceeded a secondary rate limit."), head("Retry-After", "30", "X-RateLimit-Remaining", "4000"), limited(30*time.Second, true)},
		"secondary limit, words only":           {all, 403, message("You have exceeded a secondary rate limit."), nil, limited(time.Minute, true)},
		"secondary limit, today's page":         {all, 403, docs("rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"), nil, limited(time.Minute, true)},
		"secondary limit, an older page":        {all, 403, docs("rest/overview/resources-in-the-rest-api#secondary-rate-limits"), nil, limited(time.Minute, true)},
		"secondary limit, the oldest page":      {all, 403, docs("v3/#abuse-rate-limits"), nil, limited(time.Minute, true)},
		"secondary limit, others' hour is full": {all, 403, message("You have exceeded a secondary rate limit."), head("X-RateLimit-Remaining", "12", "X-RateLimit-Reset", reset), limited(time.Minute, true)},
		"429 and nothing else":                  {all, 429, "", nil, limited(time.Minute, true)},
		"Retry-After as a date":                 {all, 429, "", head("Retry-After", start.Add(90*time.Second).Format(http.TimeFormat)), limited(90*time.Second, true)},
		"Retry-After without end":               {all, 429, "", head("Retry-After", "99999999999"), limited(24*time.Hour, true)},
		"Retry-After now":                       {all, 429, "", head("Retry-After", "0"), limited(time.Second, true)},
		"Retry-After that is none":              {all, 403, message("no"), head("Retry-After", "soon"), forbidden("")},
		"500, read":                             {"GET", 500, "<html>" + foreign, nil, unavailable(500, false)},
		"500, write":                            {"POST DELETE", 500, "<html>" + foreign, nil, unavailable(500, true)},
		"503, write":                            {"POST DELETE", 503, "", head("Retry-After", "9"), unavailable(503, true)},
		"410":                                   {all, 410, message("Gone"), nil, unavailable(410, false)},
		"200 where 204 or 201 belongs":          {"POST DELETE", 200, message(""), nil, unavailable(200, true)},
		"202":                                   {"POST DELETE", 202, message(""), nil, unavailable(202, true)},
		"204 to a read":                         {"GET", 204, "", nil, unavailable(204, false)},
		"304 that nobody asked for":             {"GET", 304, "", nil, unavailable(304, false)},
	} {
		for method := range strings.FieldsSeq(tc.methods) {
			t.Run(name+" "+method, func(t *testing.T) {
				d := open(t, githubd.Options{})
				d.github.Fault(githubd.On(method, "/**"), githubd.Fault{Status: tc.status, Body: tc.body, Header: tc.header})
				err := calls[method](t.Context(), d, d.scope(t, "octo-org"))
				if err == nil || strings.Contains(err.Error(), foreign) {
					t.Errorf("error %v: want one without the server's text", err)
				}
				if got := kindOf(err); !same(got, tc.want) {
					t.Errorf("got %#v, want %#v", got, tc.want)
				}
				sent := 0
				for _, r := range d.github.Requests() {
					if r.Method == method {
						sent++
					}
				}
				want := 1
				if method == "GET" && tc.status >= 500 {
					want = 3
				}
				if sent != want {
					t.Errorf("%d requests, want %d", sent, want)
				}
			})
		}
	}
}

// TestNoMemory: a limit that one call met must not stop the next, which may be an
// approved delete. go-github remembers limits; it must not get to see them.
func TestNoMemory(t *testing.T) {
	reset := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	spent := http.Header{"X-Ratelimit-Limit": {"5000"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {reset}, "Retry-After": {"3600"}}
	for name, fault := range map[string]githubd.Fault{
		"a good answer with the last of the hour": {Times: 1, Header: spent},
		"a primary limit":                         {Times: 1, Status: 403, Body: `{"message":"API rate limit exceeded"}`, Header: spent},
		"a secondary limit": {Times: 1, Status: 403, Header: spent,
			Body: `{"message":"secondary rate limit","documentation_url":"https://docs.github.com/x#secondary-rate-limits"}`},
	} {
		d := open(t, githubd.Options{})
		s := d.scope(t, "octo-org")
		d.github.AddRunner("octo-org", githubd.Runner{ID: 1, Name: "a"})
		d.github.Fault(githubd.On("GET", "/**"), fault)
		_, _ = d.Get(t.Context(), s, 1)
		if err := d.Delete(t.Context(), s, 1); err != nil {
			t.Errorf("after %s a delete fails: %v", name, err)
		}
	}
}

func TestOddBodies(t *testing.T) {
	const runner = `"name":"a","os":"linux","status":"online","busy":false,"labels":[]`
	reads := map[string]func(ctx context.Context, d *desk, s fleet.Scope) error{
		"list":         func(ctx context.Context, d *desk, s fleet.Scope) error { _, err := d.List(ctx, s); return err },
		"get":          calls["GET"],
		"downloads":    func(ctx context.Context, d *desk, s fleet.Scope) error { _, err := d.Downloads(ctx, s); return err },
		"groups":       func(ctx context.Context, d *desk, s fleet.Scope) error { _, err := d.Groups(ctx, s); return err },
		"remove-token": calls["POST"],
		"registration-token": func(ctx context.Context, d *desk, s fleet.Scope) error {
			_, err := d.RegistrationToken(ctx, s)
			return err
		},
	}
	everyone := "list get downloads groups remove-token registration-token"
	for name, tc := range map[string]struct{ who, body string }{
		"empty":                   {everyone, ""},
		"null":                    {everyone, "null"},
		"HTML":                    {everyone, "<html><title>" + foreign + "</title>"},
		"cut off":                 {everyone, `{"total_count":1,"runners":[{"id":1,`},
		"a text":                  {everyone, `"` + foreign + `"`},
		"a number":                {everyone, `7`},
		"an empty object":         {everyone, "{}"},
		"too large":               {everyone, `{"x":"` + strings.Repeat("x", maxBody) + `"}`},
		"null runner":             {"list", `{"total_count":1,"runners":[null]}`},
		"null list":               {"list", `{"total_count":0,"runners":null}`},
		"no total":                {"list", `{"runners":[]}`},
		"negative total":          {"list", `{"total_count":-1,"runners":[]}`},
		"runner without id":       {"list", `{"total_count":1,"runners":[{` + runner + `}]}`},
		"runner with id 0":        {"list", `{"total_count":1,"runners":[{"id":0,` + runner + `}]}`},
		"id in quotes":            {"list", `{"total_count":1,"runners":[{"id":"` + foreign + `",` + runner + `}]}`},
		"null label":              {"list", `{"total_count":1,"runners":[{"id":1,"name":"a","labels":[null]}]}`},
		"label without a name":    {"list", `{"total_count":1,"runners":[{"id":1,"name":"a","labels":[{"id":1}]}]}`},
		"another runner":          {"get", `{"id":2,` + runner + `}`},
		"id 0":                    {"get", `{"id":0,` + runner + `}`},
		"null application":        {"downloads", `[null]`},
		"application, no address": {"downloads", `[{"os":"linux","filename":"x"}]`},
		"null group":              {"groups", `{"total_count":1,"runner_groups":[null]}`},
		"empty token":             {"remove-token registration-token", `{"token":"","expires_at":"2026-03-02T10:00:00Z"}`},
		"token with a line end":   {"remove-token registration-token", `{"token":"A\nB","expires_at":"2026-03-02T10:00:00Z"}`},
		"token without end":       {"remove-token registration-token", `{"token":"AAAA"}`},
		"token, end in words":     {"remove-token registration-token", `{"token":"AAAA","expires_at":"` + foreign + `"}`},
		"token that is a number":  {"remove-token registration-token", `{"token":12345,"expires_at":"2026-03-02T10:00:00Z"}`},
	} {
		for who := range strings.FieldsSeq(tc.who) {
			t.Run(name+" "+who, func(t *testing.T) {
				d := open(t, githubd.Options{})
				status := http.StatusOK
				if strings.HasSuffix(who, "token") {
					status = http.StatusCreated
				}
				d.github.Fault(githubd.On("", "/**"), githubd.Fault{Status: status, Body: tc.body})
				err := reads[who](t.Context(), d, d.scope(t, "octo-org"))
				var broken *fleet.UnavailableError
				if !errors.As(err, &broken) || broken.What == "" || broken.MayHaveActed != (status == http.StatusCreated) {
					t.Fatalf("got %v, want an UnavailableError that fits the method", err)
				}
				if tooLarge := broken.What == "its answer is too large"; tooLarge != (name == "too large") {
					t.Errorf("got %v", err)
				}
				for _, leak := range []string{foreign, "AAAA", "12345"} {
					if strings.Contains(err.Error(), leak) {
						t.Errorf("the error repeats the body: %v", err)
					}
				}
			})
		}
	}
}

// TestAbsentFields: what GitHub leaves out is not known, and above all not idle.
func TestAbsentFields(t *testing.T) {
	d := open(t, githubd.Options{})
	d.github.Fault(githubd.On("GET", "/**"), githubd.Fault{Status: 200, Body: `{"id":1,"name":"a","status":"online","version":null}`})
	got, err := d.Get(t.Context(), d.scope(t, "octo-org"), 1)
	if err != nil || got.Busy != fleet.NotKnown || got.Ephemeral != fleet.NotKnown || got.State() != fleet.Online || got.Version != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestBusyOfOld: an older Enterprise Server answers 500 to the deletion of a runner
// with a job.
func TestBusyOfOld(t *testing.T) {
	for name, tc := range map[string]struct {
		busy bool
		want error
	}{
		"with a job":    {true, fleet.ErrBusy},
		"without a job": {false, &fleet.UnavailableError{Status: 500, MayHaveActed: true}},
	} {
		d := open(t, githubd.Options{})
		d.github.AddRunner("octo-org", githubd.Runner{ID: 1, Name: "a", Busy: tc.busy})
		d.github.Fault(githubd.On("DELETE", "/**"), githubd.Fault{Status: 500, Body: `{"message":"Failed to delete the specified runner"}`})
		if got := kindOf(d.Delete(t.Context(), d.scope(t, "octo-org"), 1)); !same(got, tc.want) {
			t.Errorf("%s: got %#v, want %#v", name, got, tc.want)
		}
	}
}
