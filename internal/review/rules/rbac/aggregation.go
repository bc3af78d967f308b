package rbac

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// maxTried caps how often it is asked whether one role aggregates another, far above what any cluster needs. What lies
// beyond is not known, and said to be not.
const maxTried = 1 << 20

// aggregated lists the ClusterRoles that a role takes the rules of, with what those aggregate themselves.
func (w *world) aggregated(r *role) (taken []*role) {
	seen := map[*role]bool{r: true}
	for queue := []*role{r}; len(queue) > 0; queue = queue[1:] {
		for _, other := range w.selected(queue[0]) {
			if w.left--; w.left < 0 {
				return taken
			}
			if !seen[other] {
				seen[other] = true
				taken, queue = append(taken, other), append(queue, other)
			}
		}
	}
	return taken
}

// selected lists the ClusterRoles whose labels one of a role's selectors matches.
func (w *world) selected(r *role) []*role {
	if r.selects != nil {
		return r.selects
	}
	r.selects = []*role{}
	for _, selector := range r.object.Field().Get("aggregationRule", "clusterRoleSelectors").Items() {
		for _, other := range w.candidates(selector) {
			if w.left--; w.left < 0 {
				return nil
			}
			if other != r && review.Selects(selector, other.labels) {
				r.selects = append(r.selects, other)
			}
		}
	}
	r.selects = nearest(r.selects, r.view)
	return r.selects
}

// candidates lists the ClusterRoles that may match a selector, by one of the labels that it asks for.
func (w *world) candidates(selector manifests.Field) []*role {
	for _, e := range selector.Get("matchLabels").Entries() {
		return w.labelled[e.Key+"="+e.Value.Text()]
	}
	return w.clusterRoles
}
