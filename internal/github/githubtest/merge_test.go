package githubtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// check reports a check run as an App and lets the webhooks arrive.
func (s *stage) check(app *githubtest.App, token, sha, conclusion string) {
	s.t.Helper()
	got := s.do(token, http.MethodPost, runs, fmt.Sprintf(`{"name":"landwaiter","head_sha":%q,"conclusion":%q}`, sha, conclusion))
	if got.status != 201 {
		s.t.Fatalf("%s reports %s: %d %s", app.Slug, conclusion, got.status, got.text)
	}
	s.Settle(limit)
}

// TestRequiredCheck: a merge waits for the check run of the App that the protection names, on the newest head, and
// nobody else's counts.
func TestRequiredCheck(t *testing.T) {
	t.Parallel()
	s := play(t)
	spoofer := s.CreateApp(githubtest.AppOptions{Slug: "spoofer", Permissions: permissions})
	spoof := s.tokenOf(spoofer, spoofer.Install(s.repo))
	s.repo.Protect("main", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "landwaiter", App: s.app}}, Approvals: 1})
	pr, token := s.open(), s.token()
	refused := func(want string) {
		t.Helper()
		if err := pr.Merge("alice"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("merge: %v, want %q", err, want)
		}
	}
	refused("approving review")
	pr.Approve("bob")
	refused("is expected")
	s.check(spoofer, spoof, pr.Head(), "success")
	refused("is expected")
	s.check(s.app, token, pr.Head(), "failure")
	refused("is failing")
	s.check(s.app, token, pr.Head(), "success")
	pr.Push("alice", githubtest.Files{"more": "x"})
	refused("is expected")
	s.check(s.app, token, pr.Head(), "neutral") // passes, which is why it must not be said of what could not be told
	if err := pr.Merge("eve"); err == nil {
		t.Error("a stranger merges")
	}
	if err := pr.Merge("alice"); err != nil || pr.State() != "merged" {
		t.Fatalf("%v, and it is %s", err, pr.State())
	}
	if text, ok := s.repo.File("main", "more"); !ok || text != "x" {
		t.Error("main has not what was merged")
	}
	if files := s.do(token, http.MethodGet, "repos/acme/infra/pulls/1/files", "").list(); len(files) != 2 {
		t.Errorf("of a merged pull request %d files are shown", len(files))
	}
	for path, want := range map[string]string{
		"repos/acme/infra/rules/branches/main": `"integration_id":` + fmt.Sprint(s.app.ID), "repos/acme/infra/branches/main": `"protected":true`,
	} {
		if got := s.do(token, http.MethodGet, path, ""); !strings.Contains(got.text, want) {
			t.Errorf("%s: %s, want %s", path, got.text, want)
		}
	}
}

func TestConflict(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.repo.Open(githubtest.Proposal{Author: "alice", Branch: "x", Files: githubtest.Files{"README.md": "mine\n"}})
	s.repo.Push("bob", "main", "theirs", githubtest.Files{"README.md": "theirs\n"})
	if err := pr.Merge("alice"); err == nil || !strings.Contains(err.Error(), "not mergeable") {
		t.Errorf("merge: %v", err)
	}
	if got := s.do(s.token(), http.MethodGet, "repos/acme/infra/pulls/1", ""); !strings.Contains(got.text, `"mergeable_state":"dirty"`) {
		t.Errorf("%s", got.text)
	}
}

// queued opens a pull request that the queue takes.
func queued(s *stage, token, branch string) *githubtest.PullRequest {
	s.t.Helper()
	pr := s.repo.Open(githubtest.Proposal{Author: "alice", Branch: branch, Files: githubtest.Files{branch: "x"}})
	if err := pr.Queue("bob"); err == nil {
		s.t.Error("the queue takes what has not passed")
	}
	s.check(s.app, token, pr.Head(), "success")
	if err := pr.Merge("bob"); err == nil || !strings.Contains(err.Error(), "merge queue") {
		s.t.Errorf("merge past the queue: %v", err)
	}
	s.heardNow()
	if err := pr.Queue("bob"); err != nil {
		s.t.Fatal(err)
	}
	return pr
}

// TestQueue tries three pull requests on top of each other: the first passes, the second fails, and the third is
// tried anew without it.
func TestQueue(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.repo.Protect("main", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "landwaiter", App: s.app}}, Queue: true})
	token := s.token()
	first := queued(s, token, "one")
	s.wantHeard("pull_request enqueued", "push ", "check_suite requested", "merge_group checks_requested")
	second, third := queued(s, token, "two"), queued(s, token, "three")
	branch, head := first.MergeGroup()
	if !strings.HasPrefix(branch, "gh-readonly-queue/main/pr-1-") || s.repo.Head(branch) != head {
		t.Errorf("the group is %s at %s, and the branch at %s", branch, head, s.repo.Head(branch))
	}
	s.heardNow()
	s.check(s.app, token, head, "success")
	if first.State() != "merged" || s.repo.Head("main") != head || s.repo.Head(branch) != "" {
		t.Errorf("the first is %s, main at %s, its branch at %q", first.State(), s.repo.Head("main"), s.repo.Head(branch))
	}
	s.wantHeard("check_run created", "check_run completed", "check_suite completed", "push ", "pull_request closed", "merge_group destroyed", "push ")
	_, before := third.MergeGroup()
	_, head = second.MergeGroup()
	s.check(s.app, token, head, "failure")
	if branch, _ := second.MergeGroup(); branch != "" || second.State() != "open" {
		t.Errorf("the second is %s and on %s", second.State(), branch)
	}
	_, after := third.MergeGroup()
	if after == before || after == "" {
		t.Errorf("the third was tried on %s and is on %s", before, after)
	}
	s.check(s.app, token, after, "success")
	if _, has := s.repo.File("main", "two"); has || third.State() != "merged" {
		t.Errorf("the third is %s; the second is in main: %v", third.State(), has)
	}
	reasons := ""
	for _, d := range s.app.Deliveries() {
		if d.Event == "merge_group" && d.Action == "destroyed" {
			_, rest, _ := strings.Cut(string(d.Payload), `"reason":"`)
			reasons += rest[:strings.Index(rest, `"`)] + " "
		}
	}
	if reasons != "merged dequeued invalidated merged " {
		t.Errorf("groups were destroyed as %s", reasons)
	}
}
