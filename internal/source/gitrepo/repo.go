// Package gitrepo reads pull requests out of Git repositories. It is the one place that runs git.
//
// A repository is somebody else's, and its configuration can name programs: filters, hooks, external diffs, text
// converters, file system monitors, SSH commands. So git never works in it. Every command that reads objects or the
// work tree runs in a scratch repository of our own making, whose objects are those of the real one and whose
// configuration holds the few harmless settings (line ends, ignored files) that are copied by name. What is not
// copied cannot act, whatever later versions of Git invent. Only two commands see the real repository: one that
// lists those settings and one that resolves names of revisions; neither runs programs, and the network is closed
// to both.
//
// Since git never works in the repository, safe.directory does not stand in the way of reading one that belongs to
// somebody else, which the user asked for by naming it.
//
// A linked work tree (git worktree) has its own HEAD and index, and shares the rest: gitDir is its own directory,
// commonDir the shared one. In other repositories they are the same.
package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/landwaiter/landwaiter/internal/source"
)

// The errors of repositories. Their texts say what to do.
var (
	ErrNoRepository = errors.New("is not in a Git repository")
	ErrNoGit        = errors.New("the git program was not found; install Git 2.32 or later")
	ErrNoCommits    = errors.New("the repository has no commits yet")
	ErrBare         = errors.New("a bare repository has no work tree; name a head revision")
	ErrUnknown      = errors.New("unknown revision")
	ErrNoBase       = errors.New("no default branch was found (looked for origin/HEAD, main and master); name a base revision")
	ErrNoMergeBase  = errors.New("no common ancestor")
	ErrMissing      = errors.New("object is missing from the repository")
)

// Options says how a repository is opened. The zero value is usable.
type Options struct {
	// Env is the environment, of which git gets PATH and what leads to the user's own Git configuration (HOME,
	// XDG_CONFIG_HOME), which is asked only for line ends and ignored files.
	Env []string
	// Git is the git program; "" means the one on the PATH of this process.
	Git string
	// Limits caps the trees.
	Limits source.Limits
	// Keeper keeps the list of the files of the last commit that was read; nil keeps none.
	Keeper Keeper
}

// Repo is an open repository. Its methods may be called from several goroutines. Trees read from it until Close.
type Repo struct {
	root      string // of the work tree, "" when bare
	prefix    string
	gitDir    string
	commonDir string
	git       string
	env       []string
	limits    source.Limits
	keeper    Keeper // may be nil
	scratch   string // the directory of the scratch repository
	temporary string // a directory that goes with the repository; "" for none
	settings  settings
	objects   *objects
	damaged   atomic.Bool     // an object is missing or not what it should be
	ctx       context.Context // of what outlives one call: reading objects
	cancel    context.CancelFunc

	diskOnce sync.Once
	disk     *source.Disk
	diskErr  error
}

// Open opens the repository that dir is in, or that dir is (a bare one). ErrNoRepository when there is none. What
// the repository starts ends with ctx, at the latest with Close.
func Open(ctx context.Context, dir string, opts Options) (*Repo, error) {
	r := &Repo{limits: opts.Limits.WithDefaults(), git: opts.Git, keeper: opts.Keeper}
	if err := r.locate(dir); err != nil {
		return nil, err
	}
	if err := r.findGit(opts.Env); err != nil {
		return nil, err
	}
	var err error
	if r.settings, err = r.readSettings(ctx); err != nil {
		return nil, err
	}
	if err := r.makeScratch(); err != nil {
		return nil, fmt.Errorf("make a scratch repository: %w", err)
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.objects = newObjects(func() (*batch, error) { return r.startBatch(r.ctx) })
	return r, nil
}

// Root returns the absolute path of the work tree, "" for a bare repository.
func (r *Repo) Root() string { return r.root }

// Remotes returns the addresses of the repository's remotes.
func (r *Repo) Remotes() []string { return r.settings.remotes }

// Prefix returns where the directory that was opened is in the work tree: a path of its trees, "." for the root.
func (r *Repo) Prefix() string { return r.prefix }

// Close ends what the repository started and removes the scratch repository.
func (r *Repo) Close() error {
	r.cancel()
	r.objects.close()
	err := os.RemoveAll(r.scratch)
	if r.temporary != "" {
		err = errors.Join(err, os.RemoveAll(r.temporary))
	}
	r.diskOnce.Do(func() { r.diskErr = os.ErrClosed })
	if r.disk != nil {
		err = errors.Join(err, r.disk.Close())
	}
	return err
}

// openDisk opens the work tree for reading files that are not in Git.
func (r *Repo) openDisk() (*source.Disk, error) {
	r.diskOnce.Do(func() { r.disk, r.diskErr = source.OpenDisk(r.root) })
	return r.disk, r.diskErr
}

// makeScratch makes the directory in which git believes itself to be.
func (r *Repo) makeScratch() (err error) {
	if r.scratch, err = os.MkdirTemp("", "landwaiter-git-"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(r.scratch))
		}
	}()
	for _, dir := range []string{"objects", "refs", "info"} {
		if err := os.Mkdir(filepath.Join(r.scratch, dir), 0o700); err != nil {
			return err
		}
	}
	files := map[string]string{
		"HEAD":   "ref: refs/heads/none\n",
		"config": r.settings.config(r.limits),
		// The highest place for attributes: those of the repository shall not decide what is shown as text, and
		// name no drivers. Its line ends stay its own.
		"info/attributes": "* !diff !filter !ident !merge !working-tree-encoding !whitespace\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(r.scratch, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return copyFile(filepath.Join(r.commonDir, "info", "exclude"), filepath.Join(r.scratch, "info", "exclude"))
}

// copyFile copies a small file if it is there, with its time: git takes a file for unchanged when it is older than
// the index, so a copy of the index must not be younger.
func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(to, data, 0o600), os.Chtimes(to, info.ModTime(), info.ModTime()))
}
