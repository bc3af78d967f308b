package source

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // Git's object identity, not a signature
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
)

// ContentID returns the object ID that Git gives a file with these bytes: the SHA-1 of "blob <length>\0" and the
// bytes, in hexadecimal. The IDs of trees that are not from Git are computed so, and agree with Git's.
func ContentID(data []byte) string { return hexID(sha1.New(), data) }

// ContentID256 is ContentID in a repository whose objects are named by SHA-256.
func ContentID256(data []byte) string { return hexID(sha256.New(), data) }

func hexID(h hash.Hash, data []byte) string {
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// lfsVersion begins every Git LFS pointer; the rest is an oid and a size
// (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
const lfsVersion = "version https://git-lfs.github.com/spec/v1\n"

// IsLFSPointer reports whether a file's bytes are a Git LFS pointer in place of its content.
func IsLFSPointer(data []byte) bool {
	return len(data) < 1024 && bytes.HasPrefix(data, []byte(lfsVersion)) && bytes.Contains(data, []byte("\noid "))
}

// ReadFile implements Tree.
func (t *tree) ReadFile(name string) ([]byte, error) {
	p, err := t.find(name)
	if err != nil {
		return nil, at(name, err)
	}
	data, err := t.read(p)
	if err != nil {
		return nil, at(name, err)
	}
	return data, nil
}

func (t *tree) read(p place) ([]byte, error) {
	if p.entry < 0 {
		return nil, ErrNotFile
	}
	e := t.entries[p.entry]
	if e.Mode == Gitlink {
		return nil, ErrSubmodule
	}
	data, err := t.blob(p.entry)
	if err != nil {
		return nil, err
	}
	if IsLFSPointer(data) {
		return nil, ErrLFS
	}
	return data, nil
}

// blob reads an entry. When its ID is not known beforehand (a file on disk), the first reading settles it, and a
// later one that finds other bytes fails: what is reviewed, cached and shown must be one thing.
func (t *tree) blob(i int) ([]byte, error) {
	e := t.entries[i]
	if e.Size > t.limits.FileSize {
		return nil, t.tooLarge(e.Size)
	}
	data, err := t.blobs.Blob(e, t.limits.FileSize)
	if err != nil || e.ID != "" {
		return data, err
	}
	id := t.hash(data)
	if known, loaded := t.ids.LoadOrStore(i, id); loaded && known.(string) != id {
		return nil, ErrChanged
	}
	return data, nil
}

func (t *tree) tooLarge(size int64) error {
	return fmt.Errorf("%d bytes: %w (%d)", size, ErrFileSize, t.limits.FileSize)
}

func (t *tree) hash(data []byte) string {
	if t.sha256 {
		return ContentID256(data)
	}
	return ContentID(data)
}

func (t *tree) knownID(i int) string {
	if id, ok := t.ids.Load(i); ok {
		return id.(string)
	}
	return ""
}

// contentID returns the ID of an entry that came without. What is too large to be read has one that only a file
// of the same path has that is as unreadable.
func (t *tree) contentID(i int) (string, error) {
	if id := t.knownID(i); id != "" {
		return id, nil
	}
	_, err := t.blob(i)
	if errors.Is(err, ErrFileSize) {
		return t.hash(fmt.Appendf(nil, "too large\x00%s", t.entries[i].Path)), nil
	}
	if err != nil {
		return "", err
	}
	return t.knownID(i), nil
}
