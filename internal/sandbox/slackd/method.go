package slackd

// method describes one Web API method. Scopes, tiers and arguments are those of
// docs.slack.dev/reference/methods.
type method struct {
	app   bool     // needs the app-level token instead of the bot's
	scope string   // "" where none is needed or run decides itself
	tier  int      // calls per minute; 0 is not limited by tier
	json  bool     // takes JSON bodies
	need  []string // arguments that must be there
	may   []string // arguments that may be there
	run   func(*Server, *request) (map[string]any, *failure)
	burst func(*Server, *request) *failure // a rate limit of its own
}

var postArgs = []string{"text", "blocks", "thread_ts", "reply_broadcast", "mrkdwn", "parse", "link_names",
	"unfurl_links", "unfurl_media", "metadata", "as_user"}

var methods map[string]*method

func init() {
	methods = map[string]*method{
		"apps.connections.open": {app: true, scope: "connections:write", tier: 50, json: true, run: (*Server).connectionsOpen},
		"auth.test":             {json: true, run: (*Server).authTest},
		"chat.postMessage": {scope: "chat:write", json: true, need: []string{"channel"}, may: postArgs,
			run: (*Server).postMessage, burst: (*Server).onePerSecond},
		"chat.postEphemeral": {scope: "chat:write", tier: 100, json: true, need: []string{"channel", "user"},
			may: postArgs, run: (*Server).postEphemeral},
		"chat.update": {scope: "chat:write", tier: 50, json: true, need: []string{"channel", "ts"},
			may: []string{"text", "blocks", "parse", "link_names", "metadata", "as_user", "reply_broadcast"}, run: (*Server).update},
		"chat.delete": {scope: "chat:write", tier: 50, json: true, need: []string{"channel", "ts"},
			may: []string{"as_user"}, run: (*Server).deleteMessage},
		"conversations.info": {tier: 50, need: []string{"channel"},
			may: []string{"include_locale", "include_num_members"}, run: (*Server).conversationsInfo},
		"conversations.members": {tier: 100, need: []string{"channel"}, may: []string{"cursor", "limit"},
			run: (*Server).conversationsMembers},
		"conversations.open": {scope: "im:write", tier: 50, json: true,
			may: []string{"users", "channel", "return_im", "prevent_creation"}, run: (*Server).conversationsOpen},
		"users.info": {scope: "users:read", tier: 100, need: []string{"user"}, may: []string{"include_locale"},
			run: (*Server).usersInfo},
		"usergroups.list": {scope: "usergroups:read", tier: 20,
			may: []string{"include_count", "include_disabled", "include_users", "team_id"}, run: (*Server).usergroupsList},
		"usergroups.users.list": {scope: "usergroups:read", tier: 20, need: []string{"usergroup"},
			may: []string{"include_disabled", "team_id"}, run: (*Server).usergroupsUsersList},
		"views.open": {tier: 100, json: true, need: []string{"view", "trigger_id"}, run: (*Server).viewsOpen},
		"views.push": {tier: 100, json: true, need: []string{"view", "trigger_id"}, run: (*Server).viewsPush},
		"views.update": {tier: 100, json: true, need: []string{"view"},
			may: []string{"view_id", "external_id", "hash"}, run: (*Server).viewsUpdate},
		"views.publish": {tier: 100, json: true, need: []string{"view", "user_id"}, may: []string{"hash"},
			run: (*Server).viewsPublish},
		"files.getUploadURLExternal": {scope: "files:write", tier: 100, need: []string{"filename", "length"},
			may: []string{"alt_txt", "snippet_type"}, run: (*Server).getUploadURL},
		"files.completeUploadExternal": {scope: "files:write", tier: 100, json: true, need: []string{"files"},
			may: []string{"channel_id", "channels", "initial_comment", "blocks", "thread_ts"}, run: (*Server).completeUpload},
	}
}
