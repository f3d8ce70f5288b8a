package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"

	"runnerdesk/commands"
	"runnerdesk/internal/fleet"
	"runnerdesk/internal/github"
)

// wire is a GitHub that finds nothing and keeps the first line of each request. It lives
// in memory, so that a million runs take minutes.
type wire struct {
	mu    sync.Mutex
	lines []string
}

func (w *wire) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go w.serve(server)
	return client, nil
}

func (w *wire) serve(c net.Conn) {
	defer c.Close()
	for in := bufio.NewReader(c); ; {
		q, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.lines = append(w.lines, q.Method+" "+q.RequestURI)
		w.mu.Unlock()
		if _, err := io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 23\r\n\r\n{\"message\":\"Not Found\"}"); err != nil {
			return
		}
	}
}

// take gives what came in since the last time.
func (w *wire) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := w.lines
	w.lines = nil
	return lines
}

// addEscapes seeds a fuzz target with everything that TestNoEscape tries.
func addEscapes(f *testing.F) {
	for _, command := range scoped {
		for _, scope := range append([]string{"", org, enterprise, repo, "https://127.0.0.1/octo-org"}, notScopes...) {
			f.Add(strings.ReplaceAll(command, "%", scope))
		}
	}
	for _, text := range []string{"approve 1", "deny #1 no", "cancel 1", "request 1", "requests all", "help delete", "whoami", "about", "remove octo-org 1", "delete octo-org 9223372036854775807 18446744073709551617 -1 0x1 1e3"} {
		f.Add(text)
	}
}

// FuzzTextToWire: whatever is typed, what leaves is about a configured scope and one of
// the listed methods and shapes; and a word of it that reads as any scope at all leads to
// the path of exactly that scope. A million runs:
//
//	go test -run '^$' -fuzz FuzzTextToWire -fuzztime 1000000x .
func FuzzTextToWire(f *testing.F) {
	addEscapes(f)
	server, err := fleet.ParseServer("http://127.0.0.1:1/api/v3")
	if err != nil {
		f.Fatal(err)
	}
	w := new(wire)
	reads, writes, err := github.New(github.Options{Server: server, Token: fleet.NewSecret(patToken), Dial: w.dial})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(reads.Close)
	c := commands.Context{Server: server, Command: "/runners"}
	for _, text := range []string{enterprise, org, repo} {
		s, err := fleet.ParseScope(server, text)
		if err != nil {
			f.Fatal(err)
		}
		c.Scopes = append(c.Scopes, s)
	}
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, text string) {
		if cmd, err := commands.Parse(text, c); err == nil {
			carry(ctx, cmd, reads, writes)
			for _, line := range w.take() {
				if !lawful.MatchString(line) {
					t.Fatalf("%q went out as %q", text, line)
				}
			}
		}
		for _, word := range append(strings.Fields(text), text) {
			s, err := fleet.ParseScope(server, word)
			if err != nil {
				continue
			}
			_ = writes.Delete(ctx, s, 1)
			want := "DELETE /api/v3/" + map[fleet.Kind]string{fleet.Enterprise: "", fleet.Organization: "orgs/", fleet.Repository: "repos/"}[s.Kind()] + s.String() + "/actions/runners/1"
			if got := w.take(); len(got) != 1 || got[0] != want || strings.ContainsAny(want[7:], "%?#\\ ") || path.Clean(want[7:]) != want[7:] {
				t.Fatalf("%q as a scope went out as %q, want %q", word, got, want)
			}
		}
	})
}

// carry does at GitHub what a command would, without asking anybody.
func carry(ctx context.Context, cmd commands.Command, reads *github.Reader, writes *github.Writer) {
	for _, s := range cmd.Scopes {
		switch cmd.Name {
		case "downloads":
			_, _ = reads.Downloads(ctx, s)
		case "register":
			_, _ = writes.RegistrationToken(ctx, s)
		case "remove-token":
			_, _ = writes.RemoveToken(ctx, s)
		case "show", "delete":
			for _, text := range cmd.Runners {
				if id, err := strconv.ParseInt(text, 10, 64); err == nil {
					_, _ = reads.Get(ctx, s, id)
					_ = writes.Delete(ctx, s, id)
				}
			}
		default:
			_, _ = reads.List(ctx, s)
		}
	}
}
