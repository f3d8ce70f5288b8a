package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/sandbox/slackd"
)

// disguises are the forms in which a secret may be written down.
func disguises(secret string) [][]byte {
	quoted, _ := json.Marshal(secret)
	forms := [][]byte{
		[]byte(secret), quoted[1 : len(quoted)-1], []byte(url.QueryEscape(secret)), []byte(url.PathEscape(secret)),
		[]byte(hex.EncodeToString([]byte(secret))), []byte(strings.ToUpper(hex.EncodeToString([]byte(secret)))),
	}
	// Where a secret stands within a longer text decides its base64: three ways, without
	// the characters at both ends that its neighbours change.
	for pad := range 3 {
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			text := e.EncodeToString([]byte(strings.Repeat("x", pad) + secret))
			forms = append(forms, []byte(text[pad+1:len(text)-4]))
		}
	}
	return forms
}

// finds reports whether data holds a secret in any form.
func finds(data []byte, secret string) bool {
	for _, form := range disguises(secret) {
		if bytes.Contains(data, form) {
			return true
		}
	}
	return false
}

func TestFindsDisguises(t *testing.T) {
	t.Parallel()
	secret := `xoxb-CANARY+"/=1`
	quoted, _ := json.Marshal(map[string]string{"t": secret})
	for _, text := range []string{
		secret, string(quoted), url.Values{"t": {secret}}.Encode(), hex.EncodeToString([]byte("a" + secret + "b")),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("a" + secret + "bc")), base64.URLEncoding.EncodeToString([]byte("ab" + secret + "c")),
	} {
		if !finds([]byte(text), secret) {
			t.Errorf("not found in %s", text)
		}
	}
	if finds([]byte("xoxb-CANARY"), secret) {
		t.Error("found where it is not")
	}
}

// TestNoCanary plays a day with a canary in every credential and every minted token, and
// searches everything that was written or sent for them.
func TestNoCanary(t *testing.T) {
	t.Parallel()
	app := slackd.App{AppToken: "xapp-1-CANARYAPP-1-a+b/c", BotToken: "xoxb-1-CANARYBOT-1-d+e/f"}
	key := "CANARYKEY-of-the-audit-chain-0123456789"
	config := strings.Replace(sampleConfiguration, "    channel: C0APPROVALS", "    channel: C0APPROVALS\n    reason: required", 1)
	r := newRig(t, plan{
		config: config, app: app, token: "ghp_CANARYGITHUB000000000000000000000", minted: "CANARYMINTED", debug: true,
		environ: map[string]string{"RUNNERDESK_AUDIT_KEY": key},
	})
	r.run()
	aDay(r)

	// Now what goes wrong: no error may carry a secret either.
	lift := r.github.Fault(githubd.On("POST", "/**"), githubd.Fault{Status: 403, Body: `{"message":"Resource not accessible by CANARYMINTED-token ghp_CANARYGITHUB000000000000000000000"}`})
	id := r.asks(ann, "register octo-org because it fails")
	r.types(bob, "approve "+id)
	v := r.opens(ann, r.types(ann, "request "+id), "reveal", "no token")
	r.slack.Person(ann).CloseView(r.ctx, v)
	lift()
	r.slack.Fault("views.update", slackd.Fault{Error: "internal_error", Times: 6})
	id = r.asks(ann, "remove-token octo-org because the dialog fails")
	r.types(bob, "approve "+id)
	minted := len(r.github.Tokens())
	r.presses(ann, r.types(ann, "request "+id), "reveal")
	if len(r.github.Tokens()) != minted+1 || failures(r, "views.update") == 0 {
		t.Error("a token should be made and not shown")
	}
	r.slack.ClearFaults()
	r.slack.Fault("response_url", slackd.Fault{Status: 500})
	r.slack.Person(ann).Command(r.ctx, fleetChannel, "whoami")
	r.until("the answer is sent in another way", func() bool { return failures(r, "response_url") > 0 })
	r.slack.DropSockets()
	r.until("the sockets are back", func() bool { return r.slack.Connections() == 2 })
	r.types(ann, "about")

	secrets := map[string]string{"the app token": app.AppToken, "the bot token": app.BotToken, "GitHub's token": r.environ["GITHUB_TOKEN"], "the audit key": key}
	for _, token := range r.github.Tokens() {
		secrets["the minted token "+token] = token
	}
	if len(secrets) < 8 {
		t.Fatalf("only %d secrets", len(secrets))
	}
	for _, c := range r.slack.Calls() {
		if trigger := c.Args["trigger_id"]; trigger != "" {
			secrets["the trigger "+trigger] = trigger
		}
	}
	for _, c := range r.slack.Calls() {
		for name, secret := range secrets {
			for arg, text := range c.Args {
				dialog := (c.Method == "views.open" || c.Method == "views.update") && (arg == "view" && strings.HasPrefix(name, "the minted token") || arg == "trigger_id")
				if !dialog && finds([]byte(text), secret) {
					t.Errorf("%s is in the argument %s of %s", name, arg, c.Method)
				}
			}
		}
	}
	searched := 0
	search := func(when string) {
		searched += searchFiles(t, r, when, secrets)
	}
	search("while it runs")
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	search("after it stopped")
	for name, secret := range secrets {
		if finds([]byte(r.logs.String()), secret) {
			t.Errorf("%s is in the log", name)
		}
	}
	if response := "/response/" + r.slack.App().Team; strings.Contains(r.logs.String(), response) {
		t.Error("an answer address is in the log")
	}
	if searched < 5 {
		t.Errorf("only %d files were searched", searched)
	}
	shown := string(r.slack.AllText())
	if n := strings.Count(shown, "CANARYMINTED"); n == 0 {
		t.Error("no dialog showed a token: nothing was tried")
	}
}

// searchFiles looks for secrets in the database and all that is beside it.
func searchFiles(t *testing.T, r *rig, when string, secrets map[string]string) (searched int) {
	t.Helper()
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		searched++
		for name, secret := range secrets {
			if finds(data, secret) {
				t.Errorf("%s is in %s %s", name, filepath.Base(path), when)
			}
		}
		if bytes.Contains(data, []byte("/response/"+r.slack.App().Team)) {
			t.Errorf("an answer address is in %s %s", filepath.Base(path), when)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return searched
}

// failures counts the calls of a method that failed.
func failures(r *rig, method string) int {
	n := 0
	for _, c := range r.slack.Calls() {
		if c.Method == method && c.Err != "" {
			n++
		}
	}
	return n
}

// aDay is a bit of everything that people do.
func aDay(r *rig) {
	r.t.Helper()
	for _, text := range []string{"", "list octo-org", "show octo-org web-1", "find old-*", "downloads octo-org os:linux", "help", "whoami", "about", "digest", "nonsense"} {
		r.types(ann, text)
	}
	for _, s := range []string{enterprise, org, repo} {
		r.mints("register " + s + " because a rack")
		r.mints("remove-token " + s + " because a rack")
	}
	p := r.slack.Person(ann)
	p.Command(r.ctx, fleetChannel, "delete octo-org old-1")
	v := r.dialog(ann, "reason")
	id := r.number(r.submits(ann, v, fleetChannel, "it is dead"))
	r.presses(bob, r.message(bob, approvals, "#"+id, "[Approve"), "approve")
	r.message(ann, "", "#"+id, "1 deleted")
	id = r.asks(ann, "delete octo-org name:old-* because they are dead")
	r.types(bob, "deny "+id+" they are not")
	r.message(ann, "", "#"+id, "denied")
	id = r.asks(ann, "delete octo-org old-2 because it is dead")
	r.types(ann, "cancel "+id)
	r.clock.jump(untilDigest(r.clock.now()))
	r.message(ann, fleetChannel, "evening")
}

// TestAuditKeyStaysInItsFile: the key that the store makes for itself is nowhere else.
func TestAuditKeyStaysInItsFile(t *testing.T) {
	t.Parallel()
	r := start(t, plan{debug: true})
	r.types(ann, "register octo-org because a rack")
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(r.dir, "runnerdesk.db.key")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file, filepath.Join(t.TempDir(), "key")); err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(string(raw))
	secrets := map[string]string{"the key": key}
	if plain, err := hex.DecodeString(key); err == nil {
		secrets["the key, decoded"] = string(plain)
	}
	searchFiles(t, r, "after it stopped", secrets)
	for name, secret := range secrets {
		if finds([]byte(r.logs.String()), secret) || finds(r.slack.AllText(), secret) {
			t.Errorf("%s is in the log or in a message", name)
		}
	}
}
