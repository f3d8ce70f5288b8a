package config

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/fleet"
)

// least is the smallest configuration, to which a case adds lines from the second on.
const least = "scopes: [octo-org, octo-org/octo-repo]\n"

// ruled is one whose lines hold a rule, to which a case adds keys of a rule.
const ruled = least + "approvals:\n  - actions: [delete]\n    scopes: [\"*\"]\n    approvers: [S0A]\n    channel: C0A\n"

func TestFaults(t *testing.T) {
	const duration = "; write a duration such as 30m, 12h or 7d"
	tests := []struct {
		name, yaml string
		want       []string
	}{
		{"nothing", "", []string{"1:1: the configuration has no scopes; add it"}},
		{"comments alone", "# nothing\n", []string{"1:1: the configuration has no scopes; add it"}},
		{"not a table", "- a\n", []string{"1:1: the configuration must be a table of keys and is a list; write keys and values"}},
		{"not YAML", least + "listen: [a\n", []string{"2:9: this is not YAML: sequence end token ']' not found"}},
		{"a reserved character", least + "listen: @a\n", []string{"2:9: this is not YAML: '@' is a reserved character"}},
		{"two documents", least + "---\npoll: 1m\n", []string{"3:1: a second document begins here; keep everything in one, without ---"}},
		{"a tag", least + "poll: !!str 1m\n", []string{"2:7: tags are not read here; write the value without !!str"}},
		{"an anchor that is not there", least + "poll: *often\n", []string{"2:7: no anchor \"&often\" stands above this; write it before it is used"}},
		{"an anchor in itself", "scopes: &a [octo-org, *a]\n", []string{"1:23: no anchor \"&a\" stands above this; write it before it is used"}},
		{"a merge of text", least + "limits:\n  <<: 5\n", []string{"3:7: << merges keys; name an anchor that holds keys"}},
		{"an unknown key", least + "polls: 2m\n", []string{"2:1: unknown key \"polls\"; the keys of the configuration are scopes, default_scope, command, database, listen, poll, retention, read_only, operators, access, approvals, break_glass, reveal_within, protect, limits, channels, digests, alerts, cleanup"}},
		{"an unknown key below", least + "limits:\n  delete_at_one: 5\n", []string{`3:3: unknown key "delete_at_one"; the keys of limits are delete_at_once, delete_share, open_requests`}},
		{"x- keys", least + "x-a: &a {open_requests: 3}\nlimits:\n  <<: *a\n  x-b: 1\n", nil},
		{"a key twice", least + "poll: 1m\npoll: 2m\n", []string{`3:1: "poll" is given twice, first in line 2; keep one`}},
		{"an empty key", least + "poll:\nlisten: ~\n", []string{"2:1: poll is empty; write a duration such as 30m, 12h or 7d, or leave the key out", "3:1: listen is empty; write HOST:PORT such as 127.0.0.1:8080, or \"\" to turn it off, or leave the key out"}},

		{"scopes empty", "scopes: []\n", []string{"1:9: scopes is an empty list; write a list such as [octo-org, octo-org/octo-repo]"}},
		{"scopes as text", "scopes: octo-org\n", []string{"1:9: scopes must be a list and is text; write a list such as [octo-org, octo-org/octo-repo]"}},
		{"a scope that is none", "scopes:\n  - octo-org\n  - a/../b\n  - 7\n", []string{`3:5: an entry of scopes is not a scope: "../b" is not a repository's name; write enterprises/SLUG, ORG or OWNER/REPO`, "4:5: an entry of scopes must be text and is a whole number; write enterprises/SLUG, ORG or OWNER/REPO"}},
		{"a scope twice", "scopes: [octo-org, Octo-Org]\n", []string{"1:20: octo-org is listed twice in scopes; keep one"}},
		{"a default that is no scope", least + "default_scope: octo-web\n", []string{"2:16: octo-web is not among scopes; add it there, or take one of octo-org, octo-org/octo-repo"}},
		{"a channel's default", least + "channels:\n  C0A: {default_scope: a/../b}\n  linux: {default_scope: octo-org}\n  C0B: {}\n", []string{`3:24: default_scope is not a scope: "../b" is not a repository's name; write enterprises/SLUG, ORG or OWNER/REPO`, `4:3: "linux" is not a channel's id; write C… as the channel's About tab shows it`, "5:8: a channel has no default_scope; add it"}},

		{"the command", least + "command: runners\n", []string{`2:10: command is "runners"; write the slash command's name, such as /runners, in small letters`}},
		{"listen", least + "listen: localhost\n", []string{`2:9: listen is "localhost"; write HOST:PORT such as 127.0.0.1:8080, or "" to turn it off`}},
		{"a port too high", least + "listen: 127.0.0.1:65536\n", []string{`2:9: listen is "127.0.0.1:65536"; write HOST:PORT such as 127.0.0.1:8080, or "" to turn it off`}},
		{"poll too short", least + "poll: 500ms\n", []string{"2:7: poll is \"500ms\"; at least 1s is needed"}},
		{"no duration", least + "poll: often\nretention: 90\n", []string{`2:7: poll is "often"` + duration, "3:12: retention has no unit" + duration}},
		{"reveal_within", least + "reveal_within: 25h\n", []string{`2:16: reveal_within is "25h"; at most 1d is possible`}},
		{"read_only", least + "read_only: yes\n", []string{"2:12: read_only must be true or false and is text; write true or false"}},
		{"operators", least + "operators: {}\n", []string{"2:12: operators names nobody; give a channel, people, or both"}},
		{"operators' people", least + "operators: {channel: '#ops', people: [everyone, bob]}\n", []string{
			`2:22: channel is "#ops"; write a channel's id, C…, as the channel's About tab shows it`,
			"2:39: people can't be everyone; write U… or W… for a person, S… for a user group, or C… or G… for the members of a private channel",
			`2:49: "bob" in people names nobody; write U… or W… for a person, S… for a user group, or C… or G… for the members of a private channel`}},

		{"access", least + "access:\n  - who: []\n    may: [rule]\n  - may: [view]\n", []string{
			"3:10: who is an empty list; write U… or W… for a person, S… for a user group, C… or G… for the members of a private channel, or everyone",
			`4:11: "rule" is nothing that one may; write view, or request, which includes it`,
			"5:5: an access line has no who; add it"}},
		{"access to no scope", least + "access:\n  - {who: [everyone], may: [view], scopes: []}\n", []string{`3:44: scopes is an empty list; write a list of scopes such as [octo-org], or ["*"] for all`}},
		{"a glob that matches nothing", least + "access:\n  - {who: [everyone], may: [view], scopes: [octo-org/*, enterprises/*]}\n", []string{`3:57: "enterprises/*" matches no configured scope; those are octo-org, octo-org/octo-repo`}},

		{"a rule without actions and scopes", least + "approvals:\n  - approvers: [S0A]\n    channel: C0A\n", []string{"3:5: a rule has no actions; add it", "3:5: a rule has no scopes; add it"}},
		{"an unknown action", least + "approvals:\n  - {actions: [remove], scopes: ['*'], needed: 0}\n", []string{`3:16: "remove" is not an action; the actions are register, remove-token and delete`}},
		{"no approvers", least + "approvals:\n  - actions: [delete]\n    scopes: ['*']\n    channel: C0A\n", []string{"3:5: this rule has no approvers, so nobody could ever approve; add approvers, or needed: 0 if no approval is wanted"}},
		{"empty approvers", strings.Replace(ruled, "[S0A]", "[]", 1), []string{"5:16: approvers is an empty list; write U… or W… for a person, S… for a user group, C… or G… for the members of a private channel, or everyone"}},
		{"no channel", least + "approvals:\n  - actions: [delete]\n    scopes: ['*']\n    approvers: [everyone]\n", []string{"3:5: this rule has no channel, where its prompt would be shown; add channel: C…"}},
		{"needed too high", ruled + "    needed: 6\n", []string{`7:13: needed is "6"; write a whole number from 0 to 5`}},
		{"needed below none", ruled + "    needed: -1\n", []string{`7:13: needed is "-1"; write a whole number from 0 to 5`}},
		{"needed as text", ruled + "    needed: '2'\n", []string{"7:13: needed must be a whole number and is text; write a whole number from 0 to 5"}},
		{"more needed than named", strings.Replace(ruled, "S0A", "U0A, U0B", 1) + "    needed: 3\n", []string{"7:13: needed is 3 and approvers names 2 persons; name more, or a user group, or lower needed"}},
		{"with the escalation enough", strings.Replace(ruled, "S0A", "U0A, U0B", 1) + "    needed: 3\n    escalate: {after: 1h, approvers: [U0C]}\n", nil},
		{"nobody needed", ruled + "    needed: 0\n", nil},
		{"expires", ruled + "    expires: 8d\n", []string{`7:14: expires is "8d"; at most 7d is possible`}},
		{"escalate too late", ruled + "    escalate: {after: 4h, channel: C0B}\n", []string{"7:23: escalate begins after 4h, when the prompt has expired already (4h); make after shorter or expires longer"}},
		{"escalate to nobody", ruled + "    escalate: {after: 1h}\n", []string{"7:15: escalate asks nobody; give approvers, a channel, or both"}},
		{"escalate what needs nobody", ruled + "    needed: 0\n    escalate: {after: 1h, channel: C0B}\n", []string{"8:15: with needed: 0 nobody is asked, so there is nothing to escalate; leave escalate out"}},
		{"a bad expression", ruled + "    reason: '[A-Z'\n", []string{`7:13: reason is "[A-Z", which is not a regular expression; write optional, required, or a regular expression such as '[A-Z]+-[0-9]+'`}},
		{"labels without delete", least + "approvals:\n  - {actions: [register], scopes: ['*'], labels: [gpu], needed: 0}\n", []string{"3:50: labels are about delete, which this rule does not have; leave them out, or make it a rule for delete"}},
		{"labels with more than delete", least + "approvals:\n  - {actions: [delete, register], scopes: ['*'], labels: [gpu], needed: 0}\n", []string{"3:24: a rule with labels is about delete only and never matches register; give register a rule of its own"}},
		{"no labels", ruled + "    labels: []\n", []string{"7:13: labels is an empty list; write a label's name"}},
		{"a name twice", least + "approvals:\n  - {name: A, actions: [delete], scopes: ['*'], needed: 0}\n  - {name: a, actions: [register], scopes: ['*'], needed: 0}\n", []string{`4:12: the name "a" is taken by an entry above; give each its own`}},
		{"a shadow", ruled + "  - {actions: [delete], scopes: [octo-org], labels: [gpu], needed: 0}\n", []string{`7:5: this rule can never match, since "rule 1" above matches first wherever it would; move it up, narrow the one above, or delete it`}},
		{"a shadow of two", least + "approvals:\n  - {actions: [delete], scopes: [octo-org], needed: 0}\n  - {actions: [delete], scopes: [octo-org/*], labels: [a, B], needed: 0}\n  - {actions: [delete], scopes: ['*'], labels: [b], needed: 0}\n", []string{`5:5: this rule can never match, since "rule 1" and "rule 2" above matches first wherever it would; move it up, narrow the one above, or delete it`}},
		{"no shadow: other labels", least + "approvals:\n  - {actions: [delete], scopes: ['*'], labels: [a], needed: 0}\n  - {actions: [delete], scopes: ['*'], labels: [a, b], needed: 0}\n  - {actions: [delete], scopes: ['*'], needed: 0}\n", nil},
		{"no shadow: another action", ruled + "  - {actions: [delete, register], scopes: [octo-org], needed: 0}\n", nil},

		{"break_glass", least + "break_glass: {}\n", []string{"2:14: break_glass has no actions; add it", "2:14: break_glass has no channel; add it", "2:14: break_glass has no people; add it"}},
		{"break_glass with nothing to release", ruled + "break_glass: {people: [everyone], actions: [delete, register], channel: C0A}\n", []string{
			"7:24: people can't be everyone; write U… or W… for a person, S… for a user group, or C… or G… for the members of a private channel",
			"7:53: no rule of approvals asks anybody to approve register, so there is nothing to release; add such a rule or leave register out"}},
		{"protect", least + "protect: {names: [a, a], labels: [1]}\n", []string{`2:22: "a" is listed twice in names; keep one`, "2:35: an entry of labels must be text and is a whole number; write a label's name"}},
		{"limits", least + "limits: {delete_at_once: 51, delete_share: 101%, open_requests: 0}\n", []string{
			`2:26: delete_at_once is "51"; write a whole number from 1 to 50`,
			`2:44: delete_share is "101%"; write a share from 1% to 100%`,
			`2:65: open_requests is "0"; write a whole number from 1 to 1000`}},
		{"a share without a sign", least + "limits: {delete_share: 25}\n", []string{"2:24: delete_share has no percent sign; write a share from 1% to 100%"}},

		{"a digest", least + "digests:\n  - {name: d, channel: C0A, cron: '0 9 * *', timezone: Mars/Olympus, scopes: [octo-web], when: never, offline_for: 1}\n", []string{
			"3:35: cron is wrong; write five fields", `3:56: "Mars/Olympus" is not a time zone; write a name such as Europe/Berlin or UTC`,
			"3:79: octo-web is not among scopes; add it there, or take one of octo-org, octo-org/octo-repo",
			`3:96: when is "never"; write always, changed or unhealthy`, "3:116: offline_for has no unit" + duration}},
		{"a digest of nothing", least + "digests:\n  - {}\n", []string{"3:5: a digest has no channel; add it", "3:5: a digest has no cron; add it", "3:5: a digest has no name; add it", "3:5: a digest has no scopes; add it"}},
		{"the local zone", least + "digests:\n  - {name: d, channel: C0A, cron: 0 9 * * *, timezone: Local, scopes: ['*']}\n", []string{`3:56: "Local" is not a time zone; write a name such as Europe/Berlin or UTC`}},
		{"an alert without a condition", least + "alerts:\n  - name: a\n    channel: C0A\n    scopes: ['*']\n    unexplained: false\n", []string{"6:18: this alert has no other condition, so it could never be raised; write unexplained: true, or add a condition"}},
		{"an alert", least + "alerts:\n  - {name: a, channel: C0A, scopes: ['*'], fewer_than: 0, mention: [C0B, everyone]}\n", []string{
			`3:56: fewer_than is "0"; write a whole number from 1 to 1000000`,
			`3:69: "C0B" can't be mentioned; write U… or W… for a person, or S… for a user group`,
			`3:74: "everyone" can't be mentioned; write U… or W… for a person, or S… for a user group`}},
		{"a cleanup without a rule", ruled[:strings.Index(ruled, "    scopes")] + "    scopes: [octo-org]\n    needed: 0\ncleanup:\n  - {name: c, cron: 0 9 * * *, scopes: ['*'], offline_for: 3d}\n", []string{"7:40: no rule of approvals matches delete in octo-org/octo-repo, so this could never be asked for; add a rule or leave the scope out"}},

		{"after wide characters", least + "operators: {people: [U0A, \"Änn\"]} # ü\n", []string{`2:27: "Änn" in people names nobody; write U… or W… for a person, S… for a user group, or C… or G… for the members of a private channel`}},
		{"with Windows line ends", "scopes: [octo-org]\r\npoll: 0s\r\n", []string{`2:7: poll is "0s"; at least 1s is needed`}},
		{"after a byte order mark", "\xef\xbb\xbfscopes: [octo-org]\npoll: 0s\n", []string{`2:7: poll is "0s"; at least 1s is needed`}},
		{"after a long text", "x-a: |\n  many\n  lines\nx-b: >-\n  more\n\nscopes: [octo-org]\npoll: 0s\n", []string{`8:7: poll is "0s"; at least 1s is needed`}},
		{"once, though an anchor is used twice", "x-c: &c bad\n" + least + "operators: {channel: *c}\nbreak_glass: {people: [U0A], actions: [], channel: *c}\n", []string{
			`1:9: channel is "bad"; write a channel's id, C…, as the channel's About tab shows it`, "4:39: actions is an empty list; write register, remove-token or delete"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, faults(t, source(tt.yaml, nil, nil))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	const yaml = `scopes:
  - octo-org
  - "web#"
default_scope: octo-web
command: Runners
listen: here
poll: 10
retention: long
read_only: "no"
color: blue
access:
  - who: [bob]
    may: [look]
approvals:
  - actions: [delete, delete]
    scopes: [octo-org]
    approvers: [U0A]
    needed: 2
    expires: 3w
    reason: "("
reveal_within: 2d
protect: db-*
limits: {delete_at_once: 99, delete_share: 0%}
channels: {linux: {default_scope: octo-org}}
digests:
  - {name: d, channel: fleet, cron: x, timezone: y, scopes: ["enterprises/*"], when: z}
alerts:
  - {name: a, channel: C0A, scopes: [octo-org]}
cleanup:
  - {name: c, cron: 0 9 * * 1, scopes: [octo-org]}
`
	places := []string{}
	for _, line := range faults(t, source(yaml, map[string]string{"GITHUB_TOKEN": "-", "SLACK_API_URL": "http://octo.example/"}, nil)) {
		where, _, _ := strings.Cut(line, ": ")
		places = append(places, where)
	}
	want := []string{"environment", "environment", "3:5", "4:16", "5:10", "6:9", "7:7", "8:12", "9:12", "10:1", "12:11", "13:11",
		"15:5", "15:23", "18:13", "19:14", "20:13", "21:16", "22:10", "23:26", "23:44", "24:12", "26:24", "26:37", "26:50", "26:62", "26:86",
		"28:5", "30:5"}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEnvironmentFaults(t *testing.T) {
	files := map[string]string{"/run/empty": "\n", "/run/token": "xoxb-held-in-a-file"}
	tests := []struct {
		name string
		env  map[string]string
		want []string
	}{
		{"nothing given", map[string]string{"SLACK_APP_TOKEN": "-", "SLACK_BOT_TOKEN": "", "GITHUB_TOKEN": "-"}, []string{
			"GITHUB_TOKEN is missing; give a personal access token",
			"SLACK_APP_TOKEN is missing; give the app-level token of the app's Basic Information page, which begins with xapp-",
			"SLACK_BOT_TOKEN is missing; give the bot token of the app's OAuth & Permissions page, which begins with xoxb-"}},
		{"exchanged", map[string]string{"SLACK_APP_TOKEN": good["SLACK_BOT_TOKEN"], "SLACK_BOT_TOKEN": good["SLACK_APP_TOKEN"]}, []string{
			"SLACK_APP_TOKEN does not begin with xapp-; give the app-level token of the app's Basic Information page",
			"SLACK_BOT_TOKEN does not begin with xoxb-; give the bot token of the app's OAuth & Permissions page"}},
		{"not a whole token", map[string]string{"SLACK_APP_TOKEN": "xapp-", "SLACK_BOT_TOKEN": "xoxb-a b", "GITHUB_TOKEN": "ghp_a\nb"}, []string{
			"GITHUB_TOKEN has spaces, line breaks or control characters in it; give the token alone",
			"SLACK_APP_TOKEN is not a whole token; give the app-level token of the app's Basic Information page, and nothing else",
			"SLACK_BOT_TOKEN is not a whole token; give the bot token of the app's OAuth & Permissions page, and nothing else"}},
		{"both ways", map[string]string{"SLACK_BOT_TOKEN_FILE": "/run/token"}, []string{"SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both given; keep one of them"}},
		{"no file", map[string]string{"GITHUB_TOKEN": "-", "GITHUB_TOKEN_FILE": "/run/none"}, []string{"GITHUB_TOKEN_FILE names a file that is not there; give the path of a file that holds the value of GITHUB_TOKEN"}},
		{"an empty file", map[string]string{"GITHUB_TOKEN": "-", "GITHUB_TOKEN_FILE": "/run/empty"}, []string{"GITHUB_TOKEN_FILE names an empty file; write the value of GITHUB_TOKEN into it"}},
		{"half an App", map[string]string{"GITHUB_APP_ID": "7"}, []string{"GITHUB_APP_PRIVATE_KEY is missing; GITHUB_APP_ID needs it, or give GITHUB_TOKEN alone"}},
		{"the other half", map[string]string{"GITHUB_APP_PRIVATE_KEY": appKey()}, []string{"GITHUB_APP_ID is missing; GITHUB_APP_PRIVATE_KEY needs it, or give GITHUB_TOKEN alone"}},
		{"no App", map[string]string{"GITHUB_APP_ID": "octo", "GITHUB_APP_PRIVATE_KEY": "key"}, []string{
			"GITHUB_APP_ID is not an App's number; give the App ID of the App's settings page",
			"GITHUB_APP_PRIVATE_KEY is not an RSA private key in PEM; give the file that GitHub made, best by GITHUB_APP_PRIVATE_KEY_FILE"}},
		{"http", map[string]string{"GITHUB_API_URL": "http://octo.example/api/v3", "SLACK_API_URL": "http://octo.example/"}, []string{
			"GITHUB_API_URL is wrong: http is accepted for loopback hosts only; use https://octo.example",
			"SLACK_API_URL begins with http://, which is accepted for loopback hosts only; use https://"}},
		{"no addresses", map[string]string{"GITHUB_API_URL": "https://u:p@octo.example", "SLACK_API_URL": "slack.com"}, []string{
			"GITHUB_API_URL is not an address; give https://api.github.com or https://HOST/api/v3",
			"SLACK_API_URL is not an address; give https://slack.com/api/ or leave it out"}},
		{"the rest", map[string]string{"RUNNERDESK_LOG": "loud", "RUNNERDESK_LISTEN": "8080"}, []string{
			`RUNNERDESK_LISTEN is not HOST:PORT; give one such as 127.0.0.1:8080, or "" to turn it off`,
			"RUNNERDESK_LOG is not a level; give debug, info, warn or error"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i, line := range tt.want {
				tt.want[i] = "environment: " + line
			}
			if diff := cmp.Diff(tt.want, faults(t, source(least, tt.env, files))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestEnterpriseNeedsToken(t *testing.T) {
	env := map[string]string{"GITHUB_TOKEN": "-", "GITHUB_APP_ID": "7", "GITHUB_APP_PRIVATE_KEY": appKey()}
	got := faults(t, source("scopes: [octo-org, enterprises/octo-enterprise]\n", env, nil))
	want := []string{"1:20: no GitHub App may read the runners of an enterprise; give GITHUB_TOKEN too, or take enterprises/octo-enterprise out"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFileFaults(t *testing.T) {
	got := faults(t, source("-", nil, nil))
	want := []string{"1:1: there is no configuration here; write one with runnerdesk init, or name one with --config"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("no file (-want +got)\n%s", diff)
	}
	o := source(least, nil, nil)
	o.Path = "mine.yml"
	want = []string{"mine.yml:1:1: the configuration is not there; name one that is there with --config"}
	if diff := cmp.Diff(want, faults(t, o)); diff != "" {
		t.Errorf("a named one (-want +got)\n%s", diff)
	}
	o = source(least, nil, nil)
	o.ReadFile = func(string) ([]byte, error) { return nil, fs.ErrPermission }
	want = []string{"1:1: the configuration may not be read by this user; name one that is there with --config"}
	if diff := cmp.Diff(want, faults(t, o)); diff != "" {
		t.Errorf("a forbidden one (-want +got)\n%s", diff)
	}
	o = source(least+strings.Repeat("#", largest), nil, nil)
	want = []string{"1:1: the file is larger than 1 MiB; a configuration is a few hundred lines"}
	if diff := cmp.Diff(want, faults(t, o)); diff != "" {
		t.Errorf("a large one (-want +got)\n%s", diff)
	}
}

// Wherever a secret lands by mistake, no fault repeats it, not even its beginning.
func TestNoSecretInFaults(t *testing.T) {
	const canary = "canary-8c1f-of-no-known-shape-and-longer-than-what-a-fault-would-ever-quote-of-it"
	shaped := "xox" + "b-8c1f-canary-0000000000"
	variables := []string{"SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "SLACK_API_URL", "GITHUB_TOKEN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY",
		"GITHUB_API_URL", "RUNNERDESK_AUDIT_KEY", "RUNNERDESK_CONFIG", "RUNNERDESK_DATABASE", "RUNNERDESK_LISTEN", "RUNNERDESK_LOG"}
	places := []string{"%", "scopes: [%]", "scopes: [https://u:%@github.com/octo-org]", "%: 1", "command: %", "listen: %", "poll: %", "retention: [%]",
		"operators: {channel: %, people: [%]}", "limits: {delete_share: %, %: 1}", "channels: {%: {default_scope: %}}", "x-a: &a %\npoll: *a", "x-a: %",
		"digests:\n  - {name: %, channel: %, cron: %, timezone: %, scopes: ['*%'], when: %}", "poll: *%", "poll: !%", "poll: [%", "a: 1\na: %\na: 2", "poll: \"%", "poll: @%", "'%': 1\n'%': 2",
		"approvals:\n  - {name: %, actions: [%], scopes: [%], approvers: [%], reason: '(%'}"}
	seen := func(text string) bool { return strings.Contains(text, "canary") || strings.Contains(text, "8c1f") }
	for _, variable := range variables {
		for _, name := range []string{variable, variable + "_FILE"} {
			// The real place of the canary is the audit key; name is where it went by mistake.
			o := source(least+"poll: x\n", map[string]string{"SLACK_BOT_TOKEN": "xoxb-a-whole-token", "RUNNERDESK_AUDIT_KEY": canary, name: canary}, nil)
			if _, err := Load(o); err != nil && seen(strings.ReplaceAll(err.Error(), "xapp-1-canary", "")) {
				t.Errorf("%s: %v", name, err)
			}
			o = source(least+"poll: x\n", map[string]string{name: shaped}, nil)
			if _, err := Load(o); err != nil && seen(err.Error()) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, place := range places {
		for _, secret := range []string{canary, shaped} {
			o := source(strings.ReplaceAll(place, "%", secret)+"\n", map[string]string{"RUNNERDESK_AUDIT_KEY": canary}, nil)
			_, err := Load(o)
			if err == nil || seen(err.Error()) {
				t.Errorf("%q: %v", place, err)
			}
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, yaml := range []string{Example(), ruled, least, "a: &a [*a]\n", "<<: *a\n", "? [a]\n: b\n", "a: !!b c\n---\n- d\n", "x-a: &a {b: c}\nlimits: {<<: [*a, *a]}\n", "\xef\xbb\xbfpoll: |\n  1m\n"} {
		f.Add(yaml)
	}
	f.Fuzz(func(t *testing.T, yaml string) {
		c, err := Load(source(yaml, nil, nil))
		if err == nil {
			if c == nil || len(c.Scopes) == 0 || slices.ContainsFunc(c.Policy.Rules, func(r fleet.Rule) bool { return r.Needed > 0 && len(r.Approvers) == 0 }) {
				t.Fatalf("accepted: %+v", c)
			}
			return
		}
		var all Faults
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("Load: %v", err)
		}
		for _, fault := range all {
			if fault.File == "" || fault.Line < 1 || fault.Column < 1 || strings.TrimSpace(fault.What) == "" || strings.ContainsAny(fault.What, "\r\n") {
				t.Errorf("a fault without a place or in several lines: %q", fault)
			}
			if strings.Contains(fault.What, "canary") && !strings.Contains(yaml, "canary") {
				t.Errorf("a secret: %q", fault)
			}
		}
	})
}
