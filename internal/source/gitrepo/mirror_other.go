//go:build !unix || solaris || illumos || aix

package gitrepo

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// Mirrors belong to the server, which runs where files can be locked for a program and those that it starts.
func flock(file *os.File, _ bool) error {
	return fmt.Errorf("lock %s: %w on this system", file.Name(), errors.ErrUnsupported)
}

func asGroup(*exec.Cmd) {}

func isUnwritable(error) bool { return false }
