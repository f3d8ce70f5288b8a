package blocks

import (
	"unicode/utf8"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// What a table may hold: 100 rows with the header and 20 columns
// (https://docs.slack.dev/reference/block-kit/blocks/table-block), one table in a
// message, and 10,000 characters in its cells.
const (
	maxRows  = 99
	maxCells = 9000
)

// column is a column of a table.
type column struct {
	name  string
	right bool // numbers
	most  int  // characters of a cell
	keep  bool // shown even when no row has anything in it
}

// row is a row of a table, and what the text form says instead of it.
type row struct {
	cells []fleet.Prose
	line  fleet.Prose
}

// table draws rows, cut with a count when there are too many. total is how many there
// are in all; rows may be the first of them. It tells how many it shows.
func (s *sheet) table(columns []column, rows []row, total int) int {
	s.listed(linesOf(rows), total)
	if s.tabled || len(rows) == 0 {
		return 0
	}
	s.tabled = true
	shown := shownColumns(columns, rows)
	block := slack.NewTableBlock("")
	head := make([]slack.TableCell, 0, len(shown))
	chars := 0
	for _, i := range shown {
		head = append(head, slack.NewTableRawTextCell(columns[i].name))
		chars += utf8.RuneCountInString(columns[i].name)
		align := slack.ColumnAlignmentLeft
		if columns[i].right {
			align = slack.ColumnAlignmentRight
		}
		block.ColumnSettings = append(block.ColumnSettings, slack.ColumnSetting{Align: align, IsWrapped: true})
	}
	block.AddRow(head...)
	room := min(maxCells, s.room())
	for _, r := range rows[:min(len(rows), maxRows)] {
		cells, n := r.draw(columns, shown)
		if chars+n > room {
			break
		}
		block.AddRow(cells...)
		chars += n
	}
	drawn := len(block.Rows) - 1
	if drawn == 0 || !s.add(block, chars, keepBlocks) {
		drawn = 0
	}
	s.more(total - drawn)
	return drawn
}

func linesOf(rows []row) []fleet.Prose {
	lines := make([]fleet.Prose, 0, len(rows))
	for _, r := range rows {
		lines = append(lines, r.line)
	}
	return lines
}

// shownColumns leaves out the columns in which no row has anything.
func shownColumns(columns []column, rows []row) []int {
	var shown []int
	for i, c := range columns {
		filled := c.keep
		for _, r := range rows {
			filled = filled || !blankCell(r.cells[i])
		}
		if filled {
			shown = append(shown, i)
		}
	}
	return shown
}

func blankCell(p fleet.Prose) bool {
	return len(p) == 0 || len(p) == 1 && p[0].Kind == fleet.PlainSpan && (p[0].Text == "" || p[0].Text == none)
}

// draw draws the cells: plain text as it is, everything else as rich text.
func (r row) draw(columns []column, shown []int) (cells []slack.TableCell, chars int) {
	for _, i := range shown {
		p, most := r.cells[i], columns[i].most
		if most == 0 {
			most = 40
		}
		if blankCell(p) || len(p) == 1 && p[0].Kind == fleet.PlainSpan {
			text := none
			if !blankCell(p) {
				text = cut(clean(p[0].Text), most)
			}
			cells = append(cells, slack.NewTableRawTextCell(text))
			chars += utf8.RuneCountInString(text)
			continue
		}
		e, n := elements(clip(p, most), maxProse)
		cells = append(cells, slack.NewTableRichTextCell(slack.NewRichTextSection(e...)))
		chars += n
	}
	return cells, chars
}

// text is a cell of plain text.
func text(t string) fleet.Prose { return fleet.Prose{{Text: t}} }

// numeral is a cell with a number.
func numeral(n int) fleet.Prose { return text(number(n)) }
