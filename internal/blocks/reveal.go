package blocks

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// RevealWaiting is the dialog that opens at once, before GitHub has made the token.
func RevealWaiting(r fleet.Request) slack.ModalViewRequest {
	s := newSheet(Options{})
	s.say("Making " + r.Action.Words() + " for " + r.Scope.Words() + "…")
	return dialog(CallbackReveal, tokenTitle(r), value(r.ID), "", s.blocks)
}

// RevealFailed is the dialog when there is no token, with the reason.
func RevealFailed(r fleet.Request, why fleet.Prose) slack.ModalViewRequest {
	s := newSheet(Options{})
	s.say("❗ There is no token to show.")
	s.say(why)
	return dialog(CallbackReveal, tokenTitle(r), value(r.ID), "", s.blocks)
}

// RevealShown is the dialog with the token, when it ends, and lines ready to paste. It is
// the one drawing that holds a secret, and it has no text form. url is what config.sh
// --url takes.
func RevealShown(r fleet.Request, token fleet.Token, url string, o Options) slack.ModalViewRequest {
	s := newSheet(o)
	s.say("For ", fleet.Bold(r.Scope.Words()), ". Keep it to yourself: ", lower(tokenMeans(r)))
	s.say(fleet.Bold("Token"))
	s.paste(clean(token.Value.Reveal()))
	s.say("It ends ", moment(token.ExpiresAt), ", in "+span(token.ExpiresAt.Sub(o.Now))+".")
	sh, cmd, omitted := pasteLines(r, clean(token.Value.Reveal()), url)
	s.say(fleet.Bold("Linux and macOS"), ", in the runner's directory")
	s.paste(sh)
	s.say(fleet.Bold("Windows"), ", in PowerShell in the runner's directory")
	s.paste(cmd)
	if len(omitted) > 0 {
		s.say("Not every shell can take " + strings.Join(omitted, " and ") + " safely. Where a line lacks it, the program asks for it.")
	}
	if r.Action == fleet.Register {
		s.say("No runner application yet? ", fleet.Code(s.typed("downloads "+r.Scope.String())))
	}
	s.note(fleet.Say(fmt.Sprintf("Revealed %d of at most %d times. The token can't be shown again; another press makes a new one.", r.LiveReveals(), fleet.MaxReveals)))
	return dialog(CallbackReveal, tokenTitle(r), value(r.ID), "", s.blocks)
}

func tokenTitle(r fleet.Request) string {
	if r.Action == fleet.RemoveToken {
		return "Remove token"
	}
	return "Registration token"
}

// lower begins a sentence in lower case.
func lower(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToLower(text[:1]) + text[1:]
}

// paste is a block of text to copy.
func (s *sheet) paste(text string) {
	e := slack.NewRichTextSectionTextElement(text, nil)
	s.add(slack.NewRichTextBlock("", &slack.RichTextPreformatted{Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{e}}), len(text), 0)
}

// maxArgument is how long an argument may be to stand in a line to paste.
const maxArgument = 1000

// pasteLines are the commands for sh and for PowerShell. omitted names what at least one
// of them can't hold; the program asks for it then.
// https://docs.github.com/en/actions/how-tos/manage-runners/self-hosted-runners/add-runners
func pasteLines(r fleet.Request, token, url string) (sh, cmd string, omitted []string) {
	unix, windows := []string{"./config.sh"}, []string{"./config.cmd"}
	option := func(name, words, value string) {
		if value == "" || value == none {
			return
		}
		short := len(value) <= maxArgument
		if short {
			unix = append(unix, "--"+name, posix(value))
		}
		if short && batchSafe(value) {
			windows = append(windows, "--"+name, powershell(value))
		} else {
			omitted = append(omitted, words)
		}
	}
	if r.Action == fleet.RemoveToken {
		unix, windows = append(unix, "remove"), append(windows, "remove")
		option("token", "the token", token)
		return strings.Join(unix, " "), strings.Join(windows, " "), omitted
	}
	labels := make([]string, 0, len(r.Labels))
	for _, l := range r.Labels {
		labels = append(labels, clean(l))
	}
	option("url", "the address", url)
	option("token", "the token", token)
	option("labels", "these labels", strings.Join(labels, ","))
	option("runnergroup", "this group's name", clean(r.Group))
	return strings.Join(unix, " "), strings.Join(windows, " "), omitted
}
