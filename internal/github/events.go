package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/event"
)

// Tasks says what is to be done about a webhook: nothing (nil) for most, an error when the payload is not what GitHub
// sends for this event. It asks nobody and trusts no text: whoever opens a pull request chooses titles, branches and
// comments. The identity tells our own events from those of other Apps.
//
// https://docs.github.com/en/webhooks/webhook-events-and-payloads
func Tasks(eventName string, payload []byte, app Identity) ([]event.Task, error) {
	read, ok := readers[eventName]
	if !ok {
		return nil, nil
	}
	var p webhook
	if err := json.Unmarshal(payload, &p); err != nil {
		return nil, fmt.Errorf("payload of %s: %w", eventName, err)
	}
	task, err := read(&p, app)
	if err != nil {
		return nil, fmt.Errorf("payload of %s %.40q: %w", eventName, p.Action, err)
	}
	if task == nil {
		return nil, nil
	}
	return []event.Task{*task}, nil
}

// readers say for each event what is to be done. A reader looks at the action first, so that what does not concern us
// is never refused.
var readers = map[string]func(*webhook, Identity) (*event.Task, error){
	"pull_request":                pullRequestTask,
	"merge_group":                 mergeGroupTask,
	"push":                        pushTask,
	"check_run":                   checkRunTask,
	"check_suite":                 checkSuiteTask,
	"issue_comment":               issueCommentTask,
	"pull_request_review_comment": reviewCommentTask,
	"installation":                installationTask,
	"installation_repositories":   installationRepositoriesTask,
}

// webhook holds what is read of a payload; the rest of it, which differs from version to version, is not looked at.
type webhook struct {
	Action       string          `json:"action"`
	Installation *hookID         `json:"installation"`
	Repository   *hookRepository `json:"repository"`
	Sender       *hookUser       `json:"sender"`

	PullRequest *hookPull      `json:"pull_request"`
	Changes     hookChanges    `json:"changes"`
	MergeGroup  *hookGroup     `json:"merge_group"`
	Reason      string         `json:"reason"` // why a merge group was destroyed
	CheckRun    *hookCheck     `json:"check_run"`
	CheckSuite  *hookCheck     `json:"check_suite"`
	Requested   *hookRequested `json:"requested_action"`
	Issue       *hookIssue     `json:"issue"`
	Comment     *hookComment   `json:"comment"`

	Ref     string   `json:"ref"` // of a push
	After   string   `json:"after"`
	Before  string   `json:"before"`
	Deleted bool     `json:"deleted"`
	Removed []hookID `json:"repositories_removed"`
}

type (
	hookID   struct{ ID int64 }
	hookUser struct{ Login, Type string }

	hookRepository struct {
		ID            int64
		Name          string
		Owner         *hookOwner
		DefaultBranch string `json:"default_branch"`
	}
	// hookOwner is an owner: with login in most events, in pushes of old servers with name only.
	hookOwner struct{ Login, Name string }

	hookPull struct {
		Number     int64
		Draft      bool
		User       *hookUser
		Head, Base hookEnd
	}
	hookEnd struct {
		Ref, SHA string
		Repo     *hookID
	}
	hookChanges struct {
		Base *struct {
			Ref, SHA *struct{ From string }
		}
	}
	hookGroup struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
	}
	// hookCheck is a check run or a check suite: the suite has the branch and the App itself.
	hookCheck struct {
		ID           int64
		HeadSHA      string     `json:"head_sha"`
		HeadBranch   string     `json:"head_branch"`
		ExternalID   string     `json:"external_id"`
		App          *hookID    `json:"app"`
		PullRequests []hookPull `json:"pull_requests"`
		CheckSuite   *hookCheck `json:"check_suite"`
	}
	hookRequested struct{ Identifier string }
	hookIssue     struct {
		Number      int64
		PullRequest *struct{} `json:"pull_request"`
	}
	hookComment struct {
		ID   int64
		Body string
		User *hookUser
		App  *hookID `json:"performed_via_github_app"`
	}
)

// repository reads which repository of which installation it is about.
func (p *webhook) repository() (event.Repository, error) {
	if p.Installation == nil || p.Installation.ID <= 0 {
		return event.Repository{}, errors.New("it names no installation: it must be the App's own webhook, not a repository's")
	}
	r := p.Repository
	if r == nil || r.ID <= 0 || r.Owner == nil {
		return event.Repository{}, errors.New("it names no repository")
	}
	owner := r.Owner.Login
	if owner == "" {
		owner = r.Owner.Name
	}
	if err := checkName(owner, r.Name); err != nil {
		return event.Repository{}, err
	}
	if r.DefaultBranch != "" {
		if err := checkBranch(r.DefaultBranch); err != nil {
			return event.Repository{}, fmt.Errorf("default branch: %w", err)
		}
	}
	return event.Repository{Installation: p.Installation.ID, ID: r.ID, Owner: owner, Name: r.Name, DefaultBranch: r.DefaultBranch}, nil
}

// task begins a task of the payload's repository and sender.
func (p *webhook) task(kind event.Kind) (*event.Task, error) {
	repo, err := p.repository()
	if err != nil {
		return nil, err
	}
	sender, err := p.Sender.login()
	if err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	return &event.Task{Kind: kind, Subject: event.Subject{Repository: repo}, Sender: sender}, nil
}

// login returns a person's login; "" when the account is no more.
func (u *hookUser) login() (string, error) {
	if u == nil || u.Login == "" {
		return "", nil
	}
	if !loginName.MatchString(u.Login) {
		return "", fmt.Errorf("%.80q is no login", u.Login)
	}
	return u.Login, nil
}

// checkNumber refuses what cannot be a pull request's number.
func checkNumber(n int64) (int, error) {
	const most = 1 << 31 // more than any repository has
	if n <= 0 || n >= most {
		return 0, fmt.Errorf("%d is no number of a pull request", n)
	}
	return int(n), nil
}

// branchOf returns the branch of a full reference.
func branchOf(ref string) (string, error) {
	branch, ok := strings.CutPrefix(ref, "refs/heads/")
	if !ok {
		return "", fmt.Errorf("%.80q is no branch", ref)
	}
	return branch, checkBranch(branch)
}
