package slackd

import (
	"slices"
	"sort"
	"strconv"
	"strings"
)

func (s *Server) authTest(*request) (map[string]any, *failure) {
	out := map[string]any{"url": "https://" + s.app.Domain + ".slack.com/", "team": s.app.Domain, "team_id": s.app.Team,
		"user": s.users[s.app.BotUser].Name, "user_id": s.app.BotUser, "bot_id": s.app.BotID, "is_enterprise_install": false}
	if s.app.Enterprise != "" {
		out["enterprise_id"] = s.app.Enterprise
	}
	return out, nil
}

// readable finds a conversation for the conversations.* methods and checks the scope
// that its kind needs.
func (s *Server) readable(id string) (*Channel, *failure) {
	c := s.channels[id]
	if c == nil || (c.Private && !s.botIn(c)) {
		if !s.scope("channels:read") && !s.scope("groups:read") && !s.scope("im:read") {
			return nil, missingScope("channels:read,groups:read,mpim:read,im:read", s.app.Scopes)
		}
		return nil, refuse("channel_not_found")
	}
	need := "channels:read"
	switch {
	case c.isDM():
		need = "im:read"
	case c.Private:
		need = "groups:read"
	}
	if !s.scope(need) {
		return nil, missingScope(need, s.app.Scopes)
	}
	return c, nil
}

func (s *Server) conversationsInfo(r *request) (map[string]any, *failure) {
	c, fail := s.readable(r.str("channel"))
	if fail != nil {
		return nil, fail
	}
	out := map[string]any{"id": c.ID, "name": c.Name, "name_normalized": c.Name, "created": 1700000000,
		"is_channel": !c.isDM(), "is_group": false, "is_im": c.isDM(), "is_mpim": false, "is_private": c.Private,
		"is_archived": c.Archived, "is_general": false, "is_member": s.botIn(c),
		"is_shared": c.ExtShared, "is_ext_shared": c.ExtShared, "is_org_shared": false,
		"is_pending_ext_shared": c.PendingExtShared, "context_team_id": s.app.Team, "creator": ""}
	if c.isDM() {
		delete(out, "name")
		delete(out, "name_normalized")
		for _, m := range c.Members {
			if m != s.app.BotUser {
				out["user"] = m
			}
		}
	}
	if r.bool("include_num_members") {
		out["num_members"] = len(c.Members)
	}
	return map[string]any{"channel": out}, nil
}

func (s *Server) conversationsMembers(r *request) (map[string]any, *failure) {
	c, fail := s.readable(r.str("channel"))
	if fail != nil {
		return nil, fail
	}
	limit := 100
	if t := r.str("limit"); t != "" {
		n, err := strconv.Atoi(t)
		if err != nil || n < 1 || n > 1000 {
			return nil, mistaken("invalid_limit")
		}
		limit = n
	}
	from := 0
	if t := r.str("cursor"); t != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(t, "from:"))
		if err != nil || n < 0 || n > len(c.Members) {
			return nil, mistaken("invalid_cursor")
		}
		from = n
	}
	to, next := min(from+limit, len(c.Members)), ""
	if to < len(c.Members) {
		next = "from:" + strconv.Itoa(to)
	}
	return map[string]any{"members": append([]string{}, c.Members[from:to]...),
		"response_metadata": map[string]any{"next_cursor": next}}, nil
}

func (s *Server) conversationsOpen(r *request) (map[string]any, *failure) {
	users := r.str("users")
	switch {
	case users == "" && r.str("channel") == "":
		return nil, mistaken("users_list_not_supplied")
	case users == "":
		c := s.channels[r.str("channel")]
		if c == nil || !c.isDM() || !s.botIn(c) {
			return nil, refuse("channel_not_found")
		}
		return map[string]any{"no_op": true, "already_open": true, "channel": map[string]any{"id": c.ID}}, nil
	case strings.Contains(users, ","):
		return nil, missingScope("mpim:write", s.app.Scopes)
	}
	u := s.users[users]
	switch {
	case u == nil:
		return nil, refuse("user_not_found")
	case u.Deleted:
		return nil, refuse("user_disabled")
	case u.Bot:
		return nil, refuse("cannot_dm_bot")
	case u.Stranger:
		return nil, refuse("user_not_visible")
	}
	_, open := s.channels["D"+strings.TrimLeft(users, "UW")]
	c := s.dm(users)
	channel := map[string]any{"id": c.ID}
	if r.bool("return_im") {
		channel["is_im"], channel["user"], channel["created"] = true, users, 1700000000
	}
	return map[string]any{"channel": channel, "no_op": open, "already_open": open}, nil
}

func (s *Server) usersInfo(r *request) (map[string]any, *failure) {
	u := s.users[r.str("user")]
	if u == nil {
		return nil, refuse("user_not_found")
	}
	out := map[string]any{"id": u.ID, "team_id": u.Team, "name": u.Name, "deleted": u.Deleted, "real_name": u.RealName,
		"is_bot": u.Bot, "is_app_user": false, "updated": 1700000000,
		"profile": map[string]any{"real_name": u.RealName, "display_name": u.Name, "team": u.Team}}
	if !u.Deleted { // Slack leaves these out of a deactivated account
		out["tz"], out["tz_label"], out["tz_offset"] = u.TZ, u.TZ, 0
		out["is_restricted"], out["is_ultra_restricted"] = u.Restricted || u.UltraRestricted, u.UltraRestricted
		out["is_admin"], out["is_owner"], out["is_primary_owner"] = false, false, false
	}
	if u.Stranger {
		out["is_stranger"] = true
	}
	if s.app.Enterprise != "" {
		out["enterprise_user"] = map[string]any{"id": u.ID, "enterprise_id": s.app.Enterprise, "teams": []string{u.Team}}
	}
	return map[string]any{"user": out}, nil
}

func (s *Server) usergroupsList(r *request) (map[string]any, *failure) {
	if s.free {
		return nil, refuse("plan_upgrade_required")
	}
	list := []map[string]any{}
	for _, g := range s.groups {
		if g.disabled && !r.bool("include_disabled") {
			continue
		}
		one := map[string]any{"id": g.id, "team_id": s.app.Team, "is_usergroup": true, "name": g.handle,
			"handle": g.handle, "description": "", "is_external": false, "date_create": 1700000000,
			"date_update": 1700000000, "date_delete": 0, "prefs": map[string]any{"channels": []string{}, "groups": []string{}}}
		if g.disabled {
			one["date_delete"] = 1700000000
		}
		if r.bool("include_users") {
			one["users"] = slices.Clone(g.users)
		}
		if r.bool("include_count") {
			one["user_count"] = len(g.users)
		}
		list = append(list, one)
	}
	sort.Slice(list, func(i, j int) bool { return list[i]["id"].(string) < list[j]["id"].(string) })
	return map[string]any{"usergroups": list}, nil
}

func (s *Server) usergroupsUsersList(r *request) (map[string]any, *failure) {
	if s.free {
		return nil, refuse("plan_upgrade_required")
	}
	g := s.groups[r.str("usergroup")]
	if g == nil || (g.disabled && !r.bool("include_disabled")) {
		return nil, refuse("no_such_subteam")
	}
	return map[string]any{"users": append([]string{}, g.users...)}, nil
}
