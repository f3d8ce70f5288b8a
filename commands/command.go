package commands

import (
	"slices"
	"time"

	"runnerdesk/internal/fleet"
)

// Context is what a text is read with.
type Context struct {
	Server  fleet.Server
	Scopes  []fleet.Scope // all that are configured; no other can come out of Parse
	Default fleet.Scope   // the channel's or the general one; zero: none
	Command string        // the slash command: "/runners"
}

// defaultScope is the scope that may be left out: the default, or the only one.
func (c Context) defaultScope() []fleet.Scope {
	switch {
	case !c.Default.IsZero() && slices.Contains(c.Scopes, c.Default):
		return []fleet.Scope{c.Default}
	case len(c.Scopes) == 1:
		return c.Scopes[:1]
	}
	return nil
}

// Command is a text that was understood.
type Command struct {
	Name      string        // the canonical name: "list", "remove-token", …
	Scopes    []fleet.Scope // those named, else the default; empty: none (for status: all)
	AllScopes bool          // "list all", "find"
	Runners   []string      // ids or names as typed; for find a name or glob
	Filter    fleet.Filter
	Labels    []string // wished for a new runner
	Group     string   // wished for a new runner
	Reason    string   // the person's own words
	Request   int64    // the number of a request
	Topic     string   // of help the command; of digest, mute and unmute the name
	OS, Arch  string   // of downloads, by GitHub's names: linux, osx, win; x64, arm, arm64
	Which     string   // of requests: "open", "mine", "all", or "" when not said
	Duration  time.Duration
	Now       bool   // "digest now"
	Page      int    // of list and find, from 1; 0: not said
	Text      string // what was typed, normalised; Parse reads it to the same Command
}

// names are the commands and the other words for them, in the order of help.
var names = []struct {
	name string
	also []string
}{
	{"help", nil},
	{"status", nil},
	{"list", []string{"ls"}},
	{"show", nil},
	{"find", nil},
	{"downloads", nil},
	{"register", []string{"token", "add", "registration-token"}},
	{"remove-token", []string{"unregister"}},
	{"delete", []string{"rm"}},
	{"requests", []string{"inbox"}},
	{"request", nil},
	{"approve", nil},
	{"deny", []string{"reject"}},
	{"cancel", nil},
	{"digest", nil},
	{"alerts", nil},
	{"mute", nil},
	{"unmute", nil},
	{"whoami", []string{"me"}},
	{"about", nil},
}

// canonical is the name of the command that word stands for, or "".
func canonical(word string) string {
	for _, n := range names {
		if n.name == word || slices.Contains(n.also, word) {
			return n.name
		}
	}
	return ""
}

// commandWords are all words that may stand first.
func commandWords() []string {
	words := []string{"remove"}
	for _, n := range names {
		words = append(append(words, n.name), n.also...)
	}
	return words
}

// Mutates reports whether the command opens, decides or cancels a request, and so goes
// through the stored inbox.
func Mutates(c Command) bool {
	switch c.Name {
	case "register", "remove-token", "delete", "approve", "deny", "cancel":
		return true
	}
	return false
}
