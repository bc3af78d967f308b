package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// MirrorOptions says how mirrors are kept. Only Dir is needed.
type MirrorOptions struct {
	// Options are how a fetched repository is opened. Of Options.Env git gets PATH, TMPDIR and the usual proxy variables
	// (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY); SSL_CERT_FILE stands in for an empty CAFile.
	Options
	// Dir holds the mirrors, and nothing else. It is made when it is not there, and may be shared by several processes.
	Dir string
	// MaxBytes is how much the mirrors that nobody uses may take of the disk, together; default 10 GiB.
	MaxBytes int64
	// MaxAge is how long a mirror stays that nobody uses; default 30 days.
	MaxAge time.Duration
	// MaxFetch is how many bytes one fetch may bring; default 2 GiB.
	MaxFetch int64
	// PartialOver is how many bytes a first fetch may bring before it is begun again without the contents of old
	// versions; default 256 MiB.
	PartialOver int64
	// Timeout is how long one fetch may take, with all that belongs to it; default 10 minutes.
	Timeout time.Duration
	// CAFile is a PEM file with the authorities that the server's certificate may be from, in place of the system's.
	CAFile string
}

func (o MirrorOptions) withDefaults() MirrorOptions {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 10 << 30
	}
	if o.MaxAge <= 0 {
		o.MaxAge = 30 * 24 * time.Hour
	}
	if o.MaxFetch <= 0 {
		o.MaxFetch = 2 << 30
	}
	if o.PartialOver <= 0 {
		o.PartialOver = 256 << 20
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Minute
	}
	return o
}

// Mirror keeps bare copies of repositories on a server, one for each repository of each installation, so that what
// one tenant may read is never shown to another. A copy is a cache: any of them may be deleted while nobody uses it.
//
// Two locks keep goroutines and processes apart, each a file beside the copy that the system frees when its holder
// ends: one is shared by all who use the copy and held alone by who deletes it, the other is held by the one who
// fetches. Git holds the second lock as well, so it stays held for as long as a git that outlived us still writes.
//
// All methods may be called from several goroutines.
type Mirror struct {
	opts   MirrorOptions
	git    string
	env    []string
	swept  sync.Mutex // by one goroutine at a time
	last   atomic.Int64
	copies atomic.Int64
	bytes  atomic.Int64
}

// sweepEvery is how long the bounds of the cache may be passed by what was fetched into copies that were there.
const sweepEvery = time.Minute

// Remote says where a repository is, and whose copy of it this is.
type Remote struct {
	Installation, Repository int64 // identifiers that GitHub gave, which never change
	// URL is that of the repository, over HTTPS; over HTTP only on this machine. It holds no user and no token.
	URL string
	// Token returns the token that may read it, when one is needed. A nil Token is none.
	Token func(ctx context.Context) (string, error)
}

// Fetched is a repository that was fetched. It stays on disk until Close.
type Fetched struct {
	*Repo
	// IDs are the commits of what was wanted, in that order.
	IDs []string
	// Asked says that the server was asked; without it everything was there. Cloned says that nothing was.
	Asked, Cloned bool

	mirror *Mirror
	place  place
	dir    os.FileInfo // of the copy, which another may have taken the place of
	use    *fileLock
	once   sync.Once
	err    error
}

// OpenMirror returns the mirrors in opts.Dir. Errors: ErrNoGit, and that the directory cannot be made.
func OpenMirror(opts MirrorOptions) (*Mirror, error) {
	opts = opts.withDefaults()
	dir, err := filepath.Abs(opts.Dir)
	if opts.Dir == "" || err != nil {
		return nil, fmt.Errorf("open mirrors: %q is no directory", opts.Dir)
	}
	opts.Dir = dir
	if opts.CAFile = cmp.Or(opts.CAFile, variable(opts.Env, "SSL_CERT_FILE")); opts.CAFile != "" {
		if opts.CAFile, err = filepath.Abs(opts.CAFile); err != nil { // git works in another directory
			return nil, fmt.Errorf("open mirrors: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open mirrors: %w", err)
	}
	found := Repo{git: opts.Git}
	if err := found.findGit(nil); err != nil {
		return nil, err
	}
	opts.Git = found.git
	return &Mirror{opts: opts, git: found.git, env: fetchEnvironment(opts)}, nil
}

// Fetch brings what is wanted of a repository and opens it; Close gives it back. Wanted are full names of references
// (refs/heads/main, refs/pull/7/head, which a repository has for pull requests from forks too) and IDs of commits. When
// only IDs are wanted and all are there, the server is not asked.
//
// The trees of the commits, and of the merge base of each two of them, are complete. Of other commits contents may be
// missing. One fetch runs at a time for each repository; of different repositories they run side by side.
//
// Errors: ErrAccess, ErrGone, ErrUnknown, ErrUnreachable, ErrTooLarge, ErrNoSpace, and what ended ctx. A copy that
// turns out to be damaged is deleted and fetched once more.
func (m *Mirror) Fetch(ctx context.Context, from Remote, wanted ...string) (*Fetched, error) {
	if err := checkRemote(from, wanted); err != nil {
		return nil, err
	}
	at := placeAt(m.opts.Dir, from.Installation, from.Repository)
	use, err := acquire(ctx, at.lock, false)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", from.URL, err)
	}
	f := &Fetched{mirror: m, place: at, use: use}
	if err := m.fill(ctx, f, from, wanted); err != nil {
		use.release()
		return nil, fmt.Errorf("fetch %s: %w", from.URL, err)
	}
	if err := f.open(ctx); err != nil {
		use.release()
		return nil, fmt.Errorf("open the mirror of %s: %w", from.URL, err)
	}
	touch(at.lock)
	return f, nil
}

func (f *Fetched) open(ctx context.Context) (err error) {
	if f.dir, err = os.Stat(f.place.repo); err != nil {
		return err
	}
	f.Repo, err = Open(ctx, f.place.repo, f.mirror.opts.Options)
	return err
}

// fill brings what is wanted, and asks the server when it must.
func (m *Mirror) fill(ctx context.Context, f *Fetched, from Remote, wanted []string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, m.opts.Timeout, fmt.Errorf("%w: the fetch took longer than %s", ErrUnreachable, m.opts.Timeout))
	defer cancel()
	ids, ok := m.present(ctx, f.place, wanted)
	if ok {
		f.IDs = ids
		return nil
	}
	fetching, err := acquire(ctx, f.place.fetching, true)
	if err != nil {
		return err
	}
	defer fetching.release()
	// Whoever had the lock before us may have brought it.
	if ids, ok = m.present(ctx, f.place, wanted); !ok {
		f.Asked = true
		job := fetchJob{mirror: m, place: f.place, from: from, wanted: wanted, lock: fetching}
		if ids, f.Cloned, err = job.run(ctx); err != nil {
			return err
		}
	}
	f.IDs = ids
	return nil
}

// present returns the commits that are wanted when all are named by their IDs and there with their trees.
func (m *Mirror) present(ctx context.Context, at place, wanted []string) ([]string, bool) {
	if slices.ContainsFunc(wanted, func(w string) bool { return !isID(w) }) || !at.usable() {
		return nil, false
	}
	ids, err := m.commits(ctx, at, wanted)
	if err != nil || !at.partial() {
		return ids, err == nil
	}
	lacking, err := m.lacking(ctx, at, ids)
	return ids, err == nil && len(lacking) == 0
}

// Damaged says that the copy turned out to lack what it must have. Whatever was concluded from reading it is then
// worth nothing, and to be done again: Close deletes the copy, so that the next Fetch gets a new one.
func (f *Fetched) Damaged() bool { return f.damaged.Load() }

// Close gives the copy back, and from time to time deletes copies that are too many, see Sweep. It may be called more
// than once.
func (f *Fetched) Close() error {
	f.once.Do(func() {
		damaged := f.Damaged()
		f.err = f.Repo.Close()
		if damaged {
			f.err = errors.Join(f.err, f.condemn())
		}
		touch(f.place.lock)
		f.use.release()
		f.mirror.sweepIfDue(f.Cloned)
	})
	return f.err
}

// Usage returns how many copies there were and how many bytes they had when that was last looked at.
func (m *Mirror) Usage() (copies, bytes int64) { return m.copies.Load(), m.bytes.Load() }

// place is where the copy of a repository is.
type place struct {
	repo     string // the bare repository
	lock     string // of who uses it
	fetching string // lock of who fetches
}

func placeAt(dir string, installation, repository int64) place {
	stem := filepath.Join(dir, strconv.FormatInt(installation, 10), strconv.FormatInt(repository, 10))
	return place{repo: stem + ".git", lock: stem + ".lock", fetching: stem + ".fetch"}
}

// The state of a copy is told by files in it that git does not know.
const (
	condemned = "landwaiter-unusable" // it is incomplete or damaged
	isPartial = "landwaiter-partial"  // contents may be missing
)

func (p place) usable() bool {
	_, err := os.Stat(filepath.Join(p.repo, condemned))
	return errors.Is(err, os.ErrNotExist) && isRepository(p.repo)
}

func (p place) partial() bool {
	_, err := os.Stat(filepath.Join(p.repo, isPartial))
	return err == nil
}

// condemn marks the copy as one to be deleted by who fetches next: others may still be reading it.
func (f *Fetched) condemn() error {
	if now, err := os.Stat(f.place.repo); err != nil || !os.SameFile(now, f.dir) {
		return nil //nolint:nilerr // it has been deleted
	}
	return diskError("mark a damaged mirror", gone(os.WriteFile(filepath.Join(f.place.repo, condemned), nil, 0o600)))
}

// touch says that a copy is in use now. Should that fail, it counts as older than it is.
func touch(name string) {
	now := time.Now()
	_ = os.Chtimes(name, now, now)
}
