package fleet

import "time"

// Answer is what a command shows. The types below are all there are; internal/blocks
// draws each of them.
type Answer interface{ answer() }

// Notice is a sentence or two, with buttons that type a command for the reader.
type Notice struct {
	Kind    NoticeKind
	Text    Prose
	More    []Prose // further lines
	Suggest []Suggestion
}

// NoticeKind tells good news from refusals.
type NoticeKind string

// The kinds of Notice.
const (
	Info    NoticeKind = "info"
	Done    NoticeKind = "done"
	Refused NoticeKind = "refused"
	Trouble NoticeKind = "trouble" // something outside failed
)

// Suggestion is a button that runs a command.
type Suggestion struct{ Label, Command string }

// Overview answers "status".
type Overview struct {
	Summaries []Summary
	Hidden    int // scopes that the person may not see
}

// Page answers "list" and "find": one page of runners.
type Page struct {
	Title    string // "Runners of octo-org"
	Command  string // what was typed, to turn the page
	Rows     []Record
	Number   int // of this page, from 1
	Pages    int
	Matching Counts // of all pages
	Readings []Reading
	OneScope bool // every row is of one scope, which Title names
}

// PageSize is how many runners a page has.
const PageSize = 25

// Details answers "show".
type Details struct {
	Record    Record
	URL       string   // GitHub's page
	Changes   []Change // newest first
	Reading   Reading
	Protected bool
}

// Downloads answers "downloads".
type Downloads struct {
	Scope        Scope
	Applications []Application
	Filtered     bool
}

// RequestView answers "request ID" and shows a new request to the person who opened it.
type RequestView struct {
	Request Request
	Viewer  string
	URL     string // of the scope on GitHub
	New     bool   // the answer to the command that opened it
	Warning Prose  // "nobody can approve this now", …
	Now     time.Time
	Steps   []AuditRow
	Why     Prose // which rule applied and why
	Decides bool  // the viewer may approve and deny
}

// AuditRow is one row of the audit.
type AuditRow struct {
	Seq    int64
	At     time.Time
	Actor  string
	Verb   string
	Detail string
}

// RequestList answers "requests".
type RequestList struct {
	Waiting []Request // for the viewer's decision
	Mine    []Request
	Others  []Request
	Filter  string // open, mine or all
	Now     time.Time
}

// HelpPage answers "help".
type HelpPage struct {
	Command string // "/runners"
	Topics  []HelpTopic
}

// HelpTopic explains one command.
type HelpTopic struct {
	Usage    string
	Does     string
	Also     []string // other words for it
	Examples []string
	Detail   []string // shown when asked for this one
}

// Rights answers "whoami".
type Rights struct {
	Person  string
	Role    Prose // "full member of the workspace", or why not
	Lines   []Prose
	Problem Prose
}

// About answers "about".
type About struct {
	Version  string
	Started  time.Time
	Now      time.Time
	Sockets  int
	Server   string
	Readings []Reading
	Lines    []Prose // what it can't see, budget
	ReadOnly bool
}

// ReasonNeeded answers a request whose rule asks for a reason that was not given: the
// person is shown a dialog with that one field.
type ReasonNeeded struct {
	Command string // what was typed
	Rule    Rule
}

// DigestList answers "digest".
type DigestList struct{ Plans []DigestPlan }

// DigestView answers "digest now".
type DigestView struct{ Digest Digest }

func (Notice) answer()       {}
func (Overview) answer()     {}
func (Page) answer()         {}
func (Details) answer()      {}
func (Downloads) answer()    {}
func (RequestView) answer()  {}
func (RequestList) answer()  {}
func (HelpPage) answer()     {}
func (Rights) answer()       {}
func (About) answer()        {}
func (DigestList) answer()   {}
func (DigestView) answer()   {}
func (ReasonNeeded) answer() {}
