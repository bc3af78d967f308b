package source

import (
	"errors"
	"io/fs"
)

// Walk calls fn for everything below directory dir, a directory before what is in it, each directory sorted by name.
// Symbolic links to directories are named (Info.Link) but not entered: what they lead to is walked where it is. When
// fn returns fs.SkipDir for a directory, it is not entered; fs.SkipAll ends the walk; another error ends it too, and
// is returned.
func Walk(t Tree, dir string, fn func(Info) error) error {
	err := walk(t, dir, fn)
	if errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

func walk(t Tree, dir string, fn func(Info) error) error {
	list, err := t.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, info := range list {
		err := fn(info)
		enter := info.Kind == Dir && !info.Link
		if errors.Is(err, fs.SkipDir) && info.Kind == Dir {
			continue
		}
		if err != nil {
			return err
		}
		if !enter {
			continue
		}
		if err := walk(t, info.Path, fn); err != nil {
			return err
		}
	}
	return nil
}
