package gitrepo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/landwaiter/landwaiter/internal/source"
)

// WorkTree returns the work tree as it is on disk: tracked files, changed or not, and untracked ones that are not
// ignored. Files that git knows to be unchanged come from its objects, the others from disk. ErrBare without one.
func (r *Repo) WorkTree(ctx context.Context) (source.Tree, error) {
	head, ok, err := r.resolveHead(ctx)
	if err != nil {
		return nil, err
	}
	if !ok {
		head = r.settings.emptyTree()
	}
	c, err := r.changeOnDisk(ctx, head)
	if err != nil {
		return nil, err
	}
	return c.Head, nil
}

// changeOnDisk returns how the work tree differs from a commit, or from the empty tree.
func (r *Repo) changeOnDisk(ctx context.Context, commit string) (*source.Change, error) {
	if r.root == "" {
		return nil, ErrBare
	}
	disk, err := r.openDisk()
	if err != nil {
		return nil, fmt.Errorf("open the work tree: %w", err)
	}
	c := &source.Change{BaseID: commit}
	var baseErr error
	var listing sync.WaitGroup
	listing.Go(func() { c.Base, baseErr = r.treeOf(ctx, commit) })
	index, diff, nested, err := r.compareOnDisk(ctx, commit)
	listing.Wait()
	if index != "" {
		defer os.RemoveAll(filepath.Dir(index))
	}
	if err := cmp.Or(err, baseErr); err != nil {
		return nil, err
	}
	diff = append(r.withoutFetchedLFS(modified(diff), disk), nested...)
	c.Files = changes(diff)
	c.Head, err = source.Overlay(c.Base, onDisk(leaves(diff), disk), workBlobs{r, disk})
	return c, err
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

// compareOnDisk compares the work tree with a commit: tracked files and others that are not ignored. It also returns
// the repositories inside of this one, which are not entered, and the index that it made.
func (r *Repo) compareOnDisk(ctx context.Context, commit string) (index string, diff, nested []source.DiffFile, err error) {
	index, look, all, err := r.copyOfIndex(ctx, commit)
	if err != nil {
		return index, nil, nil, err
	}
	var untracked []string
	if all || len(look.unknown) > 0 {
		if untracked, nested, err = r.addUntracked(ctx, index, look.unknown); err != nil {
			return index, nil, nil, err
		}
	}
	paths := append(look.suspect, untracked...)
	if !all && len(paths) == 0 {
		return index, nil, nested, nil
	}
	if all || len(paths) > maxPathspecs {
		paths = nil
	}
	args := append(append([]string{"diff-index"}, source.DiffArguments()...), commit, "--")
	if diff, err = r.diff(ctx, r.inWorkTree(index, append(args, paths...)...)); err != nil {
		err = fmt.Errorf("compare the work tree with %.12s: %w", commit, err)
	}
	return index, diff, nested, err
}

// copyIndex copies the index into a directory of its own below the scratch repository, so that files can be added
// to it. A repository may have none yet.
func (r *Repo) copyIndex() (string, error) {
	dir, err := os.MkdirTemp(r.scratch, "index-")
	if err != nil {
		return "", err
	}
	index := filepath.Join(dir, "index")
	if err := copyFile(filepath.Join(r.gitDir, "index"), index); err != nil {
		return index, err
	}
	// A split index names a second file, which git looks for beside its own configuration.
	shared, err := filepath.Glob(filepath.Join(r.gitDir, "sharedindex.*"))
	for _, name := range shared {
		if err == nil {
			err = copyFile(name, filepath.Join(r.scratch, filepath.Base(name)))
		}
	}
	return index, err
}

// addUntracked puts untracked and conflicting files into a copy of the index as files that git has not looked at,
// so that it compares them like any other, and returns their names. Only those at or below paths are looked for, if
// there are any. It also returns the repositories inside of this one.
func (r *Repo) addUntracked(ctx context.Context, index string, paths []string) (names []string, nested []source.DiffFile, err error) {
	var listing string
	args := append([]string{"ls-files", "-z", "-t", "--others", "--unmerged", "--exclude-standard", "--"}, paths...)
	list := r.inWorkTree(index, args...)
	err = r.stream(ctx, list, func(out io.Reader) (err error) {
		listing, err = readRecords(out, r.limits.Files)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list untracked files: %w", err)
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
		names = append(names, name)
		fmt.Fprintf(&add, "100644 %s\t%s\x00", empty, name)
	}
	if add.Len() == 0 {
		return nil, nested, nil
	}
	update := r.inWorkTree(index, "update-index", "--add", "--replace", "-z", "--index-info")
	update.stdin = add.String()
	if _, err := r.output(ctx, update); err != nil {
		return nil, nil, fmt.Errorf("consider untracked files: %w", err)
	}
	return names, nested, nil
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
