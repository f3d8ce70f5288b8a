package commands

import (
	"cmp"
	"slices"
	"strings"

	"runnerdesk/internal/fleet"
)

// SyntaxError is a text that was not understood. Nothing was done. Each Suggestion is a
// command that can be read.
type SyntaxError struct {
	Problem fleet.Prose
	Suggest []fleet.Suggestion
}

func (e *SyntaxError) Error() string { return e.Problem.String() }

// maxSuggestions is how many buttons one answer has.
const maxSuggestions = 5

// fail makes the error, with those of the commands that can be read.
func (p *parser) fail(problem fleet.Prose, commands ...string) error {
	e := &SyntaxError{Problem: problem}
	if p.trial {
		return e
	}
	for _, text := range commands {
		text = tidy(text)
		if len(e.Suggest) == maxSuggestions || slices.ContainsFunc(e.Suggest, func(s fleet.Suggestion) bool { return s.Command == text }) {
			continue
		}
		if _, err := parse(text, p.c, true); err == nil {
			e.Suggest = append(e.Suggest, fleet.Suggestion{Label: text, Command: text})
		}
	}
	return e
}

// tidy leaves one space between words. What is in quotes stays.
func tidy(text string) string {
	var words []string
	for {
		word, rest, err := fleet.NextWord(text)
		if err != nil { // a quote inside a reason
			word, rest = strings.TrimSpace(text), ""
		}
		if word == "" {
			return strings.Join(words, " ")
		}
		words, text = append(words, word), rest
	}
}

// typed is the slash command with words behind it, to be shown.
func (p *parser) typed(words string) fleet.Span {
	return fleet.Code(strings.TrimSpace(p.c.Command + " " + words))
}

// unknownCommand names what may have been meant by a first word.
func (p *parser) unknownCommand(first token, rest string) error {
	var near []string
	for _, word := range Nearest(keyword(first.text), commandWords()) {
		near = append(near, word+" "+rest, word)
	}
	if p.isScope(first) {
		return p.fail(fleet.Say(fleet.Code(first.text), " is a scope. Begin with what you want to know of it."),
			"status "+first.src, "list "+first.src+" "+rest)
	}
	if looksLikeScope(first) {
		return p.refuseScope(first, func(scope string) string { return "status " + scope })
	}
	if fleet.IsState(first.text) || slices.Contains(fleet.FilterKeys, first.key()) {
		near = append([]string{"list " + first.src + " " + rest}, near...)
	}
	said := fleet.Say(fleet.Code(first.text), " is not a command. ")
	if words := Nearest(keyword(first.text), commandWords()); len(words) > 0 {
		said = append(said, fleet.Say("Did you mean ", fleet.Code(words[0]), "? ")...)
	}
	return p.fail(append(said, fleet.Say(p.typed("help"), " names them all.")...), append(near, "help")...)
}

// refuseScope refuses what is no configured scope and names those that are.
func (p *parser) refuseScope(t token, again func(scope string) string) error {
	allowed := make([]string, len(p.c.Scopes))
	for i, s := range p.c.Scopes {
		allowed[i] = s.String()
	}
	problem := fleet.Say(fleet.Code(t.text), " is not a scope that you may use. See what you may do here with ", p.typed("whoami"), ".")
	if len(allowed) > 0 {
		const shown = 10
		problem = fleet.Say(fleet.Code(t.text), " is not a scope that Runnerdesk may touch. Allowed: ")
		for i, s := range allowed[:min(len(allowed), shown)] {
			if i > 0 {
				problem = append(problem, fleet.Span{Text: ", "})
			}
			problem = append(problem, fleet.Code(s))
		}
		if len(allowed) > shown {
			problem = append(problem, fleet.Span{Text: " and more; "}, p.typed("whoami"), fleet.Span{Text: " names them all"})
		}
		problem = append(problem, fleet.Span{Text: "."})
	}
	near := Nearest(keyword(t.text), allowed)
	if len(near) == 0 && len(allowed) <= 3 {
		near = allowed
	}
	for i := range near {
		near[i] = again(near[i])
	}
	return p.fail(problem, near...)
}

// Nearest are those of the candidates that word may have been meant for: at most three,
// the nearest first. It compares without case.
func Nearest(word string, candidates []string) []string {
	type guess struct {
		text     string
		distance int
	}
	want := []rune(strings.ToLower(word))
	if len(want) == 0 || len(want) > 100 {
		return nil
	}
	var guesses []guess
	for _, c := range candidates {
		have := []rune(strings.ToLower(c))
		if len(have) > 100 || slices.ContainsFunc(guesses, func(g guess) bool { return g.text == c }) {
			continue
		}
		d := distance(want, have)
		if len(want) >= 3 && strings.HasPrefix(string(have), string(want)) {
			d = min(d, 1)
		}
		if d <= max(1, min(len(want), len(have))/3) && d < len(want) {
			guesses = append(guesses, guess{c, d})
		}
	}
	slices.SortStableFunc(guesses, func(a, b guess) int {
		return cmp.Or(a.distance-b.distance, len(a.text)-len(b.text))
	})
	var out []string
	for _, g := range guesses[:min(len(guesses), 3)] {
		out = append(out, g.text)
	}
	return out
}

// distance counts the letters to insert, drop, replace or swap with their neighbour.
func distance(a, b []rune) int {
	var older []int
	old := make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(old[j]+cost, old[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
		older, old = old, row
	}
	return old[len(b)]
}
