package notifier

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"runnerdesk/internal/fleet"
)

// Outbox stores messages that must be shown.
type Outbox interface {
	Enqueue(ctx context.Context, s fleet.Surface, body []byte) (fresh bool, err error)
}

// Operators are those who hear of what only they can mend.
type Operators struct {
	Channel string
	People  []string
	Store   Outbox
	Now     func() time.Time
	Log     *slog.Logger
}

// Tell tells the operators once a day about a topic. It always logs it.
func (o Operators) Tell(ctx context.Context, topic string, text fleet.Prose) {
	o.Log.Warn("for the operators", "event", topic, "what", text.String())
	body, err := json.Marshal(fleet.Notice{Kind: fleet.Trouble, Text: text})
	if err != nil {
		o.Log.Error("a notice can't be written", "err", err)
		return
	}
	to := o.People
	if o.Channel != "" {
		to = append([]string{o.Channel}, to...)
	}
	for _, id := range to {
		s := fleet.Surface{Key: "operators/" + topic + "/" + id + "/" + o.Now().UTC().Format(time.DateOnly), Kind: fleet.NoticeSurface, Channel: id}
		if _, err := o.Store.Enqueue(ctx, s, body); err != nil {
			o.Log.Error("a notice can't be stored", "err", err)
		}
	}
}
