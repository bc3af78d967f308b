package gitrepo

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

// A repository's own configuration can name programs in many places. None of them may run, whatever is asked.
func TestHostileConfigRunsNothing(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a.yaml", "1\n", "b.yaml", "1\n", "touched.yaml", "1\n",
		".gitattributes", "*.yaml filter=evil diff=evil merge=evil\n", ".gitignore", "ignored\n")
	r.git("checkout", "-q", "-b", "topic")
	r.commit("b.yaml", "2\n")
	r.git("checkout", "-q", "main")
	r.git("checkout", "-q", "topic")
	r.write("a.yaml", "2\n", "touched.yaml", "1\n", "new.yaml", "1\n")

	marker := r.setTraps()

	opened := r.open()
	for _, head := range []string{"", "topic"} {
		c, err := opened.Change(t.Context(), "main", head)
		if err != nil {
			t.Fatal(err)
		}
		show(t, c.Head)
		show(t, c.Base)
	}
	c, err := opened.Change(t.Context(), "main", "")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "files", describe(c), lines("a.yaml -> a.yaml -1,1+1,1", "b.yaml -> b.yaml -1,1+1,1", "none -> new.yaml -0,0+1,1"))
	if _, err := opened.DefaultBase(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := opened.Tree(t.Context(), strings.Repeat("1", 40)); !errors.Is(err, ErrUnknown) {
		t.Errorf("an object that would have to be fetched: %v", err)
	}
	if ran, err := os.ReadFile(marker); err == nil {
		t.Errorf("programs ran:\n%s", ran)
	}
}

// setTraps names one program in every setting that takes one, and makes sure that git springs the traps. It returns
// the file that is there once the program has run.
func (r *repo) setTraps() (marker string) {
	t := r.t
	t.Helper()
	marker = filepath.Join(filepath.Dir(r.dir), "marker")
	evil := filepath.Join(filepath.Dir(r.dir), "evil")
	if err := os.WriteFile(evil, []byte("#!/bin/sh\necho \"$0 $*\" >>'"+marker+"'\ncat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, key := range [...]string{
		"core.fsmonitor", "core.sshCommand", "core.gitProxy", "core.pager", "core.editor", "core.askPass", "core.alternateRefsCommand",
		"diff.external", "diff.evil.command", "diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process",
		"merge.evil.driver", "credential.helper", "gpg.program", "uploadpack.packObjectsHook", "sequence.editor",
		"alias.cat-file", "alias.ls-tree", "alias.diff-index", "pager.diff-tree", "pager.config", "remote.origin.uploadpack", "remote.origin.vcs",
	} {
		value := evil
		if strings.HasPrefix(key, "alias.") {
			value = "!" + evil
		}
		r.git("config", key, value)
	}
	r.git("config", "filter.evil.required", "true")
	r.git("config", "protocol.allow", "always")
	r.git("config", "protocol.ext.allow", "always")
	r.git("config", "remote.origin.url", "ext::"+evil)
	r.git("config", "remote.origin.promisor", "true")
	r.git("config", "extensions.partialClone", "origin")
	r.git("config", "core.repositoryFormatVersion", "1")
	hooks := filepath.Join(r.dir, ".git", "evil-hooks")
	if err := os.MkdirAll(hooks, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{"post-index-change", "fsmonitor-watchman", "reference-transaction", "pre-commit"} {
		if err := errors.Join(os.Symlink(evil, filepath.Join(hooks, hook)), os.Symlink(evil, filepath.Join(r.dir, ".git", "hooks", hook))); err != nil {
			t.Fatal(err)
		}
	}
	r.git("config", "core.hooksPath", hooks)
	attributes := filepath.Join(r.dir, ".git", "info", "attributes")
	if err := os.WriteFile(attributes, []byte("* filter=evil diff=evil\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	// The trap works: git itself springs it.
	r.env = append(r.env, "GIT_TERMINAL_PROMPT=0")
	trap := exec.Command("git", "status")
	trap.Dir, trap.Env = r.dir, r.env
	_ = trap.Run() // whether it gets through does not matter
	if _, err := os.Stat(marker); err != nil {
		t.Fatal("the trap is not armed")
	}
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}
	return marker
}

// A revision that is not there would be fetched in a partial clone, by a program that the repository names.
func TestMissingRevisionIsNotFetched(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("a", "1\n")
	marker := filepath.Join(filepath.Dir(r.dir), "marker")
	evil := filepath.Join(filepath.Dir(r.dir), "evil")
	if err := os.WriteFile(evil, []byte("#!/bin/sh\necho \"$0 $*\" >>'"+marker+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"protocol.ext.allow": "always", "remote.origin.url": "ext::" + evil, "remote.origin.promisor": "true",
		"extensions.partialClone": "origin", "core.repositoryFormatVersion": "1",
	} {
		r.git("config", key, value)
	}
	missing := strings.Repeat("1", 40)
	trap := exec.Command("git", "cat-file", "-t", missing)
	trap.Dir, trap.Env = r.dir, append(r.env, "GIT_ALLOW_PROTOCOL=ext")
	_ = trap.Run()
	if err := os.Remove(marker); err != nil {
		t.Fatal("the trap is not armed")
	}
	if _, err := r.open().Change(t.Context(), "main", missing); !errors.Is(err, ErrUnknown) {
		t.Errorf("a missing revision: %v", err)
	}
	if ran, err := os.ReadFile(marker); err == nil {
		t.Errorf("programs ran:\n%s", ran)
	}
}

// What a link or a planted repository leads to outside stays unread.
func TestWorkTreeStaysInside(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	secret := filepath.Join(filepath.Dir(r.dir), "secret")
	if err := os.WriteFile(secret, []byte("secret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.commit("a", "1\n")
	r.link("../secret", "out")
	r.link(secret, "absolute")
	r.link("..", "up")
	r.link(".git/config", "config")
	r.link("loop", "loop")
	tree, err := r.open().WorkTree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"out": source.ErrEscapes, "absolute": source.ErrEscapes, "up/secret": source.ErrEscapes,
		"config": source.ErrNotExist, "loop": source.ErrLoop, "../secret": source.ErrPath,
	} {
		if _, err := tree.ReadFile(name); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if problems := source.Problems(tree); len(problems) != 4 {
		t.Errorf("problems: %v", problems)
	}
}

// A directory that looks like a bare repository inside of a work tree is only files.
func TestPlantedBareRepository(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("sub/HEAD", "ref: refs/heads/main\n", "sub/objects/x", "", "sub/refs/x", "")
	opened := r.openAt(filepath.Join(r.dir, "sub"))
	if opened.Root() != r.dir || opened.Prefix() != "sub" {
		t.Errorf("root %s, prefix %s", opened.Root(), opened.Prefix())
	}
}

// A repository of somebody else is read, because the user named it, and its configuration is not.
func TestForeignOwner(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can give a repository away")
	}
	r := newRepo(t)
	r.commit("a", "1\n")
	r.write("a", "2\n")
	for _, name := range []string{r.dir, filepath.Join(r.dir, ".git")} {
		if err := os.Chown(name, 12345, 12345); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, "files", describe(r.change("main", "")), "a -> a -1,1+1,1\n")
}
