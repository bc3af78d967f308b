package source

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Streamer is what Blobs may also be, when many contents are cheaper to get at once.
type Streamer interface {
	// Stream calls fn with the contents of entries, each with the number of its entry. It may do less: what it
	// leaves out, and what cannot be had, is read one by one afterwards.
	Stream(entries []Entry, limit int64, fn func(i int, data []byte))
}

// ReadFiles reads many files of a tree and calls fn for each, with the number of its path and what ReadFile says of
// it. The calls come in any order and from several goroutines; they have all returned when ReadFiles does.
func ReadFiles(t Tree, paths []string, fn func(i int, data []byte, err error)) {
	done := make([]bool, len(paths))
	if own, ok := t.(*tree); ok {
		if streamer, ok := own.blobs.(Streamer); ok {
			own.stream(streamer, paths, done, fn)
		}
	}
	var next atomic.Int64
	inParallel(func() {
		for i := next.Add(1) - 1; i < int64(len(paths)); i = next.Add(1) - 1 {
			if !done[i] {
				data, err := t.ReadFile(paths[i])
				fn(int(i), data, err)
			}
		}
	})
}

// content is one file on its way from a Streamer.
type content struct {
	i    int
	data []byte
}

// streamBatch is how many contents go from one goroutine to the next at once.
const streamBatch = 64

// stream gives fn what streamer has of the paths, and marks those as done.
func (t *tree) stream(streamer Streamer, paths []string, done []bool, fn func(i int, data []byte, err error)) {
	var entries []Entry
	var numbers []int // of the paths of entries
	for i, name := range paths {
		if p, err := t.find(name); err == nil && p.entry >= 0 && t.entries[p.entry].Mode == Regular && t.entries[p.entry].ID != "" {
			entries, numbers = append(entries, t.entries[p.entry]), append(numbers, i)
		}
	}
	batches := make(chan []content, 2*runtime.GOMAXPROCS(0))
	go func() {
		defer close(batches)
		var batch []content
		streamer.Stream(entries, t.limits.FileSize, func(i int, data []byte) {
			if batch = append(batch, content{numbers[i], data}); len(batch) == streamBatch {
				batches <- batch
				batch = make([]content, 0, streamBatch)
			}
		})
		batches <- batch
	}()
	inParallel(func() {
		for batch := range batches {
			for _, c := range batch {
				done[c.i] = true
				if IsLFSPointer(c.data) {
					fn(c.i, nil, at(paths[c.i], ErrLFS))
				} else {
					fn(c.i, c.data, nil)
				}
			}
		}
	})
}

// inParallel runs work once on each processor, and waits for all.
func inParallel(work func()) {
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(work)
	}
	wait.Wait()
}
