// Package blocks draws fleet's values as Slack messages and dialogs. It is pure, keeps
// every limit of Slack by itself, and never lets foreign text become markup.
package blocks

import (
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// Message is a drawing. Text says the same as Blocks in plain words: for notifications,
// for screen readers, and to be sent alone where Slack refuses the blocks. It is
// escaped for Slack and at most maxText characters long.
type Message struct {
	Text   string
	Blocks []slack.Block
}

// Options is what a drawing depends on besides the value drawn.
type Options struct {
	Now      time.Time
	Command  string // the slash command: "/runners"
	Server   fleet.Server
	Share    bool   // draw the Share button, which repeats the command
	Typed    string // what the person typed; "" lets the answer name a command that gives the same
	SharedBy string // drawn for a channel in the name of this person: no paging, no Share
}

// Answer draws what a command shows.
func Answer(a fleet.Answer, o Options) Message {
	switch a := a.(type) {
	case fleet.Notice:
		return NoticeOf(a, o)
	case fleet.Overview:
		return overview(a, o)
	case fleet.Page:
		return page(a, o)
	case fleet.Details:
		return details(a, o)
	case fleet.Downloads:
		return downloads(a, o)
	case fleet.RequestView:
		return requestView(a, o)
	case fleet.RequestList:
		return inbox(a, o)
	case fleet.HelpPage:
		return help(a, o)
	case fleet.Rights:
		return rights(a, o)
	case fleet.About:
		return about(a, o)
	case fleet.DigestList:
		return digests(a, o)
	case fleet.DigestView:
		return Digest(a.Digest, o)
	case fleet.ReasonNeeded:
		return reasonNeeded(a, o)
	}
	// Not reached: a test draws every type of fleet/answer.go.
	return NoticeOf(fleet.Notice{Kind: fleet.Trouble, Text: fleet.Say("This answer can't be shown. The log says more.")}, o)
}
