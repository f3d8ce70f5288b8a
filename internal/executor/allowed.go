package executor

import (
	"slices"

	"runnerdesk/internal/fleet"
)

// Allowed makes an Executor's Allowed from what the configuration says now: an approval
// does not outlive read_only, its scope's place in the configuration, or the last rule
// that is about what was asked.
func Allowed(policy fleet.Policy, scopes []fleet.Scope) func(fleet.Request) (why string) {
	return func(r fleet.Request) string {
		if policy.ReadOnly {
			return "Runnerdesk is set to read only"
		}
		if !slices.Contains(scopes, r.Scope) {
			return "Runnerdesk may not touch " + r.Scope.String() + " any more"
		}
		runners := make([]fleet.Runner, len(r.Targets))
		for i, t := range r.Targets {
			runners[i] = t.Runner
		}
		if _, ruled := policy.RuleFor(r.Action, r.Scope, runners); !ruled {
			return "the rules have changed, and none allows this any more"
		}
		return ""
	}
}

// forbidden tells why the configuration does not allow a request any more, or nothing.
func (e *Executor) forbidden(r fleet.Request) string {
	if e.Allowed == nil {
		return ""
	}
	return e.Allowed(r)
}
