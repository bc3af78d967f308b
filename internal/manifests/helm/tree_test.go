package helm_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"testing/fstest"

	"github.com/landwaiter/landwaiter/internal/source"
)

// fsTree shows a file system as a source tree.
type fsTree struct{ fs fs.FS }

// treeOf makes a tree of files by their paths.
func treeOf(files map[string]string) source.Tree {
	all := fstest.MapFS{}
	for name, text := range files {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsTree{all}
}

// treeAt makes a tree of a directory on disk.
func treeAt(dir string) source.Tree { return fsTree{os.DirFS(dir)} }

func (t fsTree) Stat(name string) (source.Info, error) {
	if !fs.ValidPath(name) {
		return source.Info{}, fmt.Errorf("%s: %w", name, source.ErrNotExist)
	}
	info, err := fs.Stat(t.fs, name)
	if err != nil {
		return source.Info{}, err
	}
	return infoOf(name, info), nil
}

func (t fsTree) ReadFile(name string) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("%s: %w", name, source.ErrNotExist)
	}
	return fs.ReadFile(t.fs, name)
}

func (t fsTree) ReadDir(dir string) ([]source.Info, error) {
	if !fs.ValidPath(dir) {
		return nil, fmt.Errorf("%s: %w", dir, source.ErrNotExist)
	}
	entries, err := fs.ReadDir(t.fs, dir)
	if err != nil {
		return nil, err
	}
	var infos []source.Info
	for _, e := range entries {
		at := path.Join(dir, e.Name())
		if info, err := fs.Stat(t.fs, at); err == nil {
			infos = append(infos, infoOf(at, info))
		}
	}
	return infos, nil
}

func infoOf(name string, info fs.FileInfo) source.Info {
	kind := source.File
	if info.IsDir() {
		kind = source.Dir
	}
	return source.Info{Path: name, Name: path.Base(name), Kind: kind, Size: info.Size()}
}
