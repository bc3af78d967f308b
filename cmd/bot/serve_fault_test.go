package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// endpoints are all that a review with a comment, and one that takes it back, asks of GitHub.
var endpoints = []struct{ method, path string }{
	{"POST", "/app/installations/{installation_id}/access_tokens"},
	{"GET", "/app"},
	{"POST", "/repos/{owner}/{repo}/check-runs"},
	{"PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}"},
	{"GET", "/repos/{owner}/{repo}/contents/{path}"},
	{"POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"},
	{"POST", "/api/graphql*"},
	{"", "/acme/infra.git/*"},
}

// TestServeFaults lets each endpoint fail in each way, once, at the first and at a later call: the review is done, and
// nothing is doubled, also where GitHub did what it was asked before it failed.
func TestServeFaults(t *testing.T) {
	for _, fault := range []githubtest.Fault{
		{Status: http.StatusInternalServerError}, {Status: http.StatusBadGateway, After: true}, {Drop: true}, {Hang: true},
		{Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "1"}},
		githubtest.SecondaryLimit("", "", time.Second, 1),
	} {
		for _, skip := range []int{0, 1, 2} {
			name := fmt.Sprintf("%d hang %v drop %v after %v, call %d", fault.Status, fault.Hang, fault.Drop, fault.After, skip+1)
			if fault.Status == http.StatusForbidden && skip == 1 || fault.Status == http.StatusTooManyRequests && skip == 0 {
				continue // each waits for seconds
			}
			t.Run(name, func(t *testing.T) {
				s := prepare(t, infrastructure())
				s.tune.attempts = 30 // there are many faults, and the machine may be busy
				if fault.Hang {
					s.tune.call = time.Second
				}
				for _, e := range endpoints {
					f := fault
					if f.Method, f.Path, f.Skip, f.Times = e.method, e.path, skip, 1; f.Hang && strings.HasPrefix(e.path, "/acme/infra.git") {
						continue // Git has a patience of its own
					}
					s.GitHub.Fail(f)
				}
				s.start()
				pr := s.open(bad())
				s.reviewed(pr, "failure", "1 error")
				s.commented(pr, webFile+":26")
				pr.Push("ada", good())
				s.reviewed(pr, "success", "Passed")
				s.commented(pr)
				if n := len(pr.ReviewComments()); n != 1 {
					t.Errorf("there are %d comments", n)
				}
			})
		}
	}
}

// TestServeLimitWithoutEnd holds that a limit of which GitHub does not say when it ends puts the review off, and nothing is
// asked meanwhile.
func TestServeLimitWithoutEnd(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(good())
	s.reviewed(pr, "success", "")
	s.failed = 1
	s.GitHub.Fail(githubtest.SecondaryLimit("PATCH", "/repos/{owner}/{repo}/check-runs/{check_run_id}", 0, 0))
	pr.Push("ada", bad())
	s.until("the review is put off", func() bool { return strings.Contains(s.log.String(), "job put off") })
	s.until("it waits", func() bool {
		status, err := s.service.queue.Status(t.Context())
		return err == nil && status.Waiting == 1
	})
	s.calls()
	if run, _ := s.repo.CheckRun(pr.Head(), "landwaiter"); run.Status == "completed" {
		t.Error("it is completed all the same")
	}
	if calls := s.calls(); len(calls) > 0 {
		t.Errorf("during the limit there is asked for %q", calls)
	}
}

// TestServeAlwaysFailing holds that what keeps failing ends as a check run that says so, and not as silence.
func TestServeAlwaysFailing(t *testing.T) {
	s := prepare(t, infrastructure())
	s.start()
	s.GitHub.Fail(githubtest.Fault{Path: "/acme/infra.git/*", Status: http.StatusInternalServerError})
	pr := s.open(good())
	run := s.reviewed(pr, "failure", "Could not be reviewed")
	if !strings.Contains(run.Summary, "Git server could not be reached") || len(run.Actions) != 1 {
		t.Errorf("the summary does not say why, or offers %v:\n%s", run.Actions, run.Summary)
	}
	s.Heal()
	if err := s.repo.PressButton("bob", run.ID, "rerun"); err != nil {
		t.Fatal(err)
	}
	s.reviewed(pr, "success", "Passed")
}

// TestServeCommentsFailing holds that a verdict stands which was given before the comments kept failing.
func TestServeCommentsFailing(t *testing.T) {
	s := prepare(t, infrastructure())
	s.tune.attempts = 3
	s.start()
	s.GitHub.Fail(githubtest.Fault{Method: "POST", Path: "/api/graphql*", Status: http.StatusInternalServerError})
	pr := s.open(good())
	s.reviewed(pr, "success", "Passed")
	s.until("the comments are given up", func() bool { return strings.Contains(s.log.String(), "a task failed for good") })
	s.idle()
	s.reviewed(pr, "success", "Passed")
}

// TestServeWithoutContents holds that an App which may not read the code says so at once.
func TestServeWithoutContents(t *testing.T) {
	s := play(t, infrastructure())
	s.inst.Permit("contents", "")
	pr := s.open(good())
	run := s.reviewed(pr, "failure", "Could not be reviewed")
	if !strings.Contains(run.Summary, "contents") {
		t.Errorf("the summary does not name the permission:\n%s", run.Summary)
	}
	if strings.Contains(s.log.String(), "is tried again") {
		t.Error("it was tried again, which cannot help")
	}
}

// TestServeTokenEnds holds that a token which GitHub no longer takes is replaced in the middle of a review.
func TestServeTokenEnds(t *testing.T) {
	s := play(t, infrastructure())
	s.GitHub.Fail(githubtest.Fault{Method: "PATCH", Path: "/repos/{owner}/{repo}/check-runs/{check_run_id}", Times: 1, Before: func() { s.Advance(2 * time.Hour) }})
	pr := s.open(bad())
	s.reviewed(pr, "failure", "1 error")
	s.GitHub.Fail(githubtest.Fault{Path: "/acme/infra.git/info/refs*", Times: 1, Before: func() { s.Advance(2 * time.Hour) }})
	pr.Push("ada", good())
	s.reviewed(pr, "success", "Passed")
}

// TestServeLimits holds that nothing is asked any more once GitHub's limit for the hour is reached.
func TestServeLimits(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(good())
	s.reviewed(pr, "success", "")
	s.LimitRequests(1)
	pr.Push("ada", bad())
	s.until("the review is put off", func() bool { return strings.Contains(s.log.String(), "job put off") })
	s.calls()
	pr.Comment("bob", "/landwaiter help")
	s.until("the command is put off", func() bool { return strings.Count(s.log.String(), "job put off") > 1 })
	if calls := s.calls(); len(calls) > 0 {
		t.Errorf("with nothing left there is asked for %q", calls)
	}
}

// TestServeReadiness holds that the server says what keeps it from working, and that it lives all the same.
func TestServeReadiness(t *testing.T) {
	s := play(t, infrastructure())
	if status, text := s.get("/readyz"); status != http.StatusOK {
		t.Fatalf("not ready: %d\n%s", status, text)
	}
	s.service.app.Load().alive = &pulse{app: s.service.app.Load().alive.app} // as a minute later
	s.GitHub.Fail(githubtest.Fault{Path: "/app", Status: http.StatusBadGateway})
	var text string
	s.until("it is not ready", func() bool {
		var status int
		status, text = s.get("/readyz")
		return status == http.StatusServiceUnavailable
	})
	if !strings.Contains(text, "github: ") || !strings.Contains(text, "not available (502)") || !strings.Contains(text, "database: ok") {
		t.Errorf("the reasons are\n%s", text)
	}
	if status, _ := s.get("/healthz"); status != http.StatusOK {
		t.Errorf("it does not live: %d", status)
	}
	s.Heal()
	if _, text := s.get("/metrics"); !strings.Contains(text, "landwaiter_queue_jobs") {
		t.Errorf("the metrics are\n%s", text)
	}
}

// TestServeFullDisk holds that a disk without room, of mirrors or of the database, loses nothing: webhooks are refused, and
// asked for again once there is room.
func TestServeFullDisk(t *testing.T) {
	s := play(t, infrastructure())
	mirrors := filepath.Join(s.data, "mirrors")
	// A file where the directory of the installation belongs cannot be written into, whoever tries.
	if err := os.WriteFile(filepath.Join(mirrors, fmt.Sprint(s.inst.ID)), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	pr := s.open(good())
	s.until("the review fails", func() bool { return strings.Contains(s.log.String(), "is tried again") })
	if err := os.Remove(filepath.Join(mirrors, fmt.Sprint(s.inst.ID))); err != nil {
		t.Fatal(err)
	}
	s.reviewed(pr, "success", "Passed")
}
