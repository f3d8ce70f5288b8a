package fleet

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Filter selects and sorts runners, as GitHub's search box does: every term must hold.
// The zero Filter selects all of them, by name.
type Filter struct {
	terms []term
	sort  string // one of sortKeys, or ""
	desc  bool
}

// term is one condition.
type term struct {
	not    bool
	key    string        // one of FilterKeys, or "" for a bare word
	op     string        // of version and offline: <, <=, > or >=; of version "" is equal
	values []string      // in lower case; any of them
	age    time.Duration // of offline
}

// FilterKeys are the words that may stand before the colon of a filter.
var FilterKeys = []string{"status", "os", "label", "name", "group", "version", "offline", "ephemeral", "sort"}

var (
	stateWords = []string{"online", "offline", "busy", "idle", "lost"}
	sortKeys   = []string{"name", "status", "os", "version", "since"}
	keyedWord  = regexp.MustCompile(`(?s)^([A-Za-z]+):(.*)$`)
	// longDash is what phones make of "-"; only sort has a hyphen of ours inside.
	longDash = strings.NewReplacer("–", "-", "—", "-", "−", "-", "‐", "-", "‑", "-")
)

// IsState reports whether word is one of the words for a runner's status.
func IsState(word string) bool { return slices.Contains(stateWords, strings.ToLower(word)) }

// FilterKey is the text before the colon of a word such as `-label:gpu`, in lower case.
// It reports false for a bare or quoted word. The key need not be one of FilterKeys.
func FilterKey(word string) (key string, ok bool) {
	m := keyedWord.FindStringSubmatch(strings.TrimPrefix(word, "-"))
	if m == nil {
		return "", false
	}
	return strings.ToLower(m[1]), true
}

// ParseFilter reads the words of a filter, each as NextWord gives it. A word without a
// key is a status, or else must be a label or occur in the name. Errors are sentences
// for people.
func ParseFilter(words []string) (Filter, error) {
	var f Filter
	for _, word := range words {
		if strings.HasPrefix(word, "--") {
			return Filter{}, fmt.Errorf("%q is not known: one hyphen in front of a filter leaves out, as in -label:gpu", clip(word))
		}
		body, not := strings.CutPrefix(word, "-")
		key, rest := "", body
		if m := keyedWord.FindStringSubmatch(body); m != nil {
			key, rest = strings.ToLower(m[1]), m[2]
		}
		if key == "sort" {
			if err := f.parseSort(rest, not); err != nil {
				return Filter{}, err
			}
			continue
		}
		t, err := parseTerm(key, rest)
		if err != nil {
			return Filter{}, err
		}
		t.not = not
		f.terms = append(f.terms, t)
	}
	return f, nil
}

func (f *Filter) parseSort(text string, not bool) error {
	key, desc := strings.CutSuffix(strings.ToLower(longDash.Replace(text)), "-desc")
	if not || !slices.Contains(sortKeys, key) {
		return fmt.Errorf("sort: takes %s, with -desc behind it for the other way round", list(sortKeys))
	}
	if f.sort != "" {
		return fmt.Errorf("sort: is given twice; give it once")
	}
	f.sort, f.desc = key, desc
	return nil
}

func parseTerm(key, text string) (term, error) {
	if strings.Count(text, `"`)%2 != 0 {
		return term{}, ErrQuote
	}
	t := term{key: key, values: Values(strings.ToLower(text))}
	quoted := strings.Contains(text, `"`)
	if len(t.values) == 0 || key == "" && !quoted && strings.Trim(longDash.Replace(strings.Join(t.values, "")), "-") == "" {
		if key == "" {
			return t, fmt.Errorf("%q says nothing; leave it out, or put the reason after because", clip(text))
		}
		return t, fmt.Errorf("%s: needs a value behind the colon", clip(key))
	}
	switch key {
	case "":
		return bareTerm(t, text)
	case "os", "label", "name", "group":
		return t, nil
	case "status":
		if i := slices.IndexFunc(t.values, func(v string) bool { return !IsState(v) }); i >= 0 {
			return t, fmt.Errorf("%q is not a status; take %s", clip(t.values[i]), list(stateWords))
		}
		return t, nil
	case "ephemeral":
		if len(t.values) != 1 || t.values[0] != "yes" && t.values[0] != "no" {
			return t, fmt.Errorf("ephemeral: takes yes or no")
		}
		return t, nil
	case "version":
		return versionTerm(t)
	case "offline":
		return offlineTerm(t)
	}
	return t, fmt.Errorf("%q is not a filter; the filters are %s", clip(key+":"), list(FilterKeys))
}

// bareTerm reads a word without a key. In quotes it is never a status.
func bareTerm(t term, text string) (term, error) {
	if strings.Contains(text, `"`) {
		return t, nil
	}
	states := 0
	for _, v := range t.values {
		if IsState(v) {
			states++
		}
	}
	switch states {
	case 0:
	case len(t.values):
		t.key = "status"
	default:
		return t, fmt.Errorf("%q mixes a status with other words; part them with a space", clip(text))
	}
	return t, nil
}

func versionTerm(t term) (term, error) {
	if len(t.values) == 1 {
		t.op, t.values[0] = cutOperator(t.values[0])
	}
	for _, v := range t.values {
		glob := t.op == "" && strings.Contains(v, "*")
		if v != "outdated" && !glob && !versionShape.MatchString(v) || v == "outdated" && t.op != "" {
			return t, fmt.Errorf("version: takes a version such as 2.329.0, <2.329.0 or 2.32*, or the word outdated")
		}
	}
	return t, nil
}

func offlineTerm(t term) (term, error) {
	op, text := cutOperator(t.values[0])
	age, err := ParseDuration(text)
	if err != nil || len(t.values) != 1 {
		return t, fmt.Errorf("offline: takes a time such as >3d, >30m or <1w")
	}
	// Offline for three days means at least that, however it is written.
	t.op, t.age, t.values = cmp.Or(op, ">"), age, nil
	return t, nil
}

// cutOperator parts "<2.329.0" into "<" and the rest. "=" is as good as none.
func cutOperator(text string) (op, rest string) {
	for _, op := range []string{"<=", ">=", "<", ">", "="} {
		if rest, ok := strings.CutPrefix(text, op); ok {
			return strings.TrimPrefix(op, "="), strings.TrimSpace(rest)
		}
	}
	return "", text
}

// Selects reports whether the filter chooses runners: has a term that is not negated
// and is not a mere "*". One that only sorts or leaves some out chooses nothing.
func (f Filter) Selects() bool {
	return slices.ContainsFunc(f.terms, func(t term) bool {
		return !t.not && !slices.ContainsFunc(t.values, func(v string) bool { return strings.Trim(v, "*") == "" })
	})
}

// IsZero reports whether the filter neither selects, leaves out nor sorts.
func (f Filter) IsZero() bool { return len(f.terms) == 0 && f.sort == "" }

// Equal reports whether both filters are written the same in canonical form.
func (f Filter) Equal(o Filter) bool { return f.String() == o.String() }

// String is the filter in canonical form; ParseFilter reads its words back to the same.
func (f Filter) String() string {
	words := make([]string, 0, len(f.terms)+1)
	for _, t := range f.terms {
		words = append(words, t.String())
	}
	if f.sort != "" {
		word := "sort:" + f.sort
		if f.desc {
			word += "-desc"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func (t term) String() string {
	var b strings.Builder
	if t.not {
		b.WriteByte('-')
	}
	if t.key != "" {
		b.WriteString(t.key + ":")
	}
	b.WriteString(t.op)
	if t.key == "offline" {
		b.WriteString(FormatDuration(t.age))
	}
	for i, v := range t.values {
		if i > 0 {
			b.WriteByte(',')
		}
		if t.key == "" { // always quoted: it may look like a scope, a status or a command's word
			v = `"` + v + `"`
		} else {
			v = QuoteValue(v)
		}
		b.WriteString(v)
	}
	return b.String()
}

// list names choices: "a, b or c".
func list(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
