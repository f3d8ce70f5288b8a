package fleet

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	at := began.Add(time.Hour)
	base := Runner{ID: 7, Name: "web-1", OS: "linux", Status: "online", Busy: No, Labels: []Label{{Name: "gpu"}}, GroupID: 1, Group: "Default", Version: "2.330.0"}
	with := func(change func(*Runner)) Runner {
		r := base
		change(&r)
		return r
	}
	for _, tt := range []struct {
		name     string
		old, now Runner
		want     []ChangeKind
		since    time.Time
	}{
		{"nothing", base, base, nil, began},
		{"offline", base, with(func(r *Runner) { r.Status = "offline" }), []ChangeKind{WentOffline}, at},
		{"lost while offline is one outage", with(func(r *Runner) { r.Status = "offline" }), with(func(r *Runner) { r.Status, r.Busy = "offline", Yes }), nil, began},
		{"online", with(func(r *Runner) { r.Status = "offline" }), base, []ChangeKind{WentOnline}, at},
		{"busy", base, with(func(r *Runner) { r.Busy = Yes }), []ChangeKind{BecameBusy}, at},
		{"idle", with(func(r *Runner) { r.Busy = Yes }), base, []ChangeKind{BecameIdle}, at},
		{"relabelled", base, with(func(r *Runner) { r.Labels = nil }), []ChangeKind{Relabelled}, began},
		{"labels in another case", base, with(func(r *Runner) { r.Labels = []Label{{Name: "GPU"}} }), nil, began},
		{"regrouped", base, with(func(r *Runner) { r.GroupID = 2 }), []ChangeKind{Regrouped}, began},
		{"a group left out", base, with(func(r *Runner) { r.GroupID, r.Group = 0, "" }), nil, began},
		{"a group first told", with(func(r *Runner) { r.GroupID = 0 }), base, nil, began},
		{"a version", base, with(func(r *Runner) { r.Version = "2.336.0" }), []ChangeKind{VersionMoved}, began},
		{"a version left out", base, with(func(r *Runner) { r.Version = "" }), nil, began},
		{"a version first told", with(func(r *Runner) { r.Version = "" }), base, nil, began},
		{"another machine", base, with(func(r *Runner) { r.Name = "web-2" }), []ChangeKind{Renamed}, began},
	} {
		rec, changes := Compare(Record{Runner: tt.old, Since: began, Outdated: Yes}, tt.now, at)
		var kinds []ChangeKind
		for _, c := range changes {
			kinds = append(kinds, c.Kind)
		}
		if diff := cmp.Diff(tt.want, kinds); diff != "" {
			t.Errorf("%s: changes (want, got): %s", tt.name, diff)
		}
		if !rec.Since.Equal(tt.since) {
			t.Errorf("%s: since is %s, want %s", tt.name, rec.Since, tt.since)
		}
		if rec.Runner.GroupID == 0 || rec.Runner.Version == "" {
			t.Errorf("%s: what was left out is lost: %+v", tt.name, rec.Runner)
		}
		if moved := tt.old.Version != rec.Runner.Version; moved != (rec.Outdated == NotKnown) {
			t.Errorf("%s: outdated is %s", tt.name, rec.Outdated)
		}
	}
}
