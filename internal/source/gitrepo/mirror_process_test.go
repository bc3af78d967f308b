//go:build unix

package gitrepo

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// order is what another process is told to do.
type order struct {
	Dir, URL string
	ID       int64
	Times    int
}

// TestMirrorOtherProcess is not a test of its own: it is what another process runs.
func TestMirrorOtherProcess(t *testing.T) {
	text := os.Getenv("LANDWAITER_TEST_ORDER")
	if text == "" {
		t.Skip("only for TestMirrorProcesses and TestMirrorKilled")
	}
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	m := newMirror(t, MirrorOptions{Dir: o.Dir, MaxBytes: 1}) // so that each deletes what the others do not use
	for range o.Times {
		f, err := m.Fetch(t.Context(), remoteAt(o.URL, o.ID), "refs/heads/main", pullRef(7))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "change", files(t, f), pullSeven)
		m.last.Store(0)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// other starts another process that does what it is told.
func other(t *testing.T, o order) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestMirrorOtherProcess$", "-test.v")
	cmd.Env = append(os.Environ(), "LANDWAITER_TEST_ORDER="+string(text))
	return cmd
}

// Several processes fetch, read and delete the same mirror, and none gets in the way of another.
func TestMirrorProcesses(t *testing.T) {
	t.Parallel()
	v := newGitServer(t).serve(1)
	dir := filepath.Join(t.TempDir(), "mirrors")
	var all sync.WaitGroup
	for range 3 {
		cmd := other(t, order{dir, v.remote().URL, 1, 6})
		all.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestMirrorOtherProcess") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	all.Wait()
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left: %v", left, err)
	}
}

// A process is killed in the middle of a fetch. The git that it started may live on for a while; nobody works beside
// it, and afterwards everything goes on by itself.
func TestMirrorKilled(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	v := server.serve(1)
	dir := filepath.Join(t.TempDir(), "mirrors")
	fetched(t, newMirror(t, MirrorOptions{Dir: dir}), v.remote())
	v.pull(7, "main~1", "a.yaml", "one\n2\n3\n4\n", "new.yaml", "n\n")

	reached, release := make(chan struct{}), make(chan struct{})
	var once, held atomic.Bool
	server.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/git-upload-pack") && once.CompareAndSwap(false, true) {
			close(reached)
			<-release
			held.Store(true)
		}
		return false
	})
	victim := other(t, order{dir, v.remote().URL, 1, 1})
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	<-reached
	if err := errors.Join(victim.Process.Kill(), ignoreExit(victim.Wait())); err != nil {
		t.Fatal(err)
	}
	at := placeAt(dir, 5, 1)
	for _, name := range []string{"packed-refs.lock", "shallow.lock", "objects/pack/tmp_pack_dead"} {
		overwrite(t, filepath.Join(at.repo, name), "")
	}
	if lock, err := tryAcquire(at.fetching, true); !errors.Is(err, errHeld) {
		lock.release()
		t.Errorf("a git is still at work, and yet: %v", err)
	}
	time.AfterFunc(200*time.Millisecond, func() { close(release) })
	f := fetch(t, newMirror(t, MirrorOptions{Dir: dir}), v.remote(), "refs/heads/main", pullRef(7))
	if !held.Load() {
		t.Error("two fetched at a time")
	}
	expect(t, "change", files(t, f), pullSeven)
	if f.Cloned {
		t.Error("the mirror was not used again")
	}
	for _, pattern := range []string{"*.lock", "objects/pack/tmp_*", "refs/kept/*.lock"} {
		if left := matches(t, at.repo, pattern); len(left) > 0 {
			t.Errorf("%v are left", left)
		}
	}
}

// A lock whose file its holder deletes keeps others out nevertheless.
func TestLockOfDeletedFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "some", "lock")
	var inside atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				lock, err := tryAcquire(name, true)
				if errors.Is(err, errHeld) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				runtime.Gosched()
				inside.Add(-1) // from here on others may make the file anew
				if err := os.Remove(name); err != nil {
					t.Error(err)
				}
				lock.release()
			}
		})
	}
	all.Wait()
}

func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// What git says is told from one another by its words, which these are.
func TestMirrorMeanings(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]error{
		"fatal: write error: No space left on device; fatal: fetch-pack: invalid index-pack output":                                                       ErrNoSpace,
		"error: unable to create temporary file: Read-only file system":                                                                                   ErrNoSpace,
		"fatal: unable to access 'https://github.com/a/b.git/': Could not resolve host: github.com":                                                       ErrUnreachable,
		"fatal: unable to access 'https://github.com/a/b.git/': SSL certificate problem: self-signed certificate in chain":                                ErrUnreachable,
		"fatal: unable to access 'https://github.com/a/b.git/': The requested URL returned error: 403":                                                    ErrAccess,
		"error: RPC failed; curl 18 transfer closed with outstanding read data remaining; fatal: early EOF; fatal: fetch-pack: invalid index-pack output": ErrUnreachable,
		"remote: Repository not found.; fatal: repository 'https://github.com/a/b.git/' not found":                                                        ErrGone,
		"fatal: remote error: upload-pack: not our ref 1111":                                                                                              ErrUnknown,
		"fatal: bad object 1111; error: https://github.com/a/b.git did not send all necessary objects":                                                    errDamaged,
		"fatal: packed object 11 (stored in ./objects/pack/pack-1.pack) is corrupt; fatal: fetch-pack: invalid index-pack output":                         errDamaged,
		"": errDamaged,
	} {
		if got := meaning(said, errors.New("exit status 128")); !errors.Is(got, want) {
			t.Errorf("%s: %v", said, got)
		}
	}
	if got := meaning("error: object 11: fullPathname: contains full pathnames; fatal: fsck error in packed object", errors.New("x")); errors.Is(got, errDamaged) {
		t.Errorf("a malformed object: %v", got)
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("remote: \x1b[31mred\u202e " + testToken + "\nfatal: " + basic(testToken))
	f.Add(strings.Repeat("é", 2000))
	f.Fuzz(func(t *testing.T, said string) {
		text := plain(said, testToken)
		for scanner := bufio.NewScanner(strings.NewReader(text)); scanner.Scan(); {
			if scanner.Text() != text {
				t.Errorf("%q is several lines", text)
			}
		}
		if strings.Contains(text, testToken) || strings.Contains(text, basic(testToken)) || len(text) > 1010 || strings.ContainsAny(text, "\x1b\r\x00\u202e") {
			t.Errorf("%q", text)
		}
	})
}
