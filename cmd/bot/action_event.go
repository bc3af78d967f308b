package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// runner is what GitHub's runner tells a step through its environment.
//
// https://docs.github.com/en/actions/reference/workflows-and-actions/variables
type runner struct {
	event      string // pull_request, merge_group, push …
	server     string // https://github.com
	repository string // OWNER/NAME
	workspace  string // where the repository is checked out
	temporary  string // a directory that goes when the job ends
	summary    string // file for the step's summary; "" for none
	output     string // file for the step's outputs; "" for none
	run        string // number of the workflow's run
	attempt    string // which time it runs, from 1
	job        string // its key in the workflow file
	head, base string // commits; base is "" when everything is reviewed
	number     int    // of the pull request, 0 for none
	draft      bool
	reported   workflowRun // on workflow_run: the run that left a report
}

// workflowRun is what GitHub says of the run of a workflow that has ended. All but its number is chosen by whoever opened
// the pull request that it ran for.
type workflowRun struct {
	ID             int64
	Event          string
	Conclusion     string
	HeadSHA        string `json:"head_sha"`
	HeadBranch     string `json:"head_branch"`
	HeadRepository struct {
		FullName string `json:"full_name"`
		Owner    struct{ Login string }
	} `json:"head_repository"`
}

// actionEvent is the part of an event's payload that says which commits are compared.
type actionEvent struct {
	Repository struct {
		FullName string `json:"full_name"`
	}
	WorkflowRun workflowRun `json:"workflow_run"`
	PullRequest struct {
		Number int
		Draft  bool
		Head   struct {
			SHA  string
			Repo *struct{ ID int64 }
		}
		Base struct {
			SHA  string
			Repo *struct{ ID int64 }
		}
	} `json:"pull_request"`
	MergeGroup struct {
		HeadSHA string `json:"head_sha"`
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`
	Before, After string
}

// maxEvent is how many bytes of an event are read; GitHub's are at most 25 MiB.
const maxEvent = 32 << 20

// errNoRunner says that this is not a step of a workflow.
var errNoRunner = errors.New("GITHUB_EVENT_NAME is not set: this command is for a step of a GitHub workflow; on a machine of your own it is landwaiter review")

// readRunner reads the runner's environment and its event.
func readRunner(env func(string) string) (runner, error) {
	r := runner{
		event: env("GITHUB_EVENT_NAME"), server: env("GITHUB_SERVER_URL"), repository: env("GITHUB_REPOSITORY"), workspace: env("GITHUB_WORKSPACE"),
		temporary: env("RUNNER_TEMP"), summary: env("GITHUB_STEP_SUMMARY"), output: env("GITHUB_OUTPUT"), head: env("GITHUB_SHA"),
		run: env("GITHUB_RUN_ID"), attempt: env("GITHUB_RUN_ATTEMPT"), job: env("GITHUB_JOB"),
	}
	if r.event == "" {
		return r, errNoRunner
	}
	if r.workspace == "" {
		r.workspace = "."
	}
	event, err := readEvent(env("GITHUB_EVENT_PATH"))
	if err != nil {
		return r, err
	}
	return r, r.compare(event)
}

func readEvent(name string) (event actionEvent, err error) {
	if name == "" {
		return event, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return event, fmt.Errorf("reading the event: %w", err)
	}
	defer file.Close()
	if err := json.NewDecoder(io.LimitReader(file, maxEvent)).Decode(&event); err != nil {
		return event, fmt.Errorf("reading the event %s: %w", name, err)
	}
	return event, nil
}

var commitForm = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// compare finds out which commits the event is about.
func (r *runner) compare(e actionEvent) error {
	switch r.event {
	case "pull_request":
		r.head, r.base = e.PullRequest.Head.SHA, e.PullRequest.Base.SHA
		r.number, r.draft = e.PullRequest.Number, e.PullRequest.Draft
	case "workflow_run":
		r.head, r.reported = e.WorkflowRun.HeadSHA, e.WorkflowRun
		if e.Repository.FullName != "" && !strings.EqualFold(e.Repository.FullName, r.repository) {
			return fmt.Errorf("the event is about %.200q, and this is a workflow of %s", e.Repository.FullName, r.repository)
		}
	case "pull_request_target":
		return errors.New("pull_request_target runs with the repository's secrets, beside files that whoever opened the pull request wrote; " +
			"use pull_request, and for comments on pull requests from forks the pair of workflows in docs/action.md, or the App")
	case "merge_group":
		r.head, r.base = e.MergeGroup.HeadSHA, e.MergeGroup.BaseSHA
	case "push":
		if strings.Trim(e.Before, "0") != "" { // a new branch has nothing before it
			r.base = e.Before
		}
	}
	if r.base == "" && (r.event == "pull_request" || r.event == "merge_group") {
		return fmt.Errorf("the event %s names no base to compare with", r.event)
	}
	for _, commit := range []string{r.head, r.base} {
		if commit != "" && !commitForm.MatchString(commit) {
			return fmt.Errorf("the event %s names %.80q, which is no commit", r.event, commit)
		}
	}
	return nil
}
