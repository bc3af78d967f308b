//go:build linux || darwin || freebsd

package queue

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// lockFile locks a file for this process alone until the file is closed or the process ends, however it does. The file
// is not the database itself: closing any handle of that would drop the locks that SQLite holds on it.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(file, 20))
		err = fmt.Errorf("it is in use by another process (%s is locked, by process %s): a SQLite database serves one process at a time; stop the other one, or use postgres:// for several",
			path, strings.TrimSpace(string(holder)))
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	// Who holds it is for the message above only; on a full disk the lock must do without.
	_ = file.Truncate(0)
	_, _ = file.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return file, nil
}

// freeSpace is what an ordinary user may still write on the file system of path, in bytes.
func freeSpace(path string) (free uint64, known bool) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		return 0, false
	}
	return uint64(stat.Bavail) * uint64(stat.Bsize), true
}
