package review

import (
	"context"
	"slices"
)

// uncovered renders by themselves the roots that objects of Argo CD and Flux have rendered of which none renders at head: what
// lies there would else be looked at by nobody.
func (e *Engine) uncovered(ctx context.Context, r *run, plan *Plan, pairs []*pair) ([]*pair, error) {
	if len(plan.covered) == 0 {
		return nil, nil
	}
	fails, renders := make(map[string]bool), make(map[string]bool)
	for _, p := range pairs {
		if p.Head == nil || p.Head.Deployment == nil {
			continue
		}
		into := renders
		if p.head.err != nil {
			into = fails
		}
		for key := range covers(*p.Head) {
			into[key] = true
		}
	}
	bare := slices.DeleteFunc(slices.Clone(plan.covered), func(pair RootPair) bool {
		key := coverKey(*pair.Head)
		return !fails[key] || renders[key]
	})
	rendered, err := e.renderPairs(ctx, r, bare)
	if err != nil {
		return nil, err
	}
	for _, p := range rendered {
		p.bare = true
	}
	return withoutEchoes(rendered, pairs), nil
}

// countBare counts what is reviewed by itself, unlike in the cluster, among the roots, and says so.
func (result *Result) countBare(pairs []*pair) {
	var paths []string
	for _, p := range pairs {
		if p.bare {
			paths = append(paths, p.path())
		}
	}
	if len(paths) == 0 {
		return
	}
	slices.Sort(paths)
	result.Total += len(paths)
	result.Notes = append(result.Notes, "reviewed without the settings that Argo CD or Flux renders it with, since with these it does not render: "+shortList(paths))
}
