//go:build unix

package main

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// use is what processes took: CPU in seconds, peak resident memory of the largest in bytes.
type use struct {
	cpu  float64
	peak int64
}

// resourceUse asks the system what this process and its ended children took.
func resourceUse() (own, children use) {
	return usageOf(unix.RUSAGE_SELF), usageOf(unix.RUSAGE_CHILDREN)
}

func usageOf(who int) use {
	var r unix.Rusage
	if err := unix.Getrusage(who, &r); err != nil {
		return use{}
	}
	unit := int64(1024) // Linux and the BSDs count kilobytes
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	seconds := func(t unix.Timeval) float64 { return float64(t.Nano()) / 1e9 }
	return use{cpu: seconds(r.Utime) + seconds(r.Stime), peak: int64(r.Maxrss) * unit}
}
