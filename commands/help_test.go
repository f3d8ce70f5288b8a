package commands

import (
	"strings"
	"testing"
)

func TestHelpExamplesParse(t *testing.T) {
	page := Help("", "/runners")
	if len(page.Topics) != len(names) || page.Command != "/runners" {
		t.Fatalf("%d topics for %d commands, command %q", len(page.Topics), len(names), page.Command)
	}
	for i, topic := range page.Topics {
		name := names[i].name
		if topic.Usage == "" || topic.Does == "" || len(topic.Examples) == 0 || len(topic.Examples) > 3 {
			t.Errorf("%s: usage %q, does %q, %d examples", name, topic.Usage, topic.Does, len(topic.Examples))
		}
		if !strings.HasPrefix(topic.Usage, name) {
			t.Errorf("usage %q does not begin with %q", topic.Usage, name)
		}
		for _, example := range topic.Examples {
			if got, err := Parse(example, sampleContext(t, "")); err != nil || got.Name != name {
				t.Errorf("example %q: %q, %v", example, got.Name, err)
			}
		}
	}
	for name := range pages {
		if canonical(name) != name {
			t.Errorf("help knows %q, which is no command", name)
		}
	}
}

func TestHelpOfOne(t *testing.T) {
	page := Help("delete", "/runners")
	if len(page.Topics) != 1 || !strings.HasPrefix(page.Topics[0].Usage, "delete") || len(page.Topics[0].Detail) == 0 {
		t.Errorf("help delete: %+v", page)
	}
}
