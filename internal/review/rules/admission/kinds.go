package admission

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
	cluster "github.com/landwaiter/landwaiter/internal/review/admission"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

type kindKey struct{ apiVersion, kind string }

// kindInfo is what decides whether policies are for objects of a kind.
type kindInfo struct {
	resource   schema.GroupVersionResource
	namespaced bool
	known      bool // whether it is namespaced
	own        bool // one of Kubernetes' own kinds
	equivalent []schema.GroupVersionResource
}

// names are all resources under which objects of the kind are reached.
func (k *kindInfo) names() []schema.GroupVersionResource {
	return append([]schema.GroupVersionResource{k.resource}, k.equivalent...)
}

// kindOf finds out about a kind: from Kubernetes' own, from the definitions of the repository, or by its name alone.
func (all *policies) kindOf(p *review.Pass, apiVersion, kind string) *kindInfo {
	key := kindKey{apiVersion, kind}
	if known := all.kinds[key]; known != nil {
		return known
	}
	gv := schema.FromAPIVersionAndKind(apiVersion, kind).GroupVersion()
	info := &kindInfo{resource: gv.WithResource(cluster.Plural(apiVersion, kind))}
	api := kubeapi.For(p.Kube.Minor)
	if own, ok := api.Kind(apiVersion, kind); ok {
		info.namespaced, info.known, info.own = own.Namespaced, true, true
		for _, other := range api.Named(kind) {
			if other.Group() == gv.Group && other.APIVersion != apiVersion {
				info.equivalent = append(info.equivalent, schema.FromAPIVersionAndKind(other.APIVersion, kind).GroupVersion().WithResource(info.resource.Resource))
			}
		}
	} else if plural := all.plurals[kindKey{gv.Group, kind}]; plural != "" {
		info.resource.Resource = plural
	}
	for _, o := range p.Index.Standing("CustomResourceDefinition") {
		if !info.own && o.Field().Get("spec", "group").Text() == gv.Group && o.Field().Get("spec", "names", "kind").Text() == kind {
			info.defined(o, gv)
		}
	}
	all.kinds[key] = info
	return info
}

// defined takes over what a definition says of a kind.
func (k *kindInfo) defined(o *manifests.Object, gv schema.GroupVersion) {
	d, err := kubeapi.ReadDefinition(o)
	if err != nil {
		return
	}
	k.namespaced, k.known = d.Namespaced, true
	for _, v := range d.Versions {
		if v.Served && v.Name != gv.Version {
			k.equivalent = append(k.equivalent, schema.GroupVersionResource{Group: gv.Group, Version: v.Name, Resource: k.resource.Resource})
		}
	}
}

// pluralsOf returns the resources of the kinds that an index defines, by group and kind.
func pluralsOf(x *review.Index) map[kindKey]string {
	found := map[kindKey]string{}
	for _, o := range x.Standing("CustomResourceDefinition") {
		names := o.Field().Get("spec", "names")
		if plural := names.Get("plural").Text(); plural != "" {
			found[kindKey{o.Field().Get("spec", "group").Text(), names.Get("kind").Text()}] = strings.ToLower(plural)
		}
	}
	return found
}

// concerning returns the policies that have bindings and may be for a kind, those that could be compiled.
func (all *policies) concerning(p *review.Pass, apiVersion, kind string) []*policy {
	key := kindKey{apiVersion, kind}
	if found, ok := all.concerns[key]; ok {
		return found
	}
	var found []*policy
	names := all.kindOf(p, apiVersion, kind).names()
	for _, one := range all.all {
		if one.program != nil && len(one.bindings) > 0 && one.spec.MatchConstraints != nil && cluster.Concerns(one.spec.MatchConstraints, names...) {
			found = append(found, one)
		}
	}
	all.concerns[key] = found
	return found
}
