//go:build !linux

package sandbox

import (
	"os"
	"syscall"
)

func attributes() *syscall.SysProcAttr { return nil }

func giveWay(int) {}

// killedBy returns the signal that ended a process, 0 for none.
func killedBy(state *os.ProcessState) syscall.Signal {
	if status, ok := state.Sys().(interface {
		Signaled() bool
		Signal() syscall.Signal
	}); ok && status.Signaled() {
		return status.Signal()
	}
	return 0
}

const badCall = syscall.Signal(-1) // no filter, no signal from it
