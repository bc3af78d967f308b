//go:build !linux

package sandbox

import (
	"runtime"
	"time"
)

// Confine cannot do more on this system than ask Go to keep memory low, which Serve has done; the deadline and
// the limits on what a child hands over hold everywhere. The Report says so.
func Confine(Limits) (Report, error) {
	return Report{Missing: "there is no sandbox for " + runtime.GOOS}, nil
}

// cpuTime is not known here; the deadline alone bounds a child.
func cpuTime() time.Duration { return 0 }
