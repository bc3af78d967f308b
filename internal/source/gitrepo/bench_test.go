package gitrepo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/source"
)

// cpu returns the processor time that this process and the children it waited for have used.
func cpu(b *testing.B) time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}

// bigRepo has 15,000 files in 3,000 directories, and a branch that changes 20 of them.
func bigRepo(b *testing.B) *repo {
	r := newRepo(b)
	for dir := range 3000 {
		for file := range 5 {
			r.write(fmt.Sprintf("apps/team-%d/service-%d/file-%d.yaml", dir%50, dir, file), fmt.Sprintf("%s# %d\n", strings.Repeat("key: value\n", 20), dir*5+file))
		}
	}
	r.commit()
	r.git("gc", "-q")
	r.git("checkout", "-q", "-b", "topic")
	for dir := range 20 {
		r.write(fmt.Sprintf("apps/team-%d/service-%d/file-0.yaml", dir%50, dir), "key: other\n")
	}
	r.commit()
	return r
}

func BenchmarkChange(b *testing.B) {
	r := bigRepo(b)
	r.write("apps/new.yaml", "a: 1\n", "apps/team-0/service-0/file-0.yaml", "key: third\n")
	for name, head := range map[string]string{"commits": "topic", "worktree": ""} {
		b.Run(name, func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				opened, err := Open(b.Context(), r.dir, Options{Env: r.env})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := opened.Change(b.Context(), "main", head); err != nil {
					b.Fatal(err)
				}
				if err := opened.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// Reading 3,000 files one after the other, as discovery does.
func BenchmarkReadFiles(b *testing.B) {
	r := bigRepo(b)
	var names []string
	for dir := range 3000 {
		names = append(names, fmt.Sprintf("apps/team-%d/service-%d/file-%d.yaml", dir%50, dir, 1))
	}
	read := func(b *testing.B, tree source.Tree) {
		for _, name := range names {
			if _, err := tree.ReadFile(name); err != nil {
				b.Fatal(err)
			}
		}
	}
	for name, together := range map[string]bool{"git": false, "git together": true} {
		b.Run(name, func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				opened, err := Open(b.Context(), r.dir, Options{Env: r.env})
				if err != nil {
					b.Fatal(err)
				}
				tree, err := opened.Tree(b.Context(), "topic")
				if err != nil {
					b.Fatal(err)
				}
				if together {
					source.ReadFiles(tree, names, func(i int, _ []byte, err error) {
						if err != nil {
							b.Error(names[i], err)
						}
					})
				} else {
					read(b, tree)
				}
				if err := opened.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
	b.Run("disk", func(b *testing.B) {
		for b.Loop() {
			tree, err := source.OpenDir(r.dir, source.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			read(b, tree)
			if err := tree.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	if _, err := os.Stat(filepath.Join(r.dir, names[0])); err != nil {
		b.Fatal(err)
	}
}
