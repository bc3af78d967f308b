package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

const openFiles = 64 // file descriptors; the three pipes, and what Go's runtime opened before

// Confine takes away from the whole process, for good, all that rendering does not need: inherited files, memory
// and processor time beyond the limits, writing files, core dumps, new privileges (no_new_privs), the file system
// (Landlock), and sockets, programs, other processes and files once more (seccomp). Limits cannot be raised again.
//
// What the kernel does not have is left out and named in the Report, after each wall was tried. An error means
// that a wall that the kernel has could not be put up; nothing hostile may be worked on then.
func Confine(limits Limits) (Report, error) {
	closeInherited()
	preferAsVictim()
	if err := setLimits(limits); err != nil {
		return Report{}, err
	}
	if err := errors.Join(
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0), // nobody of the same user looks into it
		ll.AllThreadsPrctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
	); err != nil {
		return Report{}, fmt.Errorf("prctl: %w", err)
	}
	report := Report{Limits: true}
	if err := restrictFiles(&report); err != nil {
		return report, err
	}
	return report, restrictCalls(&report)
}

// closeInherited closes what the parent left open by mistake. What this process opened itself is marked to be
// closed on exec; what came through exec cannot be.
func closeInherited() {
	names, err := os.ReadDir("/proc/self/fd")
	fds := make([]int, 0, 1024)
	for _, name := range names {
		if fd, err := strconv.Atoi(name.Name()); err == nil {
			fds = append(fds, fd)
		}
	}
	for fd := 0; err != nil && fd < cap(fds); fd++ {
		fds = append(fds, fd)
	}
	for _, fd := range fds {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if fd > 2 && err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

// preferAsVictim asks the kernel to end this process before others when memory runs out. It is a courtesy to the
// parent and may fail.
func preferAsVictim() { _ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) }

func setLimits(limits Limits) error {
	seconds := max(uint64(limits.CPU/time.Second), 1)
	caps := []struct {
		name     string
		resource int
		limit    uint64
	}{
		{"memory", unix.RLIMIT_AS, uint64(limits.Memory)},
		{"processor time", unix.RLIMIT_CPU, seconds},
		{"file size", unix.RLIMIT_FSIZE, 0},
		{"open files", unix.RLIMIT_NOFILE, openFiles},
		{"core dumps", unix.RLIMIT_CORE, 0},
	}
	if limits.Memory < 0 {
		caps = caps[1:]
	}
	for _, c := range caps {
		var now unix.Rlimit
		if err := unix.Getrlimit(c.resource, &now); err != nil {
			return fmt.Errorf("limit on %s: %w", c.name, err)
		}
		lowest := min(c.limit, now.Max)
		if err := unix.Setrlimit(c.resource, &unix.Rlimit{Cur: lowest, Max: lowest}); err != nil {
			return fmt.Errorf("limit on %s: %w", c.name, err)
		}
	}
	return nil
}

// restrictFiles puts Landlock in force without a single path, as far as the kernel has it.
func restrictFiles(report *Report) error {
	version, err := ll.LandlockGetABIVersion()
	if err != nil || version < 1 {
		report.Missing = "the kernel has no Landlock"
		return nil
	}
	if err := landlock.V11.BestEffort().Restrict(); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	fd, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err == nil {
		_ = unix.Close(fd)
		return errors.New("landlock is in force, but files can be opened")
	}
	report.Landlock = version
	return nil
}

// cpuTime returns the processor time that this process has used.
func cpuTime() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
