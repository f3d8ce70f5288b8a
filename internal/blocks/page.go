package blocks

import (
	"fmt"
	"regexp"
	"strings"

	"runnerdesk/internal/fleet"
)

// showable is how short a list gets a Show button for each of its runners.
const showable = 3

// page draws "list" and "find": sums first, rows second, the age of the data last.
func page(p fleet.Page, o Options) Message {
	s := newSheet(o)
	s.header(p.Title)
	s.faults(p.Readings)
	sum := sumWords(p.Matching)
	if p.Pages > 1 {
		sum += fmt.Sprintf(" · page %s of %s", number(p.Number), number(p.Pages))
	}
	if len(p.Rows) == 0 {
		s.say("No runner matches.")
	} else {
		s.say(fleet.Bold(sum))
		s.records(p.Rows, p.OneScope)
	}
	var next []button
	if o.SharedBy == "" {
		next = turns(p)
	}
	if len(p.Rows) <= showable {
		for _, r := range p.Rows {
			next = append(next, run("Show "+r.Runner.Name, fmt.Sprintf("show %s %d", r.Scope, r.Runner.ID)))
		}
	}
	s.buttons(append(next, s.share(toPage(p.Command, max(p.Number, 1))))...)
	s.ages(p.Readings)
	return s.message()
}

// records draws runners as a table, at most a page of them.
func (s *sheet) records(records []fleet.Record, oneScope bool) {
	rows := make([]row, 0, fleet.PageSize)
	for _, r := range records[:min(len(records), fleet.PageSize)] {
		rows = append(rows, recordRow(r, oneScope))
	}
	s.table(recordColumns, rows, len(records))
}

// turns are the buttons that turn the page, absent at the ends.
func turns(p fleet.Page) []button {
	var b []button
	if p.Number > 1 {
		b = append(b, run("Previous", toPage(p.Command, min(p.Number-1, p.Pages))))
	}
	if p.Number < p.Pages {
		b = append(b, run("Next", toPage(p.Command, p.Number+1)))
	}
	return b
}

var pageWord = regexp.MustCompile(`(?i)(^|\s)page:\d+(\s|$)`)

// toPage is the command that shows another page of the same list.
func toPage(command string, n int) string {
	return strings.TrimSpace(pageWord.ReplaceAllString(command, " ")) + fmt.Sprintf(" page:%d", n)
}
