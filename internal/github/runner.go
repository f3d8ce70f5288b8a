package github

import (
	"context"
	"net/http"
	"strconv"

	gh "github.com/google/go-github/v53/github"

	"runnerdesk/internal/fleet"
)

// wireRunner is a runner with the fields that go-github v53 leaves out.
type wireRunner struct {
	gh.Runner
	GroupID   *int64  `json:"runner_group_id"`
	Ephemeral *bool   `json:"ephemeral"`
	Version   *string `json:"version"` // null until the runner has connected once
}

// runner is the fleet's runner, or an error for one that is none: a null, or without an
// id. Fields that are absent are not known, never false: an unknown busy must not look
// idle.
func (w *wireRunner) runner() (fleet.Runner, error) {
	if w == nil || w.GetID() <= 0 {
		return fleet.Runner{}, odd(http.StatusOK, "its answer holds a runner without an id")
	}
	r := fleet.Runner{
		ID: w.GetID(), Name: w.GetName(), OS: w.GetOS(), Status: w.GetStatus(),
		Busy: truth(w.Busy), Ephemeral: truth(w.Ephemeral),
	}
	for _, l := range w.Labels {
		if l == nil || l.GetName() == "" {
			return fleet.Runner{}, odd(http.StatusOK, "its answer holds a label without a name")
		}
		r.Labels = append(r.Labels, fleet.Label{Name: l.GetName(), Custom: l.GetType() == "custom"})
	}
	if w.GroupID != nil {
		r.GroupID = *w.GroupID
	}
	if w.Version != nil {
		r.Version = *w.Version
	}
	return r, nil
}

func truth(b *bool) fleet.Truth {
	if b == nil {
		return fleet.NotKnown
	}
	return fleet.TruthOf(*b)
}

// Get reads one runner. fleet.ErrNotFound is GitHub's 404, which also stands for a
// scope that the credential may not see.
func (r *Reader) Get(ctx context.Context, s fleet.Scope, id int64) (fleet.Runner, error) {
	return r.c.runner(ctx, s, id)
}

func (c *client) runner(ctx context.Context, s fleet.Scope, id int64) (fleet.Runner, error) {
	var found fleet.Runner
	what := "read runner " + strconv.FormatInt(id, 10)
	err := c.read(ctx, s, what, func(ctx context.Context) error {
		var w *wireRunner
		if _, err := c.get(ctx, path(s, "runners/"+strconv.FormatInt(id, 10)), &w); err != nil {
			return err
		}
		got, err := w.runner()
		if err != nil {
			return err
		}
		if got.ID != id {
			return odd(http.StatusOK, "its answer is about another runner")
		}
		found = got
		return nil
	})
	return found, err
}
