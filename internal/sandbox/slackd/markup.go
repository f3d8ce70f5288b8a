package slackd

import (
	"encoding/json"
	"regexp"
	"strings"
)

var (
	// angle is a token in angle brackets, as Slack reads mrkdwn.
	angle = regexp.MustCompile(`<([@#!][^<>\n]+|(?:https?|mailto|tel):[^<>\n]+)>`)
	// bare is an address that Slack makes a link of by itself.
	bare = regexp.MustCompile(`https?://[^\s<>|]+`)
)

// Mentions lists everything in the message that notifies someone or points at a channel,
// written as <@U…>, <!subteam^S…>, <!here>, <#C…>. It covers the plain text form, mrkdwn
// and markdown texts, and rich text.
func (m Message) Mentions() []string { out, _ := markup(m.Text, m.Parse, m.Blocks); return out }

// Links lists every address that the message makes a link of, also bare ones in mrkdwn.
// Buttons with a url are not among them.
func (m Message) Links() []string { _, out := markup(m.Text, m.Parse, m.Blocks); return out }

// Mentions is as in Message.
func (v View) Mentions() []string { out, _ := markup("", "", v.Blocks); return out }

// Links is as in Message.
func (v View) Links() []string { _, out := markup("", "", v.Blocks); return out }

func markup(text, parse string, blocks []json.RawMessage) (mentions, links []string) {
	scan := func(t string, auto bool) {
		for _, at := range angle.FindAllStringSubmatch(t, -1) {
			target, _, _ := strings.Cut(at[1], "|")
			switch {
			case strings.HasPrefix(target, "!date^"):
				if parts := strings.Split(target, "^"); len(parts) > 3 {
					links = append(links, parts[3])
				}
			case strings.ContainsRune("@#!", rune(target[0])):
				mentions = append(mentions, "<"+target+">")
			default:
				links = append(links, target)
			}
		}
		if auto {
			links = append(links, bare.FindAllString(angle.ReplaceAllString(t, " "), -1)...)
		}
	}
	// Beside blocks the text is only the notification: its mentions count, but there is
	// nothing to click.
	scan(text, len(blocks) == 0 && parse != "none")
	for _, raw := range blocks {
		walk(decode(raw), func(m map[string]any) {
			switch m["type"] {
			case "mrkdwn":
				scan(asString(m["text"]), m["verbatim"] != true)
			case "markdown":
				scan(asString(m["text"]), true)
			case "user":
				mentions = append(mentions, "<@"+asString(m["user_id"])+">")
			case "usergroup":
				mentions = append(mentions, "<!subteam^"+asString(m["usergroup_id"])+">")
			case "channel":
				mentions = append(mentions, "<#"+asString(m["channel_id"])+">")
			case "broadcast":
				mentions = append(mentions, "<!"+asString(m["range"])+">")
			case "link":
				links = append(links, asString(m["url"]))
			case "date":
				if u := asString(m["url"]); u != "" {
					links = append(links, u)
				}
			}
		})
	}
	return mentions, links
}

// walk visits every object in a JSON value.
func walk(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, x := range v {
			walk(x, visit)
		}
	case []any:
		for _, x := range v {
			walk(x, visit)
		}
	}
}
