package tour

import (
	"strings"
	"time"

	"runnerdesk/internal/sandbox/githubd"
	"runnerdesk/internal/sandbox/slackd"
)

// play plays the day.
func (s *stage) play() {
	s.asking()
	s.tokens()
	s.deleting()
	s.refusing()
	s.evening()
	s.operations()
}

func (s *stage) asking() {
	s.chapter("Morning: what is the fleet doing?")
	s.types(ann, fleetChannel, "", "octo-org", "enterprises/octo-enterprise", "octo-org/octo-repo")
	m := s.types(ann, fleetChannel, "list octo-org", "37 runners", "[Next")
	s.presses(ann, m, "Next", "web-c9")
	s.types(ann, fleetChannel, "list octo-org offline gpu", "gpu-2")
	s.types(ann, fleetChannel, "list octo-org label:“gpu” –status:offline", "gpu-1")
	s.types(ann, fleetChannel, "show enterprises/octo-enterprise ent-1", "ent-1", "idle")
	s.types(ann, fleetChannel, "show octo-org mac-1", "mac-1")
	s.types(ann, fleetChannel, "show octo-org/octo-repo repo-2", "repo-2")
	s.types(ann, fleetChannel, "find ent-*", "ent-1", "ent-win-1")
	s.types(ann, fleetChannel, "downloads enterprises/octo-enterprise os:linux", "actions-runner-linux-x64")
	s.types(ann, fleetChannel, "downloads octo-org os:macos", "osx")
	s.types(ann, fleetChannel, "downloads octo-org/octo-repo os:windows", "win")
	s.types(ann, fleetChannel, "stauts", "status")
	s.types(ann, fleetChannel, "status octo-org/../../octocat/repo#", "octo-org/octo-repo")
	s.types(dan, fleetChannel, "status", "guests can't do this")
	s.types(ann, fleetChannel, "whoami", "octo-org")
	s.mentions(ann, fleetChannel, "status octo-org", "37 runners")
	s.writes(ann, "find gpu-*", "gpu-1", "gpu-2")
}

func (s *stage) tokens() {
	s.chapter("A new machine: tokens behind approvals")
	for _, t := range []struct{ command, scope string }{
		{"register", enterprise}, {"remove-token", enterprise}, {"register", org}, {"remove-token", org},
	} {
		text := t.command + " " + t.scope + " because a new rack"
		if t.command == "register" && t.scope == org {
			text = "register octo-org labels:gpu,linux because a new rack"
		}
		id := s.number(s.types(ann, fleetChannel, text, "pending"))
		prompt := s.prompt(id)
		if t.command == "register" && t.scope == enterprise {
			s.presses(ann, prompt, "Approve", "can't decide on it")
		}
		s.presses(bob, prompt, "Approve", "You approved request #"+id)
		s.reveals(ann, s.told(ann, id), id)
	}
	m := s.types(ann, fleetChannel, "register octo-org/octo-repo", "[Reveal")
	s.reveals(ann, m, s.number(m))
	m = s.types(ann, fleetChannel, "remove-token octo-org/octo-repo", "[Reveal")
	s.reveals(ann, m, s.number(m))
}

func (s *stage) deleting() {
	s.chapter("Dead machines: one deleted, then several")
	s.types(ann, fleetChannel, "delete octo-org db-1", "protected")
	s.slack.Duplicate(1)
	s.say("(Slack delivers the next command twice.)")
	id := s.number(s.types(ann, fleetChannel, "delete octo-org/octo-repo repo-1 because it is dead", "repo-1", "pending"))
	s.presses(bob, s.prompt(id), "Approve", "You approved request #"+id)
	s.result(id, "deleted")
	s.check("the built-in GitHub has no repo-1 any more", !s.has(repo, "repo-1"))

	batch := s.number(s.types(ann, fleetChannel, "delete octo-org name:old-* because of the move", "old-1", "old-3"))
	s.say("(old-2 takes a job before anybody decides.)")
	for _, r := range s.github.Runners(org) {
		if r.Name == "old-2" {
			s.github.Update(org, r.ID, func(r *githubd.Runner) { r.Status, r.Busy = "online", true })
		}
	}
	s.types(cleo, approvals, "approve "+batch, "You approved request #"+batch)
	s.result(batch, "2 deleted", "1 busy")
	s.check("old-1 and old-3 are gone, old-2 is not", !s.has(org, "old-1") && s.has(org, "old-2") && !s.has(org, "old-3"))

	s.types(ann, fleetChannel, "requests", "#"+batch)
	s.types(bob, approvals, "request "+batch, "1 busy", "the move")
}

func (s *stage) refusing() {
	s.chapter("The enterprise: two approvals, a reason, a refusal")
	p := s.slack.Person(ann)
	s.say("Ann in #fleet types: /runners delete enterprises/octo-enterprise ent-2")
	p.Command(s.ctx, fleetChannel, "delete enterprises/octo-enterprise ent-2")
	var dialog slackd.View
	s.until("a dialog asks for the reason that the rule requires", func() bool {
		v := p.Views()
		if len(v) > 0 {
			dialog = v[len(v)-1]
		}
		return len(v) > 0
	})
	s.shows("A dialog, to Ann alone: "+dialog.Title, dialog.Visible())
	before := s.ephemerals(p, fleetChannel)
	p.Submit(s.ctx, dialog, map[string]string{"reason": "retired"})
	m := s.answer(p, fleetChannel, before, []string{"ent-2", "retired"})
	id := s.number(m)
	prompt := s.prompt(id)
	s.presses(bob, prompt, "Approve", "1 of 2")
	s.types(bob, approvals, "approve "+id, "already voted")
	s.presses(cleo, prompt, "Approve", "You approved request #"+id)
	s.result(id, "deleted")
	s.check("the built-in GitHub has no ent-2 any more", !s.has(enterprise, "ent-2"))

	denied := s.number(s.types(ann, fleetChannel, "delete octo-org mac-1 because of noise", "mac-1"))
	prompt = s.prompt(denied)
	s.say("Bob presses Deny, and gives a reason in the dialog")
	b := s.slack.Person(bob)
	b.Click(s.ctx, prompt, "deny")
	s.until("a dialog asks Bob why", func() bool { return len(b.Views()) > 0 })
	if v := b.Views(); len(v) > 0 {
		b.Submit(s.ctx, v[len(v)-1], map[string]string{"reason": "it is needed"})
	}
	s.result(denied, "denied", "it is needed")
	s.check("mac-1 is still there", s.has(org, "mac-1"))

	cancelled := s.number(s.types(ann, fleetChannel, "delete octo-org gpu-2 because of a mistake", "gpu-2"))
	s.types(ann, fleetChannel, "cancel "+cancelled, "You cancelled request #"+cancelled)
	s.check("gpu-2 is still there", s.has(org, "gpu-2"))
}

// result waits for the outcome in the prompt's thread and for the requester's message.
func (s *stage) result(id string, want ...string) {
	m := s.find(bob, approvals, "the result of #"+id+" is in the prompt's thread", func(m slackd.Message) bool {
		return m.ThreadTS != "" && m.ThreadTS != m.TS && all(m.Visible(), append(want, "#"+id))
	})
	s.shows("Runnerdesk in the prompt's thread:", m.Visible())
	s.message(ann, s.slack.Person(ann).DMChannel(), "Ann is told by direct message", append(want, "#"+id)...)
}

func (s *stage) has(scope, name string) bool {
	for _, r := range s.github.Runners(scope) {
		if r.Name == name {
			return true
		}
	}
	return false
}

func (s *stage) evening() {
	s.chapter("Evening: what nobody decided expires, and the digest falls due")
	id := s.number(s.types(ann, fleetChannel, "register octo-org because nobody looks", "pending"))
	s.github.Tick()
	now := s.clock.now()
	due := time.Date(now.Year(), now.Month(), now.Day(), digestHour, digestMinute, 1, 0, time.UTC)
	s.say("(The clock jumps to %s.)", due.Format("15:04"))
	s.clock.jump(due)
	m := s.message(ann, fleetChannel, "the digest is posted in #fleet", "evening", "offline")
	s.shows("Runnerdesk in #fleet:", m.Visible())
	s.message(ann, s.slack.Person(ann).DMChannel(), "Ann is told that #"+id+" expired", "#"+id, "expired")
	posted := 0
	for _, m := range s.slack.Messages(fleetChannel) {
		if !m.Ephemeral && strings.Contains(m.Visible(), "evening") {
			posted++
		}
	}
	s.check("the digest is posted once", posted == 1)
	s.types(ann, fleetChannel, "digest", "evening")
	s.types(ann, fleetChannel, "about", "octo-org")
}
