// Package source holds one pull request as plain data: two read-only trees and the lines between them.
//
// A tree is a file system at one commit (or a directory, or standard input). Its paths are relative to the
// tree's root, use "/", and never start with "/" or "./"; the root itself is ".". A tree never leaves itself:
// a symbolic link is followed only to a place inside it.
package source

import (
	"errors"
	"io/fs"
	"sync"
)

// Kind says what a path in a tree is.
type Kind uint8

// The kinds of entries. Symbolic links are resolved, so they have none.
const (
	File      Kind = iota + 1 // a regular file
	Dir                       // a directory
	Submodule                 // a Git submodule: named, never followed
)

// Info describes one path of a tree.
type Info struct {
	Path string // resolved: after following symbolic links
	Name string // last element of the path as asked for
	Kind Kind
	Link bool  // in a listing: the entry itself is a symbolic link
	Size int64 // bytes, of a file; -1 when that is not known without reading it
	// ID is the identity of a file's content: equal IDs mean equal bytes. Of a submodule it is its commit, of a
	// directory "". In a listing it may be "" where only reading the file would tell; Stat always knows it.
	ID string
}

// Tree is a read-only file system, rooted and capped. All methods may be called from several goroutines.
//
// A path that is not there gives an error for which errors.Is(err, fs.ErrNotExist) holds; one that leaves the
// tree, loops or passes a limit gives one of the errors of this package.
type Tree interface {
	// Stat describes what is at path, after symbolic links.
	Stat(path string) (Info, error)
	// ReadFile returns the bytes of the file at path. Callers must not change them.
	ReadFile(path string) ([]byte, error)
	// ReadDir lists the directory at path, sorted by name. Each Info.Path is the entry's path below the
	// directory as asked for, its Kind that of what a symbolic link leads to; links that lead nowhere are left out.
	ReadDir(path string) ([]Info, error)
}

// The errors of trees. They are wrapped with the path they concern.
var (
	ErrNotExist  = fs.ErrNotExist
	ErrEscapes   = errors.New("symbolic link leads out of the repository")
	ErrLoop      = errors.New("symbolic links form a loop")
	ErrSubmodule = errors.New("is a Git submodule, which is not followed")
	ErrLFS       = errors.New("is a Git LFS pointer, its content is not in the repository")
	ErrFileSize  = errors.New("file is larger than the limit")
	ErrFileCount = errors.New("tree has more files than the limit")
	ErrDepth     = errors.New("path is deeper than the limit")
	ErrNotFile   = errors.New("is not a regular file")
	ErrNotDir    = errors.New("is not a directory")
	ErrPath      = errors.New("is not a path inside the repository")
	ErrChanged   = errors.New("changed on disk while it was being read; run again")
)

// Limits caps a tree. A zero field means its default.
type Limits struct {
	FileSize int64 // bytes of one file; default 10 MiB
	Files    int   // files in a tree; default 200,000
	Depth    int   // elements of a path; default 64
}

// WithDefaults returns the limits with every zero field replaced by its default.
func (l Limits) WithDefaults() Limits {
	if l.FileSize <= 0 {
		l.FileSize = 10 << 20
	}
	if l.Files <= 0 {
		l.Files = 200_000
	}
	if l.Depth <= 0 {
		l.Depth = 64
	}
	return l
}

// Span is a range of characters in a file of a tree. Lines and columns count from 1, columns in characters;
// EndColumn is the column after the last character. Line 0 means the whole file, an empty File nothing known.
type Span struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	EndLine   int    `json:"endLine"`
	Column    int    `json:"column"`
	EndColumn int    `json:"endColumn,omitempty"`
}

// Hunk is one run of changed lines, without context. Counts of 0 mean that nothing was there on that side;
// the start is then the line after which the other side's lines stand (0 before the first line).
type Hunk struct {
	OldStart, OldLines int
	NewStart, NewLines int
}

// FileChange is what happened to one file between base and head.
type FileChange struct {
	Old    string // path at base, "" for an added file
	New    string // path at head, "" for a removed file
	Hunks  []Hunk // sorted; empty for a binary file, a pure rename and a change of mode
	Binary bool
	Note   string // what a reader should know: "submodule", "git-lfs pointer", or ""
}

// Change is one pull request as data. It is used by pointer; Files must not change after the first question to it.
type Change struct {
	Base, Head Tree // Base is nil when everything is reviewed as new
	BaseID     string
	HeadID     string // "" for a work tree
	Files      []FileChange

	index changeIndex
	made  sync.Map // see Once
}
