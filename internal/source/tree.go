package source

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Mode says what an Entry is. Unlike a Kind it knows symbolic links, and has no directories: those follow from paths.
type Mode uint8

// The modes of entries.
const (
	Regular Mode = iota + 1
	Symlink      // its content is the path it leads to
	Gitlink      // a submodule; its ID is a commit
	Removed      // for Overlay only: nothing is here any more
)

// Entry is one leaf of a tree.
type Entry struct {
	Path string
	Mode Mode
	ID   string // "" when only reading would tell: the tree then computes it, as Git does, when it is asked for
	Size int64  // -1 when not known
}

// Blobs holds what entries contain.
type Blobs interface {
	// Blob returns the content of a regular file or the target of a symbolic link. What is longer than limit
	// bytes gives ErrFileSize, and is never held in memory as a whole.
	Blob(e Entry, limit int64) ([]byte, error)
}

// tree keeps entries sorted by the bytes of their paths, so that everything below a directory is one range:
// looking up is two binary searches, and a tree of 20,000 files needs no further index.
type tree struct {
	entries  []Entry
	blobs    Blobs
	limits   Limits
	plain    bool     // no symbolic links and no submodules
	sha256   bool     // IDs are those of a repository with SHA-256 objects
	problems []error  // entries that were left out
	links    sync.Map // index of a symbolic link → followed
	ids      sync.Map // index of an entry without an ID → string
}

// New returns the tree of these entries, which it takes over. Entries that no tree may have (a path that is
// absolute, not clean, not UTF-8 or has a NUL; a second one of the same path; a path below a file) and those
// deeper than the limit are left out, and named by Problems. Too many entries give ErrFileCount.
func New(entries []Entry, blobs Blobs, limits Limits) (Tree, error) {
	t := &tree{blobs: blobs, limits: limits.WithDefaults(), plain: true}
	if len(entries) > t.limits.Files {
		return nil, fmt.Errorf("%d files: %w (%d)", len(entries), ErrFileCount, t.limits.Files)
	}
	kept := entries[:0]
	for _, e := range entries {
		if err := checkName(e.Path, t.limits.Depth); err != nil {
			t.leaveOut(e.Path, err)
			continue
		}
		t.sha256 = t.sha256 || len(e.ID) == 64
		t.plain = t.plain && e.Mode == Regular
		kept = append(kept, e)
	}
	byPath := func(a, b Entry) int { return strings.Compare(a.Path, b.Path) }
	if !slices.IsSortedFunc(kept, byPath) {
		slices.SortStableFunc(kept, byPath)
	}
	t.entries = kept
	t.dropClashes()
	return t, nil
}

// Problems names the entries of a tree that cannot be reviewed: those New left out, and symbolic links that lead
// out of the tree, in circles or too deep. The errors are each a *PathError. Other trees have none.
func Problems(t Tree) []error {
	own, ok := unwrap(t)
	if !ok {
		return nil
	}
	problems := slices.Clone(own.problems)
	for i, e := range own.entries {
		if e.Mode != Symlink {
			continue
		}
		if _, err := own.follow(i, 0); err != nil && !isNotExist(err) {
			problems = append(problems, at(e.Path, err))
		}
	}
	return problems
}

func (t *tree) leaveOut(name string, err error) {
	t.problems = append(t.problems, at(name, err))
}

// dropClashes removes what cannot be in one file system: the later of two entries with one path, and entries
// below a path that is a file. Only directories that the entry before did not have need a look.
func (t *tree) dropClashes() {
	kept, previous := t.entries[:0], ""
	for _, e := range t.entries {
		if len(kept) > 0 && e.Path == kept[len(kept)-1].Path || hasFileAbove(kept, previous, e.Path) {
			t.leaveOut(e.Path, fmt.Errorf("%w: another file is in its place", ErrPath))
			continue
		}
		kept, previous = append(kept, e), e.Path
	}
	t.entries = kept
}

func hasFileAbove(entries []Entry, previous, name string) bool {
	shared := 0
	for shared < len(previous) && shared < len(name) && previous[shared] == name[shared] {
		shared++
	}
	for i := shared; i < len(name); i++ {
		if name[i] != '/' {
			continue
		}
		if _, found := search(entries, name[:i]); found {
			return true
		}
	}
	return false
}

// checkName accepts the names a tree may have: relative, clean, UTF-8.
func checkName(name string, depth int) error {
	elements, start := 1, 0
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			if name[i] == 0 {
				return ErrPath
			}
			continue
		}
		if element := name[start:i]; element == "" || element == "." || element == ".." {
			return ErrPath
		}
		if i < len(name) {
			elements, start = elements+1, i+1
		}
	}
	if !utf8.ValidString(name) {
		return ErrPath
	}
	if elements > depth {
		return ErrDepth
	}
	return nil
}

// clean brings a path as asked for into the form trees use.
func (t *tree) clean(name string) (string, error) {
	if strings.HasPrefix(name, "/") || strings.IndexByte(name, 0) >= 0 {
		return "", ErrPath
	}
	name = path.Clean(name)
	if name == ".." || strings.HasPrefix(name, "../") {
		return "", ErrPath
	}
	if strings.Count(name, "/") >= t.limits.Depth {
		return "", ErrDepth
	}
	return name, nil
}

func search(entries []Entry, name string) (int, bool) {
	return slices.BinarySearchFunc(entries, name, func(e Entry, name string) int { return strings.Compare(e.Path, name) })
}

// below returns the range of entries under the directory name, which is clean. It is empty when there is none.
func (t *tree) below(name string) (from, to int) {
	if name == "." {
		return 0, len(t.entries)
	}
	from = sort.Search(len(t.entries), func(i int) bool { return compareWithin(t.entries[i].Path, name, '/') >= 0 })
	// '0' is the byte after '/'
	to = from + sort.Search(len(t.entries)-from, func(i int) bool { return compareWithin(t.entries[from+i].Path, name, '0') >= 0 })
	return from, to
}

// compareWithin compares p with name followed by the byte end, without putting the two together.
func compareWithin(p, name string, end byte) int {
	if len(p) <= len(name) {
		if c := strings.Compare(p, name); c != 0 {
			return c
		}
		return -1
	}
	if c := strings.Compare(p[:len(name)], name); c != 0 {
		return c
	}
	if c := cmp.Compare(p[len(name)], end); c != 0 {
		return c
	}
	return len(p) - len(name) - 1
}

func (t *tree) isDir(name string) bool {
	if name == "." {
		return true
	}
	i := sort.Search(len(t.entries), func(i int) bool { return compareWithin(t.entries[i].Path, name, '/') >= 0 })
	return i < len(t.entries) && strings.HasPrefix(t.entries[i].Path, name) && t.entries[i].Path[len(name)] == '/'
}

// PathError is an error with the path in a tree that it concerns.
type PathError struct {
	Path string // as the tree has it: it may be no valid text
	Err  error
}

// Error returns "path: error", the path quoted when it would not print as it is.
func (e *PathError) Error() string {
	name := e.Path
	if quoted := strconv.Quote(name); len(quoted) != len(name)+2 {
		name = quoted
	}
	return name + ": " + e.Err.Error()
}

// Unwrap returns the error.
func (e *PathError) Unwrap() error { return e.Err }

func at(name string, err error) error { return &PathError{Path: name, Err: err} }

// Stat implements Tree.
func (t *tree) Stat(name string) (Info, error) {
	place, err := t.find(name)
	if err != nil {
		return Info{}, at(name, err)
	}
	info := t.info(place)
	info.Name = path.Base(path.Clean(name))
	if info.Kind == File && info.ID == "" {
		if info.ID, err = t.contentID(place.entry); err != nil {
			return Info{}, at(name, err)
		}
	}
	return info, nil
}

func (t *tree) info(p place) Info {
	if p.entry < 0 {
		return Info{Path: p.path, Kind: Dir}
	}
	e := t.entries[p.entry]
	info := Info{Path: e.Path, Kind: File, Size: e.Size, ID: e.ID}
	if e.Mode == Gitlink {
		info.Kind, info.Size = Submodule, 0
	} else if info.ID == "" {
		info.ID = t.knownID(p.entry)
	}
	return info
}

// ReadDir implements Tree.
func (t *tree) ReadDir(name string) ([]Info, error) {
	dir, err := t.find(name)
	if err != nil {
		return nil, at(name, err)
	}
	switch info := t.info(dir); info.Kind {
	case File:
		return nil, at(name, ErrNotDir)
	case Submodule:
		return nil, at(name, ErrSubmodule)
	}
	from, _ := t.below(dir.path)
	list, _ := t.list(dir.path, path.Clean(name), from)
	return list, nil
}

// list lists the directory dir, of which entry from is the first one, under the name asked. Beside each Info stands
// the first entry that it is or is in.
func (t *tree) list(dir, asked string, from int) (list []Info, firsts []int) {
	type listed struct {
		Info
		first int
	}
	var all []listed
	for i := from; i < len(t.entries) && within(t.entries[i].Path, dir); {
		info, next, ok := t.child(i, dir)
		if info.Path = info.Name; asked != "." {
			info.Path = asked + "/" + info.Name
		}
		if ok {
			all = append(all, listed{info, i})
		}
		i = next
	}
	byName := func(a, b listed) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(all, byName) { // "a.b" stands before "a/c", but "a" before "a.b"
		slices.SortFunc(all, byName)
	}
	list, firsts = make([]Info, len(all)), make([]int, len(all))
	for i, l := range all {
		list[i], firsts[i] = l.Info, l.first
	}
	return list, firsts
}

// within reports whether a path is below the directory dir.
func within(name, dir string) bool {
	return dir == "." || len(name) > len(dir) && name[len(dir)] == '/' && name[:len(dir)] == dir
}

// child describes the element of directory dir that entry i is or is in, and returns the entry after it.
// ok is false for a symbolic link that leads nowhere.
func (t *tree) child(i int, dir string) (info Info, next int, ok bool) {
	e := t.entries[i]
	start := 0
	if dir != "." {
		start = len(dir) + 1
	}
	if slash := strings.IndexByte(e.Path[start:], '/'); slash >= 0 {
		sub := e.Path[:start+slash]
		return Info{Name: sub[start:], Kind: Dir}, t.after(i, sub), true
	}
	target := place{path: e.Path, entry: i}
	if e.Mode == Symlink {
		var err error
		if target, err = t.follow(i, 0); err != nil {
			return Info{}, i + 1, false
		}
	}
	info = t.info(target)
	info.Name, info.Link = e.Path[start:], e.Mode == Symlink
	return info, i + 1, true
}

// after returns the first entry that is not below the directory sub, in which entry i is. Most directories are small,
// so that it looks nearby first.
func (t *tree) after(i int, sub string) int {
	step := 1
	for i+step < len(t.entries) && within(t.entries[i+step].Path, sub) {
		i += step
		step *= 2
	}
	return i + 1 + sort.Search(min(step, len(t.entries)-i)-1, func(n int) bool { return !within(t.entries[i+1+n].Path, sub) })
}
