// Package gittest is a Git server on the loopback interface for tests: Git's own http-backend over real repositories.
package gittest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// What a file's text begins with that is no file but a symbolic link to what follows, or a submodule at the commit that
// follows.
const (
	Link      = "link to "
	Submodule = "submodule at "
)

// Server is a Git server.
type Server struct {
	URL  string // "http://127.0.0.1:1234"
	Host string // of it

	t    testing.TB
	git  string
	root string

	mu     sync.Mutex
	before func(http.ResponseWriter, *http.Request) bool
	asked  []string
}

// New starts a server that ends with the test. It needs Git.
func New(t testing.TB) *Server {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, git: git, root: t.TempDir()}
	web := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(web.Close)
	s.URL, s.Host = web.URL, strings.TrimPrefix(web.URL, "http://")
	return s
}

// Before has fn see every request first; it may answer it, and then returns true. nil is nobody.
func (s *Server) Before(fn func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = fn
}

// Asked returns the methods and paths of all requests so far.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	before := s.before
	s.mu.Unlock()
	if before != nil && before(w, r) {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	request := r.Clone(r.Context())
	request.TransferEncoding, request.ContentLength, request.Body = nil, int64(len(body)), io.NopCloser(bytes.NewReader(body))
	handler := cgi.Handler{Path: s.git, Args: []string{"http-backend"}, Stderr: io.Discard, Env: append(s.environment(),
		"GIT_PROJECT_ROOT="+s.root, "GIT_HTTP_EXPORT_ALL=1", "GIT_PROTOCOL="+r.Header.Get("Git-Protocol"))}
	handler.ServeHTTP(w, request)
}

func (s *Server) environment() []string {
	return []string{"PATH=" + filepath.Dir(s.git), "HOME=" + s.root, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}
}

// Commit puts a commit with exactly these files on a branch of a repository, "acme/base", which is made on first use, and
// returns its ID. The first branch of a repository is what it has by default.
func (s *Server) Commit(repo, branch string, files map[string]string) string {
	s.t.Helper()
	dir := filepath.Join(s.root, filepath.FromSlash(repo)+".git")
	if _, err := os.Stat(dir); err != nil {
		s.run("", "init", "--quiet", "--bare", "--initial-branch="+branch, dir)
	}
	var stream strings.Builder
	fmt.Fprintf(&stream, "commit refs/heads/%s\ncommitter T <t@example.test> 1700000000 +0000\ndata 1\nx\n", branch)
	if s.tip(dir, branch) != "" {
		fmt.Fprintf(&stream, "from refs/heads/%s^0\n", branch)
	}
	stream.WriteString("deleteall\n")
	for name, text := range files {
		if target, ok := strings.CutPrefix(text, Submodule); ok {
			fmt.Fprintf(&stream, "M 160000 %s %s\n", target, name)
			continue
		}
		mode := "100644"
		if target, ok := strings.CutPrefix(text, Link); ok {
			mode, text = "120000", target
		}
		fmt.Fprintf(&stream, "M %s inline %s\ndata %d\n%s\n", mode, name, len(text), text)
	}
	s.run(stream.String(), "-C", dir, "fast-import", "--quiet", "--force")
	return s.tip(dir, branch)
}

func (s *Server) tip(dir, branch string) string {
	cmd := exec.CommandContext(s.t.Context(), s.git, "-C", dir, "rev-parse", "--quiet", "--verify", "refs/heads/"+branch)
	cmd.Env = s.environment()
	out, _ := cmd.Output() // there is none
	return strings.TrimSpace(string(out))
}

// Tag puts a tag with a message on a commit, in place of one that is there.
func (s *Server) Tag(repo, tag, commit string) {
	s.t.Helper()
	s.run("", "-C", filepath.Join(s.root, filepath.FromSlash(repo)+".git"), "-c", "user.name=T", "-c", "user.email=t@example.test", "tag", "--force", "-m", "x", tag, commit)
}

func (s *Server) run(input string, args ...string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.git, args...)
	cmd.Env, cmd.Stdin = s.environment(), strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
