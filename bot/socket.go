package bot

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

const (
	ackWithin  = time.Second
	frameLimit = 1 << 20 // bytes of one envelope; slack-go has no limit of its own
	// backOff is the longest that a socket waits before it tries again. slack-go waits up
	// to five minutes, in which nobody gets an answer.
	backOff = 20 * time.Second
)

// keepSocket keeps one connection up until ctx ends.
func (b *Bot) keepSocket(ctx context.Context, n int) {
	for ctx.Err() == nil {
		b.guarded(func() { b.socket(ctx, n) })
		within(ctx.Done(), time.Second)
	}
}

// socket runs one client until it gives up or hangs.
func (b *Bot) socket(ctx context.Context, n int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := socketmode.New(b.api,
		socketmode.OptionDialer(&websocket.Dialer{
			Proxy: http.ProxyFromEnvironment, NetDialContext: b.o.Dial,
			HandshakeTimeout: 15 * time.Second, WriteBufferSize: 32 << 10, // acks go out in one frame
		}),
		socketmode.OptionReadLimit(frameLimit), socketmode.OptionLog(quiet{}))
	ended := make(chan error, 1)
	go b.guarded(func() {
		err := errors.New("the socket failed")
		defer func() { ended <- err }()
		err = c.RunContext(ctx)
	})
	up := false
	set := func(now bool) {
		if now != up {
			up = now
			b.connected.Add(map[bool]int32{true: 1, false: -1}[now])
		}
	}
	defer func() {
		set(false)
		cancel()
		<-ended // nothing is left behind
	}()
	for {
		select {
		case err := <-ended:
			ended <- nil
			if f := refusal("SLACK_APP_TOKEN", err); f != nil && ctx.Err() == nil {
				b.fail(f)
			}
			return
		case e := <-c.Events:
			switch e.Type {
			case socketmode.EventTypeHello:
				set(true)
				b.o.Log.Info("socket up", "socket", n)
			case socketmode.EventTypeConnecting:
				set(false)
			case socketmode.EventTypeConnectionError:
				if ce, ok := e.Data.(*slack.ConnectionErrorEvent); ok {
					if f := refusal("SLACK_APP_TOKEN", ce.ErrorObj); f != nil {
						b.fail(f)
					}
					if _, limited := limit(ce.ErrorObj); ce.Backoff > backOff && !limited {
						return // begin again, with a short wait
					}
				}
			case socketmode.EventTypeErrorWriteFailed:
				b.o.Log.Warn("an acknowledgement was not sent", "socket", n)
			case socketmode.EventTypeErrorBadMessage:
				if id := badEnvelope(e); id != "" {
					b.o.Log.Warn("an envelope could not be read", "event", string(e.Type))
					b.receive(arrival{kind: ignored, envelope: id}, c)
				}
			case socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive, socketmode.EventTypeEventsAPI:
				b.receive(read(e, b.self.UserID, b.o.Now()), c)
			}
		}
	}
}

// receive hands an arrival on. It never blocks: who reads the socket answers its pings.
// What is not taken is not acknowledged, so nobody is led to think that it was: Slack
// tells the person, or sends it again.
func (b *Bot) receive(a arrival, c *socketmode.Client) {
	if b.stopping.Load() {
		return
	}
	a.ack, a.due = acker(c, a.envelope), time.Now().Add(storeWithin)
	select {
	case b.intake <- a:
	default:
		b.o.Log.Error("too much comes in; an envelope was not taken", "event", string(a.kind))
	}
}

// badEnvelope is the id of what slack-go could not read. It is acknowledged, or Slack
// sends it again and again.
func badEnvelope(e socketmode.Event) string {
	bad, ok := e.Data.(*socketmode.ErrorBadMessage)
	if !ok {
		return ""
	}
	var envelope struct {
		ID string `json:"envelope_id"`
	}
	if json.Unmarshal(bad.Message, &envelope) != nil {
		return ""
	}
	return envelope.ID
}

// acker acknowledges through the connection that brought the envelope. slack-go only
// queues the acknowledgement; one that gets lost is made up for by the key of what it was
// about, when Slack sends it again.
func acker(c *socketmode.Client, envelope string) func(context.Context, any) error {
	return func(ctx context.Context, payload any) error {
		ctx, cancel := context.WithTimeout(ctx, ackWithin)
		defer cancel()
		return c.AckCtx(ctx, envelope, payload)
	}
}
