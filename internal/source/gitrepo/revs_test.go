package gitrepo

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

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
