package gitrepo

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/source"
)

func tokenOf(token string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return token, nil }
}

// A pull request from a fork is read from the base repository, against the merge base that is found here.
func TestMirrorFetch(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	v := server.serve(1)
	m := newMirror(t, MirrorOptions{})

	first := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7))
	if !first.Asked || !first.Cloned || first.IDs[0] != v.git("rev-parse", "main") || first.IDs[1] != v.git("rev-parse", pullRef(7)) {
		t.Errorf("asked %v, cloned %v, %v", first.Asked, first.Cloned, first.IDs)
	}
	expect(t, "change", files(t, first), pullSeven)

	asked := server.asked.Load()
	again := fetch(t, m, v.remote(), first.IDs...)
	if again.Asked || again.Cloned || server.asked.Load() != asked {
		t.Error("the server was asked for commits that are there")
	}
	expect(t, "change by IDs", files(t, again), pullSeven)

	head := v.pull(7, pullRef(7), "new.yaml", "m\n")
	moved := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7))
	if !moved.Asked || moved.Cloned || moved.IDs[1] != head {
		t.Errorf("asked %v, cloned %v, %v", moved.Asked, moved.Cloned, moved.IDs)
	}
	expect(t, "change of a moved head", files(t, moved), strings.ReplaceAll(pullSeven, `"n\n"`, `"m\n"`))
	expect(t, "what was fetched before", files(t, first), pullSeven)

	// A merge group is named by its commits only. The branch may be gone by the time they are fetched.
	group := v.pull(8, "main", "group.yaml", "1\n")
	v.git("update-ref", "-d", pullRef(8))
	merge := fetch(t, m, v.remote(), v.git("rev-parse", "main"), group)
	if !strings.HasPrefix(files(t, merge), "none -> group.yaml") {
		t.Error(files(t, merge))
	}
	if refs := v.git("--git-dir", first.place.repo, "for-each-ref", "--format=%(refname)"); strings.Contains(refs, "tags") || strings.Contains(refs, "heads") {
		t.Errorf("references: %s", refs)
	}
}

// A force-push leaves the mirror able to follow, and branches may become directories of branches.
func TestMirrorFollowsRenames(t *testing.T) {
	t.Parallel()
	v := newGitServer(t).serve(1)
	m := newMirror(t, MirrorOptions{})
	v.git("branch", "release")
	fetch(t, m, v.remote(), "refs/heads/release", pullRef(7))
	v.git("branch", "-D", "release")
	v.git("branch", "release/1", "main~1")
	v.pull(7, "main~2", "a.yaml", "forced\n")
	f := fetch(t, m, v.remote(), "refs/heads/release/1", pullRef(7))
	if got := files(t, f); !strings.HasPrefix(got, "a.yaml -> a.yaml -1,3+1,1\n") {
		t.Error(got)
	}
}

// Two hundred and more pull requests share the references that are kept, also when two of one fetch fall together.
func TestMirrorSlots(t *testing.T) {
	t.Parallel()
	var wanted []string
	for i := range 100 {
		wanted = append(wanted, "refs/heads/b"+strings.Repeat("x", i))
	}
	refs, specs := slots(wanted)
	seen := map[string]bool{}
	for i, ref := range refs {
		if seen[ref] || specs[i] != "+"+wanted[i]+":"+ref {
			t.Errorf("%s, %s", ref, specs[i])
		}
		seen[ref] = true
	}
}

// What takes much to fetch is fetched without the contents of old versions, and still read like any other.
func TestMirrorPartial(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	v := server.serve(1)
	v.commit("noise.bin", noise(v, 8<<20))
	v.remove("noise.bin")
	v.commit("last.yaml", "1\n")
	m := newMirror(t, MirrorOptions{PartialOver: 1 << 20, MaxFetch: 2 << 20})

	f := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7))
	if !f.place.partial() || !f.Cloned {
		t.Fatalf("partial %v, cloned %v", f.place.partial(), f.Cloned)
	}
	expect(t, "change", files(t, f), pullSeven)
	if size := diskUsage(f.place.repo); size > 1<<20 {
		t.Errorf("%d bytes", size)
	}
	asked := server.asked.Load()
	if again := fetch(t, m, v.remote(), f.IDs...); again.Asked || server.asked.Load() != asked {
		t.Error("the server was asked for what is there")
	}
	// The old contents of this one were not needed before.
	v.pull(8, v.git("rev-list", "--max-parents=0", "main"), "old.yaml", "z\n")
	old := fetch(t, m, v.remote(), "refs/heads/main", pullRef(8))
	if got := files(t, old); !strings.HasPrefix(got, "old.yaml -> old.yaml -1,1+1,1\n") || old.Damaged() {
		t.Errorf("damaged %v: %s", old.Damaged(), got)
	}
	if !old.place.partial() || old.Cloned {
		t.Errorf("partial %v, cloned %v", old.place.partial(), old.Cloned)
	}
}

// Somebody pushes more than a fetch may bring: it ends early, says so, and leaves nothing behind.
func TestMirrorTooLarge(t *testing.T) {
	t.Parallel()
	v := newGitServer(t).serve(1)
	m := newMirror(t, MirrorOptions{MaxFetch: 1 << 20})
	fetch(t, m, v.remote(), "refs/heads/main")
	v.pull(8, "main", "noise.bin", noise(v, 32<<20))
	for range 2 {
		_, err := m.Fetch(t.Context(), v.remote(), "refs/heads/main", pullRef(8))
		if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "the limit is 1 MiB") {
			t.Fatal(err)
		}
	}
	f := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7))
	expect(t, "another pull request", files(t, f), pullSeven)
	if size := diskUsage(m.opts.Dir); size > 1<<20 {
		t.Errorf("%d bytes are left on disk", size)
	}
}

// noise returns bytes that cannot be compressed, and has git not try to.
func noise(v *served, size int) string {
	v.git("config", "core.compression", "0")
	data := make([]byte, size)
	_, _ = rand.Read(data) // never fails
	return string(data)
}

func TestMirrorRefusesRemotes(t *testing.T) {
	t.Parallel()
	m := newMirror(t, MirrorOptions{})
	const id = "0123456789012345678901234567890123456789"
	for _, c := range []struct{ url, wanted, says string }{
		{"https://user:" + testToken + "@github.com/a/b.git", id, "not one like"},
		{"https://github.com/a/b.git?token=" + testToken, id, "not one like"},
		{"http://github.com/a/b.git", id, "only https"},
		{"http://127.0.0.1.example.com/a/b.git", id, "only https"},
		{"ssh://github.com/a/b.git", id, "only https"},
		{"file:///etc", id, "not one like"},
		{"ext::sh -c whoami", id, "not one like"},
		{"--upload-pack=whoami", id, "not one like"},
		{"https://github.com/a/b.git\nurl = x", id, "is none"},
		{"https://github.com/a/b.git", "--upload-pack=whoami", "neither"},
		{"https://github.com/a/b.git", "main", "neither"},
		{"https://github.com/a/b.git", "refs/heads/a:refs/heads/b", "neither"},
		{"https://github.com/a/b.git", "refs/heads/*", "neither"},
		{"https://github.com/a/b.git", "refs/heads/../x", "neither"},
		{"https://github.com/a/b.git", "refs/heads/a\nrefs/heads/b", "neither"},
		{"https://github.com/a/b.git", "", "neither"},
	} {
		_, err := m.Fetch(t.Context(), remoteAt(c.url, 1), c.wanted)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), testToken) {
			t.Errorf("%q %q: %v", c.url, c.wanted, err)
		}
	}
	for _, remote := range []Remote{{Repository: 1, URL: "https://github.com/a/b.git"}, {Installation: 1, URL: "https://github.com/a/b.git"}} {
		if _, err := m.Fetch(t.Context(), remote, id); err == nil {
			t.Errorf("%+v was fetched", remote)
		}
	}
	if _, err := m.Fetch(t.Context(), remoteAt("https://github.com/a/b.git", 1)); err == nil {
		t.Error("nothing was fetched")
	}
}

// Failures of the server have names, and do not make the mirror count as damaged.
func TestMirrorServerFailures(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	v := server.serve(1)
	m := newMirror(t, MirrorOptions{})
	fetch(t, m, v.remote(), "refs/heads/main")
	v.pull(7, "main", "a.yaml", "changed\n")
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	status := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Location", elsewhere.URL+r.URL.Path)
			w.WriteHeader(code)
			return true
		}
	}
	for name, c := range map[string]struct {
		before func(http.ResponseWriter, *http.Request) bool
		want   error
	}{
		"moved":       {status(301), ErrGone},
		"found":       {status(302), ErrGone},
		"temporarily": {status(307), ErrGone},
		"refused":     {status(401), ErrAccess},
		"forbidden":   {status(403), ErrAccess},
		"deleted":     {status(404), ErrGone},
		"too many":    {status(429), ErrUnreachable},
		"broken":      {status(500), ErrUnreachable},
		"down":        {status(503), ErrUnreachable},
		"no Git":      {signIn, ErrUnreachable},
		"hangs up":    {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, ErrUnreachable},
		"cut short":   {cutShort, ErrUnreachable},
	} {
		server.intercept(c.before)
		if _, err := m.Fetch(t.Context(), v.remote(), pullRef(7)); !errors.Is(err, c.want) || errors.Is(err, errDamaged) || strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	server.straight()
	unknown := strings.Repeat("1", 40)
	for _, wanted := range []string{"refs/pull/9/head", "refs/heads/none", unknown} {
		if _, err := m.Fetch(t.Context(), v.remote(), wanted); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", wanted, err)
		}
	}
	if _, err := m.Fetch(t.Context(), remoteAt(server.URL+"/none.git", 9), "refs/heads/main"); !errors.Is(err, ErrGone) {
		t.Errorf("no repository: %v", err)
	}
	wrong := v.remote()
	wrong.Token = tokenOf("ghs_wrong")
	if _, err := m.Fetch(t.Context(), wrong, pullRef(7)); !errors.Is(err, ErrAccess) || strings.Contains(err.Error(), "ghs_wrong") {
		t.Errorf("wrong token: %v", err)
	}
	wrong.Token = func(context.Context) (string, error) { return "", errors.New("no token today") }
	if _, err := m.Fetch(t.Context(), wrong, pullRef(7)); err == nil || !strings.Contains(err.Error(), "no token today") {
		t.Errorf("no token: %v", err)
	}
	if f := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7)); f.Cloned {
		t.Error("the mirror was made anew")
	}
}

// signIn is what a proxy says that wants to be paid first.
func signIn(w http.ResponseWriter, _ *http.Request) bool {
	_, _ = w.Write([]byte("<!doctype html>\n<title>Welcome</title>\n"))
	return true
}

// cutShort answers the first question and ends the connection in the middle of the second answer.
func cutShort(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
		return false
	}
	w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
	_, _ = w.Write([]byte("0012acknowledgm"))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestMirrorUnreachable(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	url := server.URL
	server.Close()
	m := newMirror(t, MirrorOptions{})
	if _, err := m.Fetch(t.Context(), remoteAt(url+"/x.git", 1), "refs/heads/main"); !errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
}

// A server that does not answer holds nobody longer than they want to wait.
func TestMirrorCancel(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	v := server.serve(1)
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	server.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
		return true
	})
	superseded := errors.New("superseded")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(100*time.Millisecond, func() { cancel(superseded) })
	m := newMirror(t, MirrorOptions{Timeout: 300 * time.Millisecond})
	begun := time.Now()
	if _, err := m.Fetch(ctx, v.remote(), "refs/heads/main"); !errors.Is(err, superseded) {
		t.Error(err)
	}
	if _, err := m.Fetch(t.Context(), v.remote(), "refs/heads/main"); !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "longer than 300ms") {
		t.Error(err)
	}
	if took := time.Since(begun); took > 2*time.Minute {
		t.Errorf("it took %s", took)
	}
	server.straight()
	patient := newMirror(t, MirrorOptions{Dir: m.opts.Dir})
	fetch(t, patient, v.remote(), "refs/heads/main")
}

// Many want the same repository, and others: each is fetched by one at a time, and those of others meanwhile.
func TestMirrorTogether(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	var remotes []Remote
	for id := range int64(3) {
		remotes = append(remotes, server.serve(id+1).remote())
	}
	// The first three wait for one another, so that they are proven to run side by side.
	var arrived sync.WaitGroup
	arrived.Add(len(remotes))
	met := make(chan struct{})
	go func() { arrived.Wait(); close(met) }()
	seen := sync.Map{}
	server.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if _, again := seen.LoadOrStore(r.URL.Path, true); !again && strings.HasSuffix(r.URL.Path, "/info/refs") {
			arrived.Done()
			select {
			case <-met:
			case <-time.After(30 * time.Second):
				t.Error("the repositories wait for one another")
			}
		}
		return false
	})
	m := newMirror(t, MirrorOptions{})
	var all sync.WaitGroup
	for i := range 18 {
		all.Go(func() {
			f, err := m.Fetch(t.Context(), remotes[i%3], "refs/heads/main", pullRef(7))
			if err != nil {
				t.Error(err)
				return
			}
			expect(t, "change", files(t, f), pullSeven)
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for path, n := range server.most {
		if n > 1 {
			t.Errorf("%d fetches of %s at a time", n, path)
		}
	}
}

// A mirror that is read while its parts are put together in another way is read on.
func TestMirrorPacks(t *testing.T) {
	t.Parallel()
	for name, partialOver := range map[string]int64{"whole": 0, "partial": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newGitServer(t).serve(1)
			m := newMirror(t, MirrorOptions{PartialOver: partialOver})
			first := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7))
			var tree source.Tree
			packed, heads := false, []string{}
			for i, before := 0, 0; i < packsMost+8 && !packed; i++ {
				v.pull(8, "main", "a.yaml", strings.Repeat("x\n", i+1))
				f := fetch(t, m, v.remote(), "refs/heads/main", pullRef(8))
				now := len(matches(t, f.place.repo, "objects/pack/*.pack"))
				packed, before = now < before, now
				heads = append(heads, f.IDs[1])
				var err error
				if tree, err = f.Tree(t.Context(), f.IDs[1]); err != nil {
					t.Fatal(err)
				}
			}
			if data, err := tree.ReadFile("a.yaml"); err != nil || !strings.HasPrefix(string(data), "x\n") {
				t.Error(err)
			}
			if !packed {
				t.Error("the packs were never put together")
			}
			expect(t, "the first change", files(t, first), pullSeven)
			for _, head := range heads { // of which all but the last were replaced
				f := fetch(t, m, v.remote(), first.IDs[0], head)
				if got := files(t, f); f.Asked || !strings.HasPrefix(got, "a.yaml -> a.yaml") {
					t.Errorf("asked %v: %s", f.Asked, got)
				}
			}
		})
	}
}
