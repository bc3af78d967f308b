package rbac

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// maxAggregated caps how many roles one takes in, and maxTried how many pairs of role and selector are looked at: both are
// far above what any cluster has.
const (
	maxAggregated = 1000
	maxTried      = 1 << 20
)

// aggregated lists the ClusterRoles that a role takes the rules of, with what those aggregate themselves.
func (w *world) aggregated(r *role) []*role {
	seen := map[*role]bool{r: true}
	var taken []*role
	for queue := []*role{r}; len(queue) > 0 && len(taken) < maxAggregated; queue = queue[1:] {
		for _, other := range w.selected(queue[0]) {
			if !seen[other] {
				seen[other] = true
				taken, queue = append(taken, other), append(queue, other)
			}
		}
	}
	return taken
}

// selected lists the ClusterRoles whose labels one of a role's selectors matches.
func (w *world) selected(r *role) (found []*role) {
	for _, selector := range r.object.Field().Get("aggregationRule", "clusterRoleSelectors").Items() {
		for _, other := range w.candidates(selector) {
			if w.left--; w.left > 0 && other != r && review.Selects(selector, other.object.Field().Get("metadata", "labels")) {
				found = append(found, other)
			}
		}
	}
	return nearest(found, r.view)
}

// candidates lists the ClusterRoles that may match a selector, by one of the labels that it asks for.
func (w *world) candidates(selector manifests.Field) []*role {
	for _, e := range selector.Get("matchLabels").Entries() {
		return w.labelled[e.Key+"="+e.Value.Text()]
	}
	return w.clusterRoles
}
