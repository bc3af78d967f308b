package githubtest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// TestCommitThroughAPI makes a commit on a branch as an App does that fixes what it found, and opens a pull request.
func TestCommitThroughAPI(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.inst.Permit("contents", "write")
	gh, base := s.client(), s.repo.Head("main")
	parent, _, err := gh.Git.GetCommit(ctx, "acme", "infra", base)
	if err != nil {
		t.Fatal(err)
	}
	blob, _, err := gh.Git.CreateBlob(ctx, "acme", "infra", &github.Blob{Content: github.String("eA=="), Encoding: github.String("base64")})
	if err != nil {
		t.Fatal(err)
	}
	tree, _, err := gh.Git.CreateTree(ctx, "acme", "infra", parent.GetTree().GetSHA(), []*github.TreeEntry{
		{Path: github.String("from/blob"), Mode: github.String("100644"), Type: github.String("blob"), SHA: blob.SHA},
		{Path: github.String("inline"), Mode: github.String("100755"), Type: github.String("blob"), Content: github.String("y")},
		{Path: github.String("README.md"), Mode: github.String("100644"), Type: github.String("blob")}, // no SHA: deleted
	})
	if err != nil {
		t.Fatal(err)
	}
	commit, _, err := gh.Git.CreateCommit(ctx, "acme", "infra", &github.Commit{
		Message: github.String("fix"), Tree: tree, Parents: []*github.Commit{{SHA: github.String(base)}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ref := &github.Reference{Ref: github.String("refs/heads/landwaiter/policy"), Object: &github.GitObject{SHA: commit.SHA}}
	if _, _, err := gh.Git.CreateRef(ctx, "acme", "infra", ref); err != nil {
		t.Fatal(err)
	}
	if _, _, err := gh.Git.CreateRef(ctx, "acme", "infra", ref); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("the same branch again: %v", err)
	}
	pr, _, err := gh.PullRequests.Create(ctx, "acme", "infra", &github.NewPullRequest{
		Title: github.String("Exempt"), Head: github.String("landwaiter/policy"), Base: github.String("main"), Body: github.String("why"),
	})
	if err != nil || pr.GetUser().GetLogin() != "landwaiter[bot]" || pr.GetChangedFiles() != 3 {
		t.Fatalf("%v %v", pr, err)
	}
	for path, want := range map[string]string{"from/blob": "x", "inline": "y"} {
		if got, _ := s.repo.File("landwaiter/policy", path); got != want {
			t.Errorf("%s holds %q", path, got)
		}
	}
	if _, has := s.repo.File("landwaiter/policy", "README.md"); has {
		t.Error("README.md is still there")
	}
	s.wantHeard("installation created", "installation new_permissions_accepted", "push ", "check_suite requested", "pull_request opened")
	if _, _, err := gh.Git.UpdateRef(ctx, "acme", "infra", &github.Reference{Ref: ref.Ref, Object: &github.GitObject{SHA: github.String(base)}}, false); err == nil {
		t.Error("a branch moves backwards unforced")
	}
	if _, err := gh.Git.DeleteRef(ctx, "acme", "infra", "refs/heads/landwaiter/policy"); err != nil {
		t.Error(err)
	}
	if state := s.repo.PullRequests()[0].State(); state != "closed" {
		t.Errorf("its branch is gone and it is %s", state)
	}
}

func TestContents(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.repo.Push("alice", "main", "more", githubtest.Files{"dir/a": "1", "dir/b c": "2", ".github/workflows/x.yaml": "on: push\n"})
	s.inst.Permit("contents", "write")
	gh, token := s.client(), s.token()
	file, _, _, err := gh.Repositories.GetContents(ctx, "acme", "infra", "dir/b c", &github.RepositoryContentGetOptions{Ref: s.repo.Head("main")})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := file.GetContent(); err != nil || text != "2" {
		t.Errorf("%q %v", text, err)
	}
	if _, listed, _, err := gh.Repositories.GetContents(ctx, "acme", "infra", "dir", nil); err != nil || len(listed) != 2 {
		t.Errorf("%v %v", listed, err)
	}
	if got := s.do(token, http.MethodGet, "repos/acme/infra/contents/dir/a", "", "Accept", "application/vnd.github.raw+json"); got.text != "1" {
		t.Errorf("as it is: %d %q", got.status, got.text)
	}
	tests := []struct {
		name, method, path, body string
		status                   int
	}{
		{"absent", "GET", "contents/none", "", 404},
		{"absent commit", "GET", "contents/dir/a?ref=none", "", 404},
		{"new file", "PUT", "contents/new", `{"message":"m","content":"eA=="}`, 201},
		{"change without the blob it had", "PUT", "contents/dir/a", `{"message":"m","content":"eA=="}`, 422},
		{"change of another blob", "PUT", "contents/dir/a", `{"message":"m","content":"eA==","sha":"` + strings.Repeat("a", 40) + `"}`, 409},
		{"change", "PUT", "contents/dir/b%20c", `{"message":"m","content":"eA==","sha":"` + file.GetSHA() + `"}`, 200},
		{"workflow without permission", "PUT", "contents/.github/workflows/y.yaml", `{"message":"m","content":"eA=="}`, 403},
		{"tree", "GET", "git/trees/main?recursive=1", "", 200},
		{"compare", "GET", "compare/main...main", "", 200},
		{"commits", "GET", "commits?sha=main&path=dir", "", 200},
		{"commit", "GET", "commits/main", "", 200},
		{"branches", "GET", "branches", "", 200},
		{"ref", "GET", "git/ref/heads/main", "", 200},
		{"no ref", "GET", "git/ref/heads/none", "", 404},
		{"refs", "GET", "git/matching-refs/heads/m", "", 200},
		{"protection without permission", "GET", "branches/main/protection", "", 403},
	}
	for _, test := range tests {
		if got := s.do(token, test.method, "repos/acme/infra/"+test.path, test.body); got.status != test.status {
			t.Errorf("%s: %d %s, want %d", test.name, got.status, got.text, test.status)
		}
	}
	s.repo.Protect("main", githubtest.Protection{})
	if got := s.do(token, http.MethodPut, "repos/acme/infra/contents/newer", `{"message":"m","content":"eA=="}`); got.status != 422 {
		t.Errorf("a commit to a protected branch: %d %s", got.status, got.text)
	}
}

func TestReactionsAndLists(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.open()
	gh := s.client()
	id := pr.Comment("alice", "/landwaiter review")
	for range 2 { // the second changes nothing
		if _, _, err := gh.Reactions.CreateIssueCommentReaction(ctx, "acme", "infra", id, "eyes"); err != nil {
			t.Fatal(err)
		}
	}
	if got := pr.Comments()[0].Reactions; !slices.Equal(got, []string{"eyes"}) {
		t.Errorf("%q", got)
	}
	line := pr.CommentOn("bob", "app.yaml", 6, "/landwaiter explain")
	if _, _, err := gh.Reactions.CreatePullRequestCommentReaction(ctx, "acme", "infra", line, "eyes"); err != nil {
		t.Fatal(err)
	}
	open, _, err := gh.PullRequests.List(ctx, "acme", "infra", &github.PullRequestListOptions{Head: "acme:change", Base: "main"})
	if err != nil || len(open) != 1 {
		t.Errorf("%v %v", open, err)
	}
	if at, _, err := gh.PullRequests.ListPullRequestsWithCommit(ctx, "acme", "infra", pr.Head(), nil); err != nil || len(at) != 1 {
		t.Errorf("%v %v", at, err)
	}
	repos, _, err := gh.Apps.ListRepos(ctx, nil)
	if err != nil || repos.GetTotalCount() != 1 {
		t.Errorf("%v %v", repos, err)
	}
	if i, _, err := s.appClient().Apps.FindRepositoryInstallation(ctx, "acme", "infra"); err != nil || i.GetID() != s.inst.ID {
		t.Errorf("%v %v", i, err)
	}
}
