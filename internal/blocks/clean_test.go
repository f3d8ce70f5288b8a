package blocks

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

func checkedJSON(t *testing.T, v slack.ModalViewRequest) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"web-1":                "web-1",
		"":                     none,
		"  a \t\r\n b  ":       "a b",
		"a\u2028b\u2029c":      "a b c",
		"\u202eevil\u202c":     "evil",
		"a\u2066b\u2069\u200f": "ab",
		"a\u200bb\u200d\ufeff": "ab",
		"a\x00\x1b[31mb\u009b": "a[31mb",
		"\u3164":               none,
		"x\xffy":               "x\ufffdy",
		"漢字 🚀":                 "漢字 🚀",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCutAndJoined(t *testing.T) {
	if got, want := cut("漢字漢字漢字", 4), "漢字漢…"; got != want {
		t.Errorf("cut: got %q, want %q", got, want)
	}
	if got, want := joined([]string{"gpu", "linux", "x64"}, 80), "gpu, linux, x64"; got != want {
		t.Errorf("joined: got %q, want %q", got, want)
	}
	if got, want := joined([]string{"aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc", "dddddddddd"}, 36), "aaaaaaaaaa, bbbbbbbbbb and 2 more"; got != want {
		t.Errorf("joined: got %q, want %q", got, want)
	}
	if got := joined([]string{strings.Repeat("x", 300)}, 80); utf8.RuneCountInString(got) != 80 {
		t.Errorf("joined: %d characters, want 80", utf8.RuneCountInString(got))
	}
}

func TestTextForm(t *testing.T) {
	for in, want := range map[string]string{
		"a & b <c>":        "a &amp; b &lt;c&gt;",
		"<!channel>":       "&lt;!channel&gt;",
		"@here":            "@\u2060here",
		"http://evil":      "http:\u2060//evil",
		"evil.example":     "evil.\u2060example",
		"2.329.0 at 13:00": "2.329.0 at 13:00",
		"*b* ~s~ `c` _i_":  "∗b∗ ∼s∼ ˋcˋ ˍiˍ",
		"gpu_1_x":          "gpu_1_x",
		":boom:":           ":\u2060boom:",
		"label:gpu":        "label:gpu",
	} {
		if got := line(fleet.Say(in), maxLine); got != want {
			t.Errorf("line(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := line(fleet.Say(fleet.Code("list name:web-*")), maxLine), "`list name:web-*`"; got != want {
		t.Errorf("code: got %q, want %q", got, want)
	}
	// Mentions and entities stay whole when a line is cut.
	for most := 1; most < 40; most++ {
		got := line(fleet.Say("a&b ", fleet.Mention("U0BOB"), " <c>"), most)
		if rest := entity.ReplaceAllString(markup.ReplaceAllString(got, ""), ""); strings.ContainsAny(rest, "&<>") || utf8.RuneCountInString(got) > most {
			t.Errorf("cut at %d: %q", most, got)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 40 * time.Second: "40 s", 5 * time.Minute: "5 min", 3 * time.Hour: "3 h", 3*time.Hour + 5*time.Minute: "3 h 5 min",
		24 * time.Hour: "1 d", 76 * time.Hour: "3 d 4 h",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 20000: "20,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %q, want %q", n, got, want)
		}
	}
}
