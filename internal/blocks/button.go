package blocks

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// button is something to press, with the command that does the same for those who see
// the text form only.
type button struct {
	action, label, value, url string
	style                     slack.Style
	confirm                   *slack.ConfirmationBlockObject
	command                   string // "" when no command does it
}

// run is a button that types a command.
func run(label, command string) button {
	return button{action: ActionRun, label: label, value: command, command: command}
}

// buttons draws a row of buttons and, in the text form, a line with their commands.
// What does not fit into a button's value is left out.
func (s *sheet) buttons(all ...button) {
	var row []slack.BlockElement
	var typed []string
	seen, chars := map[string]int{}, 0
	for _, b := range all {
		if b.action == ActionRun || b.action == ActionShare {
			b.value = s.bare(b.value)
		}
		if b.action == "" || b.value+b.url == "" || utf8.RuneCountInString(b.value) > maxValue || len(row) == maxButtons {
			continue
		}
		if b.command != "" {
			typed = append(typed, line(fleet.Say(b.label+": ", fleet.Code(s.typed(b.command))), maxLine/3))
		}
		seen[b.action]++
		id := b.action
		if b.action == ActionRun || seen[b.action] > 1 {
			id = fmt.Sprintf("%s:%d", b.action, seen[b.action])
		}
		label := cut(clean(b.label), maxLabel)
		e := slack.NewButtonBlockElement(id, b.value, plain(label)).WithStyle(b.style).WithConfirm(b.confirm)
		e.URL = b.url
		row = append(row, e)
		chars += utf8.RuneCountInString(label)
		if b.confirm != nil {
			chars += utf8.RuneCountInString(b.confirm.Text.Text)
		}
	}
	if len(row) > 0 {
		s.add(slack.NewActionBlock("", row...), chars, 0)
	}
	for _, t := range typed {
		s.write("→ "+t, 0)
	}
}

// bare is a command text without the slash command in front of it.
func (s *sheet) bare(text string) string {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, s.o.Command); ok && s.o.Command != "" && (rest == "" || rest[0] == ' ') {
		return strings.TrimSpace(rest)
	}
	return text
}

// typed is a command text with the slash command in front of it, as people type it.
func (s *sheet) typed(text string) string { return strings.TrimSpace(s.o.Command + " " + s.bare(text)) }

// share is the button that shows an answer to the channel: by what was typed, or else by
// the command that gives the same answer. There is none on what is shared already.
func (s *sheet) share(command string) button {
	if !s.o.Share || s.o.SharedBy != "" {
		return button{}
	}
	return button{action: ActionShare, label: "Share", value: cmp.Or(s.o.Typed, command)}
}

// confirmation is Slack's question before a button acts.
// https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
func confirmation(title, text, yes string) *slack.ConfirmationBlockObject {
	return slack.NewConfirmationBlockObject(plain(cut(clean(title), 100)), plain(cut(clean(text), 300)),
		plain(cut(clean(yes), 30)), plain("Back")).WithStyle(slack.StyleDanger)
}
