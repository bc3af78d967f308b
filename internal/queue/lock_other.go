//go:build !linux && !darwin && !freebsd

package queue

import (
	"errors"
	"fmt"
	"os"
)

// lockFile fails: without a lock two processes would do each other's jobs. PostgreSQL works on every system.
func lockFile(path string) (*os.File, error) {
	return nil, fmt.Errorf("lock %s: %w on this system; use postgres://", path, errors.ErrUnsupported)
}

func freeSpace(string) (uint64, bool) { return 0, false }
