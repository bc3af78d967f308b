package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/queue"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
)

// A check run belongs to a commit, and a commit may be the head of several pull requests, into branches with other
// policies: who opens one into a lax branch must not make that into a strict one pass. So what a commit shows is the
// worst of what all of them come to.

// maxShared is how many further pull requests with the same head are judged. More of them are no accident.
const maxShared = 8

// siblings are the jobs of the other open pull requests with a job's head, by what the queue knows.
func (w *Worker) siblings(ctx context.Context, job queue.Job) ([]queue.Job, error) {
	if job.Subject.Number == 0 {
		return nil, nil
	}
	known, err := w.Queue.Progress(ctx, job.Subject.Repository)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for key, p := range known {
		number, err := strconv.Atoi(key[strings.LastIndexByte(key, '/')+1:])
		if err == nil && number != job.Subject.Number && p.Kind == event.Review && p.Head == job.Head {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	var all []queue.Job
	for _, number := range numbers {
		pull, err := w.client(job.Task).PullRequest(ctx, job.Subject.Repository, number)
		if err != nil {
			return nil, err
		}
		if pull.Open && pull.Head == job.Head {
			other := complete(job, pull)
			other.Subject.Number = number
			all = append(all, other)
		}
	}
	return all, nil
}

// judgeSiblings says what the checks of the other pull requests with the same head come to.
func (w *Worker) judgeSiblings(ctx context.Context, job queue.Job) ([]report.Sibling, error) {
	jobs, err := w.siblings(ctx, job)
	if err != nil {
		return nil, err
	}
	var all []report.Sibling
	for i, other := range jobs {
		s := report.Sibling{Number: other.Subject.Number, Base: other.BaseRef}
		if i < maxShared {
			s.Checks, err = w.verdict(ctx, other)
		} else {
			s.Checks = unreviewed([]string{report.CheckName}, other, fmt.Errorf("more than %d pull requests have this head", maxShared+1))
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// verdict is what the checks of a pull request come to, with nothing shown of it.
func (w *Worker) verdict(ctx context.Context, job queue.Job) ([]report.Check, error) {
	m, err := w.gather(ctx, job)
	if err != nil {
		return w.conclusion(ctx, job, err)
	}
	defer m.Close()
	shown, err := w.judge(ctx, job, m)
	if err != nil {
		return w.conclusion(ctx, job, err)
	}
	return report.Publish(shown, report.PublicationOptions{CheckOnly: true}).Checks, nil
}

// conclusion is what the checks come to when trying again would change nothing; otherwise it returns the cause.
func (w *Worker) conclusion(ctx context.Context, job queue.Job, cause error) ([]report.Check, error) {
	var final *finalError
	var wrong *policyError
	var config *review.ConfigError
	switch {
	case errors.As(cause, &wrong):
		return report.UnreadablePolicy([]string{report.CheckName}, wrong.err, w.policyLink(job)), nil
	case errors.As(cause, &config):
		return report.UnreadablePolicy(w.checkNames(ctx, job), config, w.policyLink(job)), nil
	case errors.As(cause, &final):
		return unreviewed(w.checkNames(ctx, job), job, final), nil
	}
	return nil, cause
}

// release reviews again the pull requests whose checks told of one that is closed now.
func (w *Worker) release(ctx context.Context, job queue.Job) error {
	jobs, err := w.siblings(ctx, job)
	if err != nil || len(jobs) == 0 {
		return err
	}
	var tasks []event.Task
	for _, other := range jobs {
		task := other.Task
		task.Kind, task.Again = event.Review, true
		tasks = append(tasks, task)
	}
	_, err = w.Queue.Accept(ctx, fmt.Sprintf("%s/released/%d", job.Delivery, job.ID), "landwaiter", tasks)
	return err
}

// follow reviews the head that a pull request has by now, where the queue knows of none but an older one: webhooks may
// come in another order than things happened, or not at all.
func (w *Worker) follow(ctx context.Context, job queue.Job) error {
	pull, err := w.client(job.Task).PullRequest(ctx, job.Subject.Repository, job.Subject.Number)
	if err != nil || !pull.Open || pull.Head == job.Head {
		return err
	}
	if err := w.Queue.Current(ctx, job); errors.Is(err, queue.ErrSuperseded) {
		return nil // it knows
	}
	_, err = w.Queue.Accept(ctx, fmt.Sprintf("%s/moved/%d/%s", job.Delivery, job.ID, pull.Head), "landwaiter", []event.Task{pull.Review(job.Subject.Repository)})
	return err
}
