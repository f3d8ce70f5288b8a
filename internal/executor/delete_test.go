package executor

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

const (
	oneRunner   = "/orgs/octo-org/actions/runners/*"
	runnersList = "/orgs/octo-org/actions/runners"
)

// TestDelete lets something happen between the approval and the execution of one
// deletion of runner 1, or of runner 2, which was shown offline.
func TestDelete(t *testing.T) {
	get, del, list := githubd.On("GET", oneRunner), githubd.On("DELETE", oneRunner), githubd.On("GET", runnersList)
	update := func(change func(*githubd.Runner)) func(*desk) {
		return func(d *desk) {
			d.github.Update("octo-org", 1, change)
			d.github.Update("octo-org", 2, change)
		}
	}
	fault := func(on githubd.Match, f githubd.Fault) func(*desk) { return func(d *desk) { d.github.Fault(on, f) } }
	limited := func(seconds string, times int) githubd.Fault {
		return githubd.Fault{Times: times, Status: 429, Header: http.Header{"Retry-After": {seconds}}}
	}
	const lost = "already gone: gone after a delete of ours whose answer was lost"
	tests := map[string]struct {
		runner  int64 // 1 when 0
		happens func(*desk)
		want    []string
		deletes []string
	}{
		"nothing":   {want: []string{"succeeded", "deleted"}, deletes: []string{"1 204"}},
		"gone":      {happens: func(d *desk) { d.github.Remove("octo-org", 1) }, want: []string{"succeeded", "already gone"}},
		"gone, odd": {happens: fault(get, githubd.Fault{Status: 404}), want: []string{"failed", "failed: GitHub does not answer properly (it does not find a runner that it lists). Try again in a minute."}},
		"no proof":  {happens: func(d *desk) { fault(get, githubd.Fault{Status: 404})(d); fault(list, githubd.Fault{Status: 404})(d) }, want: []string{"failed", "failed: GitHub finds no such runner or scope, or hides it from Runnerdesk's credential."}},
		"revoked":   {happens: func(d *desk) { d.github.RevokeToken(credential) }, want: []string{"failed", "failed: GitHub does not accept Runnerdesk's credential. The people who run Runnerdesk have to renew it."}},
		"forbidden": {happens: fault(del, githubd.Fault{Status: 403}), want: []string{"failed", "failed: GitHub refused: the credential lacks a permission for this. The people who run Runnerdesk can add it."}, deletes: []string{"1 403"}},
		"busy":      {happens: update(func(r *githubd.Runner) { r.Busy = true }), want: []string{"failed", "busy: it runs a job"}},
		"busy, 422": {happens: fault(del, githubd.Fault{Status: 422}), want: []string{"failed", "busy: GitHub says that it runs a job"}, deletes: []string{"1 422"}},
		"busy, 500": {
			happens: func(d *desk) {
				d.github.Fault(func(r githubd.Request) bool {
					if del(r) {
						update(func(r *githubd.Runner) { r.Busy = true })(d)
					}
					return del(r)
				}, githubd.Fault{Times: 1, Status: 500})
			},
			want: []string{"failed", "busy: GitHub says that it runs a job"}, deletes: []string{"1 500"},
		},
		"name":       {happens: update(func(r *githubd.Runner) { r.Name = "other" }), want: []string{"failed", "changed: name differs from what was approved"}},
		"OS":         {happens: update(func(r *githubd.Runner) { r.OS = "windows" }), want: []string{"failed", "changed: OS differs from what was approved"}},
		"labels":     {happens: update(func(r *githubd.Runner) { r.Labels = githubd.Labels("self-hosted") }), want: []string{"failed", "changed: labels differs from what was approved"}},
		"group":      {happens: update(func(r *githubd.Runner) { r.GroupID = 2 }), want: []string{"failed", "changed: group differs from what was approved"}},
		"now online": {runner: 2, happens: update(func(r *githubd.Runner) { r.Status = "online" }), want: []string{"failed", "changed: it was offline and is online now"}},
		"now offline": {happens: update(func(r *githubd.Runner) { r.Status = "offline" }),
			want: []string{"succeeded", "deleted"}, deletes: []string{"1 204"}},
		"protected by name": {happens: func(d *desk) { d.Protect.Names = []fleet.Glob{"web-*"} }, want: []string{"failed", "protected"}},
		"protected by label": {happens: func(d *desk) {
			d.Protect.Labels = []string{"db"}
			update(func(r *githubd.Runner) { r.Labels = githubd.Labels("gpu", "DB") })(d)
		}, want: []string{"failed", "protected"}},
		"answer lost": {happens: fault(del, githubd.Fault{Times: 1, Reset: true, AfterEffect: true}),
			want: []string{"succeeded", lost}, deletes: []string{"1 0"}},
		"502 after the effect": {happens: fault(del, githubd.Fault{Times: 1, Status: 502, AfterEffect: true}),
			want: []string{"succeeded", lost}, deletes: []string{"1 502"}},
		"502 once": {happens: fault(del, githubd.Fault{Times: 1, Status: 502}),
			want: []string{"succeeded", "deleted"}, deletes: []string{"1 502", "1 204"}},
		"502 always": {happens: fault(del, githubd.Fault{Status: 502}),
			want: []string{"failed", "failed: GitHub failed at three deletes; the runner is still there"}, deletes: []string{"1 502", "1 502", "1 502"}},
		"no answer in time": {happens: fault(del, githubd.Fault{Times: 1, Delay: time.Hour}),
			want: []string{"succeeded", "deleted"}, deletes: []string{"1 0", "1 204"}},
		"404 to the delete, and gone": {happens: fault(del, githubd.Fault{Times: 1, Status: 404, AfterEffect: true}),
			want: []string{"succeeded", "already gone"}, deletes: []string{"1 404"}},
		"404 to the delete, and there": {happens: fault(del, githubd.Fault{Status: 404}),
			want: []string{"failed", "failed: GitHub shows it and finds nothing to delete; the credential may lack the permission"}, deletes: []string{"1 404"}},
		"another one after an answer lost": {
			happens: func(d *desk) {
				d.github.Fault(del, githubd.Fault{Times: 1, Reset: true})
				d.github.Fault(func(r githubd.Request) bool { // the second look
					if get(r) && len(d.deletes()) == 1 {
						update(func(r *githubd.Runner) { r.Name = "other" })(d)
					}
					return false
				}, githubd.Fault{})
			},
			want:    []string{"failed", "changed: another runner now (name); a delete that was sent may have removed the one before"},
			deletes: []string{"1 0"},
		},
		"looks fail": {happens: fault(get, githubd.Fault{Status: 503}),
			want: []string{"failed", "failed: GitHub does not answer properly (it answered 503). Try again in a minute."}},
		"looks fail at first": {happens: fault(get, githubd.Fault{Times: 6, Status: 503}),
			want: []string{"succeeded", "deleted"}, deletes: []string{"1 204"}},
		"a limited look is waited for": {happens: fault(get, limited("120", 2)),
			want: []string{"succeeded", "deleted"}, deletes: []string{"1 204"}},
		"a limited delete is waited for": {happens: fault(del, limited("120", 1)),
			want: []string{"succeeded", "deleted"}, deletes: []string{"1 429", "1 204"}},
		"a limited proof is waited for": {happens: func(d *desk) { d.github.Remove("octo-org", 1); fault(list, limited("60", 1))(d) },
			want: []string{"succeeded", "already gone"}},
		"a look limited for too long": {happens: fault(get, limited("1200", 1)),
			want: []string{"failed", "not tried: GitHub limits us until 00:20 UTC, when the time to begin is over"}},
		"a delete limited for too long": {happens: fault(del, limited("1200", 1)),
			want: []string{"failed", "failed: GitHub limits us until 2000-01-01 00:20 UTC. Nothing was done; try again then."}, deletes: []string{"1 429"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				if tc.runner == 0 {
					tc.runner = 1
				}
				r := d.approved(tc.runner)
				if tc.happens != nil {
					tc.happens(d)
				}
				d.finish(6 * time.Minute)
				if diff := cmp.Diff(tc.want, d.ended(r.ID)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tc.deletes, d.deletes()); diff != "" {
					t.Errorf("deletes at GitHub (-want +got):\n%s", diff)
				}
			})
		})
	}
}
