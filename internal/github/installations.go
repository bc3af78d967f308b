package github

import (
	"context"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/event"
)

// Installations lists the installations of the App that are not suspended.
//
// https://docs.github.com/en/rest/apps/apps#list-installations-for-the-authenticated-app
func (a *App) Installations(ctx context.Context) ([]int64, error) {
	options := github.ListOptions{PerPage: perPage}
	var ids []int64
	for {
		page, resp, err := a.rest.Apps.ListInstallations(ctx, &options)
		if err != nil {
			return nil, failure(ctx, "list the App's installations", err)
		}
		for _, i := range page {
			if i.GetSuspendedAt().IsZero() && i.GetID() > 0 {
				ids = append(ids, i.GetID())
			}
		}
		if options.Page = resp.NextPage; resp.NextPage == 0 || len(ids) >= maxListed {
			return ids, nil
		}
	}
}

// Repositories lists the repositories that the installation may read, without those that are archived or disabled.
//
// https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-app-installation
func (c *Client) Repositories(ctx context.Context) ([]event.Repository, error) {
	options := github.ListOptions{PerPage: perPage}
	var all []event.Repository
	for {
		page, resp, err := c.rest.Apps.ListRepos(ctx, &options)
		if err != nil {
			return nil, failure(ctx, "list the installation's repositories", err)
		}
		if page == nil {
			return nil, hollow("list the installation's repositories")
		}
		for _, r := range page.Repositories {
			repo := event.Repository{Installation: c.installation, ID: r.GetID(), Owner: r.GetOwner().GetLogin(), Name: r.GetName(), DefaultBranch: r.GetDefaultBranch()}
			if !r.GetArchived() && !r.GetDisabled() && r.GetID() > 0 && c.owns(repo) == nil {
				all = append(all, repo)
			}
		}
		if options.Page = resp.NextPage; resp.NextPage == 0 || len(all) >= maxListed {
			return all, nil
		}
	}
}
