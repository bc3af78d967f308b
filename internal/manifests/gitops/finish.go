package gitops

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
)

// finish leads the objects' origins back to the tree's files, and does what the deployment does after rendering.
func finish(ctx context.Context, objects []*manifests.Object, after manifests.Finish, back *returner) (all []*manifests.Object, err error) {
	for _, o := range objects {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for j := range o.Origins {
			o.Origins[j] = back.origin(o.Origins[j])
		}
		if after.SkipTests && ofTest(o) {
			continue
		}
		if after.Substitute {
			if o, err = substitute(o, after); err != nil {
				return nil, err
			}
		}
		all = append(all, o)
	}
	if after.Patched {
		if all, err = patched(all); err != nil {
			return nil, err
		}
	}
	all = append(all, added(after.Adds, all)...)
	placed := placing(all, after)
	for i, o := range all {
		if all[i], err = mark(o, after, placed(o)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ofTest reports whether an object is a test of its chart's: "helm template --skip-tests" leaves it out.
func ofTest(o *manifests.Object) bool {
	return slices.ContainsFunc(strings.Split(o.Hook, ","), func(event string) bool {
		return strings.HasPrefix(strings.TrimSpace(event), "test")
	})
}

// added are the objects that the tool makes, but for those that are rendered too.
func added(adds []manifests.Laid, rendered []*manifests.Object) (all []*manifests.Object) {
	for _, laid := range adds {
		o, err := manifests.NewObject(laid.Text)
		if err != nil || slices.ContainsFunc(rendered, func(other *manifests.Object) bool { return other.Identity == o.Identity }) {
			continue
		}
		o.Walk(func(f manifests.Field) {
			var at manifests.Origin
			if n := f.Node().Line; n > 0 && n <= len(laid.Lines) {
				at = laid.Lines[n-1]
			}
			o.Origins = append(o.Origins, at)
		})
		all = append(all, o)
	}
	return all
}

// placing says which objects get the namespace of the deployment: those that have none, and live in one. Of kinds that
// nobody knows both Argo CD and Helm take that they do.
func placing(objects []*manifests.Object, after manifests.Finish) func(*manifests.Object) bool {
	if after.Namespace.Value == "" {
		return func(*manifests.Object) bool { return false }
	}
	cluster := make(map[string]bool)
	for _, kind := range after.Cluster {
		cluster[kind] = true
	}
	for _, o := range objects {
		if kind, scope := definedBy(o); kind != "" {
			cluster[kind] = scope == "Cluster"
		}
	}
	return func(o *manifests.Object) bool {
		if o.Namespace != "" || cluster[o.Kind+"."+o.Group()] {
			return false
		}
		namespaced, known := kubeapi.Namespaced(o.APIVersion, o.Kind)
		return namespaced || !known
	}
}

// definedBy is the kind that a CustomResourceDefinition defines, as "Kind.group", and its scope; "" for other objects.
func definedBy(o *manifests.Object) (kind, scope string) {
	if o.Kind != "CustomResourceDefinition" {
		return "", ""
	}
	spec := o.Field().Get("spec")
	return spec.Get("names", "kind").Text() + "." + spec.Get("group").Text(), spec.Get("scope").Text()
}

// mark adds the labels and annotations that all objects of a deployment get, and its namespace.
func mark(o *manifests.Object, after manifests.Finish, placed bool) (*manifests.Object, error) {
	if len(after.Labels)+len(after.Annotations) == 0 && !placed || !o.Field().IsMap() {
		return o, nil
	}
	d := newDraft(o.Field(), of(o))
	meta := d.below(d.node, "metadata", first(o))
	if placed {
		at := slices.Clone(after.Namespace.At)
		for i := range at {
			at[i].Role = manifests.RoleTransformer
		}
		d.set(meta, "namespace", d.text(after.Namespace.Value, at))
	}
	for _, set := range []struct {
		key string
		all map[string]manifests.Variable
	}{{"labels", after.Labels}, {"annotations", after.Annotations}} {
		for _, name := range slices.Sorted(maps.Keys(set.all)) {
			v := set.all[name]
			d.set(d.below(meta, set.key, v.At), name, d.text(v.Value, v.At))
		}
	}
	return d.object(o)
}
