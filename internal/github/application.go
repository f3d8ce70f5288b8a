package github

import (
	"context"
	"net/http"

	gh "github.com/google/go-github/v53/github"

	"runnerdesk/internal/fleet"
)

// Downloads reads which runner applications a scope may use. The temporary download
// token that a server without internet adds is a bearer secret and is dropped here.
func (r *Reader) Downloads(ctx context.Context, s fleet.Scope) ([]fleet.Application, error) {
	var applications []fleet.Application
	err := r.c.read(ctx, s, "list the runner applications", func(ctx context.Context) error {
		list, err := r.c.downloads(ctx, s)
		if err != nil {
			return err
		}
		if list == nil {
			return odd(http.StatusOK, "its answer is not a list of runner applications")
		}
		applications = make([]fleet.Application, 0, len(list))
		for _, a := range list {
			if a.GetDownloadURL() == "" || a.GetFilename() == "" {
				return odd(http.StatusOK, "its answer holds a runner application without an address")
			}
			applications = append(applications, fleet.Application{
				OS: a.GetOS(), Arch: a.GetArchitecture(), URL: a.GetDownloadURL(), File: a.GetFilename(), SHA256: a.GetSHA256Checksum(),
			})
		}
		return nil
	})
	return applications, err
}

func (c *client) downloads(ctx context.Context, s fleet.Scope) (list []*gh.RunnerApplicationDownload, err error) {
	switch s.Kind() {
	case fleet.Enterprise:
		list, _, err = c.api.Enterprise.ListRunnerApplicationDownloads(ctx, s.Owner())
	case fleet.Organization:
		list, _, err = c.api.Actions.ListOrganizationRunnerApplicationDownloads(ctx, s.Owner())
	default:
		list, _, err = c.api.Actions.ListRunnerApplicationDownloads(ctx, s.Owner(), s.Repo())
	}
	return list, err
}
