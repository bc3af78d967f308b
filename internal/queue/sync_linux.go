package queue

import (
	"errors"
	"os"
	"syscall"
)

// syncData writes the bytes of a file to the disk, and of what the system knows of the file only what they are found by:
// without its times, the file system's own log can wait.
func syncData(file *os.File) error {
	for {
		if err := syscall.Fdatasync(int(file.Fd())); !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
