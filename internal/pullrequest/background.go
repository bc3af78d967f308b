package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/queue"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/source"
)

// warm renders the default branch as it is now, so that the next review finds base in the cache.
func (w *Worker) warm(ctx context.Context, job queue.Job) error {
	fetched, err := w.fetch(ctx, job.Task, job.Head)
	var final *finalError
	if errors.As(err, &final) {
		return nil // the next review will say so
	} else if err != nil {
		return err
	}
	defer fetched.Close()
	tree, err := fetched.Tree(ctx, job.Head)
	if err != nil {
		return err
	}
	layers, err := w.layers(ctx, job.Task, tree)
	if err != nil {
		return err
	}
	rules, err := policy.Load(w.Rules, layers...)
	if err != nil {
		return nil
	}
	engine, done, err := w.Engines(job.Subject.Repository)
	if err != nil {
		return err
	}
	defer done()
	_, err = engine.Review(ctx, &source.Change{Head: tree, HeadID: job.Head}, rules, review.Options{Repository: fmt.Sprint(job.Subject.Repository.ID), URLs: []string{w.GitHub.Site().Git(job.Subject.Repository.Owner, job.Subject.Repository.Name)}, Offline: true})
	return err
}

// forget deletes what is kept of repositories outside of the database, which forgets by itself.
func (w *Worker) forget(ctx context.Context, t event.Task) error {
	installation := t.Subject.Repository.Installation
	if len(t.Repositories) == 0 {
		w.GitHub.Forget(installation)
	}
	return errors.Join(w.Mirror.Remove(ctx, installation, t.Repositories...), w.Forget(installation, t.Repositories))
}

// Sweep gives open pull requests without a review of their head one, of which webhooks did not tell. It goes on after an
// error and returns them all.
func (w *Worker) Sweep(ctx context.Context) error {
	installations, err := w.GitHub.Installations(ctx)
	errs := []error{err}
	for _, id := range installations {
		errs = append(errs, w.sweep(ctx, id))
	}
	return errors.Join(errs...)
}

// Redeliver asks GitHub for the webhooks again that failed since a time, but for those that Sweep makes up for.
func (w *Worker) Redeliver(ctx context.Context, since time.Time) error {
	failed, err := w.GitHub.FailedDeliveries(ctx, since)
	if err != nil {
		return fmt.Errorf("looking for webhooks that failed: %w", err)
	}
	for _, d := range failed {
		if d.Event == "pull_request" && (d.Action == "opened" || d.Action == "synchronize") {
			continue // of a head that may be an old one by now; the sweep finds the one that there is
		}
		if err := w.GitHub.Redeliver(ctx, d.ID); err != nil {
			return fmt.Errorf("asking for a webhook again: %w", err)
		}
	}
	return nil
}

// sweep queues the reviews that an installation's open pull requests lack. What the queue knows of a head is not asked
// of GitHub.
func (w *Worker) sweep(ctx context.Context, installation int64) error {
	client := w.GitHub.Client(installation)
	repositories, err := client.Repositories(ctx)
	if err != nil {
		return fmt.Errorf("looking for pull requests of installation %d: %w", installation, err)
	}
	var errs []error
	for _, repo := range repositories {
		if err := w.sweepRepository(ctx, client, repo); err != nil {
			errs = append(errs, fmt.Errorf("looking for pull requests of %s: %w", repo.FullName(), err))
		}
		if limited := new(github.RateLimited); errors.As(err, &limited) {
			break
		}
	}
	return errors.Join(errs...)
}

func (w *Worker) sweepRepository(ctx context.Context, client *github.Client, repo event.Repository) error {
	pulls, err := client.OpenPullRequests(ctx, repo)
	if err != nil || len(pulls) == 0 {
		return err
	}
	known, err := w.Queue.Progress(ctx, repo)
	if err != nil {
		return err
	}
	for _, pull := range pulls {
		task := pull.Review(repo)
		if p := known[task.Subject.Key()]; p.Kind == event.Review && p.Head == pull.Head {
			continue
		}
		if _, err := w.Queue.Accept(ctx, fmt.Sprintf("sweep/%d/%s", w.now().UnixNano(), task.Subject.Key()), "landwaiter", []event.Task{task}); err != nil {
			return err
		}
	}
	return nil
}

var _ queue.Worker = (*Worker)(nil)
