package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/report"
)

// Publisher shows one review on GitHub. What it shows already is left alone, so that every method may be called again
// after a crash, by another process too. It is for one goroutine.
type Publisher struct {
	Client     *Client
	Repository event.Repository
	Number     int    // of the pull request; 0: a merge group, which has no comments
	Head       string // the commit that was reviewed
	Review     string // external id of the check runs: names the review, over all attempts of it
	Details    string // address behind the check runs; "" for none
	As         string // what the publications call themselves, see report.Report.As; "" for report.CheckName
	Resumed    bool   // an earlier attempt may have got somewhere: look before making anything

	// Current is asked right before each write. Its error, when the review is superseded for instance, ends what is
	// being done at once and is returned as it is.
	Current func() error

	runs  map[string]CheckRun // by name
	found bool                // runs has what GitHub shows
}

// as is what its comments are found by.
func (p *Publisher) as() string { return cmp.Or(p.As, report.CheckName) }

// Outcome is what Publish did.
type Outcome struct {
	Posted, Edited, Hidden int // comments
	// Unplaced are the comments that GitHub takes neither on their line nor on their file. The summary should show
	// them: complete the check once more with another text.
	Unplaced []report.Comment
}

// Publish completes the check runs, which decide whether the pull request may be merged, and then brings the comments
// in line. An error may leave some of it done; the next call does the rest.
func (p *Publisher) Publish(ctx context.Context, publication report.Publication) (Outcome, error) {
	if err := p.Complete(ctx, publication.Checks...); err != nil {
		return Outcome{}, err
	}
	return p.Comment(ctx, publication)
}

// Queue creates a check run as queued, unless there is one of this name for this review. It returns its id.
func (p *Publisher) Queue(ctx context.Context, name string) (int64, error) {
	run, ok, err := p.run(ctx, name)
	if err == nil && !ok {
		run, err = p.create(ctx, name, update{status: statusQueued})
		p.keep(run, err)
	}
	return run.ID, err
}

// Start says that the review has begun, creating the check run when there is none. One that is completed, by an
// attempt that crashed later, stays so until Complete.
func (p *Publisher) Start(ctx context.Context, name string) (int64, error) {
	run, ok, err := p.run(ctx, name)
	switch {
	case err != nil:
		return 0, err
	case !ok:
		run, err = p.create(ctx, name, update{status: statusInProgress})
	case run.Status == statusQueued:
		if err = p.Current(); err == nil {
			run, err = p.update(ctx, run, update{status: statusInProgress})
		}
	}
	p.keep(run, err)
	return run.ID, err
}

// Complete completes check runs, creating those that are not there. Annotations that an earlier attempt sent are not
// sent again: GitHub adds them up.
func (p *Publisher) Complete(ctx context.Context, checks ...report.Check) error {
	for _, check := range checks {
		run, ok, err := p.run(ctx, check.Name)
		if err != nil {
			return err
		}
		if ok && run.shows(check) {
			continue
		}
		for _, u := range updates(check, run.annotations) {
			if !ok {
				run, err = p.create(ctx, check.Name, u)
			} else if err = p.Current(); err == nil {
				run, err = p.update(ctx, run, u)
			}
			if p.keep(run, err); err != nil {
				return err
			}
			ok = true
		}
	}
	return nil
}

// Settle completes check runs as Complete does, but leaves those alone that are completed already: a verdict stands, whatever
// else could not be shown.
func (p *Publisher) Settle(ctx context.Context, checks ...report.Check) error {
	var open []report.Check
	for _, check := range checks {
		run, ok, err := p.run(ctx, check.Name)
		if err != nil {
			return err
		}
		if !ok || !run.Completed() {
			open = append(open, check)
		}
	}
	return p.Complete(ctx, open...)
}

// Cancel ends the check runs of this review that are not completed as cancelled, saying why. Current is not asked:
// the review ends because it is no longer current.
func (p *Publisher) Cancel(ctx context.Context, title, summary string) error {
	if !p.found {
		if err := p.find(ctx); err != nil {
			return err
		}
	}
	var failed error
	for name, run := range p.runs {
		if run.Completed() {
			continue
		}
		check := report.Check{Name: name, Conclusion: "cancelled", Title: title, Summary: summary}
		run, err := p.update(ctx, run, updates(check, 0)[0])
		p.keep(run, err)
		failed = cmp.Or(failed, err)
	}
	return failed
}

// run returns the check run of a name, asking GitHub when there may be one that we do not know of.
func (p *Publisher) run(ctx context.Context, name string) (CheckRun, bool, error) {
	if p.Review == "" {
		return CheckRun{}, false, errors.New("a review without a name would not be found again")
	}
	if err := cmp.Or(p.Client.owns(p.Repository), checkCommit("head", p.Head)); err != nil {
		return CheckRun{}, false, err
	}
	if _, known := p.runs[name]; !known && p.Resumed && !p.found {
		if err := p.find(ctx); err != nil {
			return CheckRun{}, false, err
		}
	}
	run, ok := p.runs[name]
	return run, ok, nil
}

// find reads the check runs that earlier attempts made.
func (p *Publisher) find(ctx context.Context) error {
	all, err := p.Client.CheckRuns(ctx, p.Repository, p.Head)
	if err != nil {
		return fmt.Errorf("look for the check run of an earlier attempt: %w", err)
	}
	p.found = true
	for _, run := range all {
		if _, known := p.runs[run.Name]; !known && run.External == p.Review { // the newest comes first
			p.keep(run, nil)
		}
	}
	return nil
}

func (p *Publisher) keep(run CheckRun, err error) {
	if err != nil {
		return
	}
	if p.runs == nil {
		p.runs = make(map[string]CheckRun)
	}
	p.runs[run.Name] = run
}
