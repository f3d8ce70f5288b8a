package slackd

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
)

func TestConversations(t *testing.T) {
	s := newWorkspace(t, Options{})
	s.AddChannel(Channel{ID: "C0SHARED", Name: "shared", ExtShared: true, PendingExtShared: true, Members: []string{"U0RUNNERS", "U0STRANGE"}})
	s.AddChannel(Channel{ID: "C0TEAM", Name: "team", Private: true, Members: []string{"U0RUNNERS", "U0ANN"}})
	api := client(s)
	info := func(id string) (*slack.Channel, error) {
		return api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: id, IncludeNumMembers: true})
	}
	c, err := info("C0SHARED")
	if err != nil || !c.IsExtShared || !c.IsPendingExtShared || !c.IsMember || c.NumMembers != 2 || c.IsPrivate {
		t.Errorf("shared: %+v %v", c, err)
	}
	if c, err := info("C0TEAM"); err != nil || !c.IsPrivate {
		t.Errorf("private with the bot: %+v %v", c, err)
	}
	if c, err := info("C0OTHER"); err != nil || c.IsMember {
		t.Errorf("public without the bot: %+v %v", c, err)
	}
	if c, err := info("C0OLD"); err != nil || !c.IsArchived {
		t.Errorf("archived: %+v %v", c, err)
	}
	for _, id := range []string{"C0SECRET", "C0NONE"} {
		if _, err := info(id); errCode(err) != "channel_not_found" {
			t.Errorf("%s: %v", id, err)
		}
	}
	app := s.App()
	app.Scopes = []string{"channels:read"}
	s.Install(app)
	var e slack.SlackErrorResponse
	if _, err := info("C0TEAM"); !errors.As(err, &e) || e.Err != "missing_scope" || e.Needed != "groups:read" {
		t.Errorf("private without the scope: %v", err)
	}
}

func TestMembersInPages(t *testing.T) {
	s := newWorkspace(t, Options{})
	var want []string
	for i := range 25 {
		want = append(want, fmt.Sprintf("U%03d", i))
	}
	s.AddChannel(Channel{ID: "C0BIG", Name: "big", Members: want})
	var got []string
	p := slack.GetUsersInConversationParameters{ChannelID: "C0BIG", Limit: 10}
	for range 3 {
		page, next, err := client(s).GetUsersInConversation(&p)
		if err != nil {
			t.Fatal(err)
		}
		got, p.Cursor = append(got, page...), next
	}
	if diff := cmp.Diff(want, got); diff != "" || p.Cursor != "" {
		t.Error(diff, p.Cursor)
	}
}

func TestOpenConversation(t *testing.T) {
	s := newWorkspace(t, Options{})
	open := func(users ...string) (string, bool, error) {
		c, _, open, err := client(s).OpenConversation(&slack.OpenConversationParameters{Users: users, ReturnIM: true})
		if err != nil {
			return "", false, err
		}
		return c.ID, open, nil
	}
	id, was, err := open("U0ANN")
	if err != nil || was || id != s.Person("U0ANN").DMChannel() {
		t.Errorf("first: %s %v %v", id, was, err)
	}
	if _, was, err := open("U0ANN"); err != nil || !was {
		t.Errorf("second: %v %v", was, err)
	}
	for user, want := range map[string]string{"U0GONE": "user_disabled", "U0NOBODY": "user_not_found",
		"U0RUNNERS": "cannot_dm_bot", "U0STRANGE": "user_not_visible"} {
		if _, _, err := open(user); errCode(err) != want {
			t.Errorf("%s: got %v, want %s", user, err, want)
		}
	}
}

func TestUsersInfo(t *testing.T) {
	s := newWorkspace(t, Options{})
	for id, check := range map[string]func(u *slack.User) bool{
		"U0ANN": func(u *slack.User) bool {
			return u.TZ == "Europe/Berlin" && u.TeamID == "T0OCTO" && u.RealName == "Ann"
		},
		"U0GUEST":   func(u *slack.User) bool { return u.IsRestricted && !u.IsUltraRestricted },
		"U0STRANGE": func(u *slack.User) bool { return u.IsStranger && u.TeamID != "T0OCTO" },
		"U0GONE":    func(u *slack.User) bool { return u.Deleted },
		"U0RUNNERS": func(u *slack.User) bool { return u.IsBot },
	} {
		if u, err := client(s).GetUserInfo(id); err != nil || !check(u) {
			t.Errorf("%s: %+v %v", id, u, err)
		}
	}
	s.SetUser("U0ANN", func(u *User) { u.Deleted = true })
	if u, err := client(s).GetUserInfo("U0ANN"); err != nil || !u.Deleted {
		t.Errorf("deactivated: %+v %v", u, err)
	}
	if _, err := client(s).GetUserInfo("U0NOBODY"); errCode(err) != "user_not_found" {
		t.Errorf("unknown: %v", err)
	}
}

func TestUserGroups(t *testing.T) {
	s := newWorkspace(t, Options{})
	api := client(s)
	got, err := api.GetUserGroupMembers("S0OPS")
	if diff := cmp.Diff([]string{"U0ANN", "U0BOB"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	list, err := api.GetUserGroups(slack.GetUserGroupsOptionIncludeUsers(true))
	if err != nil || len(list) != 1 || list[0].Handle != "ops-team" || len(list[0].Users) != 2 {
		t.Errorf("list %+v %v", list, err)
	}
	if _, err := api.GetUserGroupMembers("S0NONE"); errCode(err) != "no_such_subteam" {
		t.Errorf("unknown: %v", err)
	}
	s.SetGroup("S0OPS", "U0BOB")
	if got, _ := api.GetUserGroupMembers("S0OPS"); len(got) != 1 {
		t.Errorf("after a change: %v", got)
	}
	s.SetGroup("S0OPS")
	if _, err := api.GetUserGroupMembers("S0OPS"); errCode(err) != "no_such_subteam" {
		t.Errorf("disabled: %v", err)
	}
	s.FreePlan(true)
	if _, err := api.GetUserGroups(); errCode(err) != "plan_upgrade_required" {
		t.Errorf("free plan: %v", err)
	}
}

func TestFiles(t *testing.T) {
	s := newWorkspace(t, Options{})
	api := client(s)
	csv := "name,status\nweb-01,online\n"
	ann := s.Person("U0ANN")
	up := func(channel string, size int) error {
		_, err := api.UploadFile(slack.UploadFileParameters{Filename: "runners.csv", Title: "Runners", FileSize: size,
			Reader: strings.NewReader(csv), Channel: channel, InitialComment: "here"})
		return err
	}
	if err := up(ann.DMChannel(), len(csv)); err != nil {
		t.Fatal(err)
	}
	f := ann.Files(ann.DMChannel())
	if len(f) != 1 || f[0].Title != "Runners" || !bytes.Equal(f[0].Content, []byte(csv)) || f[0].Comment != "here" {
		t.Errorf("files %+v", f)
	}
	if n := len(s.Person("U0BOB").Files(ann.DMChannel())); n != 0 {
		t.Errorf("Bob sees %d of Ann's files", n)
	}
	if n := len(ann.Sees(ann.DMChannel())); n != 1 {
		t.Errorf("%d messages with the file, want 1", n)
	}
	if !strings.Contains(string(s.AllText()), "web-01,online") {
		t.Error("the file's contents are not on record")
	}
	for channel, want := range map[string]string{"C0OTHER": "not_in_channel", "C0SECRET": "channel_not_found", "C0OLD": "is_archived"} {
		if err := up(channel, len(csv)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", channel, err, want)
		}
	}
	s.opt.Violation = func(string) {}
	if err := up("C0OPS", len(csv)+1); err == nil {
		t.Error("a file of another length was taken")
	}
}
