package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

// Disk reads entries from a directory of the file system, and never outside it: not through symbolic links,
// and not through names. Only what it reads is opened.
type Disk struct{ root *os.Root }

// OpenDisk opens a directory for reading. Close releases it.
func OpenDisk(dir string) (*Disk, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Disk{root}, nil
}

// Close releases the directory; entries cannot be read afterwards.
func (d *Disk) Close() error { return d.root.Close() }

// Has reports whether there is anything at path, be it a symbolic link that leads nowhere.
func (d *Disk) Has(path string) bool {
	_, err := d.root.Lstat(filepath.FromSlash(path))
	return err == nil
}

// Blob implements Blobs: the bytes of a regular file, or the target of a symbolic link. A link that a checkout
// without symbolic links wrote as a file is read as such a file.
func (d *Disk) Blob(e Entry, limit int64) ([]byte, error) {
	name := filepath.FromSlash(e.Path)
	if e.Mode == Symlink {
		info, err := d.root.Lstat(name)
		if err != nil {
			return nil, err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err := d.root.Readlink(name)
			return []byte(filepath.ToSlash(target)), err
		}
	}
	// Without waiting: a named pipe put there since the listing must not hold us.
	f, err := d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrNotFile
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%d bytes: %w (%d)", info.Size(), ErrFileSize, limit)
	}
	return readUpTo(f, info.Size(), limit)
}

// readUpTo reads a file of about size bytes, but no more than limit.
func readUpTo(r io.Reader, size, limit int64) ([]byte, error) {
	data := make([]byte, 0, size+1)
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if int64(len(data)) > limit {
			return nil, fmt.Errorf("%w (%d)", ErrFileSize, limit)
		}
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
	}
}

// DirTree is the tree of a directory on disk. Close it when it is read no more.
type DirTree struct {
	Tree
	disk *Disk
}

// Close releases the directory.
func (t *DirTree) Close() error { return t.disk.Close() }

// OpenDir returns the tree of a plain directory: every regular file and symbolic link below it except .git and
// what is in it. Listing happens here, so that the tree is one state of the directory; bytes are read, and
// IDs computed, when they are asked for. Too many files give ErrFileCount; directories that may not be read are
// left out and named by Problems.
func OpenDir(dir string, limits Limits) (*DirTree, error) {
	disk, err := OpenDisk(dir)
	if err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	l := lister{limits: limits.WithDefaults()}
	if err := l.list(disk.root, ".", 1); err != nil {
		return nil, errors.Join(fmt.Errorf("list %s: %w", dir, err), disk.Close())
	}
	made, err := New(l.entries, disk, limits)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("list %s: %w", dir, err), disk.Close())
	}
	t := made.(*tree)
	t.problems = append(l.problems, t.problems...)
	return &DirTree{t, disk}, nil
}

// lister collects the entries of a directory. Each directory is opened from the one it is in, so that none is
// reached through a link.
type lister struct {
	limits   Limits
	entries  []Entry
	problems []error
}

func (l *lister) list(dir *os.Root, name string, depth int) error {
	found, err := l.read(dir)
	if err != nil {
		return err
	}
	for _, d := range found {
		if err := l.add(dir, path.Join(name, d.Name()), d, depth); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) read(dir *os.Root) ([]fs.DirEntry, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []fs.DirEntry
	for {
		found, err := f.ReadDir(1000)
		all = append(all, found...)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err == nil && len(all) > l.limits.Files {
			err = fmt.Errorf("%w (%d)", ErrFileCount, l.limits.Files)
		}
		if err != nil {
			return nil, err
		}
	}
}

func (l *lister) add(dir *os.Root, name string, d fs.DirEntry, depth int) error {
	switch {
	case d.Name() == ".git":
		return nil
	case d.IsDir():
		return l.enter(dir, name, depth)
	case d.Type() == fs.ModeSymlink:
		l.entries = append(l.entries, Entry{Path: name, Mode: Symlink, Size: -1})
	case d.Type().IsRegular():
		l.entries = append(l.entries, Entry{Path: name, Mode: Regular, Size: -1})
	}
	if len(l.entries) > l.limits.Files {
		return fmt.Errorf("%w (%d)", ErrFileCount, l.limits.Files)
	}
	return nil
}

// enter lists a directory inside of another. One that cannot be read is a problem, but not the end.
func (l *lister) enter(dir *os.Root, name string, depth int) error {
	if depth >= l.limits.Depth {
		l.problems = append(l.problems, at(name, ErrDepth))
		return nil
	}
	sub, err := dir.OpenRoot(path.Base(name))
	if err == nil {
		defer sub.Close()
		err = l.list(sub, name, depth+1)
	}
	if errors.Is(err, ErrFileCount) {
		return err
	}
	if err != nil {
		l.problems = append(l.problems, at(name, err))
	}
	return nil
}
