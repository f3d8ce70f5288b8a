package slackd

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLimitsAreSlacks holds the numbers in this package against a list of Slack's limits,
// where one is present beside the project. The numbers in the validator's code are held
// by TestBlockKit; these are the named ones.
func TestLimitsAreSlacks(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "data", "slack-limits.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("no list of limits beside the project: nothing to compare")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"text.max_length":                           maxText,
		"section.text.max_length":                   maxText,
		"section.fields.max_items":                  maxFields,
		"section.fields.item_max_length":            maxField,
		"action_id.max_length":                      maxID,
		"block_id.max_length":                       maxID,
		"header.text.max_length":                    maxHeader,
		"actions.elements.max_items":                maxActions,
		"context.elements.max_items":                maxContext,
		"image.alt_text.max_length":                 maxAltText,
		"image.image_url.max_length":                maxURL,
		"input.label.max_length":                    maxInputLabel,
		"input.hint.max_length":                     maxInputLabel,
		"select.placeholder.max_length":             maxPlaceholder,
		"markdown.text.max_length":                  maxMarkdown,
		"view.blocks.max_items":                     maxViewBlocks,
		"data_table.rows.max_items":                 maxDataRows,
		"data_table.columns.max_items":              maxTableColumns,
		"data_table.content.max_length":             maxDataChars,
		"data_visualization.series.max_items":       maxSeries,
		"data_visualization.segments.max_items":     maxSeries,
		"data_visualization.data.max_items":         maxPoints,
		"data_visualization.categories.max_items":   maxPoints,
		"data_visualization.series_name.max_length": maxChartLabel,
		"data_visualization.axis_label.max_length":  maxAxisLabel,
		"plain_text_input.max_length.max":           maxText,
	} {
		var v any = all
		for _, k := range strings.Split(path, ".") {
			v = asObject(v)[k]
		}
		if v != float64(want) {
			t.Errorf("%s: the list says %v, the code %d", path, v, want)
		}
	}
}
