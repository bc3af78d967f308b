package gitrepo

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkMirror is a pull request of one changed file in a repository of 15,000: the fetch of what is new, and the
// change read from it. peak-MB is the most that any git has used, the server's among them.
func BenchmarkMirror(b *testing.B) {
	server := newGitServer(b)
	v := &served{repo: bigRepo(b), server: server, id: 1}
	if err := os.Symlink(filepath.Join(v.dir, ".git"), filepath.Join(server.root, "x.git")); err != nil {
		b.Fatal(err)
	}
	v.git("config", "uploadpack.allowFilter", "true")
	v.git("config", "uploadpack.allowAnySHA1InWant", "true")
	m := newMirror(b, MirrorOptions{})
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			if err := fetch(b, m, v.remote(), "refs/heads/main").Close(); err != nil {
				b.Fatal(err)
			}
			if err := m.Remove(b.Context(), 5); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, partialOver := range map[string]int64{"warm": 0, "warm partial": 1} {
		m := newMirror(b, MirrorOptions{PartialOver: partialOver})
		b.Run(name, func(b *testing.B) { benchmarkWarm(b, m, v) })
	}
}

func benchmarkWarm(b *testing.B, m *Mirror, v *served) {
	if err := fetch(b, m, v.remote(), "refs/heads/main").Close(); err != nil {
		b.Fatal(err)
	}
	main := v.git("rev-parse", "main")
	for i := range b.N {
		b.StopTimer()
		v.git("checkout", "-q", "main")
		head := v.pull(7, "main", "apps/team-0/service-0/file-0.yaml", fmt.Sprintf("key: %d\n", i))
		b.StartTimer()
		f := fetch(b, m, v.remote(), main, head)
		if c, err := f.Change(b.Context(), main, head); err != nil || len(c.Files) != 1 {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &usage); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(usage.Maxrss)/1024, "peak-MB")
}
