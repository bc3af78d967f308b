package gitrepo

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/source"
)

func TestWorkTree(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("same", "same\n", "modified", "1\n2\n", "staged", "1\n", "staged and gone", "1\n", "deleted", "1\n", "unstaged", "1\n",
		"to link", "1\n", "to dir", "1\n", "dir/was dir", "1\n", "mode", "1\n", "touched", "1\n", "renamed", "1\n2\n3\n4\n5\n",
		".gitignore", "ignored\n")
	r.git("mv", "renamed", "renamed to")
	r.write("staged", "2\n", "staged and gone", "2\n")
	r.git("add", "staged", "staged and gone")
	r.git("rm", "-q", "--cached", "unstaged")
	r.write("unstaged", "1\nmore\n")
	r.remove("deleted", "staged and gone", "to link", "to dir", "dir")
	r.link("same", "to link")
	r.write("modified", "1\n2\n3\n", "to dir/file", "x\n", "dir", "file\n", "untracked -x", "u", "ignored", "i\n", "intent", "n\n",
		"sub/.gitignore", "*.log\n", "sub/a.log", "x\n", "sub/a", "x\n", "touched", "1\n", "empty", "")
	r.git("add", "-N", "intent")
	if err := errors.Join(os.Chmod(filepath.Join(r.dir, "mode"), 0o755), os.Mkdir(filepath.Join(r.dir, ".git", "info", "x"), 0o755)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(r.dir, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}

	c := r.change("main", "")
	expect(t, "files", describe(c), lines(
		"deleted -> none -1,1+0,0",
		"none -> dir -0,0+1,1",
		"dir/was dir -> none -1,1+0,0",
		"none -> empty",
		"none -> intent -0,0+1,1",
		"mode -> mode",
		"modified -> modified -2,0+3,1",
		"renamed -> renamed to",
		"staged -> staged -1,1+1,1",
		"staged and gone -> none -1,1+0,0",
		"none -> sub/.gitignore -0,0+1,1",
		"none -> sub/a -0,0+1,1",
		"to dir -> none -1,1+0,0",
		"none -> to dir/file -0,0+1,1",
		"to link -> to link -1,1+1,1",
		"unstaged -> unstaged -1,0+2,1",
		"none -> untracked -x -0,0+1,1",
	))
	want := lines(
		`.gitignore "ignored\n"`, `dir "file\n"`, `empty ""`, `intent "n\n"`, `mode "1\n"`, `modified "1\n2\n3\n"`, `renamed to "1\n2\n3\n4\n5\n"`,
		`same "same\n"`, `staged "2\n"`, `sub/.gitignore "*.log\n"`, `sub/a "x\n"`, `to dir/file "x\n"`, `to link "same\n"`,
		`touched "1\n"`, `unstaged "1\nmore\n"`, `untracked -x "u"`,
	)
	expect(t, "tree", show(t, c.Head), want)
	tree, err := r.open().WorkTree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "WorkTree", show(t, tree), want)
	after, err := os.ReadFile(filepath.Join(r.dir, ".git", "index"))
	if err != nil || string(after) != string(before) {
		t.Errorf("the index was written to (%v)", err)
	}
}

// IDs agree between a file on disk and the same file in Git.
func TestWorkTreeIDs(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		r := newRepo(t, "--object-format="+format)
		r.commit("a", "1\n", "same", "2\n")
		r.write("b", "1\n")
		c := r.change("HEAD", "")
		var ids []string
		for _, name := range []string{"a", "b"} {
			info, err := c.Head.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, info.ID)
		}
		if ids[0] != ids[1] || ids[0] != r.git("rev-parse", "HEAD:a") {
			t.Errorf("%s: %v", format, ids)
		}
		expect(t, format, describe(c), "none -> b -0,0+1,1\n")
	}
}

func TestLineEndsOfTheWorkTree(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("eol only", "a\nb\n", "changed", "a\nb\nc\n", "same", "x\n")
	r.git("config", "core.autocrlf", "true")
	r.write("eol only", "a\r\nb\r\n", "changed", "a\r\nB\r\nc\r\n")
	c := r.change("main", "")
	expect(t, "files", describe(c), "changed -> changed -2,1+2,1\n")
	expect(t, "tree", show(t, c.Head), lines(`changed "a\r\nB\r\nc\r\n"`, `eol only "a\nb\n"`, `same "x\n"`))
}

// A file changed in the second in which the index was written, to the same size, looks unchanged to a younger index.
func TestChangedInTheSecondOfTheIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.git("config", "core.trustctime", "false")
	r.commit("a", "1\n")
	then := time.Now().Add(-time.Hour)
	file, index := filepath.Join(r.dir, "a"), filepath.Join(r.dir, ".git", "index")
	if err := os.Chtimes(file, then, then); err != nil {
		t.Fatal(err)
	}
	r.git("update-index", "--refresh")
	r.write("a", "2\n")
	if err := errors.Join(os.Chtimes(file, then, then), os.Chtimes(index, then, then)); err != nil {
		t.Fatal(err)
	}
	expect(t, "files", describe(r.change("main", "")), "a -> a -1,1+1,1\n")
}

func TestConflict(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("f", "base\n", "g", "base\n")
	r.git("checkout", "-q", "-b", "topic")
	r.commit("f", "topic\n", "g", "topic\n")
	r.git("checkout", "-q", "main")
	r.commit("f", "main\n", "g", "main\n")
	cmd := exec.Command("git", "merge", "-q", "topic")
	cmd.Dir, cmd.Env = r.dir, r.env
	if err := cmd.Run(); err == nil {
		t.Fatal("no conflict")
	}
	r.remove("g")
	c := r.change("HEAD", "")
	expect(t, "files", describe(c), lines("f -> f -0,0+1,1 -1,0+3,3", "g -> none -1,1+0,0"))
}

func TestSparseCheckout(t *testing.T) {
	t.Parallel()
	for _, extra := range [][]string{nil, {"--sparse-index"}} {
		r := newRepo(t)
		r.commit("top", "1\n", "in/a", "1\n", "out/deep/b", "1\n")
		r.git(append([]string{"sparse-checkout", "set", "--cone"}, append(extra, "in")...)...)
		if _, err := os.Stat(filepath.Join(r.dir, "out")); err == nil {
			t.Fatal("not sparse")
		}
		r.write("in/a", "2\n", "in/new", "n\n")
		c := r.change("main", "")
		expect(t, "files", describe(c), lines("in/a -> in/a -1,1+1,1", "none -> in/new -0,0+1,1"))
		expect(t, "tree", show(t, c.Head), lines(`in/a "2\n"`, `in/new "n\n"`, `out/deep/b "1\n"`, `top "1\n"`))
	}
}

func TestSplitIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a", "1\n", "b", "1\n")
	r.git("update-index", "--split-index")
	r.write("a", "2\n")
	expect(t, "files", describe(r.change("main", "")), "a -> a -1,1+1,1\n")
}

func TestSubmodules(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	inner := newRepo(t)
	inner.commit("f", "1\n")
	r.commit("a", "1\n")
	r.git("submodule", "-q", "add", inner.dir, "mod")
	r.commit()
	r.git("checkout", "-q", "-b", "topic")
	sub := &repo{t: t, dir: filepath.Join(r.dir, "mod"), env: r.env}
	sub.commit("f", "2\n")
	sub.write("f", "dirty\n", "untracked", "x\n")
	c := r.change("main", "")
	expect(t, "moved on disk", describe(c), "mod -> mod (submodule)\n")
	if _, err := c.Head.ReadFile("mod/f"); !errors.Is(err, source.ErrSubmodule) {
		t.Errorf("into a submodule: %v", err)
	}
	r.commit()
	expect(t, "committed", describe(r.change("main", "topic")), "mod -> mod (submodule)\n")
	expect(t, "only dirty", describe(r.change("topic", "")), "")

	inside := sub.openAt(sub.dir)
	if inside.Root() != sub.dir {
		t.Errorf("root of the submodule: %s", inside.Root())
	}
	c, err := inside.Change(t.Context(), "HEAD", "")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "in the submodule", describe(c), lines("f -> f -1,1+1,1", "none -> untracked -0,0+1,1"))

	other := &repo{t: t, dir: filepath.Join(r.dir, "nested"), env: r.env}
	if err := os.Mkdir(other.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	other.git("init", "-q")
	expect(t, "nested without commits", describe(r.change("topic", "")), "none -> nested (submodule)\n")
	other.commit("x", "1\n")
	expect(t, "nested repository", describe(r.change("topic", "")), "none -> nested (submodule)\n")
}

func TestLinkedWorkTreeAndPrefix(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a/b/c", "1\n")
	linked := filepath.Join(filepath.Dir(r.dir), "linked")
	r.git("worktree", "add", "-q", "-b", "topic", linked)
	w := &repo{t: t, dir: linked, env: r.env}
	w.write("a/b/c", "2\n", "new", "n\n")
	opened := w.openAt(filepath.Join(linked, "a", "b"))
	if opened.Root() != linked || opened.Prefix() != "a/b" {
		t.Errorf("root %s, prefix %s", opened.Root(), opened.Prefix())
	}
	c, err := opened.Change(t.Context(), "main", "")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "files", describe(c), lines("a/b/c -> a/b/c -1,1+1,1", "none -> new -0,0+1,1"))
}

func TestNoCommits(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n", "b/c", "1\n")
	r.git("add", "a")
	for _, base := range []string{"", "main"} {
		c := r.change(base, "")
		expect(t, "files", describe(c), lines("none -> a -0,0+1,1", "none -> b/c -0,0+1,1"))
		expect(t, "tree", show(t, c.Head), lines(`a "1\n"`, `b/c "1\n"`))
		if c.Base != nil || !c.Touches("a", 1) {
			t.Error("not everything is new")
		}
	}
	if _, err := r.open().Change(t.Context(), "", "HEAD"); !errors.Is(err, ErrNoBase) {
		t.Errorf("HEAD of nothing: %v", err)
	}
	if _, err := r.open().Tree(t.Context(), "HEAD"); !errors.Is(err, ErrNoCommits) {
		t.Errorf("HEAD of nothing: %v", err)
	}
	tree, err := r.open().WorkTree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "work tree", show(t, tree), lines(`a "1\n"`, `b/c "1\n"`))
}

func TestChangedWhileRead(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a", "1\n")
	r.write("a", "2\n")
	c := r.change("main", "")
	if _, err := c.Head.Stat("a"); err != nil {
		t.Fatal(err)
	}
	r.write("a", "3\n")
	if _, err := c.Head.ReadFile("a"); !errors.Is(err, source.ErrChanged) {
		t.Errorf("changed meanwhile: %v", err)
	}
}

// Where the LFS filter put the content in place of its pointer, nothing changed.
func TestFetchedLFS(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	const content, other = "the content\n", "another content\n"
	pointer := fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%x\nsize %d\n", sha256.Sum256([]byte(content)), len(content))
	r.commit("fetched", pointer, "changed", pointer, "pointer", pointer)
	r.write("fetched", content, "changed", other)
	c := r.change("main", "")
	expect(t, "files", describe(c), "changed -> changed -1,3+1,1\n")
	for _, name := range []string{"fetched", "pointer"} {
		if _, err := c.Head.ReadFile(name); !errors.Is(err, source.ErrLFS) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if data, err := c.Head.ReadFile("changed"); err != nil || string(data) != other {
		t.Errorf("changed: %q, %v", data, err)
	}
}
