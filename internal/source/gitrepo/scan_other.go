//go:build !linux

package gitrepo

import (
	"errors"
	"time"
)

// scanWorkTree is there for Linux only: elsewhere git looks at everything.
func scanWorkTree(string, []indexEntry, time.Duration) (found, error) {
	return found{}, errors.ErrUnsupported
}
