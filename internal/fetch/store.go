package fetch

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Store keeps on disk what was fetched: archives under their digests, and which digest a version had. Archives are held
// against their digest when they are read, notes against a digest of their own; what does not agree counts as not there.
// Files are put in place at once and several processes may share a directory; any may be deleted at any time. Those used
// least recently go when there are too many. A nil Store keeps nothing.
type Store struct {
	dir  string
	most int64
}

// The kinds of files: what was fetched, and what was noted of it.
const (
	archives = "archives"
	notes    = "notes"
)

const (
	maxNotes = 16 << 20 // bytes of all notes
	maxNote  = 1 << 20  // and of one
)

// OpenStore returns the store in dir, which is made when something is kept; nil for dir "". most caps the bytes of archives.
func OpenStore(dir string, most int64) *Store {
	if dir == "" || most <= 0 {
		return nil
	}
	return &Store{dir: dir, most: most}
}

// blob returns what has a digest; nil when it is not there.
func (s *Store) blob(digest string) []byte {
	if s == nil || !images.IsDigest(digest) {
		return nil
	}
	data, err := s.shelf(archives).Read(fileName(digest), s.most)
	if err != nil || !images.MatchesDigest(digest, data) {
		return nil
	}
	s.shelf(archives).Use(fileName(digest))
	return data
}

func (s *Store) keepBlob(digest string, data []byte) {
	if s == nil || !images.IsDigest(digest) || int64(len(data)) > s.most {
		return
	}
	s.keep(archives, fileName(digest), data, s.most)
}

// version returns what is remembered under a key.
func (s *Store) version(key string) (v version, ok bool) {
	ok = s.note("version\n"+key, &v) && images.IsDigest(v.Digest) && v.Address != ""
	return v, ok
}

func (s *Store) keepVersion(key string, v version) { s.keepNote("version\n"+key, v) }

// identity is which digest a name has, and which it had before.
type identity struct {
	Digest string    `json:"digest"`
	Was    string    `json:"was,omitempty"`
	Moved  time.Time `json:"moved,omitzero"`
}

// tellMove is how long a name that got other content is told of: about as long as pull requests stay open.
const tellMove = 30 * 24 * time.Hour

// Identify notes that what goes by a name has a digest: a version of a chart, a tag, a branch of a repository that does not
// move. It returns what the name had before, when that was noticed within the last thirty days; else nil.
func (s *Store) Identify(name, digest string, now time.Time) *manifests.Moved {
	var is identity
	known := s.note("identity\n"+name, &is)
	if is.Digest != digest {
		is.Digest, is.Was, is.Moved = digest, is.Digest, now
		s.keepNote("identity\n"+name, is)
	}
	if !known || is.Was == "" || now.Sub(is.Moved) >= tellMove {
		return nil
	}
	return &manifests.Moved{Was: is.Was, At: is.Moved}
}

// identified reports whether a name has, as far as is known, still a digest.
func (s *Store) identified(name, digest string) bool {
	var is identity
	return !s.note("identity\n"+name, &is) || is.Digest == digest
}

// tagged is an index that is kept, with the entity tag that it was sent with.
type tagged struct {
	Tag    string `json:"tag"`
	Digest string `json:"digest"`
}

// index returns the index that is kept of a repository; no tag when none is.
func (s *Store) index(address string) (index []byte, tag string) {
	var is tagged
	if !s.note("index\n"+address, &is) {
		return nil, ""
	}
	if index = s.blob(is.Digest); index == nil {
		return nil, ""
	}
	return index, is.Tag
}

func (s *Store) keepIndex(address, tag string, index []byte) {
	digest := digestOf(index)
	s.keepBlob(digest, index)
	s.keepNote("index\n"+address, tagged{tag, digest})
}

// seal returns the provenance file that was found with what has a digest, which is nil when there was none.
func (s *Store) seal(digest string) (text []byte, known bool) {
	known = s.note("seal\n"+digest, &text)
	return text, known
}

func (s *Store) keepSeal(digest string, text []byte) { s.keepNote("seal\n"+digest, text) }

// layer returns the digest of the archive that a manifest names; "" when it is not known.
func (s *Store) layer(manifest string) (digest string) {
	s.note("layer\n"+manifest, &digest)
	return digest
}

func (s *Store) keepLayer(manifest, digest string) { s.keepNote("layer\n"+manifest, digest) }

// noted is a note as it lies on disk.
type noted struct {
	Key   string          `json:"key"`
	Sum   string          `json:"sum"` // of Value
	Value json.RawMessage `json:"value"`
}

func (s *Store) note(key string, into any) bool {
	if s == nil {
		return false
	}
	name := fileName(digestOf([]byte(key)))
	data, err := s.shelf(notes).Read(name, maxNote)
	if err != nil {
		return false
	}
	var n noted
	if json.Unmarshal(data, &n) != nil || n.Key != key || digestOf(n.Value) != n.Sum || json.Unmarshal(n.Value, into) != nil {
		return false
	}
	s.shelf(notes).Use(name)
	return true
}

func (s *Store) keepNote(key string, value any) {
	if s == nil {
		return
	}
	text, err := json.Marshal(value)
	if err != nil {
		return
	}
	data, err := json.Marshal(noted{Key: key, Sum: digestOf(text), Value: text})
	if err != nil {
		return
	}
	s.keep(notes, fileName(digestOf([]byte(key))), data, maxNotes)
}

// shelf is where one kind of files lies.
func (s *Store) shelf(kind string) manifests.Shelf {
	return manifests.Shelf(filepath.Join(s.dir, kind))
}

// fileName is what the file of a digest is called.
func fileName(digest string) string { return strings.ReplaceAll(digest, ":", "-") }

// keep puts a file on a shelf and makes room for it. A disk that cannot be written is no error: then nothing is kept.
func (s *Store) keep(kind, name string, data []byte, most int64) {
	if s.shelf(kind).Write(name, data) == nil {
		s.shelf(kind).Trim(most)
	}
}
