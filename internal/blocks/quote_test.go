package blocks

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"runnerdesk/internal/fleet"
)

// arguments are texts that a shell would like to read as more than one argument.
var arguments = []string{
	"gpu", "a b", "it's", "'", "''", `\`, `\'`, `"`, "$HOME", "$(id)", "`id`", "a;id", "a|id", "a&id", "a&&id", ">x", "<x", "*", "?", "[a]", "{a,b}",
	"~", "~root", "#x", "!x", "!!", "-n", "--", "%PATH%", "^", "=ls", "a=b", "(id)", "漢字", "a,b", "R&D", `'; touch /tmp/owned; '`,
}

func TestPosixQuotingInRealShells(t *testing.T) {
	shells := 0
	for _, shell := range []string{"sh", "bash", "dash", "zsh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		shells++
		quoted := make([]string, len(arguments))
		for i, a := range arguments {
			quoted[i] = posix(a)
		}
		out, err := exec.Command(path, "-c", `printf '%s\n' `+strings.Join(quoted, " ")).Output()
		if err != nil {
			t.Fatalf("%s: %v", shell, err)
		}
		// printf takes its own options before the format only, so "--" and "-n" arrive.
		if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); !slices.Equal(got, arguments) {
			t.Errorf("%s: got %q, want %q", shell, got, arguments)
		}
	}
	if shells == 0 {
		t.Fatal("there is no shell to try")
	}
}

func TestPasteLinesInARealShell(t *testing.T) {
	for _, bad := range arguments {
		r := fleet.Request{Action: fleet.Register, Scope: scope("octo-org"), Labels: []string{bad, "linux"}, Group: bad}
		line, _, _ := pasteLines(r, "AABB"+bad, "https://github.com/octo-org")
		args, ok := strings.CutPrefix(line, "./config.sh ")
		if !ok {
			t.Fatalf("line %q", line)
		}
		out, err := exec.Command("sh", "-c", `printf '%s\n' `+args).Output()
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		want := []string{"--url", "https://github.com/octo-org", "--token", "AABB" + bad, "--labels", bad + ",linux", "--runnergroup", bad}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPowershellQuoting(t *testing.T) {
	for arg, want := range map[string]string{
		"gpu": "'gpu'", "it's": "'it''s'", "$(id)": "'$(id)'", "a’b": "'a’’b'", "‘‚‛": "'‘‘‚‚‛‛'", "`n": "'`n'", "": "''",
	} {
		if got := powershell(arg); got != want {
			t.Errorf("powershell(%q) = %s, want %s", arg, got, want)
		}
	}
}

func TestWindowsLineHoldsOnlyWhatCmdReadsAsText(t *testing.T) {
	r := fleet.Request{Action: fleet.Register, Scope: scope("octo-org"), Labels: []string{"gpu", "x64"}, Group: "Build machines"}
	_, got, omitted := pasteLines(r, "AABB", "https://github.com/octo-org")
	if want := "./config.cmd --url 'https://github.com/octo-org' --token 'AABB' --labels 'gpu,x64' --runnergroup 'Build machines'"; got != want || len(omitted) > 0 {
		t.Errorf("got %s without %q, want %s", got, omitted, want)
	}
	for _, bad := range []string{"a&calc", "%PATH%", `a"b`, "a|b", "a>b", "a^b", "a!b", "a(b", "a'b", `a\b`, "a;b", "$x"} {
		r.Labels, r.Group = []string{bad}, bad
		_, got, omitted := pasteLines(r, "AABB", "https://github.com/octo-org")
		if strings.Contains(got, bad) || len(omitted) != 2 {
			t.Errorf("with %q: %s without %q", bad, got, omitted)
		}
	}
}

func TestRemovalLine(t *testing.T) {
	sh, cmd, _ := pasteLines(fleet.Request{Action: fleet.RemoveToken, Scope: scope("octo-org"), Labels: []string{"x"}}, "AABB", "https://github.com/octo-org")
	if want := "./config.sh remove --token AABB"; sh != want {
		t.Errorf("got %s, want %s", sh, want)
	}
	if want := "./config.cmd remove --token 'AABB'"; cmd != want {
		t.Errorf("got %s, want %s", cmd, want)
	}
}
