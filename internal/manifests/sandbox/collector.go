package sandbox

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	roomForAll    = 96 << 20  // bytes that a heap of any size may grow by before it is collected
	eagerGrowth   = 400       // per cent that a small heap may grow by
	restrained    = 150       // per cent that a large heap may grow by
	collectorRoom = 1 << 30   // bytes of the address space that are not heap: the program, stacks, fragmentation
	maxGoStack    = 256 << 20 // bytes of one goroutine's stack; deep recursion ends there
	maxThreads    = 256
)

// tuneCollector makes garbage collection rare while the heap is small and careful when it is large: rendering
// makes much garbage, and with Go's default a third of its time would go into collecting it.
func tuneCollector(limits Limits) {
	debug.SetMaxStack(maxGoStack)
	debug.SetMaxThreads(maxThreads)
	if limits.Memory > 0 {
		debug.SetMemoryLimit(max(limits.Memory-collectorRoom, limits.Memory/2))
	}
	c := &collector{percent: eagerGrowth, live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
	debug.SetGCPercent(c.percent)
	c.watch()
}

// collector sets the growth that is allowed anew after each collection.
type collector struct {
	percent int
	live    []metrics.Sample
}

// watch lets adjust run after the next collection, which will find the mark that nobody holds.
func (c *collector) watch() {
	mark := new([64]byte)
	runtime.AddCleanup(mark, func(c *collector) { c.adjust(); c.watch() }, c)
}

func (c *collector) adjust() {
	metrics.Read(c.live)
	if percent := growth(c.live[0].Value.Uint64()); percent != c.percent {
		c.percent = percent
		debug.SetGCPercent(percent)
	}
}

// growth returns by how many per cent a heap with so many live bytes may grow, in steps of ten.
func growth(live uint64) int {
	percent := 100 * roomForAll / max(live, 1)
	return int(min(max(percent, restrained), eagerGrowth)) / 10 * 10
}
