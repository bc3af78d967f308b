package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func TestBareAndDetached(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.commit("a", "1\n")
	second := r.commit("a", "2\n")
	r.git("checkout", "-q", "--detach", first)
	r.write("a", "3\n")
	expect(t, "detached", describe(r.change("HEAD", "")), "a -> a -1,1+1,1\n")
	expect(t, "same", describe(r.change(second, second)), "")

	bare := &repo{t: t, dir: filepath.Join(filepath.Dir(r.dir), "bare.git"), env: r.env}
	r.git("clone", "-q", "--bare", r.dir, bare.dir)
	opened := bare.open()
	if opened.Root() != "" || opened.Prefix() != "." {
		t.Errorf("root %q, prefix %q", opened.Root(), opened.Prefix())
	}
	expect(t, "bare", describe(bare.change(first, "main")), "a -> a -1,1+1,1\n")
	if _, err := opened.Change(t.Context(), first, ""); !errors.Is(err, ErrBare) {
		t.Errorf("work tree of a bare repository: %v", err)
	}
	if _, err := opened.WorkTree(t.Context()); !errors.Is(err, ErrBare) {
		t.Errorf("work tree of a bare repository: %v", err)
	}
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

func TestDefaultBase(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	base := func() string {
		t.Helper()
		name, err := r.open().DefaultBase(t.Context())
		if err != nil {
			return err.Error()
		}
		return name
	}
	expect(t, "nothing", base(), ErrNoBase.Error())
	id := r.commit("a", "1\n")
	expect(t, "only main", base(), "main")
	r.git("branch", "-m", "main", "master")
	expect(t, "only master", base(), "master")
	r.git("update-ref", "refs/remotes/origin/main", id)
	expect(t, "main at origin", base(), "origin/main")
	r.git("update-ref", "refs/remotes/origin/trunk", id)
	r.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
	expect(t, "origin says", base(), "origin/trunk")
}

func TestRevisionErrors(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a", "1\n")
	r.git("update-ref", "refs/remotes/origin/feature", "HEAD")
	opened := r.open()
	for rev, says := range map[string]string{
		"nope": "git fetch", "--all": "unknown revision", "-p": "unknown revision", "": "unknown revision", "a\nb": "unknown revision",
		"feature": `"origin/feature"`, ":a": "unknown revision", "HEAD:a": "unknown revision", strings.Repeat("0", 40): "unknown revision",
	} {
		_, err := opened.Change(t.Context(), "main", rev)
		if rev == "" {
			_, err = opened.Tree(t.Context(), rev)
		}
		if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", rev, err)
		}
	}
	r.git("checkout", "-q", "--orphan", "unrelated")
	r.commit("b", "1\n")
	if _, err := opened.Change(t.Context(), "main", "unrelated"); !errors.Is(err, ErrNoMergeBase) || !strings.Contains(err.Error(), "unrelated") {
		t.Errorf("unrelated: %v", err)
	}
	if _, err := Open(t.Context(), t.TempDir(), Options{}); !errors.Is(err, ErrNoRepository) {
		t.Errorf("no repository: %v", err)
	}
	if _, err := Open(t.Context(), r.dir, Options{Git: "no-such-git"}); !errors.Is(err, ErrNoGit) {
		t.Errorf("no git: %v", err)
	}
}

func TestShallowClone(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a", "1\n")
	r.git("checkout", "-q", "-b", "topic")
	r.commit("a", "2\n")
	r.git("checkout", "-q", "main")
	r.commit("b", "1\n")
	clone := &repo{t: t, dir: filepath.Join(filepath.Dir(r.dir), "clone"), env: r.env}
	r.git("clone", "-q", "--depth=1", "--no-single-branch", "file://"+r.dir, clone.dir)
	_, err := clone.open().Change(t.Context(), "origin/main", "origin/topic")
	if !errors.Is(err, ErrNoMergeBase) || !strings.Contains(err.Error(), "git fetch --unshallow") {
		t.Errorf("without a merge base: %v", err)
	}
	if _, err := clone.open().Change(t.Context(), "v1", "origin/topic"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "shallow") {
		t.Errorf("unknown revision: %v", err)
	}
	clone.git("fetch", "-q", "--unshallow")
	expect(t, "after deepening", describe(clone.change("origin/main", "origin/topic")), "a -> a -1,1+1,1\n")
}

func TestPartialClone(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.git("config", "uploadpack.allowFilter", "true")
	first := r.commit("a", "1\n")
	r.commit("a", "2\n")
	clone := &repo{t: t, dir: filepath.Join(filepath.Dir(r.dir), "clone"), env: r.env}
	r.git("clone", "-q", "--filter=blob:none", "file://"+r.dir, clone.dir)
	opened := clone.open()
	_, err := opened.Change(t.Context(), first, "main")
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "partial clone") {
		t.Errorf("comparing: %v", err)
	}
	tree, err := opened.Tree(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.ReadFile("a"); !errors.Is(err, ErrMissing) {
		t.Errorf("reading: %v", err)
	}
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
