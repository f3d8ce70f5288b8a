package slackd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	viewLimit  = 250 << 10 // bytes of a view's JSON
	stackLimit = 3         // views on top of each other
)

// View is a dialog or a Home tab as Slack keeps it. Values handed out are copies.
type View struct {
	ID, Type, User                       string
	Title, Submit, Close                 string
	CallbackID, PrivateMetadata          string
	ExternalID, Hash, RootID, PreviousID string
	NotifyOnClose, ClearOnClose          bool
	Blocks                               []json.RawMessage
	// Errors are the last ones that a submission got, by block id.
	Errors map[string]string

	titles map[string]json.RawMessage           // title, submit and close as sent
	typed  map[string]map[string]map[string]any // block id -> action id -> state
	asked  map[string]map[string]map[string]any // block id/action id -> value -> suggested option
}

func (v *View) copy() View {
	c := *v
	c.Blocks = slices.Clone(v.Blocks)
	c.Errors = map[string]string{}
	for k, e := range v.Errors {
		c.Errors[k] = e
	}
	return c
}

var viewFields = map[string][]string{
	"modal": {"type", "title", "submit", "close", "blocks", "private_metadata", "callback_id", "clear_on_close",
		"notify_on_close", "external_id", "submit_disabled"},
	"home": {"type", "blocks", "private_metadata", "callback_id", "external_id"},
}

// parseView checks a view's JSON. The caller holds mu.
func (s *Server) parseView(raw json.RawMessage, kind string) (*View, *failure) {
	if len(raw) > viewLimit {
		return nil, mistaken("view_too_large")
	}
	var in map[string]json.RawMessage
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, mistaken("invalid_arguments", "view is not a JSON object [json-pointer:/view]")
	}
	v := &View{titles: map[string]json.RawMessage{}, typed: map[string]map[string]map[string]any{},
		asked: map[string]map[string]map[string]any{}}
	var bad []string
	say := func(at, format string, args ...any) {
		bad = append(bad, fmt.Sprintf(format, args...)+" [json-pointer:/view"+at+"]")
	}
	text := func(name string, limit int) string {
		var t string
		if r, ok := in[name]; ok && json.Unmarshal(r, &t) != nil {
			say("/"+name, "must be a string")
		}
		if utf8.RuneCountInString(t) > limit {
			say("/"+name, "must be less than %d characters", limit+1)
		}
		return t
	}
	flag := func(name string) (b bool) {
		if r, ok := in[name]; ok && json.Unmarshal(r, &b) != nil {
			say("/"+name, "must be a boolean")
		}
		return b
	}
	v.Type = text("type", 10)
	if v.Type != kind {
		return nil, mistaken("invalid_arguments", fmt.Sprintf("view type %q, not %q [json-pointer:/view/type]", v.Type, kind))
	}
	for k := range in {
		if !slices.Contains(viewFields[kind], k) {
			say("/"+k, "no such field in a %s view", kind)
		}
	}
	v.CallbackID, v.PrivateMetadata = text("callback_id", 255), text("private_metadata", 3000)
	v.ExternalID = text("external_id", 255)
	v.NotifyOnClose, v.ClearOnClose = flag("notify_on_close"), flag("clear_on_close")
	for name, to := range map[string]*string{"title": &v.Title, "submit": &v.Submit, "close": &v.Close} {
		r, ok := in[name]
		if !ok || bytes.Equal(r, []byte("null")) {
			continue
		}
		c := newChecker(surface(kind))
		*to = c.plainText("/view/"+name, decode(r), 24)
		bad = append(bad, c.errs...)
		v.titles[name] = r
	}
	if kind == "modal" && v.Title == "" {
		say("", "missing required field: title")
	}
	blocks, _, blockErr := checkBlocks(surface(kind), in["blocks"], s.newBlockID)
	if blockErr != nil {
		for _, m := range blockErr.messages {
			bad = append(bad, strings.Replace(m, "json-pointer:/blocks", "json-pointer:/view/blocks", 1))
		}
	}
	v.Blocks = blocks
	if kind == "modal" && v.Submit == "" && blockErr == nil {
		for _, b := range blocks {
			if m := asObject(decode(b)); m["type"] == "input" {
				say("/submit", "missing required field: submit, as the view has input blocks")
				break
			}
		}
	}
	if len(bad) > 0 {
		return nil, mistaken("invalid_arguments", bad...)
	}
	return v, nil
}

// asJSON is the view as Slack writes it into answers and payloads.
func (s *Server) viewJSON(v *View) map[string]any {
	out := map[string]any{"id": v.ID, "team_id": s.app.Team, "type": v.Type, "blocks": v.Blocks,
		"private_metadata": v.PrivateMetadata, "callback_id": v.CallbackID, "hash": v.Hash,
		"clear_on_close": v.ClearOnClose, "notify_on_close": v.NotifyOnClose, "external_id": v.ExternalID,
		"root_view_id": v.RootID, "previous_view_id": nil, "app_id": s.app.ID, "bot_id": s.app.BotID,
		"app_installed_team_id": s.app.Team, "title": nil, "submit": nil, "close": nil,
		"state": map[string]any{"values": stateOf(v.Blocks, v.typed)}}
	if v.PreviousID != "" {
		out["previous_view_id"] = v.PreviousID
	}
	for k, t := range v.titles {
		out[k] = t
	}
	return out
}

func (s *Server) newHash() string {
	s.serial++
	return fmt.Sprintf("%d.%06x", s.opt.Now().Unix(), s.serial)
}

// show puts a new view on a person's stack. The caller holds mu.
func (s *Server) show(v *View, user string) *failure {
	stack := s.modals[user]
	if v.ExternalID != "" {
		for _, list := range s.modals {
			for _, o := range list {
				if o.ExternalID == v.ExternalID {
					return refuse("duplicate_external_id")
				}
			}
		}
	}
	v.ID, v.Hash, v.User = s.newID("V"), s.newHash(), user
	v.RootID = v.ID
	if len(stack) > 0 {
		if len(stack) >= stackLimit {
			return refuse("push_limit_reached")
		}
		v.RootID, v.PreviousID = stack[0].ID, stack[len(stack)-1].ID
	}
	s.modals[user] = append(slices.Clone(stack), v)
	s.note()
	return nil
}

func (s *Server) viewsOpen(r *request) (map[string]any, *failure) {
	v, fail := s.parseView(r.object("view"), "modal")
	if fail != nil {
		return nil, fail
	}
	t, fail := s.exchange(r.str("trigger_id"))
	if fail != nil {
		return nil, fail
	}
	if !t.inView {
		s.modals[t.user] = nil // a person can only act outside of a dialog after leaving it
	}
	if fail := s.show(v, t.user); fail != nil {
		return nil, fail
	}
	return map[string]any{"view": s.viewJSON(v)}, nil
}

func (s *Server) viewsPush(r *request) (map[string]any, *failure) {
	v, fail := s.parseView(r.object("view"), "modal")
	if fail != nil {
		return nil, fail
	}
	t, fail := s.exchange(r.str("trigger_id"))
	if fail != nil {
		return nil, fail
	}
	if !t.inView || len(s.modals[t.user]) == 0 {
		return nil, refuse("not_found")
	}
	if fail := s.show(v, t.user); fail != nil {
		return nil, fail
	}
	return map[string]any{"view": s.viewJSON(v)}, nil
}

// openView finds a dialog that is on a person's screen. The caller holds mu.
func (s *Server) openView(id, external string) *View {
	for _, stack := range s.modals {
		for _, v := range stack {
			if (id != "" && v.ID == id) || (id == "" && external != "" && v.ExternalID == external) {
				return v
			}
		}
	}
	return nil
}

func (s *Server) viewsUpdate(r *request) (map[string]any, *failure) {
	if r.str("view_id") == "" && r.str("external_id") == "" {
		return nil, mistaken("invalid_arguments", "missing required field: view_id")
	}
	next, fail := s.parseView(r.object("view"), "modal")
	if fail != nil {
		return nil, fail
	}
	v := s.openView(r.str("view_id"), r.str("external_id"))
	if v == nil {
		return nil, refuse("not_found")
	}
	if h := r.str("hash"); h != "" && h != v.Hash {
		return nil, refuse("hash_conflict")
	}
	s.replace(v, next)
	return map[string]any{"view": s.viewJSON(v)}, nil
}

// replace gives an open view new contents. What was typed stays where block and action
// keep their ids, as in Slack. The caller holds mu.
func (s *Server) replace(v, next *View) {
	next.ID, next.RootID, next.PreviousID, next.User = v.ID, v.RootID, v.PreviousID, v.User
	next.typed, next.asked = v.typed, v.asked
	next.Hash = s.newHash()
	*v = *next
	s.note()
}

func (s *Server) viewsPublish(r *request) (map[string]any, *failure) {
	if s.app.NoHomeTab {
		return nil, refuse("not_enabled")
	}
	v, fail := s.parseView(r.object("view"), "home")
	if fail != nil {
		return nil, fail
	}
	user := r.str("user_id")
	if u := s.users[user]; u == nil || u.Bot || u.Stranger {
		return nil, mistaken("invalid_arguments", "no such user [json-pointer:/user_id]")
	}
	if old := s.homes[user]; old != nil {
		if h := r.str("hash"); h != "" && h != old.Hash {
			return nil, refuse("hash_conflict")
		}
		s.replace(old, v)
		return map[string]any{"view": s.viewJSON(old)}, nil
	}
	v.ID, v.Hash, v.User = s.newID("V"), s.newHash(), user
	v.RootID = v.ID
	s.homes[user] = v
	s.note()
	return map[string]any{"view": s.viewJSON(v)}, nil
}
