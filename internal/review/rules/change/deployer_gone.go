package change

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// deployerKinds are the objects of Argo CD and Flux that apply others.
var deployerKinds = []string{"Kustomization.kustomize.toolkit.fluxcd.io", "HelmRelease.helm.toolkit.fluxcd.io",
	"Application.argoproj.io", "ApplicationSet.argoproj.io"}

// lossOfDeployer says what goes with an object of Argo CD or Flux: all that it applied, unless it is told to leave that. What
// another one applies from the same place at head may well stay.
func lossOfDeployer(p *review.Pass) loss {
	d, known := newDeployer(p.Before, p.Object)
	what := deletedWith(p.Object.Field())[p.Object.Kind]
	if !known || what == "" {
		return loss{}
	}
	lost := loss{what: what, more: "It is deleted together with the object, data included, and not only left alone. Have it let go of them first, in a change of its own.", level: review.Error}
	for _, other := range deployers(p.Index) {
		if !sameDeployer(other.Object, p.Object) && slices.ContainsFunc(other.paths, func(at string) bool { return slices.Contains(d.paths, at) }) {
			lost.level = review.Warning
			lost.more = other.Kind + " " + other.Name + " applies the same path. Whether it takes over what is there, or it is deleted and made anew, depends on which of the two the cluster sees first."
		}
	}
	return lost
}

// sameDeployer reports whether an object is the one that is removed, from a file that lies there and that nobody applies any
// more: had it moved, it would not be removed. Where it names no namespace, what applied it gave it one.
func sameDeployer(o, removed *manifests.Object) bool {
	return o.Kind == removed.Kind && o.Name == removed.Name && (o.Namespace == "" || o.Namespace == removed.Namespace)
}

// deletedWith says, by kind, what is deleted with an object that has these fields.
func deletedWith(o manifests.Field) map[string]string {
	spec := o.Get("spec")
	all := make(map[string]string)
	if policy := spec.Get("deletionPolicy").Text(); !spec.Get("suspend").True() && policy != "Orphan" {
		if spec.Get("prune").True() || policy == "Delete" || policy == "WaitForTermination" {
			all["Kustomization"] = "everything that it applied"
		}
		all["HelmRelease"] = "the release that it installed"
	}
	if cascades(o.Get("metadata", "finalizers")) {
		all["Application"] = "everything that it deployed"
	}
	// A set gives its Applications the finalizer where its template has none at all.
	if own := spec.Get("template", "metadata", "finalizers"); (len(own.Items()) == 0 || cascades(own)) && !spec.Get("syncPolicy", "preserveResourcesOnDeletion").True() {
		all["ApplicationSet"] = "its Applications with everything that they deployed"
	}
	return all
}

// cascades reports whether Argo CD deletes what an Application deployed before the Application itself.
func cascades(finalizers manifests.Field) bool {
	return slices.ContainsFunc(finalizers.Items(), func(f manifests.Field) bool {
		return strings.HasPrefix(f.Text(), "resources-finalizer.argocd.argoproj.io")
	})
}
