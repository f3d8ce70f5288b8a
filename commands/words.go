package commands

import (
	"errors"

	"runnerdesk/internal/fleet"
)

// This file turns refusals into what people read; fleet.Explain does it for what fails
// outside.

// refusal is the answer to an input that led to an error.
func (d *Desk) refusal(err error) fleet.Answer {
	var (
		syntax *SyntaxError
		no     *refused
		rule   *fleet.NotPossible
		lost   *unsure
	)
	switch {
	case errors.As(err, &syntax):
		return fleet.Notice{Kind: fleet.Refused, Text: syntax.Problem, Suggest: syntax.Suggest}
	case errors.As(err, &no):
		return fleet.Notice{Kind: fleet.Refused, Text: no.text, Suggest: no.suggest}
	case errors.As(err, &rule):
		return fleet.Notice{Kind: fleet.Refused, Text: fleet.Say(rule.Why)}
	case errors.As(err, &lost):
		d.Log.Warn("rights could not be looked up", "err", err)
		return fleet.Notice{Kind: fleet.Trouble, Text: fleet.Say("Slack could not tell who you are and what you may do, so nothing was done. Try again in a minute.")}
	}
	d.Log.Warn("an input could not be answered", "err", err)
	return fleet.Notice{Kind: fleet.Trouble, Text: fleet.Explain(err)}
}
