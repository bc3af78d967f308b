package review

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Reach is where a change of a root goes that an object of Argo CD or Flux has rendered, and how.
type Reach struct {
	Root       string
	Cluster    string   // "" for the cluster in which the object is
	Namespaces []string // of the changed objects, sorted; none where nothing is known of them
	Effect     string   // what the tool does when the change is merged
}

// reach is where a root's changed objects go; false where the root is not made by an object, or nothing is changed.
func (p *pair) reach(diff []manifests.ObjectDiff) (Reach, bool) {
	root := p.Head
	if root == nil {
		root = p.Base
	}
	if root.Deployment == nil || len(diff) == 0 {
		return Reach{}, false
	}
	effect := root.Deployment.Effect
	r := Reach{Root: root.Path, Cluster: effect.Cluster, Effect: effect.Applied}
	if p.Head == nil {
		r.Effect = "is gone: " + effect.Gone
	}
	for _, d := range diff {
		if namespace := firstOf(d.Object.Namespace, root.Namespace); namespace != "" {
			r.Namespaces = append(r.Namespaces, namespace)
		}
	}
	slices.Sort(r.Namespaces)
	r.Namespaces = slices.Compact(r.Namespaces)
	return r, true
}
