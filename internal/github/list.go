package github

import (
	"context"
	"fmt"
	"net/http"

	"runnerdesk/internal/fleet"
)

// Bounds of a list. GitHub's largest page has 100 entries.
// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
const (
	perPage  = 100
	maxPages = 2000 // 200,000 runners
)

// List reads every runner of a scope, each once. GitHub's pages shift while runners
// come and go, so what was found is held against the total of the first and of the
// last page, and read once more when they differ. If they still do, the listing has
// everything that either reading found and is not Complete.
func (r *Reader) List(ctx context.Context, s fleet.Scope) (fleet.Listing, error) {
	first, err := r.c.pass(ctx, s)
	if err != nil || first.Complete {
		return first, err
	}
	second, err := r.c.pass(ctx, s)
	if err != nil || second.Complete {
		return second, err
	}
	found := make(map[int64]bool, len(second.Runners))
	for _, runner := range second.Runners {
		found[runner.ID] = true
	}
	for _, runner := range first.Runners {
		if !found[runner.ID] {
			second.Runners = append(second.Runners, runner)
		}
	}
	second.ReadAt = first.ReadAt
	return second, nil
}

// wireList is one page of runners.
type wireList struct {
	Total   *int          `json:"total_count"`
	Runners []*wireRunner `json:"runners"`
}

// pass reads all pages once, one after another. It counts them itself and does not
// follow the Link header's addresses, so a server that always tells a next page can't
// keep it for ever.
func (c *client) pass(ctx context.Context, s fleet.Scope) (fleet.Listing, error) {
	listing := fleet.Listing{Scope: s, ReadAt: c.now()}
	at := map[int64]int{}
	firstTotal := 0
	for page := 1; ; page++ {
		runners, total, more, err := c.page(ctx, s, page)
		if err != nil {
			return fleet.Listing{}, err
		}
		if page == 1 {
			firstTotal = total
		}
		listing.Total = total
		for _, runner := range runners {
			if i, again := at[runner.ID]; again {
				listing.Runners[i] = runner // the later reading of it
				continue
			}
			at[runner.ID] = len(listing.Runners)
			listing.Runners = append(listing.Runners, runner)
		}
		enough := page > (max(firstTotal, total)+perPage-1)/perPage
		if !more || len(runners) == 0 || enough {
			break
		}
		if page == maxPages {
			return fleet.Listing{}, fmt.Errorf("list the runners of %s: %w", s.Words(), endless())
		}
	}
	listing.Complete = len(listing.Runners) == firstTotal && firstTotal == listing.Total
	return listing, nil
}

// page reads one page and tells whether GitHub has another.
func (c *client) page(ctx context.Context, s fleet.Scope, number int) (runners []fleet.Runner, total int, more bool, err error) {
	route := path(s, fmt.Sprintf("runners?per_page=%d&page=%d", perPage, number))
	err = c.read(ctx, s, "list the runners", func(ctx context.Context) error {
		var list wireList
		response, err := c.get(ctx, route, &list)
		if err != nil {
			return err
		}
		if list.Total == nil || *list.Total < 0 || list.Runners == nil {
			return odd(http.StatusOK, "its answer is not a list of runners")
		}
		runners = make([]fleet.Runner, 0, len(list.Runners))
		for _, w := range list.Runners {
			runner, err := w.runner()
			if err != nil {
				return err
			}
			runners = append(runners, runner)
		}
		total, more = *list.Total, response.NextPage != 0
		return nil
	})
	return runners, total, more, err
}

// endless is the error for a list that goes on beyond any fleet.
func endless() error {
	return &fleet.UnavailableError{Status: http.StatusOK, What: "its list does not end"}
}
