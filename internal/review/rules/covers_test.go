package rules_test

import (
	"slices"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules"
)

// TestCovers holds that what rules cover exists, and that none covers itself through others: all would be hidden.
func TestCovers(t *testing.T) {
	t.Parallel()
	byID := map[string]*review.Rule{}
	for _, r := range rules.All() {
		byID[r.ID] = r
	}
	for id := range byID {
		seen := []string{}
		for queue := slices.Clone(byID[id].Covers); len(queue) > 0; queue = queue[1:] {
			r, known := byID[queue[0]]
			switch {
			case !known:
				t.Errorf("%s covers %s, which does not exist", id, queue[0])
			case r.ID == id:
				t.Errorf("%s covers itself", id)
			case !slices.Contains(seen, r.ID):
				seen = append(seen, r.ID)
				queue = append(queue, r.Covers...)
			}
		}
	}
}
