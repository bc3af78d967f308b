package review

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Near lists the objects of a kind, whatever its group, in the namespace that o lands in: those of the root, then
// what else the repository is known to hold there, each identity once. Where the namespace is not known, those of the root
// without one stand beside o, and which of the repository's others would join them nobody can tell.
func (p *Pass) Near(kind string, o *manifests.Object) []*manifests.Object {
	namespace := p.Root.Namespace(o)
	return slices.Clip(once(&p.Root.memo, "near|"+kind+"|"+namespace, func() []*manifests.Object { return p.near(kind, namespace) }))
}

func (p *Pass) near(kind, namespace string) (found []*manifests.Object) {
	seen := make(map[manifests.Identity]bool)
	add := func(other *manifests.Object, lands string) {
		id := manifests.Identity{APIVersion: other.Group(), Kind: kind, Namespace: lands, Name: other.Name}
		if lands == namespace && !seen[id] {
			seen[id] = true
			found = append(found, other)
		}
	}
	for _, other := range p.Root.OfKind(kind) {
		add(other, p.Root.Namespace(other))
	}
	if namespace == "" {
		return found
	}
	for _, other := range p.Index.In(kind, namespace) {
		add(other, other.Namespace)
	}
	return found
}
