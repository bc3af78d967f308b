package gitrepo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// looked says what of the work tree git is asked to look at.
func (r *repo) looked() (found, bool) {
	r.t.Helper()
	opened := r.open()
	index, err := opened.copyIndex()
	if err != nil {
		r.t.Fatal(err)
	}
	head, _, err := opened.resolveHead(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	f, ok, err := opened.look(r.t.Context(), index, head)
	if err != nil {
		r.t.Fatal(err)
	}
	return f, ok
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

// FuzzParseIndex reads anything as an index: it is refused or names files in it.
func FuzzParseIndex(f *testing.F) {
	r := newRepo(f)
	r.commit("a/b", "1\n", "c", "2\n")
	data, err := os.ReadFile(filepath.Join(r.dir, ".git", "index"))
	if err != nil {
		f.Fatal(err)
	}
	if entries, err := parseIndex(data, 20); err != nil || len(entries) != 2 || entries[0].path != "a/b" || entries[1].size != 2 {
		f.Fatal(entries, err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseIndex(data, 20)
		if err == nil && len(entries)*indexFixed > len(data) {
			t.Errorf("%d entries in %d bytes", len(entries), len(data))
		}
	})
}
