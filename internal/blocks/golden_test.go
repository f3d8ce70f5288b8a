package blocks

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is a message as it stands in a golden file: the text form line by line.
type golden struct {
	Text   []string     `json:"text"`
	Blocks slack.Blocks `json:"blocks"`
}

func TestDrawings(t *testing.T) {
	drawn := map[string]any{}
	for name, m := range calm.messages() {
		for _, fault := range check(m) {
			t.Errorf("%s: %s", name, fault)
		}
		drawn[name] = golden{strings.Split(m.Text, "\n"), slack.Blocks{BlockSet: m.Blocks}}
	}
	for name, v := range calm.dialogs() {
		for _, fault := range checkView(v) {
			t.Errorf("%s: %s", name, fault)
		}
		drawn[name] = v
	}
	for name, d := range drawn {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		if err := e.Encode(d); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Bytes(); !bytes.Equal(got, want) {
			t.Errorf("%s differs (write it anew with -update and read the diff); got:\n%s", file, got)
		}
	}
	files, _ := filepath.Glob("testdata/*.json")
	for _, f := range files {
		if drawn[strings.TrimSuffix(filepath.Base(f), ".json")] == nil {
			t.Errorf("%s has no drawing", f)
		}
	}
}
