// Package description holds traffic against GitHub's official OpenAPI description, in
// tests only. The description is not part of the project: where it is absent, tests
// say that this check was left out.
package description

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// files are the descriptions of the 18 operations, and of those beyond them, which are
// asked only for what the first two lack.
var files = []string{"runners18-ghec.json", "runners18-ghes-3.19.json", "runners-plus-ghec.json"}

// Description is GitHub's description of the runner operations.
type Description struct {
	prefix  string
	routers []routers.Router
}

// Load reads the description for a server whose routes begin with prefix ("/api/v3" or
// ""). It looks in ../shared/data beside the module's root. The error is
// os.ErrNotExist where the description is absent.
func Load(prefix string) (*Description, error) {
	dir, err := data()
	if err != nil {
		return nil, err
	}
	d := &Description{prefix: prefix}
	for _, name := range files {
		doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		doc.Servers = openapi3.Servers{{URL: prefix + "/"}}
		router, err := gorillamux.NewRouter(doc)
		if err != nil {
			return nil, fmt.Errorf("routes of %s: %w", name, err)
		}
		d.routers = append(d.routers, router)
	}
	return d, nil
}

// data is the folder of the description.
func data() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			dir = filepath.Join(dir, "..", "shared", "data")
			_, err = os.Stat(filepath.Join(dir, files[0]))
			return dir, err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", os.ErrNotExist
		}
		dir = parent
	}
}

// Check holds a request, and the answer to it when it is a described one (2xx, and 422
// of a delete), against every description that has the operation. A 304 is the answer
// that the client has. Body is the answer's.
func (d *Description) Check(r *http.Request, status int, header http.Header, body []byte) error {
	var faults []error
	found := false
	for i, router := range d.routers {
		if i == 2 && found {
			break
		}
		route, params, err := router.FindRoute(r)
		if err != nil {
			continue
		}
		found = true
		faults = append(faults, check(r, route, params, status, header, body))
	}
	if !found {
		return fmt.Errorf("GitHub describes no %s %s", r.Method, r.URL.EscapedPath())
	}
	return errors.Join(faults...)
}

func check(r *http.Request, route *routers.Route, params map[string]string, status int, header http.Header, body []byte) error {
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	for key := range r.URL.Query() {
		known := slices.ContainsFunc(route.Operation.Parameters, func(p *openapi3.ParameterRef) bool {
			return p.Value.In == "query" && p.Value.Name == key
		})
		if !known {
			return fmt.Errorf("GitHub describes no query parameter %q of %s %s", key, r.Method, route.Path)
		}
	}
	if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
		return fmt.Errorf("request %s %s: %w", r.Method, r.URL.EscapedPath(), err)
	}
	if status >= 300 && status != http.StatusUnprocessableEntity {
		return nil
	}
	if route.Operation.Responses.Status(status) == nil {
		return fmt.Errorf("GitHub describes no %d of %s %s", status, r.Method, route.Path)
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: status, Header: header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: options,
	}
	if err := openapi3filter.ValidateResponse(context.Background(), answer); err != nil {
		return fmt.Errorf("answer %d to %s %s: %w", status, r.Method, r.URL.EscapedPath(), err)
	}
	return nil
}

// Handler holds everything that passes through next against the description and gives
// what is wrong to fault. Requests outside the prefix and those with violations of
// their own are checked like all others.
func (d *Description) Handler(next http.Handler, fault func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(kept, r)
		if !strings.HasPrefix(r.URL.Path, d.prefix) {
			fault(fmt.Errorf("%s is outside %s", r.URL.Path, d.prefix))
			return
		}
		if err := d.Check(r, kept.status, w.Header(), kept.body.Bytes()); err != nil {
			fault(err)
		}
	})
}

// recorder passes an answer on and keeps a copy.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach what lies beneath.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
