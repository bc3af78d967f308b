package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// Recorder is a tree that notes what is read through it: paths that were there and paths that were not. It may be
// used from several goroutines.
//
// Its listings have no IDs and sizes, because a listing is recorded by its names and kinds alone: who wants to
// know a file's ID has to ask Stat, and depends on that file from then on.
type Recorder struct {
	tree  Tree
	mu    sync.Mutex
	reads map[string]*Read
}

// Record returns a recorder over a tree, with nothing read yet.
func Record(t Tree) *Recorder { return &Recorder{tree: t, reads: map[string]*Read{}} }

// Stat implements Tree.
func (r *Recorder) Stat(name string) (Info, error) {
	info, err := r.tree.Stat(name)
	r.noteStat(name, info, err)
	return info, err
}

// ReadFile implements Tree.
func (r *Recorder) ReadFile(name string) ([]byte, error) {
	data, err := r.tree.ReadFile(name)
	if !r.knows(name) {
		info, statErr := r.tree.Stat(name)
		r.noteStat(name, info, statErr)
	}
	return data, err
}

// ReadDir implements Tree.
func (r *Recorder) ReadDir(name string) ([]Info, error) {
	list, err := r.tree.ReadDir(name)
	heard := listAnswer(list, err)
	for i := range list {
		if list[i].Kind == File {
			list[i].ID, list[i].Size = "", -1
		}
	}
	r.note(name, func(read *Read) { read.Lists = agree(read.Lists, heard) })
	return list, err
}

func (r *Recorder) knows(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	read := r.reads[path.Clean(name)]
	return read != nil && read.Is != ""
}

func (r *Recorder) noteStat(name string, info Info, err error) {
	heard := statAnswer(name, info, err)
	r.note(name, func(read *Read) { read.Is = agree(read.Is, heard) })
}

func (r *Recorder) note(name string, set func(*Read)) {
	name = path.Clean(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	read := r.reads[name]
	if read == nil {
		read = &Read{Path: name}
		r.reads[name] = read
	}
	set(read)
}

// Reads returns what was read so far.
func (r *Recorder) Reads() ReadSet {
	r.mu.Lock()
	defer r.mu.Unlock()
	set := make(ReadSet, 0, len(r.reads))
	for _, name := range slices.Sorted(maps.Keys(r.reads)) {
		set = append(set, *r.reads[name])
	}
	return set
}

// The answers of a tree, as short strings. unsure is no answer: it counts as different from every other.
const (
	absent = "-"
	unsure = "?"
)

// statAnswer writes down what Stat said: a letter for the kind, the ID, and, when links were followed, where to.
func statAnswer(asked string, info Info, err error) string {
	if err != nil {
		return errorAnswer(err)
	}
	answer := kindLetter(info) + info.ID
	if info.Path != path.Clean(asked) {
		answer += ">" + info.Path
	}
	return answer
}

// listAnswer writes down what ReadDir said: a hash of names, kinds and which of them are links.
func listAnswer(list []Info, err error) string {
	if err != nil {
		return errorAnswer(err)
	}
	h := sha256.New()
	var b strings.Builder
	for _, info := range list {
		b.WriteString(kindLetter(info))
		if info.Link {
			b.WriteByte('>')
		}
		b.WriteString(info.Name)
		b.WriteByte(0)
	}
	h.Write([]byte(b.String()))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func kindLetter(info Info) string {
	switch info.Kind {
	case File:
		return "f"
	case Dir:
		return "d"
	}
	return "s"
}

// errorAnswer tells apart the errors that are properties of the tree; others (a disk that fails) are no answer.
func errorAnswer(err error) string {
	if isNotExist(err) {
		return absent
	}
	for _, known := range []error{ErrEscapes, ErrLoop, ErrSubmodule, ErrDepth, ErrPath, ErrNotDir, ErrNotFile} {
		if errors.Is(err, known) {
			return "!" + known.Error()
		}
	}
	return unsure
}

// agree joins two answers about one thing.
func agree(a, b string) string {
	switch {
	case a == "" || a == b:
		return b
	case b == "":
		return a
	}
	return unsure
}
