package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// TestServeMissed holds that what webhooks did not tell is found: deliveries that failed are asked for again, and pull
// requests without a review get one, whatever was known of them.
func TestServeMissed(t *testing.T) {
	s := prepare(t, infrastructure())
	missed := s.open(good()) // before there was a server
	s.app.SetWebhook("http://127.0.0.1:1/webhook")
	failed := s.open(bad())
	failed.Comment("bob", "/landwaiter help")
	s.start()
	s.until("both are found", func() bool {
		_, one := s.repo.CheckRun(missed.Head(), "landwaiter")
		_, other := s.repo.CheckRun(failed.Head(), "landwaiter")
		return one && other && len(answers(failed)) > 0
	})
	s.reviewed(missed, "success", "Passed")
	s.reviewed(failed, "failure", "1 error")
	// A pull request that was closed and opened again, of which only the first was told.
	missed.Close("ada")
	s.idle()
	s.app.SetWebhook("")
	missed.Reopen("ada")
	first := missed.Head()
	failed.Push("ada", good())
	s.sweep()
	s.reviewed(failed, "success", "Passed")
	if n := len(s.repo.CheckRuns(first)); n != 2 {
		t.Errorf("%d check runs of what was opened again, want 2", n)
	}
	s.calls()
	s.sweep()
	if n := s.Count("POST", "/repos/{owner}/{repo}/check-runs"); n > 0 {
		t.Errorf("looking once more made %d check runs", n)
	}
}

// sweep looks for what webhooks did not tell, as from time to time.
func (s *stage) sweep() {
	s.Helper()
	s.service.reconcileOnce(context.Background(), 0)
	s.idle()
}

// TestServeTenants holds that a repository of one installation is never shown what is kept of another, and that what is
// kept of one goes with it.
func TestServeTenants(t *testing.T) {
	s := prepare(t, infrastructure())
	files := infrastructure()
	files["apps/own/deployment.yaml"] = deployment("own-of-globex", "")
	other := s.Create("globex/infra", files)
	other.Grant("write", "grace")
	second := s.Create("globex/second", infrastructure())
	second.Grant("write", "grace")
	inst := s.app.Install(other, second)
	s.start()
	pr := s.open(bad())
	foreign := other.Open(githubtest.Proposal{Author: "grace", Branch: "change", Files: bad()})
	another := second.Open(githubtest.Proposal{Author: "grace", Branch: "change", Files: bad()})
	s.reviewed(pr, "failure", "1 error")
	if run, _ := other.CheckRun(foreign.Head(), "landwaiter"); run.Conclusion != "failure" {
		t.Errorf("the other tenant's check is %q", run.Conclusion)
	}
	if n := len(s.kept()); n != 6 {
		t.Errorf("%q is kept, want a mirror and renderings of each of three repositories", s.kept())
	}
	for _, r := range s.Requests() {
		if strings.Contains(r.Path, "/acme/infra") && strings.Contains(string(r.Body), "globex") {
			t.Errorf("%s %s tells of another tenant", r.Method, r.Path)
		}
	}
	known := func(repo *githubtest.Repository, installation int64) int {
		all, err := s.service.queue.Progress(t.Context(), event.Repository{Installation: installation, ID: repo.ID})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	inst.Remove(second)
	s.idle()
	if n := len(s.kept()); n != 4 || known(second, inst.ID) != 0 || known(other, inst.ID) != 1 {
		t.Errorf("after one repository was taken away %q is kept", s.kept())
	}
	_ = another
	inst.Delete()
	s.idle()
	if n := len(s.kept()); n != 2 || known(other, inst.ID) != 0 || known(s.repo, s.inst.ID) != 1 {
		t.Errorf("after one tenant left %q is kept, and %d pull requests of theirs", s.kept(), known(other, inst.ID))
	}
	for _, kept := range s.kept() {
		if !strings.Contains(kept, fmt.Sprintf("/%d/", s.inst.ID)) {
			t.Errorf("%s is kept", kept)
		}
	}
}

// TestServeLeftWhileRunning holds that an installation which is deleted while its pull request is reviewed ends quietly.
func TestServeLeftWhileRunning(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(good())
	s.reviewed(pr, "success", "")
	held := make(chan struct{})
	s.GitHub.Fail(githubtest.Fault{Path: "/acme/infra.git/info/refs*", Times: 1, Before: func() { <-held }})
	pr.Push("ada", bad())
	s.until("it is being reviewed", func() bool { _, ok := s.repo.CheckRun(pr.Head(), "landwaiter"); return ok })
	s.failed = 1 // which nobody can complete any more
	s.inst.Delete()
	close(held)
	s.idle()
	if len(s.kept()) > 0 {
		t.Errorf("%q is kept", s.kept())
	}
}

// TestServeWithoutApp holds that without an App webhooks are refused, and the server says how to go on.
func TestServeWithoutApp(t *testing.T) {
	s := prepare(t, infrastructure())
	for _, name := range []string{"LANDWAITER_APP_ID", "LANDWAITER_PRIVATE_KEY", "LANDWAITER_WEBHOOK_SECRETS"} {
		delete(s.env, name)
	}
	s.start()
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Post(s.address+"/webhook", "application/json", strings.NewReader("{}")) //nolint:noctx // it has a limit of its own
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if status, text := s.get("/readyz"); response.StatusCode != http.StatusServiceUnavailable || status != http.StatusServiceUnavailable || !strings.Contains(text, "/setup") {
		t.Errorf("a webhook is answered with %d, readiness with %d: %s", response.StatusCode, status, text)
	}
}
