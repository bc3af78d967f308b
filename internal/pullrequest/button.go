package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/queue"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
)

// action serves a button of our check run. GitHub shows buttons to those who may write, and says so of nobody else; we
// ask all the same, since what follows writes to the repository.
func (w *Worker) action(ctx context.Context, job queue.Job) error {
	permission, err := w.client(job.Task).Permission(ctx, job.Subject.Repository, job.Sender)
	if err != nil || !permission.CanWrite() {
		return err
	}
	if job.Subject.Number == 0 {
		return w.rerun(ctx, job) // of a merge group, or of a fork that GitHub does not name
	}
	pull, err := w.client(job.Task).PullRequest(ctx, job.Subject.Repository, job.Subject.Number)
	if err != nil || !pull.Open {
		return err
	}
	switch job.Text {
	case report.ActionRerun:
		return w.again(ctx, job, pull)
	case report.ActionFix:
		_, err = w.fix(ctx, job, pull)
	case report.ActionExempt:
		err = w.exempt(ctx, job, pull)
	}
	var final *finalError
	var wrong *policyError
	if errors.As(err, &final) || errors.As(err, &wrong) { // there is no comment to answer, so that the next review has to say it
		w.log(job).Warn("a button was pressed in vain", "button", job.Text, "error", err)
		return w.again(ctx, job, pull)
	}
	return err
}

// rerun reviews again what the check run stands on.
func (w *Worker) rerun(ctx context.Context, job queue.Job) error {
	if job.Text != report.ActionRerun {
		return nil
	}
	task := job.Task
	task.Kind, task.Text, task.Again = event.Review, "", true
	_, err := w.Queue.Accept(ctx, fmt.Sprintf("%s/again/%d", job.Delivery, job.ID), "landwaiter", []event.Task{task})
	return err
}

// studied is a pull request as it is now, reviewed, with nothing shown of it.
type studied struct {
	*material
	result  *review.Result
	engine  *review.Engine
	done    func()
	options review.Options
}

func (s *studied) close() {
	s.done()
	s.material.Close()
}

// study reviews a pull request as it is now.
func (w *Worker) study(ctx context.Context, job queue.Job, pull github.PullRequest) (*studied, error) {
	job.Head = pull.Head
	s := &studied{}
	var err error
	if s.material, err = w.gather(ctx, complete(job, pull)); err != nil {
		return nil, err
	}
	if s.engine, s.done, err = w.Engines(job.Subject.Repository); err != nil {
		return nil, errors.Join(err, s.material.Close())
	}
	if s.options, err = w.options(ctx, job.Task, s.material); err == nil {
		s.result, err = s.engine.Review(ctx, s.change, s.policy, s.options)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// fixCommand is fix with an answer.
func (w *Worker) fixCommand(ctx context.Context, job queue.Job, pull github.PullRequest) (string, error) {
	f, err := w.fix(ctx, job, pull)
	if err != nil {
		return "", err
	}
	return report.AnswerFix(f.count, f.files, f.commit), nil
}

// fixed is a commit with fixes.
type fixed struct {
	count  int
	files  []string
	commit string // "" when there was nothing to fix
}

// fix commits the safe fixes of a pull request's new findings to its branch.
func (w *Worker) fix(ctx context.Context, job queue.Job, pull github.PullRequest) (fixed, error) {
	if pull.Fork {
		return fixed{}, &finalError{errors.New("the branch is in a fork, which the App does not write to; \"landwaiter fix\" does the same in a checkout of it")}
	}
	done, err := w.fixedBefore(ctx, job, &pull)
	if err != nil {
		return fixed{}, err
	}
	s, err := w.study(ctx, job, pull)
	if err != nil {
		return fixed{}, err
	}
	defer s.close()
	fresh := slices.DeleteFunc(slices.Clone(s.result.Findings), func(f review.Finding) bool { return f.Status != review.New })
	texts, count, err := s.engine.SafeFixes(ctx, s.change.Head, s.policy, s.options, fresh)
	if err != nil || count == 0 {
		return fixed{}, err
	}
	f := fixed{count: count, files: slices.Sorted(maps.Keys(texts)), commit: done}
	if done != "" {
		return f, nil
	}
	return w.commitFixes(ctx, job, pull, s, texts, f)
}

// commitFixes commits texts on top of a pull request.
func (w *Worker) commitFixes(ctx context.Context, job queue.Job, pull github.PullRequest, s *studied, texts map[string][]byte, f fixed) (fixed, error) {
	programs, err := s.Executable(ctx, pull.Head, f.files)
	if err != nil {
		return fixed{}, err
	}
	commit := github.Commit{Branch: pull.HeadRef, Parent: pull.Head, Message: fixMessage(f.count, job)}
	for _, file := range f.files {
		commit.Files = append(commit.Files, github.File{Path: file, Content: texts[file], Executable: programs[file]})
	}
	f.commit, err = w.client(job.Task).Commit(ctx, job.Subject.Repository, commit)
	switch {
	case errors.Is(err, github.ErrMoved):
		return fixed{}, &finalError{errors.New("somebody pushed to the branch meanwhile; ask again")}
	case errors.Is(err, github.ErrForbidden):
		return fixed{}, &finalError{errors.New("the App was not given the permission contents: write")}
	}
	return f, err
}

// fixMessage says what a commit is, and last which webhook asked for it.
func fixMessage(count int, job queue.Job) string {
	return fmt.Sprintf("Apply %s of the review\n\nAsked for by %s.\n\n%s\n", report.Plural(count, "safe fix"), job.Sender, fixTrailer(job))
}

func fixTrailer(job queue.Job) string { return "Landwaiter-Delivery: " + job.Delivery }

// fixedBefore looks whether an earlier attempt made the commit, and did not hear of it. If so the pull request is taken
// back to where it was before.
func (w *Worker) fixedBefore(ctx context.Context, job queue.Job, pull *github.PullRequest) (commit string, err error) {
	if !job.Resumed {
		return "", nil
	}
	text, parents, err := w.client(job.Task).Message(ctx, job.Subject.Repository, pull.Head)
	if err != nil || len(parents) != 1 || !strings.HasSuffix(strings.TrimSpace(text), "\n"+fixTrailer(job)) {
		return "", err
	}
	commit, pull.Head = pull.Head, parents[0]
	return commit, nil
}

// exemptFor is for how long the exemptions hold that a button proposes.
const exemptFor = 90 * 24 * time.Hour

// exempt opens a pull request that exempts what fails the check. People change its reasons and merge it, or do not.
func (w *Worker) exempt(ctx context.Context, job queue.Job, pull github.PullRequest) error {
	s, err := w.study(ctx, job, pull)
	if err != nil {
		return err
	}
	defer s.close()
	entries := w.exemptions(job, s)
	if len(entries) == 0 {
		return nil
	}
	before, err := policyText(s.base)
	if err != nil {
		return &finalError{err}
	}
	text, err := policy.AddExemptions(before, entries)
	if err != nil {
		return &finalError{fmt.Errorf("%s: %w", PolicyFile, err)}
	}
	branch := fmt.Sprintf("landwaiter/exempt-%d-%.7s", pull.Number, pull.Head)
	commit := github.Commit{Branch: branch, Parent: s.IDs[1], Create: true, Files: []github.File{{Path: PolicyFile, Content: text}},
		Message: fmt.Sprintf("Exempt what #%d is meant to do\n\nAsked for by %s.\n", pull.Number, job.Sender)}
	if _, err := w.client(job.Task).Commit(ctx, job.Subject.Repository, commit); err != nil && !errors.Is(err, github.ErrMoved) {
		return err // a branch that is there already is from an earlier attempt, or press
	}
	_, _, err = w.client(job.Task).OpenPullRequest(ctx, job.Subject.Repository, github.NewPullRequest{
		Title:  fmt.Sprintf("Exempt what #%d is meant to do", pull.Number),
		Body:   exemptBody(pull.Number, job.Sender, len(entries)),
		Branch: branch, Base: pull.BaseRef,
	})
	return err
}

func exemptBody(number int, sender string, n int) string {
	return fmt.Sprintf("%s for what #%d brings, asked for by `%s`. Each ends in %d days.\n\n"+
		"Say in each entry why it is meant, and drop those that are not. #%d is judged by the policy of its base, so it passes once this is merged.\n",
		report.Plural(n, "exemption"), number, sender, exemptFor/(24*time.Hour), number)
}

// exemptions are entries for the findings that fail the check, one for each rule and object.
func (w *Worker) exemptions(job queue.Job, s *studied) (entries []review.ExemptionRule) {
	for _, f := range s.result.Findings {
		e, ok := review.ExemptionFor(&f)
		if !ok || !s.policy.Gate.Stops(&f) || slices.Contains(entries, e) {
			continue
		}
		entries = append(entries, e)
	}
	for i := range entries {
		entries[i].Until = w.now().Add(exemptFor)
		entries[i].Reason = fmt.Sprintf("asked for by @%s in #%d: say why here", job.Sender, job.Subject.Number)
	}
	return entries
}
