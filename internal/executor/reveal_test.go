package executor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/internal/fleet"
	"runnerdesk/internal/sandbox/githubd"
)

// eyes see the tokens that are shown.
type eyes struct{ tokens []string }

func (s *eyes) show(_ fleet.Request, t fleet.Token) error {
	s.tokens = append(s.tokens, t.Value.Reveal())
	return nil
}

func blind(_ fleet.Request, t fleet.Token) error { return errors.New("Slack is away") }

// token asks for a token and approves it.
func (d *desk) token(a fleet.Action) fleet.Request {
	d.t.Helper()
	return d.approve(d.open(fleet.Request{Action: a}).ID)
}

// reveals are the request's state and its reveals'.
func (d *desk) reveals(id int64) []string {
	d.t.Helper()
	r, err := d.store.Request(context.Background(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	out := []string{string(r.State)}
	for _, v := range r.Reveals {
		out = append(out, string(v.State))
	}
	return out
}

func (d *desk) press(id int64, show func(fleet.Request, fleet.Token) error) error {
	return d.Reveal(context.Background(), id, ann, show)
}

// unmarked fails the test when a token is in the store's files or in the log.
func (d *desk) unmarked() {
	d.t.Helper()
	if len(d.github.Tokens()) == 0 {
		d.t.Error("no token was made")
	}
	for _, path := range []string{d.path, d.path + "-wal"} {
		data, err := os.ReadFile(path)
		if err != nil || len(data) == 0 {
			d.t.Errorf("%d bytes in %s, %v", len(data), path, err)
		}
		if bytes.Contains(data, []byte(canary)) {
			d.t.Errorf("a token is in %s", path)
		}
	}
	if log := d.log.String(); log == "" || strings.Contains(log, canary) || strings.Contains(log, credential) {
		d.t.Errorf("a secret is in the log, or nothing is:\n%s", log)
	}
}

func TestReveal(t *testing.T) {
	for action, route := range map[fleet.Action]string{fleet.Register: "registration-token", fleet.RemoveToken: "remove-token"} {
		t.Run(route, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				stop := d.run()
				r := d.token(action)
				var seen eyes
				for n := 1; n <= fleet.MaxReveals; n++ {
					if err := d.press(r.ID, seen.show); err != nil {
						t.Fatal(err)
					}
					check(t, "state", "succeeded", d.reveals(r.ID)[0])
				}
				if err := d.press(r.ID, seen.show); !errors.Is(err, fleet.ErrIllegal) {
					t.Errorf("a fourth reveal: %v", err)
				}
				stop()
				check(t, "tokens", d.github.Tokens(), seen.tokens)
				check(t, "how many", fleet.MaxReveals, len(seen.tokens))
				for _, q := range d.github.Requests() {
					check(t, "route", "POST /orgs/octo-org/actions/runners/"+route, q.Method+" "+q.Route)
				}
				got, err := d.store.Request(t.Context(), r.ID)
				if err != nil || !got.Reveals[0].ExpiresAt.Equal(r.CreatedAt.Add(time.Hour).Truncate(time.Second)) {
					t.Errorf("the token ends at %s, %v", got.Reveals[0].ExpiresAt, err)
				}
				d.unmarked()
			})
		})
	}
}

func TestRevealFails(t *testing.T) {
	mint := githubd.On("POST", "/orgs/*/actions/runners/registration-token")
	tests := map[string]struct {
		fault  githubd.Fault
		show   func(fleet.Request, fleet.Token) error
		times  int
		want   []string
		tokens int // at GitHub
		again  bool
	}{
		"refused":       {githubd.Fault{Status: 403}, nil, 4, []string{"approved", "failed", "failed", "failed", "failed"}, 0, true},
		"limited":       {githubd.Fault{Status: 429}, nil, 1, []string{"approved", "failed"}, 0, true},
		"answer lost":   {githubd.Fault{Reset: true, AfterEffect: true}, nil, 2, []string{"approved", "lost", "lost"}, 2, true},
		"lost for good": {githubd.Fault{Status: 502, AfterEffect: true}, nil, 3, []string{"failed", "lost", "lost", "lost"}, 3, false},
		"not shown":     {githubd.Fault{Header: map[string][]string{"X-A": {"1"}}}, blind, 1, []string{"approved", "lost"}, 1, true},
		"show panics": {githubd.Fault{Header: map[string][]string{"X-A": {"1"}}},
			func(_ fleet.Request, t fleet.Token) error { panic(t.Value.Reveal()) }, 1, []string{"approved", "lost"}, 1, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				r := d.token(fleet.Register)
				d.github.Fault(mint, tc.fault)
				var seen eyes
				show := tc.show
				if show == nil {
					show = seen.show
				}
				for range tc.times {
					err := d.press(r.ID, show)
					if err == nil || strings.Contains(err.Error(), canary) {
						t.Errorf("got %v", err)
					}
				}
				check(t, "shown", 0, len(seen.tokens))
				check(t, "tokens at GitHub", tc.tokens, len(d.github.Tokens()))
				check(t, "reveals", tc.want, d.reveals(r.ID))
				d.github.ClearFaults()
				if err := d.press(r.ID, seen.show); (err == nil) != tc.again || len(seen.tokens) == 1 != tc.again {
					t.Errorf("pressed again: %v, %d tokens seen", err, len(seen.tokens))
				}
				if len(d.github.Tokens()) > 0 {
					d.unmarked()
				}
			})
		})
	}
}

func TestRevealRefused(t *testing.T) {
	tests := map[string]func(d *desk) (id int64, person string){
		"another person": func(d *desk) (int64, string) { return d.token(fleet.Register).ID, bob },
		"too late": func(d *desk) (int64, string) {
			r := d.token(fleet.Register)
			time.Sleep(time.Hour)
			return r.ID, ann
		},
		"not approved": func(d *desk) (int64, string) { return d.open(fleet.Request{Action: fleet.Register}).ID, ann },
		"cancelled": func(d *desk) (int64, string) {
			r := d.token(fleet.Register)
			d.cancel(r.ID)
			return r.ID, ann
		},
		"a deletion": func(d *desk) (int64, string) { return d.approved(1).ID, ann },
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				id, person := prepare(d)
				var seen eyes
				if err := d.Reveal(t.Context(), id, person, seen.show); !errors.Is(err, fleet.ErrIllegal) {
					t.Errorf("got %v", err)
				}
				check(t, "tokens", 0, len(d.github.Tokens()))
			})
		})
	}
}

// TestRevealsAtOnce presses ten times while GitHub is slow: one token.
func TestRevealsAtOnce(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		r := d.token(fleet.Register)
		d.github.Fault(githubd.On("POST", "/**"), githubd.Fault{Delay: time.Second})
		errs := make(chan error, 10)
		for range cap(errs) {
			go func() {
				errs <- d.press(r.ID, func(fleet.Request, fleet.Token) error { return nil })
			}()
		}
		refused := 0
		for range cap(errs) {
			if err := <-errs; errors.Is(err, fleet.ErrIllegal) {
				refused++
			} else if err != nil {
				t.Error(err)
			}
		}
		check(t, "refused", 9, refused)
		check(t, "tokens", 1, len(d.github.Tokens()))
		check(t, "reveals", []string{"succeeded", "shown"}, d.reveals(r.ID))
	})
}

// TestRevealLeftByACrash ends what an earlier run claimed, whoever is first, a press or
// Run; and leaves alone what this run has under way.
func TestRevealLeftByACrash(t *testing.T) {
	for name, run := range map[string]bool{"Run is first": true, "a press is first": false} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *desk) {
				r := d.token(fleet.Register)
				d.change(r.ID, func(r fleet.Request) (fleet.Request, error) { return r.ClaimReveal(ann, time.Now()) })
				want := []string{"succeeded", "lost", "shown"}
				if run {
					d.finish(time.Second)
					check(t, "after the start", []string{"approved", "lost"}, d.reveals(r.ID))
				}
				shown := make(chan struct{})
				pressed := make(chan error)
				go func() {
					pressed <- d.press(r.ID, func(fleet.Request, fleet.Token) error { <-shown; return nil })
				}()
				synctest.Wait()
				d.finish(time.Minute) // must not end the one that is under way
				check(t, "under way", []string{"executing", "lost", "claimed"}, d.reveals(r.ID))
				close(shown)
				if err := <-pressed; err != nil {
					t.Error(err)
				}
				check(t, "reveals", want, d.reveals(r.ID))
			})
		})
	}
}

// TestRevealEndNotStored breaks the store after the token was shown: the truth is
// recorded when it works again.
func TestRevealEndNotStored(t *testing.T) {
	play(t, func(t *testing.T, d *desk) {
		var mended atomic.Bool
		d.Store = faulty{d.store, func() error {
			if mended.Load() {
				return nil
			}
			return errors.New("disk full")
		}}
		r := d.token(fleet.Register)
		var seen eyes
		if err := d.press(r.ID, seen.show); err != nil {
			t.Error(err)
		}
		check(t, "while it is broken", []string{"executing", "claimed"}, d.reveals(r.ID))
		stop := d.run()
		time.Sleep(tick / 2)
		mended.Store(true)
		time.Sleep(2 * tick)
		stop()
		check(t, "then", []string{"succeeded", "shown"}, d.reveals(r.ID))
	})
}
