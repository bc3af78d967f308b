package gitrepo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// Pack is a pack of Git objects (gitformat-pack) that somebody else's server sent: one commit with its tree, without its
// history.
type Pack struct {
	Commit string // its ID
	Data   []byte
	Within time.Duration // for indexing it
}

// ErrPack tells that a pack is not what it should be.
var ErrPack = errors.New("what came is no sound pack of Git objects")

// maxObject is the largest object of a pack, as git takes it.
const maxObject = "64m"

// OpenPack opens a pack as a repository of its own, which lies in a temporary directory until Close. Every object is read
// and its ID computed, so that what the commit names is what it was when it got its name. The error says that the pack is
// damaged, does not hold the commit with all that its tree names, or is not taken by Git: it is hostile input. The repository
// outlives ctx, which is for opening it.
func OpenPack(ctx context.Context, p Pack, opts Options) (repo *Repo, err error) {
	if !isID(p.Commit) {
		return nil, fmt.Errorf("open a pack: %.80q is no commit", p.Commit)
	}
	dir, err := os.MkdirTemp("", "landwaiter-pack-")
	if err != nil {
		return nil, fmt.Errorf("open a pack: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	at := place{repo: filepath.Join(dir, "pack.git")}
	job := fetchJob{place: at}
	if err := errors.Join(job.renew(""), os.WriteFile(filepath.Join(at.repo, "shallow"), []byte(p.Commit+"\n"), 0o600)); err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, p.Within)
	defer cancel()
	if err := indexPack(within, at, p, opts); err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(at.repo, condemned)); err != nil {
		return nil, err
	}
	repo, err = Open(context.WithoutCancel(ctx), at.repo, opts)
	if err != nil {
		return nil, err
	}
	repo.temporary = dir
	return repo, nil
}

// indexPack has git take a pack in, compute the ID of every object, and look whether everything is there that the commit names. The network is closed to
// it, and nothing of a configuration is read.
func indexPack(ctx context.Context, at place, p Pack, opts Options) error {
	found := Repo{git: opts.Git}
	if err := found.findGit(nil); err != nil {
		return err
	}
	settings := [][2]string{{"core.hooksPath", "/dev/null"}, {"core.bigFileThreshold", "16m"}, {"pack.threads", "1"}}
	env := append(withSettings(fetchEnvironment(MirrorOptions{Options: opts, Dir: at.repo}), settings), "GIT_ALLOW_PROTOCOL=none", "GIT_ALLOC_LIMIT="+maxObject)
	for _, step := range []struct {
		input []byte
		args  []string
	}{
		{p.Data, []string{"index-pack", "--stdin", "--threads=1", "--max-input-size=" + strconv.Itoa(len(p.Data)+1)}},
		{[]byte(p.Commit + "\n"), []string{"rev-list", "--objects", "--quiet", "--no-walk", "--stdin"}},
	} {
		cmd := exec.CommandContext(ctx, found.git, step.args...)
		cmd.Dir, cmd.Env, cmd.Stdin = at.repo, env, bytes.NewReader(step.input)
		said := &tail{}
		cmd.Stderr, cmd.WaitDelay = said, 5*time.Second
		asGroup(cmd)
		if err := cmd.Run(); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return fmt.Errorf("%w: git %s: %s", ErrPack, step.args[0], cmp.Or(plain(said.text(), ""), err.Error()))
		}
	}
	return nil
}
