package blocks

import (
	"cmp"
	"slices"
	"strings"

	"runnerdesk/internal/fleet"
)

// How many lines of each kind the breakdown has.
const (
	mostScopes = 15
	mostOS     = 5
	mostLabels = 10
	mostGroups = 8
)

// overview draws "status": sums first, then what needs a person, then the breakdown.
func overview(v fleet.Overview, o Options) Message {
	s := newSheet(o)
	where, filter := "", "all"
	if len(v.Summaries) == 1 {
		where, filter = v.Summaries[0].Scope.Words(), v.Summaries[0].Scope.String()
	}
	s.header(strings.TrimSpace("Status " + of(where)))
	if len(v.Summaries) == 0 {
		s.say("There is no scope that you may see.")
		s.hidden(v.Hidden)
		s.buttons(run("What may I do?", "whoami"))
		return s.message()
	}
	var sum fleet.Counts
	var readings []fleet.Reading
	known := false
	for _, one := range v.Summaries {
		sum.Sum(one.Counts)
		readings = append(readings, one.Reading)
		known = known || !one.Reading.ReadAt.IsZero()
	}
	s.faults(readings)
	if known {
		s.say(fleet.Bold(sumWords(sum)))
		s.offline(v.Summaries)
		columns, rows := breakdown(v.Summaries)
		s.table(columns, rows, len(rows))
	} else {
		s.say("GitHub has not been read yet, so there are no numbers. Try again in a minute.")
	}
	next := []button{run("List runners", "list "+filter)}
	if sum.Offline > 0 {
		next = append(next, run("List offline", "list "+filter+" offline"))
	}
	s.buttons(append(next, run("Requests", "requests"), s.share(strings.TrimSuffix("status "+filter, " all")))...)
	s.hidden(v.Hidden)
	s.ages(readings)
	return s.message()
}

func of(where string) string {
	if where == "" {
		return "of the fleet"
	}
	return "of " + where
}

func (s *sheet) hidden(n int) {
	if n > 0 {
		s.footnote(count(n, "scope") + " that you may not see left out")
	}
}

// offline names the runners that are offline longest, over all summaries.
func (s *sheet) offline(summaries []fleet.Summary) {
	var all []fleet.Record
	for _, one := range summaries {
		all = append(all, one.LongestOffline[:min(len(one.LongestOffline), fleet.OfflineShown)]...)
	}
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b fleet.Record) int { return a.Since.Compare(b.Since) })
	all = all[:min(len(all), fleet.OfflineShown)]
	items := make([]fleet.Prose, 0, len(all))
	for _, r := range all {
		items = append(items, attention(r, len(summaries) == 1))
	}
	offline := 0
	for _, one := range summaries {
		offline += one.Counts.Offline
	}
	if more := offline - len(all); more > 0 {
		items = append(items, fleet.Say("and "+number(more)+" more"))
	}
	s.say("Offline longest:")
	s.bullets(items, len(items))
}

// attention is a runner that needs a person, in one line.
func attention(r fleet.Record, oneScope bool) fleet.Prose {
	p := fleet.Say(fleet.Code(cut(clean(r.Runner.Name), 64)))
	if !oneScope {
		p = append(p, fleet.Span{Text: " in " + r.Scope.String()})
	}
	p = append(p, fleet.Span{Text: ": " + stateWords(r.Runner.State())})
	if !r.Since.IsZero() {
		p = append(append(p, fleet.Span{Text: " since "}), since(r.Since, r.FirstSeen)...)
	}
	return p
}

// breakdown is one table of scopes, operating systems, labels and groups. A message may
// have only one.
func breakdown(summaries []fleet.Summary) ([]column, []row) {
	columns := []column{
		{name: "By", keep: true}, {name: "Name", most: 60, keep: true}, {name: "Runners", right: true, keep: true},
		{name: "Online", right: true, keep: true}, {name: "Busy", right: true, keep: true},
		{name: "Idle", right: true, keep: true}, {name: "Offline", right: true, keep: true},
	}
	var rows []row
	if len(summaries) > 1 {
		scopes := make([]fleet.Tally, 0, len(summaries))
		for _, one := range summaries {
			if one.Reading.ReadAt.IsZero() {
				continue // never read: no numbers, not zeros
			}
			scopes = append(scopes, fleet.Tally{Name: one.Scope.String(), Counts: one.Counts})
		}
		rows = append(rows, tallyRows("Scope", scopes, mostScopes)...)
	}
	rows = append(rows, tallyRows("OS", merged(summaries, func(s fleet.Summary) []fleet.Tally { return s.ByOS }), mostOS)...)
	rows = append(rows, tallyRows("Label", merged(summaries, func(s fleet.Summary) []fleet.Tally { return s.ByLabel }), mostLabels)...)
	rows = append(rows, tallyRows("Group", merged(summaries, func(s fleet.Summary) []fleet.Tally { return s.ByGroup }), mostGroups)...)
	return columns, rows
}

// merged sums tallies of one name over all summaries, the largest first.
func merged(summaries []fleet.Summary, pick func(fleet.Summary) []fleet.Tally) []fleet.Tally {
	if len(summaries) == 1 {
		return pick(summaries[0])
	}
	at := map[string]int{}
	var out []fleet.Tally
	for _, one := range summaries {
		for _, t := range pick(one) {
			i, known := at[t.Name]
			if !known {
				i = len(out)
				at[t.Name] = i
				out = append(out, fleet.Tally{Name: t.Name})
			}
			out[i].Counts.Sum(t.Counts)
		}
	}
	slices.SortStableFunc(out, func(a, b fleet.Tally) int {
		return cmp.Or(b.Counts.Total-a.Counts.Total, strings.Compare(a.Name, b.Name))
	})
	return out
}

func tallyRows(by string, tallies []fleet.Tally, most int) []row {
	var rows []row
	for _, t := range tallies[:min(len(tallies), most)] {
		c := t.Counts
		rows = append(rows, row{
			cells: []fleet.Prose{text(by), text(t.Name), numeral(c.Total), numeral(c.Online), numeral(c.Busy), numeral(c.Idle), numeral(c.Offline)},
			line:  fleet.Say(by+" ", cut(clean(t.Name), 60), ": "+number(c.Total)+", "+number(c.Online)+" online, "+number(c.Offline)+" offline"),
		})
	}
	if left := len(tallies) - most; left > 0 {
		words := "… and " + number(left) + " more"
		rows = append(rows, row{cells: []fleet.Prose{text(by), text(words), nil, nil, nil, nil, nil}, line: fleet.Say(by + ": " + words)})
	}
	return rows
}
