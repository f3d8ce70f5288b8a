package commands

import (
	"context"
	"errors"
	"slices"

	"runnerdesk/internal/fleet"
)

// How many requests one list holds.
const (
	shownRequests = 200
	shownMine     = 20
)

// requests lists what waits for the member's decision and what the member asked for;
// with "open" and "all" also the requests of others in the scopes that may be viewed.
func (d *Desk) requests(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	mine, err := d.Store.Requests(ctx, fleet.RequestQuery{Requester: m.ID, Open: c.Which == "open", Limit: shownMine})
	if err != nil {
		return nil, err
	}
	list := fleet.RequestList{Mine: mine, Filter: c.Which, Now: d.Now()}
	if c.Which == "mine" {
		return list, nil
	}
	listed := map[int64]bool{}
	open, err := d.Store.Requests(ctx, fleet.RequestQuery{Open: true, Limit: shownRequests})
	if err != nil {
		return nil, err
	}
	for _, r := range open {
		waits, err := d.waits(ctx, m, r)
		if err != nil {
			return nil, err
		}
		if waits {
			list.Waiting = append(list.Waiting, r)
			listed[r.ID] = true
		}
	}
	others := open
	switch c.Which {
	case "":
		return list, nil
	case "all":
		if others, err = d.Store.Requests(ctx, fleet.RequestQuery{Limit: shownRequests}); err != nil {
			return nil, err
		}
	}
	for _, r := range others {
		if r.Requester != m.ID && !listed[r.ID] && slices.Contains(m.sees, r.Scope) {
			list.Others = append(list.Others, r)
		}
	}
	return list, nil
}

// waits reports whether a request waits for this member's vote. An error is a look-up
// that failed: that nothing waits must not be said then.
func (d *Desk) waits(ctx context.Context, m member, r fleet.Request) (bool, error) {
	if _, voted := r.VoteOf(m.ID); voted || r.State != fleet.Pending || !d.Now().Before(r.DecideBy) {
		return false, nil
	}
	_, err := d.may(ctx, m, Decide, r.Scope, &r)
	if isUnsure(err) {
		return false, err
	}
	return err == nil, nil
}

// request shows one request to its requester, to those who decide on it, and to those
// who may view its scope. For all others it does not exist.
func (d *Desk) request(ctx context.Context, m member, id int64) (fleet.Answer, error) {
	r, err := d.Store.Request(ctx, id)
	if errors.Is(err, fleet.ErrNotFound) {
		return nil, d.noRequest(id)
	}
	if err == nil {
		err = d.maySee(ctx, m, r)
	}
	if err != nil {
		return nil, err
	}
	steps, err := d.Store.AuditOf(ctx, id)
	if err != nil {
		return nil, err
	}
	decides, _ := d.waits(ctx, m, r) // without the buttons the rest is still worth seeing
	return fleet.RequestView{
		Request: r, Viewer: m.ID, URL: d.Server.RunnersURL(r.Scope), Now: d.Now(), Steps: steps, Why: why(r), Decides: decides,
	}, nil
}
