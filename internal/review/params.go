package review

import (
	"context"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// maxParamKinds is how many kinds of parameters are looked for.
const maxParamKinds = 20

// params adds to the context of both sides the objects, plain in the source, of the kinds from which admission policies
// take their parameters. Those that Beyond knows need not be looked for.
func (r *run) params(ctx context.Context, plan *Plan, base, head *side) error {
	add := func(tree source.Tree, d *manifests.Discovery, s *side, context *[]*manifests.Object) error {
		kinds := paramKinds(s, *context)
		if tree == nil || d == nil || len(kinds) == 0 {
			return nil
		}
		index, err := manifests.IndexObjects(ctx, tree, d, kinds)
		if err != nil {
			return err
		}
		for _, found := range index.Found {
			*context = append(*context, found.Object)
		}
		return nil
	}
	if err := add(r.change.Base, plan.base, base, &plan.BaseContext); err != nil {
		return err
	}
	return add(r.change.Head, plan.found, head, &plan.HeadContext)
}

// paramKinds are the kinds of parameters that the policies of one side name and that are not looked for anyway, sorted.
func paramKinds(s *side, context []*manifests.Object) (kinds []string) {
	all := slices.Clone(context)
	for _, view := range s.views {
		all = append(all, view.OfKind("ValidatingAdmissionPolicy")...)
	}
	for _, o := range all {
		if o.Kind != "ValidatingAdmissionPolicy" {
			continue
		}
		kind := o.Field().Get("spec", "paramKind", "kind").Text()
		if kind != "" && !slices.Contains(beyondKinds(), kind) && !slices.Contains(contextKinds(), kind) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	kinds = slices.Compact(kinds)
	return kinds[:min(len(kinds), maxParamKinds)]
}
