package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/slackd"
)

// connected is a rig whose bot looks things up and does nothing else.
func connected(t *testing.T, test func(r *rig, d *Directory)) {
	t.Helper()
	inBubble(t, slackd.Options{}, func(r *rig) {
		if err := r.bot.Connect(r.Context()); err != nil {
			t.Fatal(err)
		}
		test(r, r.bot.Directory())
		r.bot.http.CloseIdleConnections()
	})
}

func TestPeople(t *testing.T) {
	connected(t, func(r *rig, d *Directory) {
		r.slack.AddUser(slackd.User{ID: "U0GUEST", Restricted: true})
		r.slack.AddUser(slackd.User{ID: "U0GONE", Deleted: true})
		r.slack.AddUser(slackd.User{ID: "U0STRANGE", Stranger: true})
		if team := d.Home(); team != "T0OCTO" {
			t.Errorf("home is %q", team)
		}
		for id, want := range map[string]fleet.Person{
			ann:         {ID: ann, Team: "T0OCTO"},
			"U0GUEST":   {ID: "U0GUEST", Team: "T0OCTO", Guest: true},
			"U0GONE":    {ID: "U0GONE", Team: "T0OCTO", Deleted: true},
			"U0STRANGE": {ID: "U0STRANGE", Team: "T0STRANGE", Stranger: true},
			"U0RUNNERS": {ID: "U0RUNNERS", Team: "T0OCTO", Bot: true},
			"U0NOBODY":  {}, // certain: there is nobody
		} {
			got, err := d.Person(r.Context(), id, 0)
			got.Name, got.Zone = "", ""
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got)\n%s", id, err, diff)
			}
		}
	})
}

func TestMembers(t *testing.T) {
	connected(t, func(r *rig, d *Directory) {
		var many []string
		for i := range 2500 { // three pages
			id := fmt.Sprintf("U0%05d", i)
			r.slack.AddUser(slackd.User{ID: id})
			many = append(many, id)
		}
		me := r.slack.App().BotUser
		r.slack.AddGroup("S0OPS", "ops", ann, bob)
		r.slack.AddChannel(slackd.Channel{ID: "C0PRIVATE", Private: true, Members: append(slices.Clone(many), me)})
		r.slack.AddChannel(slackd.Channel{ID: "C0SHARED", Private: true, ExtShared: true, Members: []string{ann, me}})
		r.slack.AddChannel(slackd.Channel{ID: "C0PENDING", Private: true, PendingExtShared: true, Members: []string{ann, me}})
		for _, tc := range []struct {
			id   string
			want int // people; -1: an error
		}{{"S0OPS", 2}, {"C0PRIVATE", 2501}, {room, -1}, {"C0SHARED", -1}, {"C0PENDING", -1}, {"S0NONE", -1}, {"C0NONE", -1}} {
			got, err := d.Members(r.Context(), tc.id, 0)
			if (err != nil) != (tc.want < 0) || err == nil && len(got) != tc.want {
				t.Errorf("%s: %d people, %v; want %d", tc.id, len(got), err, tc.want)
			}
		}
		got, err := d.Members(r.Context(), "S0OPS", time.Minute)
		if err == nil {
			got[0] = "U0EVIL"
			got, err = d.Members(r.Context(), "S0OPS", time.Minute)
		}
		if err != nil || !slices.Contains(got, ann) {
			t.Errorf("what a caller does to its copy is seen by others: %v, %v", got, err)
		}
	})
}

func TestLookUpsAreShared(t *testing.T) {
	connected(t, func(r *rig, d *Directory) {
		r.slack.AddGroup("S0OPS", "ops", ann)
		before := r.calls("usergroups.users.list", "")
		r.slack.Fault("usergroups.users.list", slackd.Fault{Times: -1, Delay: time.Second})
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if got, err := d.Members(r.Context(), "S0OPS", 0); err != nil || len(got) != 1 {
					t.Errorf("got %v, %v", got, err)
				}
			})
		}
		wg.Wait()
		if n := r.calls("usergroups.users.list", "") - before; n > 2 {
			t.Errorf("%d calls for 100 who asked at once, want 2 at most", n)
		}
		// A view takes what is there; when that is too old, it is asked again.
		for _, tc := range []struct {
			pass time.Duration
			want int
		}{{time.Minute, 2}, {5 * time.Minute, 3}} {
			r.pass(tc.pass)
			if _, err := d.Members(r.Context(), "S0OPS", 5*time.Minute); err != nil {
				t.Error(err)
			}
			if n := r.calls("usergroups.users.list", "") - before; n != tc.want {
				t.Errorf("%d calls after %v, want %d", n, tc.pass, tc.want)
			}
		}
	})
}

func TestALookUpBeginsAfterTheQuestion(t *testing.T) {
	connected(t, func(r *rig, d *Directory) {
		r.slack.AddGroup("S0OPS", "ops", ann, bob)
		first := make(chan []string)
		// This flight read the group before Bob left it, and lands long after.
		slow := func(ctx context.Context) (any, error) {
			ids, err := d.api.GetUserGroupMembersContext(ctx, "S0OPS")
			<-time.After(3 * time.Second)
			return ids, err
		}
		go func() {
			v, _ := d.look(r.Context(), "members S0OPS", 0, slow)
			ids, _ := v.([]string)
			first <- ids
		}()
		r.pass(time.Second)
		r.slack.SetGroup("S0OPS", ann)
		second, err := d.Members(r.Context(), "S0OPS", 0)
		if err != nil || slices.Contains(second, bob) {
			t.Errorf("after Bob left, the members are %v, %v", second, err)
		}
		if ids := <-first; !slices.Contains(ids, bob) {
			t.Errorf("the first flight saw %v; the test shows nothing", ids)
		}
	})
}

func TestErrorsAreNotKept(t *testing.T) {
	connected(t, func(r *rig, d *Directory) {
		r.slack.Fault("users.info", slackd.Fault{Status: http.StatusBadGateway})
		if p, err := d.Person(r.Context(), ann, time.Hour); err == nil {
			t.Errorf("got %+v, want an error", p)
		}
		if p, err := d.Person(r.Context(), ann, time.Hour); err != nil || p.ID != ann {
			t.Errorf("got %+v, %v", p, err)
		}
		// What is known stays good for those who may use it.
		r.slack.Fault("users.info", slackd.Fault{Times: -1, Delay: time.Hour})
		at := time.Now()
		if _, err := d.Person(r.Context(), ann, 0); err == nil || time.Since(at) > 7*time.Second {
			t.Errorf("got %v after %v, want an error in time", err, time.Since(at))
		}
		if p, err := d.Person(r.Context(), ann, time.Hour); err != nil || p.ID != ann {
			t.Errorf("got %+v, %v", p, err)
		}
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		if _, err := d.Person(ctx, bob, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the caller's own deadline", err)
		}
		r.pass(time.Minute)
	})
}

func TestALookUpThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirectory(nil, time.Now, func(error) {})
		_, err := d.look(t.Context(), "x", 0, func(context.Context) (any, error) { panic("planted") })
		if err == nil || !strings.Contains(err.Error(), "failed") {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheDirectoryStaysSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDirectory(nil, time.Now, func(error) {})
		for i := range 2*knownMost + 10 {
			if _, err := d.look(t.Context(), fmt.Sprint(i), 0, func(context.Context) (any, error) { return i, nil }); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(d.known); n > knownMost {
			t.Errorf("%d look-ups are remembered, want %d at most", n, knownMost)
		}
	})
}
