package sandbox

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// BenchmarkJob renders a small root of six files in three directories, each time another one of 500, and reports
// the processor time of parent and child together.
func BenchmarkJob(b *testing.B) {
	files := content{}
	root := func(i int) manifests.Root {
		var names []string
		for _, sub := range []string{"", "base/", "patches/"} {
			for _, name := range []string{"a.yaml", "b.yaml"} {
				names = append(names, fmt.Sprintf("app%d/%s%s", i, sub, name))
			}
		}
		return plain(fmt.Sprint("app", i), "echo", names...)
	}
	const roots = 500
	for i := range roots {
		for _, name := range root(i).Files {
			files[name] = configMap(strings.ReplaceAll(name, "/", "-"))
		}
	}
	in := tree(files)
	pool := newPool(b, Config{Children: 1})
	mustRender(b, pool, in, plain("x", "echo"))
	b.ResetTimer()
	begin := processorTime()
	for i := range b.N {
		if r := mustRender(b, pool, in, root(i%roots)); len(r.Objects) != 6 {
			b.Fatalf("%d objects: %v", len(r.Objects), r.Notes)
		}
	}
	b.ReportMetric(float64((processorTime()-begin).Microseconds())/float64(b.N), "parent-cpu-µs/op")
	child := pool.idle[0]
	pool.Close()
	b.ReportMetric(float64(spent(child.cmd.ProcessState).Microseconds())/float64(b.N), "child-cpu-µs/op")
}

// BenchmarkStart starts a child, waits for its hello and ends it.
func BenchmarkStart(b *testing.B) {
	var children time.Duration
	begin := processorTime()
	for range b.N {
		pool := newPool(b, Config{Children: 1})
		if _, err := pool.Report(context.Background()); err != nil {
			b.Fatal(err)
		}
		child := pool.idle[0]
		pool.Close()
		children += spent(child.cmd.ProcessState)
	}
	b.ReportMetric(float64((processorTime()-begin).Microseconds())/float64(b.N), "parent-cpu-µs/op")
	b.ReportMetric(float64(children.Microseconds())/float64(b.N), "child-cpu-µs/op")
}

// BenchmarkResult moves a rendering of 2,000 objects with 30 traced fields each through the encoding.
func BenchmarkResult(b *testing.B) {
	limits := Limits{}.withDefaults()
	o, _ := echoFile(tree(content{"a": configMap("a")}), "a")
	for len(o.Origins) < 30 {
		frame := o.Origins[1][0]
		frame.Span.Line = len(o.Origins)
		o.Origins = append(o.Origins, manifests.Origin{frame, frame})
	}
	r := &result{rendering: &manifests.Rendering{}}
	for range 2000 {
		r.rendering.Objects = append(r.rendering.Objects, o)
	}
	for b.Loop() {
		e := encodeResult(r, manifests.Root{}, limits)
		b.SetBytes(int64(len(e.buf)))
		if _, err := decodeResult(&decoder{data: e.buf[frameHeader:]}, limits); err != nil {
			b.Fatal(err)
		}
	}
}
