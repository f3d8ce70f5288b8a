package tour

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// wanted are the 18 operations that the tour has to drive, by method and route.
var wanted = func() map[string]string {
	all := map[string]string{}
	for scope, root := range map[string]string{"enterprise": "/enterprises/octo-enterprise", "organization": "/orgs/octo-org", "repository": "/repos/octo-org/octo-repo"} {
		base := regexp.QuoteMeta(root + "/actions/runners")
		all[scope+": list"] = "^GET " + base + "$"
		all[scope+": downloads"] = "^GET " + base + "/downloads$"
		all[scope+": registration token"] = "^POST " + base + "/registration-token$"
		all[scope+": remove token"] = "^POST " + base + "/remove-token$"
		all[scope+": get"] = "^GET " + base + "/[0-9]+$"
		all[scope+": delete"] = "^DELETE " + base + "/[0-9]+$"
	}
	return all
}()

func (s *stage) operations() {
	s.chapter("What GitHub saw")
	seen := 0
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		re := regexp.MustCompile(wanted[name])
		hit := false
		for _, r := range s.github.Requests() {
			if re.MatchString(r.Method+" "+r.Route) && r.Status >= 200 && r.Status < 300 {
				hit = true
			}
		}
		if s.check(name, hit) {
			seen++
		}
	}
	s.check(fmt.Sprintf("%d of 18 operations were driven", seen), seen == 18)
	for who, wrong := range map[string][]string{"GitHub": s.github.Violations(), "Slack": s.slack.Violations()} {
		for _, w := range wrong {
			s.say("The built-in %s was sent: %s", who, w)
		}
		s.check("the built-in "+who+" was sent nothing that the real one would refuse", len(wrong) == 0)
	}
}

// secrets searches everything that was written or sent for what must be nowhere.
func (s *stage) secrets(dir string, logs []byte) {
	s.chapter("What was written down")
	tokens := s.github.Tokens()
	app := s.slack.App()
	credentials := append([]string{githubToken, app.AppToken, app.BotToken}, tokens...)
	places := map[string][]byte{"the log": logs, "any message": s.slack.AllText("views.open", "views.update")}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, err := os.ReadFile(path)
			if err == nil {
				places[filepath.Base(path)] = data
			}
		}
		return nil
	})
	s.check(fmt.Sprintf("GitHub made %d tokens", len(tokens)), len(tokens) > 0)
	for place, data := range places {
		clean := true
		for _, secret := range credentials {
			clean = clean && !bytes.Contains(data, []byte(secret))
		}
		if !clean {
			s.check("no secret is in "+place, false)
		}
	}
	s.check(fmt.Sprintf("no secret is in the database, the log or any message (%d places searched)", len(places)), len(places) > 2)
}

func (s *stage) summary() bool {
	fmt.Fprintf(s.out, "\n%d checks, %d failed.\n", s.checks, s.failed)
	return s.failed == 0
}
