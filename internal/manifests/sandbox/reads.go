package sandbox

import (
	"path"
	"slices"

	"github.com/landwaiter/landwaiter/internal/source"
)

const (
	maxReads   = 500_000
	maxHeard   = maxPath + 256 // bytes of an answer in a read set: an identity, and where links lead
	readLength = 3             // bytes that a Read takes at least
)

func putReads(e *encoder, reads source.ReadSet) {
	// No tree has longer paths, so what they answered depends on nothing.
	reads = slices.DeleteFunc(slices.Clone(reads), func(r source.Read) bool { return len(r.Path) > maxPath })
	e.count(len(reads))
	for _, r := range reads {
		e.text(r.Path)
		e.text(r.Is)
		e.text(r.Lists)
	}
}

// takeReads reads what putReads wrote: clean paths in their order, each once. They may lead out of the tree, as
// what a stranger wrote into a kustomization may; trees answer that with an error.
func takeReads(d *decoder) source.ReadSet {
	n := d.count("reads", maxReads, readLength)
	reads := make(source.ReadSet, 0, n)
	for range n {
		r := source.Read{Path: d.text("path", maxPath), Is: d.text("answer", maxHeard), Lists: d.text("answer", maxHeard)}
		if last := len(reads) - 1; r.Path != path.Clean(r.Path) || last >= 0 && r.Path <= reads[last].Path {
			d.fail("read of %q", r.Path)
			return nil
		}
		reads = append(reads, r)
	}
	return reads
}
