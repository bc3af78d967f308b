package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestBehind: each thread of a child gives way if that is wanted, and only then.
func TestBehind(t *testing.T) {
	t.Parallel()
	own := leastNice(t, os.Getpid())
	for wanted, least := range map[bool]int{true: max(behind, own), false: own} {
		pool := newPool(t, Config{Children: 1, Behind: wanted})
		mustRender(t, pool, nil, plain("x", "echo"))
		pool.mu.Lock()
		for child := range pool.alive {
			if got := leastNice(t, child.cmd.Process.Pid); got != least {
				t.Errorf("behind %t: a thread has the niceness %d, want %d", wanted, got, least)
			}
		}
		if len(pool.alive) == 0 {
			t.Error("no child is left to look at")
		}
		pool.mu.Unlock()
	}
}

// leastNice is the least niceness of a process's threads.
func leastNice(t *testing.T, pid int) int {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("no threads of %d: %v", pid, err)
	}
	least := 20
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		nice, err := strconv.Atoi(strings.Fields(rest)[16]) // the 19th field of proc_pid_stat(5)
		if err != nil {
			t.Fatal(err)
		}
		least = min(least, nice)
	}
	return least
}
