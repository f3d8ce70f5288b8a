package commands

import (
	"context"
	"errors"
	"fmt"

	"runnerdesk/internal/fleet"
)

// shownRequests is how many requests one list holds.
const shownRequests = 200

func (d *Desk) requests(ctx context.Context, m member, c Command) (fleet.Answer, error) {
	all, err := d.Store.Requests(ctx, fleet.RequestQuery{Open: c.Which != "all", Limit: shownRequests})
	if err != nil {
		return nil, err
	}
	mine, err := d.Store.Requests(ctx, fleet.RequestQuery{Requester: m.ID, Open: c.Which == "open", Limit: 20})
	if err != nil {
		return nil, err
	}
	list := fleet.RequestList{Mine: mine, Filter: c.Which, Now: d.Now()}
	if c.Which == "mine" {
		return list, nil
	}
	for _, r := range all {
		if r.Requester == m.ID {
			continue
		}
		_, voted := r.VoteOf(m.ID)
		if r.State == fleet.Pending && !voted {
			if _, err := d.may(ctx, m, Decide, r.Scope, &r); err == nil {
				list.Waiting = append(list.Waiting, r)
				continue
			}
		}
		if c.Which == "all" {
			if _, err := d.may(ctx, m, View, r.Scope, nil); err == nil {
				list.Others = append(list.Others, r)
			}
		}
	}
	return list, nil
}

// request shows one request to its requester, to those who decide on it, and to those
// who may view its scope. For all others it does not exist.
func (d *Desk) request(ctx context.Context, m member, id int64) (fleet.Answer, error) {
	none := refuse(fmt.Sprintf("There is no request #%d that you may see. See yours with ", id), fleet.Code(d.Command+" requests"), ".")
	r, err := d.Store.Request(ctx, id)
	if errors.Is(err, fleet.ErrNotFound) {
		return nil, none
	}
	if err != nil {
		return nil, err
	}
	_, decides := d.may(ctx, m, Decide, r.Scope, &r)
	if m.ID != r.Requester && decides != nil {
		if _, err := d.may(ctx, m, View, r.Scope, nil); err != nil {
			return nil, none
		}
	}
	steps, err := d.Store.AuditOf(ctx, id)
	if err != nil {
		return nil, err
	}
	_, voted := r.VoteOf(m.ID)
	return fleet.RequestView{
		Request: r, Viewer: m.ID, URL: d.Server.RunnersURL(r.Scope), Now: d.Now(), Steps: steps, Why: why(r),
		Decides: decides == nil && !voted && r.State == fleet.Pending,
	}, nil
}
