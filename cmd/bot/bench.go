package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

type benchCmd struct {
	Path   string `arg:"" optional:"" default:"." help:"What to review for the measurement."`
	Output string `short:"o" default:"text" enum:"text,json" help:"text or json."`
}

// benchResult is what "landwaiter bench -o json" prints. Times are in seconds, memory in bytes.
type benchResult struct {
	Roots    int            `json:"roots"`
	Objects  int            `json:"objects"`
	Findings int            `json:"findings"`
	Timings  review.Timings `json:"timings"`
	Slowest  []slowRoot     `json:"slowest"`
	Heap     uint64         `json:"heap"` // of the program itself, after the review
	PeakRSS  int64          `json:"peakRSS"`
	ChildRSS int64          `json:"childPeakRSS"`
	CPU      float64        `json:"cpu"` // of the program and its children
}

type slowRoot struct {
	Path    string  `json:"path"`
	Seconds float64 `json:"seconds"`
}

// Run reviews everything below PATH, cold, and prints where time and memory went.
func (c *benchCmd) Run(ctx context.Context, sys surroundings) error {
	where, err := open(ctx, sys, c.Path)
	if err != nil {
		return err
	}
	defer where.Close()
	change, err := everything(ctx, where, "")
	if err != nil {
		return err
	}
	policy, err := loadPolicy(change.Head, "")
	if err != nil {
		return err
	}
	pool, err := newPool(sys)
	if err != nil {
		return err
	}
	timed := &timedRenderer{}
	engine := newEngine(sys, pool)
	timed.renderer = engine.Renderer
	engine.Renderer, engine.Cache = timed, nil
	result, err := engine.Review(ctx, change, policy, review.Options{Under: []string{where.under}, URLs: where.urls()})
	if err != nil {
		return configuration(err)
	}
	pool.Close() // so that the children's use is counted
	return c.print(sys, measure(result, timed))
}

func measure(result *review.Result, timed *timedRenderer) benchResult {
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	own, children := resourceUse()
	b := benchResult{Roots: len(result.Roots), Findings: len(result.Findings), Timings: result.Timings,
		Slowest: timed.slowest(10), Heap: heap.HeapAlloc, PeakRSS: own.peak, ChildRSS: children.peak, CPU: own.cpu + children.cpu}
	for _, root := range result.Roots {
		b.Objects += root.Objects
	}
	return b
}

func (c *benchCmd) print(sys surroundings, b benchResult) error {
	if c.Output == "json" {
		encoder := json.NewEncoder(sys.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(b)
	}
	t := b.Timings
	fmt.Fprintf(sys.stdout, "%d roots, %d objects, %d findings\n", b.Roots, b.Objects, b.Findings)
	fmt.Fprintf(sys.stdout, "discover %6.2f s\nrender   %6.2f s\nreview   %6.2f s\ntotal    %6.2f s, %.2f s of CPU\n", t.Discover, t.Render, t.Review, t.Total, b.CPU)
	fmt.Fprintf(sys.stdout, "memory   %6.0f MiB at most, a renderer %.0f MiB\n", mib(b.PeakRSS), mib(b.ChildRSS))
	for _, root := range b.Slowest {
		fmt.Fprintf(sys.stdout, "%8.2f s  %s\n", root.Seconds, report.Line(root.Path))
	}
	return nil
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// timedRenderer notes how long each root takes.
type timedRenderer struct {
	renderer review.Renderer
	mu       sync.Mutex
	taken    []slowRoot
}

// Render renders through the renderer behind.
func (r *timedRenderer) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	start := time.Now()
	rendering, reads, err := r.renderer.Render(ctx, tree, root, settings)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = append(r.taken, slowRoot{root.Path, time.Since(start).Seconds()})
	return rendering, reads, err
}

func (r *timedRenderer) slowest(n int) []slowRoot {
	slices.SortFunc(r.taken, func(a, b slowRoot) int { return -cmp.Compare(a.Seconds, b.Seconds) })
	return r.taken[:min(n, len(r.taken))]
}
