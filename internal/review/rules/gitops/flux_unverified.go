package gitops

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var fluxUnverified = review.Rule{
	ID: "flux-unverified", Level: review.Warning, Guidelines: []string{"G14"},
	Summary: "An artefact from a registry is applied without looking at its signature",
	Kinds:   []string{"OCIRepository." + fluxSource, "HelmChart." + fluxSource, "HelmRelease.helm.toolkit.fluxcd.io"},
	Check:   checkFluxUnverified,
}

func checkFluxUnverified(p *review.Pass) {
	at := p.Object.Field().Get("spec")
	switch p.Object.Kind {
	case "HelmRelease":
		chart, ok := chartOf(p.Object)
		if !ok || !fromOCI(p, chart) {
			return
		}
		at = chart
	case "HelmChart":
		if !fromOCI(p, at) {
			return
		}
	}
	if verify := at.Get("verify"); !verify.Get("provider").IsSet() {
		p.Report(verify, "%s %s is taken without checking a signature", p.Object.Kind, p.Object.Name).
			Detail("Flux can have the signature checked (verify.provider cosign or notation) before it applies anything. Without that, whoever may push to the registry decides what runs.")
	}
}

// fromOCI reports whether the chart's source is known to be a registry, the only kind of Helm source that can be verified.
func fromOCI(p *review.Pass, chart manifests.Field) bool {
	source := findSource(p, chart.Get("sourceRef"))
	return source != nil && source.Kind == "HelmRepository" && source.Field().Get("spec", "type").Text() == "oci"
}
