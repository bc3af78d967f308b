package github

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/event"
)

// buttonName is the form of a button's identifier; GitHub allows 20 characters.
var buttonName = regexp.MustCompile(`^[!-~]{1,20}$`)

// checkRunTask: a person pressed Re-run, or one of our buttons, on a check run of ours.
func checkRunTask(p *webhook, app Identity) (*event.Task, error) {
	if p.Action != "rerequested" && p.Action != "requested_action" || !p.CheckRun.ours(app) {
		return nil, nil
	}
	if p.CheckRun.ID <= 0 {
		return nil, errors.New("it names no check run")
	}
	t, err := checkTask(p, p.CheckRun)
	if err != nil {
		return nil, err
	}
	t.CheckRun, t.External = p.CheckRun.ID, p.CheckRun.ExternalID
	if len(t.External) > 255 || strings.ContainsFunc(t.External, func(r rune) bool { return r < ' ' }) {
		return nil, errors.New("its external id is none of ours")
	}
	if p.Action == "rerequested" {
		return t, nil
	}
	if p.Requested == nil || !buttonName.MatchString(p.Requested.Identifier) {
		return nil, errors.New("it names no button")
	}
	t.Kind, t.Text, t.Again = event.Action, p.Requested.Identifier, false
	return t, nil
}

// checkSuiteTask: a person pressed Re-run all checks; GitHub asks each App by itself.
func checkSuiteTask(p *webhook, app Identity) (*event.Task, error) {
	if p.Action != "rerequested" || !p.CheckSuite.ours(app) {
		return nil, nil
	}
	return checkTask(p, p.CheckSuite)
}

// ours reports whether a check belongs to this App.
func (c *hookCheck) ours(app Identity) bool {
	return c != nil && c.App != nil && c.App.ID == app.AppID && app.AppID > 0
}

// mergeQueue begins the branches that merge queues make.
const mergeQueue = "gh-readonly-queue/"

// checkTask is a review of what a check stands on, once more. The subject has no number when GitHub does not say which
// pull request it is: it never says so for forks, and it names several that have the same head. The head and the
// external id tell then.
func checkTask(p *webhook, c *hookCheck) (*event.Task, error) {
	t, err := p.task(event.Review)
	if err != nil {
		return nil, err
	}
	t.Head, t.Again = c.HeadSHA, true
	if err := checkCommit("head", t.Head); err != nil {
		return nil, err
	}
	branch, pulls := c.HeadBranch, c.PullRequests
	if c.CheckSuite != nil {
		branch, pulls = c.CheckSuite.HeadBranch, append(slices.Clone(pulls), c.CheckSuite.PullRequests...)
	}
	if strings.HasPrefix(branch, mergeQueue) {
		t.Subject.Ref = "refs/heads/" + branch
		return t, checkBranch(branch)
	}
	t.Subject.Number, err = onlyPull(pulls, t)
	return t, err
}

// onlyPull returns the number of the one pull request of the task's repository with the task's head; 0 when there is
// none or several.
func onlyPull(pulls []hookPull, t *event.Task) (int, error) {
	found := 0
	for _, pull := range pulls {
		if pull.Head.SHA != t.Head || pull.Base.Repo == nil || pull.Base.Repo.ID != t.Subject.Repository.ID {
			continue
		}
		number, err := checkNumber(pull.Number)
		if err != nil {
			return 0, err
		}
		if found != 0 && found != number {
			return 0, nil
		}
		found = number
	}
	return found, nil
}

// installationTask: what belongs to an installation is deleted with it, and while it is suspended.
func installationTask(p *webhook, _ Identity) (*event.Task, error) {
	if p.Action != "deleted" && p.Action != "suspend" {
		return nil, nil
	}
	return p.forget(nil)
}

// installationRepositoriesTask: repositories were taken from an installation.
func installationRepositoriesTask(p *webhook, _ Identity) (*event.Task, error) {
	if p.Action != "removed" || len(p.Removed) == 0 { // a task that names none would forget all
		return nil, nil
	}
	ids := make([]int64, len(p.Removed))
	for i, r := range p.Removed {
		if ids[i] = r.ID; r.ID <= 0 {
			return nil, fmt.Errorf("%d is no repository", r.ID)
		}
	}
	return p.forget(ids)
}

func (p *webhook) forget(repositories []int64) (*event.Task, error) {
	if p.Installation == nil || p.Installation.ID <= 0 {
		return nil, errors.New("it names no installation")
	}
	sender, err := p.Sender.login()
	if err != nil {
		return nil, err
	}
	subject := event.Subject{Repository: event.Repository{Installation: p.Installation.ID}}
	return &event.Task{Kind: event.Forget, Subject: subject, Sender: sender, Repositories: repositories}, nil
}
