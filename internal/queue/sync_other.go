//go:build !linux

package queue

import "os"

// syncData writes the bytes of a file to the disk.
func syncData(file *os.File) error { return file.Sync() }
