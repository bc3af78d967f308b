package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules"
	"github.com/landwaiter/landwaiter/internal/source"
)

// A job of a pull request from a fork has a token that may only read. What it found is shown by a second workflow, on
// workflow_run, which may write and therefore renders nothing and runs nothing of the pull request: the report that the
// first one left is data of a stranger's. Which commit and pull request it is about is asked of GitHub; where it says
// otherwise it is refused.

// maxArchive is how many bytes the artifact with the report may have.
const maxArchive = report.MaxReport

// maxAbout bounds the pull requests with one head that a report is shown on.
const maxAbout = 8

// errNothing says that there is nothing to show, by no fault of anybody.
var errNothing = errors.New("nothing to show")

// relay shows the report that the run of another workflow left.
func (a *action) relay(ctx context.Context) error {
	p, err := a.publisher(report.AdvisoryName, fmt.Sprintf("advisory/%d", a.reported.ID))
	if err != nil {
		return usageError(err)
	}
	p.Resumed = true
	p.Details = a.runAddress(strconv.FormatInt(a.reported.ID, 10))
	pulls, err := a.about(ctx, p)
	if errors.Is(err, errNothing) {
		fmt.Fprintln(a.sys.stdout, report.Line(err.Error()))
		return nil
	} else if err != nil {
		return err
	}
	all, err := a.advice(ctx, p, pulls)
	if err == nil {
		return a.advise(ctx, p, all)
	}
	if errors.As(err, new(*github.RateLimited)) {
		return err
	}
	return errors.Join(err, p.Complete(ctx, refusal(err)))
}

// refusal is the check on a commit whose report is not shown.
func refusal(err error) report.Check {
	check := report.Unreviewed([]string{report.AdvisoryName}, github.Redact(err.Error()), "Look at the run that left the report, and run it again.", "")[0]
	check.Actions = nil
	return check
}

// about asks GitHub which open pull requests the run's commit is the head of.
func (a *action) about(ctx context.Context, p *github.Publisher) ([]github.PullRequest, error) {
	run := a.reported
	if run.Event != "pull_request" || run.Conclusion == "cancelled" || run.Conclusion == "skipped" {
		return nil, fmt.Errorf("%w: the run was %s, of the event %.80q, and only those of pull_request leave a report", errNothing, run.Conclusion, run.Event)
	}
	all, err := p.Client.PullRequestsOf(ctx, p.Repository, run.HeadRepository.Owner.Login, run.HeadBranch)
	if err != nil {
		return nil, err
	}
	var about []github.PullRequest
	for _, pull := range all {
		if pull.Head == a.head && strings.EqualFold(pull.HeadRepository, run.HeadRepository.FullName) && len(about) < maxAbout {
			about = append(about, pull)
		}
	}
	if about == nil {
		return nil, fmt.Errorf("%w: no open pull request has the head %s by now", errNothing, a.head)
	}
	return about, nil
}

// reportOf reads the report that the run left, and holds it to be about the run's commit.
func (a *action) reportOf(ctx context.Context, p *github.Publisher) (*review.Result, error) {
	name := a.in["artifact"]
	archive, found, err := p.Client.Artifact(ctx, p.Repository, a.reported.ID, name, maxArchive)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("the run left no artifact %s: it failed before it had a report, or does not upload it", name)
	}
	text, err := unpack(archive, path.Base(filepath.ToSlash(a.in["report"])))
	if err != nil {
		return nil, fmt.Errorf("the artifact %s: %w", name, err)
	}
	read, err := report.Read(text)
	if err != nil {
		return nil, err
	}
	if read.HeadID != a.head {
		return nil, fmt.Errorf("the report says that it is about %.64q, and the run was of %s", read.HeadID, a.head)
	}
	return read, nil
}

// unpack takes the one file out of an archive, in memory. An archive that somebody meant to lead elsewhere is refused.
func unpack(archive []byte, name string) ([]byte, error) {
	const most = 100
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("it is no zip archive: %w", err)
	}
	if len(files.File) > most {
		return nil, fmt.Errorf("it holds %d files, more than %d", len(files.File), most)
	}
	var wanted *zip.File
	for _, f := range files.File {
		switch {
		case !filepath.IsLocal(f.Name) || strings.ContainsAny(f.Name, "\\:\x00"):
			return nil, fmt.Errorf("it holds %.200q, which leads out of it", f.Name)
		case f.Name != name:
		case wanted != nil || !f.Mode().IsRegular():
			return nil, fmt.Errorf("it holds %s twice, or not as a file", name)
		default:
			wanted = f
		}
	}
	if wanted == nil {
		return nil, fmt.Errorf("it does not hold %s", name)
	}
	file, err := wanted.Open()
	if err != nil {
		return nil, fmt.Errorf("%s in it: %w", name, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, report.MaxReport+1))
	if err == nil && len(text) > report.MaxReport {
		err = fmt.Errorf("it has more than %d bytes", report.MaxReport)
	}
	if err != nil {
		return nil, fmt.Errorf("%s in it: %w", name, err)
	}
	return text, nil
}

// advice is what is told of a report on a pull request.
type advice struct {
	pull        github.PullRequest
	shown       *report.Report
	publication report.Publication
}

// advice reads the report that the run left, and decides what is told of it.
func (a *action) advice(ctx context.Context, p *github.Publisher, pulls []github.PullRequest) ([]advice, error) {
	read, err := a.reportOf(ctx, p)
	if err != nil {
		return nil, err
	}
	var all []advice
	for _, pull := range pulls {
		shown, publication, err := a.claims(ctx, pull, read)
		if err != nil {
			return nil, err
		}
		all = append(all, advice{pull, shown, publication})
	}
	return all, nil
}

// advise tells pull requests. A check belongs to their one commit, so it tells of the worst; it stands, whatever else cannot
// be shown.
func (a *action) advise(ctx context.Context, p *github.Publisher, all []advice) error {
	worst := all[0]
	var failed []error
	for _, one := range all {
		if one.shown.Verdict == review.Fails && worst.shown.Verdict != review.Fails {
			worst = one
		}
		if p.Number = one.pull.Number; a.comments && !one.pull.Draft {
			err := patiently(ctx, func() error { return a.comment(ctx, p, one.publication) })
			if errors.Is(err, github.ErrHeadMoved) { // which is no failure: the run of the new head has a report of its own
				fmt.Fprintf(a.sys.stdout, "not commented on: %s\n", report.Line(err.Error()))
				err = nil
			}
			failed = append(failed, err)
		}
	}
	check := worst.publication.Checks[0]
	failed = append(failed, patiently(ctx, func() error { return p.Complete(ctx, check) }))
	fmt.Fprintf(a.sys.stdout, "shown: %s\n", report.Line(check.Title))
	return errors.Join(append(failed, appendFile(a.summary, check.Summary+"\n"), a.put(worst.shown, "", ""))...)
}

// claims is what is shown of a report on a pull request: by the policy of its base, beside the change that Git says it is.
func (a *action) claims(ctx context.Context, pull github.PullRequest, read *review.Result) (*report.Report, report.Publication, error) {
	a.base = "refs/heads/" + pull.BaseRef
	fetched, err := a.fetch(ctx)
	if err != nil {
		return nil, report.Publication{}, err
	}
	defer fetched.Close()
	base, err := fetched.Tree(ctx, fetched.IDs[1])
	if err != nil {
		return nil, report.Publication{}, err
	}
	followed, err := a.policy(base)
	if err != nil {
		return nil, report.Publication{}, err
	}
	var change *source.Change
	if change, err = fetched.Change(ctx, fetched.IDs[1], fetched.IDs[0]); err != nil {
		return nil, report.Publication{}, err
	}
	shown := report.Claims(read, slices.Concat(rules.All(), followed.Own), followed, change)
	shown.Version, shown.Link = version(), a.link
	shown.Caveat = fmt.Sprintf("*Advisory: so says [a run](%s) of what the pull request brought, and nobody computed it again.*", a.runAddress(strconv.FormatInt(a.reported.ID, 10)))
	return shown, report.Advise(shown, change), nil
}
