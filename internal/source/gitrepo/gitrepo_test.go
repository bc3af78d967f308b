package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

// repo is a real repository that a test makes with git.
type repo struct {
	t   testing.TB
	dir string
	env []string
}

// newRepo makes an empty repository whose git reads no configuration but the repository's own.
func newRepo(t testing.TB, initArgs ...string) *repo {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	r := &repo{t: t, dir: filepath.Join(dir, "repo"), env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1", "GIT_ALLOW_PROTOCOL=file",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
	}}
	for _, d := range []string{home, r.dir} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r.git(append([]string{"init", "-q", "-b", "main"}, initArgs...)...)
	r.git("config", "gc.auto", "0") // nothing in the background
	return r
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// write puts files on disk; "name", "content" pairs.
func (r *repo) write(pairs ...string) {
	r.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		name := filepath.Join(r.dir, pairs[i])
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(pairs[i+1]), 0o644)); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *repo) remove(names ...string) {
	r.t.Helper()
	for _, name := range names {
		if err := os.RemoveAll(filepath.Join(r.dir, name)); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *repo) link(target, name string) {
	r.t.Helper()
	if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) commit(pairs ...string) string {
	r.t.Helper()
	r.write(pairs...)
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", "x")
	return r.git("rev-parse", "HEAD")
}

func (r *repo) open() *Repo {
	r.t.Helper()
	return r.openAt(r.dir)
}

func (r *repo) openAt(dir string) *Repo {
	r.t.Helper()
	opened, err := Open(r.t.Context(), dir, Options{Env: r.env})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return opened
}

func (r *repo) change(base, head string) *source.Change {
	r.t.Helper()
	c, err := r.open().Change(r.t.Context(), base, head)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// describe writes down the files of a change, one a line.
func describe(c *source.Change) string {
	var b strings.Builder
	for _, f := range c.Files {
		fmt.Fprintf(&b, "%s -> %s", or(f.Old), or(f.New))
		for _, h := range f.Hunks {
			fmt.Fprintf(&b, " -%d,%d+%d,%d", h.OldStart, h.OldLines, h.NewStart, h.NewLines)
		}
		if f.Binary {
			b.WriteString(" binary")
		}
		if f.Note != "" {
			b.WriteString(" (" + f.Note + ")")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func or(name string) string {
	if name == "" {
		return "none"
	}
	return name
}

// show writes down every file of a tree with its content.
func show(t testing.TB, tree source.Tree) string {
	t.Helper()
	var b strings.Builder
	err := source.Walk(tree, ".", func(info source.Info) error {
		switch info.Kind {
		case source.Submodule:
			fmt.Fprintf(&b, "%s submodule\n", info.Path)
		case source.File:
			data, err := tree.ReadFile(info.Path)
			if err != nil {
				fmt.Fprintf(&b, "%s: %v\n", info.Path, err)
				return nil
			}
			fmt.Fprintf(&b, "%s %q\n", info.Path, data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

func expect(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

func TestChangeBetweenCommits(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.yaml", "1\n2\n3\n4\n", "gone.yaml", "x\n", "old name.yaml", "a\nb\nc\nd\ne\nf\n", "bin", "\x00\x01", "crlf", "a\r\nb\r\n",
		"ünï\n\"x\".yaml", "1\n", "exec.sh", "x\n", "kind", "one\ntwo\n", "lfs", "plain\n", "end", "a\nb")
	r.git("checkout", "-q", "-b", "topic")
	r.git("mv", "old name.yaml", "new\tname.yaml")
	r.git("update-index", "--chmod=+x", "exec.sh")
	r.remove("gone.yaml", "kind")
	r.link("a.yaml", "kind")
	r.write("a.yaml", "0\n1\n2\nthree\n4\n", "new\tname.yaml", "a\nb\nc\nd\ne\nF\n", "bin", "\x00\x02", "crlf", "a\r\nB\r\n",
		"ünï\n\"x\".yaml", "@@ -1 +1 @@\n--- a/a.yaml\n", "added", "1\n2\n", "end", "a\nb\n",
		"lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("a", 64)+"\nsize 3\n")
	if err := os.Chmod(filepath.Join(r.dir, "exec.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	topic := r.commit()
	r.git("checkout", "-q", "main")
	r.commit("on main only", "x\n")

	c := r.change("main", "topic")
	expect(t, "files", describe(c), lines(
		`a.yaml -> a.yaml -0,0+1,1 -3,1+4,1`,
		`none -> added -0,0+1,2`,
		`bin -> bin binary`,
		`crlf -> crlf -2,1+2,1`,
		`end -> end -2,1+2,1`,
		`exec.sh -> exec.sh`,
		`gone.yaml -> none -1,1+0,0`,
		`kind -> kind -1,2+1,1`,
		`lfs -> lfs -1,1+1,3 (git-lfs pointer)`,
		"old name.yaml -> new\tname.yaml -6,1+6,1",
		"ünï\n\"x\".yaml -> ünï\n\"x\".yaml -1,1+1,2",
	))
	if c.HeadID != topic || c.BaseID != r.git("merge-base", "main", "topic") {
		t.Errorf("base %s, head %s", c.BaseID, c.HeadID)
	}
	if _, err := c.Base.Stat("on main only"); !errors.Is(err, source.ErrNotExist) {
		t.Errorf("the base is not the merge base: %v", err)
	}
	if data, err := c.Head.ReadFile("kind"); err != nil || string(data) != "0\n1\n2\nthree\n4\n" {
		t.Errorf("through a link: %q, %v", data, err)
	}
	if _, err := c.Head.ReadFile("lfs"); !errors.Is(err, source.ErrLFS) {
		t.Errorf("pointer: %v", err)
	}
}

// The attributes of a pull request must not decide which of its lines count as changed.
func TestAttributesHideNothing(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.yaml", "1\n", "b.yaml", "1\n")
	r.git("checkout", "-q", "-b", "topic")
	r.commit("a.yaml", "2\n", "b.yaml", "2\n", ".gitattributes", "*.yaml -diff\nb.yaml binary\n")
	want := lines("none -> .gitattributes -0,0+1,2", "a.yaml -> a.yaml -1,1+1,1", "b.yaml -> b.yaml -1,1+1,1")
	expect(t, "commits", describe(r.change("main", "topic")), want)
	expect(t, "work tree", describe(r.change("main", "")), want)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a", "1\n", "large", strings.Repeat("x\n", 100), "huge", strings.Repeat("y", skipBytes+1))
	r.git("checkout", "-q", "-b", "topic")
	r.commit("large", strings.Repeat("z\n", 100))
	r.write("untracked", strings.Repeat("z\n", 101))
	opened, err := Open(t.Context(), r.dir, Options{Env: r.env, Limits: source.Limits{FileSize: 50}})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	c, err := opened.Change(t.Context(), "main", "")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "files", describe(c), lines("large -> large binary", "none -> untracked binary"))
	for _, name := range []string{"large", "huge", "huge", "untracked"} {
		if _, err := c.Head.ReadFile(name); !errors.Is(err, source.ErrFileSize) || !strings.HasPrefix(err.Error(), name+":") {
			t.Errorf("%s: %v", name, err)
		}
		if data, err := c.Head.ReadFile("a"); err != nil || string(data) != "1\n" {
			t.Errorf("after it: %q, %v", data, err)
		}
	}
	few, err := Open(t.Context(), r.dir, Options{Env: r.env, Limits: source.Limits{Files: 2}})
	if err != nil {
		t.Fatal(err)
	}
	defer few.Close()
	if _, err := few.Tree(t.Context(), "main"); !errors.Is(err, source.ErrFileCount) {
		t.Errorf("too many files: %v", err)
	}
}

// A few objects that name each other name billions of files.
func TestTreeBomb(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a", "1\n")
	tree := r.git("rev-parse", "HEAD^{tree}")
	for range 10 {
		var listing strings.Builder
		for i := range 10 {
			fmt.Fprintf(&listing, "040000 tree %s\td%d\n", tree, i)
		}
		cmd := exec.Command("git", "mktree")
		cmd.Dir, cmd.Env, cmd.Stdin = r.dir, r.env, strings.NewReader(listing.String())
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		tree = strings.TrimSpace(string(out))
	}
	bomb := r.git("commit-tree", "-m", "x", "-p", "HEAD", tree)
	if _, err := r.open().Change(t.Context(), "main", bomb); !errors.Is(err, source.ErrFileCount) {
		t.Errorf("bomb: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a", "1\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.open().Change(ctx, "main", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Many files read at once are what they are one by one, on disk, in Git, and in another repository's objects.
func TestReadFilesThroughAlternates(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	var names []string
	for i := range 40 {
		name := fmt.Sprintf("f%d", i)
		names = append(names, name)
		r.write(name, strings.Repeat(name+"\n", i))
	}
	r.link("f3", "link")
	r.write("pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("a", 64)+"\nsize 3\n")
	r.commit("large", strings.Repeat("x", 9<<20), "huge", strings.Repeat("x", 11<<20))
	r.git("tag", "v1")
	r.commit("f1", "changed\n")
	clone := &repo{t: t, dir: filepath.Join(filepath.Dir(r.dir), "clone"), env: r.env}
	r.git("clone", "-q", "--shared", r.dir, clone.dir)
	clone.write("f2", "on disk\n")
	c := clone.change("v1", "")
	names = slices.Concat([]string{"huge", "large"}, names, []string{"missing", "..", "huge", "large", "link", "pointer", "f5"})
	for _, tree := range []source.Tree{c.Base, c.Head, source.Record(c.Head)} {
		var calls atomic.Int64
		source.ReadFiles(tree, names, func(i int, data []byte, err error) {
			calls.Add(1)
			want, wantErr := tree.ReadFile(names[i])
			if string(data) != string(want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Errorf("%s: %.20q, %v; one by one %.20q, %v", names[i], data, err, want, wantErr)
			}
		})
		if int(calls.Load()) != len(names) {
			t.Errorf("%d calls for %d files", calls.Load(), len(names))
		}
	}
}

// Trees are read from many goroutines.
func TestConcurrentReading(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for i := range 30 {
		r.write(fmt.Sprintf("f%d", i), fmt.Sprint(i))
	}
	r.link("f1", "link")
	r.commit()
	r.write("f0", "changed")
	c := r.change("main", "")
	recorder := source.Record(c.Head)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 30 {
				data, err := recorder.ReadFile(fmt.Sprintf("f%d", i))
				if err != nil || i > 0 && string(data) != fmt.Sprint(i) {
					t.Errorf("f%d: %q, %v", i, data, err)
				}
			}
			if data, err := recorder.ReadFile("link"); err != nil || string(data) != "1" {
				t.Errorf("link: %q, %v", data, err)
			}
			source.ReadFiles(recorder, []string{"f1", "f2"}, func(int, []byte, error) {})
		})
	}
	all.Wait()
	if reads := recorder.Reads(); len(reads) != 31 {
		t.Errorf("%d reads", len(reads))
	}
}

// oneKept keeps one thing in memory.
type oneKept struct {
	name, key string
	data      []byte
	asked     int
}

func (k *oneKept) Kept(name, key string) []byte {
	k.asked++
	if name == k.name && key == k.key {
		return k.data
	}
	return nil
}

func (k *oneKept) Keep(name, key string, data []byte) { k.name, k.key, k.data = name, key, data }

// The list of a commit's files is kept, found again, and still held to the limits.
func TestKeptListing(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for i := range 500 {
		r.write(fmt.Sprintf("%s/%d", strings.Repeat("long", 30), i), "1\n")
	}
	r.commit()
	keeper := &oneKept{}
	open := func(limits source.Limits) (string, error) {
		opened, err := Open(t.Context(), r.dir, Options{Env: r.env, Keeper: keeper, Limits: limits})
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		tree, err := opened.Tree(t.Context(), "main")
		if err != nil {
			return "", err
		}
		return source.Fingerprint(tree), nil
	}
	first, err := open(source.Limits{})
	if err != nil || len(keeper.data) < keepWorth {
		t.Fatalf("%d bytes kept, %v", len(keeper.data), err)
	}
	if again, err := open(source.Limits{}); err != nil || again != first {
		t.Errorf("the kept listing is another tree: %v", err)
	}
	if _, err := open(source.Limits{Files: 400}); !errors.Is(err, source.ErrFileCount) {
		t.Errorf("limit: %v", err)
	}
	keeper.data = []byte("100644 blob \x00")
	if _, err := open(source.Limits{}); err == nil {
		t.Error("nothing asks what was kept")
	}
	r.commit("new", "1\n")
	if later, err := open(source.Limits{}); err != nil || later == first {
		t.Errorf("another commit has the old listing, %v", err)
	}
}
