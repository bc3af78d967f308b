package gitrepo

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/source"
)

// keptRepo is a repository whose directories are kept, and looked at when they have long settled.
type keptRepo struct {
	*repo
	keeper *oneKept
	later  time.Duration
}

func newKeptRepo(t *testing.T, pairs ...string) *keptRepo {
	r := &keptRepo{newRepo(t), &oneKept{}, time.Hour}
	r.commit(pairs...)
	if r.keeps(); r.keeper.data == nil {
		t.Skip("directories are not kept on this platform or file system")
	}
	r.pass()
	return r
}

// pass lets the clock of the file system go on, as it does in the hour that a look is later.
func (r *keptRepo) pass() { time.Sleep(20 * time.Millisecond) }

func (r *keptRepo) opened() *Repo {
	r.t.Helper()
	opened, err := Open(r.t.Context(), r.dir, Options{Env: r.env})
	if err != nil {
		r.t.Fatal(err)
	}
	opened.keeper = r.keeper
	r.t.Cleanup(func() { _ = opened.Close() })
	return opened
}

// look looks at the work tree.
func (r *keptRepo) look() survey {
	r.t.Helper()
	return r.opened().look(sinceEpoch() + r.later)
}

// keeps looks at the work tree and reports whether something was kept anew.
func (r *keptRepo) keeps() bool {
	r.t.Helper()
	before := r.keeper.data
	r.look()
	return len(before) != len(r.keeper.data) || len(before) > 0 && &before[0] != &r.keeper.data[0]
}

// changeLater is the change of the work tree against a commit.
func (r *keptRepo) changeLater(rev string) *source.Change {
	r.t.Helper()
	opened := r.opened()
	c, err := opened.changeOnDisk(r.t.Context(), r.git("rev-parse", rev), func() survey { return opened.look(sinceEpoch() + r.later) })
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *keptRepo) expect(files ...string) {
	r.t.Helper()
	want := ""
	if len(files) > 0 {
		want = lines(files...)
	}
	expect(r.t, "files", describe(r.changeLater("HEAD")), want)
	expect(r.t, "files once more", describe(r.changeLater("HEAD")), want)
}

// What was kept is kept no second time, and nothing is missed that it does not say.
func TestKeptDirectories(t *testing.T) {
	t.Parallel()
	start := []string{".gitignore", "*.log\n", "a/b/f", "1\n", "a/c/g", "1\n", "a-b", "1\n", "z/deep/er/h", "1\n"}
	for name, test := range map[string]struct {
		do   func(r *keptRepo)
		want []string
	}{
		"nothing":                  {func(*keptRepo) {}, nil},
		"a file in a directory":    {func(r *keptRepo) { r.write("a/b/new", "n\n") }, []string{"none -> a/b/new -0,0+1,1"}},
		"a file at the top":        {func(r *keptRepo) { r.write("a-", "n\n") }, []string{"none -> a- -0,0+1,1"}},
		"a directory":              {func(r *keptRepo) { r.write("a/b/c/d/e", "n\n") }, []string{"none -> a/b/c/d/e -0,0+1,1"}},
		"a file that is ignored":   {func(r *keptRepo) { r.write("a/b/x.log", "n\n") }, nil},
		"a file gone":              {func(r *keptRepo) { r.remove("a/b/f") }, []string{"a/b/f -> none -1,1+0,0"}},
		"a directory gone":         {func(r *keptRepo) { r.remove("z") }, []string{"z/deep/er/h -> none -1,1+0,0"}},
		"a directory as a file":    {func(r *keptRepo) { r.remove("z/deep"); r.write("z/deep", "n\n") }, []string{"none -> z/deep -0,0+1,1", "z/deep/er/h -> none -1,1+0,0"}},
		"a file as a directory":    {func(r *keptRepo) { r.remove("a/b/f"); r.write("a/b/f/i", "n\n") }, []string{"a/b/f -> none -1,1+0,0", "none -> a/b/f/i -0,0+1,1"}},
		"a file renamed":           {func(r *keptRepo) { r.rename("a/b/f", "a/b/e") }, []string{"a/b/f -> a/b/e"}},
		"no longer in the index":   {func(r *keptRepo) { r.git("rm", "-q", "--cached", "a/b/f"); r.write("a/b/f", "2\n") }, []string{"a/b/f -> a/b/f -1,1+1,1"}},
		"rules that ignore more":   {func(r *keptRepo) { r.write(".gitignore", "*.log\nnew\n", "a/b/new", "n\n") }, []string{".gitignore -> .gitignore -1,0+2,1"}},
		"a directory moved away":   {func(r *keptRepo) { r.rename("z", "y") }, []string{"z/deep/er/h -> y/deep/er/h"}},
		"another one in its place": {func(r *keptRepo) { r.rename("a/c", "y"); r.write("a/c/g", "1\n", "a/c/h", "1\n") }, []string{"none -> a/c/h -0,0+1,1", "none -> y/g -0,0+1,1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newKeptRepo(t, start...)
			if r.keeps() {
				t.Error("what was kept is not found")
			}
			test.do(r)
			c := r.changeLater("HEAD")
			files := strings.Split(strings.TrimSuffix(describe(c), "\n"), "\n")
			files = slices.DeleteFunc(files, func(f string) bool { return f == "" })
			slices.Sort(files)
			slices.Sort(test.want)
			if !slices.Equal(files, test.want) {
				t.Errorf("got %q, want %q", files, test.want)
			}
			if again := describe(r.changeLater("HEAD")); again != describe(c) {
				t.Errorf("the second time %q", again)
			}
			if r.keeps() {
				t.Error("directories are read again and again")
			}
		})
	}
}

func (r *repo) rename(from, to string) {
	r.t.Helper()
	if err := os.Rename(filepath.Join(r.dir, from), filepath.Join(r.dir, to)); err != nil {
		r.t.Fatal(err)
	}
}

// A directory that is not in the index changes without a sign in the one that it is in, and what is ignored without a
// sign in any.
func TestKeptDirectoriesWithOthers(t *testing.T) {
	t.Parallel()
	r := newKeptRepo(t, ".gitignore", "*.log\n", "a/f", "1\n")
	r.write("a/other/deep/1", "1\n", "a/x.log", "1\n")
	r.pass()
	r.expect("none -> a/other/deep/1 -0,0+1,1")
	if r.keeps() {
		t.Error("the other names are not kept")
	}
	r.write("a/other/deep/2", "1\n")
	r.expect("none -> a/other/deep/1 -0,0+1,1", "none -> a/other/deep/2 -0,0+1,1")
	if r.keeps() {
		t.Error("a known directory is read")
	}
	r.write(".git/info/exclude", "other\n")
	r.expect()
	r.write(".gitignore", "")
	r.expect(".gitignore -> .gitignore -1,1+0,0", "none -> a/x.log -0,0+1,1")
	r.git("add", "a/other/deep/1", "-f")
	r.expect(".gitignore -> .gitignore -1,1+0,0", "none -> a/other/deep/1 -0,0+1,1", "none -> a/x.log -0,0+1,1")
}

// A file that is written to in place, to the same size and with its old time, shows in a directory that does not.
func TestKeptDirectoryWithChangedFile(t *testing.T) {
	t.Parallel()
	r := newKeptRepo(t, "a/f", "1\n", "a/same", "1\n")
	file := filepath.Join(r.dir, "a", "f")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	r.write("a/f", "2\n")
	if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if r.keeps() {
		t.Error("the directory is another one")
	}
	r.expect("a/f -> a/f -1,1+1,1")
}

// Behind a link, the files of a directory look as they did: they are those of another place.
func TestKeptDirectoryBehindLink(t *testing.T) {
	t.Parallel()
	r := newKeptRepo(t, "a/b/f", "1\n", "a/g", "1\n")
	r.rename("a", "moved")
	r.link("moved", "a")
	r.expect("none -> a -0,0+1,1", "a/b/f -> moved/b/f", "a/g -> moved/g")
}

// What changed just now may change again without a sign: it is not kept. Neither is what has times of the future, and
// what was kept is not used while the clock is before that.
func TestClocksOfKeptDirectories(t *testing.T) {
	t.Parallel()
	r := newKeptRepo(t, "a/f", "1\n")
	kept := r.keeper.data
	for _, later := range []time.Duration{0, -time.Hour} {
		r.keeper.data, r.later = nil, later
		if r.keeps() {
			t.Errorf("%v later: kept", later)
		}
		r.expect()
	}
	r.keeper.data, r.later = kept, 0
	d := directoriesOf([]indexEntry{{path: "a/f"}})
	r.opened().recallDirectories(r.keeper.key, sinceEpoch(), &d)
	if d.dirs[1].state != (dirState{}) {
		t.Error("what was kept in an hour is used now")
	}
	r.opened().recallDirectories(r.keeper.key, sinceEpoch()+2*time.Hour, &d)
	if d.dirs[1].state == (dirState{}) {
		t.Error("what was kept is not used later")
	}
}

// What was kept and has lost its end counts as not there.
func TestDamagedDirectories(t *testing.T) {
	t.Parallel()
	r := newKeptRepo(t, "a/f", "1\n")
	r.write("a/other", "1\n")
	r.pass()
	r.look()
	kept := r.keeper.data
	for n := range kept {
		r.keeper.data = kept[:n]
		if f := r.look(); !slices.Equal(f.unknown, []string{"a/other"}) {
			t.Fatalf("%d bytes: %v", n, f.unknown)
		}
	}
}

// TestRandomKeptWorkTrees is TestRandomWorkTrees with what was kept.
func TestRandomKeptWorkTrees(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 3))
			r := newKeptRepo(t, "x/y/z", "1\n")
			for range 12 {
				r.shuffle(random)
			}
			r.commit()
			for round := range 12 {
				if later := time.Now().Add(time.Hour); round%2 == 1 { // files are told by their state, not read
					if err := os.Chtimes(filepath.Join(r.dir, ".git", "index"), later, later); err != nil && !errors.Is(err, os.ErrNotExist) {
						t.Fatal(err)
					}
				}
				r.look()
				r.pass()
				for range 1 + random.IntN(3) {
					r.shuffle(random)
				}
				disk, err := source.OpenDir(r.dir, source.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				expect(t, fmt.Sprintf("round %d", round), show(t, r.changeLater("main").Head), show(t, disk))
				if err := disk.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// The directories of an index are those that its paths name, each with the range of its files.
func TestDirectoriesOf(t *testing.T) {
	t.Parallel()
	var entries []indexEntry
	for _, path := range []string{"a-b", "a/b/c", "a/b/d", "a/bc/d/e", "a/c", "b", "c/d"} {
		entries = append(entries, indexEntry{path: path})
	}
	d := directoriesOf(entries)
	var got []string
	for i, dir := range d.dirs {
		got = append(got, fmt.Sprintf("%s %d-%d", dir.path, dir.from, dir.to))
		s := scan{entries: entries, directories: d}
		for _, name := range []string{"a-b", "a", "b", "bc", "c", "d", "e", "a-", "nothing"} {
			at := dir.path + name
			want := slices.ContainsFunc(entries, func(e indexEntry) bool { return e.path == at || strings.HasPrefix(e.path, at+"/") })
			if s.has(&d.dirs[i], name) != want {
				t.Errorf("%s: %v", at, !want)
			}
		}
	}
	want := []string{" 0-7", "a/ 1-5", "a/b/ 1-3", "a/bc/ 3-4", "a/bc/d/ 3-4", "c/ 6-7"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An index and the listing of a commit differ where either has what the other has not.
func TestStaged(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a", "1\n", "b/c", "1\n", "b-c", "1\n", "gone", "1\n", "mode", "1\n", "same", "1\n")
	listing, err := r.open().listing(t.Context(), r.git("rev-parse", "HEAD"))
	if err != nil {
		t.Fatal(err)
	}
	r.git("rm", "-q", "gone")
	r.write("b/c", "2\n", "new", "n\n", "zz", "z\n")
	if err := os.Chmod(filepath.Join(r.dir, "mode"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("add", "-A")
	data, _, err := readIndex(filepath.Join(r.dir, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := parseIndex(data, 20)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := staged(listing, entries), []string{"b/c", "gone", "mode", "new", "zz"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := staged("", entries); len(got) != len(entries) {
		t.Errorf("of nothing: %q", got)
	}
	if got := staged(listing, nil); len(got) != 6 {
		t.Errorf("nothing of it: %q", got)
	}
	if entry := "100664 blob " + strings.Repeat("0", 40); entries[0].listedAs(entry) {
		t.Error("another content counts as the same")
	}
}
