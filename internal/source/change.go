package source

import (
	"cmp"
	"slices"
	"sort"
	"sync"
)

// changeIndex finds files of a change by either path.
type changeIndex struct {
	once         sync.Once
	byNew, byOld []int32 // indexes into Files, sorted by path; only files that have one on that side
}

// Once returns what make makes of the change, which is made once for all that ask by the same key, a value of a type of
// the asker's own, and which nobody changes.
func (c *Change) Once(key any, make func() any) any {
	made, known := c.made.Load(key)
	if !known {
		made, _ = c.made.LoadOrStore(key, sync.OnceValue(make))
	}
	return made.(func() any)()
}

func (c *Change) build() {
	c.index.once.Do(func() {
		for i, f := range c.Files {
			if f.New != "" {
				c.index.byNew = append(c.index.byNew, int32(i))
			}
			if f.Old != "" {
				c.index.byOld = append(c.index.byOld, int32(i))
			}
		}
		slices.SortStableFunc(c.index.byNew, func(a, b int32) int { return cmp.Compare(c.Files[a].New, c.Files[b].New) })
		slices.SortStableFunc(c.index.byOld, func(a, b int32) int { return cmp.Compare(c.Files[a].Old, c.Files[b].Old) })
	})
}

func (c *Change) atHead(name string) (*FileChange, bool) {
	c.build()
	i, ok := slices.BinarySearchFunc(c.index.byNew, name, func(i int32, name string) int { return cmp.Compare(c.Files[i].New, name) })
	if !ok {
		return nil, false
	}
	return &c.Files[c.index.byNew[i]], true
}

func (c *Change) atBase(name string) (*FileChange, bool) {
	c.build()
	i, ok := slices.BinarySearchFunc(c.index.byOld, name, func(i int32, name string) int { return cmp.Compare(c.Files[i].Old, name) })
	if !ok {
		return nil, false
	}
	return &c.Files[c.index.byOld[i]], true
}

// Touches reports whether the change added or changed this line of a file at head. Line 0 asks whether it changed
// anything about the file. Without a base every line is new.
func (c *Change) Touches(path string, line int) bool {
	if c.Base == nil {
		return true
	}
	f, ok := c.atHead(path)
	if !ok || line <= 0 {
		return ok
	}
	i := f.hunkAtHead(line)
	return i < len(f.Hunks) && f.Hunks[i].holdsHead(line)
}

// ToBase returns where a line of head stood at base. ok is false when the change added or changed the line, or the
// file; oldPath is then still the file's path at base, "" when it had none, and oldLine 0.
func (c *Change) ToBase(path string, line int) (oldPath string, oldLine int, ok bool) {
	if c.Base == nil {
		return "", 0, false
	}
	f, changed := c.atHead(path)
	if !changed {
		return path, line, true
	}
	if f.Old == "" || f.Binary {
		return f.Old, 0, false
	}
	i := f.hunkAtHead(line)
	if i < len(f.Hunks) && f.Hunks[i].holdsHead(line) {
		return f.Old, 0, false
	}
	return f.Old, line - f.shift(i), true
}

// ToHead returns where a line of base stands at head. When the change removed or rewrote the line, kept is false and
// line is the one of head next to it, where a comment can stand. When the file itself is gone, path is "" and line 0.
func (c *Change) ToHead(oldPath string, oldLine int) (path string, line int, kept bool) {
	f, changed := c.atBase(oldPath)
	if !changed || c.Base == nil {
		return oldPath, oldLine, true
	}
	if f.New == "" {
		return "", 0, false
	}
	if f.Binary {
		return f.New, 1, false
	}
	i := sort.Search(len(f.Hunks), func(i int) bool { return oldLine < f.Hunks[i].oldEnd() })
	if i < len(f.Hunks) && f.Hunks[i].OldLines > 0 && oldLine >= f.Hunks[i].OldStart {
		return f.New, f.Hunks[i].besideRemoved(oldLine), false
	}
	return f.New, oldLine + f.shift(i), true
}

// HeadPath returns the path at head of a file of base; ok is false when the change removed it.
func (c *Change) HeadPath(old string) (path string, ok bool) {
	if f, changed := c.atBase(old); changed && c.Base != nil {
		return f.New, f.New != ""
	}
	return old, true
}

// BasePath returns the path at base of a file of head; ok is false when the change added it.
func (c *Change) BasePath(path string) (old string, ok bool) {
	if c.Base == nil {
		return "", false
	}
	if f, changed := c.atHead(path); changed {
		return f.Old, f.Old != ""
	}
	return path, true
}

// Paths returns every path that the change concerns, at base or at head, sorted.
func (c *Change) Paths() []string {
	paths := make([]string, 0, len(c.Files))
	for _, f := range c.Files {
		if f.Old != "" {
			paths = append(paths, f.Old)
		}
		if f.New != "" {
			paths = append(paths, f.New)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// hunkAtHead returns the first hunk that does not end before this line of head.
func (f *FileChange) hunkAtHead(line int) int {
	return sort.Search(len(f.Hunks), func(i int) bool {
		h := f.Hunks[i]
		if h.NewLines == 0 {
			return line <= h.NewStart
		}
		return line < h.NewStart+h.NewLines
	})
}

// shift is how far the hunks before hunk i moved what follows them.
func (f *FileChange) shift(i int) int {
	if i == 0 {
		return 0
	}
	h := f.Hunks[i-1]
	return h.newEnd() - h.oldEnd()
}

// oldEnd and newEnd return the first line after the hunk on either side.
func (h Hunk) oldEnd() int { return h.OldStart + max(h.OldLines, 1) }
func (h Hunk) newEnd() int { return h.NewStart + max(h.NewLines, 1) }

func (h Hunk) holdsHead(line int) bool {
	return h.NewLines > 0 && line >= h.NewStart && line < h.NewStart+h.NewLines
}

// besideRemoved returns the line of head that took the place of a removed one, or the one before the removal.
func (h Hunk) besideRemoved(oldLine int) int {
	if h.NewLines == 0 {
		return max(h.NewStart, 1)
	}
	return h.NewStart + min(oldLine-h.OldStart, h.NewLines-1)
}
