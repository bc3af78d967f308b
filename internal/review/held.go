package review

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// maxHeld caps the values in the objects of a review, those of all roots and of both sides together. Each takes some
// 500 bytes by the time that it is judged. The largest repository known has a tenth of that.
const maxHeld = 1_600_000

// What counts as much as a value, and as how many.
const (
	valueBytes   = 128 // of text
	objectValues = 4   // for an object by itself: its identity, its indexes, its difference; see BenchmarkHeld
)

// holding is what a review keeps of its roots while it renders. Of too much it gives up the largest roots: one that
// is made to be large does not take the others down. Which these are does not depend on what is rendered sooner.
type holding struct {
	most   int64
	mu     sync.Mutex
	values int64
	kept   []held
}

// held is a root that is kept.
type held struct {
	*pair
	values int64
}

// add keeps a root that was rendered, unless it, or others that are larger, must go.
func (h *holding) add(p *pair) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append(h.kept, held{p, p.base.values() + p.head.values()})
	h.values += h.kept[len(h.kept)-1].values
	for h.values > h.most {
		largest := slices.MaxFunc(h.kept, func(a, b held) int {
			return cmp.Or(cmp.Compare(a.values, b.values), cmp.Compare(a.path(), b.path()), cmp.Compare(a.kind(), b.kind()))
		})
		h.kept = slices.DeleteFunc(h.kept, func(k held) bool { return k == largest })
		h.values -= largest.values
		largest.giveUp(h.most)
	}
}

// giveUp makes a failure of a root.
func (p *pair) giveUp(most int64) {
	p.base, p.givenUp = rendered{}, true
	p.head = rendered{reads: p.head.reads, err: &manifests.RenderError{
		Reason: fmt.Sprintf("the objects of all roots hold more than %d values, this root many of them; split the change, or review parts of it", most),
	}}
}

// values is what a side of a root takes, in values.
func (r rendered) values() (n int64) {
	if r.rendering == nil {
		return 0
	}
	for _, o := range r.rendering.Objects {
		n += int64(objectValues + len(o.Origins) + len(o.Raw)/valueBytes)
	}
	return n - r.shared
}
