package gitrepo

import (
	"crypto/sha1" //nolint:gosec // what git puts at the end of an index
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// errIndex says that an index is one that only git itself should read.
var errIndex = errors.New("not an index of the plain kind")

// indexEntry is a file that git tracks, with what the file system said of it when git last compared it. Both are parts
// of the index.
type indexEntry struct {
	path string
	raw  string // all of the entry
}

// The parts of an index of version 2 or 3 (gitformat-index).
const (
	indexHeader = 12
	indexFixed  = 40 // of an entry, before the object's ID
	modeGitlink = 0o160000
)

// field returns one of the numbers before the ID.
func (e *indexEntry) field(i int) uint32 { return bigEndian(e.raw[4*i:]) }

func bigEndian(s string) uint32 {
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

func (e *indexEntry) moment(i int) time.Duration {
	return time.Duration(e.field(i))*time.Second + time.Duration(e.field(i+1))
}

// What the file system said: times since 1970, and the size modulo 2^32, as git keeps it.
func (e *indexEntry) ctime() time.Duration { return e.moment(0) }
func (e *indexEntry) mtime() time.Duration { return e.moment(2) }
func (e *indexEntry) inode() uint32        { return e.field(5) }
func (e *indexEntry) mode() uint32         { return e.field(6) }
func (e *indexEntry) uid() uint32          { return e.field(7) }
func (e *indexEntry) gid() uint32          { return e.field(8) }
func (e *indexEntry) size() uint32         { return e.field(9) }

// hasID reports whether an ID in hexadecimal is that of the file's content in the index.
func (e *indexEntry) hasID(id string) bool {
	var digits [2 * sha256.Size]byte
	if len(id) > len(digits) {
		return false
	}
	return string(hex.AppendEncode(digits[:0], []byte(e.raw[indexFixed:indexFixed+len(id)/2]))) == id
}

// listedAs reports whether an entry is what git ls-tree says of one: "100644 blob <id>".
func (e *indexEntry) listedAs(about string) bool {
	digits, about, _ := strings.Cut(about, " ")
	_, id, _ := strings.Cut(about, " ")
	mode, err := strconv.ParseUint(digits, 8, 32)
	if err != nil || !e.hasID(id) {
		return false
	}
	if mode&0o170000 == 0o100000 { // old trees have others than git makes now
		if mode = 0o100644 | mode&0o100; mode&0o100 != 0 {
			mode |= 0o111
		}
	}
	return e.mode() == uint32(mode)
}

// parseIndex reads an index whose entries stand for one file each and whose state is all in the file itself. Others
// (version 4, split and sparse ones, merges under way, entries with flags of the user's) give errIndex.
func parseIndex(data string, hashSize int) ([]indexEntry, error) {
	if len(data) < indexHeader+hashSize || data[:4] != "DIRC" {
		return nil, errIndex
	}
	version, count := bigEndian(data[4:]), int(bigEndian(data[8:]))
	if version != 2 && version != 3 || count > len(data)/indexFixed {
		return nil, errIndex
	}
	entries := make([]indexEntry, 0, count)
	rest := data[indexHeader:]
	before := indexFixed + hashSize + 2 // the name
	for range count {
		if len(rest) < before {
			return nil, errIndex
		}
		flags := bigEndian(rest[before-4:]) & 0xffff
		const mayBeSet = 0x0fff   // the length of the name
		if flags&^mayBeSet != 0 { // a stage, an assumption, or further flags
			return nil, errIndex
		}
		end := strings.IndexByte(rest[before:], 0)
		if end < 0 {
			return nil, errIndex
		}
		next := (before + end + 8) / 8 * 8
		if next > len(rest) {
			return nil, errIndex
		}
		entries = append(entries, indexEntry{path: rest[before : before+end], raw: rest[:next]})
		rest = rest[next:]
	}
	return entries, onlyOptional(rest, hashSize)
}

// onlyOptional reports errIndex for extensions that must be understood: their names begin with a small letter.
func onlyOptional(data string, hashSize int) error {
	for len(data) > hashSize {
		if len(data) < 8 || data[0] < 'A' || data[0] > 'Z' {
			return errIndex
		}
		size := int(bigEndian(data[4:]))
		if size > len(data)-8 {
			return errIndex
		}
		data = data[8+size:]
	}
	if len(data) != hashSize {
		return errIndex
	}
	return nil
}

// indexOf writes an index of some entries of another one.
func indexOf(entries []indexEntry, sha256s bool) []byte {
	data := []byte("DIRC")
	data = binary.BigEndian.AppendUint32(data, 3)
	data = binary.BigEndian.AppendUint32(data, uint32(len(entries)))
	for _, e := range entries {
		data = append(data, e.raw...)
	}
	if sha256s {
		sum := sha256.Sum256(data)
		return append(data, sum[:]...)
	}
	sum := sha1.Sum(data)
	return append(data, sum[:]...)
}

// comparesPlainly reports whether what counts as changed on disk is decided as git does without any settings.
func (s settings) comparesPlainly() bool {
	for _, pair := range s.values {
		value := strings.ToLower(pair[1])
		yes := value == "true" || value == "yes" || value == "on" || value == "1"
		switch pair[0] {
		case "checkstat", "ignorecase", "precomposeunicode", "sparsecheckout":
			if value != "default" && value != "false" {
				return false
			}
		case "trustctime", "filemode", "symlinks":
			if !yes {
				return false
			}
		}
	}
	return true
}
