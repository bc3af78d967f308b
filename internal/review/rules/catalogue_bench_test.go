//go:build unix

package rules_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/source"
)

// heavy are the rules that look at more than fields: they scan for credentials, hold objects against schemas and
// definitions, and ask admission policies.
var heavy = []string{"secret-in-config", "secret-env", "schema", "admission-policy", "admission-policy-invalid", "admission-unevaluated"}

// rehearsal renders each root once and hands it out again, so that a review costs what judging costs.
type rehearsal struct {
	inner   review.Renderer
	mu      sync.Mutex
	done    map[string]*manifests.Rendering
	reads   map[string]source.ReadSet
	lastCPU float64 // seconds of processor time, when a root was handed out last
	lastAt  time.Time
}

// Render renders a root of a tree that is known by what it is asked for first.
func (r *rehearsal) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	key := fmt.Sprintf("%p|%s|%s", tree, root.Kind, root.Path)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done[key] == nil {
		rendering, reads, err := r.inner.Render(ctx, tree, root, settings)
		if err != nil {
			return nil, nil, err
		}
		r.done[key], r.reads[key] = rendering, reads
	}
	r.lastCPU, r.lastAt = processorTime(), time.Now()
	return r.done[key], r.reads[key], nil
}

// rehearse renders a change, which must have roots.
func rehearse(tb testing.TB, change *source.Change) *rehearsal {
	tb.Helper()
	lab := newLab()
	r := &rehearsal{inner: lab.Renderer, done: map[string]*manifests.Rendering{}, reads: map[string]source.ReadSet{}}
	if c := r.judge(tb, change, lab.Rules, "duplicate-object"); c.objects == 0 {
		tb.Fatal("nothing was rendered")
	}
	return r
}

// judging is what judging a change took.
type judging struct {
	cpu, wall float64 // seconds
	mallocs   uint64
	objects   int // of head
	result    *review.Result
}

// judge reviews a change with some of the rules and measures it from the moment on when all is rendered.
func (r *rehearsal) judge(tb testing.TB, change *source.Change, catalogue []*review.Rule, only ...string) judging {
	tb.Helper()
	engine := &review.Engine{Renderer: r, Rules: catalogue, Now: time.Now}
	var before, after runtime.MemStats
	engine.Progress = func(_ string, n, of int) {
		if n == of {
			runtime.ReadMemStats(&before)
		}
	}
	runtime.GC()
	result, err := engine.Review(tb.Context(), change, review.DefaultPolicy(), review.Options{Only: only})
	if err != nil {
		tb.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	j := judging{cpu: processorTime() - r.lastCPU, wall: time.Since(r.lastAt).Seconds(), mallocs: after.Mallocs - before.Mallocs, result: result}
	for _, root := range result.Roots {
		if root.Status == review.Failed {
			tb.Fatalf("%s: %s", root.Path, root.Reason)
		}
		j.objects += root.Objects
	}
	return j
}

// parsing returns the processor time of parsing all that was rendered once, in seconds, and the number of objects.
func (r *rehearsal) parsing(tb testing.TB) (cpu float64, objects int) {
	tb.Helper()
	began := processorTime()
	for _, rendering := range r.done {
		for _, o := range rendering.Objects {
			if _, err := manifests.ParseYAML(o.Raw); err != nil {
				tb.Fatal(err)
			}
			objects++
		}
	}
	return processorTime() - began, objects
}

// processorTime is what this process has been charged for so far, in seconds.
func processorTime() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// peak is the most memory that this process has had so far, in MiB.
func peak() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	if runtime.GOOS == "darwin" {
		return float64(usage.Maxrss) / (1 << 20)
	}
	return float64(usage.Maxrss) / (1 << 10)
}

// stopwatch is a catalogue whose rules note how long they take.
type stopwatch struct {
	rules []*review.Rule
	took  []atomic.Int64 // nanoseconds
}

func newStopwatch(catalogue []*review.Rule) *stopwatch {
	w := &stopwatch{took: make([]atomic.Int64, len(catalogue))}
	for i, r := range catalogue {
		timed := *r
		timed.Check, timed.CheckRoot, timed.CheckRemoved = w.timed(i, r.Check), w.timed(i, r.CheckRoot), w.timed(i, r.CheckRemoved)
		w.rules = append(w.rules, &timed)
	}
	return w
}

func (w *stopwatch) timed(i int, check func(*review.Pass)) func(*review.Pass) {
	if check == nil {
		return nil
	}
	return func(p *review.Pass) {
		began := time.Now()
		defer func() { w.took[i].Add(int64(time.Since(began))) }()
		check(p)
	}
}

// spent is what all rules have taken so far, in seconds by the clock, which is never less than their processor time.
func (w *stopwatch) spent() (seconds float64) {
	for i := range w.took {
		seconds += time.Duration(w.took[i].Load()).Seconds()
	}
	return seconds
}

// slowest logs the rules that took longest. What several rules share is charged to the one that asks for it first.
func (w *stopwatch) slowest(tb testing.TB, n, objects int) {
	order := make([]int, len(w.rules))
	var total int64
	for i := range order {
		order[i] = i
		total += w.took[i].Load()
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(w.took[b].Load(), w.took[a].Load()) })
	for _, i := range order[:min(n, len(order))] {
		took := w.took[i].Load()
		tb.Logf("%-28s %6.2f µs an object, %4.1f %%", w.rules[i].ID, float64(took)/1000/float64(objects), 100*float64(took)/float64(total))
	}
}

// split parts the catalogue's ids into those that look at fields and the heavy ones.
func split(catalogue []*review.Rule) (light []string) {
	for _, r := range catalogue {
		if !slices.Contains(heavy, r.ID) {
			light = append(light, r.ID)
		}
	}
	return light
}

// BenchmarkCatalogue holds the catalogue against parsing the same objects once: all rules but the heavy ones, and these.
// What a review does without them, its frame, is taken off; what it makes of findings, with their fixes, is not, except
// in checks/parse, which is the rules alone and means something where nobody else uses the processors.
func BenchmarkCatalogue(b *testing.B) {
	b.Run("generated", func(b *testing.B) {
		benchmarkCatalogue(b, mustChange(b, cluster{apps: 450, perTeam: 25, kyverno: 5, admission: 5}))
	})
	for _, name := range []string{"msdemo", "argo-cd", "kubeflow"} {
		b.Run(name, func(b *testing.B) {
			tree, err := source.OpenDir(filepath.Join(corpus(b, name)), source.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			defer tree.Close()
			benchmarkCatalogue(b, &source.Change{Head: tree})
		})
	}
}

// BenchmarkPart judges by a part of the catalogue over and over, for profiles of it: all but the heavy rules, these, or one.
func BenchmarkPart(b *testing.B) {
	change := mustChange(b, cluster{apps: 450, perTeam: 25, kyverno: 5, admission: 5})
	r := rehearse(b, change)
	catalogue := newLab().Rules
	for name, only := range map[string][]string{"light": split(catalogue), "heavy": heavy, "frame": {"duplicate-object"}} {
		b.Run(name, func(b *testing.B) {
			var cpu float64
			var objects int
			for b.Loop() {
				took := r.judge(b, change, catalogue, only...)
				cpu, objects = cpu+took.cpu, objects+took.objects
			}
			b.ReportMetric(cpu/float64(objects)*1e6, "cpu-µs/object")
		})
	}
}

func mustChange(tb testing.TB, c cluster) *source.Change {
	tb.Helper()
	change, err := c.fixture().Change()
	if err != nil {
		tb.Fatal(err)
	}
	return change
}

func benchmarkCatalogue(b *testing.B, change *source.Change) {
	r := rehearse(b, change)
	watch := newStopwatch(newLab().Rules)
	light := split(watch.rules)
	for b.Loop() {
		parse, objects := r.parsing(b)
		none := r.judge(b, change, watch.rules, "duplicate-object")
		before := watch.spent()
		fields := r.judge(b, change, watch.rules, light...)
		b.ReportMetric((watch.spent()-before)/parse, "checks/parse")
		more := r.judge(b, change, watch.rules, heavy...)
		b.ReportMetric((fields.cpu-none.cpu)/parse, "rules/parse")
		b.ReportMetric((more.cpu-none.cpu)/parse, "heavy/parse")
		b.ReportMetric(none.cpu/parse, "frame/parse")
		b.ReportMetric(float64(objects)/(fields.cpu-none.cpu), "objects/cpu-s")
		b.ReportMetric(float64(fields.mallocs-none.mallocs)/float64(objects), "allocs/object")
		b.ReportMetric(float64(len(fields.result.Findings))/float64(objects), "findings/object")
		watch.slowest(b, 10, objects)
	}
}

// BenchmarkMany judges eleven thousand objects at base and at head, two thousand of them policies and bindings, once in
// many namespaces and once in a single one, so that what compares each with each shows. LANDWAITER_MANY gives another
// number of applications, which are eleven objects each.
func BenchmarkMany(b *testing.B) {
	apps := sizeFrom(b, "LANDWAITER_MANY", 1000)
	for name, perTeam := range map[string]int{"namespaces": 25, "one": apps} {
		b.Run(name, func(b *testing.B) {
			benchmarkMany(b, cluster{apps: apps, perTeam: perTeam, kyverno: apps / 45, admission: apps / 450, change: 20})
		})
	}
}

// sizeFrom is the number in an environment variable, or usual where it is not set.
func sizeFrom(tb testing.TB, variable string, usual int) int {
	tb.Helper()
	if text := os.Getenv(variable); text != "" {
		if _, err := fmt.Sscan(text, &usual); err != nil {
			tb.Fatalf("%s: %v", variable, err)
		}
	}
	return usual
}

// BenchmarkSmall judges small objects at base and at head, a tenth of them network policies. LANDWAITER_SMALL gives another
// number of teams, which have 500 objects each.
func BenchmarkSmall(b *testing.B) {
	base, head := map[string][]byte{}, map[string][]byte{}
	for team := range sizeFrom(b, "LANDWAITER_SMALL", 50) {
		for i := range 50 {
			text := strings.NewReplacer("TEAM", fmt.Sprintf("team-%d", team), "APP", fmt.Sprintf("app-%d", i)).Replace(smallText)
			for n := range 8 {
				text += fmt.Sprintf("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app-%d-%d\n  namespace: team-%d\n  labels: {app: app-%d}\ndata:\n", i, n, team, i)
				for key := range 10 {
					text += fmt.Sprintf("  key%d: text %d\n", key, n)
				}
			}
			file := fmt.Sprintf("teams/team-%d/app-%d.yaml", team, i)
			base[file] = []byte(text)
			if i%20 == 0 {
				text = strings.Replace(text, "replicas: 2", "replicas: 3", 1)
			}
			head[file] = []byte(text)
		}
	}
	change, err := (&reviewtest.Fixture{Base: base, Head: head}).Change()
	if err != nil {
		b.Fatal(err)
	}
	judgeMany(b, change)
}

// smallText is an application, reachable by itself.
const smallText = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: APP
  namespace: TEAM
  labels: {app: APP}
spec:
  replicas: 2
  selector: {matchLabels: {app: APP}}
  template:
    metadata: {labels: {app: APP}}
    spec:
      containers:
      - name: APP
        image: registry.example.com/TEAM/APP:1.0.0
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 100m, memory: 64Mi}}
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: APP
  namespace: TEAM
spec:
  podSelector: {matchLabels: {app: APP}}
  policyTypes: [Ingress]
  ingress:
  - from:
    - podSelector: {matchLabels: {app: APP}}
`

func benchmarkMany(b *testing.B, c cluster) { judgeMany(b, mustChange(b, c)) }

func judgeMany(b *testing.B, change *source.Change) {
	r := rehearse(b, change)
	watch := newStopwatch(newLab().Rules)
	for b.Loop() {
		took := r.judge(b, change, watch.rules)
		b.ReportMetric(took.wall, "judge-s")
		b.ReportMetric(took.cpu, "judge-cpu-s")
		b.ReportMetric(float64(took.objects), "objects")
		b.ReportMetric(float64(len(took.result.Findings)), "findings")
		b.ReportMetric(peak(), "peak-MiB")
		watch.slowest(b, 10, took.objects)
	}
}

// BenchmarkHeld measures what a review holds of objects of few and of many values, by which the cap of a review is set: the
// memory in use when all is judged, the texts of the files left out.
func BenchmarkHeld(b *testing.B) {
	for _, values := range []int{8, 10, 20, 80} {
		b.Run(fmt.Sprint(values), func(b *testing.B) {
			for b.Loop() {
				benchmarkHeld(b, 5000, values)
			}
		})
	}
}

func benchmarkHeld(b *testing.B, objects, values int) {
	files := make(map[string][]byte)
	for i := range objects {
		text := fmt.Sprintf("apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: thing-%d\n  namespace: things\nspec:\n", i)
		for n := range values - 7 { // with the document, metadata and spec
			text += fmt.Sprintf("  setting%d: value-%d\n", n, n)
		}
		files[fmt.Sprintf("d%d/%d.yaml", i/100, i)] = []byte(text)
	}
	for _, sides := range []string{"head", "both"} {
		fixture := &reviewtest.Fixture{Head: files}
		if sides == "both" {
			fixture.Base = files
			for i := range objects / 100 { // so that each root is affected
				files[fmt.Sprintf("d%d/more.yaml", i)] = []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n")
			}
			fixture.Base = maps.Clone(files)
			for i := range objects / 100 {
				files[fmt.Sprintf("d%d/more.yaml", i)] = []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: less}\n")
			}
		}
		change, err := fixture.Change()
		if err != nil {
			b.Fatal(err)
		}
		lab := newLab()
		r := &rehearsal{inner: lab.Renderer, done: map[string]*manifests.Rendering{}, reads: map[string]source.ReadSet{}}
		before := inUse()
		took := r.judge(b, change, lab.Rules)
		b.ReportMetric(float64(inUse()-before)/float64(took.objects), sides+"-B/object")
		runtime.KeepAlive(took)
		runtime.KeepAlive(r)
	}
}

// inUse is the memory that is reachable, in bytes.
func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
