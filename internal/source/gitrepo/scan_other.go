//go:build !linux

package gitrepo

import "errors"

// run is there for Linux only: elsewhere git looks at everything.
func (s *scan) run() (found, error) {
	return found{}, errors.ErrUnsupported
}
