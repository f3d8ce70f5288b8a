package commands

import (
	"slices"
	"testing"
	"time"

	"runnerdesk/internal/fleet"
)

func ids(requests []fleet.Request) []int64 {
	var out []int64
	for _, r := range requests {
		out = append(out, r.ID)
	}
	return out
}

func TestRequests(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.people.groups["S0LINUX"] = append(o.people.groups["S0LINUX"], "U0CLEO")
		o.carry("U0ANN", "register octo-org")                    // 1: Bob denies it
		o.carry("U0ANN", "register octo-org")                    // 2: waits
		o.carry("U0ANN", "register enterprises/octo-enterprise") // 3: waits, where Vic sees nothing
		o.carry("U0CLEO", "register octo-org")                   // 4: Cleo's own
		o.carry("U0ANN", "register octo-org/octo-repo")          // 5: approved at once
		o.carry("U0BOB", "deny 1")
		for _, tc := range []struct {
			person, text          string
			waiting, mine, others []int64
		}{
			{"U0ANN", "requests", []int64{4}, []int64{5, 3, 2, 1}, nil}, // she may decide on what others ask
			{"U0ANN", "requests open", []int64{4}, []int64{5, 3, 2}, nil},
			{"U0ANN", "requests all", []int64{4}, []int64{5, 3, 2, 1}, nil},
			{"U0CLEO", "requests", []int64{3, 2}, []int64{4}, nil},
			{"U0CLEO", "requests mine", nil, []int64{4}, nil},
			{"U0CLEO", "requests all", []int64{3, 2}, []int64{4}, []int64{5, 1}},
			{"U0BOB", "inbox", []int64{4, 3, 2}, nil, nil},
			{"U0BOB", "requests open", []int64{4, 3, 2}, nil, []int64{5}},
			{"U0GIL", "requests", []int64{4, 3, 2}, nil, nil},
			{"U0VIC", "requests", nil, nil, nil},
			{"U0VIC", "requests all", nil, nil, []int64{5, 4, 2, 1}},
			{"U0NED", "requests all", nil, nil, nil},
		} {
			l, ok := o.ask(tc.person, tc.text).(fleet.RequestList)
			if !ok || !slices.Equal(ids(l.Waiting), tc.waiting) || !slices.Equal(ids(l.Mine), tc.mine) || !slices.Equal(ids(l.Others), tc.others) {
				t.Errorf("%s, %s: waiting %d, mine %d, others %d", tc.person, tc.text, ids(l.Waiting), ids(l.Mine), ids(l.Others))
			}
		}
		o.carry("U0BOB", "approve 2")
		time.Sleep(5 * time.Hour)
		if l := o.ask("U0BOB", "requests").(fleet.RequestList); len(l.Waiting) != 0 {
			t.Errorf("%d wait though their time is over", ids(l.Waiting))
		}
	})
}

// TestWaitingIsNotGuessed: that nothing waits is not said when it is not known.
func TestWaitingIsNotGuessed(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.carry("U0ANN", "register octo-org")
		o.people.work()
		o.people.fails = "groups"
		wantSaid(t, o.ask("U0CLEO", "requests"), fleet.Trouble, "Slack could not tell")
		if _, ok := o.ask("U0CLEO", "requests mine").(fleet.RequestList); !ok {
			t.Error("her own need no look-up of groups")
		}
	})
}

func TestRequestByNumber(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.carry("U0ANN", "register enterprises/octo-enterprise because new")
		for person, want := range map[string]struct{ sees, decides bool }{
			"U0ANN": {true, false}, "U0BOB": {true, true}, "U0CLEO": {true, true}, "U0GIL": {true, true}, "U0VIC": {}, "U0NED": {},
		} {
			a := o.ask(person, "request #1")
			v, sees := a.(fleet.RequestView)
			if sees != want.sees || v.Decides != want.decides || sees && (len(v.Steps) == 0 || v.Why.String() == "" || v.Viewer != person || v.URL == "") {
				t.Errorf("%s: sees %v, decides %v, %+v", person, sees, v.Decides, v)
			}
			if !sees && said(a) != "There is no request #1 that you may see or decide on. See yours with /runners requests." {
				t.Errorf("%s is told %q", person, said(a))
			}
		}
		o.carry("U0BOB", "approve 1")
		if v := o.ask("U0CLEO", "request 1").(fleet.RequestView); v.Decides || v.Request.State != fleet.Approved {
			t.Errorf("%s, decides %v", v.Request.State, v.Decides)
		}
		wantSaid(t, o.ask("U0ANN", "request 2"), fleet.Refused, "There is no request #2")
	})
}
