package gitrepo

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// The token is in the environment of the git that fetches, and nowhere else: on no command line of any program, not
// on disk, and not in what is said when something fails, whatever a server answers.
func TestMirrorKeepsToken(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	v := server.serve(1)
	m := newMirror(t, MirrorOptions{})
	secrets := []string{testToken, basic(testToken)}
	var lines, environments atomic.Int64
	server.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		for _, program := range processes(t) {
			if strings.Contains(program.line, v.remote().URL) || strings.Contains(program.line, "git-remote-http") {
				lines.Add(1)
			}
			for _, secret := range secrets {
				if strings.Contains(program.line, secret) {
					t.Errorf("a command line has the token: %q", program.line)
				}
				if strings.Contains(program.environment, secret) {
					environments.Add(1)
				}
			}
		}
		return false
	})
	f := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7))
	if lines.Load() == 0 || environments.Load() == 0 {
		t.Errorf("%d lines and %d environments of git were seen: the test looks in the wrong place", lines.Load(), environments.Load())
	}
	for _, dir := range []string{m.opts.Dir, f.scratch} {
		noSecret(t, dir, secrets)
	}

	// A server that sends back what it was sent.
	server.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		text := r.Header.Get("Authorization") + " " + testToken
		w.Header().Set("Location", server.URL+"/"+testToken)
		if r.URL.Query().Get("service") != "" {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			packet := "ERR " + text
			_, _ = fmt.Fprintf(w, "001e# service=git-upload-pack\n0000%04x%s", len(packet)+4, packet)
			return true
		}
		http.Error(w, text, http.StatusForbidden)
		return true
	})
	_, err := m.Fetch(t.Context(), v.remote(), "refs/pull/8/head")
	if err == nil || !strings.Contains(err.Error(), "***") {
		t.Errorf("the server's own words are not in the error: %v", err)
	}
	for _, secret := range secrets {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error has the token: %v", err)
		}
	}
	noSecret(t, m.opts.Dir, secrets)
}

type program struct{ line, environment string }

// processes returns all programs of this machine that can be looked at.
func processes(t *testing.T) (all []program) {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Error(err)
	}
	for _, name := range names {
		line, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		environment, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "environ")) // another user's is closed to us
		all = append(all, program{strings.ReplaceAll(string(line), "\x00", " "), string(environment)})
	}
	return all
}

func noSecret(t *testing.T, dir string, secrets []string) {
	t.Helper()
	read := 0
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		read++
		for _, secret := range secrets {
			if strings.Contains(string(data)+name, secret) {
				t.Errorf("%s has the token", name)
			}
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) || read == 0 {
		t.Errorf("%d files of %s were read: %v", read, dir, err)
	}
}

// A disk without room is called that, and is not taken for a damaged mirror.
func TestMirrorDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("mounting a small file system takes privileges: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	v := newGitServer(t).serve(1)
	m := newMirror(t, MirrorOptions{Dir: filepath.Join(dir, "mirrors")})
	at := fetched(t, m, v.remote())
	v.pull(8, "main", "noise.bin", noise(v, 8<<20))
	if _, err := m.Fetch(t.Context(), v.remote(), "refs/heads/main", pullRef(8)); !errors.Is(err, ErrNoSpace) || errors.Is(err, errDamaged) {
		t.Error(err)
	}
	if !exists(at) {
		t.Error("the mirror was deleted")
	}
	f := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7))
	expect(t, "change", files(t, f), pullSeven)
}
