package notifier

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"runnerdesk/internal/fleet"
)

// Store is what the notifier needs of storage.
type Store interface {
	ClaimSlot(ctx context.Context, job, slot string, due time.Time, state string, surface fleet.Surface, body []byte) (won bool, err error)
	LastSlot(ctx context.Context, job string) (slot string, due time.Time, err error)
	MessageOf(ctx context.Context, key string) (fleet.Message, error)
	Records(ctx context.Context, scope fleet.Scope) ([]fleet.Record, error)
	Reading(ctx context.Context, scope fleet.Scope) (fleet.Reading, error)
	Requests(ctx context.Context, q fleet.RequestQuery) ([]fleet.Request, error)
	AuditHead(ctx context.Context) (string, error)
	Enqueue(ctx context.Context, s fleet.Surface, body []byte) (fresh bool, err error)
}

// Watcher reads a scope from GitHub into the store.
type Watcher interface {
	Read(ctx context.Context, scope fleet.Scope) error
}

// Plan is a digest with its schedule.
type Plan struct {
	fleet.DigestPlan
	Schedule Schedule
}

// Notifier posts digests when they are due. Its fields are set once.
type Notifier struct {
	Store   Store
	Watcher Watcher
	Digests []Plan
	Every   time.Duration // how often slots are looked for; 15 s when 0
	Now     func() time.Time
	Log     *slog.Logger

	shapes map[string]string // of the last digest of each name
}

// The states of a slot in the store.
const (
	claimed = "claimed"
	skipped = "skipped"
)

const (
	lookEvery    = 15 * time.Second // a wall clock that jumps is noticed within it
	gatherWithin = 45 * time.Second
	grace        = 2 * time.Hour // how late a digest is still posted
	lateFrom     = 2 * time.Minute
	catchUp      = 1000           // missed slots that are written down as skipped
	lookBack     = 32 * fleet.Day // for the digest that was posted last
)

// Run posts what is due until ctx ends.
func (n *Notifier) Run(ctx context.Context) error {
	n.shapes = map[string]string{}
	timer := time.NewTicker(cmp.Or(n.Every, lookEvery))
	defer timer.Stop()
	for {
		for _, p := range n.Digests {
			n.guarded(func() {
				if err := n.post(ctx, p); err != nil && ctx.Err() == nil {
					n.Log.Error("digest can't be made", "digest", p.Name, "err", err)
				}
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
	}
}

// post claims the newest slot that is due and has its message stored in the same
// transaction. Older missed slots are skipped.
func (n *Notifier) post(ctx context.Context, p Plan) error {
	now := n.Now()
	_, last, err := n.Store.LastSlot(ctx, p.Name)
	if errors.Is(err, fleet.ErrNotFound) {
		// A new digest: nothing is posted for the past. That is written down, so that a
		// restart before its first slot loses no slot.
		_, err = n.Store.ClaimSlot(ctx, p.Name, now.In(p.Schedule.zone).Format(Slot), now, skipped, fleet.Surface{}, nil)
		return err
	}
	if err != nil {
		return err
	}
	type slotAt struct {
		name string
		due  time.Time
	}
	var due []slotAt
	for slot, at := p.Schedule.Next(last); !at.IsZero() && !at.After(now); slot, at = p.Schedule.Next(at) {
		if due = append(due, slotAt{slot, at}); len(due) > catchUp {
			due = due[1:]
		}
	}
	for i, s := range due {
		newest := i == len(due)-1
		if newest && now.Sub(s.due) <= p.grace(s.due) {
			return n.postSlot(ctx, p, s.name, s.due, last)
		}
		if _, err := n.Store.ClaimSlot(ctx, p.Name, s.name, s.due, skipped, fleet.Surface{}, nil); err != nil {
			return err
		}
	}
	return nil
}

// grace is how late a slot may be posted: two hours, or half of the time to the next when
// that is shorter.
func (p Plan) grace(due time.Time) time.Duration {
	_, after := p.Schedule.Next(due)
	if after.IsZero() {
		return grace
	}
	return min(grace, after.Sub(due)/2)
}

func (n *Notifier) postSlot(ctx context.Context, p Plan, slot string, due, last time.Time) error {
	gather, cancel := context.WithTimeout(ctx, gatherWithin)
	defer cancel()
	d, err := n.Gather(gather, p.DigestPlan)
	if err != nil {
		return err
	}
	d.Due, d.Late = due, d.At.Sub(due) > lateFrom
	state := claimed
	if !n.wanted(ctx, p, d, last) {
		state = skipped
	}
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("digest %s: %w", p.Name, err)
	}
	surface := fleet.Surface{Key: p.key(slot), Kind: fleet.DigestSurface, Channel: p.Channel}
	if _, err := n.Store.ClaimSlot(ctx, p.Name, slot, due, state, surface, body); err != nil {
		return err
	}
	n.shapes[p.Name] = shape(d)
	n.Log.Info("digest", "digest", p.Name, "event", state, "slot", slot)
	return nil
}

// key is that of a slot's message.
func (p Plan) key(slot string) string { return "digest/" + p.Name + "/" + slot }

// wanted decides by the plan's when; last is when the slot before was due. What could not
// be read is never "nothing new".
func (n *Notifier) wanted(ctx context.Context, p Plan, d fleet.Digest, last time.Time) bool {
	switch p.When {
	case "unhealthy":
		return len(d.Attention) > 0 || slices.ContainsFunc(d.Summaries, func(s fleet.Summary) bool { return s.Reading.Problem != nil })
	case "changed":
		before, known := n.shapes[p.Name]
		if !known {
			before = n.posted(ctx, p, last)
		}
		return before != shape(d)
	}
	return true
}

// posted is the shape of the digest that an earlier run posted last, or "". The slots
// since then were skipped, so it is looked for slot by slot.
func (n *Notifier) posted(ctx context.Context, p Plan, last time.Time) string {
	var slots []string
	for slot, at := p.Schedule.Next(last.Add(-lookBack)); !at.After(last); slot, at = p.Schedule.Next(at) {
		slots = append(slots, slot)
	}
	for _, slot := range slices.Backward(slots) {
		m, err := n.Store.MessageOf(ctx, p.key(slot))
		if errors.Is(err, fleet.ErrNotFound) {
			continue
		}
		var d fleet.Digest
		if err != nil || json.Unmarshal(m.Body, &d) != nil {
			return ""
		}
		return shape(d)
	}
	return ""
}

// shape is what makes two digests the same: the counts, and who needs attention.
func shape(d fleet.Digest) string {
	var b strings.Builder
	for _, s := range d.Summaries {
		fmt.Fprintf(&b, "%s %d %d %v;", s.Scope, s.Counts.Total, s.Counts.Offline, s.Reading.Problem != nil)
	}
	for _, r := range d.Attention {
		fmt.Fprintf(&b, "%s %d;", r.Scope, r.Runner.ID)
	}
	return b.String()
}

// Gather reads the scopes and makes a digest of them. A scope that can't be read is in it
// with its problem and with what is stored.
func (n *Notifier) Gather(ctx context.Context, plan fleet.DigestPlan) (fleet.Digest, error) {
	d := fleet.Digest{Name: plan.Name, Zone: plan.Zone, OfflineFor: plan.OfflineFor}
	for _, scope := range plan.Scopes {
		failed := n.Watcher.Read(ctx, scope)
		// What is stored is asked even when the time to read GitHub has run out.
		store, cancel := context.WithTimeout(context.WithoutCancel(ctx), gatherWithin)
		reading, err := n.Store.Reading(store, scope)
		var records []fleet.Record
		if err == nil {
			records, err = n.Store.Records(store, scope)
		}
		cancel()
		if err != nil {
			return d, err
		}
		if failed != nil && reading.Problem == nil {
			reading.Problem = &fleet.Problem{What: fleet.Explain(failed)}
		}
		d.Summaries = append(d.Summaries, fleet.Summarize(reading, records))
		for _, r := range fleet.OfflineLongest(records) {
			if n.Now().Sub(r.Since) >= plan.OfflineFor {
				d.Attention = append(d.Attention, r)
			}
		}
	}
	slices.SortStableFunc(d.Attention, func(a, b fleet.Record) int { return a.Since.Compare(b.Since) })
	open, err := n.Store.Requests(context.WithoutCancel(ctx), fleet.RequestQuery{Open: true, Limit: 50})
	if err != nil {
		return d, err
	}
	for _, r := range open {
		if r.State == fleet.Pending && slices.Contains(plan.Scopes, r.Scope) {
			d.Waiting = append(d.Waiting, r)
		}
	}
	d.AuditHead, err = n.Store.AuditHead(context.WithoutCancel(ctx))
	d.At = n.Now()
	return d, err
}

// Plans are the digests and their next times.
func (n *Notifier) Plans(now time.Time) []fleet.DigestPlan {
	plans := make([]fleet.DigestPlan, len(n.Digests))
	for i, p := range n.Digests {
		plans[i] = p.DigestPlan
		_, plans[i].Next = p.Schedule.Next(now)
	}
	return plans
}

func (n *Notifier) guarded(f func()) {
	defer func() {
		if p := recover(); p != nil {
			n.Log.Error("panic", "err", p, "stack", string(debug.Stack()))
		}
	}()
	f()
}
