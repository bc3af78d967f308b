package sandbox

import (
	"errors"
	"path"

	"github.com/landwaiter/landwaiter/internal/source"
)

// How much a parent says unasked: renderers read most of a directory, and a question costs more than a small file.
const (
	smallFiles = 32       // files that come with a directory
	smallSize  = 16 << 10 // bytes of one of them
	smallBytes = 64 << 10 // bytes of all of them
	remembered = 20_000   // directories, and files, that a parent remembers to have sent
)

// librarian answers one child's questions about trees and remembers what that child has been told.
type librarian struct {
	told map[told]bool
	sent map[sent]bool
}

// told is a directory of a tree.
type told struct {
	tree uint64
	dir  string
}

// sent is the content of a file: by identity, or by place where that was not known.
type sent struct {
	id   string
	tree uint64
	path string
}

func newLibrarian() *librarian { return &librarian{told: map[told]bool{}, sent: map[sent]bool{}} }

// preface returns the listing of a directory for the beginning of a job, nil when the child had it before.
func (l *librarian) preface(tree source.Tree, number uint64, dir string) *listing {
	dir = path.Clean(dir)
	if l.told[told{number, dir}] || len(dir) > maxPath {
		return nil
	}
	return l.list(tree, number, dir, true)
}

// answer makes the frame that answers a question.
func (l *librarian) answer(tree source.Tree, number uint64, lookup *decoder) (*encoder, error) {
	ask, name, files, err := decodeLookup(lookup)
	if err != nil {
		return nil, err
	}
	e := newFrame(frameAnswer)
	dir := path.Dir(name)
	switch ask {
	case askStat:
		info, err := tree.Stat(name)
		putStat(e, stat{info, err}, dir)
	case askDir:
		putListing(e, l.list(tree, number, name, files))
	case askFile:
		asked := read(tree, name)
		putFile(e, &asked, dir)
		var others []file
		if asked.err == nil && files {
			infos, _ := tree.ReadDir(dir) // without it there is nothing to add
			others = l.small(tree, number, infos)
		}
		putFiles(e, others, dir)
	}
	return e, nil
}

// read reads a file before it asks for its identity, which trees on disk only know then.
func read(tree source.Tree, name string) file {
	var f file
	f.data, f.err = tree.ReadFile(name)
	f.stat.info, f.stat.err = tree.Stat(name)
	return f
}

// list describes a directory, and the names that kustomize tries in each one. It adds the files when they are
// wanted, or will be: a kustomization lists what it reads, mostly what is beside it.
func (l *librarian) list(tree source.Tree, number uint64, dir string, files bool) *listing {
	listed := &listing{dir: dir}
	place, err := tree.Stat(dir)
	if listed.err, listed.at = err, place.Path; err != nil {
		return listed
	}
	for _, name := range [...]string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		switch _, err := tree.Stat(path.Join(dir, name)); {
		case err == nil:
			files = true
		case errors.Is(err, source.ErrNotExist):
			listed.absent = append(listed.absent, absence{name, err})
		}
	}
	infos, err := tree.ReadDir(dir)
	if listed.err = err; err != nil {
		return listed
	}
	listed.entries = entries(infos)
	l.remember(number, dir)
	if files {
		listed.files = l.small(tree, number, infos)
	}
	return listed
}

// entries marks those of which a listing says as much as Stat would: not links, not files yet to be read.
func entries(infos []source.Info) []entry {
	made := make([]entry, len(infos))
	for i, info := range infos {
		made[i] = entry{info, !info.Link && (info.Kind == source.Dir || info.Kind == source.File && info.ID != "")}
	}
	return made
}

func (l *librarian) remember(number uint64, dir string) {
	if len(l.told) > remembered {
		clear(l.told)
	}
	l.told[told{number, dir}] = true
}

// small returns small manifests of a directory that the child has not had yet.
func (l *librarian) small(tree source.Tree, number uint64, infos []source.Info) []file {
	var files []file
	left := smallBytes
	for _, info := range infos {
		if len(files) == smallFiles {
			break
		}
		if !worthSending(info, left) || !l.first(number, info) {
			continue
		}
		if f := read(tree, info.Path); f.err == nil && f.stat.err == nil && len(f.data) <= left {
			left -= len(f.data)
			files = append(files, f)
		}
	}
	return files
}

// first reports whether the child has not been sent a file, and notes that it is now.
func (l *librarian) first(number uint64, info source.Info) bool {
	if len(l.sent) > remembered {
		clear(l.sent)
	}
	key := sent{id: info.ID}
	if info.ID == "" {
		key = sent{tree: number, path: info.Path}
	}
	before := l.sent[key]
	l.sent[key] = true
	return !before
}

func worthSending(info source.Info, left int) bool {
	if info.Kind != source.File || info.Size > int64(min(left, smallSize)) {
		return false
	}
	switch path.Ext(info.Name) {
	case ".yaml", ".yml", ".json", ".tpl":
		return true
	}
	return info.Name == "Kustomization"
}
