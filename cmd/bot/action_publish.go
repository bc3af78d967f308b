package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/server"
	"github.com/landwaiter/landwaiter/internal/source"
)

// name is what the step's check run and comments go by: steps that review other parts of the repository leave those of
// each other alone.
func (a *action) name() string {
	if under := strings.Trim(unnamed.ReplaceAllString(a.in["path"], "-"), "./-"); under != "" {
		return report.ActionName + ":" + under
	}
	return report.ActionName
}

// unnamed is what does not go into the name of a check, nor into a marker, which is an HTML comment.
var unnamed = regexp.MustCompile(`[^A-Za-z0-9._/]+`)

// publish shows the report on the pull request or merge group, as the App would, as far as the token may. What it may not
// is said and fails nothing: the verdict is the step's.
func (a *action) publish(ctx context.Context, shown *report.Report, change *source.Change) error {
	if !a.comments || a.event != "pull_request" && a.event != "merge_group" || a.server == "" {
		return nil
	}
	p, err := a.publisher(shown.As, "action/"+a.run+"/"+a.job)
	if err != nil {
		return a.unpublished(err)
	}
	publication := report.Publish(shown, report.PublicationOptions{Change: change, CheckOnly: a.draft || a.number == 0})
	return a.unpublished(errors.Join(
		patiently(ctx, func() error { return p.Complete(ctx, publication.Checks...) }),
		patiently(ctx, func() error { return a.comment(ctx, p, publication) }),
	))
}

// comment brings the comments in line.
func (a *action) comment(ctx context.Context, p *github.Publisher, publication report.Publication) error {
	outcome, err := p.Comment(ctx, publication)
	if n := len(outcome.Unplaced); n > 0 {
		fmt.Fprintf(a.sys.stdout, "note: GitHub did not take %s; the summary has their findings\n", report.Plural(n, "comment"))
	}
	return err
}

// publisher shows a review by the job's token.
func (a *action) publisher(as, review string) (*github.Publisher, error) {
	proxy := httpproxy.FromEnvironment()
	through := server.ProxySettings{HTTP: server.Secret(proxy.HTTPProxy), HTTPS: server.Secret(proxy.HTTPSProxy), No: proxy.NoProxy}
	client, err := github.NewTokenClient(github.Settings{URL: a.server, Proxy: through.For, Agent: "landwaiter/" + version()}, a.in["token"])
	if err != nil {
		return nil, err
	}
	owner, name, _ := strings.Cut(a.repository, "/")
	return &github.Publisher{
		Client: client, Repository: event.Repository{Owner: owner, Name: name}, Number: a.number, Head: a.head, Review: review, As: as,
		Details: a.runAddress(a.run), Resumed: a.attempt != "" && a.attempt != "1", Current: func() error { return nil },
	}, nil
}

// runAddress is where people see a run of a workflow; "" where nobody knows.
func (a *action) runAddress(run string) string {
	if a.server == "" || run == "" {
		return ""
	}
	return fmt.Sprintf("%s/%s/actions/runs/%s", a.server, a.repository, run)
}

// unpublished says what of a publication is missing, in the log and in the step's summary.
func (a *action) unpublished(err error) error {
	if err == nil {
		return nil
	}
	text := "Not all is shown on the pull request: " + strings.ReplaceAll(github.Redact(err.Error()), "\n", "; ") + "."
	if errors.Is(err, github.ErrForbidden) || errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrCredentials) {
		text += " The job needs permissions: {contents: read, pull-requests: write, checks: write}. Pull requests from forks never get them: " +
			"see the pair of workflows in docs/action.md, or set comment: off."
	}
	text = report.Line(text)
	fmt.Fprintln(a.sys.stdout, text)
	return appendFile(a.summary, "\n"+report.MarkdownText(text)+"\n")
}

// The Action waits for GitHub's limits, which last a minute as a rule; nobody waits for it longer than that.
const (
	maxTries   = 3
	maxPatient = 2 * time.Minute
)

// patiently does what GitHub may ask to be done later.
func patiently(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		var limited *github.RateLimited
		if !errors.As(err, &limited) || try == maxTries || limited.After > maxPatient {
			return err
		}
		select {
		case <-time.After(limited.After):
		case <-ctx.Done():
			return cmp.Or(context.Cause(ctx), err)
		}
	}
}
