package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The libraries, each by the prefix of its packages.
const (
	slackGo  = "github.com/slack-go/slack"
	goGitHub = "github.com/google/go-github/v53"
	cron     = "github.com/robfig/cron/v3"
	sqlite   = "github.com/mattn/go-sqlite3"
	yaml     = "github.com/goccy/go-yaml"
	kongLine = "github.com/alecthomas/kong"
	gorilla  = "github.com/gorilla/websocket"
	openapi  = "github.com/getkin/kin-openapi"
	goCmp    = "github.com/google/go-cmp"
	leak     = "go.uber.org/goleak"
	xsync    = "golang.org/x/sync"
)

// rooms are what each package may import beside the standard library. Only what stands
// here is allowed; a package without a row fails.
var rooms = map[string][]string{
	"runnerdesk": {kongLine, "runnerdesk/internal/admin", "runnerdesk/internal/reload", "runnerdesk/bot", "runnerdesk/commands", "runnerdesk/notifier", "runnerdesk/storage",
		"runnerdesk/internal/config", "runnerdesk/internal/executor", "runnerdesk/internal/fleet", "runnerdesk/internal/github",
		"runnerdesk/internal/watcher", "runnerdesk/internal/sandbox/tour"},
	// slack-go takes its dialer as a type of gorilla/websocket.
	"runnerdesk/bot":                                  {slackGo, gorilla, "runnerdesk/commands", "runnerdesk/internal/blocks", "runnerdesk/internal/fleet"},
	"runnerdesk/commands":                             {xsync, "runnerdesk/internal/fleet"},
	"runnerdesk/notifier":                             {cron, "runnerdesk/internal/fleet"},
	"runnerdesk/storage":                              {sqlite, "runnerdesk/internal/fleet"},
	"runnerdesk/internal/reload":                      {},
	"runnerdesk/internal/admin":                       {"runnerdesk/internal/config", "runnerdesk/storage", "runnerdesk/internal/fleet"},
	"runnerdesk/internal/fleet":                       {},
	"runnerdesk/internal/github":                      {goGitHub, xsync, "runnerdesk/internal/fleet"},
	"runnerdesk/internal/executor":                    {"runnerdesk/internal/fleet"},
	"runnerdesk/internal/watcher":                     {xsync, "runnerdesk/internal/fleet"},
	"runnerdesk/internal/blocks":                      {slackGo, "runnerdesk/internal/fleet"},
	"runnerdesk/internal/config":                      {yaml, "runnerdesk/internal/fleet"},
	"runnerdesk/internal/sandbox":                     {gorilla},
	"runnerdesk/internal/sandbox/githubd":             {"runnerdesk/internal/sandbox"},
	"runnerdesk/internal/sandbox/slackd":              {gorilla, "runnerdesk/internal/sandbox"},
	"runnerdesk/internal/sandbox/tour":                {gorilla, "runnerdesk/internal/sandbox", "runnerdesk/internal/sandbox/githubd", "runnerdesk/internal/sandbox/slackd"},
	"runnerdesk/internal/sandbox/githubd/description": {openapi}, // used by tests only
}

// forTests are what the tests of every package may import as well. The built-in servers
// are there for tests; the tour is the program's.
var forTests = []string{goCmp, leak, openapi, gorilla, "runnerdesk/internal/fleet", "runnerdesk/internal/sandbox",
	"runnerdesk/internal/sandbox/githubd", "runnerdesk/internal/sandbox/slackd", "runnerdesk/internal/sandbox/githubd/description"}

// realParts stand beside the room under test as they are, so that a test of it is a test
// of what people get: the store in a file, the client against the built-in GitHub.
var realParts = []string{"runnerdesk/storage", "runnerdesk/internal/github"}

// forTestsOf are what the tests of single packages may import beyond that. What the rooms
// themselves import stays as their rows say.
var forTestsOf = map[string][]string{
	"runnerdesk/bot":                     realParts,
	"runnerdesk/commands":                append([]string{"runnerdesk/internal/executor", "runnerdesk/internal/watcher", "runnerdesk/notifier"}, realParts...),
	"runnerdesk/notifier":                realParts,
	"runnerdesk/internal/executor":       realParts,
	"runnerdesk/internal/watcher":        realParts,
	"runnerdesk/internal/sandbox/slackd": {slackGo}, // tried with the real client
	"runnerdesk/internal/sandbox/tour":   {yaml},    // reads its app from manifest.yml
}

// listed is a package as "go list -json" tells of it.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// allows reports whether a row allows an import. A library's row covers its packages, a
// package of this module only itself.
func allows(row []string, path string) bool {
	if first, _, _ := strings.Cut(path, "/"); first != "runnerdesk" && !strings.Contains(first, ".") {
		return true // standard library
	}
	return slices.ContainsFunc(row, func(may string) bool {
		return path == may || !strings.HasPrefix(may, "runnerdesk") && strings.HasPrefix(path, may+"/")
	})
}

// strays are the imports that a package may not have.
func strays(p listed) []string {
	row, known := rooms[p.ImportPath]
	if !known {
		return []string{"(it has no row)"}
	}
	var out []string
	for _, path := range p.Imports {
		if !allows(row, path) {
			out = append(out, path)
		}
	}
	looser := slices.Concat(row, forTests, forTestsOf[p.ImportPath], []string{p.ImportPath})
	for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
		if !allows(looser, path) {
			out = append(out, path+" (in a test)")
		}
	}
	return out
}

func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		found++
		for _, path := range strays(p) {
			t.Errorf("%s may not import %s", p.ImportPath, path)
		}
	}
	if found != len(rooms) {
		t.Errorf("%d packages were found, and the table has %d rows: take out what is gone", found, len(rooms))
	}
}

// TestStrays: the table catches what it is there for.
func TestStrays(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		p    listed
		want int
	}{
		{listed{ImportPath: "runnerdesk/internal/fleet", Imports: []string{"time", "runnerdesk/storage"}}, 1},
		{listed{ImportPath: "runnerdesk/bot", Imports: []string{slackGo + "/socketmode", sqlite}}, 1},
		{listed{ImportPath: "runnerdesk/bot", Imports: []string{"runnerdesk/internal/sandbox/tour"}}, 1},
		{listed{ImportPath: "runnerdesk/storage", TestImports: []string{goCmp + "/cmp", slackGo}}, 1},
		{listed{ImportPath: "runnerdesk/storage", Imports: []string{goCmp + "/cmp"}}, 1},
		{listed{ImportPath: "runnerdesk/util"}, 1},
		{listed{ImportPath: "runnerdesk/internal/watcher", Imports: []string{xsync + "/singleflight", "net/http"}}, 0},
	} {
		if got := strays(tc.p); len(got) != tc.want {
			t.Errorf("%+v: got %q, want %d", tc.p, got, tc.want)
		}
	}
}
