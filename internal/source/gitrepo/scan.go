package gitrepo

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
)

// found is where the work tree may not be what a commit says.
type found struct {
	all     bool         // it may be anywhere, and nothing else is said
	suspect []string     // files of the index or of the commit that are to be compared
	unknown []string     // files and directories that the index does not have
	entries []indexEntry // what the index has of the suspect
}

// maxPathspecs is up to how many paths git is asked for by name: it holds each against each file.
const maxPathspecs = 100

func (f *found) tooMuch() bool { return len(f.suspect)+len(f.unknown) > maxPathspecs }

// coarse is how far the clock of a file system may be behind: what was written so shortly before the index may have
// changed since without a sign.
const coarse = 50 * time.Millisecond

// scan is what one walk over the work tree needs to know.
type scan struct {
	root      string
	entries   []indexEntry  // sorted by path
	written   time.Duration // since 1970: when the index was
	began     time.Duration // since 1970: when the walk did
	contentID func([]byte) string
	directories
}

// has reports whether the index has a file, or files, under a name in a directory.
func (s *scan) has(dir *indexDir, name string) bool {
	entries, skip := s.entries[dir.from:dir.to], len(dir.path)
	i := sort.Search(len(entries), func(i int) bool { return entries[i].path[skip:] >= name })
	if i < len(entries) && entries[i].path[skip:] == name {
		return true
	}
	entries = entries[i:] // now "name-more", "name/file"
	i = sort.Search(len(entries), func(i int) bool {
		rest, begins := strings.CutPrefix(entries[i].path[skip:], name)
		return !begins || rest[0] >= '/'
	})
	return i < len(entries) && strings.HasPrefix(entries[i].path[skip:], name) && entries[i].path[skip+len(name)] == '/'
}

// survey is where the work tree may not be what the index says.
type survey struct {
	found
	index []indexEntry
}

// lookAside begins to look at the work tree. What it returns waits for the end of that.
func (r *Repo) lookAside() func() survey {
	var seen survey
	done := make(chan struct{})
	go func() {
		defer close(done)
		seen = r.look(sinceEpoch())
	}()
	return func() survey {
		<-done
		return seen
	}
}

// look walks over the work tree and says which parts of it git has to look at. That is everything when it is too much,
// and when the index or the settings are of a kind that git alone knows. now is the time since 1970.
func (r *Repo) look(now time.Duration) survey {
	all := survey{found: found{all: true}}
	if r.root == "" || !r.settings.comparesPlainly() {
		return all
	}
	data, written, err := readIndex(filepath.Join(r.gitDir, "index"))
	if err != nil {
		return all // there may be none yet
	}
	entries, err := parseIndex(data, r.settings.hashSize())
	if err != nil || len(entries) == 0 {
		return all
	}
	s := &scan{root: r.root, entries: entries, written: written, began: now, contentID: r.settings.contentID}
	s.directories = directoriesOf(entries)
	key := directoriesKey(entries)
	r.recallDirectories(key, now, &s.directories)
	f, err := s.run()
	if err != nil || f.tooMuch() {
		return all // git says what is wrong
	}
	r.keepDirectories(key, now, &s.directories)
	return survey{f, entries}
}

// readIndex returns the text of an index and when it was written, since 1970. It is large, and held only once.
func readIndex(name string) (data string, written time.Duration, err error) {
	file, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", 0, err
	}
	var text strings.Builder
	text.Grow(int(info.Size()))
	_, err = io.CopyBuffer(&text, struct{ io.Reader }{file}, make([]byte, 64<<10))
	return text.String(), time.Duration(info.ModTime().UnixNano()), err
}

// against adds to what was seen where the index is not what a commit says, of which it takes the listing.
func (s survey) against(listing string) found {
	f := s.found
	if f.all {
		return f
	}
	f.suspect = append(f.suspect, staged(listing, s.index)...)
	slices.Sort(f.suspect)
	slices.Sort(f.unknown)
	f.suspect, f.unknown = slices.Compact(f.suspect), slices.Compact(f.unknown)
	if f.tooMuch() {
		return found{all: true}
	}
	for _, path := range f.suspect {
		i, ok := slices.BinarySearchFunc(s.index, path, func(e indexEntry, path string) int { return strings.Compare(e.path, path) })
		if ok {
			f.entries = append(f.entries, s.index[i])
		}
	}
	return f
}

// staged returns the paths under which the index has something else than a listing of a commit (git ls-tree -r -z),
// or only one of them has anything. Both are sorted by path.
func staged(listing string, entries []indexEntry) (paths []string) {
	for listing != "" {
		record, rest, _ := strings.Cut(listing, "\x00")
		listing = rest
		about, name, _ := strings.Cut(record, "\t")
		for len(entries) > 0 && entries[0].path < name {
			paths = append(paths, entries[0].path)
			entries = entries[1:]
		}
		if len(entries) == 0 || entries[0].path != name {
			paths = append(paths, name)
			continue
		}
		if !entries[0].listedAs(about) {
			paths = append(paths, name)
		}
		entries = entries[1:]
	}
	for _, e := range entries {
		paths = append(paths, e.path)
	}
	return paths
}
