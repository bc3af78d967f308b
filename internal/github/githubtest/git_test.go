package githubtest_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// git runs Git with a token, and returns what it said.
func git(dir, token string, args ...string) (string, error) {
	header := "http.extraHeader=Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:"+token))
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", header, "-c", "user.name=a", "-c", "user.email=a@b.test"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func TestFetch(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.repo.Open(githubtest.Proposal{Author: "mallory", Fork: "mallory/infra", Branch: "evil", Files: githubtest.Files{"a b\n\"c\"": "x"}})
	dir, token := t.TempDir(), s.token()
	for _, args := range [][]string{
		{"clone", "--quiet", "--bare", "--filter=blob:none", s.repo.CloneURL(), "."},
		{"fetch", "--quiet", "origin", "refs/pull/1/head:refs/pull/1/head"},
		{"fetch", "--quiet", "--depth=1", "origin", pr.Head()},
		{"cat-file", "blob", pr.Head() + ":a b\n\"c\""},
	} {
		if out, err := git(dir, token, args...); err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
	}
	policies := s.Create("acme/.github", githubtest.Files{"landwaiter.yaml": "profile: baseline\n"})
	s.inst.Add(policies)
	if out, err := git(dir, token, "ls-remote", policies.CloneURL()); err != nil || !strings.Contains(out, policies.Head("main")) {
		t.Errorf("the organisation's repository: %v: %s", err, out)
	}
	if out, err := git(dir, token, "rev-parse", "refs/pull/1/head"); err != nil || out != pr.Head() {
		t.Errorf("refs/pull/1/head is %s, want %s (%v)", out, pr.Head(), err)
	}
	if out, _ := git(dir, token, "ls-remote", s.repo.CloneURL()); strings.Contains(out, "githubtest") || strings.Contains(out, "evil") {
		t.Errorf("the repository shows what GitHub's would not:\n%s", out)
	}
}

func TestGitRefuses(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.open()
	work, token := t.TempDir(), s.token()
	if out, err := git(work, token, "clone", "--quiet", s.repo.CloneURL(), "."); err != nil {
		t.Fatal(out)
	}
	if err := os.WriteFile(filepath.Join(work, "pushed"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"checkout", "--quiet", "change"}, {"add", "."}, {"commit", "--quiet", "-m", "by Git"}} {
		if out, err := git(work, token, args...); err != nil {
			t.Fatalf("git %q: %s", args, out)
		}
	}
	tests := []struct {
		name, token string
		args        []string
		said        string // "" is allowed
	}{
		{"no such token", "nonsense", []string{"fetch", "--quiet"}, "could not read Username"},
		{"a stranger", s.Token("eve"), []string{"fetch", "--quiet"}, "not found"},
		{"push without contents:write", token, []string{"push", "--quiet"}, "403"},
		{"push to refs/pull", s.Token("alice"), []string{"push", "--quiet", "origin", "HEAD:refs/pull/1/head"}, "hidden ref"},
		{"push by a person", s.Token("alice"), []string{"push", "--quiet"}, ""},
	}
	for _, test := range tests {
		out, err := git(work, test.token, test.args...)
		if test.said == "" && err != nil || test.said != "" && (err == nil || !strings.Contains(out, test.said)) {
			t.Errorf("%s: %v: %s; want %q", test.name, err, out, test.said)
		}
	}
	s.wantHeard("installation created", "push ", "check_suite requested", "pull_request opened", "push ", "check_suite requested", "pull_request synchronize")
	s.ExpireTokens()
	if out, err := git(work, token, "fetch"); err == nil {
		t.Errorf("an expired token fetches: %s", out)
	}
}
