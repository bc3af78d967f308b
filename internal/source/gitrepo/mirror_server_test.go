package gitrepo

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const testToken = "ghs_1234_token.that-must_not_be_seen-anywhere"

// gitServer is a real Git server over HTTP that wants the token: Git's own http-backend.
type gitServer struct {
	*httptest.Server
	t     testing.TB
	root  string
	asked atomic.Int64 // requests for packs
	// before sees every request first, and may answer it: then it returns true.
	before atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]

	mu      sync.Mutex
	serving map[string]int // packs that are being sent, by repository
	most    map[string]int // of those at a time
	widest  int            // repositories served at a time
}

func newGitServer(t testing.TB) *gitServer {
	t.Helper()
	s := &gitServer{t: t, root: t.TempDir(), serving: map[string]int{}, most: map[string]int{}}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	backend := func(w http.ResponseWriter, r *http.Request) {
		handler := cgi.Handler{Path: git, Args: []string{"http-backend"}, Stderr: io.Discard, Env: []string{
			"GIT_PROJECT_ROOT=" + s.root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_PROTOCOL=" + r.Header.Get("Git-Protocol"), "PATH=" + os.Getenv("PATH"),
		}}
		handler.ServeHTTP(w, r)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before := s.before.Load(); before != nil && (*before)(w, r) {
			return
		}
		want := "Basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:"+testToken))
		if r.Header.Get("Authorization") != want {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
			defer s.count(r.URL.Path)()
		}
		backend(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// count notes that a pack is being sent until what it returns is called.
func (s *gitServer) count(path string) (done func()) {
	s.asked.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving[path]++
	s.most[path] = max(s.most[path], s.serving[path])
	s.widest = max(s.widest, len(s.serving))
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.serving[path]--; s.serving[path] == 0 {
			delete(s.serving, path)
		}
	}
}

// intercept has fn see every request first.
func (s *gitServer) intercept(fn func(http.ResponseWriter, *http.Request) bool) { s.before.Store(&fn) }

func (s *gitServer) straight() { s.before.Store(nil) }

// served is a repository on the server that a test changes.
type served struct {
	*repo
	server *gitServer
	id     int64
}

// serve makes a repository on the server with some history: main has three commits, and pull request 7, from a fork,
// changes a file from the second on.
func (s *gitServer) serve(id int64) *served {
	s.t.Helper()
	r := newRepo(s.t)
	name := strings.Repeat("x", int(id)) + ".git"
	if err := os.Symlink(filepath.Join(r.dir, ".git"), filepath.Join(s.root, name)); err != nil {
		s.t.Fatal(err)
	}
	for _, setting := range []string{"uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"} { // as on GitHub
		r.git("config", setting, "true")
	}
	v := &served{repo: r, server: s, id: id}
	r.commit("a.yaml", "1\n2\n3\n", "old.yaml", "x\n")
	second := r.commit("a.yaml", "1\n2\n3\n4\n")
	v.pull(7, second, "a.yaml", "one\n2\n3\n4\n", "new.yaml", "n\n")
	r.commit("old.yaml", "y\n")
	return v
}

// pull makes or moves the head of a pull request, as a commit on top of another one.
func (v *served) pull(number int, on string, pairs ...string) (head string) {
	v.t.Helper()
	v.git("checkout", "-q", "--detach", on)
	head = v.commit(pairs...)
	v.git("update-ref", pullRef(number), head)
	v.git("checkout", "-q", "main")
	return head
}

func pullRef(number int) string {
	return "refs/pull/" + string(rune('0'+number)) + "/head"
}

func (v *served) remote() Remote {
	return remoteAt(v.server.URL+"/"+strings.Repeat("x", int(v.id))+".git", v.id)
}

func remoteAt(url string, id int64) Remote {
	return Remote{Installation: 5, Repository: id, URL: url, Token: tokenOf(testToken)}
}

// newMirror returns mirrors with the options that are set, in a directory of their own.
func newMirror(t testing.TB, opts MirrorOptions) *Mirror {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = filepath.Join(t.TempDir(), "mirrors")
	}
	opts.Env = append(opts.Env, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir())
	m, err := OpenMirror(opts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// fetch fetches, and closes what it fetched when the test ends if the test did not.
func fetch(t testing.TB, m *Mirror, from Remote, wanted ...string) *Fetched {
	t.Helper()
	f, err := m.Fetch(t.Context(), from, wanted...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// files describes the change between what was wanted first and second.
func files(t testing.TB, f *Fetched) string {
	t.Helper()
	c, err := f.Change(t.Context(), f.IDs[0], f.IDs[1])
	if err != nil {
		t.Fatal(err)
	}
	return describe(c) + show(t, c.Base) + show(t, c.Head)
}

// pullSeven is what files says of pull request 7 of a served repository.
const pullSeven = "a.yaml -> a.yaml -1,1+1,1\nnone -> new.yaml -0,0+1,1\n" +
	"a.yaml \"1\\n2\\n3\\n4\\n\"\nold.yaml \"x\\n\"\n" +
	"a.yaml \"one\\n2\\n3\\n4\\n\"\nnew.yaml \"n\\n\"\nold.yaml \"x\\n\"\n"
