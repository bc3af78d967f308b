package gitops

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// argoNamespace gives a deployment the namespace of an Application's destination: Argo CD sets it on what has none, and
// makes it where that is said (user guide, "Sync Options", "Create Namespace").
func (w *World) argoNamespace(o *manifests.Object, d *manifests.Deployment) {
	spec := o.Field().Get("spec")
	named := spec.Get("destination", "namespace")
	d.After.Namespace = manifests.Variable{Value: named.Text(), At: originOf(o, named)}
	d.After.Cluster = w.clusterKinds()
	policy := spec.Get("syncPolicy")
	for _, option := range policy.Get("syncOptions").Items() {
		if option.Text() == "CreateNamespace=true" {
			w.addNamespace(d, named.Text(), policy.Get("managedNamespaceMetadata"), o, option)
		}
	}
}

// addNamespace has a namespace made beside what renders, with labels and annotations, unless the repository has it anyway.
func (w *World) addNamespace(d *manifests.Deployment, called string, metadata manifests.Field, by *manifests.Object, at manifests.Field) {
	if called == "" || w.byName[name{"", "Namespace", "", called}] != nil {
		return
	}
	from := of(by)
	made := newDraft(manifests.Field{}, func(manifests.Field) manifests.Origin { return from(at) })
	made.set(made.node, "apiVersion", made.text("v1", from(at)))
	made.set(made.node, "kind", made.text("Namespace", from(at)))
	meta := made.below(made.node, "metadata", from(at))
	if metadata.IsMap() {
		made.from[meta] = from(metadata)
	}
	made.set(meta, "name", made.text(called, d.After.Namespace.At))
	for _, key := range []string{"labels", "annotations"} {
		if said := metadata.Get(key); said.IsMap() {
			made.set(meta, key, made.take(said, from))
		}
	}
	if p, err := made.page(); err == nil {
		d.After.Adds = append(d.After.Adds, p.laid(laidDir+"/namespace.yaml"))
	}
}

// clusterKinds are the custom kinds of the repository that live in no namespace.
func (w *World) clusterKinds() []string {
	if w.cluster == nil {
		w.cluster = []string{}
		for _, o := range w.order {
			if kind, scope := definedBy(o); scope == "Cluster" && !strings.HasPrefix(kind, ".") {
				w.cluster = append(w.cluster, kind)
			}
		}
		slices.Sort(w.cluster)
	}
	return w.cluster
}
