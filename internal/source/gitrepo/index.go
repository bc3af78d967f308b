package gitrepo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// errIndex says that an index is one that only git itself should read.
var errIndex = errors.New("not an index of the plain kind")

// indexEntry is a file that git tracks, with what the file system said of it when git last compared it.
type indexEntry struct {
	path            string
	mode            uint32
	ctime, mtime    time.Duration // since 1970
	inode, uid, gid uint32
	size            uint32 // modulo 2^32, as git keeps it
}

// The parts of an index of version 2 or 3 (gitformat-index).
const (
	indexHeader = 12
	indexFixed  = 40 // of an entry, before the object's ID
	modeGitlink = 0o160000
)

// parseIndex reads an index whose entries stand for one file each and whose state is all in the file itself. Others
// (version 4, split and sparse ones, merges under way, entries with flags of the user's) give errIndex.
func parseIndex(data []byte, hashSize int) ([]indexEntry, error) {
	if len(data) < indexHeader+hashSize || string(data[:4]) != "DIRC" {
		return nil, errIndex
	}
	version, count := binary.BigEndian.Uint32(data[4:]), int(binary.BigEndian.Uint32(data[8:]))
	if version != 2 && version != 3 || count > len(data)/indexFixed {
		return nil, errIndex
	}
	names := string(data) // so that names are parts of one string
	entries := make([]indexEntry, 0, count)
	at := indexHeader
	for range count {
		if len(data)-at < indexFixed+hashSize+2 {
			return nil, errIndex
		}
		flags := binary.BigEndian.Uint16(data[at+indexFixed+hashSize:])
		const length, mayBeSet = 0xfff, 0x0fff
		if flags&^mayBeSet != 0 { // a stage, an assumption, or further flags
			return nil, errIndex
		}
		name := at + indexFixed + hashSize + 2
		end := bytes.IndexByte(data[name:], 0)
		if end < 0 {
			return nil, errIndex
		}
		entries = append(entries, readIndexEntry(data[at:], names[name:name+end]))
		at += (indexFixed + hashSize + 2 + end + 8) / 8 * 8
		if at > len(data) {
			return nil, errIndex
		}
	}
	return entries, onlyOptional(data[at:], hashSize)
}

func readIndexEntry(data []byte, path string) indexEntry {
	word := func(i int) uint32 { return binary.BigEndian.Uint32(data[4*i:]) }
	moment := func(i int) time.Duration { return time.Duration(word(i))*time.Second + time.Duration(word(i+1)) }
	return indexEntry{path: path, ctime: moment(0), mtime: moment(2), inode: word(5), mode: word(6), uid: word(7), gid: word(8), size: word(9)}
}

// onlyOptional reports errIndex for extensions that must be understood: their names begin with a small letter.
func onlyOptional(data []byte, hashSize int) error {
	for len(data) > hashSize {
		if len(data) < 8 || data[0] < 'A' || data[0] > 'Z' {
			return errIndex
		}
		size := int(binary.BigEndian.Uint32(data[4:]))
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
