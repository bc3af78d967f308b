package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeFile replaces a file in one step. A link by its name is replaced, not followed. What is no file is written to: a pipe,
// a device, and whatever /dev has, as /dev/stdout, which is a link.
func writeFile(name, text string) error {
	if isStream(name) {
		return writeStream(name, text)
	}
	dir, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	return replace(dir, filepath.Base(name), []byte(text), 0)
}

// isStream reports whether a name is that of a pipe or device.
func isStream(name string) bool {
	if full, err := filepath.Abs(name); err == nil && strings.HasPrefix(full, "/dev/") {
		return true
	}
	info, err := os.Lstat(name)
	return err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeDevice|fs.ModeSocket) != 0
}

func writeStream(name, text string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// replace puts a text into the place of a file below a directory, which links of others do not lead out of, in one step, so
// that nobody ever reads half of it. Its mode is that of any new file where none is given.
func replace(dir *os.Root, name string, text []byte, mode fs.FileMode) error {
	temporary := filepath.Join(filepath.Dir(name), ".landwaiter-"+rand.Text()+".part")
	file, err := dir.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, cmp.Or(mode&0o600, 0o644))
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if mode != 0 { // what it replaces matters to people
		err = cmp.Or(err, file.Chmod(mode), file.Sync())
	}
	if err = cmp.Or(err, file.Close()); err == nil {
		err = dir.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, dir.Remove(temporary))
	}
	return nil
}
