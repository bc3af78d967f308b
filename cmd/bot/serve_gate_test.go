package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// protect requires the App's check for main, and a merge queue where asked for.
func (s *stage) protect(queue bool) {
	s.repo.Protect("main", githubtest.Protection{Queue: queue, Checks: []githubtest.RequiredCheck{{Context: "landwaiter", App: s.app}}})
}

// TestServeProtection holds that a required check blocks a merge until it passes, and allows it then.
func TestServeProtection(t *testing.T) {
	s := play(t, infrastructure())
	s.protect(false)
	pr := s.open(bad())
	if err := pr.Merge("ada"); err == nil {
		t.Error("it was merged before anybody looked")
	}
	s.reviewed(pr, "failure", "1 error")
	if err := pr.Merge("ada"); err == nil || !strings.Contains(err.Error(), "failing") {
		t.Errorf("merging what fails: %v", err)
	}
	pr.Push("ada", good())
	s.reviewed(pr, "success", "Passed")
	if err := pr.Merge("ada"); err != nil {
		t.Errorf("merging what passes: %v", err)
	}
	s.idle()
}

// TestServeMergeQueue holds that a merge group is reviewed for real: two changes that pass by themselves fail together,
// where the one takes away what the other builds on.
func TestServeMergeQueue(t *testing.T) {
	files := infrastructure()
	files["lib/kustomization.yaml"], files["lib/settings.yaml"] = "resources: [settings.yaml]\n", configMap
	s := play(t, files)
	s.protect(true)
	removes := s.open(githubtest.Files{"lib/kustomization.yaml": githubtest.Deleted, "lib/settings.yaml": githubtest.Deleted})
	uses := s.open(githubtest.Files{"apps/new/kustomization.yaml": "namePrefix: new-\nresources: [../../lib]\n"})
	fine := s.open(good())
	for _, pr := range []*githubtest.PullRequest{removes, uses, fine} {
		s.reviewed(pr, "success", "Passed")
	}
	// Nobody hears of the first group before the others are there.
	s.app.SetWebhook("")
	heads := make(map[*githubtest.PullRequest]string)
	for _, pr := range []*githubtest.PullRequest{removes, uses} {
		if err := pr.Queue("ada"); err != nil {
			t.Fatal(err)
		}
		_, heads[pr] = pr.MergeGroup()
	}
	s.app.SetWebhook(s.address + "/webhook")
	s.redeliver("merge_group")
	if err := fine.Queue("ada"); err != nil {
		t.Fatal(err)
	}
	s.idle()
	s.concluded(heads[removes], "landwaiter", "success", "Passed")
	s.concluded(heads[uses], "landwaiter", "failure", "lib")
	for pr, want := range map[*githubtest.PullRequest]string{removes: "merged", uses: "open", fine: "merged"} {
		if pr.State() != want {
			t.Errorf("#%d is %s, want %s", pr.Number, pr.State(), want)
		}
	}
	if len(uses.ReviewComments())+len(uses.Comments()) > 0 {
		t.Error("a merge group has comments")
	}
}

// redeliver delivers the webhooks of an event that nobody heard.
func (s *stage) redeliver(event string) {
	for _, d := range s.app.Deliveries() {
		if d.Event == event && d.Status == 0 {
			s.app.Redeliver(d.ID)
		}
	}
}

// TestServeGroupAgain holds that the check of a merge group can be asked for again, and that one which is gone ends.
func TestServeGroupAgain(t *testing.T) {
	s := play(t, infrastructure())
	s.protect(true)
	pr := s.open(good())
	s.reviewed(pr, "success", "Passed")
	blocked := make(chan struct{})
	s.GitHub.Fail(githubtest.Fault{Method: "PATCH", Path: "/repos/{owner}/{repo}/check-runs/{check_run_id}", Times: 1, Before: func() { <-blocked }})
	if err := pr.Queue("ada"); err != nil {
		t.Fatal(err)
	}
	_, head := pr.MergeGroup()
	s.until("the group is being reviewed", func() bool { _, ok := s.repo.CheckRun(head, "landwaiter"); return ok })
	pr.Dequeue("ada")
	close(blocked)
	s.idle()
	run := s.concluded(head, "landwaiter", "cancelled", "Closed")
	if err := s.repo.ReRun("ada", run.ID); err != nil {
		t.Fatal(err)
	}
	s.idle()
	s.concluded(head, "landwaiter", "success", "Passed") // its commits are still known here
}

// TestServeAgain is a check that is asked for again: by its own link, by that of all checks, and by its button.
func TestServeAgain(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(bad())
	run := s.reviewed(pr, "failure", "1 error")
	for i, again := range []func() error{
		func() error { return s.repo.ReRun("bob", run.ID) },
		func() error { return s.repo.ReRunAll("bob", s.app, pr.Head()) },
		func() error { return s.repo.PressButton("bob", run.ID, "rerun") },
	} {
		if err := again(); err != nil {
			t.Fatal(err)
		}
		s.reviewed(pr, "failure", "1 error")
		if n := len(pr.CheckRuns()); n != i+2 {
			t.Errorf("%d check runs after %d times", n, i+1)
		}
		s.commented(pr, webFile+":26")
	}
}

// TestServeParts holds that the further checks of a policy gate by themselves.
func TestServeParts(t *testing.T) {
	files := infrastructure()
	files[".github/landwaiter.yaml"] = "checks: [images, manifests, render]\nimages: {deny: [ghcr.io/evil/**]}\n"
	s := play(t, files)
	pr := s.open(githubtest.Files{"apps/new/deployment.yaml": strings.Replace(deployment("new", ""), "ghcr.io/acme/new", "ghcr.io/evil/new", 1)})
	s.reviewed(pr, "failure", "1 error")
	s.concluded(pr.Head(), "landwaiter/images", "failure", "1 error")
	s.concluded(pr.Head(), "landwaiter/manifests", "success", "")
	s.concluded(pr.Head(), "landwaiter/render", "success", "")
	pr.Push("ada", githubtest.Files{"apps/new/deployment.yaml": githubtest.Deleted, "apps/new/kustomization.yaml": "resources: [gone.yaml]\n"})
	s.reviewed(pr, "failure", "gone.yaml")
	for _, name := range []string{"images", "manifests", "render"} {
		s.concluded(pr.Head(), "landwaiter/"+name, "failure", "gone.yaml")
	}
}

// TestServeAccept is a finding that is meant: those accept it whom the policy names, for the merge queue too, and for
// this effect only.
func TestServeAccept(t *testing.T) {
	files := infrastructure()
	files[".github/landwaiter.yaml"] = "acknowledge:\n  - {rules: [privileged, pss-baseline, pss-restricted], by: [\"@acme/security\"], notAuthor: true}\n"
	s := play(t, files)
	s.protect(true)
	s.repo.Grant("write", "carol")
	s.repo.Grant("read", "mallory")
	s.Team("acme", "security", "ada", "carol", "mallory")
	pr := s.open(bad())
	s.reviewed(pr, "action_required", "")
	finding := fingerprint(visible(pr)[0].Body)
	for _, try := range []struct{ by, text, want string }{
		{"mallory", "/landwaiter accept " + finding + " please", ""},
		{"bob", "/landwaiter accept " + finding + " please", "may accept"},
		{"ada", "/landwaiter accept " + finding + " please", "somebody else's word"},
		{"carol", "/landwaiter accept " + finding, "why"},
		{"carol", "/landwaiter accept 0123456789abcdef0123456789abcdef because", "No new finding"},
		{"carol", "/landwaiter accept " + finding + " a debugger for @ada, until Friday", "Accepted by `@carol`"},
	} {
		before := len(answers(pr))
		pr.Comment(try.by, try.text)
		s.idle()
		got := answers(pr)[before:]
		if try.want == "" && len(got) > 0 || try.want != "" && (len(got) != 1 || !strings.Contains(got[0], try.want)) {
			t.Errorf("%s says %q: the answer is %q, want %q", try.by, try.text, got, try.want)
		}
	}
	run := s.reviewed(pr, "success", "")
	for _, want := range []string{"### Accepted", "`@carol`", "a debugger for"} {
		if !strings.Contains(run.Summary, want) {
			t.Errorf("the check run lacks %q:\n%s", want, run.Summary)
		}
	}
	if err := pr.Queue("ada"); err != nil {
		t.Fatal(err)
	}
	s.idle()
	if pr.State() != "merged" {
		t.Errorf("what was accepted is %s, want merged", pr.State())
	}
	other := s.open(githubtest.Files{"apps/new/deployment.yaml": deployment("new", privileged)})
	s.reviewed(other, "action_required", "")
	if fingerprint(visible(other)[0].Body) == finding {
		t.Error("another effect has the same fingerprint")
	}
}

// fingerprint is the first of a comment's marker.
func fingerprint(body string) string {
	_, rest, _ := strings.Cut(body, "<!-- landwaiter:")
	return strings.FieldsFunc(rest, func(r rune) bool { return r == ',' || r == ' ' })[0]
}

// TestServeButtons are the buttons of a check run: fixes are committed to the branch, exemptions proposed, and what the App
// may not do is not offered.
func TestServeButtons(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(bad())
	run := s.reviewed(pr, "failure", "1 error")
	if err := s.repo.PressButton("mallory", run.ID, "fix"); err == nil {
		t.Error("GitHub lets anybody press buttons")
	}
	for _, button := range []string{"exempt", "exempt", "fix"} { // pressing twice proposes once
		if err := s.repo.PressButton("bob", run.ID, button); err != nil {
			t.Fatal(err)
		}
		s.idle()
	}
	s.reviewed(pr, "success", "Passed")
	if text, _ := s.repo.File(pr.Head(), webFile); !strings.Contains(text, "privileged: false") {
		t.Errorf("the fix is not committed:\n%s", text)
	}
	pulls := s.repo.PullRequests()
	if len(pulls) != 2 {
		t.Fatalf("there are %d pull requests, want one with the exemption", len(pulls))
	}
	text, _ := s.repo.File(pulls[1].Head(), ".github/landwaiter.yaml")
	if !strings.Contains(text, "rule: privileged") || !strings.Contains(text, "Deployment/web/web") {
		t.Errorf("the exemption is\n%s", text)
	}
	s.inst.Permit("contents", "read")
	s.service.app.Load().worker.GitHub.Forget(s.inst.ID) // as an hour later
	pr.Push("ada", bad())
	run = s.reviewed(pr, "failure", "1 error")
	if len(run.Actions) != 1 || run.Actions[0].Identifier != "rerun" {
		t.Errorf("without contents: write there are the buttons %v", run.Actions)
	}
}

// TestServeSharedHead holds that a commit with several pull requests does not pass for one by what passes for the other: a
// check run belongs to the commit.
func TestServeSharedHead(t *testing.T) {
	s := play(t, infrastructure())
	s.protect(false)
	s.repo.Push("ada", "lax", "Allow everything", githubtest.Files{".github/landwaiter.yaml": "gate: {failOn: error}\nrules: {privileged: off, pss-baseline: off, pss-restricted: off}\n"})
	pr := s.open(bad())
	s.reviewed(pr, "failure", "1 error")
	other := s.repo.OpenBranch(githubtest.Proposal{Author: "ada", Branch: "change-1", Base: "lax"})
	s.idle()
	if other.Head() != pr.Head() {
		t.Fatal("the pull requests have different heads")
	}
	if err := pr.Merge("ada"); err == nil {
		t.Error("a pull request into a branch with a lax policy made another one pass")
	}
	run, _ := s.repo.CheckRun(pr.Head(), "landwaiter")
	if run.Conclusion != "failure" || !strings.Contains(run.Summary, "#1") {
		t.Errorf("the check run is %s, and says:\n%s", run.Conclusion, run.Summary)
	}
	other.Close("ada")
	s.reviewed(pr, "failure", "1 error")
	pr.Push("ada", good())
	s.reviewed(pr, "success", "Passed")
	if i := slices.IndexFunc(other.CheckRuns(), func(r githubtest.CheckRun) bool { return r.Status != "completed" }); i >= 0 {
		t.Error("a check run is left open")
	}
}
