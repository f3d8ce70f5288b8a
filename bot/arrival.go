package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"runnerdesk/commands"
	"runnerdesk/internal/blocks"
	"runnerdesk/internal/fleet"
)

// kind tells how an arrival came.
type kind string

const (
	typed     kind = "command"
	mention   kind = "mention"
	direct    kind = "direct message"
	pressed   kind = "button"
	submitted kind = "dialog"
	suggest   kind = "suggestion"
	ignored   kind = "ignored"
)

// arrival is an envelope as a plain value.
type arrival struct {
	kind     kind
	envelope string
	key      string // the same for every delivery of the same thing
	actor    commands.Actor
	text     string // what was typed, or the field of a dialog
	action   string // of a button: blocks.Action…; of a dialog: blocks.Callback…
	value    string // of a button
	meta     meta   // of a dialog
	reply    reply
	at       time.Time
	due      time.Time // after it Slack has told the person that it failed; zero: never
	ack      func(ctx context.Context, payload any) error
}

// meta is what a dialog remembers from the place where it was opened.
type meta struct {
	Request int64  `json:"request,omitempty"`
	Command string `json:"command,omitempty"`
	Channel string `json:"channel,omitempty"`
	Thread  string `json:"thread,omitempty"`
}

// read turns an envelope into an arrival. What it does not know is ignored, and still
// acknowledged.
func read(e socketmode.Event, self string, now time.Time) arrival {
	a := arrival{kind: ignored, at: now}
	if e.Request != nil {
		a.envelope = e.Request.EnvelopeID
	}
	switch data := e.Data.(type) {
	case slack.SlashCommand:
		a.fromCommand(data)
	case slack.InteractionCallback:
		a.fromInteraction(data)
	case slackevents.EventsAPIEvent:
		a.fromEvent(data, self)
	}
	if a.key == "" {
		a.key = "envelope:" + a.envelope
	}
	if a.actor.Person == "" {
		a.kind = ignored
	}
	a.reply.private = strings.HasPrefix(a.reply.channel, "D")
	return a
}

func (a *arrival) fromCommand(c slack.SlashCommand) {
	a.kind, a.text = typed, c.Text
	a.actor = commands.Actor{Person: c.UserID, Team: c.TeamID, Enterprise: c.EnterpriseID, Channel: c.ChannelID}
	a.reply = reply{url: fleet.NewSecret(c.ResponseURL), trigger: fleet.NewSecret(c.TriggerID), channel: c.ChannelID, person: c.UserID}
	if c.TriggerID != "" {
		a.key = "command:" + digest(c.TriggerID)
	}
}

func (a *arrival) fromInteraction(c slack.InteractionCallback) {
	a.actor = commands.Actor{Person: c.User.ID, Team: c.Team.ID, Enterprise: c.Enterprise.ID, Channel: c.Channel.ID}
	if a.actor.Team == "" {
		a.actor.Team = c.User.TeamID
	}
	a.reply = reply{
		url: fleet.NewSecret(c.ResponseURL), trigger: fleet.NewSecret(c.TriggerID), person: c.User.ID,
		channel: c.Channel.ID, thread: c.Message.ThreadTimestamp, message: c.Container.MessageTs, ephemeral: c.Container.IsEphemeral,
	}
	if a.reply.message == "" {
		a.reply.message = c.Message.Timestamp
	}
	switch c.Type {
	case slack.InteractionTypeBlockActions:
		a.fromBlockAction(c)
	case slack.InteractionTypeViewSubmission:
		a.kind, a.action = submitted, c.View.CallbackID
		_ = json.Unmarshal([]byte(c.View.PrivateMetadata), &a.meta)
		a.actor.Channel, a.reply.channel, a.reply.thread = a.meta.Channel, a.meta.Channel, a.meta.Thread
		if c.View.State != nil {
			a.text = c.View.State.Values[blocks.InputReason][blocks.InputReason].Value
		}
		a.key = fmt.Sprintf("dialog:%s:%s", c.View.ID, digest(c.View.Hash+"\x00"+a.text))
	case slack.InteractionTypeBlockSuggestion:
		a.kind = suggest
	}
}

func (a *arrival) fromBlockAction(c slack.InteractionCallback) {
	if len(c.ActionCallback.BlockActions) == 0 || c.ActionCallback.BlockActions[0] == nil {
		return
	}
	press := c.ActionCallback.BlockActions[0]
	a.kind, a.action, a.value = pressed, blocks.ActionOf(press.ActionID), press.Value
	if press.SelectedOption.Value != "" {
		a.value = press.SelectedOption.Value
	}
	a.key = strings.Join([]string{"button", c.Team.ID, c.User.ID, c.Channel.ID, a.reply.message, c.Container.ViewID, press.ActionID, press.ActionTs}, ":")
}

func (a *arrival) fromEvent(e slackevents.EventsAPIEvent, self string) {
	callback, ok := e.Data.(*slackevents.EventsAPICallbackEvent)
	if !ok || callback.EventID == "" {
		return
	}
	a.key = "event:" + callback.EventID
	switch ev := e.InnerEvent.Data.(type) {
	case *slackevents.AppMentionEvent:
		if ev.BotID != "" || ev.Edited != nil {
			return // it was answered as it was first written
		}
		text, mine := unmention(ev.Text, self)
		if !mine {
			text = "help" // it was said to somebody else, and only names the bot
		}
		a.kind, a.text = mention, text
		a.actor = commands.Actor{Person: ev.User, Team: e.TeamID, Channel: ev.Channel}
		a.reply = reply{channel: ev.Channel, thread: ev.ThreadTimeStamp, person: ev.User}
	case *slackevents.MessageEvent:
		if ev.ChannelType != "im" || ev.BotID != "" || ev.SubType != "" || ev.User == "" {
			return
		}
		text, _ := unmention(ev.Text, self)
		a.kind, a.text = direct, text
		a.actor = commands.Actor{Person: ev.User, Team: e.TeamID, Channel: ev.Channel}
		a.reply = reply{channel: ev.Channel, thread: ev.ThreadTimeStamp, person: ev.User}
	}
}

// unmention takes the mention of the bot itself off the beginning of a text, and reports
// whether it was there.
func unmention(text, self string) (rest string, mine bool) {
	text = strings.TrimSpace(text)
	who, rest, ok := strings.Cut(text, ">")
	id, _, _ := strings.Cut(strings.TrimPrefix(who, "<@"), "|")
	if !ok || !strings.HasPrefix(who, "<@") || id != self || self == "" {
		return text, false
	}
	return strings.TrimSpace(rest), true
}

// digest is a short fingerprint: what is made of a trigger must not be the trigger.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// input is the arrival as what is stored before it is acknowledged, if it asks for or
// decides something.
func (a arrival) input(c commands.Context) (fleet.Input, bool) {
	in := fleet.Input{
		Key: a.key, Person: a.actor.Person, Team: a.actor.Team, Enterprise: a.actor.Enterprise,
		Channel: a.actor.Channel, At: a.at,
	}
	if !a.reply.ephemeral {
		in.MessageTS = a.reply.message
	}
	text := a.text
	switch a.kind {
	case pressed:
		switch a.action {
		case blocks.ActionApprove, blocks.ActionCancel, blocks.ActionConfirm:
			id, err := strconv.ParseInt(a.value, 10, 64)
			in.Verb, in.Request = a.action, id
			return in, err == nil
		case blocks.ActionRun:
			text = a.value
		default:
			return in, false
		}
	case submitted:
		switch a.action {
		case blocks.CallbackDeny:
			in.Verb, in.Request, in.Text = "deny", a.meta.Request, a.text
			return in, a.meta.Request > 0
		case blocks.CallbackReason:
			text = a.meta.Command + " because " + a.text
		default:
			return in, false
		}
	case typed, mention, direct:
	default:
		return in, false
	}
	in.Text = text
	parsed, err := commands.Parse(text, c)
	return in, err == nil && commands.Mutates(parsed)
}
