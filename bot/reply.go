package bot

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"runnerdesk/internal/blocks"
	"runnerdesk/internal/fleet"
)

// reply is where an answer goes. Its address and trigger are bearer secrets: they live in
// memory only.
type reply struct {
	url       fleet.Secret // at most 5 uses in 30 minutes
	trigger   fleet.Secret // once, within 3 seconds
	channel   string
	thread    string
	message   string // of the message whose button was pressed
	person    string
	ephemeral bool // that message is seen by the person alone, and is replaced by the answer
	private   bool // a direct message: nobody else is there
}

// replies keeps the reply of each stored input until it is answered.
type replies struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[string]kept
}

type kept struct {
	reply reply
	at    time.Time
}

// replyFor is how long Slack takes answers.
const replyFor = 30 * time.Minute

func newReplies(now func() time.Time) *replies { return &replies{now: now, of: map[string]kept{}} }

func (r *replies) put(key string, to reply) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	for k, v := range r.of {
		if now.Sub(v.at) > replyFor {
			delete(r.of, k)
		}
	}
	r.of[key] = kept{to, now}
}

// take gives the reply of an input once.
func (r *replies) take(key string) (reply, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.of[key]
	delete(r.of, key)
	return v.reply, ok
}

// send shows a message to the person alone: by the answer address, else as an ephemeral
// message where they asked, else by direct message. When the outcome of one way is not
// known the next one is taken all the same: an answer seen twice does no harm, and none
// does. It reports whether Slack took the message.
func (b *Bot) send(ctx context.Context, to reply, m blocks.Message, replace bool) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*patientWithin)
	defer cancel()
	post := func(channel, thread string) func(context.Context, blocks.Message) error {
		return func(ctx context.Context, m blocks.Message) error {
			_, _, err := b.api.PostMessageContext(ctx, channel, reply{thread: thread}.content(m)...)
			return err
		}
	}
	var ways []func(context.Context, blocks.Message) error
	if !to.url.IsZero() {
		ways = append(ways, func(ctx context.Context, m blocks.Message) error { return b.respond(ctx, to.url, m, replace, false) })
	}
	switch {
	case to.private:
		ways = append(ways, post(to.channel, to.thread))
	case to.channel != "":
		ways = append(ways, func(ctx context.Context, m blocks.Message) error {
			_, err := b.api.PostEphemeralContext(ctx, to.channel, to.person, to.content(m)...)
			return err
		})
	}
	ways = append(ways, post(to.person, ""))
	var err error
	for _, way := range ways {
		err = plainer(m, func(m blocks.Message) error {
			return b.persist(ctx, func(ctx context.Context) error { return way(ctx, m) })
		})
		if err == nil {
			return true
		}
		b.heed(err)
	}
	b.o.Log.Warn("an answer could not be sent", "user", to.person, "channel", to.channel, "err", clean(err))
	return false
}

// sendWithin bounds one call that a person waits for.
const sendWithin = 5 * time.Second

// persist tries up to three times while Slack is slow, broken or asks to wait. What is
// tried must be harmless when it happens twice.
func (b *Bot) persist(ctx context.Context, try func(context.Context) error) error {
	for n := 1; ; n++ {
		once, cancel := context.WithTimeout(ctx, sendWithin)
		err := try(once)
		cancel()
		wait, limited := limit(err)
		if !limited {
			wait = time.Duration(n) * 500 * time.Millisecond
		}
		if err == nil || n == 3 || certain(err) && !limited || within(ctx.Done(), wait) {
			return err
		}
	}
}

// certain reports whether Slack answered, and would answer the same again.
func certain(err error) bool {
	switch slackCode(err) {
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org":
		return false // https://docs.slack.dev/reference/methods/views.update, "Errors"
	}
	var status slack.StatusCodeError
	return slackCode(err) != "" || errors.As(err, &status) && status.Code < http.StatusInternalServerError
}

// respond posts to an answer address.
func (b *Bot) respond(ctx context.Context, url fleet.Secret, m blocks.Message, replace, share bool) error {
	no := false
	msg := &slack.WebhookMessage{
		ResponseType: slack.ResponseTypeEphemeral, ReplaceOriginal: replace, Text: m.Text, UnfurlLinks: &no, UnfurlMedia: &no,
	}
	if share {
		msg.ResponseType = slack.ResponseTypeInChannel
	}
	if len(m.Blocks) > 0 {
		msg.Blocks = &slack.Blocks{BlockSet: m.Blocks}
	}
	return slack.PostWebhookCustomHTTPContext(ctx, url.Reveal(), b.http, msg)
}

// plainer tries a message, and once more as plain text when Slack refuses its blocks.
func plainer(m blocks.Message, try func(blocks.Message) error) error {
	err := try(m)
	if err == nil || len(m.Blocks) == 0 || !refusedBlocks(err) {
		return err
	}
	return try(blocks.Message{Text: m.Text})
}

// refusedBlocks reports whether plain text may do better. An answer address tells no code,
// only the status 400.
func refusedBlocks(err error) bool {
	switch slackCode(err) {
	case "invalid_blocks", "invalid_blocks_format", "invalid_attachments", "msg_blocks_too_long", "msg_too_long", "too_many_attachments", "block_mismatch":
		return true
	}
	var status slack.StatusCodeError
	return errors.As(err, &status) && status.Code == 400
}

// content is a message as options of slack-go, in the thread of the reply.
func (to reply) content(m blocks.Message) []slack.MsgOption {
	options := append(content(m), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	if to.thread != "" {
		options = append(options, slack.MsgOptionTS(to.thread))
	}
	return options
}

// content is a message as options of slack-go. The text is markup to Slack; blocks have
// escaped it.
func content(m blocks.Message) []slack.MsgOption {
	options := []slack.MsgOption{slack.MsgOptionText(m.Text, false)}
	if len(m.Blocks) > 0 {
		options = append(options, slack.MsgOptionBlocks(m.Blocks...))
	}
	return options
}

// tellLater stores a notice for a person, who gets it by direct message: it is how an
// answer arrives whose address is gone. It reports whether nothing is left to do.
func (b *Bot) tellLater(ctx context.Context, key, person string, n *fleet.Notice) bool {
	if n == nil {
		return true
	}
	body, err := json.Marshal(n)
	if err == nil {
		_, err = b.o.Store.Enqueue(ctx, fleet.Surface{Key: "answer/" + key, Kind: fleet.NoticeSurface, Channel: person}, body)
	}
	if err != nil {
		b.o.Log.Error("an answer can't be stored", "user", person, "err", err)
	}
	return err == nil
}
