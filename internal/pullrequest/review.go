package pullrequest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/queue"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/source"
)

// review does what the house is for: a pull request or merge group, from its commits to what people see.
func (w *Worker) review(ctx context.Context, job queue.Job) error {
	job, found, err := w.locate(ctx, job)
	if err != nil || !found {
		return err
	}
	watch := &stopwatch{worker: w, start: w.now(), stages: map[string]time.Duration{}}
	p := w.publisher(ctx, job)
	if _, err := p.Queue(ctx, report.CheckName); err != nil {
		return err
	}
	var m *material
	if err := watch.stage(ctx, "fetch", func(ctx context.Context) (err error) { m, err = w.gather(ctx, job); return err }); err != nil {
		return w.conclude(ctx, job, p, err)
	}
	defer m.Close()
	if _, err := p.Start(ctx, report.CheckName); err != nil {
		return err
	}
	var shown *report.Report
	if err := watch.stage(ctx, "review", func(ctx context.Context) (err error) { shown, err = w.judge(ctx, job, m); return err }); err != nil {
		return w.conclude(ctx, job, p, err)
	}
	var publication report.Publication
	err = watch.stage(ctx, "publish", func(ctx context.Context) (err error) { publication, err = w.publish(ctx, job, p, m, shown); return err })
	if err != nil {
		return err
	}
	w.observe(Observation{Outcome: publication.Checks[0].Conclusion, Stages: watch.stages, Total: w.now().Sub(watch.start)})
	return nil
}

// locate finds out which pull request a re-run is for, where GitHub did not say: the queue knows which review a check run
// shows, else the open pull requests with that head are asked for.
func (w *Worker) locate(ctx context.Context, job queue.Job) (queue.Job, bool, error) {
	if job.Subject.Number > 0 && job.BaseRef != "" || job.Subject.Number == 0 && job.Base != "" {
		return job, true, nil
	}
	repo := job.Subject.Repository
	if job.Subject.Number > 0 {
		pull, err := w.client(job.Task).PullRequest(ctx, repo, job.Subject.Number)
		if err != nil {
			return job, false, err
		}
		if pull.Open && pull.Head != job.Head {
			return job, false, w.follow(ctx, job)
		}
		return complete(job, pull), pull.Open, nil
	}
	if job.Subject.Ref != "" { // of a merge group GitHub says its base only once
		known, err := w.Queue.Progress(ctx, repo)
		job.Base = known[job.Subject.Key()].Base
		return job, err == nil && job.Base != "", err
	}
	pulls, err := w.client(job.Task).OpenPullRequests(ctx, repo)
	if err != nil {
		return job, false, err
	}
	var again []event.Task
	for _, pull := range pulls {
		if pull.Head == job.Head {
			task := pull.Review(repo)
			task.Again, task.Sender = true, job.Sender
			again = append(again, task)
		}
	}
	if len(again) > 0 {
		_, err = w.Queue.Accept(ctx, fmt.Sprintf("%s/located/%d", job.Delivery, job.ID), "landwaiter", again)
	}
	return job, false, err
}

// complete fills in what a task does not say of its pull request.
func complete(job queue.Job, pull github.PullRequest) queue.Job {
	job.Base, job.BaseRef, job.Draft, job.Fork, job.Author = pull.Base, pull.BaseRef, pull.Draft, pull.Fork, pull.Author
	return job
}

// checkNames are the check runs that are waited for, as far as the policy can be asked: where there is no review none of
// them may stay open.
func (w *Worker) checkNames(ctx context.Context, job queue.Job) []string {
	none := review.DefaultPolicy()
	if job.BaseRef == "" {
		return report.CheckNames(none)
	}
	text, found, err := w.client(job.Task).File(ctx, job.Subject.Repository, PolicyFile, job.BaseRef)
	if err != nil || !found {
		return report.CheckNames(none)
	}
	known, err := policy.Load(w.Rules, policy.Layer{File: PolicyFile, Text: text})
	if err != nil {
		return report.CheckNames(none)
	}
	return report.CheckNames(known)
}

// conclude completes the check run when trying again would change nothing.
func (w *Worker) conclude(ctx context.Context, job queue.Job, p *github.Publisher, cause error) error {
	checks, err := w.conclusion(ctx, job, cause)
	if err != nil {
		return err
	}
	return p.Complete(ctx, checks...)
}

// policyLink makes addresses of lines of the repository's policy, on the branch that it is read from.
func (w *Worker) policyLink(job queue.Job) func(string, int) string {
	at := cmp.Or(job.BaseRef, job.Base)
	return func(file string, line int) string {
		if file != PolicyFile {
			return ""
		}
		return w.address(job, at, file, line)
	}
}

// judge reviews, and says what a change of the policy itself would do.
func (w *Worker) judge(ctx context.Context, job queue.Job, m *material) (*report.Report, error) {
	engine, done, err := w.Engines(job.Subject.Repository)
	if err != nil {
		return nil, err
	}
	defer done()
	options, err := w.options(ctx, job.Task, m)
	if err != nil {
		return nil, err
	}
	result, err := engine.Review(ctx, m.change, m.policy, options)
	if err != nil {
		return nil, err
	}
	shown := &report.Report{
		Result: result, Rules: slices.Concat(w.Rules, m.policy.Own), Level: review.Info, FailOn: m.policy.Gate.FailOn, Policy: m.policy, Version: w.Version, Renderers: w.Renderers, Now: w.now(),
		PolicyFrom: policyFrom(m),
		Source: func(file string) []byte {
			text, _ := m.change.Head.ReadFile(file)
			return text
		},
		Link: func(file string, line int) string {
			at := job.Head
			if _, there := m.change.HeadPath(file); !there {
				at = m.change.BaseID
			}
			return w.address(job, at, file, line)
		},
	}
	if shown.PolicyChange, err = w.preview(ctx, engine, m, options, result); err == nil && m.Damaged() {
		err = errDamaged
	}
	return shown, err
}

// policyFrom says for people which policies the review followed.
func policyFrom(m *material) string {
	var files []string
	for _, layer := range m.layers {
		file := layer.File
		if file == PolicyFile {
			file = fmt.Sprintf("%s at %.7s", file, m.IDs[1])
		}
		files = append(files, file)
	}
	return strings.Join(files, " over ")
}

func (w *Worker) options(ctx context.Context, t event.Task, m *material) (review.Options, error) {
	repo := t.Subject.Repository
	options := review.Options{Repository: fmt.Sprint(repo.ID), URLs: []string{w.GitHub.Site().Git(repo.Owner, repo.Name)}, Named: w.named(ctx, t, m.base)}
	acknowledged, err := w.Queue.Acknowledgements(ctx, tried(t.Subject))
	for _, a := range acknowledged {
		options.Accepted = append(options.Accepted, review.Acceptance{Fingerprint: a.Fingerprint, By: "@" + a.By, Reason: a.Reason, At: a.At})
	}
	return options, err
}

// groupBranch is the branch of a merge group, which is called after the pull request that it tries on top of its base.
//
// https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
var groupBranch = regexp.MustCompile(`^refs/heads/gh-readonly-queue/.+/pr-([1-9][0-9]{0,8})-[0-9a-f]{40,64}$`)

// tried is the pull request that a merge group tries: what was accepted there is accepted in the group too. Only GitHub
// makes such branches.
func tried(subject event.Subject) event.Subject {
	if found := groupBranch.FindStringSubmatch(subject.Ref); subject.Number == 0 && found != nil {
		subject.Number, _ = strconv.Atoi(found[1]) // it is one
	}
	return subject
}

// address is where people see a line of a file at a commit or branch.
func (w *Worker) address(job queue.Job, at, file string, line int) string {
	segments := strings.Split(at+"/"+file, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	address := fmt.Sprintf("%s/%s/blob/%s", w.GitHub.Site().Web(), job.Subject.Repository.FullName(), strings.Join(segments, "/"))
	if line > 0 {
		address += fmt.Sprintf("#L%d", line)
	}
	return address
}

// preview reviews once more with the policy that the change brings, where it changes the policy.
func (w *Worker) preview(ctx context.Context, engine *review.Engine, m *material, options review.Options, now *review.Result) (*report.PolicyChange, error) {
	if !touchesPolicy(m.change) {
		return nil, nil
	}
	change := &report.PolicyChange{File: PolicyFile, Old: m.policy, Before: now}
	next, err := w.nextPolicy(m)
	if err == nil {
		change.New = next
		err = w.compare(ctx, engine, m, options, change)
	}
	var wrong *policyError
	var config *review.ConfigError
	switch {
	case errors.As(err, &wrong):
		change.Mistake, change.New = wrong.err, nil
	case errors.As(err, &config):
		change.Mistake, change.New = config, nil
	case err != nil:
		return nil, err
	}
	return change, nil
}

// compare reviews with the policy of the change, which whoever opened it wrote: no registry is asked for it. Where some were
// for the review itself, that is made anew without them, so that both are alike.
func (w *Worker) compare(ctx context.Context, engine *review.Engine, m *material, options review.Options, change *report.PolicyChange) (err error) {
	options.Offline = true
	if slices.ContainsFunc(change.Before.Images, func(i review.ImageResult) bool { return i.Evidence != "" || i.Digest != "" || i.Missing }) {
		if change.Before, err = engine.Review(ctx, m.change, m.policy, options); err != nil {
			return err
		}
	}
	change.After, err = engine.Review(ctx, m.change, change.New, options)
	return err
}

// nextPolicy is the policy once the change is merged.
func (w *Worker) nextPolicy(m *material) (*review.Policy, error) {
	text, err := policyText(m.change.Head)
	if err != nil {
		return nil, err
	}
	layers := slices.DeleteFunc(slices.Clone(m.layers), func(l policy.Layer) bool { return isPolicy(l.File) })
	own, err := policy.RuleLayers(m.change.Head, policy.RulesDir)
	if err != nil {
		return nil, &policyError{err}
	}
	layers = append(layers, own...)
	if text != nil {
		layers = append(layers, policy.Layer{File: PolicyFile, Text: text})
	}
	next, err := policy.Load(w.Rules, layers...)
	if err != nil {
		return nil, &policyError{err}
	}
	return next, nil
}

// isPolicy reports whether a file of the repository is its policy, or holds rules of its own.
func isPolicy(file string) bool {
	return file == PolicyFile || path.Dir(file) == policy.RulesDir
}

func touchesPolicy(change *source.Change) bool {
	for _, f := range change.Files {
		if isPolicy(f.Old) || isPolicy(f.New) {
			return true
		}
	}
	return false
}

// publish shows the report.
func (w *Worker) publish(ctx context.Context, job queue.Job, p *github.Publisher, m *material, shown *report.Report) (report.Publication, error) {
	granted, err := w.client(job.Task).Granted(ctx)
	if err != nil {
		return report.Publication{}, err
	}
	pull, write := job.Subject.Number > 0, granted.Write("contents")
	publication := report.Publish(shown, report.PublicationOptions{
		Change: m.change, CheckOnly: job.Draft || !pull, MayPush: pull && write && !job.Fork, MayOpen: pull && write,
	})
	siblings, err := w.judgeSiblings(ctx, job)
	if err != nil {
		return publication, err
	}
	publication = publication.Beside(siblings)
	outcome, err := p.Publish(ctx, publication)
	if errors.Is(err, github.ErrHeadMoved) {
		return publication, w.follow(ctx, job) // the check run is complete, and the new head gets a review of its own
	}
	if n := len(outcome.Unplaced); n > 0 {
		w.log(job).Warn("GitHub did not take some comments; the summary has their findings", "count", n)
	}
	return publication, err
}

// stopwatch measures stages.
type stopwatch struct {
	worker *Worker
	start  time.Time
	stages map[string]time.Duration
}

func (s *stopwatch) stage(ctx context.Context, name string, do func(context.Context) error) error {
	began := s.worker.now()
	ctx, end := s.worker.span(ctx, name)
	err := do(ctx)
	end(err)
	s.stages[name] = s.worker.now().Sub(began)
	return err
}
