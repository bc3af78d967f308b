package github

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/report"
)

// The statuses of a check run.
const (
	statusQueued     = "queued"
	statusInProgress = "in_progress"
	statusCompleted  = "completed"
)

// maxAnnotations is how many annotations GitHub takes at a time; those of later updates are added to them.
const maxAnnotations = 50

// CheckRun is a check run of ours that GitHub shows.
type CheckRun struct {
	ID          int64
	Name        string
	External    string // the review that it shows
	Status      string // queued, in_progress or completed
	Conclusion  string
	title       string
	summary     string
	text        string
	annotations int
}

// Completed reports whether it has a conclusion.
func (r CheckRun) Completed() bool { return r.Status == statusCompleted }

// CheckRuns returns our check runs on a commit, of every review, the newest first. At most a thousand are read, which is
// as many as GitHub keeps of a name.
//
// https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference
func (c *Client) CheckRuns(ctx context.Context, repo event.Repository, head string) ([]CheckRun, error) {
	if err := cmp.Or(c.owns(repo), checkCommit("head", head)); err != nil {
		return nil, err
	}
	us, err := c.ours(ctx)
	if err != nil {
		return nil, err
	}
	options := &github.ListCheckRunsOptions{Filter: github.String("all"), ListOptions: github.ListOptions{PerPage: perPage}}
	if us.AppID != 0 {
		options.AppID = &us.AppID
	}
	var runs []CheckRun
	for range 1000 / perPage {
		found, resp, err := c.rest.Checks.ListCheckRunsForRef(ctx, repo.Owner, repo.Name, head, options)
		if err != nil {
			return nil, failure(ctx, "list check runs", err)
		}
		if found == nil {
			return nil, hollow("list check runs")
		}
		for _, r := range found.CheckRuns {
			if us.made(r) { // old servers do not know the filter
				runs = append(runs, checkRun(r))
			}
		}
		if options.Page = resp.NextPage; resp.NextPage == 0 {
			break
		}
	}
	slices.SortStableFunc(runs, func(a, b CheckRun) int { return cmp.Compare(b.ID, a.ID) })
	return runs, nil
}

// ours is who makes our check runs. The App's are found by its number, with no further question.
func (c *Client) ours(ctx context.Context) (Identity, error) {
	if id := c.app.settings.AppID; id != 0 {
		return Identity{AppID: id}, nil
	}
	return c.app.Identity(ctx)
}

// made reports whether a check run is by an App that we are.
func (i Identity) made(r *github.CheckRun) bool {
	if i.AppID != 0 {
		return r.GetApp().GetID() == i.AppID
	}
	return !i.Person && r.GetApp().GetSlug() == i.Slug
}

func checkRun(r *github.CheckRun) CheckRun {
	out := r.GetOutput()
	return CheckRun{ID: r.GetID(), Name: r.GetName(), External: r.GetExternalID(), Status: r.GetStatus(), Conclusion: r.GetConclusion(),
		title: out.GetTitle(), summary: out.GetSummary(), text: out.GetText(), annotations: out.GetAnnotationsCount()}
}

// shows reports whether a run already says all of what a check says.
func (r CheckRun) shows(check report.Check) bool {
	return r.Completed() && r.Conclusion == check.Conclusion && r.annotations >= len(check.Annotations) &&
		same(r.title, check.Title) && same(r.summary, check.Summary) && same(r.text, check.Text)
}

// same compares texts as GitHub keeps them: it may change line ends, and drop spaces at the end.
func same(a, b string) bool { return stored(a) == stored(b) }

func stored(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

// create makes a check run.
//
// https://docs.github.com/en/rest/checks/runs#create-a-check-run
func (p *Publisher) create(ctx context.Context, name string, u update) (CheckRun, error) {
	if err := p.Current(); err != nil {
		return CheckRun{}, err
	}
	options := github.CreateCheckRunOptions{Name: name, HeadSHA: p.Head, ExternalID: &p.Review, Status: &u.status,
		Conclusion: optional(u.conclusion), DetailsURL: optional(p.Details), Output: u.output, Actions: u.actions}
	if u.status != statusQueued {
		options.StartedAt = now()
	}
	if u.conclusion != "" {
		options.CompletedAt = now()
	}
	r, _, err := p.Client.rest.Checks.CreateCheckRun(ctx, p.Repository.Owner, p.Repository.Name, options)
	if err != nil {
		return CheckRun{}, failure(ctx, "create check run "+name, err)
	}
	if r.GetID() <= 0 {
		return CheckRun{}, hollow("create check run " + name)
	}
	return u.applied(CheckRun{ID: r.GetID(), Name: name, External: p.Review}), nil
}

// update changes a check run.
//
// https://docs.github.com/en/rest/checks/runs#update-a-check-run
func (p *Publisher) update(ctx context.Context, run CheckRun, u update) (CheckRun, error) {
	options := github.UpdateCheckRunOptions{Name: run.Name, Status: &u.status, Conclusion: optional(u.conclusion), Output: u.output, Actions: u.actions}
	if u.conclusion != "" {
		options.CompletedAt = now()
	}
	if _, _, err := p.Client.rest.Checks.UpdateCheckRun(ctx, p.Repository.Owner, p.Repository.Name, run.ID, options); err != nil {
		return run, failure(ctx, "update check run "+run.Name, err)
	}
	return u.applied(run), nil
}

// update is what changes of a check run.
type update struct {
	status, conclusion string
	output             *github.CheckRunOutput // nil: stays
	actions            []*github.CheckRunAction
}

// applied is a run after an update.
func (u update) applied(run CheckRun) CheckRun {
	run.Status, run.Conclusion = u.status, u.conclusion
	if u.output != nil {
		run.title, run.summary, run.text = u.output.GetTitle(), u.output.GetSummary(), u.output.GetText()
		run.annotations += len(u.output.Annotations)
	}
	return run
}

// updates are the requests that complete a check of which GitHub has some annotations already: one for each fifty, of
// which the last has the texts and the conclusion.
func updates(check report.Check, have int) []update {
	rest := check.Annotations[min(have, len(check.Annotations)):]
	var all []update
	for len(rest) > maxAnnotations {
		all = append(all, update{status: statusInProgress, output: &github.CheckRunOutput{
			Title: &check.Title, Summary: github.String("Still writing."), Annotations: annotations(rest[:maxAnnotations])}})
		rest = rest[maxAnnotations:]
	}
	last := update{status: statusCompleted, conclusion: check.Conclusion, output: &github.CheckRunOutput{
		Title: &check.Title, Summary: &check.Summary, Text: optional(check.Text), Annotations: annotations(rest)}}
	for _, a := range check.Actions {
		last.actions = append(last.actions, &github.CheckRunAction{Label: a.Label, Description: a.Description, Identifier: a.Identifier})
	}
	return append(all, last)
}

func annotations(all []report.Annotation) []*github.CheckRunAnnotation {
	out := make([]*github.CheckRunAnnotation, len(all))
	for i, a := range all {
		out[i] = &github.CheckRunAnnotation{Path: &a.File, StartLine: &a.StartLine, EndLine: &a.EndLine,
			AnnotationLevel: &a.Level, Message: &a.Message, Title: optional(a.Title)}
		if a.StartLine == a.EndLine && a.StartColumn > 0 {
			out[i].StartColumn = &a.StartColumn
			if a.EndColumn > 0 {
				out[i].EndColumn = &a.EndColumn
			}
		}
	}
	return out
}

func now() *github.Timestamp { return &github.Timestamp{Time: time.Now().UTC()} }

// optional leaves an empty text out of a request.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
