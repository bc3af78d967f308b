package githubtest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

const comments = "repos/acme/infra/issues/1/comments"

func TestFaults(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr, token := s.open(), s.token()
	path := "/repos/{owner}/{repo}/issues/{issue_number}/comments"
	post := func() int { return s.do(token, http.MethodPost, comments, `{"body":"x"}`).status }
	s.Fail(githubtest.Fault{Method: http.MethodPost, Path: path, Skip: 1, Times: 2, Status: 502})
	for i, want := range []int{201, 502, 502, 201} {
		if got := post(); got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
	if n := len(pr.Comments()); n != 2 {
		t.Errorf("%d comments, want 2", n)
	}
	s.Fail(githubtest.Fault{Method: http.MethodPost, Path: path, Times: 1, Status: 500, After: true})
	if got := post(); got != 500 || len(pr.Comments()) != 3 {
		t.Errorf("a lost answer: %d, and %d comments, want 3", got, len(pr.Comments()))
	}
	if n := s.Count(http.MethodPost, path); n != 5 {
		t.Errorf("%d requests were counted, want 5", n)
	}
	s.Fail(githubtest.Fault{Path: "/acme/infra.git/*", Status: 503})
	if out, err := git(t.TempDir(), token, "ls-remote", s.repo.CloneURL()); err == nil {
		t.Errorf("Git answers: %s", out)
	}
	s.Heal()
	if out, err := git(t.TempDir(), token, "ls-remote", s.repo.CloneURL()); err != nil {
		t.Errorf("Git does not answer again: %s", out)
	}
}

func TestHangAndDrop(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.open()
	client := s.client()
	s.Fail(githubtest.Fault{Path: "/repos/{owner}/{repo}", Times: 1, Hang: true})
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if _, _, err := client.Repositories.Get(short, "acme", "infra"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("hang: %v", err)
	}
	s.Fail(githubtest.Fault{Method: http.MethodPost, Path: "/repos/{owner}/{repo}/issues/{issue_number}/comments", Times: 1, Drop: true})
	if _, _, err := client.Issues.CreateComment(ctx, "acme", "infra", 1, &github.IssueComment{Body: github.String("x")}); err == nil {
		t.Error("a dropped connection has an answer")
	}
	if _, _, err := client.Repositories.Get(ctx, "acme", "infra"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestBefore: something happens between what a program knows and what it writes.
func TestBefore(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr, token := s.open(), s.token()
	s.Fail(githubtest.Fault{Method: http.MethodPost, Path: "/repos/{owner}/{repo}/check-runs", Times: 1, Before: func() {
		pr.Push("alice", githubtest.Files{"late": "x"})
	}})
	old := pr.Head()
	s.check(s.app, token, old, "success")
	if pr.Head() == old || len(s.repo.CheckRuns(old)) != 1 {
		t.Errorf("head is %s, and the check run of before is not there", pr.Head())
	}
	s.repo.DeleteBranch("alice", "change")
	if pr.State() != "closed" {
		t.Errorf("without its branch it is %s", pr.State())
	}
}

// TestLimits sees GitHub's limits through go-github, which tells them apart.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.open()
	client := s.client()
	s.Fail(githubtest.SecondaryLimit("", "/repos/{owner}/{repo}", 90*time.Second, 1))
	var abuse *github.AbuseRateLimitError
	if _, _, err := client.Repositories.Get(ctx, "acme", "infra"); !errors.As(err, &abuse) || *abuse.RetryAfter != 90*time.Second {
		t.Errorf("secondary limit: %v", err)
	}
	s.LimitContent(2)
	token := s.token()
	for i, want := range []int{201, 201, 403} {
		if got := s.do(token, http.MethodPost, comments, `{"body":"x"}`); got.status != want || want == 403 && got.header.Get("Retry-After") == "" {
			t.Errorf("comment %d: %d %v, want %d", i, got.status, got.header, want)
		}
	}
	s.Advance(time.Minute)
	if got := s.do(token, http.MethodPost, comments, `{"body":"x"}`); got.status != 201 {
		t.Errorf("a minute later: %d %s", got.status, got.text)
	}
	s.LimitRequests(3)
	var primary *github.RateLimitError
	if _, _, err := s.client().Repositories.Get(ctx, "acme", "infra"); !errors.As(err, &primary) || primary.Rate.Remaining != 0 {
		t.Errorf("primary limit: %v", err)
	}
	s.Advance(time.Hour)
	if got := s.do(s.token(), http.MethodGet, "repos/acme/infra", ""); got.status != 200 || got.header.Get("X-RateLimit-Remaining") != "2" {
		t.Errorf("an hour later: %d, %s left", got.status, got.header.Get("X-RateLimit-Remaining"))
	}
}

func TestNotModified(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.open()
	token := s.token()
	first := s.do(token, http.MethodGet, comments, "")
	tag, left := first.header.Get("ETag"), first.header.Get("X-RateLimit-Remaining")
	again := s.do(token, http.MethodGet, comments, "", "If-None-Match", tag)
	if again.status != 304 || again.text != "" || again.header.Get("X-RateLimit-Remaining") != left {
		t.Errorf("%d %q, %s left of %s", again.status, again.text, again.header.Get("X-RateLimit-Remaining"), left)
	}
	pr.Comment("bob", "new")
	if changed := s.do(token, http.MethodGet, comments, "", "If-None-Match", tag); changed.status != 200 {
		t.Errorf("after a change: %d", changed.status)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.open()
	for range 7 {
		pr.Comment("bob", "x")
	}
	client, seen := s.client(), 0
	options := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 3}}
	for {
		page, response, err := client.Issues.ListComments(ctx, "acme", "infra", 1, options)
		if err != nil {
			t.Fatal(err)
		}
		seen += len(page)
		if response.NextPage == 0 {
			break
		}
		options.Page = response.NextPage
	}
	if seen != 7 || options.Page != 3 {
		t.Errorf("%d comments on %d pages, want 7 on 3", seen, options.Page)
	}
}

// TestViolations: what GitHub would ignore or refuse is not overlooked.
func TestViolations(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.open()
	token := s.token()
	for _, ask := range [][3]string{
		{http.MethodGet, "repos/acme/infra/pulls?stat=open", ""},
		{http.MethodGet, "repos/acme/infra/pulls?state=opened", ""},
		{http.MethodPost, comments, `{"text":"x"}`},
		{http.MethodPost, comments, `{"body":7}`},
		{http.MethodPost, comments, `{`},
	} {
		if got := s.do(token, ask[0], ask[1], ask[2]); got.status != 422 {
			t.Errorf("%q: %d %s", ask, got.status, got.text)
		}
		if s.violations++; len(s.Violations()) != s.violations {
			t.Errorf("%q is no violation", ask)
		}
	}
	if got := s.do(token, http.MethodGet, "repos/acme/infra", "", "X-GitHub-Api-Version", "2020-01-01"); got.status != 400 {
		t.Errorf("an unknown version of the interface: %d", got.status)
	}
	if got := s.do(token, http.MethodGet, "repos/acme/infra/nothing", ""); got.status != 404 {
		t.Errorf("an unknown path: %d", got.status)
	}
}
