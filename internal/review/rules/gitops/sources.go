package gitops

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// The groups of the tools' kinds.
const (
	argo       = "argoproj.io"
	fluxSource = "source.toolkit.fluxcd.io"
)

// sourcesOf lists the sources of an Application, or of the template of an ApplicationSet.
func sourcesOf(o *manifests.Object) []manifests.Field {
	spec := specOf(o)
	sources := spec.Get("sources").Items()
	if source := spec.Get("source"); source.IsMap() {
		sources = append(sources, source)
	}
	return sources
}

// specOf is the spec of an Application, or that which an ApplicationSet makes Applications from.
func specOf(o *manifests.Object) manifests.Field {
	if o.Kind == "ApplicationSet" {
		return o.Field().Get("spec", "template", "spec")
	}
	return o.Field().Get("spec")
}

// templated reports whether a text is filled in by an ApplicationSet or by a substitution, so that nobody knows it yet.
func templated(text string) bool { return strings.Contains(text, "{{") || strings.Contains(text, "${") }

// isChart reports whether a source of Argo CD is a chart of a Helm repository.
func isChart(source manifests.Field) bool { return source.Get("chart").Text() != "" }

// chartOf is the chart that a HelmRelease is made from where it says so itself; false where it refers to another object.
func chartOf(o *manifests.Object) (manifests.Field, bool) {
	chart := o.Field().Get("spec", "chart", "spec")
	return chart, chart.IsMap()
}

// findSource returns the Flux source that a reference names, as far as the repository holds it.
func findSource(p *review.Pass, ref manifests.Field) *manifests.Object {
	kind, name, namespace := ref.Get("kind").Text(), ref.Get("name").Text(), ref.Get("namespace").Text()
	if namespace == "" {
		namespace = p.Root.Namespace(p.Object)
	}
	for _, o := range p.Root.OfKind(kind) {
		if o.Name == name && p.Root.Namespace(o) == namespace && o.Group() == fluxSource {
			return o
		}
	}
	if o := p.Index.Find(kind, namespace, name); o != nil && o.Group() == fluxSource {
		return o
	}
	return nil
}
