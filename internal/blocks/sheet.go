package blocks

import (
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"runnerdesk/internal/fleet"
)

// What a message may hold, a little below what Slack takes: 50 blocks
// (https://docs.slack.dev/reference/block-kit/blocks) and, undocumented, some 12,000
// characters over all blocks, beyond which it answers msg_blocks_too_long. Some of it is
// kept for what stands below a list: notes, buttons, the age of the data.
const (
	maxBlocks  = 45
	keepBlocks = 5
	maxChars   = 11000
	maxDialog  = 30000 // a dialog may have 250 KB
	keepChars  = 2000
	maxHeader  = 150
	maxProse   = 2800 // of one paragraph
	maxValue   = 2000 // of a button
	maxLabel   = 75   // of a button
	maxButtons = 12   // in a row; Slack takes 25

	mostBullets = 60 // of a list
)

// sheet is a message or a dialog while it is drawn. Each piece goes into the blocks and
// into the text form at once, so that neither says less than the other.
type sheet struct {
	o      Options
	blocks []slack.Block
	chars  int // used in blocks
	limit  int // of chars
	text   []string
	used   int // characters of text
	tabled bool
	short  bool // the list of a request's runners is cut
}

// newSheet begins a drawing. One that is shared begins with the name of who shares it.
func newSheet(o Options) *sheet {
	s := &sheet{o: o, limit: maxChars}
	if o.SharedBy != "" {
		s.say("Shared by ", fleet.Mention(o.SharedBy))
	}
	return s
}

func (s *sheet) message() Message { return Message{Text: strings.Join(s.text, "\n"), Blocks: s.blocks} }

// add takes a block in, if there is room.
func (s *sheet) add(b slack.Block, chars, keep int) bool {
	blocks, total := maxBlocks-keep, s.limit
	if keep > 0 {
		total -= keepChars
	}
	if len(s.blocks)+1 > blocks || s.chars+chars > total {
		return false
	}
	s.blocks = append(s.blocks, b)
	s.chars += chars
	return true
}

// room is how many characters a block of content may still have.
func (s *sheet) room() int { return max(0, s.limit-keepChars-s.chars) }

// write adds a line to the text form, if there is room above what is kept.
func (s *sheet) write(text string, keep int) bool {
	n := utf8.RuneCountInString(text) + 1
	if s.used+n > maxText-keep {
		return false
	}
	s.text = append(s.text, text)
	s.used += n
	return true
}

// header is the title. It is the first line of the text form too.
func (s *sheet) header(title string) {
	title = cut(clean(title), maxHeader)
	s.add(slack.NewHeaderBlock(plain(title)), utf8.RuneCountInString(title), 0)
	s.write(line(fleet.Say(title), 2*maxHeader), 0)
}

// plain is a text that Slack shows letter by letter.
func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
}

// say is a paragraph.
func (s *sheet) say(parts ...any) {
	p := fleet.Say(parts...)
	s.paragraph(p)
	s.write(line(p, maxLine), 200)
}

// paragraph is say without the text form.
func (s *sheet) paragraph(p fleet.Prose) {
	e, n := elements(p, min(maxProse, s.room()))
	s.add(slack.NewRichTextBlock("", slack.NewRichTextSection(e...)), n, keepBlocks)
}

// quote shows a person's own words as theirs.
func (s *sheet) quote(who fleet.Prose, words string) {
	const most = 1200
	intro, n := elements(append(who, fleet.Span{Text: ":"}), maxProse)
	said, m := elements(fleet.Say(clean(words)), min(most, s.room()))
	quote := &slack.RichTextQuote{Type: slack.RTEQuote, Elements: said}
	s.add(slack.NewRichTextBlock("", slack.NewRichTextSection(intro...), quote), n+m, keepBlocks)
	s.write(line(append(who, fleet.Span{Text: ": “" + cut(clean(words), 300) + "”"}), maxLine), 200)
}

// fact is a line with a name.
type fact struct {
	key   string
	value fleet.Prose
}

// facts are lines with names, one below the other. Those without a value are left out.
func (s *sheet) facts(facts ...fact) {
	var p fleet.Prose
	for _, f := range facts {
		if len(f.value) == 0 {
			continue
		}
		s.write(line(append(fleet.Say(f.key+": "), f.value...), maxLine/2), 200)
		p = append(p, fleet.Bold(f.key))
		p = append(p, fleet.Span{Text: "  "})
		p = append(p, clip(f.value, 400)...)
		p = append(p, newline)
	}
	if len(p) > 0 {
		s.paragraph(p[:len(p)-1])
	}
}

// newline parts two lines of one paragraph. Only this package can make it: in foreign
// text line ends become blanks.
var newline = fleet.Span{Kind: "newline"}

// clip shortens the texts of a sentence so that one foreign value can't push the others
// out.
func clip(p fleet.Prose, most int) fleet.Prose {
	out := make(fleet.Prose, 0, len(p))
	for _, s := range p {
		if s.Kind == fleet.PlainSpan || s.Kind == fleet.BoldSpan || s.Kind == fleet.CodeSpan {
			s.Text = cut(s.Text, most)
		}
		out = append(out, s)
	}
	return out
}

// bullets is a list, cut with a count when it is long. total is how long the whole list
// is; items may be its beginning.
func (s *sheet) bullets(items []fleet.Prose, total int) {
	var list []slack.RichTextElement
	chars, shown := 0, 0
	for _, p := range items {
		e, n := elements(p, 400)
		if chars+n > s.room() || len(list) == mostBullets {
			break
		}
		list = append(list, slack.NewRichTextSection(e...))
		chars += n
		shown++
	}
	if shown > 0 && s.add(slack.NewRichTextBlock("", slack.NewRichTextList(slack.RTEListBullet, 0, list...)), chars, keepBlocks) {
		s.more(total - shown)
	}
	s.listed(items, total)
}

// more tells in the blocks how much of a list was left out.
func (s *sheet) more(n int) {
	if n > 0 {
		s.note(fleet.Say("… and " + number(n) + " more"))
	}
}

// listed writes a list into the text form, as far as it fits.
func (s *sheet) listed(lines []fleet.Prose, total int) {
	shown := 0
	for _, p := range lines {
		if !s.write("• "+line(p, 300), keepText) {
			break
		}
		shown++
	}
	if left := total - shown; left > 0 {
		s.write("… and "+number(left)+" more", 0)
	}
}

// note is a small grey line in the blocks only.
func (s *sheet) note(p fleet.Prose) {
	e, n := contextElements(p)
	s.add(slack.NewContextBlock("", e...), n, 0)
}

// footnote is a small grey line below everything, and a line of the text form.
func (s *sheet) footnote(parts ...any) {
	p := fleet.Say(parts...)
	s.note(p)
	s.write(line(p, maxLine/3), 0)
}

// contextElements draws a sentence for a context block, where there is no rich text.
// Only a moment needs markup there, for the reader's time zone; it gets an element of
// its own, so that no other text ever stands in markup. Slack takes 10 elements.
func contextElements(p fleet.Prose) (out []slack.MixedElement, chars int) {
	var words fleet.Prose
	flush := func() {
		if text := cut(clean(words.String()), maxLine); text != none {
			out = append(out, plain(text))
			chars += utf8.RuneCountInString(text)
		}
		words = nil
	}
	for _, sp := range p {
		if sp.Kind != fleet.MomentSpan || len(out) >= 8 {
			words = append(words, sp)
			continue
		}
		flush()
		at := dateText(sp)
		out = append(out, slack.NewTextBlockObject(slack.MarkdownType, at, false, true))
		chars += utf8.RuneCountInString(at)
	}
	flush()
	if len(out) == 0 {
		out = append(out, plain(none))
	}
	return out, chars
}
