package blocks

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// Prompt is the message in the rule's channel, for those who decide. It shows every
// later state too, then without buttons.
func Prompt(r fleet.Request, o Options) Message {
	s := newSheet(o)
	s.asked(r)
	if r.State == fleet.Pending {
		s.buttons(append(deciding(r), s.whole(r))...)
	} else {
		s.buttons(s.whole(r))
	}
	s.foot(r)
	return s.message()
}

// Copy is the requester's own, by direct message.
func Copy(r fleet.Request, o Options) Message {
	s := newSheet(o)
	s.asked(r)
	s.buttons(append(s.owning(r), s.whole(r))...)
	s.foot(r)
	return s.message()
}

// foot tells how to find the request again.
func (s *sheet) foot(r fleet.Request) {
	s.footnote("Asked ", moment(r.CreatedAt), " · ", s.typed(fmt.Sprintf("request %d", r.ID)))
}

// deciding are the buttons of those who decide.
func deciding(r fleet.Request) []button {
	if r.Rule.Needed == 0 {
		return nil
	}
	yes := button{action: ActionApprove, label: "Approve", value: value(r.ID), style: slack.StylePrimary, command: fmt.Sprintf("approve %d", r.ID)}
	if r.Action == fleet.Delete {
		yes.confirm = confirmDelete(r, "Approve")
	}
	no := button{action: ActionDeny, label: "Deny", value: value(r.ID), style: slack.StyleDanger, command: fmt.Sprintf("deny %d", r.ID)}
	return []button{yes, no}
}

// owning are the buttons of the requester: what to do next, then taking it back.
func (s *sheet) owning(r fleet.Request) []button {
	var b []button
	if r.State == fleet.Pending && r.Rule.Needed == 0 && r.Action == fleet.Delete {
		b = append(b, button{action: ActionConfirm, label: "Delete", value: value(r.ID), style: slack.StyleDanger, confirm: confirmDelete(r, "Delete")})
	}
	b = append(b, s.revealing(r)...)
	if cancellable(r) {
		b = append(b, button{action: ActionCancel, label: "Cancel", value: value(r.ID), command: fmt.Sprintf("cancel %d", r.ID)})
	}
	return append(b, s.again(r)...)
}

// cancellable reports whether the requester can take the request back: before it is
// decided, before it is carried out, and between two runners.
func cancellable(r fleet.Request) bool {
	switch r.State {
	case fleet.Pending, fleet.Approved:
		return true
	case fleet.Executing:
		return r.Action == fleet.Delete && !r.Stop
	}
	return false
}

// revealing is the button that makes a token, as long as it may be pressed.
func (s *sheet) revealing(r fleet.Request) []button {
	if !r.CanReveal(s.o.Now) {
		return nil
	}
	b := button{action: ActionReveal, label: "Reveal", value: value(r.ID), style: slack.StylePrimary}
	if r.LiveReveals() > 0 {
		b.label, b.style = "Reveal a new token", slack.StyleDefault
	}
	return []button{b}
}

// again asks once more for what came to nothing.
func (s *sheet) again(r fleet.Request) []button {
	if r.State != fleet.Expired && r.State != fleet.Failed {
		return nil
	}
	if command := askAgain(r); command != "" {
		return []button{run("Ask again", command)}
	}
	return nil
}

// askAgain is the command that asks for the same once more: of a batch only for the
// runners that are still there to be deleted; "" when there are none.
func askAgain(r fleet.Request) string {
	words := []string{string(r.Action), r.Scope.String()}
	for _, t := range r.Targets {
		switch t.Outcome {
		case fleet.Deleted, fleet.AlreadyGone, fleet.Struck, fleet.Protected:
			continue
		}
		words = append(words, fmt.Sprint(t.Runner.ID))
	}
	if r.Action == fleet.Delete && len(words) == 2 {
		return ""
	}
	if len(r.Labels) > 0 {
		labels := make([]string, 0, len(r.Labels))
		for _, l := range r.Labels {
			labels = append(labels, fleet.QuoteValue(clean(l)))
		}
		words = append(words, "labels:"+strings.Join(labels, ","))
	}
	if r.Group != "" {
		words = append(words, "group:"+fleet.QuoteValue(clean(r.Group)))
	}
	short := strings.Join(words, " ")
	if r.Reason == "" {
		return short
	}
	long := short + " because " + clean(r.Reason)
	if utf8.RuneCountInString(long) > maxValue {
		return short
	}
	return long
}

// whole is the button that shows every runner, where the drawing is cut.
func (s *sheet) whole(r fleet.Request) button {
	if !s.short {
		return button{}
	}
	return button{action: ActionDetails, label: "Details", value: value(r.ID)}
}

// confirmDelete is Slack's question before a deletion is released.
func confirmDelete(r fleet.Request, yes string) *slack.ConfirmationBlockObject {
	names := make([]string, 0, len(r.Targets))
	for _, t := range r.Targets {
		names = append(names, t.Runner.Name)
	}
	n := count(len(r.Targets), "runner")
	return confirmation("Delete "+n+"?", "From "+cut(r.Scope.Words(), 80)+": "+joined(names, 120)+". This can't be undone.", yes)
}
