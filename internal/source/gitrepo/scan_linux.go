package gitrepo

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// scan walks the work tree once and compares it with the index, as git does with two walks. It reads directories and
// asks for the state of files, and follows no links.
type scan struct {
	entries []indexEntry // sorted by path
	written time.Duration
	slots   chan struct{}
	wait    sync.WaitGroup

	mu   sync.Mutex
	find found
	err  error
}

// indexChild is what the index has in a directory under one name: a file, or the entries of a directory.
type indexChild struct {
	name     string
	from, to int // entries
	isDir    bool
}

const (
	scanBuffer = 32 << 10
	// coarse is how far the clock of a file system may be behind: what was written so shortly before the index may
	// have changed since without a sign.
	coarse = 50 * time.Millisecond
)

// scanWorkTree finds the files of the work tree at root that are not as the index says, written at a time since 1970,
// and those that it does not have. An error means that git has to look at everything.
func scanWorkTree(root string, entries []indexEntry, written time.Duration) (found, error) {
	s := &scan{entries: entries, written: written, slots: make(chan struct{}, runtime.GOMAXPROCS(0)-1)}
	fd, err := openDirectory(unix.AT_FDCWD, root)
	if err != nil {
		return found{}, err
	}
	s.directory(fd, "", 0, len(entries), make([]byte, scanBuffer))
	s.wait.Wait()
	slices.Sort(s.find.suspect)
	slices.Sort(s.find.unknown)
	return s.find, s.err
}

func openDirectory(at int, name string) (int, error) {
	return unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
}

// directory compares the open directory fd, which it closes, with the entries from to to. prefix is its path with a
// slash, "" for the top.
func (s *scan) directory(fd int, prefix string, from, to int, buffer []byte) {
	defer unix.Close(fd)
	names, err := readNames(fd, buffer)
	if err != nil {
		s.fail(err)
		return
	}
	children := childrenOf(s.entries, len(prefix), from, to)
	seen := make([]bool, len(children))
	for _, name := range names {
		i, ok := slices.BinarySearchFunc(children, name, func(c indexChild, name string) int { return strings.Compare(c.name, name) })
		switch {
		case name == ".git":
		case !ok:
			s.add(nil, prefix+name)
		default:
			seen[i] = true
			s.child(fd, prefix, children[i], buffer)
		}
	}
	for i, c := range children {
		if !seen[i] {
			s.suspect(c)
		}
	}
}

// readNames reads the names in a directory.
func readNames(fd int, buffer []byte) (names []string, err error) {
	for {
		n, err := unix.ReadDirent(fd, buffer)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return names, err
		}
		_, _, names = unix.ParseDirent(buffer[:n], -1, names)
	}
}

// childrenOf groups entries by the next element of their paths, sorted by name.
func childrenOf(entries []indexEntry, skip, from, to int) (children []indexChild) {
	for i := from; i < to; {
		rest := entries[i].path[skip:]
		slash := strings.IndexByte(rest, '/')
		if slash < 0 {
			children = append(children, indexChild{rest, i, i + 1, false})
			i++
			continue
		}
		end := i + 1
		for end < to && strings.HasPrefix(entries[end].path[skip:], rest[:slash+1]) {
			end++
		}
		children = append(children, indexChild{rest[:slash], i, end, true})
		i = end
	}
	slices.SortFunc(children, func(a, b indexChild) int { return strings.Compare(a.name, b.name) })
	return children
}

// child compares one name that the index has.
func (s *scan) child(fd int, prefix string, c indexChild, buffer []byte) {
	if !c.isDir {
		var st unix.Stat_t
		e := &s.entries[c.from]
		if err := unix.Fstatat(fd, c.name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil || !s.same(e, &st) {
			s.suspect(c)
		}
		if st.Mode&unix.S_IFMT == unix.S_IFDIR && e.mode != modeGitlink {
			s.add(nil, prefix+c.name)
		}
		return
	}
	sub, err := openDirectory(fd, c.name)
	if err != nil { // not a directory any more, or not readable
		s.suspect(c)
		s.add(nil, prefix+c.name)
		return
	}
	select {
	case s.slots <- struct{}{}:
		s.wait.Go(func() {
			defer func() { <-s.slots }()
			s.directory(sub, prefix+c.name+"/", c.from, c.to, make([]byte, scanBuffer))
		})
	default:
		s.directory(sub, prefix+c.name+"/", c.from, c.to, buffer)
	}
}

// same reports whether a file surely is as the index knows it.
func (s *scan) same(e *indexEntry, st *unix.Stat_t) bool {
	mode := uint32(unix.S_IFREG)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		if mode |= 0o644; st.Mode&0o100 != 0 {
			mode |= 0o111
		}
	case unix.S_IFLNK:
		mode = unix.S_IFLNK
	default:
		return false
	}
	ctime, mtime := time.Duration(st.Ctim.Nano()), time.Duration(st.Mtim.Nano())
	return e.mode == mode && e.mtime == mtime && e.ctime == ctime && e.mtime+coarse < s.written &&
		e.inode == uint32(st.Ino) && e.uid == st.Uid && e.gid == st.Gid && e.size == uint32(st.Size)
}

// suspect notes all entries of a child as possibly changed.
func (s *scan) suspect(c indexChild) {
	var paths []string
	for _, e := range s.entries[c.from:c.to] {
		paths = append(paths, e.path)
	}
	s.add(paths, "")
}

func (s *scan) add(suspect []string, unknown string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find.suspect = append(s.find.suspect, suspect...)
	if unknown != "" {
		s.find.unknown = append(s.find.unknown, unknown)
	}
}

func (s *scan) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}
