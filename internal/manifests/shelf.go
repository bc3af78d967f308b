package manifests

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Shelf is a directory of files that are kept as long as there is room. Several processes may share it, and any file may be
// deleted at any time. Who reads one checks that it is what was written.
type Shelf string

// Read returns a file that is a regular one and not larger than most bytes. The error is for who wants to know why it is not
// to be had.
func (s Shelf) Read(name string, most int64) ([]byte, error) {
	file := filepath.Join(string(s), name)
	info, err := os.Lstat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s: %w", file, fs.ErrInvalid)
	}
	return os.ReadFile(file)
}

// Write puts a file in place at once, so that nobody sees half of it, and makes the directory where it is not there.
func (s Shelf) Write(name string, data []byte) error {
	if err := os.MkdirAll(string(s), 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(string(s), "new-*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if closing := temp.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(string(s), name))
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// Use marks files as used now. One that another process just removed is none to keep.
func (s Shelf) Use(names ...string) {
	now := time.Now()
	for _, name := range names {
		_ = os.Chtimes(filepath.Join(string(s), name), now, now)
	}
}

// Trim removes what was used least recently while all together is larger than most bytes, down to three quarters of that.
// It returns how large all is then; 0 when that cannot be told.
func (s Shelf) Trim(most int64) (size int64) {
	entries, err := os.ReadDir(string(s))
	if err != nil {
		return 0
	}
	var files []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			files = append(files, info)
			size += info.Size()
		}
	}
	if size <= most {
		return size
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, f := range files {
		if size <= most*3/4 {
			break
		}
		if os.Remove(filepath.Join(string(s), f.Name())) == nil {
			size -= f.Size()
		}
	}
	return size
}
