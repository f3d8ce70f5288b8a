package bot

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"runnerdesk/commands"
	"runnerdesk/internal/fleet"
)

// decode reads an envelope as slack-go's socketmode does, whose own function is private.
func decode(frame []byte) (socketmode.Event, bool) {
	e := socketmode.Event{Request: new(socketmode.Request)}
	if json.Unmarshal(frame, e.Request) != nil {
		return e, false
	}
	switch e.Request.Type {
	case socketmode.RequestTypeSlashCommands:
		var c slack.SlashCommand
		if json.Unmarshal(e.Request.Payload, &c) != nil {
			return e, false
		}
		e.Data = c
	case socketmode.RequestTypeInteractive:
		var c slack.InteractionCallback
		if json.Unmarshal(e.Request.Payload, &c) != nil {
			return e, false
		}
		e.Data = c
	case socketmode.RequestTypeEventsAPI:
		ev, err := slackevents.ParseEvent(e.Request.Payload, slackevents.OptionNoVerifyToken())
		if err != nil {
			return e, false
		}
		e.Data = ev
	default:
		return e, false
	}
	return e, true
}

func parsing(t testing.TB) commands.Context {
	t.Helper()
	server, err := fleet.ParseServer("https://api.github.com")
	if err != nil {
		t.Fatal(err)
	}
	scope, err := fleet.StoredScope("github.com", "octo-org")
	if err != nil {
		t.Fatal(err)
	}
	return commands.Context{Server: server, Scopes: []fleet.Scope{scope}, Default: scope, Command: "/runners"}
}

func frames(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/envelope/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no envelopes: %v", err)
	}
	out := map[string][]byte{}
	for _, p := range paths {
		raw, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(p), ".json")] = raw
	}
	return out
}

func TestRead(t *testing.T) {
	type result struct {
		Kind                                   kind
		Person, Team, Channel                  string
		Text, Action, Value                    string
		ReplyChannel, Thread, Message          string
		URL, Trigger, Ephemeral, Private       bool
		Stored                                 bool
		Verb                                   string
		Request                                int64
		StoredText, StoredMessage, StoredPlace string
	}
	want := map[string]result{
		"command": {Kind: typed, Person: ann, Team: "T0OCTO", Channel: room, Text: "status", ReplyChannel: room, URL: true, Trigger: true},
		"command-register": {Kind: typed, Person: ann, Team: "T0OCTO", Channel: room, Text: "register octo-org because of load", ReplyChannel: room, URL: true, Trigger: true,
			Stored: true, StoredText: "register octo-org because of load", StoredPlace: room},
		"mention":        {Kind: mention, Person: ann, Team: "T0OCTO", Channel: room, Text: "status", ReplyChannel: room, Thread: "1700000000.000100"},
		"mention-other":  {Kind: mention, Person: ann, Team: "T0OCTO", Channel: room, Text: "help", ReplyChannel: room, Thread: "1700000000.000100"},
		"mention-edited": {Kind: ignored},
		"mention-bot":    {Kind: ignored},
		"direct":         {Kind: direct, Person: ann, Team: "T0OCTO", Channel: "D0ANN", Text: "status", ReplyChannel: "D0ANN", Private: true},
		"direct-own":     {Kind: ignored},
		"direct-changed": {Kind: ignored},
		"channel-message": {
			Kind: ignored,
		},
		"button-approve": {Kind: pressed, Person: bob, Team: "T0OCTO", Channel: approvals, Action: "approve", Value: "42", ReplyChannel: approvals, Message: "1700000000.000200", URL: true, Trigger: true,
			Stored: true, Verb: "approve", Request: 42, StoredMessage: "1700000000.000200", StoredPlace: approvals},
		"button-ephemeral": {Kind: pressed, Person: bob, Team: "T0OCTO", Channel: approvals, Action: "approve", Value: "42", ReplyChannel: approvals, Message: "1700000000.000200", URL: true, Trigger: true, Ephemeral: true,
			Stored: true, Verb: "approve", Request: 42, StoredPlace: approvals},
		"button-no-number": {Kind: pressed, Person: bob, Team: "T0OCTO", Channel: approvals, Action: "approve", Value: "x", ReplyChannel: approvals, Message: "1700000000.000200", URL: true, Trigger: true},
		"button-run": {Kind: pressed, Person: bob, Team: "T0OCTO", Channel: room, Action: "run", Value: "remove-token octo-org because it ends", ReplyChannel: room, Thread: "1700000000.000100", Message: "1700000000.000200", URL: true, Trigger: true,
			Stored: true, StoredText: "remove-token octo-org because it ends", StoredMessage: "1700000000.000200", StoredPlace: room},
		"button-none": {Kind: ignored, Person: bob, Team: "T0OCTO", Channel: room, ReplyChannel: room, URL: true, Trigger: true},
		"dialog-deny": {Kind: submitted, Person: bob, Team: "T0OCTO", Channel: approvals, Text: "not now", Action: "deny", ReplyChannel: approvals, Trigger: true,
			Stored: true, Verb: "deny", Request: 42, StoredText: "not now", StoredPlace: approvals},
		"dialog-reason": {Kind: submitted, Person: ann, Team: "T0OCTO", Channel: room, Text: "load", Action: "reason", ReplyChannel: room, Trigger: true,
			Stored: true, StoredText: "register octo-org because load", StoredPlace: room},
		"dialog-closed": {Kind: ignored, Person: bob, Team: "T0OCTO"},
		"shortcut":      {Kind: ignored, Person: ann, Team: "T0OCTO", Trigger: true},
	}
	c := parsing(t)
	all := frames(t)
	for name, w := range want {
		e, ok := decode(all[name])
		if !ok {
			t.Errorf("%s: slack-go can't read it", name)
			continue
		}
		a := read(e, "U0RUNNERS", time.Unix(0, 0))
		got := result{Kind: a.kind, Person: a.actor.Person, Team: a.actor.Team, Channel: a.actor.Channel, Text: a.text, Action: a.action, Value: a.value,
			ReplyChannel: a.reply.channel, Thread: a.reply.thread, Message: a.reply.message,
			URL: !a.reply.url.IsZero(), Trigger: !a.reply.trigger.IsZero(), Ephemeral: a.reply.ephemeral, Private: a.reply.private}
		if in, lasting := a.input(c); lasting {
			got.Stored, got.Verb, got.Request, got.StoredText, got.StoredMessage, got.StoredPlace = true, in.Verb, in.Request, in.Text, in.MessageTS, in.Channel
		}
		if diff := cmp.Diff(w, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if a.key == "" || a.envelope == "" {
			t.Errorf("%s has no key or no envelope", name)
		}
		for _, secret := range []string{"hooks.slack", "13345224609"} {
			if strings.Contains(a.key, secret) {
				t.Errorf("%s: the key %q holds a secret", name, a.key)
			}
		}
	}
	for name := range all {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not in the table", name)
		}
	}
}

// FuzzRead holds the reading of envelopes against any JSON that slack-go lets through.
func FuzzRead(f *testing.F) {
	for _, frame := range frames(f) {
		f.Add(frame)
	}
	c := parsing(f)
	f.Fuzz(func(t *testing.T, frame []byte) {
		e, ok := decode(frame)
		if !ok {
			return
		}
		a := read(e, "U0RUNNERS", time.Unix(0, 0))
		in, lasting := a.input(c)
		switch {
		case a.key == "":
			t.Error("an arrival without a key")
		case a.kind != ignored && a.actor.Person == "":
			t.Errorf("%s of nobody", a.kind)
		case a.kind == ignored && lasting:
			t.Errorf("what is ignored would be stored: %+v", in)
		case lasting && (in.Key != a.key || in.Person != a.actor.Person):
			t.Errorf("stored as %+v, arrived as %+v", in, a.actor)
		}
		_ = a.opensDialog()
		_ = a.reply.meta(in.Request)
	})
}
