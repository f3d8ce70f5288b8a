package slackd

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"runnerdesk/internal/sandbox"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

func input(id string, el slack.BlockElement, optional bool) slack.Block {
	b := slack.NewInputBlock(id, pln("Label "+id), nil, el)
	b.Optional = optional
	return b
}

func modal(title string, blocks ...slack.Block) slack.ModalViewRequest {
	return slack.ModalViewRequest{Type: slack.VTModal, Title: pln(title), Submit: pln("Send"), Close: pln("Cancel"),
		CallbackID: "cb", PrivateMetadata: "42", NotifyOnClose: true, Blocks: slack.Blocks{BlockSet: blocks}}
}

// desk answers commands with a dialog and submissions with what the test chooses.
type desk struct {
	view   slack.ModalViewRequest
	answer any
	last   slack.InteractionCallback
	errs   []string
}

func (d *desk) handle(b *bot, e socketmode.Event) (any, bool) {
	switch data := e.Data.(type) {
	case slack.SlashCommand:
		if _, err := b.api.OpenView(data.TriggerID, d.view); err != nil {
			d.errs = append(d.errs, err.Error())
		}
	case slack.InteractionCallback:
		d.last = data
		if data.Type == slack.InteractionTypeViewSubmission || data.Type == slack.InteractionTypeBlockSuggestion {
			return d.answer, true
		}
	}
	return nil, true
}

func TestDialog(t *testing.T) {
	s := newWorkspace(t, Options{})
	reason := slack.NewPlainTextInputBlockElement(nil, "text")
	reason.MaxLength = 10
	d := &desk{view: modal("Delete?", section("one runner"), input("why", reason, false),
		input("where", slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, "pick",
			slack.NewOptionBlockObject("a", pln("A"), nil), slack.NewOptionBlockObject("b", pln("B"), nil)), true))}
	startBot(t, s, 1, nil, d.handle)
	ann := s.Person("U0ANN")
	open := func() View {
		t.Helper()
		if r := ann.Command(t.Context(), "C0OPS", "x"); !r.Acked || len(d.errs) > 0 {
			t.Fatal(r, d.errs)
		}
		v := ann.Views()
		if len(v) != 1 {
			t.Fatalf("%d dialogs, want 1", len(v))
		}
		return v[0]
	}
	v := open()
	if v.Title != "Delete?" || v.CallbackID != "cb" || v.PrivateMetadata != "42" || v.RootID != v.ID || v.Hash == "" {
		t.Errorf("view %+v", v)
	}
	wantHas(t, "visible", v.Visible(), "Delete?", "one runner", "Label why", "[Send]", "[Cancel]")

	// What Slack's own client refuses never reaches the app.
	for _, tt := range []struct {
		values map[string]string
		want   string
	}{
		{nil, "why: please fill in"},
		{map[string]string{"why": "12345678901"}, "at most 10"},
		{map[string]string{"why": "ok", "where": "c"}, "no option"},
		{map[string]string{"why": "ok", "nope": "c"}, "no input"},
	} {
		wantHas(t, "submit", ann.Submit(t.Context(), v, tt.values).Err, tt.want)
	}
	wantHas(t, "Bob", s.Person("U0BOB").Submit(t.Context(), v, nil).Err, "not on the screen")

	d.answer = slack.NewErrorsViewSubmissionResponse(map[string]string{"why": "too short"})
	if r := ann.Submit(t.Context(), v, map[string]string{"why": "ok", "where/pick": "b"}); !r.Acked || r.Err != "" {
		t.Fatal(r)
	}
	got := d.last.View.State.Values
	if got["why"]["text"].Value != "ok" || got["where"]["pick"].SelectedOption.Value != "b" {
		t.Errorf("state %+v", got)
	}
	if d.last.View.ID != v.ID || d.last.View.CallbackID != "cb" || d.last.View.PrivateMetadata != "42" || d.last.User.ID != "U0ANN" {
		t.Errorf("payload %+v", d.last)
	}
	if diff := cmp.Diff(map[string]string{"why": "too short"}, ann.Views()[0].Errors); diff != "" {
		t.Error(diff)
	}
	// What was typed is still there; an empty answer closes the dialog.
	d.answer = nil
	if r := ann.Submit(t.Context(), v, nil); !r.Acked || len(ann.Views()) != 0 {
		t.Errorf("%+v, %d dialogs", r, len(ann.Views()))
	}

	v = open()
	d.answer = slack.NewUpdateViewSubmissionResponse(&slack.ModalViewRequest{Type: slack.VTModal, Title: pln("Done"),
		Blocks: slack.Blocks{BlockSet: []slack.Block{section("it is done")}}})
	ann.Submit(t.Context(), v, map[string]string{"why": "ok"})
	if w := ann.Views()[0]; w.ID != v.ID || w.Title != "Done" || w.Hash == v.Hash {
		t.Errorf("after update: %+v", w)
	}
	wantHas(t, "no submit button", ann.Submit(t.Context(), v, nil).Err, "no button")

	v = open()
	next := modal("Next", section("x"))
	d.answer = slack.NewPushViewSubmissionResponse(&next)
	ann.Submit(t.Context(), v, map[string]string{"why": "ok"})
	stack := ann.Views()
	if len(stack) != 2 || stack[1].RootID != v.ID || stack[1].PreviousID != v.ID {
		t.Fatalf("stack %+v", stack)
	}
	wantHas(t, "the lower one", ann.Submit(t.Context(), v, nil).Err, "not on the screen")
	d.answer = slack.NewClearViewSubmissionResponse()
	ann.Submit(t.Context(), stack[1], nil)
	if n := len(ann.Views()); n != 0 {
		t.Errorf("%d dialogs after clear", n)
	}

	v = open()
	if r := ann.CloseView(t.Context(), v); !r.Acked || d.last.Type != slack.InteractionTypeViewClosed || len(ann.Views()) != 0 {
		t.Errorf("close: %+v %s", r, d.last.Type)
	}
}

func TestErrorsAtNoInputAreAFailure(t *testing.T) {
	s := quiet(t, Options{})
	d := &desk{view: modal("Delete?", section("x"), input("why", slack.NewPlainTextInputBlockElement(nil, "text"), true)),
		answer: slack.NewErrorsViewSubmissionResponse(map[string]string{"nope": "bad"})}
	startBot(t, s, 1, nil, d.handle)
	ann := s.Person("U0ANN")
	ann.Command(t.Context(), "C0OPS", "x")
	if r := ann.Submit(t.Context(), ann.Views()[0], nil); r.Err != "trouble connecting" || len(s.Violations()) != 1 {
		t.Errorf("%+v, violations %v", r, s.Violations())
	}
}

func TestUpdateAndPushByCall(t *testing.T) {
	s := newWorkspace(t, Options{})
	d := &desk{view: modal("One", slack.NewActionBlock("a", slack.NewButtonBlockElement("push", "", pln("Push"))))}
	d.view.ExternalID = "ext"
	b := startBot(t, s, 1, nil, d.handle)
	ann := s.Person("U0ANN")
	ann.Command(t.Context(), "C0OPS", "x")
	v := ann.Views()[0]
	if _, err := b.api.UpdateView(d.view, "", "old", v.ID); errCode(err) != "hash_conflict" {
		t.Errorf("got %v, want hash_conflict", err)
	}
	res, err := b.api.UpdateView(modal("Two", section("x")), "", v.Hash, v.ID)
	if err != nil || res.ID != v.ID || res.Hash == v.Hash || ann.Views()[0].Title != "Two" {
		t.Errorf("update: %v %+v", err, res)
	}
	if _, err := b.api.UpdateView(d.view, "", "", "V0NONE"); errCode(err) != "not_found" {
		t.Errorf("got %v, want not_found", err)
	}
	if _, err := b.api.UpdateView(d.view, "", "", v.ID); err != nil {
		t.Error(err)
	}
	push := func() error {
		stack := ann.Views()
		if r := ann.ClickView(t.Context(), stack[len(stack)-1], "push"); !r.Acked {
			t.Fatal(r)
		}
		next := d.view
		next.ExternalID = ""
		_, err := b.api.PushView(d.last.TriggerID, next)
		return err
	}
	if err := push(); err != nil {
		t.Error(err)
	}
	if d.last.Container.Type != "view" || d.last.View.ID != v.ID || d.last.ResponseURL != "" {
		t.Errorf("payload of a click in a dialog: %+v", d.last)
	}
	if err := push(); err != nil {
		t.Error(err)
	}
	if err := push(); errCode(err) != "push_limit_reached" {
		t.Errorf("got %v, want push_limit_reached", err)
	}
	if n := len(ann.Views()); n != 3 {
		t.Errorf("%d dialogs, want 3", n)
	}
}

func TestTriggers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sandbox.NewPipe("slack.test:80")
		s := quiet(t, Options{Listener: p})
		var id string
		b := startBot(t, s, 1, p.DialContext, func(b *bot, e socketmode.Event) (any, bool) {
			id = e.Data.(slack.SlashCommand).TriggerID
			return nil, true
		})
		ann := s.Person("U0ANN")
		view := modal("One", section("x"))
		ann.Command(t.Context(), "C0OPS", "x")
		time.Sleep(3 * time.Second)
		if _, err := b.api.OpenView(id, view); err != nil {
			t.Errorf("after 3 s: %v", err)
		}
		if _, err := b.api.OpenView(id, view); errCode(err) != "exchanged_trigger_id" {
			t.Errorf("got %v, want exchanged_trigger_id", err)
		}
		ann.Command(t.Context(), "C0OPS", "x")
		time.Sleep(3*time.Second + time.Millisecond)
		if _, err := b.api.OpenView(id, view); errCode(err) != "expired_trigger_id" {
			t.Errorf("got %v, want expired_trigger_id", err)
		}
		if _, err := b.api.OpenView("1.2.3", view); errCode(err) != "invalid_trigger_id" {
			t.Errorf("got %v, want invalid_trigger_id", err)
		}
	})
}

func TestSuggest(t *testing.T) {
	s := newWorkspace(t, Options{})
	el := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, pln("Runner"), "runner")
	d := &desk{view: modal("Which?", input("which", el, false)),
		answer: slack.OptionsResponse{Options: []*slack.OptionBlockObject{slack.NewOptionBlockObject("7", pln("web-01"), pln("online"))}}}
	startBot(t, s, 1, nil, d.handle)
	ann := s.Person("U0ANN")
	ann.Command(t.Context(), "C0OPS", "x")
	v := ann.Views()[0]
	if _, r := ann.Suggest(t.Context(), v, "runner", "we"); !strings.Contains(r.Err, "3 characters") {
		t.Errorf("two characters: %+v", r)
	}
	got, r := ann.Suggest(t.Context(), v, "runner", "web")
	if diff := cmp.Diff([]Choice{{Text: "web-01", Value: "7", Description: "online"}}, got); diff != "" || !r.Acked {
		t.Error(diff, r)
	}
	if d.last.Value != "web" || d.last.ActionID != "runner" || d.last.BlockID != "which" || d.last.Type != slack.InteractionTypeBlockSuggestion {
		t.Errorf("payload %+v", d.last)
	}
	d.answer = slack.OptionGroupsResponse{OptionGroups: []*slack.OptionGroupBlockObject{
		slack.NewOptionGroupBlockElement(pln("Linux"), slack.NewOptionBlockObject("8", pln("web-02"), nil))}}
	got, _ = ann.Suggest(t.Context(), v, "runner", "web-02")
	if diff := cmp.Diff([]Choice{{Text: "web-02", Value: "8", Group: "Linux"}}, got); diff != "" {
		t.Error(diff)
	}
	wantHas(t, "not offered", ann.Submit(t.Context(), v, map[string]string{"which": "7"}).Err, "no option")
	d.answer = nil
	if r := ann.Submit(t.Context(), v, map[string]string{"which": "8"}); !r.Acked || d.last.View.State.Values["which"]["runner"].SelectedOption.Value != "8" {
		t.Errorf("%+v", r)
	}
}

func TestViewsAreChecked(t *testing.T) {
	long := strings.Repeat("x", 3001)
	for _, tt := range []struct {
		name string
		view func(v *slack.ModalViewRequest)
		want string
	}{
		{"no title", func(v *slack.ModalViewRequest) { v.Title = nil }, "invalid_arguments"},
		{"long title", func(v *slack.ModalViewRequest) { v.Title = pln(long[:25]) }, "invalid_arguments"},
		{"mrkdwn title", func(v *slack.ModalViewRequest) { v.Title = mrk("x") }, "invalid_arguments"},
		{"long submit", func(v *slack.ModalViewRequest) { v.Submit = pln(long[:25]) }, "invalid_arguments"},
		{"metadata", func(v *slack.ModalViewRequest) { v.PrivateMetadata = long }, "invalid_arguments"},
		{"callback", func(v *slack.ModalViewRequest) { v.CallbackID = long[:256] }, "invalid_arguments"},
		{"no blocks", func(v *slack.ModalViewRequest) { v.Blocks.BlockSet = []slack.Block{} }, "invalid_arguments"},
		{"input without submit", func(v *slack.ModalViewRequest) {
			v.Submit = nil
			v.Blocks.BlockSet = []slack.Block{input("a", slack.NewPlainTextInputBlockElement(nil, "a"), true)}
		}, "invalid_arguments"},
		{"table", func(v *slack.ModalViewRequest) {
			v.Blocks.BlockSet = []slack.Block{slack.NewTableBlock("t").AddRow(slack.NewTableRawTextCell("x"))}
		}, "invalid_arguments"},
		{"101 blocks", func(v *slack.ModalViewRequest) {
			v.Blocks.BlockSet = nil
			for range 101 {
				v.Blocks.BlockSet = append(v.Blocks.BlockSet, slack.NewDividerBlock())
			}
		}, "invalid_arguments"},
		{"100 blocks", func(v *slack.ModalViewRequest) {
			v.Blocks.BlockSet = nil
			for range 100 {
				v.Blocks.BlockSet = append(v.Blocks.BlockSet, slack.NewDividerBlock())
			}
		}, ""},
		{"too large", func(v *slack.ModalViewRequest) {
			v.Blocks.BlockSet = nil
			for range 90 {
				v.Blocks.BlockSet = append(v.Blocks.BlockSet, section(long[:2900]))
			}
		}, "view_too_large"},
		{"home", func(v *slack.ModalViewRequest) { v.Type = slack.VTHomeTab }, "invalid_arguments"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := quiet(t, Options{})
			s.mu.Lock()
			id := s.newTrigger("U0ANN", false)
			s.mu.Unlock()
			v := modal("T", section("x"))
			tt.view(&v)
			_, err := client(s).OpenView(id, v)
			if errCode(err) != tt.want || (len(s.Violations()) > 0) != (tt.want != "") {
				t.Errorf("got %v, want %q; violations %v", err, tt.want, s.Violations())
			}
		})
	}
}
