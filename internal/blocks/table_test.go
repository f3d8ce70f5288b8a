package blocks

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

func TestTableIsCutWithACount(t *testing.T) {
	wide := row{cells: []fleet.Prose{text(strings.Repeat("x", 100)), text(strings.Repeat("y", 100)), nil}, line: fleet.Say("x")}
	s := newSheet(options())
	drawn := s.table([]column{{name: "A", most: 100}, {name: "B", most: 100}, {name: "C"}}, times(200, wide), 500)
	if want := (maxCells - len("AB")) / 200; drawn != want {
		t.Errorf("drew %d rows, want %d", drawn, want)
	}
	block := s.blocks[0].(*slack.TableBlock)
	if len(block.Rows) != drawn+1 || len(block.Rows[0]) != 2 {
		t.Errorf("%d rows of %d columns; the column without anything is left out", len(block.Rows), len(block.Rows[0]))
	}
	note := s.blocks[1].(*slack.ContextBlock).ContextElements.Elements[0].(*slack.TextBlockObject).Text
	if want := "… and 456 more"; note != want {
		t.Errorf("note %q, want %q", note, want)
	}
	if s.table([]column{{name: "A"}}, []row{{cells: []fleet.Prose{text("a")}}}, 1) != 0 || len(s.blocks) != 2 {
		t.Error("a second table was drawn")
	}
}

func TestEmptyCellsGetADash(t *testing.T) {
	s := newSheet(options())
	s.table([]column{{name: "A", keep: true}, {name: "B"}}, []row{{cells: []fleet.Prose{nil, text("b")}}, {cells: []fleet.Prose{text("a"), text(" ")}}}, 2)
	for _, r := range s.blocks[0].(*slack.TableBlock).Rows {
		for _, c := range r {
			if c.(*slack.TableRawTextCell).Text == "" {
				t.Errorf("an empty cell in %v", r)
			}
		}
	}
	if got, want := s.blocks[0].(*slack.TableBlock).Rows[1][0].(*slack.TableRawTextCell).Text, none; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
