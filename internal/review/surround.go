package review

import "github.com/landwaiter/landwaiter/internal/manifests"

// surround lets both sides know the roots beside those that are judged, as far as planning rendered them to find what
// objects of Argo CD and Flux have rendered: the namespaces, policies and roles that a whole cluster stands on come from one
// such root more often than from plain source. Of a root that is judged nothing is taken that its side does not show.
func (r *run) surround(plan *Plan, pairs []*pair, base, head *side) {
	atBase, atHead := make(map[string]bool), make(map[string]bool)
	for _, p := range pairs {
		if p.Base != nil {
			atBase[rootKey(*p.Base)] = true
		}
		if p.Head != nil {
			atHead[rootKey(*p.Head)] = true
		}
	}
	base.take(plan.baseRoots, plan.baseKnown, atBase, r.policy)
	head.take(plan.headRoots, plan.headKnown, atHead, r.policy)
}

// take adds what is known of roots to what a side knows beside its own, but for those that are judged.
func (s *side) take(roots []manifests.Root, known map[string]rendered, judged map[string]bool, policy *Policy) {
	for _, root := range roots {
		key := rootKey(root)
		if judged[key] || s.views[key] != nil {
			continue
		}
		r := known[key]
		view := r.view(root, policy)
		if view == nil {
			continue
		}
		view.Partial, view.deployed = len(r.rendering.Failed) > 0, s.deployed
		s.around = append(s.around, view)
		for _, read := range r.reads {
			s.read[read.Path] = true
		}
	}
}
