package gitops

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var helmSourceInsecure = review.Rule{
	ID: review.RuleHelmSource, Level: review.Error, Guidelines: []string{"G14"},
	Summary: "A chart is fetched so that others decide what it is",
	Kinds: []string{"HelmRepository." + fluxSource, "OCIRepository." + fluxSource, "HelmRelease.helm.toolkit.fluxcd.io", "HelmChart." + fluxSource,
		"Application." + argo, "ApplicationSet." + argo},
	Check: checkHelmSourceInsecure,
}

func checkHelmSourceInsecure(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	switch p.Object.Kind {
	case "HelmRepository", "OCIRepository":
		insecureAddress(p, spec.Get("url"))
		if at := spec.Get("insecure"); at.True() {
			reportInsecure(p, at).Fix("Use TLS", review.Remove(at)).Unsafe()
		}
	case "HelmRelease":
		if chart, ok := chartOf(p.Object); ok {
			chartVersion(p, chart)
		}
	case "HelmChart":
		chartVersion(p, spec)
	default:
		for _, source := range sourcesOf(p.Object) {
			if isChart(source) {
				insecureAddress(p, source.Get("repoURL"))
			}
		}
	}
}

func insecureAddress(p *review.Pass, at manifests.Field) {
	if review.PlainHTTP(at.Text()) {
		reportInsecure(p, at)
	}
}

func reportInsecure(p *review.Pass, at manifests.Field) *review.Draft {
	return p.Report(at, "%s %s fetches charts without encryption", p.Object.Kind, p.Object.Name).
		Detail("Whoever sits on the way can hand over another chart, and its manifests are applied with the tool's rights.")
}

// chartVersion wants a version where the chart comes from a repository of charts; of a Git or bucket source the source's
// own revision decides.
func chartVersion(p *review.Pass, chart manifests.Field) {
	version := chart.Get("version")
	if chart.Get("sourceRef", "kind").Text() != "HelmRepository" || !review.AnyVersion(version.Text()) || templated(version.Text()) {
		return
	}
	p.Report(version, "chart %s of %s %s has no version", chart.Get("chart").Text(), p.Object.Kind, p.Object.Name).
		Detail("Flux installs the newest one there is, as soon as it is published and without a change here that anybody could review.")
}
