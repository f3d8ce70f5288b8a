package commands

import "runnerdesk/internal/fleet"

// page is what help says about a command. Its words carry no slash command.
type page struct {
	usage    string
	does     string
	examples []string
	detail   []string
}

var filterHelp = []string{
	"status:online, offline, busy, idle or lost; os:linux; label:gpu (label:a,b is either); name:web-*; group:NAME",
	"version:<2.329.0 or version:outdated; offline:>3d; ephemeral:yes or no; a hyphen in front leaves out: -label:gpu",
	"sort:name, status, os, version or since; sort:name-desc is the other way round",
	"All filters must hold. * stands for any letters but a slash; put values with spaces in quotes.",
}

var approvalHelp = []string{
	"This opens a request. It is done once those whom the rule names have approved it.",
	"because takes the rest of the line.",
}

var pages = map[string]page{
	"help": {
		"help [COMMAND]", "The commands, or one of them with examples.",
		[]string{"help", "help delete"}, nil,
	},
	"status": {
		"status [SCOPE]", "How many runners are online, busy, idle and offline, and what is wrong.",
		[]string{"status", "status octo-org", "status enterprises/octo-enterprise"},
		[]string{"Without a scope it counts all of them. With no words at all this is what you get."},
	},
	"list": {
		"list [SCOPE… | all] [FILTERS]", "The runners, a page at a time.",
		[]string{"list octo-org offline", "list octo-org/octo-repo label:gpu -status:busy", "list all version:outdated sort:since"},
		append([]string{"A bare status word is a status; any other bare word must be a label or occur in the name."}, filterHelp...),
	},
	"show": {
		"show [SCOPE] RUNNER", "One runner in full, with its history.",
		[]string{"show web-1", "show octo-org 42"},
		[]string{"RUNNER is a name or an id. Put a name with spaces in quotes."},
	},
	"find": {
		"find NAME", "A runner by name or pattern in every scope.",
		[]string{"find web-1", "find web-*"}, nil,
	},
	"downloads": {
		"downloads [SCOPE] [os:…] [arch:…]", "The runner applications, with address, file name and SHA-256.",
		[]string{"downloads octo-org", "downloads octo-org os:linux arch:arm64"},
		[]string{"os is linux, osx or win; arch is x64, arm or arm64."},
	},
	"register": {
		"register [SCOPE] [labels:a,b] [group:G] [because REASON]", "A token that adds a runner.",
		[]string{"register octo-org", "register octo-org/octo-repo labels:gpu,linux because a new build machine", "register enterprises/octo-enterprise group:builders"},
		approvalHelp,
	},
	"remove-token": {
		"remove-token [SCOPE] [because REASON]", "A token with which a machine removes itself.",
		[]string{"remove-token octo-org", "remove-token octo-org/octo-repo because the machine moves"},
		approvalHelp,
	},
	"delete": {
		"delete [SCOPE] RUNNER… | FILTERS [because REASON]", "Deletes runners from GitHub.",
		[]string{"delete octo-org web-1 web-2", "delete octo-org 42 because its disk died", "delete octo-org offline:>3d -label:prod"},
		append(append([]string{"Runners and filters don't mix, and at least one filter must select."}, approvalHelp...), filterHelp...),
	},
	"requests": {
		"requests [open|mine|all]", "What waits for you and what you asked, or everything.",
		[]string{"requests", "requests all"}, nil,
	},
	"request": {
		"request ID", "One request, with everyone's decision and every step.",
		[]string{"request 42"}, nil,
	},
	"approve": {
		"approve ID", "Approves a request, as the button does.",
		[]string{"approve 42"}, []string{"Nobody can approve a request of their own."},
	},
	"deny": {
		"deny ID [REASON]", "Denies a request, as the button does.",
		[]string{"deny 42", "deny 42 still needed until Friday"}, []string{"Only those who could approve can deny; one denial ends the request."},
	},
	"cancel": {
		"cancel ID", "Takes back a request of yours.",
		[]string{"cancel 42"}, nil,
	},
	"digest": {
		"digest | digest now [NAME]", "The digests and when they are due; or one of them, here and to you alone.",
		[]string{"digest", "digest now", "digest now weekday morning"}, nil,
	},
	"alerts": {
		"alerts", "What is alarming now.",
		[]string{"alerts"}, nil,
	},
	"mute": {
		"mute NAME [2h]", "Keeps an alert quiet for a time.",
		[]string{"mute gpu runners 2h"}, []string{"Times are written 30m, 2h, 3d or 1w."},
	},
	"unmute": {
		"unmute NAME", "Lets an alert speak again.",
		[]string{"unmute gpu runners"}, nil,
	},
	"whoami": {
		"whoami", "What you may do here, and which rule says so.",
		[]string{"whoami"}, nil,
	},
	"about": {
		"about", "Version, uptime, connections, the age of the data, and what can't be seen.",
		[]string{"about"}, nil,
	},
}

// Help explains the commands, or the one that topic names. command is the slash
// command; usages and examples come without it.
func Help(topic, command string) fleet.HelpPage {
	out := fleet.HelpPage{Command: command}
	only := canonical(topic)
	for _, n := range names {
		if only != "" && n.name != only {
			continue
		}
		p := pages[n.name]
		t := fleet.HelpTopic{Usage: p.usage, Does: p.does, Also: n.also, Examples: p.examples}
		if only != "" {
			t.Detail = p.detail
		}
		out.Topics = append(out.Topics, t)
	}
	return out
}
