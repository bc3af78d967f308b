package server

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// leastRoom is how many bytes have to be free on a disk that is worked on.
const leastRoom = 64 << 20

// CheckDisk returns a check that a directory can be written and has room. The directory is made if it is not there.
func CheckDisk(dir string) Check {
	return Check{Name: "disk", Run: func(context.Context) error { return checkDisk(dir, leastRoom) }}
}

func checkDisk(dir string, least uint64) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the data directory cannot be made: %w", err)
	}
	if free, err := freeBytes(dir); err == nil && free < least {
		return fmt.Errorf("%s has %d MiB left, less than %d: make room, or lower cache.mirrors and cache.renderings", dir, free>>20, least>>20)
	}
	file, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return fmt.Errorf("the data directory cannot be written: %w", err)
	}
	_, writeErr := file.Write(make([]byte, 4096))
	err = errors.Join(writeErr, file.Sync(), file.Close(), os.Remove(file.Name()))
	if err != nil {
		return fmt.Errorf("the data directory cannot be written: %w", err)
	}
	return nil
}
