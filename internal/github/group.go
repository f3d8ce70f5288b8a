package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	gh "github.com/google/go-github/v53/github"

	"runnerdesk/internal/fleet"
)

// maxGroupPages bounds the list of groups: 10,000 of them.
const maxGroupPages = 100

// Groups reads the names of a scope's runner groups by id. The error is
// fleet.ErrUnsupported for a repository, which has none, and for a server without the
// endpoint, which answers 404.
func (r *Reader) Groups(ctx context.Context, s fleet.Scope) (map[int64]string, error) {
	const what = "list the runner groups"
	if s.Kind() == fleet.Repository {
		return nil, fmt.Errorf("%s of %s: %w", what, s.Words(), fleet.ErrUnsupported)
	}
	groups := map[int64]string{}
	for page, more := 1, true; more; page++ {
		if page > maxGroupPages {
			return nil, fmt.Errorf("%s of %s: %w", what, s.Words(), endless())
		}
		route := path(s, fmt.Sprintf("runner-groups?per_page=%d&page=%d", perPage, page))
		err := r.c.read(ctx, s, what, func(ctx context.Context) error {
			var list gh.RunnerGroups
			response, err := r.c.get(ctx, route, &list)
			if err != nil {
				return err
			}
			if list.RunnerGroups == nil {
				return odd(http.StatusOK, "its answer is not a list of runner groups")
			}
			for _, g := range list.RunnerGroups {
				if g.GetID() <= 0 {
					return odd(http.StatusOK, "its answer holds a runner group without an id")
				}
				groups[g.GetID()] = g.GetName()
			}
			more = response.NextPage != 0 && len(list.RunnerGroups) > 0
			return nil
		})
		if errors.Is(err, fleet.ErrNotFound) {
			return nil, fmt.Errorf("%s of %s: %w", what, s.Words(), fleet.ErrUnsupported)
		}
		if err != nil {
			return nil, err
		}
	}
	return groups, nil
}
