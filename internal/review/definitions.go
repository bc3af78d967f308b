package review

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/source"
)

// definitions adds to the context of both sides the CustomResourceDefinitions, plain in the source, of the custom kinds
// that were rendered, for rules that ask for them; and the way to
// find out what else there is.
func (r *run) definitions(ctx context.Context, plan *Plan, base, head *side) error {
	r.beyond(ctx, plan, base, head)
	if err := r.params(ctx, plan, base, head); err != nil {
		return err
	}
	if !slices.ContainsFunc(r.active, func(a activeRule) bool { return a.Definitions }) {
		return nil
	}
	kinds := r.customKinds(base, head)
	if len(kinds) == 0 {
		return nil
	}
	add := func(tree source.Tree, d *manifests.Discovery, context *[]*manifests.Object) error {
		if tree == nil || d == nil {
			return nil
		}
		index, err := manifests.IndexDefinitions(ctx, tree, d, kinds)
		if err != nil {
			return err
		}
		for _, found := range index.Found {
			*context = append(*context, found.Object)
		}
		return nil
	}
	if err := add(r.change.Base, plan.base, &plan.BaseContext); err != nil {
		return err
	}
	return add(r.change.Head, plan.found, &plan.HeadContext)
}

// versionNotes says by which version the API is judged where that of the review is not built in.
func (r *run) versionNotes() []string {
	if !slices.ContainsFunc(r.active, func(a activeRule) bool { return a.Definitions }) {
		return nil // nobody asks for the API, which takes a while to read
	}
	if nearest := kubeapi.For(r.kube.Minor).Minor; nearest != r.kube.Minor {
		return []string{fmt.Sprintf("no schemas of Kubernetes %s are built in: fields and kinds are held against those of 1.%d", r.kube, nearest)}
	}
	return nil
}

// customKinds are the rendered kinds that Kubernetes itself does not have, sorted.
func (r *run) customKinds(sides ...*side) []string {
	api, kinds := kubeapi.For(r.kube.Minor), map[string]bool{}
	for _, s := range sides {
		for _, view := range s.views {
			for _, o := range view.Objects {
				if _, own := api.Kind(o.APIVersion, o.Kind); !own && !api.Serves(o.Group()) {
					kinds[o.Kind] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(kinds))
}

// Definitions returns the CustomResourceDefinitions of some kinds, by their names without groups: those that lie in a tree,
// and where there are none of a kind, those that the tree's roots render, as far as they do.
func (e *Engine) Definitions(ctx context.Context, tree source.Tree, kinds []string) ([]*manifests.Object, error) {
	plan, err := e.planOf(ctx, tree)
	if err != nil {
		return nil, err
	}
	index, err := manifests.IndexDefinitions(ctx, tree, plan.found, kinds)
	if err != nil {
		return nil, err
	}
	var all []*manifests.Object
	for _, found := range index.Found {
		all = append(all, found.Object)
	}
	missing := slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool {
		return slices.ContainsFunc(all, func(o *manifests.Object) bool { return defines(o, kind) })
	})
	if len(missing) == 0 {
		return all, nil
	}
	pairs, err := e.renderTree(ctx, tree, plan)
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		view := p.head.view(*p.Head, DefaultPolicy())
		if view == nil {
			continue
		}
		for _, o := range view.Objects {
			if slices.ContainsFunc(missing, func(kind string) bool { return defines(o, kind) }) {
				all = append(all, o)
			}
		}
	}
	return all, nil
}

// defines reports whether an object is a CustomResourceDefinition of a kind.
func defines(o *manifests.Object, kind string) bool {
	return o.Kind == "CustomResourceDefinition" && o.Group() == "apiextensions.k8s.io" && o.Field().Get("spec", "names", "kind").Text() == kind
}
