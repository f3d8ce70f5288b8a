package blocks

import (
	"net/url"
	"strings"

	"runnerdesk/internal/fleet"
)

// downloads draws "downloads".
func downloads(d fleet.Downloads, o Options) Message {
	s := newSheet(o)
	s.header("Runner applications for " + d.Scope.Words())
	if len(d.Applications) == 0 {
		s.say("No runner application matches.")
		if d.Filtered {
			s.buttons(run("Show all", "downloads "+d.Scope.String()))
		}
		return s.message()
	}
	const most = 30
	rows := make([]row, 0, most)
	for _, a := range d.Applications[:min(len(d.Applications), most)] {
		file := s.file(a)
		words := append(fleet.Say(cut(clean(a.OS), 20)+" "+cut(clean(a.Arch), 20)+": "), file...)
		sum := fleet.Prose(nil)
		if a.SHA256 != "" {
			sum = fleet.Say(fleet.Code(a.SHA256))
			words = append(words, fleet.Span{Text: " SHA-256 " + cut(clean(a.SHA256), 64)})
		}
		rows = append(rows, row{cells: []fleet.Prose{text(a.OS), text(a.Arch), file, sum}, line: words})
	}
	s.table([]column{
		{name: "OS", most: 20, keep: true}, {name: "Arch", most: 20, keep: true},
		{name: "File", most: 120, keep: true}, {name: "SHA-256", most: 64},
	}, rows, len(d.Applications))
	s.say("Compare the SHA-256 of the file before you unpack it. Then get a token: ", fleet.Code(s.typed("register "+d.Scope.String())))
	s.buttons(s.share("downloads " + d.Scope.String()))
	return s.message()
}

// file is a file's name, as a link where its address is one of GitHub's own.
func (s *sheet) file(a fleet.Application) fleet.Prose {
	u, err := url.Parse(a.URL)
	if err == nil && safeURL(a.URL) && u.Scheme == "https" && s.githubs(u.Hostname(), u.Host) {
		return fleet.Say(fleet.Link(a.File, a.URL))
	}
	return text(strings.TrimSpace(a.File + " " + a.URL))
}

// githubs reports whether a host is the server's, or one from which GitHub serves
// files.
func (s *sheet) githubs(name, host string) bool {
	name = strings.ToLower(name)
	return strings.EqualFold(host, s.o.Server.Host()) || name == "github.com" ||
		strings.HasSuffix(name, ".github.com") || strings.HasSuffix(name, ".githubusercontent.com") || strings.HasSuffix(name, ".ghe.com")
}
