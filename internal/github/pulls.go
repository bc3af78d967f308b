package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/event"
)

// perPage is how many of a list are asked for at a time: as many as GitHub gives.
const perPage = 100

// maxListed bounds lists of repositories and pull requests.
const maxListed = 10_000

// PullRequest is what GitHub says of a pull request now.
type PullRequest struct {
	Number        int
	Title         string
	Open, Merged  bool
	Draft         bool
	Author        string // login; "" when the account is gone
	Head, HeadRef string // commit and branch
	Base, BaseRef string
	// HeadRepository is OWNER/NAME of where the branch is, another than the base's for a fork; "" when it is gone.
	HeadRepository string
	Fork           bool
	Updated        time.Time
}

// PullRequest asks for a pull request.
//
// https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
func (c *Client) PullRequest(ctx context.Context, repo event.Repository, number int) (PullRequest, error) {
	if err := c.owns(repo); err != nil {
		return PullRequest{}, err
	}
	pull, _, err := c.rest.PullRequests.Get(ctx, repo.Owner, repo.Name, number)
	if err != nil {
		return PullRequest{}, failure(ctx, fmt.Sprintf("ask for %s#%d", repo.FullName(), number), err)
	}
	return pullRequest(pull, repo)
}

// OpenPullRequests lists a repository's open pull requests, those first that changed last.
//
// https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
func (c *Client) OpenPullRequests(ctx context.Context, repo event.Repository) ([]PullRequest, error) {
	return c.pullRequests(ctx, repo, github.PullRequestListOptions{State: "open", Sort: "updated", Direction: "desc"})
}

// PullRequestsOf lists the open pull requests of a branch of OWNER's, in this repository or in OWNER's fork of it.
//
// https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
func (c *Client) PullRequestsOf(ctx context.Context, repo event.Repository, owner, branch string) ([]PullRequest, error) {
	if err := checkBranch(branch); err != nil {
		return nil, err
	}
	return c.pullRequests(ctx, repo, github.PullRequestListOptions{State: "open", Head: owner + ":" + branch})
}

func (c *Client) pullRequests(ctx context.Context, repo event.Repository, options github.PullRequestListOptions) ([]PullRequest, error) {
	if err := c.owns(repo); err != nil {
		return nil, err
	}
	options.PerPage = perPage
	var all []PullRequest
	for {
		pulls, resp, err := c.rest.PullRequests.List(ctx, repo.Owner, repo.Name, &options)
		if err != nil {
			return nil, failure(ctx, "list pull requests of "+repo.FullName(), err)
		}
		for _, pull := range pulls {
			p, err := pullRequest(pull, repo)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
		if options.Page = resp.NextPage; resp.NextPage == 0 || len(all) >= maxListed {
			return all, nil
		}
	}
}

// pullRequest reads an answer. What it says comes from whoever opened the pull request, but for the base.
func pullRequest(pull *github.PullRequest, repo event.Repository) (PullRequest, error) {
	head, base := pull.GetHead(), pull.GetBase()
	p := PullRequest{
		Number: pull.GetNumber(), Title: pull.GetTitle(), Open: pull.GetState() == "open", Merged: pull.GetMerged(), Draft: pull.GetDraft(),
		Author: pull.GetUser().GetLogin(), Head: head.GetSHA(), HeadRef: head.GetRef(), Base: base.GetSHA(), BaseRef: base.GetRef(),
		HeadRepository: head.GetRepo().GetFullName(), Updated: pull.GetUpdatedAt().Time,
	}
	p.Merged = p.Merged || !pull.GetMergedAt().IsZero()
	p.Fork = !strings.EqualFold(p.HeadRepository, base.GetRepo().GetFullName())
	if err := cmp.Or(checkCommit("head", p.Head), checkCommit("base", p.Base), checkBranch(p.BaseRef)); err != nil {
		return PullRequest{}, fmt.Errorf("GitHub's answer about %s#%d: %w", repo.FullName(), p.Number, err)
	}
	return p, nil
}

// Review is the task of reviewing the pull request, as a webhook would have asked for it.
func (p PullRequest) Review(repo event.Repository) event.Task {
	return event.Task{Kind: event.Review, Subject: event.Subject{Repository: repo, Number: p.Number},
		Head: p.Head, Base: p.Base, BaseRef: p.BaseRef, Draft: p.Draft, Fork: p.Fork, Author: p.Author}
}

// NewPullRequest is a pull request to open.
type NewPullRequest struct {
	Title, Body string
	Branch      string // of the same repository
	Base        string // branch
}

// OpenPullRequest opens a pull request, or returns the one that is open for the branch already, and its address. It
// needs the permission pull_requests: write.
//
// https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request
func (c *Client) OpenPullRequest(ctx context.Context, repo event.Repository, n NewPullRequest) (number int, address string, err error) {
	if err := cmp.Or(c.owns(repo), checkBranch(n.Branch), checkBranch(n.Base)); err != nil {
		return 0, "", err
	}
	pull, _, err := c.rest.PullRequests.Create(ctx, repo.Owner, repo.Name, &github.NewPullRequest{
		Title: &n.Title, Body: &n.Body, Head: &n.Branch, Base: &n.Base, MaintainerCanModify: github.Bool(false)})
	if err == nil && pull.GetNumber() <= 0 {
		return 0, "", hollow("open a pull request")
	} else if err == nil {
		return pull.GetNumber(), pull.GetHTMLURL(), nil
	}
	if err = failure(ctx, "open a pull request", err); !errors.Is(err, ErrRefused) {
		return 0, "", err
	}
	there, listErr := c.pullRequests(ctx, repo, github.PullRequestListOptions{State: "open", Head: repo.Owner + ":" + n.Branch, Base: n.Base})
	if listErr != nil || len(there) == 0 {
		return 0, "", err
	}
	address = fmt.Sprintf("%s/%s/pull/%d", c.app.site.Web(), repo.FullName(), there[0].Number)
	return there[0].Number, address, nil
}
