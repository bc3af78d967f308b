// Package pullrequest does what events on GitHub ask for, each from start to end: a pull request or a merge group is
// fetched, reviewed and answered; a command is obeyed; a button is served. It is the straight line of the house between
// the queue, which calls it, and GitHub, which shows what it found.
//
// Nothing that a pull request says is believed: its policy is that of the base commit, its commands are obeyed only of
// people whom GitHub says may write, and what renders its files holds no token.
package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/queue"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo"
)

// Engines makes what reviews a repository, and returns what ends it. What an engine caches is of one installation.
type Engines func(repo event.Repository) (engine *review.Engine, done func(), err error)

// Tenants deletes what is kept on disk of an installation's repositories, of all of them when none is named.
type Tenants func(installation int64, repositories []int64) error

// Worker does tasks. All fields are needed but the last ones.
type Worker struct {
	GitHub  *github.App
	Queue   *queue.Queue
	Mirror  *gitrepo.Mirror
	Engines Engines
	Forget  Tenants
	Rules   []*review.Rule
	Version string

	Renderers  string                            // what renders, for people: "kustomize 5.8, Helm 3.22 and 4.3"
	Unconfined string                            // what this system lacks to hold renderers, so that forks are refused; "" when nothing
	Server     *policy.Layer                     // under every repository's policy; nil for none
	Beside     func(file string) ([]byte, error) // reads a file that Server names
	Observed   func(Observation)                 // called after every review; nil for nobody
	Fetched    func(result string)               // called after every fetch: present, fetched, cloned or failed; nil for nobody
	Span       Span                              // begins a part of the work for traces; nil for none
	Log        *slog.Logger                      // nil for the default
	Now        func() time.Time                  // nil for the clock
}

// Span begins a part of the work, described by names and texts in turn. What it returns ends it.
type Span func(ctx context.Context, name string, attributes ...string) (context.Context, func(error))

// Observation is what a review was like, for metrics.
type Observation struct {
	Outcome string                   // success, failure, action_required, cancelled or error
	Stages  map[string]time.Duration // by name: fetch, review, publish
	Total   time.Duration
}

// Work does a job. It implements queue.Worker.
func (w *Worker) Work(ctx context.Context, job queue.Job) error {
	ctx, end := w.span(ctx, string(job.Kind), "repository", job.Subject.Repository.FullName(), "pull_request", fmt.Sprint(job.Subject.Number),
		"head", job.Head, "delivery", job.Delivery)
	err := w.do(ctx, job)
	end(err)
	return snoozed(err)
}

// snoozed has the queue wait for as long as GitHub asks for, where it does.
func snoozed(err error) error {
	var limited *github.RateLimited
	if errors.As(err, &limited) {
		return &queue.SnoozeError{After: limited.After, Err: err}
	}
	return err
}

func (w *Worker) do(ctx context.Context, job queue.Job) error {
	switch job.Kind {
	case event.Review:
		return w.review(ctx, job)
	case event.Command:
		return w.command(ctx, job)
	case event.Action:
		return w.action(ctx, job)
	case event.Warm:
		return w.warm(ctx, job)
	case event.Forget:
		return w.forget(ctx, job.Task)
	case event.Cancel:
		return w.release(ctx, job) // the queue has stopped what ran for the subject, and Failed ends what that showed
	}
	return fmt.Errorf("a task of kind %q is not known", job.Kind)
}

// Failed ends what a job showed. It implements queue.Worker.
func (w *Worker) Failed(ctx context.Context, job queue.Job, cause error) error {
	superseded := errors.Is(cause, queue.ErrSuperseded)
	if !superseded {
		w.log(job).Error("a task failed for good", "kind", job.Kind, "error", github.Redact(cause.Error()))
	}
	return snoozed(w.tell(ctx, job, cause, superseded))
}

// tell shows people that a job will not be done.
func (w *Worker) tell(ctx context.Context, job queue.Job, cause error, superseded bool) error {
	switch {
	case job.Kind == event.Review && job.Review == "":
		return nil // nobody knew what it was for, so that it showed nothing
	case job.Kind == event.Review && superseded:
		return w.cancel(ctx, job)
	case job.Kind == event.Review:
		w.observe(Observation{Outcome: "error"})
		return w.ended(ctx, job).Settle(ctx, unreviewed(w.checkNames(ctx, job), job, cause)...)
	case job.Kind == event.Command && !superseded:
		return w.answer(ctx, job, report.AnswerRefused("That could not be done: "+github.Redact(cause.Error())))
	}
	return nil
}

// cancel ends the check runs of a review that something newer took the place of.
func (w *Worker) cancel(ctx context.Context, job queue.Job) error {
	check := report.Gone([]string{report.CheckName})[0]
	known, err := w.Queue.Progress(ctx, job.Subject.Repository)
	if err != nil {
		return err
	}
	if newest := known[job.Subject.Key()]; newest.Kind == event.Review && newest.Head != "" {
		check = report.Superseded([]string{report.CheckName}, newest.Head)[0]
	}
	w.observe(Observation{Outcome: check.Conclusion})
	return w.ended(ctx, job).Cancel(ctx, check.Title, check.Summary)
}

// ended is the publisher of a review that will not be done: it looks for what there is, and writes though the queue would
// say that the job is not current.
func (w *Worker) ended(ctx context.Context, job queue.Job) *github.Publisher {
	p := w.publisher(ctx, job)
	p.Resumed, p.Current = true, func() error { return nil }
	return p
}

// unreviewed says why there is no review.
func unreviewed(names []string, job queue.Job, cause error) []report.Check {
	return report.Unreviewed(names, github.Redact(cause.Error()),
		"Press Re-run once the cause is gone. If it stays, ask whoever runs Landwaiter here.", job.Review)
}

// publisher shows the job's review.
func (w *Worker) publisher(ctx context.Context, job queue.Job) *github.Publisher {
	return &github.Publisher{
		Client: w.client(job.Task), Repository: job.Subject.Repository, Number: job.Subject.Number, Head: job.Head,
		Review: job.Review, Resumed: job.Resumed,
		Current: func() error { return w.Queue.Current(ctx, job) },
	}
}

func (w *Worker) client(t event.Task) *github.Client {
	return w.GitHub.Client(t.Subject.Repository.Installation)
}

func (w *Worker) observe(o Observation) {
	if w.Observed != nil {
		w.Observed(o)
	}
}

func (w *Worker) log(job queue.Job) *slog.Logger {
	log := w.Log
	if log == nil {
		log = slog.Default()
	}
	return log.With("repository", job.Subject.Repository.FullName(), "pull", job.Subject.Number, "head", job.Head, "delivery", job.Delivery)
}

func (w *Worker) span(ctx context.Context, name string, attributes ...string) (context.Context, func(error)) {
	if w.Span == nil {
		return ctx, func(error) {}
	}
	return w.Span(ctx, name, attributes...)
}

func (w *Worker) now() time.Time {
	if w.Now != nil {
		return w.Now()
	}
	return time.Now()
}
