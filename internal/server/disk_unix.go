//go:build linux || darwin

package server

import "golang.org/x/sys/unix"

// freeBytes returns what of a disk is free for us.
func freeBytes(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
