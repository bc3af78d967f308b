//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Where the parts of struct seccomp_data are (linux/seccomp.h).
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArgs   = 16
)

// refusals are the system calls that a renderer has no use for, by the error it gets. What a thread of the Go
// runtime needs to compute is all that remains. amd64 has more of the old ones, see refusedHere.
func refusals() map[unix.Errno][]uint32 {
	return map[unix.Errno][]uint32{
		unix.EPERM: append([]uint32{
			// the network
			unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT,
			unix.SYS_ACCEPT4, unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_RECVFROM,
			unix.SYS_RECVMSG, unix.SYS_RECVMMSG, unix.SYS_SETSOCKOPT,
			// other programs and processes
			unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV,
			unix.SYS_PROCESS_MADVISE, unix.SYS_PROCESS_MRELEASE, unix.SYS_KCMP, unix.SYS_PIDFD_OPEN,
			unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO,
			unix.SYS_RT_TGSIGQUEUEINFO, unix.SYS_SETPGID, unix.SYS_SETSID, unix.SYS_SETPRIORITY,
			unix.SYS_SCHED_SETSCHEDULER, unix.SYS_SCHED_SETATTR, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES,
			unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_MQ_OPEN,
			// large parts of the kernel
			unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_IO_SETUP,
			unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_KEYCTL, unix.SYS_ADD_KEY,
			unix.SYS_REQUEST_KEY, unix.SYS_FANOTIFY_INIT, unix.SYS_INOTIFY_INIT1, unix.SYS_MEMFD_CREATE,
			unix.SYS_MEMFD_SECRET, unix.SYS_VMSPLICE, unix.SYS_PERSONALITY, unix.SYS_LOOKUP_DCOOKIE,
			// namespaces, mounts and the machine
			unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
			unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT,
			unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_REBOOT,
			unix.SYS_KEXEC_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
			unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_SYSLOG, unix.SYS_SETHOSTNAME,
			unix.SYS_SETDOMAINNAME, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME,
			unix.SYS_ADJTIMEX, unix.SYS_VHANGUP,
			// more rights and higher limits
			unix.SYS_SETRLIMIT, unix.SYS_CAPSET, unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETREUID, unix.SYS_SETREGID,
			unix.SYS_SETRESUID, unix.SYS_SETRESGID, unix.SYS_SETFSUID, unix.SYS_SETFSGID, unix.SYS_SETGROUPS,
		}, refusedHere(unix.EPERM)...),
		unix.EACCES: append([]uint32{
			// files, which Landlock refuses as well, and what Landlock leaves open
			unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_CHDIR,
			unix.SYS_FCHDIR, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_STATX, unix.SYS_STATFS,
			unix.SYS_READLINKAT, unix.SYS_MKDIRAT, unix.SYS_MKNODAT, unix.SYS_UNLINKAT, unix.SYS_SYMLINKAT,
			unix.SYS_LINKAT, unix.SYS_RENAMEAT2, unix.SYS_TRUNCATE, unix.SYS_FCHMOD, unix.SYS_FCHMODAT,
			unix.SYS_FCHOWN, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT, unix.SYS_SETXATTR, unix.SYS_LSETXATTR,
			unix.SYS_FSETXATTR, unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR,
			unix.SYS_GETXATTR, unix.SYS_LGETXATTR, unix.SYS_LISTXATTR, unix.SYS_LLISTXATTR,
		}, refusedHere(unix.EACCES)...),
		// glibc and Go start threads with clone when clone3, whose flags a filter cannot see, is not there
		unix.ENOSYS: {unix.SYS_CLONE3},
	}
}

// assemble builds the filter. It kills a process that calls by another architecture's numbers or by those of x32,
// refuses what refusals names, and lets signals, new threads and questions about limits pass only where they
// concern the process itself, whose number is pid.
func assemble(pid int) ([]bpf.RawInstruction, error) {
	program := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offsetArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditArch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		bpf.LoadAbsolute{Off: offsetNumber, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32Bit, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		// calls that are newer than this list are not there
		bpf.JumpIf{Cond: bpf.JumpLessOrEqual, Val: newestKnown, SkipTrue: 1},
		refuse(unix.ENOSYS),
	}
	for _, errno := range [...]unix.Errno{unix.EPERM, unix.EACCES, unix.ENOSYS} {
		for _, number := range refusals()[errno] {
			program = append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: number, SkipTrue: 1}, refuse(errno))
		}
	}
	self := func(arg uint32) []bpf.Instruction {
		return []bpf.Instruction{
			bpf.LoadAbsolute{Off: offsetArgs + 8*arg, Size: 4},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(pid), SkipTrue: 1},
			refuse(unix.EPERM),
		}
	}
	program = append(program, when(unix.SYS_KILL, self(0))...)
	program = append(program, when(unix.SYS_TGKILL, self(0))...)
	program = append(program, when(unix.SYS_CLONE, []bpf.Instruction{
		bpf.LoadAbsolute{Off: offsetArgs, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: unix.CLONE_THREAD, SkipTrue: 1},
		refuse(unix.EPERM),
	})...)
	program = append(program, when(unix.SYS_PRLIMIT64, noNewLimit())...)
	program = append(program, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
	return bpf.Assemble(program)
}

// noNewLimit lets prlimit(pid, resource, new, old) only ask: both halves of the pointer new are 0.
func noNewLimit() []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: offsetArgs + 16, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0, SkipTrue: 2},
		bpf.LoadAbsolute{Off: offsetArgs + 20, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1},
		refuse(unix.EPERM),
	}
}

// when runs body, and allows what it lets through, for one system call.
func when(number uint32, body []bpf.Instruction) []bpf.Instruction {
	block := []bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: number, SkipTrue: uint8(len(body) + 1)}}
	return append(append(block, body...), bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
}

func refuse(errno unix.Errno) bpf.Instruction {
	return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)}
}

// restrictCalls puts the filter in force for every thread of the process.
func restrictCalls(report *Report) error {
	program, err := assemble(os.Getpid())
	if err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: (*unix.SockFilter)(unsafe.Pointer(&program[0]))}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// TSYNC, which takes the filter and no_new_privs to all threads, wants the latter on this one first.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl: %w", err)
	}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&filter)))
	runtime.KeepAlive(program)
	switch {
	case errno == unix.ENOSYS || errno == unix.EINVAL:
		report.Missing = join(report.Missing, "the kernel has no seccomp filters")
		return nil
	case errno != 0:
		return fmt.Errorf("seccomp: %w", errno)
	case thread != 0:
		return fmt.Errorf("seccomp: thread %d cannot be filtered", thread)
	}
	if fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("seccomp is in force, but a socket gives (%d, %v)", fd, err)
	}
	report.Seccomp = true
	return nil
}
