package gitrepo

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/source"
)

// WorkTree returns the work tree as it is on disk: tracked files, changed or not, and untracked ones that are not
// ignored. Files that git knows to be unchanged come from its objects, the others from disk. ErrBare without one.
func (r *Repo) WorkTree(ctx context.Context) (source.Tree, error) {
	seen := r.lookAside()
	defer seen()
	head, ok, err := r.resolveHead(ctx)
	if err != nil {
		return nil, err
	}
	if !ok {
		head = r.settings.emptyTree()
	}
	c, err := r.changeOnDisk(ctx, head, seen)
	if err != nil {
		return nil, err
	}
	return c.Head, nil
}

// changeOnDisk returns how the work tree differs from a commit, or from the empty tree. seen is what lookAside gave.
func (r *Repo) changeOnDisk(ctx context.Context, commit string, seen func() survey) (*source.Change, error) {
	if r.root == "" {
		return nil, ErrBare
	}
	disk, err := r.openDisk()
	if err != nil {
		return nil, fmt.Errorf("open the work tree: %w", err)
	}
	c := &source.Change{BaseID: commit}
	listing, err := r.listing(ctx, commit)
	if err != nil {
		return nil, fmt.Errorf("list the files of %.12s: %w", commit, err)
	}
	if c.Base, err = r.treeListed(listing); err != nil {
		return nil, fmt.Errorf("list the files of %.12s: %w", commit, err)
	}
	diff, nested, err := r.compareOnDisk(ctx, commit, seen().against(listing))
	if err != nil {
		return nil, err
	}
	diff = append(r.withoutFetchedLFS(modified(diff), disk), nested...)
	c.Files = changes(diff)
	c.Head, err = source.Overlay(c.Base, onDisk(leaves(diff), disk), workBlobs{r, disk})
	return c, err
}

func (r *Repo) treeListed(listing string) (source.Tree, error) {
	entries, err := readEntries(listing)
	if err != nil {
		return nil, err
	}
	return source.New(entries, r, r.limits)
}

// onDisk takes the IDs off entries that are on disk, because git names there what it would store: after converting
// line ends, and without having stored it. Entries that are not there are outside of a sparse checkout.
func onDisk(entries []source.Entry, disk *source.Disk) []source.Entry {
	for i, e := range entries {
		if e.ID != "" && (e.Mode == source.Regular || e.Mode == source.Symlink) && disk.Has(e.Path) {
			entries[i].ID = ""
		}
	}
	return entries
}

// workBlobs reads what is on disk from there, and the rest from git's objects.
type workBlobs struct {
	repo *Repo
	disk *source.Disk
}

func (w workBlobs) Blob(e source.Entry, limit int64) ([]byte, error) {
	if e.ID == "" {
		return w.disk.Blob(e, limit)
	}
	return w.repo.Blob(e, limit)
}

// Stream implements source.Streamer. A tree streams no entries without an ID, so all are in git's objects.
func (w workBlobs) Stream(entries []source.Entry, limit int64, fn func(i int, data []byte)) {
	w.repo.Stream(entries, limit, fn)
}

// compareOnDisk compares the work tree with a commit: tracked files and others that are not ignored, of which git looks
// at those that were found. It also returns the repositories inside of this one, which are not entered.
func (r *Repo) compareOnDisk(ctx context.Context, commit string, f found) (diff, nested []source.DiffFile, err error) {
	if !f.all && len(f.suspect)+len(f.unknown) == 0 {
		return nil, nil, nil
	}
	index, err := r.makeIndex(f)
	if err != nil {
		return nil, nil, fmt.Errorf("read the index of %s: %w", filepath.Base(r.root), err)
	}
	defer os.RemoveAll(filepath.Dir(index))
	var untracked bool
	if f.all || len(f.unknown) > 0 {
		if untracked, nested, err = r.addUntracked(ctx, index, f.unknown); err != nil {
			return nil, nil, err
		}
	}
	if !f.all && len(f.suspect) == 0 && !untracked {
		return nil, nested, nil
	}
	paths := slices.Concat(f.suspect, f.unknown) // none for all
	args := append(append([]string{"diff-index"}, source.DiffArguments()...), commit, "--")
	if diff, err = r.diff(ctx, r.inWorkTree(index, append(args, paths...)...)); err != nil {
		err = fmt.Errorf("compare the work tree with %.12s: %w", commit, err)
	}
	return diff, nested, err
}

// makeIndex puts what git has to know of the index into a directory below the scratch repository, so that files can be
// added to it.
func (r *Repo) makeIndex(f found) (string, error) {
	dir, err := os.MkdirTemp(r.scratch, "index-")
	if err != nil {
		return "", err
	}
	index := filepath.Join(dir, "index")
	if f.all {
		return index, r.copyIndex(index)
	}
	if err := os.WriteFile(index, indexOf(f.entries, r.settings.sha256), 0o600); err != nil {
		return "", err
	}
	// Nothing is older than this index: git compares the contents of all that is in it.
	long := time.Unix(1, 0)
	return index, os.Chtimes(index, long, long)
}

// copyIndex copies the index. A repository may have none yet.
func (r *Repo) copyIndex(index string) error {
	if err := copyFile(filepath.Join(r.gitDir, "index"), index); err != nil {
		return err
	}
	// A split index names a second file, which git looks for beside its own configuration.
	shared, err := filepath.Glob(filepath.Join(r.gitDir, "sharedindex.*"))
	for _, name := range shared {
		if err == nil {
			err = copyFile(name, filepath.Join(r.scratch, filepath.Base(name)))
		}
	}
	return err
}

// addUntracked puts untracked and conflicting files into a copy of the index as files that git has not looked at,
// so that it compares them like any other, and says whether there were any. Only those at or below paths are looked for,
// if there are any. It also returns the repositories inside of this one.
func (r *Repo) addUntracked(ctx context.Context, index string, paths []string) (added bool, nested []source.DiffFile, err error) {
	var listing string
	args := append([]string{"ls-files", "-z", "-t", "--others", "--unmerged", "--exclude-standard", "--"}, paths...)
	list := r.inWorkTree(index, args...)
	err = r.stream(ctx, list, func(out io.Reader) (err error) {
		listing, err = readRecords(out, r.limits.Files)
		return err
	})
	if err != nil {
		return false, nil, fmt.Errorf("list untracked files: %w", err)
	}
	var add strings.Builder
	empty := r.settings.contentID(nil)
	for listing != "" {
		record, rest, _ := strings.Cut(listing, "\x00")
		listing = rest
		name := untrackedName(record)
		if strings.HasSuffix(name, "/") {
			nested = append(nested, nestedRepository(strings.TrimSuffix(name, "/")))
			continue
		}
		fmt.Fprintf(&add, "100644 %s\t%s\x00", empty, name)
	}
	if add.Len() == 0 {
		return false, nested, nil
	}
	update := r.inWorkTree(index, "update-index", "--add", "--replace", "-z", "--index-info")
	update.stdin = add.String()
	if _, err := r.output(ctx, update); err != nil {
		return false, nil, fmt.Errorf("consider untracked files: %w", err)
	}
	return true, nested, nil
}

// untrackedName takes the path out of "? path", or of a conflict's "M 100644 <id> 2\tpath".
func untrackedName(record string) string {
	if name, ok := strings.CutPrefix(record, "? "); ok {
		return name
	}
	_, name, _ := strings.Cut(record, "\t")
	return name
}

func nestedRepository(name string) source.DiffFile {
	return source.DiffFile{
		FileChange: source.FileChange{New: name, Note: "submodule"},
		NewEntry:   source.Entry{Path: name, Mode: source.Gitlink, Size: -1},
	}
}
