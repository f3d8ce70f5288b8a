package blocks

import (
	"strings"

	"runnerdesk/internal/fleet"
)

// stepWords tells one row of a request's audit as people say it. The audit itself keeps
// its own words; one that is not known here is shown as it is.
func stepWords(a fleet.AuditRow) fleet.Prose {
	detail := cut(clean(a.Detail), 120)
	who := fleet.Mention(a.Actor)
	in := func(text string) fleet.Prose {
		if detail == "" {
			return nil
		}
		return fleet.Say(text + detail)
	}
	verb, outcome, _ := strings.Cut(a.Verb, ":")
	runner, rest, _ := strings.Cut(detail, " ")
	switch verb {
	case "opened":
		return append(fleet.Say(who, " asked"), in(": ")...)
	case "vote":
		word := map[string]string{"approve": "approved", "deny": "denied"}[outcome]
		if word == "" {
			break
		}
		return append(fleet.Say(who, " ", fleet.Bold(word)), in(", ")...)
	case "confirmed":
		return fleet.Say(who, " confirmed the deletion")
	case "struck":
		return fleet.Say(who, " struck runner "+detail)
	case "stop":
		return fleet.Say(who, " stopped it before the next runner")
	case "executing":
		if detail == "reveal" {
			return fleet.Say(who, " pressed Reveal; the token is being made")
		}
		return fleet.Say("Runnerdesk began")
	case "taken over":
		return fleet.Say("Runnerdesk went on after a restart")
	case "sending delete":
		return fleet.Say("Runnerdesk is about to delete runner " + detail)
	case "waiting":
		return fleet.Say("Runner " + runner + ": " + rest)
	case "runner":
		return append(fleet.Say("Runner "+runner+": ", fleet.Bold(outcome)), dash(rest)...)
	case "reveal":
		if outcome == "" {
			return fleet.Say(who, " pressed Reveal, "+detail)
		}
		word := map[string]string{"shown": "the token was shown", "failed": "GitHub made no token", "lost": "nobody saw a token"}[outcome]
		if word == "" {
			break
		}
		return fleet.Say("Reveal " + detail + ": " + word)
	case "approved", "denied", "expired", "cancelled", "succeeded", "failed", "unknown":
		return append(fleet.Say("The request is ", fleet.Bold(verb)), dash(detail)...)
	}
	return append(fleet.Say(who, " ", fleet.Bold(a.Verb)), in(" ")...)
}

func dash(text string) fleet.Prose {
	if text == "" {
		return nil
	}
	return fleet.Say(": " + text)
}
