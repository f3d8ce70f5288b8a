package blocks

import (
	"regexp"
	"strings"
	"unicode"
)

// Lines to paste hold foreign text: a token of GitHub's, labels and a group that a
// person typed. Quoted by these functions, no shell reads it as anything but one
// argument.

// shellSafe needs no quotes. (zsh replaces a word that begins with '='.)
var shellSafe = regexp.MustCompile(`^[A-Za-z0-9_./:@%+-]+$`)

// posix quotes an argument for sh, bash, dash and zsh. Between single quotes nothing is
// special but the single quote itself.
func posix(arg string) string {
	if shellSafe.MatchString(arg) {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// powershell quotes an argument for PowerShell, which ends a text at any of these
// quotes and reads two of them as one.
// https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
func powershell(arg string) string {
	var b strings.Builder
	for _, r := range arg {
		switch r {
		case '\'', '‘', '’', '‚', '‛':
			b.WriteRune(r)
		}
		b.WriteRune(r)
	}
	return "'" + b.String() + "'"
}

// batchSafe reports whether an argument survives config.cmd. PowerShell hands it to
// cmd.exe, which reads the line once more, and no quoting protects % & | < > ^ " ! ( )
// there; so an argument with anything unusual is left out, and config.cmd asks for it.
func batchSafe(arg string) bool {
	return arg != "" && !strings.ContainsFunc(arg, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" ._,:/@+-", r)
	})
}
