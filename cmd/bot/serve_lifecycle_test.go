package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// TestServeLifecycle is the life of a pull request: opened, corrected, closed and opened again.
func TestServeLifecycle(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(bad())
	run := s.reviewed(pr, "failure", "1 error")
	if len(run.Annotations) != 1 || run.Annotations[0].StartLine != 26 || run.ExternalID == "" {
		t.Errorf("the check run is %+v", run)
	}
	first := s.commented(pr, webFile+":26")
	for _, want := range []string{"**error**", "```suggestion\n            privileged: false\n```", "<details><summary>Not wanted here?"} {
		if !strings.Contains(first[0].Body, want) {
			t.Errorf("the comment lacks %q:\n%s", want, first[0].Body)
		}
	}
	pr.Push("ada", good())
	s.reviewed(pr, "success", "Passed")
	s.commented(pr)
	if c := pr.ReviewComments(); len(c) != 1 || c[0].Minimized != "RESOLVED" {
		t.Errorf("the comment on what was corrected is %+v", c)
	}
	pr.Close("ada")
	s.idle()
	s.calls()
	pr.Rename("ada", "Another title")
	s.idle()
	if calls := s.calls(); len(calls) > 0 {
		t.Errorf("a closed pull request with another title asks for %q", calls)
	}
	pr.Reopen("ada")
	s.reviewed(pr, "success", "Passed")
	if n := len(pr.CheckRuns()); n != 2 {
		t.Errorf("%d check runs, want one of the push and one of the opening anew", n)
	}
}

// TestServeCalls counts what a review asks of GitHub: as little as its output needs.
func TestServeCalls(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(good())
	s.reviewed(pr, "success", "")
	s.calls()
	for _, play := range []struct {
		name  string
		files githubtest.Files
		want  []string
	}{
		{"nothing to say", githubtest.Files{webFile: strings.Replace(deployment("web", ""), "replicas: 2", "replicas: 4", 1)}, nil},
		{"one comment", bad(), []string{"POST v3/repos/acme/infra/pulls/1/reviews"}},
		{"the comment stays", githubtest.Files{"README.md": "# More\n"}, nil},
		{"it was corrected", good(), []string{"POST graphql"}},
	} {
		want := append([]string{
			"POST v3/repos/acme/infra/check-runs",                                              // queued
			"GET v3/repos/acme/.github/contents/.github/landwaiter.yaml",                       // the organisation's policy
			"PATCH v3/repos/acme/infra/check-runs/N", "PATCH v3/repos/acme/infra/check-runs/N", // in progress, completed
			"POST graphql", // what is there
		}, play.want...)
		pr.Push("ada", play.files)
		s.idle()
		got := s.calls()
		for i, call := range got {
			if strings.HasPrefix(call, "PATCH") {
				got[i] = call[:strings.LastIndexByte(call, '/')] + "/N"
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d calls:\n%s", play.name, len(got), strings.Join(got, "\n"))
		}
	}
}

// TestServeTwoPushes holds that the newest head wins: what was begun for the older one ends as cancelled.
func TestServeTwoPushes(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(good())
	s.reviewed(pr, "success", "")
	// The first review hangs in its fetch until the second push is there.
	pushed := make(chan struct{})
	s.GitHub.Fail(githubtest.Fault{Path: "/acme/infra.git/info/refs*", Times: 1, Before: func() { <-pushed }})
	first := pr.Push("ada", bad())
	s.until("the first review has begun", func() bool { _, ok := s.repo.CheckRun(first, "landwaiter"); return ok })
	second := pr.Push("ada", good())
	close(pushed)
	s.reviewed(pr, "success", "Passed")
	s.concluded(first, "landwaiter", "cancelled", "Superseded by "+second[:7])
	s.commented(pr)
	if len(pr.ReviewComments()) > 0 {
		t.Error("the superseded review commented")
	}
}

// TestServeManyPushes holds the same of pushes that come as they like.
func TestServeManyPushes(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(bad())
	heads := []string{pr.Head()}
	for i := range 12 {
		heads = append(heads, pr.Push("ada", githubtest.Files{webFile: deployment("web", privileged), "README.md": fmt.Sprint(i)}))
		time.Sleep(time.Duration(i) * 10 * time.Millisecond)
	}
	s.reviewed(pr, "failure", "1 error")
	s.commented(pr, webFile+":26")
	for _, head := range heads {
		for _, run := range s.repo.CheckRuns(head) {
			if run.Status != "completed" {
				t.Errorf("%s is left %s", head, run.Status)
			}
		}
	}
}

// TestServeOutOfOrder holds that webhooks that come in another order than things happened lose nothing: the head that the
// pull request has is reviewed.
func TestServeOutOfOrder(t *testing.T) {
	s := play(t, infrastructure())
	s.until("missed webhooks were looked for", func() bool { return s.Count("GET", "/installation/repositories") > 0 })
	s.app.SetWebhook("")
	pr := s.open(bad())
	pr.Push("ada", good())
	s.app.SetWebhook(s.address + "/webhook")
	for _, action := range []string{"synchronize", "opened"} {
		for _, d := range s.app.Deliveries() {
			if d.Event == "pull_request" && d.Action == action && !d.Redelivery {
				s.app.Redeliver(d.ID)
			}
		}
	}
	s.reviewed(pr, "success", "Passed")
	s.commented(pr)
}

// TestServeDraft holds that drafts get the check run, and comments once they are ready for review.
func TestServeDraft(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.repo.Open(githubtest.Proposal{Author: "ada", Branch: "draft", Draft: true, Files: bad()})
	s.reviewed(pr, "failure", "1 error")
	s.commented(pr)
	pr.Ready("ada")
	s.reviewed(pr, "failure", "1 error")
	s.commented(pr, webFile+":26")
	pr.ConvertToDraft("ada")
	s.reviewed(pr, "failure", "1 error")
	s.commented(pr, webFile+":26")
}

// TestServeRetarget holds that a change of the base branch is another review: against that branch, by its policy.
func TestServeRetarget(t *testing.T) {
	s := play(t, infrastructure())
	s.repo.Push("ada", "release", "Exempt", githubtest.Files{".github/landwaiter.yaml": "rules: {privileged: off, pss-baseline: off, pss-restricted: off, schema: off}\n"})
	pr := s.open(bad())
	s.reviewed(pr, "failure", "1 error")
	pr.Retarget("ada", "release")
	s.reviewed(pr, "success", "Passed")
	s.commented(pr)
	pr.Retarget("ada", "main")
	s.reviewed(pr, "failure", "1 error")
	s.commented(pr, webFile+":26")
}

// TestServeBaseGone holds that a review without a base branch says so.
func TestServeBaseGone(t *testing.T) {
	s := play(t, infrastructure())
	s.repo.Push("ada", "release", "Begin", githubtest.Files{"README.md": "# Release\n"})
	s.GitHub.Fail(githubtest.Fault{Path: "/acme/infra.git/info/refs*", Times: 1, Before: func() { s.repo.DeleteBranch("ada", "release") }})
	pr := s.repo.Open(githubtest.Proposal{Author: "ada", Branch: "change", Base: "release", Files: bad()})
	s.reviewed(pr, "failure", "Could not be reviewed: its head or base is no longer there")
}

// TestServeFork is a pull request from a fork: reviewed and commented, but nothing is committed to it.
func TestServeFork(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.repo.Open(githubtest.Proposal{Author: "mallory", Fork: "mallory/infra", Branch: "change", Files: bad()})
	run := s.reviewed(pr, "failure", "1 error")
	s.commented(pr, webFile+":26")
	if slices.ContainsFunc(run.Actions, func(a githubtest.Action) bool { return a.Identifier == "fix" }) {
		t.Error("fixes are offered for a branch of somebody else")
	}
	if err := s.repo.ReRun("bob", run.ID); err != nil { // GitHub does not say which pull request that is
		t.Fatal(err)
	}
	again := s.reviewed(pr, "failure", "1 error")
	if again.ID == run.ID || len(pr.CheckRuns()) != 2 {
		t.Errorf("%d check runs after it was asked for again", len(pr.CheckRuns()))
	}
	pr.Comment("bob", "/landwaiter fix")
	s.idle()
	if got := answers(pr); len(got) != 1 || !strings.Contains(got[0], "fork") {
		t.Errorf("the answer to fix is %q", got)
	}
	s.commented(pr, webFile+":26")
}

// TestServeForksAgain holds that two forks whose checks are asked for again at once both get them: GitHub names neither
// pull request.
func TestServeForksAgain(t *testing.T) {
	s := play(t, infrastructure())
	var pulls []*githubtest.PullRequest
	for i := range 5 {
		pulls = append(pulls, s.repo.Open(githubtest.Proposal{Author: "mallory", Fork: "mallory/infra", Branch: fmt.Sprint("change-", i),
			Files: githubtest.Files{webFile: deployment("web", privileged), "README.md": fmt.Sprint(i)}}))
	}
	s.idle()
	for _, pr := range pulls {
		run := s.concluded(pr.Head(), "landwaiter", "failure", "1 error")
		if err := s.repo.ReRun("bob", run.ID); err != nil {
			t.Fatal(err)
		}
	}
	s.idle()
	for _, pr := range pulls {
		if n := len(pr.CheckRuns()); n != 2 {
			t.Errorf("#%d has %d check runs, want the first and the one that was asked for", pr.Number, n)
		}
	}
}

// TestServeNothingRelevant holds that a check is completed also where there is nothing to look at.
func TestServeNothingRelevant(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(githubtest.Files{"README.md": "# Words\n"})
	s.reviewed(pr, "success", "Passed")
	s.commented(pr)
}

// TestServeRenderFailure holds that what does not render fails the check, on its line, and is mended by the next push.
func TestServeRenderFailure(t *testing.T) {
	files := infrastructure()
	files["apps/web/kustomization.yaml"] = "resources:\n  - deployment.yaml\n"
	s := play(t, files)
	pr := s.open(githubtest.Files{"apps/web/kustomization.yaml": "resources:\n  - deployment.yaml\n  - missing.yaml\n"})
	run := s.reviewed(pr, "failure", "missing.yaml")
	if !strings.Contains(run.Summary, "apps/web") {
		t.Errorf("the summary does not name the root:\n%s", run.Summary)
	}
	s.commented(pr, "apps/web/kustomization.yaml:3")
	pr.Push("ada", githubtest.Files{"apps/web/kustomization.yaml": "resources: [deployment.yaml]\n"})
	s.reviewed(pr, "success", "Passed")
	s.commented(pr)
}

// TestServeRedelivery holds that a webhook that comes again does nothing, unless its job failed.
func TestServeRedelivery(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(bad())
	s.reviewed(pr, "failure", "1 error")
	s.calls()
	for _, d := range s.app.Deliveries() {
		s.app.Redeliver(d.ID)
	}
	s.idle()
	if calls := s.calls(); len(calls) > 0 {
		t.Errorf("webhooks that came again asked for %q", calls)
	}
	stored := make(map[string]int) // by the delivery's name
	for _, d := range s.app.Deliveries() {
		if d.Status == http.StatusAccepted {
			stored[d.GUID]++
		}
	}
	for guid, n := range stored {
		if n > 1 {
			t.Errorf("delivery %s was stored %d times", guid, n)
		}
	}
}
