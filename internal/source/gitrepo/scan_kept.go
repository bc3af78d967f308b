package gitrepo

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// directories are those of which an index has files.
type directories struct {
	dirs   []indexDir       // sorted by their first entries, each before those below it
	others map[int][]string // names in a directory that the index does not have, by its number, as of its state
	news   bool             // not all of this was kept
}

type indexDir struct {
	path     string // with a slash at its end, "" for the top
	from, to int32  // the entries of all files below it
	state    dirState
}

// dirState is what the file system said of a directory when its names were read. As long as it says the same, the names
// are the same: adding, removing and renaming change the times of a directory. The zero state is that of none.
type dirState struct {
	inode        uint64
	mtime, ctime time.Duration // since 1970
}

// settling is how old the times of a directory must be, that a later change will surely give it others: clocks of file
// systems count up to two seconds at a time.
const settling = 3 * time.Second

func (s dirState) settled(now time.Duration) bool {
	return max(s.mtime, s.ctime)+settling < now
}

func directoriesOf(entries []indexEntry) directories {
	dirs := append(make([]indexDir, 0, len(entries)), indexDir{path: "", to: int32(len(entries))})
	open, previous := []int{}, ""
	for i, e := range entries {
		shared := 0
		for shared < len(previous) && shared < len(e.path) && previous[shared] == e.path[shared] {
			shared++
		}
		for len(open) > 0 && len(dirs[open[len(open)-1]].path) > shared {
			dirs[open[len(open)-1]].to = int32(i)
			open = open[:len(open)-1]
		}
		for at := shared; at < len(e.path); at++ {
			if e.path[at] == '/' {
				open = append(open, len(dirs))
				dirs = append(dirs, indexDir{path: e.path[:at+1], from: int32(i), to: int32(len(entries))})
			}
		}
		previous = e.path
	}
	return directories{dirs: dirs, others: map[int][]string{}}
}

// note takes over what was found in directories whose names were read.
func (d *directories) note(fresh []freshDir) {
	for _, f := range fresh {
		d.news = true
		if delete(d.others, f.dir); len(f.others) > 0 {
			d.others[f.dir] = f.others
		}
	}
}

// freshDir is what was found in a directory, by its number.
type freshDir struct {
	dir    int
	others []string
}

// directoriesKey names the paths of an index: what is kept of directories is what they have besides these.
func directoriesKey(entries []indexEntry) string {
	h := sha256.New()
	buf := make([]byte, 0, 36<<10)
	for _, e := range entries {
		if buf = append(append(buf, e.path...), 0); len(buf) > 32<<10 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	h.Write(buf)
	return string(h.Sum(nil))
}

func (r *Repo) directoriesName() string { return "directories of " + r.root }

// What is kept: the time, how many names the index does not have, the states in the order of the directories, and then
// each of these names as "<number of its directory>/<name>\0".
const (
	keptHeader = 16
	stateBytes = 24
)

// recallDirectories fills in what was kept of directories.
func (r *Repo) recallDirectories(key string, now time.Duration, d *directories) {
	if r.keeper == nil {
		return
	}
	data := r.keeper.Kept(r.directoriesName(), key)
	end := keptHeader + len(d.dirs)*stateBytes
	if len(data) < end {
		return
	}
	number := func(at int) uint64 { return binary.LittleEndian.Uint64(data[at:]) }
	moment := func(at int) time.Duration { return time.Duration(number(at)) }
	names := string(data[end:])
	if moment(0) > now || number(8) != uint64(strings.Count(names, "\x00")) {
		return // the clock was set back, and times may come again; or this is not all of it
	}
	for record := range strings.SplitSeq(names, "\x00") {
		number, name, ok := strings.Cut(record, "/")
		if i, err := strconv.Atoi(number); ok && err == nil {
			d.others[i] = append(d.others[i], name)
		}
	}
	for i := range d.dirs {
		at := keptHeader + i*stateBytes
		d.dirs[i].state = dirState{inode: number(at), mtime: moment(at + 8), ctime: moment(at + 16)}
	}
}

// keepDirectories keeps what is known of directories now, if anything of it is new.
func (r *Repo) keepDirectories(key string, now time.Duration, d *directories) {
	if r.keeper == nil || !d.news {
		return
	}
	data := make([]byte, 0, keptHeader+len(d.dirs)*stateBytes)
	number := func(n uint64) { data = binary.LittleEndian.AppendUint64(data, n) }
	count := 0
	for _, names := range d.others {
		count += len(names)
	}
	number(uint64(now))
	number(uint64(count))
	for _, dir := range d.dirs {
		number(dir.state.inode)
		number(uint64(dir.state.mtime))
		number(uint64(dir.state.ctime))
	}
	for i, names := range d.others {
		for _, name := range names {
			data = append(strconv.AppendInt(data, int64(i), 10), '/')
			data = append(append(data, name...), 0)
		}
	}
	r.keeper.Keep(r.directoriesName(), key, data)
}

func sinceEpoch() time.Duration { return time.Duration(time.Now().UnixNano()) }
