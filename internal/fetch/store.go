package fetch

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// maxNotes bounds the bytes of notes.
const maxNotes = 16 << 20

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
	file := s.file("archives", digest)
	data, err := readFile(file, s.most)
	if err != nil || !images.MatchesDigest(digest, data) {
		return nil
	}
	used(file)
	return data
}

func (s *Store) keepBlob(digest string, data []byte) {
	if s == nil || !images.IsDigest(digest) || int64(len(data)) > s.most {
		return
	}
	s.write(s.file("archives", digest), data)
	s.trim("archives", s.most)
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
	file := s.file("notes", digestOf([]byte(key)))
	data, err := readFile(file, 1<<20)
	if err != nil {
		return false
	}
	var n noted
	if json.Unmarshal(data, &n) != nil || n.Key != key || digestOf(n.Value) != n.Sum || json.Unmarshal(n.Value, into) != nil {
		return false
	}
	used(file)
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
	s.write(s.file("notes", digestOf([]byte(key))), data)
	s.trim("notes", maxNotes)
}

func (s *Store) file(kind, digest string) string {
	return filepath.Join(s.dir, kind, strings.ReplaceAll(digest, ":", "-"))
}

func readFile(file string, most int64) ([]byte, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fs.ErrInvalid
	}
	return os.ReadFile(file)
}

// used marks a file as used now; one that another process just removed is none to keep.
func used(file string) {
	now := time.Now()
	_ = os.Chtimes(file, now, now)
}

// write puts a file in place at once. A disk that cannot be written is no error: then nothing is kept.
func (s *Store) write(file string, data []byte) {
	if os.MkdirAll(filepath.Dir(file), 0o700) != nil {
		return
	}
	temp, err := os.CreateTemp(filepath.Dir(file), "new-*") // made with mode 0600
	if err != nil {
		return
	}
	_, err = temp.Write(data)
	if closing := temp.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
}

// trim removes what was used least recently while all together is too large.
func (s *Store) trim(kind string, most int64) {
	entries, err := os.ReadDir(filepath.Join(s.dir, kind))
	if err != nil {
		return
	}
	var files []fs.FileInfo
	var size int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			files = append(files, info)
			size += info.Size()
		}
	}
	if size <= most {
		return
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, f := range files {
		if size <= most*3/4 {
			return
		}
		if os.Remove(filepath.Join(s.dir, kind, f.Name())) == nil {
			size -= f.Size()
		}
	}
}
