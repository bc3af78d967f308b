package gitops

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var fluxCrossNamespace = review.Rule{
	ID: "flux-cross-namespace", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "A tenant's Flux object uses a source of another namespace",
	Kinds:   []string{"Kustomization.kustomize.toolkit.fluxcd.io", "HelmRelease.helm.toolkit.fluxcd.io", "ImageUpdateAutomation.image.toolkit.fluxcd.io"},
	Check:   checkFluxCrossNamespace,
}

func checkFluxCrossNamespace(p *review.Pass) {
	own := p.Root.Namespace(p.Object)
	if own == "" {
		return
	}
	spec := p.Object.Field().Get("spec")
	for _, ref := range []manifests.Field{spec.Get("sourceRef"), spec.Get("chartRef"), spec.Get("chart", "spec", "sourceRef")} {
		at := ref.Get("namespace")
		if other := at.Text(); other != "" && other != own && !templated(other) {
			p.Report(at, "%s %s uses a source of namespace %s", p.Object.Kind, p.Object.Name, other).
				Detail("Flux fetches it with that namespace's credentials. Where tenants share a cluster this is how one reads another's repository, and Flux can refuse it (--no-cross-namespace-refs), which would stop this object.")
		}
	}
}
