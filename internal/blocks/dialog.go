package blocks

import (
	"fmt"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// What a dialog may hold: https://docs.slack.dev/reference/views/modal-views
const (
	maxTitle    = 24
	maxMetadata = 3000
	maxReason   = 1000 // of the field for a reason
)

// dialog makes a dialog of blocks. Without submit it has a Close button only.
func dialog(callback, title, metadata, submit string, blocks []slack.Block) slack.ModalViewRequest {
	v := slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(cut(title, maxTitle)), Close: plain("Close"),
		CallbackID: callback, PrivateMetadata: metadata, Blocks: slack.Blocks{BlockSet: blocks},
	}
	if submit != "" {
		v.Submit, v.Close = plain(submit), plain("Back")
	}
	return v
}

// reasonField is the one field of the dialogs that ask for a reason.
func reasonField(label, hint string, optional bool) *slack.InputBlock {
	field := &slack.PlainTextInputBlockElement{Type: slack.METPlainTextInput, ActionID: InputReason, Multiline: true, MaxLength: maxReason, FocusOnLoad: true}
	if !optional {
		field.MinLength = 1
	}
	return slack.NewInputBlock(InputReason, plain(label), plain(cut(clean(hint), 1000)), field).WithOptional(optional)
}

// DenyDialog asks for a reason, which may stay empty.
func DenyDialog(r fleet.Request) slack.ModalViewRequest {
	s := newSheet(Options{})
	s.say("Deny request ", fleet.Bold(fmt.Sprintf("#%d", r.ID)), ": "+subject(r)+" in "+r.Scope.Words()+", asked by ", fleet.Mention(r.Requester))
	field := reasonField("Reason", "The requester and the audit get it in your words.", true)
	return dialog(CallbackDeny, "Deny", value(r.ID), "Deny", append(s.blocks, field))
}

// ReasonDialog asks for the reason that a rule requires and a command lacks. Its private
// metadata is the command text. A command longer than Slack keeps there gets a dialog
// without the field that says what to type.
func ReasonDialog(command string, rule fleet.Rule) slack.ModalViewRequest {
	s := newSheet(Options{})
	if utf8.RuneCountInString(command) > maxMetadata {
		s.say("The command is too long for this dialog. Type it again with ", fleet.Code("because REASON"), " at its end.")
		return dialog(CallbackReason, "Reason", "", "", s.blocks)
	}
	s.say("This needs a reason. Those who decide see it in your words.")
	s.facts(fact{"Command", fleet.Say(fleet.Code(cut(clean(command), 300)))}, fact{"Rule", ruleName(rule)})
	return dialog(CallbackReason, "Reason", command, "Ask", append(s.blocks, reasonField("Reason", reasonHint(rule), false)))
}

// reasonHint says what a rule asks of a reason.
func reasonHint(rule fleet.Rule) string {
	switch rule.Reason {
	case "", "optional", "required":
		return "A few words: why, and a ticket if there is one."
	}
	return "It has to match " + rule.Reason
}

// reasonNeeded draws the same where no dialog can be opened.
func reasonNeeded(a fleet.ReasonNeeded, o Options) Message {
	s := newSheet(o)
	s.say("⛔ This needs a reason, and nothing was done. Type it at the end: ", fleet.Code(cut(s.typed(clean(a.Command)), 300)+" because REASON"))
	if a.Rule.Reason != "required" {
		s.say(reasonHint(a.Rule))
	}
	return s.message()
}

// DetailsDialog shows every runner of a request whose message is cut.
func DetailsDialog(r fleet.Request, o Options) slack.ModalViewRequest {
	s := newSheet(o)
	s.limit = maxDialog
	s.header(title(r))
	items := make([]fleet.Prose, 0, mostBullets)
	for _, t := range r.Targets[:min(len(r.Targets), mostBullets)] {
		items = append(items, targetInFull(t))
	}
	s.bullets(items, len(r.Targets))
	return dialog(CallbackDetails, fmt.Sprintf("Request #%d", r.ID), value(r.ID), "", s.blocks)
}

// targetInFull is a runner of a request with all that is known of it.
func targetInFull(t fleet.Target) fleet.Prose {
	p := fleet.Say(fleet.Bold(cut(clean(t.Runner.Name), 64)), fmt.Sprintf(" (%d) ", t.Runner.ID))
	if outcome(t) != "" {
		p = append(p, fleet.Span{Text: cut(outcome(t), 80) + " · "})
	}
	p = append(p, fleet.Span{Text: stateWords(t.Runner.State())})
	if !t.Since.IsZero() {
		p = append(append(p, fleet.Span{Text: " since "}), since(t.Since, t.FirstSeen)...)
	}
	for _, more := range []string{t.Runner.OS, joined(t.Runner.LabelNames(), 60), t.Runner.Group} {
		if more != "" {
			p = append(p, fleet.Span{Text: " · " + cut(clean(more), 60)})
		}
	}
	return p
}
