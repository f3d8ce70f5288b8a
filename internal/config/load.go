package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
	_ "time/tzdata" // time zones are known where the system has none

	"runnerdesk/internal/fleet"
)

// Source is where Load reads from.
type Source struct {
	// Path is the file that the command line names; "" when it names none.
	Path string
	// LookupEnv is os.LookupEnv when nil.
	LookupEnv func(name string) (value string, given bool)
	// ReadFile is os.ReadFile when nil. It reads the configuration and the files that
	// X_FILE variables name.
	ReadFile func(path string) ([]byte, error)
	// CheckCron says what is wrong with a cron expression in a time zone; without it any
	// text passes.
	CheckCron func(expr, zone string) error
	// Offline is set by commands that connect to nothing: credentials may be missing.
	Offline bool
}

// largest is the most that a file may hold, in bytes.
const largest = 1 << 20

// Load reads the configuration. Its error, when there is one, is Faults: all that is
// wrong, at once.
func Load(o Source) (*Config, error) {
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	if o.CheckCron == nil {
		o.CheckCron = func(string, string) error { return nil }
	}
	r := &reader{file: Environment, hide: new(hider), checkCron: o.CheckCron}
	c := defaults()
	e := &environ{r: r, lookup: o.LookupEnv, readFile: o.ReadFile}
	e.read(c, o.Offline)

	path, named := e.value("RUNNERDESK_CONFIG")
	if !named {
		path, named = o.Path, o.Path != ""
	}
	if !named {
		path = DefaultFile
	}
	c.File, r.file = path, path
	data, err := o.ReadFile(path)
	switch {
	case err == nil && len(data) > largest:
		r.fault(top, "the file is larger than 1 MiB; a configuration is a few hundred lines")
	case err == nil:
		if root := r.parse(trimBOM(data)); root != nil {
			r.config(root, c)
			r.credentialsFor(root, c, o.Offline)
		}
	case errors.Is(err, fs.ErrNotExist) && !named:
		r.fault(top, "there is no configuration here; write one with runnerdesk init, or name one with --config")
	default:
		r.fault(top, "the configuration %s; name one that is there with --config", unreadable(err))
	}
	if !filepath.IsAbs(c.Database) {
		c.Database = filepath.Join(filepath.Dir(path), c.Database)
	}
	e.override(c)
	if len(r.faults) > 0 {
		return nil, r.faults.sorted()
	}
	c.Hash, c.Warnings = hash(data, c), r.warnings
	return c, nil
}

func trimBOM(data []byte) []byte {
	if len(data) >= 3 && string(data[:3]) == "\xef\xbb\xbf" {
		return data[3:]
	}
	return data
}

// unreadable says why a file can't be read, without its path: a secret that was given
// in place of a path must not be repeated.
func unreadable(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "is not there"
	case errors.Is(err, fs.ErrPermission):
		return "may not be read by this user"
	}
	return "can't be read"
}

// hash is over the file and over what the environment adds to it, but for secrets.
func hash(data []byte, c *Config) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", len(data))
	h.Write(data)
	fmt.Fprintf(h, "%q %q %d %q %q %s", c.Server.APIURL(), c.Slack.APIURL, c.GitHub.AppID, c.Database, c.Listen, c.LogLevel)
	return hex.EncodeToString(h.Sum(nil))
}

// config reads the whole file.
func (r *reader) config(root *node, c *Config) {
	if !r.keys(root, "the configuration", "scopes!", "default_scope", "command", "database", "listen",
		"poll", "retention", "read_only", "operators", "access", "approvals", "break_glass", "reveal_within",
		"protect", "limits", "channels", "digests", "alerts", "cleanup") {
		return
	}
	r.server = c.Server
	c.Scopes = r.scopeList(root.get("scopes"))
	r.scopes = c.Scopes
	c.DefaultScope = r.scope(root.get("default_scope"), "default_scope")
	r.channelDefaults(root.get("channels"), c.ChannelDefaults)

	r.command(root.get("command"), &c.Command)
	if path, ok := r.text(root.get("database"), "database", "the path of a file"); ok {
		c.Database = path
	}
	r.listen(root.get("listen"), &c.Listen)
	r.duration(root.get("poll"), "poll", time.Second, day, &c.Poll)
	r.duration(root.get("retention"), "retention", time.Hour, ever, &c.Retention)
	r.operators(root.get("operators"), &c.Operators)

	p := &c.Policy
	r.boolean(root.get("read_only"), "read_only", &p.ReadOnly)
	p.Grants = r.grants(root.get("access"))
	p.Rules = r.rules(root.get("approvals"))
	r.breakGlass(root.get("break_glass"), p)
	r.duration(root.get("reveal_within"), "reveal_within", time.Second, day, &p.RevealWithin)
	r.protect(root.get("protect"), &p.Protect)
	r.limits(root.get("limits"), &p.Limits)

	c.Digests = r.digests(root.get("digests"))
	c.Alerts = r.alerts(root.get("alerts"))
	c.Cleanups = r.cleanups(root.get("cleanup"), p.Rules)
	r.warn(root)
}

// ahead are the keys that are read and checked, and whose work comes with a later version.
var ahead = []string{"listen", "break_glass", "alerts", "cleanup"}

// warn finds what is right and hardly meant.
func (r *reader) warn(root *node) {
	for _, key := range ahead {
		if n := root.get(key); n != nil && (n.kind != text || n.text != "") {
			r.warnings = append(r.warnings, r.found(n.at, "%s has no effect in this version", key))
		}
	}
	if rules := root.get("approvals"); rules != nil {
		for _, rule := range rules.items {
			if n := rule.get("escalate"); n != nil {
				r.warnings = append(r.warnings, r.found(n.at, "escalate lets these people decide in time, but nobody is asked anew in this version"))
			}
		}
	}
	if root.get("access") == nil {
		r.warnings = append(r.warnings, r.found(root.at, "there is no access, so nobody may see or ask for anything; add lines such as { who: [everyone], may: [view] }"))
	}
}

// credentialsFor finds enterprises that no credential could read.
func (r *reader) credentialsFor(root *node, c *Config, offline bool) {
	if offline || !c.GitHub.Token.IsZero() || c.GitHub.AppID == 0 {
		return // nothing is missing, or the environment has that fault already
	}
	list := root.get("scopes")
	if list == nil {
		return
	}
	for _, item := range list.items {
		if s, err := fleet.ParseScope(r.server, item.text); err == nil && s.Kind() == fleet.Enterprise {
			r.fault(item.at, "no GitHub App may read the runners of an enterprise; give GITHUB_TOKEN too, or take %s out", s)
		}
	}
}
