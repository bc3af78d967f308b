package gitrepo

import (
	"io"
	"os"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	scanBuffer = 32 << 10
	scanChunk  = 512 // entries that a processor takes at once
	// maxCompared is the size up to which such a file is read.
	maxCompared = 1 << 20
)

// walk is a scan under way, on all processors.
type walk struct {
	*scan
	top    int // the open directory
	device uint64
	keeps  bool // the file system's directories can be known by their times
	next   atomic.Int64

	mu    sync.Mutex
	find  found
	fresh []freshDir
	err   error
}

// run finds the files of the work tree that are not as the index says, and those that it does not have. It asks for the
// state of every file and directory, reads the names of those directories that are not as they were before, and follows
// no links. An error means that git has to look at everything.
func (s *scan) run() (found, error) {
	w := &walk{scan: s}
	var err error
	if w.top, err = unix.Open(s.root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0); err != nil {
		return found{}, err
	}
	defer unix.Close(w.top)
	var st unix.Stat_t
	if err := unix.Fstat(w.top, &st); err != nil {
		return found{}, err
	}
	w.device, w.keeps = st.Dev, hasExactTimes(w.top)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(w.work)
	}
	wait.Wait()
	s.note(w.fresh)
	return w.find, w.err
}

// hasExactTimes reports whether a file system is a local one of which it is known that what happens in a directory
// shows in the directory's times at once.
func hasExactTimes(fd int) bool {
	var fs unix.Statfs_t
	if unix.Fstatfs(fd, &fs) != nil {
		return false
	}
	switch uint32(fs.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.F2FS_SUPER_MAGIC, unix.OVERLAYFS_SUPER_MAGIC:
		return true
	}
	return false
}

// worker is what one processor has of a walk.
type worker struct {
	*walk
	st     unix.Stat_t
	buffer []byte
	names  []string
	find   found
	fresh  []freshDir
}

// work takes chunks of the entries, with the directories that begin there, until there are no more.
func (w *walk) work() {
	one := &worker{walk: w, buffer: make([]byte, scanBuffer)}
	var err error
	for err == nil {
		from := int(w.next.Add(1)-1) * scanChunk
		if from >= len(w.entries) {
			break
		}
		err = one.chunk(from, min(from+scanChunk, len(w.entries)))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.find.suspect = append(w.find.suspect, one.find.suspect...)
	w.find.unknown = append(w.find.unknown, one.find.unknown...)
	w.fresh = append(w.fresh, one.fresh...)
	if err != nil {
		w.err = err
	}
}

func (w *worker) chunk(from, to int) error {
	dir := sort.Search(len(w.dirs), func(i int) bool { return int(w.dirs[i].from) >= from })
	for i := from; i < to; i++ {
		for ; dir < len(w.dirs) && int(w.dirs[dir].from) == i; dir++ {
			if err := w.directory(dir); err != nil {
				return err
			}
		}
		w.file(&w.entries[i])
	}
	return nil
}

// directory looks for names in a directory that the index does not have.
func (w *worker) directory(i int) error {
	dir, name := &w.dirs[i], "."
	if dir.path != "" {
		name = dir.path[:len(dir.path)-1]
	}
	others, fresh, err := w.othersIn(dir, name, i)
	switch err {
	case nil:
	case unix.ENOENT:
		return nil // so are its files
	case unix.ENOTDIR, unix.ELOOP: // perhaps a link, through which its files may still be seen
		w.find.unknown = append(w.find.unknown, name)
		for _, e := range w.entries[dir.from:dir.to] {
			w.find.suspect = append(w.find.suspect, e.path)
		}
		return nil
	default:
		return err
	}
	if fresh {
		w.fresh = append(w.fresh, freshDir{i, others})
	}
	for _, other := range others {
		w.find.unknown = append(w.find.unknown, dir.path+other)
	}
	return nil
}

// othersIn returns the names in a directory that the index does not have. They are fresh when they were read and may be
// kept with its state, which is set.
func (w *worker) othersIn(dir *indexDir, name string, i int) (others []string, fresh bool, err error) {
	if dir.state.inode != 0 {
		if err := unix.Fstatat(w.top, name, &w.st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT); err != nil {
			return nil, false, err
		}
		if !w.is(unix.S_IFDIR) {
			return nil, false, unix.ENOTDIR
		}
		if w.keeps && w.st.Dev == w.device && w.state() == dir.state {
			return w.others[i], false, nil
		}
	}
	fd, err := w.open(name, unix.O_DIRECTORY)
	if err != nil {
		return nil, false, err
	}
	defer unix.Close(fd)
	// The state comes before the names: what changes while they are read shows the next time.
	if err := unix.Fstat(fd, &w.st); err != nil {
		return nil, false, err
	}
	if others, err = w.readOthers(fd, dir); err != nil {
		return nil, false, err
	}
	state := w.state()
	if fresh = w.keeps && w.st.Dev == w.device && state.settled(w.began); fresh {
		dir.state = state
	}
	return others, fresh, nil
}

func (w *worker) is(kind uint32) bool { return w.st.Mode&unix.S_IFMT == kind }

// state is that of the directory that was last asked for.
func (w *worker) state() dirState {
	return dirState{inode: w.st.Ino, mtime: time.Duration(w.st.Mtim.Nano()), ctime: time.Duration(w.st.Ctim.Nano())}
}

// readOthers reads the names in an open directory and returns those that the index does not have.
func (w *worker) readOthers(fd int, dir *indexDir) (others []string, err error) {
	for {
		n, err := unix.ReadDirent(fd, w.buffer)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return others, err
		}
		_, _, w.names = unix.ParseDirent(w.buffer[:n], -1, w.names[:0])
		for _, name := range w.names {
			if name != ".git" && !w.has(dir, name) {
				others = append(others, name)
			}
		}
	}
}

// open opens what is at path in the work tree for reading, not through any link.
func (w *worker) open(path string, flags uint64) (int, error) {
	return unix.Openat2(w.top, path, &unix.OpenHow{
		Flags:   flags | unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_CLOEXEC | unix.O_NONBLOCK,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
}

// file compares a file with what the index says of it.
func (w *worker) file(e *indexEntry) {
	if err := unix.Fstatat(w.top, e.path, &w.st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT); err != nil {
		w.find.suspect = append(w.find.suspect, e.path)
		return
	}
	if w.is(unix.S_IFDIR) && e.mode() != modeGitlink {
		w.find.unknown = append(w.find.unknown, e.path)
	}
	if !w.same(e) || e.mtime()+coarse >= w.written && !w.sameContent(e) {
		w.find.suspect = append(w.find.suspect, e.path)
	}
}

// same reports whether the file system says of a file what it said when git last looked at it.
func (w *worker) same(e *indexEntry) bool {
	mode := uint32(unix.S_IFREG)
	switch w.st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		if mode |= 0o644; w.st.Mode&0o100 != 0 {
			mode |= 0o111
		}
	case unix.S_IFLNK:
		mode = unix.S_IFLNK
	default:
		return false
	}
	ctime, mtime := time.Duration(w.st.Ctim.Nano()), time.Duration(w.st.Mtim.Nano())
	return e.mode() == mode && e.mtime() == mtime && e.ctime() == ctime &&
		e.inode() == uint32(w.st.Ino) && e.uid() == w.st.Uid && e.gid() == w.st.Gid && e.size() == uint32(w.st.Size)
}

// sameContent reports whether a file that was just asked for surely has the bytes that the index names.
func (w *worker) sameContent(e *indexEntry) bool {
	if !w.is(unix.S_IFREG) || w.st.Size > maxCompared {
		return false
	}
	fd, err := w.open(e.path, 0)
	if err != nil {
		return false
	}
	file := os.NewFile(uintptr(fd), e.path)
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxCompared+1))
	return err == nil && e.hasID(w.contentID(data))
}
