package source

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

const (
	maxHops   = 40   // links inside links, as in Linux
	maxTarget = 4096 // bytes of a link's target, as in Linux
)

// place is what a path leads to once every symbolic link on it is followed.
type place struct {
	path  string
	entry int // index of a file or submodule, -1 for a directory
}

// followed is the outcome of following one link, kept because one link is on the way to many paths.
type followed struct {
	place place
	err   error
}

// find returns what a path, as asked for, leads to.
func (t *tree) find(name string) (place, error) {
	name, err := t.clean(name)
	if err != nil {
		return place{}, err
	}
	return t.resolve(name, 0)
}

// resolve finds a clean path. Most paths have no links on them, and are found at once.
func (t *tree) resolve(name string, hops int) (place, error) {
	if i, ok := search(t.entries, name); ok && t.entries[i].Mode != Symlink {
		return place{name, i}, nil
	}
	if t.isDir(name) {
		return place{name, -1}, nil
	}
	if t.plain {
		return place{}, ErrNotExist
	}
	return t.steps(place{".", -1}, name, hops)
}

// steps goes from a directory along the elements of a path, which may be "..", following links on the way.
func (t *tree) steps(here place, rest string, hops int) (place, error) {
	for element := range strings.SplitSeq(rest, "/") {
		if element == "" || element == "." {
			continue
		}
		if here.entry >= 0 {
			return place{}, t.notDir(here)
		}
		var err error
		if here, err = t.step(here.path, element, hops); err != nil {
			return place{}, err
		}
	}
	return here, nil
}

func (t *tree) step(dir, element string, hops int) (place, error) {
	if element == ".." {
		if dir == "." {
			return place{}, ErrEscapes
		}
		return place{path.Dir(dir), -1}, nil
	}
	name := element
	if dir != "." {
		name = dir + "/" + element
	}
	i, ok := search(t.entries, name)
	switch {
	case ok && t.entries[i].Mode == Symlink:
		return t.follow(i, hops)
	case ok:
		return place{name, i}, nil
	case t.isDir(name):
		return place{name, -1}, nil
	}
	return place{}, ErrNotExist
}

// notDir is the error of a path that goes on below a file or a submodule.
func (t *tree) notDir(p place) error {
	if t.entries[p.entry].Mode == Gitlink {
		return ErrSubmodule
	}
	return ErrNotExist
}

// follow returns where the link that is entry i leads to.
func (t *tree) follow(i, hops int) (place, error) {
	if known, ok := t.links.Load(i); ok {
		f := known.(followed)
		return f.place, f.err
	}
	if hops >= maxHops {
		return place{}, ErrLoop
	}
	to, err := t.target(i, hops)
	// Whether a chain is too long depends on where it was entered, so only a first link's error is final.
	if err == nil || hops == 0 {
		t.links.Store(i, followed{to, err})
	}
	return to, err
}

func (t *tree) target(i, hops int) (place, error) {
	e := t.entries[i]
	data, err := t.blobs.Blob(e, maxTarget)
	if errors.Is(err, ErrFileSize) {
		return place{}, ErrDepth
	}
	if err != nil {
		return place{}, err
	}
	target := string(data)
	if strings.HasPrefix(target, "/") {
		return place{}, ErrEscapes
	}
	if target == "" || strings.IndexByte(target, 0) >= 0 {
		return place{}, ErrNotExist
	}
	to, err := t.steps(place{path.Dir(e.Path), -1}, target, hops+1)
	if err == nil && strings.Count(to.path, "/") >= t.limits.Depth {
		err = ErrDepth
	}
	return to, err
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
