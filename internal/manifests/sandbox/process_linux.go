package sandbox

import (
	"os"
	"syscall"
)

// attributes makes a child die with its parent, and keeps the terminal's signals from it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// giveWay puts a child, which leads a group, behind other processes: all threads that it has and will have. That it
// cannot be done changes nothing but time.
func giveWay(pid int) { _ = syscall.Setpriority(syscall.PRIO_PGRP, pid, behind) }

const behind = 10 // of 19

// killedBy returns the signal that ended a process, 0 for none.
func killedBy(state *os.ProcessState) syscall.Signal {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal()
	}
	return 0
}

const badCall = syscall.SIGSYS
