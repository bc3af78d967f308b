package gitrepo

import (
	"bytes"
	"encoding/hex"
	"errors"

	"github.com/landwaiter/landwaiter/internal/source"
)

// errNotCompared says that two trees are to be listed, because comparing them is not worth while or not safe.
var errNotCompared = errors.New("the trees were not compared")

const maxTreeObject = 32 << 20 // bytes of one directory as Git stores it

// headOver returns the tree of head as base with what differs put over it. Git's own comparison reads whatever a few
// hostile objects can name before it says anything; this one stops at the limit of files, with errNotCompared.
func (r *Repo) headOver(base source.Tree, baseID, headID string) (source.Tree, error) {
	if len(source.Problems(base)) > 0 {
		return nil, errNotCompared // head may be without them
	}
	c := comparison{repo: r}
	if err := c.directories("", baseID+"^{tree}", headID+"^{tree}", 1); err != nil {
		return nil, err
	}
	return source.Overlay(base, c.changed, r)
}

// comparison collects what differs between two trees.
type comparison struct {
	repo    *Repo
	read    int // directories
	changed []source.Entry
}

// treeEntry is an entry of a directory as Git stores it.
type treeEntry struct{ mode, name, id string }

func (e treeEntry) isDir() bool { return e.mode == "40000" }

// directories compares two directories at prefix, "" or with "/" at its end. An ID is "" where there is none.
func (c *comparison) directories(prefix, baseID, headID string, depth int) error {
	base, err := c.directory(baseID, depth)
	if err != nil {
		return err
	}
	head, err := c.directory(headID, depth)
	if err != nil {
		return err
	}
	before := make(map[string]treeEntry, len(base))
	for _, e := range base {
		before[e.name] = e
	}
	for _, e := range head {
		old := before[e.name]
		delete(before, e.name)
		if old == e {
			continue
		}
		if err := c.entry(prefix, old, e, depth); err != nil {
			return err
		}
	}
	for _, old := range before {
		if err := c.entry(prefix, old, treeEntry{}, depth); err != nil {
			return err
		}
	}
	return nil
}

// entry compares two entries of one name, of which one may be the zero entry.
func (c *comparison) entry(prefix string, old, now treeEntry, depth int) error {
	gone := old.mode != "" && !old.isDir() && (now.mode == "" || now.isDir())
	if gone {
		c.changed = append(c.changed, source.Entry{Path: prefix + old.name, Mode: source.Removed})
	}
	if now.mode != "" && !now.isDir() {
		c.changed = append(c.changed, source.Entry{Path: prefix + now.name, Mode: entryMode(now.mode), ID: now.id, Size: -1})
	}
	if len(c.changed) > c.repo.limits.Files {
		return errNotCompared
	}
	name, oldDir, nowDir := now.name, "", ""
	if old.isDir() {
		name, oldDir = old.name, old.id
	}
	if now.isDir() {
		nowDir = now.id
	}
	if oldDir == nowDir {
		return nil
	}
	return c.directories(prefix+name+"/", oldDir, nowDir, depth+1)
}

// directory reads the object of a directory; "" is an empty one.
func (c *comparison) directory(id string, depth int) ([]treeEntry, error) {
	if id == "" {
		return nil, nil
	}
	if c.read++; c.read > c.repo.limits.Files || depth > c.repo.limits.Depth {
		return nil, errNotCompared
	}
	data, err := c.repo.objects.read(id, maxTreeObject)
	if err != nil {
		return nil, errNotCompared
	}
	return parseTree(data, c.repo.settings.hashSize())
}

// parseTree reads a directory as Git stores it: "<mode> <name>\0" and the bytes of the ID, again and again.
func parseTree(data []byte, hashSize int) (entries []treeEntry, err error) {
	for len(data) > 0 {
		about, rest, ok := bytes.Cut(data, []byte{0})
		mode, name, ok2 := bytes.Cut(about, []byte{' '})
		if !ok || !ok2 || len(name) == 0 || len(rest) < hashSize {
			return nil, errNotCompared
		}
		entries = append(entries, treeEntry{string(mode), string(name), hex.EncodeToString(rest[:hashSize])})
		data = rest[hashSize:]
	}
	return entries, nil
}
