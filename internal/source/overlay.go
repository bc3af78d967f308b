package source

import (
	"errors"
	"slices"
	"strings"
)

// memory holds contents by path.
type memory map[string][]byte

func (m memory) Blob(e Entry, limit int64) ([]byte, error) {
	data, ok := m[e.Path]
	if !ok {
		return nil, ErrNotExist
	}
	if int64(len(data)) > limit {
		return nil, ErrFileSize
	}
	return data, nil
}

func (m memory) entries() []Entry {
	entries := make([]Entry, 0, len(m))
	for name, data := range m {
		entries = append(entries, Entry{Path: name, Mode: Regular, ID: ContentID(data), Size: int64(len(data))})
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return entries
}

// Memory returns the tree of these files: one file, standard input, or a test's repository. Too many of them give
// an error of New.
func Memory(files map[string][]byte, limits Limits) (Tree, error) {
	return New(memory(files).entries(), memory(files), limits)
}

// layers serves the paths in top from over, all others from base.
type layers struct {
	base, over Blobs
	top        map[string]bool
}

func (l layers) Blob(e Entry, limit int64) ([]byte, error) {
	if l.top[e.Path] {
		return l.over.Blob(e, limit)
	}
	return l.base.Blob(e, limit)
}

// Stream implements Streamer for what either layer can stream.
func (l layers) Stream(entries []Entry, limit int64, fn func(i int, data []byte)) {
	for over, blobs := range map[bool]Blobs{false: l.base, true: l.over} {
		streamer, ok := blobs.(Streamer)
		if !ok {
			continue
		}
		var part []Entry
		var numbers []int
		for i, e := range entries {
			if l.top[e.Path] == over {
				part, numbers = append(part, e), append(numbers, i)
			}
		}
		if len(part) > 0 {
			streamer.Stream(part, limit, func(i int, data []byte) { fn(numbers[i], data) })
		}
	}
}

// Overlay returns base with some entries put in place of its own, or, when their Mode is Removed, taken away.
// Their contents come from blobs. Where a file takes the place of a directory, the directory's files must be
// among the removed. base must be a tree of this package.
func Overlay(base Tree, changed []Entry, blobs Blobs) (Tree, error) {
	under, ok := unwrap(base)
	if !ok {
		return nil, errors.New("overlay: the tree below is not one of package source")
	}
	if len(changed) == 0 {
		return under, nil
	}
	if edited, ok := under.edited(changed, blobs); ok {
		return edited, nil
	}
	top := make(map[string]bool, len(changed))
	for _, e := range changed {
		top[e.Path] = true
	}
	entries := make([]Entry, 0, len(under.entries)+len(changed))
	for _, e := range under.entries {
		if !top[e.Path] {
			entries = append(entries, e)
		}
	}
	for _, e := range changed {
		if e.Mode != Removed {
			entries = append(entries, e)
		}
	}
	made, err := New(entries, layers{base: under.blobs, over: blobs, top: top}, under.limits)
	if err != nil {
		return nil, err
	}
	merged := made.(*tree)
	merged.sha256 = merged.sha256 || under.sha256
	merged.problems = append(slices.Clone(under.problems), merged.problems...)
	return merged, nil
}

// edited is Overlay where every changed entry is a file in the place of a file: then nothing else can be wrong.
func (t *tree) edited(changed []Entry, blobs Blobs) (*tree, bool) {
	places := make([]int, len(changed))
	top := make(map[string]bool, len(changed))
	for i, e := range changed {
		at, ok := search(t.entries, e.Path)
		if !ok || e.Mode != Regular || t.entries[at].Mode != Regular || top[e.Path] {
			return nil, false
		}
		places[i], top[e.Path] = at, true
	}
	merged := &tree{
		entries: slices.Clone(t.entries), blobs: layers{base: t.blobs, over: blobs, top: top},
		limits: t.limits, plain: t.plain, sha256: t.sha256, problems: t.problems,
	}
	for i, e := range changed {
		merged.entries[places[i]] = e
		merged.sha256 = merged.sha256 || len(e.ID) == 64
	}
	return merged, true
}

// Edit returns base with these files in place of its own; nil bytes remove a file.
func Edit(base Tree, files map[string][]byte) (Tree, error) {
	under, ok := unwrap(base)
	if !ok {
		return nil, errors.New("edit: the tree below is not one of package source")
	}
	changed := memory(files).entries()
	for i, e := range changed {
		if files[e.Path] == nil {
			changed[i].Mode = Removed
		} else if under.sha256 {
			changed[i].ID = ContentID256(files[e.Path])
		}
	}
	return Overlay(under, changed, memory(files))
}

// below serves the paths under a directory from what knows them without it.
type below struct {
	blobs Blobs
	dir   string // with a slash at its end
}

func (b below) Blob(e Entry, limit int64) ([]byte, error) {
	e.Path = strings.TrimPrefix(e.Path, b.dir)
	return b.blobs.Blob(e, limit)
}

// Mount returns base with all of another tree in a directory in which base has nothing. Symbolic links lead where they lead
// in that tree; those that lead out of it, or nowhere, are left out. Both must be trees of this package.
func Mount(base Tree, dir string, other Tree) (Tree, error) {
	from, ok := unwrap(other)
	if !ok {
		return nil, errors.New("mount: the tree is not one of package source")
	}
	entries := make([]Entry, 0, len(from.entries))
	for i, e := range from.entries {
		if e.Mode == Symlink {
			if _, err := from.follow(i, 0); err != nil {
				continue
			}
		}
		e.Path = dir + "/" + e.Path
		entries = append(entries, e)
	}
	return Overlay(base, entries, below{from.blobs, dir + "/"})
}

// unwrap finds the tree under what wraps it in this package.
func unwrap(t Tree) (*tree, bool) {
	switch t := t.(type) {
	case *tree:
		return t, true
	case *Recorder:
		return unwrap(t.tree)
	case *DirTree:
		return unwrap(t.Tree)
	}
	return nil, false
}
