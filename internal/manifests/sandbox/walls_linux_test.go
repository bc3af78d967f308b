//go:build amd64 || arm64

package sandbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"golang.org/x/sys/unix"
)

// attempts are what a child tries against its walls, with the error that has to come of each.
var attempts = []struct {
	name string
	want error
	try  func() error
}{
	{"dial", unix.EPERM, func() error { _, err := net.Dial("tcp", "127.0.0.1:9"); return err }},
	{"dial UDP", unix.EPERM, func() error { _, err := net.Dial("udp", "127.0.0.1:53"); return err }},
	{"dial Unix socket", unix.EPERM, func() error { _, err := net.Dial("unix", "/run/x.sock"); return err }},
	{"listen", unix.EPERM, func() error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err }},
	{"socketpair", unix.EPERM, func() error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err }},
	{"open a file", unix.EACCES, func() error { _, err := os.Open("/etc/passwd"); return err }},
	{"open itself", unix.EACCES, func() error { _, err := os.Open("/proc/self/environ"); return err }},
	{"list a directory", unix.EACCES, func() error { _, err := os.ReadDir("/"); return err }},
	{"stat a file", unix.EACCES, func() error { _, err := os.Stat("/etc/passwd"); return err }},
	{"create a file", unix.EACCES, func() error { _, err := os.Create("/tmp/landwaiter-test"); return err }},
	{"remove a file", unix.EACCES, func() error { return os.Remove("/tmp/landwaiter-test") }},
	{"change mode", unix.EACCES, func() error { return unix.Fchmodat(unix.AT_FDCWD, "/tmp", 0o777, 0) }},
	{"change directory", unix.EACCES, func() error { return unix.Chdir("/tmp") }},
	{"exec", unix.EACCES, func() error { return exec.Command("/bin/true").Run() }}, // it cannot open /dev/null
	{"execve", unix.EPERM, func() error { return unix.Exec("/bin/true", []string{"true"}, nil) }},
	{"start a process", unix.EPERM, func() error {
		_, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{})
		return err
	}},
	{"clone", unix.EPERM, func() error { return raw(unix.SYS_CLONE, uintptr(unix.SIGCHLD)) }},
	{"clone3", unix.ENOSYS, func() error { return raw(unix.SYS_CLONE3) }},
	{"ptrace", unix.EPERM, func() error { return unix.PtraceAttach(os.Getppid()) }},
	{"read the parent's memory", unix.EPERM, func() error { return raw(unix.SYS_PROCESS_VM_READV, uintptr(os.Getppid())) }},
	{"kill the parent", unix.EPERM, func() error { return unix.Kill(os.Getppid(), 0) }},
	{"kill everyone", unix.EPERM, func() error { return unix.Kill(-1, 0) }},
	{"tgkill another", unix.EPERM, func() error { return unix.Tgkill(1, 1, 0) }},
	{"open the parent's pidfd", unix.EPERM, func() error { _, err := unix.PidfdOpen(os.Getppid(), 0); return err }},
	{"io_uring", unix.EPERM, func() error { return raw(unix.SYS_IO_URING_SETUP) }},
	{"bpf", unix.EPERM, func() error { return raw(unix.SYS_BPF) }},
	{"keyctl", unix.EPERM, func() error { return raw(unix.SYS_KEYCTL) }},
	{"mount", unix.EPERM, func() error { return unix.Mount("none", "/tmp", "tmpfs", 0, "") }},
	{"unshare", unix.EPERM, func() error { return unix.Unshare(unix.CLONE_NEWUSER) }},
	{"setns", unix.EPERM, func() error { return unix.Setns(0, 0) }},
	{"memfd", unix.EPERM, func() error { _, err := unix.MemfdCreate("x", 0); return err }},
	{"perf", unix.EPERM, func() error { return raw(unix.SYS_PERF_EVENT_OPEN) }},
	{"a call from the future", unix.ENOSYS, func() error { return raw(newestKnown + 1) }},
	{"raise a limit with setrlimit", unix.EPERM, func() error { return raw(unix.SYS_SETRLIMIT, unix.RLIMIT_NOFILE) }},
	{"raise a limit with prlimit", unix.EPERM, func() error {
		return unix.Prlimit(0, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 9999, Max: 9999}, nil)
	}},
	{"read a limit", nil, func() error { return limitIs(unix.RLIMIT_NOFILE, openFiles) }},
	{"core dumps", nil, func() error { return limitIs(unix.RLIMIT_CORE, 0) }},
	{"file size", nil, func() error { return limitIs(unix.RLIMIT_FSIZE, 0) }},
	{"environment", nil, func() error { return same(len(os.Environ()), 0) }},
	{"directory", nil, func() error { dir, _ := unix.Getwd(); return same(dir, "/") }},
	{"inherited files", nil, onlyOwnFiles},
	{"garbage collection", nil, func() error { runtime.GC(); return nil }},
	{"threads", nil, manyThreads},
}

func raw(number uintptr, args ...uintptr) error {
	var a [5]uintptr
	copy(a[:], args)
	if _, _, errno := unix.Syscall6(number, a[0], a[1], a[2], a[3], a[4], 0); errno != 0 {
		return errno
	}
	return nil
}

func limitIs(resource int, want uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	return same(now, unix.Rlimit{Cur: want, Max: want})
}

func same[T comparable](got, want T) error {
	if got != want {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}

// onlyOwnFiles finds descriptors that came through exec: those are not marked to be closed at the next one.
func onlyOwnFiles() error {
	for fd := 3; fd < openFiles; fd++ {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			return fmt.Errorf("file %d is open", fd)
		}
	}
	return nil
}

// manyThreads makes Go start threads inside the walls.
func manyThreads() error {
	done := make(chan bool)
	for range 8 {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			done <- true
		}()
	}
	for range 8 {
		<-done
	}
	return nil
}

func tryWalls() []string {
	var outcomes []string
	for _, a := range attempts {
		outcomes = append(outcomes, fmt.Sprintf("%s: %v", a.name, rootCause(a.try())))
	}
	return outcomes
}

func rootCause(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = inner.Unwrap()
	}
}

// call makes one system call that ends the process when the filter is there.
func call(which string) string {
	switch which {
	case "x32":
		return fmt.Sprint(raw(x32Bit | unix.SYS_GETPID))
	case "limits": // a shared library's way to ask
		var now unix.Rlimit
		_, _, errno := unix.Syscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_CPU, 0, uintptr(unsafe.Pointer(&now)), 0, 0)
		return fmt.Sprint(now.Max, errno)
	}
	return "unknown"
}

func TestEveryWallRefuses(t *testing.T) {
	t.Parallel()
	// A descriptor that is not marked close-on-exec leaks into every child; the child has to close it.
	leaked, err := unix.FcntlInt(0, unix.F_DUPFD, 20)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leaked)
	pool := newPool(t, Config{})
	report, err := pool.Report(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !report.Complete() {
		t.Skipf("this kernel lacks a wall: %s", report.Warning())
	}
	r := mustRender(t, pool, nil, manifests.Root{Release: "walls"})
	if len(r.Notes) != len(attempts) {
		t.Fatalf("%d outcomes for %d attempts", len(r.Notes), len(attempts))
	}
	for i, a := range attempts {
		if want := fmt.Sprintf("%s: %v", a.name, a.want); r.Notes[i] != want {
			t.Errorf("got %q, want %q", r.Notes[i], want)
		}
	}
}

func TestForeignSystemCallEndsTheChild(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("x32 is a matter of amd64")
	}
	pool := newPool(t, Config{})
	_, _, err := pool.Render(context.Background(), tree(nil), plain("x", "call x32"), manifests.Settings{})
	wantReason(t, err, "x made the renderer ask the system for something that the sandbox refuses")
}

func TestFilterRefusesEverythingItNames(t *testing.T) {
	t.Parallel()
	seen := map[uint32]bool{}
	for _, errno := range []unix.Errno{unix.EPERM, unix.EACCES, unix.ENOSYS} {
		for _, number := range refusals()[errno] {
			if seen[number] {
				t.Errorf("call %d is named twice", number)
			}
			seen[number] = true
			if number > newestKnown {
				t.Errorf("call %d is beyond the newest known one", number)
			}
		}
	}
	program, err := assemble(1)
	if err != nil {
		t.Fatal(err)
	}
	if len(program) > 4096 {
		t.Errorf("%d instructions; the kernel takes 4096", len(program))
	}
}

// TestChildDiesWithItsParent kills a parent whose child spins, and so cannot notice the end of its pipe.
func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	parent := exec.Command(testCommand()[0], "parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var child int
	_, err = fmt.Fscan(out, &child)
	_ = parent.Process.Kill()
	_ = parent.Wait()
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); running(child); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = unix.Kill(child, unix.SIGKILL)
			t.Fatalf("child %d outlived its parent", child)
		}
	}
}

// beParent has a child spin and prints its number.
func beParent() {
	pool := NewPool(Config{Command: testCommand(), Children: 1, Limits: testLimits()})
	go pool.Render(context.Background(), tree(nil), plain("x", "spin"), manifests.Settings{})
	for {
		time.Sleep(time.Millisecond)
		pool.mu.Lock()
		for child := range pool.alive {
			select {
			case <-child.ready:
				fmt.Println(child.cmd.Process.Pid)
				select {}
			default:
			}
		}
		pool.mu.Unlock()
	}
}

// running reports whether a process is there and no zombie.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z")
}
