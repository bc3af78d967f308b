package gitrepo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// fetched fetches a repository and gives it back at once. It returns its place.
func fetched(t *testing.T, m *Mirror, from Remote) place {
	t.Helper()
	f := fetch(t, m, from, "refs/heads/main")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.place
}

func exists(at place) bool { return isRepository(at.repo) }

func age(t *testing.T, at place, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(at.lock, then, then); err != nil {
		t.Fatal(err)
	}
}

func TestMirrorBounds(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	var remotes []Remote
	for id := range int64(4) {
		remotes = append(remotes, server.serve(id+1).remote())
	}
	m := newMirror(t, MirrorOptions{})
	var at []place
	for i, remote := range remotes[:3] {
		at = append(at, fetched(t, m, remote))
		age(t, at[i], time.Duration(10-i)*time.Hour) // the first is the oldest
	}
	size := diskUsage(at[0].repo)
	if copies, bytes := m.Usage(); copies != 3 || bytes < 3*size*9/10 || bytes > 3*size*11/10 {
		t.Errorf("%d copies, %d bytes, one has %d", copies, bytes, size)
	}

	m.opts.MaxBytes = 3*size + size/2 // room for three
	used := fetch(t, m, remotes[0], "refs/heads/main")
	age(t, at[0], 10*time.Hour) // it is the oldest again, but in use
	at = append(at, fetched(t, m, remotes[3]))
	if !exists(at[0]) || exists(at[1]) || !exists(at[2]) || !exists(at[3]) {
		t.Errorf("kept: %v %v %v %v", exists(at[0]), exists(at[1]), exists(at[2]), exists(at[3]))
	}
	if _, err := os.Stat(at[1].lock); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock of a mirror that is gone: %v", err)
	}
	if copies, bytes := m.Usage(); copies != 3 || bytes > m.opts.MaxBytes {
		t.Errorf("%d copies, %d bytes", copies, bytes)
	}
	if err := used.Close(); err != nil {
		t.Fatal(err)
	}

	age(t, at[2], m.opts.MaxAge+time.Hour)
	age(t, at[0], m.opts.MaxAge-time.Hour)
	if err := m.Sweep(); err != nil {
		t.Fatal(err)
	}
	if !exists(at[0]) || exists(at[2]) || !exists(at[3]) {
		t.Errorf("kept: %v %v %v", exists(at[0]), exists(at[2]), exists(at[3]))
	}
	fetched(t, m, remotes[2]) // and back it comes
}

// What is kept of an installation goes when it is told to go, that of others stays.
func TestMirrorRemove(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	one, two := server.serve(1).remote(), server.serve(2).remote()
	other := one
	other.Installation = 6
	m := newMirror(t, MirrorOptions{})
	first, second, foreign := fetched(t, m, one), fetched(t, m, two), fetched(t, m, other)
	if foreign.repo == first.repo {
		t.Fatal("two installations share a mirror")
	}
	if err := m.Remove(t.Context(), 5, 2, 77); err != nil {
		t.Fatal(err)
	}
	if !exists(first) || exists(second) || !exists(foreign) {
		t.Errorf("kept: %v %v %v", exists(first), exists(second), exists(foreign))
	}

	inUse := fetch(t, m, one, "refs/heads/main")
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := m.Remove(short, 5); !errors.Is(err, errHeld) || !errors.Is(err, context.DeadlineExceeded) || !exists(first) {
		t.Errorf("in use: %v", err)
	}
	removed := make(chan error)
	go func() { removed <- m.Remove(t.Context(), 5) }()
	if err := inUse.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-removed; err != nil || exists(first) || !exists(foreign) {
		t.Errorf("%v; kept: %v %v", err, exists(first), exists(foreign))
	}
	if _, err := os.Stat(filepath.Dir(first.repo)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something is left of the installation: %v", err)
	}
	if err := m.Remove(t.Context(), 99); err != nil {
		t.Errorf("an installation that never was: %v", err)
	}
}
