package blocks

import (
	"fmt"
	"time"

	"runnerdesk/internal/fleet"
)

// mostAttention is how many runners that need a person a digest names.
const mostAttention = 20

// Digest draws a digest. Its times of day are those of its own zone, since it is read by
// a channel.
func Digest(d fleet.Digest, o Options) Message {
	s := newSheet(o)
	zone, err := time.LoadLocation(d.Zone)
	if err != nil {
		zone = time.UTC
	}
	s.header("Digest: " + clean(d.Name))
	if d.Late {
		s.say("This is the digest of " + d.Due.In(zone).Format("15:04") + ", posted late.")
	}
	if d.Preview {
		s.say("Only you see this. It is how the digest would look now.")
	}
	for _, one := range d.Summaries {
		s.scopeLine(one, zone)
	}
	s.needing(d)
	if len(d.Waiting) > 0 {
		s.say(fleet.Bold("Waiting for approval"))
		s.requestLines(d.Waiting, mostInbox)
	}
	s.buttons(run("List offline", "list all offline"), run("Status", "status"), run("Requests", "requests"))
	foot := "Gathered " + d.At.In(zone).Format("15:04") + " " + zone.String()
	if d.AuditHead != "" {
		foot += " · audit " + d.AuditHead
	}
	s.footnote(foot)
	return s.message()
}

// scopeLine is a scope in numbers, or why there are none.
func (s *sheet) scopeLine(one fleet.Summary, zone *time.Location) {
	name, r := fleet.Bold(one.Scope.String()), one.Reading
	read := r.ReadAt.In(zone).Format("15:04")
	if why := unread(r, zone); len(why) > 0 {
		p := append(fleet.Say("❗ ", name, ": could not be read. "), clip(why, 400)...)
		if !r.ReadAt.IsZero() {
			if s.o.Now.Sub(r.ReadAt) > 20*time.Hour {
				read = r.ReadAt.In(zone).Format("2006-01-02 15:04")
			}
			p = append(p, fleet.Span{Text: " Last known at " + read + ": " + sumWords(one.Counts) + "."})
		}
		s.say(p)
		return
	}
	about := ""
	if !r.Complete {
		about = "about "
	}
	s.say(name, ": "+about+sumWords(one.Counts)+" · read "+read)
}

// unread says why a scope could not be read; nothing when it could.
func unread(r fleet.Reading, zone *time.Location) fleet.Prose {
	switch {
	case r.Problem != nil && !r.Problem.Until.IsZero():
		return fleet.Say("GitHub limited until " + r.Problem.Until.In(zone).Format("15:04") + ".")
	case r.Problem != nil && len(r.Problem.What) > 0:
		return r.Problem.What
	case r.Problem != nil, r.ReadAt.IsZero():
		return fleet.Say("GitHub has not answered yet.")
	}
	return nil
}

// needing draws what needs a person.
func (s *sheet) needing(d fleet.Digest) {
	after := ""
	if d.OfflineFor > 0 {
		after = " (offline longer than " + span(d.OfflineFor) + ")"
	}
	if len(d.Attention) == 0 {
		for _, one := range d.Summaries {
			if len(unread(one.Reading, time.UTC)) > 0 {
				return // not everything could be read, so there may be more
			}
		}
		s.say("✅ Nothing needs a person" + after + ".")
		return
	}
	s.say(fleet.Bold(fmt.Sprintf("Needs a person: %s", count(len(d.Attention), "runner"))), after)
	rows := make([]row, 0, mostAttention)
	for _, r := range d.Attention[:min(len(d.Attention), mostAttention)] {
		one := recordRow(r, false)
		rows = append(rows, one)
	}
	s.table(recordColumns, rows, len(d.Attention))
}

// digests draws "digest": what is configured and when it is next due.
func digests(l fleet.DigestList, o Options) Message {
	s := newSheet(o)
	s.header("Digests")
	if len(l.Plans) == 0 {
		s.say("No digest is configured.")
	}
	items := make([]fleet.Prose, 0, len(l.Plans))
	var next []button
	for _, p := range l.Plans {
		line := fleet.Say(fleet.Bold(p.Name), " to ", fleet.Mention(p.Channel), ": next ", moment(p.Next), ", ", fleet.Code(p.Cron), " "+p.Zone)
		if p.When != "" && p.When != "always" {
			line = append(line, fleet.Span{Text: ", when " + p.When})
		}
		items = append(items, line)
		if len(next) < mostOpens {
			next = append(next, run("Show "+p.Name, "digest now "+p.Name))
		}
	}
	s.bullets(items, len(items))
	s.buttons(next...)
	return s.message()
}
