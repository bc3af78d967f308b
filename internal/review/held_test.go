package review

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// sizedPair is a root of a number of values.
func sizedPair(i, values int) *pair {
	root := &manifests.Root{Path: fmt.Sprintf("r%03d", i), Kind: manifests.Plain}
	object := &manifests.Object{Origins: make([]manifests.Origin, values-objectValues)}
	return &pair{RootPair: RootPair{Head: root}, head: rendered{rendering: &manifests.Rendering{Objects: []*manifests.Object{object}}}}
}

// TestHolding proves that a review never keeps more than it may, that the smallest roots stay, and that it does not
// matter in which order they come.
func TestHolding(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	sizes := make([]int, 50)
	for i := range sizes {
		sizes[i] = objectValues + random.IntN(100)
	}
	sorted := slices.Sorted(slices.Values(sizes))
	want, fit := 0, 0
	for fit < len(sorted) && want+sorted[fit] <= 1000 {
		want += sorted[fit]
		fit++
	}
	var first string
	for range 50 {
		h := holding{most: 1000}
		pairs := make([]*pair, len(sizes))
		for _, i := range random.Perm(len(sizes)) {
			pairs[i] = sizedPair(i, sizes[i])
			if h.add(pairs[i]); h.values > h.most {
				t.Fatalf("keeps %d values", h.values)
			}
		}
		var kept []string
		for _, p := range pairs {
			switch {
			case p.head.err == nil && p.head.values() > 0:
				kept = append(kept, p.path())
			case p.head.err != nil && !strings.Contains(p.head.err.Reason, "more than 1000 values"):
				t.Fatal(p.head.err)
			}
		}
		if first = cmp.Or(first, strings.Join(kept, " ")); first != strings.Join(kept, " ") || h.values != int64(want) {
			t.Fatalf("keeps %d values of %d: %s, before %s", h.values, want, kept, first)
		}
	}
}

// TestValues proves that text without structure counts too.
func TestValues(t *testing.T) {
	t.Parallel()
	r := rendered{rendering: &manifests.Rendering{Objects: []*manifests.Object{{Raw: make([]byte, 1<<20), Origins: make([]manifests.Origin, 5)}}}}
	if got := r.values(); got != objectValues+5+1<<20/valueBytes {
		t.Errorf("got %d", got)
	}
}
