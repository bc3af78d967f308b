package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// fileLock is a lock that goroutines and processes hold on a file, alone or shared. The system frees it when the last
// program that has the file open ends, however it ends.
type fileLock struct{ file *os.File }

// errHeld says that somebody else holds a lock.
var errHeld = errors.New("is in use")

const lockPoll = 5 * time.Millisecond

// acquire waits for a lock until ctx ends.
func acquire(ctx context.Context, name string, alone bool) (*fileLock, error) {
	for {
		lock, err := tryAcquire(name, alone)
		if !errors.Is(err, errHeld) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for others to be done with %s: %w", name, context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// tryAcquire takes a lock, or returns errHeld. It makes the file when it is not there.
func tryAcquire(name string, alone bool) (*fileLock, error) {
	for {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if errors.Is(err, os.ErrNotExist) {
			if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
				return nil, diskError("lock a mirror", err)
			}
			continue
		}
		if err != nil {
			return nil, diskError("lock a mirror", err)
		}
		lock := &fileLock{file}
		if err := flock(file, alone); err != nil {
			lock.release()
			return nil, err
		}
		if lock.isAt(name) {
			return lock, nil
		}
		lock.release() // its holder has deleted the file: a lock on it keeps nobody out
	}
}

func (l *fileLock) isAt(name string) bool {
	mine, err := l.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(name)
	return err == nil && os.SameFile(mine, there)
}

// release gives the lock back. A file that is only locked has nothing to lose when closing it fails.
func (l *fileLock) release() { _ = l.file.Close() }

// A lock's file has content while its holder is at work. Whoever finds some knows that the last one did not finish.

func (l *fileLock) begin() error {
	_, err := l.file.WriteAt([]byte("at work\n"), 0)
	return diskError("note that a fetch begins", err)
}

func (l *fileLock) finish() error {
	return diskError("note that a fetch has ended", l.file.Truncate(0))
}

func (l *fileLock) unfinished() bool {
	info, err := l.file.Stat()
	return err != nil || info.Size() > 0
}
