package github

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/event"
)

// pullRequestTask: a pull request is reviewed when what it would merge has changed, or who may see what of it. Once
// more for the same head (Again) when another base, or the end of being a draft, asks for another answer.
func pullRequestTask(p *webhook, _ Identity) (*event.Task, error) {
	again := false
	switch p.Action {
	case "opened", "synchronize", "converted_to_draft":
	case "reopened", "ready_for_review":
		again = true
	case "edited":
		if p.Changes.Base == nil {
			return nil, nil // its title, which says nothing about manifests
		}
		again = true
	case "closed":
	default:
		return nil, nil
	}
	t, err := p.task(event.Review)
	if err != nil {
		return nil, err
	}
	if p.PullRequest == nil {
		return nil, errors.New("it names no pull request")
	}
	if err := p.PullRequest.fill(t); err != nil {
		return nil, err
	}
	t.Again = again
	if p.Action == "closed" {
		t.Kind = event.Cancel
	}
	return t, nil
}

// fill sets what a pull request says about the subject of a task.
func (pull *hookPull) fill(t *event.Task) (err error) {
	if t.Subject.Number, err = checkNumber(pull.Number); err != nil {
		return err
	}
	if t.Author, err = pull.User.login(); err != nil {
		return fmt.Errorf("author: %w", err)
	}
	t.Head, t.Base, t.BaseRef, t.Draft = pull.Head.SHA, pull.Base.SHA, pull.Base.Ref, pull.Draft
	t.Fork = pull.Head.Repo == nil || pull.Base.Repo == nil || pull.Head.Repo.ID != pull.Base.Repo.ID
	return checkEnds(t)
}

// checkEnds refuses tasks whose head and base are not commits, or whose base is no branch.
func checkEnds(t *event.Task) error {
	return cmp.Or(checkCommit("head", t.Head), checkCommit("base", t.Base), checkBranch(t.BaseRef))
}

// mergeGroupTask: a merge group is reviewed for real, on its own head against its own base; when the queue takes it
// away, Text says why (merged, dequeued, invalidated).
func mergeGroupTask(p *webhook, _ Identity) (*event.Task, error) {
	kind := event.Review
	switch p.Action {
	case "checks_requested":
	case "destroyed":
		kind = event.Cancel
	default:
		return nil, nil
	}
	t, err := p.task(kind)
	if err != nil {
		return nil, err
	}
	group := p.MergeGroup
	if group == nil {
		return nil, errors.New("it names no merge group")
	}
	if _, err := branchOf(group.HeadRef); err != nil {
		return nil, fmt.Errorf("head of the merge group: %w", err)
	}
	if t.BaseRef, err = branchOf(group.BaseRef); err != nil {
		return nil, fmt.Errorf("base of the merge group: %w", err)
	}
	t.Subject.Ref, t.Head, t.Base = group.HeadRef, group.HeadSHA, group.BaseSHA
	switch p.Reason {
	case "merged", "dequeued", "invalidated":
		t.Text = p.Reason
	}
	return t, checkEnds(t)
}

// pushTask: the default branch moved to another commit, which is what the next pull requests will be compared with.
func pushTask(p *webhook, _ Identity) (*event.Task, error) {
	if p.Deleted || p.After == p.Before || p.Repository == nil || p.Ref != "refs/heads/"+p.Repository.DefaultBranch {
		return nil, nil
	}
	t, err := p.task(event.Warm)
	if err != nil {
		return nil, err
	}
	t.Head, t.BaseRef = p.After, p.Repository.DefaultBranch
	return t, cmp.Or(checkCommit("the pushed commit", t.Head), checkBranch(t.BaseRef))
}

// commandPrefix begins a command.
const commandPrefix = "/landwaiter"

// maxComment is how many characters a comment on GitHub may have.
const maxComment = 65_536

// command returns the text of a comment that is a command by a person, from /landwaiter on; "" when it is none.
func (c *hookComment) command(app Identity) string {
	if c == nil || c.User == nil || c.User.Type == "Bot" || c.App != nil && c.App.ID == app.AppID {
		return ""
	}
	text := strings.TrimSpace(strings.ReplaceAll(c.Body, "\r\n", "\n"))
	rest, ok := strings.CutPrefix(text, commandPrefix)
	if !ok || rest != "" && !strings.ContainsAny(rest[:1], " \t\n") || len(text) > 4*maxComment {
		return ""
	}
	return text
}

// issueCommentTask: commands are written in a pull request's conversation, which GitHub calls an issue's comments.
func issueCommentTask(p *webhook, app Identity) (*event.Task, error) {
	text := p.Comment.command(app)
	if p.Action != "created" || text == "" || p.Issue == nil || p.Issue.PullRequest == nil {
		return nil, nil
	}
	return commandTask(p, p.Issue.Number, text)
}

// reviewCommentTask: and in answers to comments on lines.
func reviewCommentTask(p *webhook, app Identity) (*event.Task, error) {
	text := p.Comment.command(app)
	if p.Action != "created" || text == "" || p.PullRequest == nil {
		return nil, nil
	}
	t, err := commandTask(p, p.PullRequest.Number, text)
	if err != nil {
		return nil, err
	}
	t.Inline = true
	return t, nil
}

func commandTask(p *webhook, number int64, text string) (*event.Task, error) {
	t, err := p.task(event.Command)
	if err != nil {
		return nil, err
	}
	// Who wrote it, not who caused the event, is who has to be allowed to.
	if t.Sender, err = p.Comment.User.login(); err != nil {
		return nil, err
	}
	if t.Subject.Number, err = checkNumber(number); err != nil {
		return nil, err
	}
	if p.Comment.ID <= 0 || t.Sender == "" {
		return nil, errors.New("it names no comment, or nobody who wrote it")
	}
	t.Comment, t.Text = p.Comment.ID, text
	return t, nil
}
