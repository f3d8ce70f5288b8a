package commands

import (
	"strings"
	"testing"
)

func TestNormalize(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"  list\toffline\r\ngpu ", "list offline  gpu"},
		{"“a” „b‟ «c»", `"a" "b" "c"`},
		{"Bob’s ‘x’", "Bob's 'x'"},
		{"–label:x web–1 a – b", "-label:x web–1 a – b"},
		{"—force", "--force"},
		{"–“x y”", `-"x y"`},
		{"name:“a –b ｃ”", `name:"a –b ｃ"`},
		{"ｌｉｓｔ　ＧＰＵ", "list GPU"},
		{"a\u200b\ufeff\u202e\u2066b\u00adc", "abc"},
		{"a\u00a0b\u202fc", "a b c"},
		{"a\x00b\x1bc", "a�b�c"},
		{"\xff", "�"},
		{"<@U123> <@W123|ann> <@U9|>", "@U123 @ann @U9"},
		{"<#C1|ops> <#C1> <#C2|>", "#ops #C1 #C2"},
		{"<!here> <!subteam^S1|@team> <!subteam^S1> <!date^1^x|then>", "@here @team @subteam @then"},
		{"<https://example.com> <http://example.com|example.com>", "https://example.com example.com"},
		{"<mailto:a@example.com|a@example.com> <mailto:b@example.com> <tel:1|1>", "a@example.com b@example.com 1"},
		{"＜@U1＞ <<@U2>> –\u200bx", "@U1 @U2 -x"},
		{strings.Repeat("<@", 20) + "U1" + strings.Repeat(">", 20), strings.Repeat("&lt;@", 12) + "@U1" + strings.Repeat(">", 12)},
		{"a < b > c <>", "a < b > c <>"},
		{"version:<2.329.0 &lt;@U1&gt; &amp;", "version:<2.329.0 &lt;@U1&gt; &amp;"},
	} {
		got := Normalize(tc.text)
		if got != tc.want {
			t.Errorf("Normalize(%q) = %q, want %q", tc.text, got, tc.want)
		}
		if again := Normalize(got); again != got {
			t.Errorf("Normalize(%q) = %q, want it unchanged", got, again)
		}
	}
}
