package storage

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"runnerdesk/internal/fleet"
)

// due are the keys of the messages that are due.
func (d desk) due(t *testing.T) []string {
	t.Helper()
	messages, err := d.Due(t.Context(), d.clock.Now(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, m := range messages {
		keys = append(keys, m.Surface.Key)
	}
	return keys
}

func (d desk) id(t *testing.T, key string) int64 {
	t.Helper()
	m, err := d.MessageOf(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return m.ID
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMessagesConverge(t *testing.T) {
	d := open(t)
	ctx := t.Context()
	r := d.ask(t, "one", deletion(scopeOf(t, "octo-org"), 1, 11))
	const prompt, copied, result, told = "request/1/prompt", "request/1/copy", "request/1/result", "request/1/told"
	want := func(step string, keys ...string) {
		t.Helper()
		if diff := cmp.Diff(keys, d.due(t)); diff != "" {
			t.Errorf("%s: due (-want +got):\n%s", step, diff)
		}
	}
	want("opened", prompt, copied)
	must(t, d.MarkSending(ctx, d.id(t, prompt)))
	want("a crash while sending", prompt, copied)
	must(t, d.Posted(ctx, d.id(t, copied), "D0ANN", "1.1", 1))
	want("copy posted", prompt)
	must(t, d.Retry(ctx, d.id(t, prompt), d.clock.Now().Add(time.Minute), "rate limited"))
	want("prompt put off")
	if m, err := d.MessageOf(ctx, prompt); err != nil || m.State != fleet.Queued || m.Tries != 1 || !m.NotBefore.Equal(began.Add(time.Minute)) {
		t.Errorf("put off: %+v, %v", m, err)
	}
	d.change(t, r.ID, d.vote("U0BOB", fleet.Deny))
	want("denied: the result waits for its prompt", copied, told)
	d.clock.Add(time.Minute)
	want("a minute later", prompt, copied, told)
	must(t, d.Posted(ctx, d.id(t, prompt), "C0APPROVE", "2.1", 1))
	want("prompt posted at an old revision", prompt, copied, result, told)
	must(t, d.Edited(ctx, d.id(t, prompt), "C0APPROVE", "2.1", 2))
	must(t, d.Edited(ctx, d.id(t, prompt), "C0APPROVE", "2.1", 1)) // an answer that came late
	want("prompt edited", copied, result, told)
	messages, err := d.Due(ctx, d.clock.Now(), 2)
	must(t, err)
	got := messages[1]
	wantMessage := fleet.Message{ID: got.ID, Surface: fleet.Surface{Key: result, Kind: fleet.ResultSurface, Channel: "C0APPROVE", Thread: prompt},
		Request: r.ID, Desired: 2, State: fleet.Queued, ThreadChannel: "C0APPROVE", ThreadTS: "2.1"}
	if diff := cmp.Diff(wantMessage, got); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
	must(t, d.Bury(ctx, d.id(t, copied), "channel not found"))
	want("copy given up", result, told)
	must(t, d.Posted(ctx, d.id(t, told), "D0ANN", "3.1", 2))
	must(t, d.Posted(ctx, d.id(t, result), "C0APPROVE", "3.2", 2))
	want("all shown")
	if err := d.MarkSending(ctx, d.id(t, told)); !errors.Is(err, fleet.ErrStale) {
		t.Errorf("marking a posted message: got %v, want ErrStale", err)
	}
	for name, err := range map[string]error{
		"edit": d.Edited(ctx, d.id(t, told), "D0ANN", "9.9", 2), "drop": d.DropCopy(ctx, d.id(t, told), "D0ANN", "9.9"),
		"retry": d.Retry(ctx, 999, began, ""), "bury": d.Bury(ctx, 999, ""),
	} {
		if !errors.Is(err, fleet.ErrNotFound) {
			t.Errorf("%s of what is not there: got %v, want ErrNotFound", name, err)
		}
	}
}

func TestReplyOfABuriedMessageStandsAlone(t *testing.T) {
	d := open(t)
	r := d.ask(t, "one", deletion(scopeOf(t, "octo-org"), 1, 11))
	must(t, d.Bury(t.Context(), d.id(t, "request/1/prompt"), "archived"))
	d.change(t, r.ID, d.vote("U0BOB", fleet.Deny))
	want := []string{"request/1/copy", "request/1/result", "request/1/told"}
	if diff := cmp.Diff(want, d.due(t)); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
	if m, err := d.MessageOf(t.Context(), "request/1/result"); err != nil || m.ThreadTS != "" {
		t.Errorf("got thread %q, %v; want none", m.ThreadTS, err)
	}
}

func TestDropCopy(t *testing.T) {
	d := open(t)
	ctx := t.Context()
	d.ask(t, "one", deletion(scopeOf(t, "octo-org"), 1, 11))
	id := d.id(t, "request/1/prompt")
	must(t, d.Posted(ctx, id, "C0APPROVE", "1.1", 0))
	must(t, d.Posted(ctx, id, "C0APPROVE", "1.2", 1))
	must(t, d.DropCopy(ctx, id, "C0APPROVE", "1.1"))
	if diff := cmp.Diff([]string{"request/1/copy"}, d.due(t)); diff != "" {
		t.Errorf("one copy left that is true; due (-want +got):\n%s", diff)
	}
	must(t, d.DropCopy(ctx, id, "C0APPROVE", "1.2"))
	if m, err := d.MessageOf(ctx, "request/1/prompt"); err != nil || m.State != fleet.Dead || len(m.Copies) != 0 {
		t.Errorf("no copy left: %+v, %v; want it dead", m, err)
	}
}

func TestAdopt(t *testing.T) {
	d := open(t)
	ctx := t.Context()
	r := d.ask(t, "one", deletion(scopeOf(t, "octo-org"), 1, 11))
	must(t, d.MarkSending(ctx, d.id(t, "request/1/prompt")))
	d.clock.Add(time.Hour / 2)
	d.change(t, r.ID, d.vote("U0BOB", fleet.Deny))
	ts := func(at time.Time) string { return fmt.Sprintf("%d.000100", at.Unix()) }
	for _, test := range []struct{ channel, ts, want string }{
		{"C0APPROVE", ts(began), "request/1/prompt"},
		{"D0ANN", ts(began.Add(time.Minute)), "request/1/copy"},
		{"D0ANN", ts(d.clock.Now().Add(time.Second)), "request/1/told"},
		{"D0ANN", ts(began.Add(-time.Hour)), "request/1/copy"},
		{"D0ANN", "odd", "request/1/copy"},
	} {
		must(t, d.Adopt(ctx, 1, test.channel, test.ts))
		must(t, d.Adopt(ctx, 1, test.channel, test.ts)) // pressed again
		m, err := d.MessageOf(ctx, test.want)
		must(t, err)
		want := fleet.Copy{Channel: test.channel, TS: test.ts}
		if len(m.Copies) == 0 || m.Copies[len(m.Copies)-1] != want || m.State != fleet.Sent {
			t.Errorf("%s has copies %v and is %s; want %v as its last", test.want, m.Copies, m.State, want)
		}
	}
	due := map[string]bool{}
	for _, key := range d.due(t) {
		due[key] = true
	}
	if !due["request/1/prompt"] || !due["request/1/copy"] || !due["request/1/told"] {
		t.Errorf("adopted copies are to be drawn anew; due are %v", due)
	}
	if err := d.Adopt(ctx, 99, "C0APPROVE", "5.5"); !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("no such request: got %v, want ErrNotFound", err)
	}
}

func TestEnqueue(t *testing.T) {
	d := open(t)
	place := fleet.Surface{Key: "notice/1", Kind: fleet.NoticeSurface, Channel: "U0ANN"}
	for _, want := range []bool{true, false} {
		if fresh, err := d.Enqueue(t.Context(), place, []byte(`{"a":1}`)); err != nil || fresh != want {
			t.Errorf("fresh %v, %v; want %v", fresh, err, want)
		}
	}
	m, err := d.MessageOf(t.Context(), place.Key)
	want := fleet.Message{ID: m.ID, Surface: place, Body: []byte(`{"a":1}`), Desired: 1, State: fleet.Queued}
	if diff := cmp.Diff(want, m); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	place.Key, place.Thread = "notice/2", "nowhere"
	if _, err := d.Enqueue(t.Context(), place, nil); !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("a reply to nothing: got %v, want ErrNotFound", err)
	}
}

func TestSlots(t *testing.T) {
	d := open(t)
	ctx := t.Context()
	if _, _, err := d.LastSlot(ctx, "daily"); !errors.Is(err, fleet.ErrNotFound) {
		t.Errorf("no slot yet: got %v, want ErrNotFound", err)
	}
	digest := func(slot string) fleet.Surface {
		return fleet.Surface{Key: "digest/daily/" + slot, Kind: fleet.DigestSurface, Channel: "C0FLEET"}
	}
	for _, test := range []struct {
		job, slot, state string
		want             bool
	}{
		{"daily", "2026-03-02T09:00", SlotClaimed, true},
		{"daily", "2026-03-02T09:00", SlotClaimed, false},
		{"daily", "2026-03-02T09:00", SlotSkipped, false},
		{"daily", "2026-03-01T09:00", SlotSkipped, true},
		{"hourly", "2026-03-02T09:00", SlotSkipped, true},
	} {
		due, err := time.Parse("2006-01-02T15:04", test.slot)
		must(t, err)
		if won, err := d.ClaimSlot(ctx, test.job, test.slot, due, test.state, digest(test.slot), []byte("{}")); err != nil || won != test.want {
			t.Errorf("%s %s %s: won %v, %v; want %v", test.job, test.slot, test.state, won, err, test.want)
		}
	}
	if diff := cmp.Diff([]string{"digest/daily/2026-03-02T09:00"}, d.due(t)); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
	slot, due, err := d.LastSlot(ctx, "daily")
	if err != nil || slot != "2026-03-02T09:00" || !due.Equal(began) {
		t.Errorf("last slot %s at %v, %v", slot, due, err)
	}
	if _, err := d.ClaimSlot(ctx, "daily", "x", began, "maybe", fleet.Surface{}, nil); !errors.Is(err, fleet.ErrIllegal) {
		t.Errorf("an unknown state: got %v, want ErrIllegal", err)
	}
}

func TestInbox(t *testing.T) {
	d := open(t)
	ctx := t.Context()
	full := fleet.Input{Key: "b", Person: "U0ANN", Team: "T0HOME", Enterprise: "E0", Channel: "C0ASK", MessageTS: "1.1",
		Verb: "deny", Request: 7, Text: "no", Strikes: []int64{1, 2}, At: began}
	for _, test := range []struct {
		in   fleet.Input
		want bool
	}{{full, true}, {full, false}, {fleet.Input{Key: "a", At: began.Add(-time.Hour)}, true}} {
		if fresh, err := d.Accept(ctx, test.in); err != nil || fresh != test.want {
			t.Errorf("%s: fresh %v, %v; want %v", test.in.Key, fresh, err, test.want)
		}
	}
	got, err := d.Unhandled(ctx)
	if diff := cmp.Diff([]fleet.Input{full, {Key: "a", At: began.Add(-time.Hour)}}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	must(t, d.Handled(ctx, "b"))
	must(t, d.Handled(ctx, "b"))
	must(t, d.Handled(ctx, "never seen"))
	d.clock.Add(InboxKept)
	must(t, d.Handled(ctx, "a"))
	if fresh, err := d.Accept(ctx, full); err != nil || fresh {
		t.Errorf("after a day to the millisecond: fresh %v, %v", fresh, err)
	}
	d.clock.Add(time.Millisecond)
	must(t, d.Handled(ctx, "a"))
	if fresh, err := d.Accept(ctx, full); err != nil || !fresh {
		t.Errorf("after more than a day: fresh %v, %v", fresh, err)
	}
}

func TestOneChannelDoesNotHideTheOthers(t *testing.T) {
	d := open(t)
	for i := range 300 {
		_, err := d.Enqueue(t.Context(), fleet.Surface{Key: fmt.Sprintf("answer/%d", i), Kind: fleet.NoticeSurface, Channel: "U0ANN"}, []byte("{}"))
		must(t, err)
	}
	_, err := d.Enqueue(t.Context(), fleet.Surface{Key: "answer/bob", Kind: fleet.NoticeSurface, Channel: "U0BOB"}, []byte("{}"))
	must(t, err)
	due, err := d.Due(t.Context(), d.clock.Now(), 200)
	must(t, err)
	var keys []string
	for _, m := range due {
		keys = append(keys, m.Surface.Key)
	}
	if diff := cmp.Diff([]string{"answer/0", "answer/1", "answer/2", "answer/3", "answer/bob"}, keys); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
}
