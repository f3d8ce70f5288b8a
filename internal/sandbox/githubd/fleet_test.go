package githubd_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/sandbox/githubd"
)

func TestTick(t *testing.T) {
	live := func(seed uint64) ([][]githubd.Runner, map[string]bool) {
		d := open(t, githubd.Options{Seed: seed})
		for i := range 40 {
			d.AddRunner("octo-org", githubd.Runner{Name: fmt.Sprintf("r%d", i), Ephemeral: i%2 == 0})
		}
		var life [][]githubd.Runner
		seen := map[string]bool{}
		for range 60 {
			before := d.Runners("octo-org")
			d.Tick()
			after := d.Runners("octo-org")
			life = append(life, after)
			now := map[int64]githubd.Runner{}
			for _, r := range after {
				now[r.ID] = r
			}
			for _, was := range before {
				is, there := now[was.ID]
				seen["left after a job"] = seen["left after a job"] || !there && was.Ephemeral && was.Busy
				seen["job started"] = seen["job started"] || there && !was.Busy && is.Busy
				seen["job ended"] = seen["job ended"] || there && was.Busy && !is.Busy && is.Status == "online"
				seen["went offline"] = seen["went offline"] || there && was.Status == "online" && is.Status == "offline"
				seen["came back"] = seen["came back"] || there && was.Status == "offline" && is.Status == "online"
				if !there && !was.Ephemeral {
					t.Errorf("%s left, and it is persistent", was.Name)
				}
			}
			seen["joined"] = seen["joined"] || after[len(after)-1].ID > before[len(before)-1].ID
		}
		return life, seen
	}
	first, seen := live(1)
	for _, event := range []string{"left after a job", "job started", "job ended", "went offline", "came back", "joined"} {
		if !seen[event] {
			t.Errorf("in 60 steps nothing %s", event)
		}
	}
	second, _ := live(1)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the same seed lives another life:\n%s", diff)
	}
	if other, _ := live(2); cmp.Equal(first, other) {
		t.Error("another seed lives the same life")
	}
}

func TestTokens(t *testing.T) {
	d := open(t, githubd.Options{})
	d.SetTokenPrefix("canary")
	mint := func(path string) string {
		var token struct{ Token string }
		if err := json.Unmarshal(d.do("POST", path).body, &token); err != nil {
			t.Fatal(err)
		}
		return token.Token
	}
	register := mint("/orgs/octo-org/actions/runners/registration-token")
	remove := mint("/repos/octo-org/octo-repo/actions/runners/remove-token")
	if diff := cmp.Diff([]string{register, remove}, d.Tokens()); diff != "" || !strings.HasPrefix(register, "canary") || register == remove {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	id, err := d.Join(register, githubd.Runner{Name: "machine"})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Runners("OCTO-org"); len(got) != 1 || got[0].ID != id || got[0].GroupID != 1 || got[0].Status != "online" {
		t.Errorf("joined as %+v", got)
	}
	if _, err := d.Join(remove, githubd.Runner{}); !errors.Is(err, githubd.ErrToken) {
		t.Errorf("a remove token registers: %v", err)
	}
	if had, err := d.Leave(remove, id); had || err != nil {
		t.Errorf("the token of another scope removes: %v %v", had, err)
	}
	leave := mint("/orgs/octo-org/actions/runners/remove-token")
	d.after.Store(int64(59 * time.Minute))
	if had, err := d.Leave(leave, id); !had || err != nil {
		t.Errorf("leave: %v %v", had, err)
	}
	d.after.Store(int64(time.Hour))
	if _, err := d.Join(register, githubd.Runner{}); !errors.Is(err, githubd.ErrToken) {
		t.Errorf("an expired token registers: %v", err)
	}
}
