package source

import (
	"crypto/sha256"
	"encoding/hex"
)

// Lists calls fn with what ReadDir says of every directory of a tree, a directory before those below it. Those that a
// symbolic link leads to, and those that enter refuses, are left out with all below them. It costs one pass over the
// tree, where ReadDir searches for each directory. An error of fn ends it, and is returned.
func Lists(t Tree, enter func(Info) bool, fn func(dir string, entries []Info, err error) error) error {
	l := lists{read: t, enter: enter, fn: fn}
	l.tree, _ = t.(*tree)
	return l.directory(".", 0)
}

type lists struct {
	read  Tree
	tree  *tree // read, when it is one
	enter func(Info) bool
	fn    func(dir string, entries []Info, err error) error
}

// directory lists a directory, of which entry from is the first, and those below it.
func (l *lists) directory(name string, from int) error {
	var list []Info
	var firsts []int
	var err error
	if l.tree != nil {
		list, firsts = l.tree.list(name, name, from)
	} else {
		list, err = l.read.ReadDir(name)
		firsts = make([]int, len(list))
	}
	if err := l.fn(name, list, err); err != nil {
		return err
	}
	for i, info := range list {
		if info.Kind == Dir && !info.Link && l.enter(info) {
			if err := l.directory(info.Path, firsts[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Fingerprint names all that is in a tree: trees with the same one answer every question alike. It is "" when that
// is not known without reading files.
func Fingerprint(t Tree) string {
	own, ok := unwrap(t)
	if !ok {
		return ""
	}
	size := 0
	for _, e := range own.entries {
		size += len(e.Path) + len(e.ID) + 3
		if e.ID == "" {
			return ""
		}
	}
	all := make([]byte, 0, size)
	for _, e := range own.entries {
		all = append(append(append(append(all, e.Path...), 0, byte(e.Mode)), e.ID...), 0)
	}
	for _, problem := range own.problems {
		all = append(append(all, problem.Error()...), 0)
	}
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:])
}
