package gitrepo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/source"
)

// looked says what of the work tree git is asked to look at.
func (r *repo) looked() (found, bool) {
	r.t.Helper()
	opened := r.open()
	listing, err := opened.listing(r.t.Context(), r.git("rev-parse", "HEAD"))
	if err != nil {
		r.t.Fatal(err)
	}
	f := opened.look(sinceEpoch()).against(listing)
	return f, !f.all
}

// An untouched work tree asks nothing of git, and a touched one only what was touched.
func TestLook(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for i := range 200 {
		r.write(fmt.Sprintf("d%d/e/f.yaml", i), "1\n", fmt.Sprintf("d%d.yaml", i), "2\n")
	}
	r.commit(".gitignore", "*.log\n")
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(r.dir, ".git", "index"), later, later); err != nil {
		t.Fatal(err)
	}
	if f, ok := r.looked(); !ok || len(f.suspect)+len(f.unknown) > 0 {
		t.Skipf("the file system's or the platform's work trees are looked at by git alone: %v %v", f, ok)
	}
	r.write("d5/e/f.yaml", "changed\n", "d6/new/deep/g.yaml", "1\n", "d7.yaml.log", "1\n", "d10/e/.git", "x")
	r.remove("d8/e")
	f, ok := r.looked()
	if want := []string{"d5/e/f.yaml", "d8/e/f.yaml"}; !ok || !slices.Equal(f.suspect, want) {
		t.Errorf("suspect: %v, %v; want %v", f.suspect, ok, want)
	}
	if want := []string{"d6/new", "d7.yaml.log"}; !slices.Equal(f.unknown, want) {
		t.Errorf("unknown: %v, want %v", f.unknown, want)
	}
	for _, unusual := range [][]string{
		{"update-index", "--skip-worktree", "d1.yaml"}, {"update-index", "--assume-unchanged", "d2.yaml"}, {"update-index", "--index-version", "4"},
		{"update-index", "--split-index"}, {"config", "core.fileMode", "false"}, {"config", "core.checkStat", "minimal"},
	} {
		other := &repo{t: t, dir: filepath.Join(t.TempDir(), "copy"), env: r.env}
		r.git("clone", "-q", r.dir, other.dir)
		other.git(unusual...)
		if f, ok := other.looked(); ok {
			t.Errorf("after git %v not everything is looked at: %v", unusual, f)
		}
	}
}

// A file that was written about when the index was is read: its state says nothing.
func TestFilesAsYoungAsTheIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("f", "1\n")
	data, _, err := readIndex(filepath.Join(r.dir, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := parseIndex(data, 20)
	if err != nil {
		t.Fatal(err)
	}
	same, other := entries[0], entries[0]
	other.raw = other.raw[:indexFixed] + strings.Repeat("x", 20) + other.raw[indexFixed+20:]
	for _, test := range []struct {
		entry   indexEntry
		younger time.Duration
		suspect bool
	}{
		{same, 0, false}, {same, time.Hour, false}, {other, -time.Second, true}, {other, 0, true}, {other, coarse, true}, {other, time.Hour, false},
	} {
		entries := []indexEntry{test.entry}
		s := &scan{root: r.dir, entries: entries, written: test.entry.mtime() + test.younger, contentID: source.ContentID}
		s.directories = directoriesOf(entries)
		f, err := s.run()
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip("git looks at everything on this platform")
		}
		if err != nil || len(f.unknown) > 0 || (len(f.suspect) > 0) != test.suspect {
			t.Errorf("%v younger: %v, %v", test.younger, f, err)
		}
	}
}

// FuzzParseIndex reads anything as an index: it is refused or names files in it.
func FuzzParseIndex(f *testing.F) {
	r := newRepo(f)
	r.commit("a/b", "1\n", "c", "2\n")
	data, err := os.ReadFile(filepath.Join(r.dir, ".git", "index"))
	if err != nil {
		f.Fatal(err)
	}
	if entries, err := parseIndex(string(data), 20); err != nil || len(entries) != 2 || entries[0].path != "a/b" || entries[1].size() != 2 {
		f.Fatal(entries, err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseIndex(string(data), 20)
		if err == nil && len(entries)*indexFixed > len(data) {
			t.Errorf("%d entries in %d bytes", len(entries), len(data))
		}
	})
}
