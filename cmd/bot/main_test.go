//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestSignals: what does not end by the first signal, since it waits for input, say, does by a later one.
func TestSignals(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "review", "-")
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := input.Write(bytes.Repeat([]byte("# more\n"), 1<<15)); err != nil { // more than a pipe holds: somebody reads
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	limit := time.After(time.Minute)
	for {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
			return
		case <-limit:
			_ = cmd.Process.Kill()
			t.Fatal("it goes on after many signals")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
