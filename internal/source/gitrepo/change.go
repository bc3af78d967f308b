package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/landwaiter/landwaiter/internal/source"
)

// Change returns what lies between the merge base of two revisions and the second. An empty base means DefaultBase,
// an empty head the work tree. On a branch without commits everything is new: Base is nil.
//
// Errors: ErrUnknown for a revision that is not there, ErrNoMergeBase when histories do not meet (in a shallow
// clone the text says how to deepen it), ErrMissing when a partial clone lacks objects, ErrBare.
func (r *Repo) Change(ctx context.Context, base, head string) (*source.Change, error) {
	var seen func() survey
	if head == "" {
		seen = r.lookAside() // meanwhile
		defer seen()
	}
	from, to, err := r.ends(ctx, base, head)
	if err != nil {
		return nil, err
	}
	if from.id == "" {
		return r.firstChange(ctx, seen)
	}
	mergeBase, err := r.mergeBase(ctx, from, to)
	if err != nil {
		return nil, err
	}
	if head == "" {
		return r.changeOnDisk(ctx, mergeBase, seen)
	}
	return r.changeBetween(ctx, mergeBase, to.id)
}

// ends resolves both revisions. from.id is "" on a branch without commits of which the work tree is asked for.
func (r *Repo) ends(ctx context.Context, base, head string) (from, to revision, err error) {
	if head == "" {
		if r.root == "" {
			return from, to, ErrBare
		}
		_, ok, err := r.resolveHead(ctx)
		if err != nil || !ok {
			return from, to, err
		}
		head = "HEAD"
	}
	if base == "" {
		if base, err = r.DefaultBase(ctx); err != nil {
			return from, to, err
		}
	}
	ids, err := r.resolve(ctx, base, head)
	if err != nil {
		return from, to, err
	}
	return revision{base, ids[0]}, revision{head, ids[1]}, nil
}

// firstChange is the change of a branch that has no commits: everything on disk is new.
func (r *Repo) firstChange(ctx context.Context, seen func() survey) (*source.Change, error) {
	c, err := r.changeOnDisk(ctx, r.settings.emptyTree(), seen)
	if err != nil {
		return nil, err
	}
	return &source.Change{Head: c.Head, Files: c.Files}, nil
}

func (r *Repo) changeBetween(ctx context.Context, base, head string) (*source.Change, error) {
	c := &source.Change{BaseID: base, HeadID: head}
	// Both trees are listed before they are compared: listing stops at the limit of files, comparing would not.
	var err error
	if c.Base, c.Head, err = r.bothTrees(ctx, base, head); err != nil {
		return nil, err
	}
	args := append(append([]string{"diff-tree", "-r"}, source.DiffArguments()...), base, head, "--")
	diff, err := r.diff(ctx, r.inScratch(args...))
	if err != nil {
		return nil, fmt.Errorf("compare %.12s with %.12s: %w", base, head, err)
	}
	c.Files = changes(diff)
	return c, nil
}

func (r *Repo) bothTrees(ctx context.Context, base, head string) (baseTree, headTree source.Tree, err error) {
	if baseTree, err = r.treeOf(ctx, base); err != nil || base == head {
		return baseTree, baseTree, err
	}
	if headTree, err = r.headOver(baseTree, base, head); errors.Is(err, errNotCompared) {
		headTree, err = r.treeOf(ctx, head)
	}
	return baseTree, headTree, err
}

func (r *Repo) diff(ctx context.Context, c command) (files []source.DiffFile, err error) {
	err = r.stream(ctx, c, func(out io.Reader) (err error) {
		files, err = source.ParseDiff(out, 2*r.limits.Files)
		return err
	})
	return files, err
}

// modified leaves out the files that are on disk as git would write them.
func modified(diff []source.DiffFile) []source.DiffFile {
	return slices.DeleteFunc(diff, source.DiffFile.Unmodified)
}

// changes returns what a change says about the files, sorted by path.
func changes(diff []source.DiffFile) []source.FileChange {
	files := make([]source.FileChange, len(diff))
	for i, d := range diff {
		files[i] = d.FileChange
	}
	slices.SortStableFunc(files, func(a, b source.FileChange) int {
		return cmp.Compare(cmp.Or(a.New, a.Old), cmp.Or(b.New, b.Old))
	})
	return files
}

// leaves returns the entries of the new side, and as removed those of the old side that it does not have.
func leaves(diff []source.DiffFile) []source.Entry {
	present := make(map[string]bool, len(diff))
	var entries []source.Entry
	for _, d := range diff {
		if d.New != "" {
			present[d.New] = true
			entries = append(entries, d.NewEntry)
		}
	}
	for _, d := range diff {
		if d.Old != "" && !present[d.Old] {
			entries = append(entries, source.Entry{Path: d.Old, Mode: source.Removed})
		}
	}
	return entries
}
