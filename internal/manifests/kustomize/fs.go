package kustomize

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/landwaiter/landwaiter/internal/source"
)

// The errors of a build that is refused by size.
var (
	errReadLimit = errors.New("the files that this kustomization reads are larger than the limit of 64 MB together")
	errDocuments = errors.New("the files that this kustomization reads hold more than 20000 documents")
	errReadOnly  = errors.New("the repository is read-only")
)

const maxReadBytes = 64 << 20

// fileSystem is a source tree as kustomize sees it: rooted at "/", read-only, with a few files laid over it.
// It is used by one build at a time.
type fileSystem struct {
	ctx     context.Context
	tree    source.Tree
	overlay map[string][][]byte // path in the tree to contents, in place of, or besides, what the tree holds
	docs    int                 // documents read so far: kustomize's time grows with their square
	read    int                 // bytes read so far
	refused error               // the first refusal; kustomize loses errors while it tries one thing after another
	at      string              // the file that was refused
}

var _ filesys.FileSystem = (*fileSystem)(nil)

// inTree turns a path of kustomize into one of the tree.
func inTree(p string) string {
	p = strings.TrimPrefix(path.Clean("/"+filepath.ToSlash(p)), "/")
	if p == "" {
		return "."
	}
	return p
}

func (f *fileSystem) stat(p string) (source.Info, error) {
	p = inTree(p)
	if contents, ok := f.overlay[p]; ok {
		return source.Info{Path: p, Name: path.Base(p), Kind: source.File, Size: int64(len(contents[0]))}, nil
	}
	if _, ok := f.overlay[path.Join(p, konfig.DefaultKustomizationFileName())]; ok {
		return source.Info{Path: p, Name: path.Base(p), Kind: source.Dir}, nil
	}
	return f.tree.Stat(p)
}

// CleanedAbs returns the directory and the file name that p leads to after symbolic links.
func (f *fileSystem) CleanedAbs(p string) (filesys.ConfirmedDir, string, error) {
	info, err := f.stat(p)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", inTree(p), err)
	}
	resolved := path.Join("/", info.Path)
	if info.Kind == source.Dir {
		return filesys.ConfirmedDir(resolved), "", nil
	}
	return filesys.ConfirmedDir(path.Dir(resolved)), path.Base(resolved), nil
}

// ReadFile returns the bytes at p. What would exhaust kustomize's YAML reader is refused.
func (f *fileSystem) ReadFile(p string) ([]byte, error) {
	p = inTree(p)
	if err := f.ctx.Err(); err != nil {
		return nil, f.refuse(p, err)
	}
	content, err := f.content(p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	if f.read += len(content); f.read > maxReadBytes {
		return nil, f.refuse(p, errReadLimit)
	}
	if f.docs += 1 + bytes.Count(content, []byte("\n---")); f.docs > maxObjects {
		return nil, f.refuse(p, errDocuments)
	}
	if err := checkYAML(content); err != nil {
		return nil, f.refuse(p, err)
	}
	return content, nil
}

// content returns what lies over the tree at p, or the tree's file. Of several contents each is served once, in
// order: they belong to one kustomization that is loaded several times, by different ones.
func (f *fileSystem) content(p string) ([]byte, error) {
	contents, ok := f.overlay[p]
	if !ok {
		return f.tree.ReadFile(p)
	}
	if len(contents) > 1 {
		f.overlay[p] = contents[1:]
	}
	return contents[0], nil
}

// lay puts content over the tree at p. Several contents of one path are served in the order they are laid.
func (f *fileSystem) lay(p string, content []byte) {
	if f.overlay == nil {
		f.overlay = map[string][][]byte{}
	}
	f.overlay[p] = append(f.overlay[p], content)
}

// set puts content over the tree at p, for everybody who reads it.
func (f *fileSystem) set(p string, content []byte) {
	delete(f.overlay, p)
	f.lay(p, content)
}

func (f *fileSystem) refuse(p string, err error) error {
	if f.refused == nil {
		f.refused, f.at = err, p
	}
	return fmt.Errorf("%s: %w", p, err)
}

// IsDir reports whether p is a directory.
func (f *fileSystem) IsDir(p string) bool {
	info, err := f.stat(p)
	return err == nil && info.Kind == source.Dir
}

// Exists reports whether p is there.
func (f *fileSystem) Exists(p string) bool {
	_, err := f.stat(p)
	return err == nil
}

// ReadDir returns the names in the directory p.
func (f *fileSystem) ReadDir(p string) ([]string, error) {
	infos, err := f.tree.ReadDir(inTree(p))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(infos))
	for i, info := range infos {
		names[i] = info.Name
	}
	return names, nil
}

// Glob, Walk and Open serve kustomize's editing commands, never a build.
func (f *fileSystem) Glob(string) ([]string, error) { return nil, fs.ErrInvalid }

// Walk is refused: see Glob.
func (f *fileSystem) Walk(string, filepath.WalkFunc) error { return fs.ErrInvalid }

// Open is refused: see Glob.
func (f *fileSystem) Open(string) (filesys.File, error) { return nil, fs.ErrInvalid }

// Create is refused, as all that writes.
func (f *fileSystem) Create(string) (filesys.File, error) { return nil, errReadOnly }

// Mkdir is refused.
func (f *fileSystem) Mkdir(string) error { return errReadOnly }

// MkdirAll is refused.
func (f *fileSystem) MkdirAll(string) error { return errReadOnly }

// WriteFile is refused.
func (f *fileSystem) WriteFile(string, []byte) error { return errReadOnly }

// RemoveAll does nothing: kustomize calls it to clean up what it never made here.
func (f *fileSystem) RemoveAll(string) error { return nil }
