package imagetable

import (
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// A chart in a registry is named by repository, chart and version; its tag is the version with "_" for "+", as Helm
// writes it (helm.sh/docs/topics/registries).

// versionRange is what does not name one version: Helm and Argo CD take "1.2" for any version that begins so.
var versionRange = regexp.MustCompile(`[\^~<>=|, *]|(^|\.)[xX]($|\.)|^v?[0-9]+(\.[0-9]+)?$`)

// chart brings a chart's reference into the form of an image's. Of one with a range of versions the tag is open.
func (r *Row) chart(one Found) (Found, bool) {
	rest, digest, hasDigest := strings.Cut(one.Text, "@")
	name, version := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
		name, version = rest[:i], rest[i+1:]
	}
	switch {
	case version != "" && r.Ranges && versionRange.MatchString(version):
		one.Text, one.Open = name, true
	case version != "":
		one.Text = name + ":" + strings.ReplaceAll(version, "+", "_")
	}
	if hasDigest {
		one.Text = strings.TrimSuffix(one.Text, "@"+digest) + "@" + digest
	}
	_, err := images.ParseReference(one.Text)
	return one, err == nil // what is none is of another kind of repository, or filled in later
}

// fluxChart finds the chart of a Flux HelmRelease or HelmChart, whose repository is an object of its own.
func (f *finder) fluxChart(o *manifests.Object) {
	spec := o.Field().Get("spec")
	switch {
	case o.Kind == "HelmRelease" && o.Group() == "helm.toolkit.fluxcd.io":
		spec = spec.Get("chart", "spec")
	case o.Kind == "HelmChart" && o.Group() == "source.toolkit.fluxcd.io":
	default:
		return
	}
	ref := spec.Get("sourceRef")
	namespace := ref.Get("namespace").Text()
	if namespace == "" {
		namespace = o.Namespace
	}
	repository := f.find("HelmRepository", namespace, ref.Get("name").Text())
	if repository == nil || ref.Get("kind").Text() != "HelmRepository" {
		return
	}
	one, ok := parseTemplate("{chart}:{version}").fill(spec)
	if !ok {
		return
	}
	one.Text = strings.TrimSuffix(repository.Field().Get("spec", "url").Text(), "/") + "/" + one.Text
	f.add(&Row{Scheme: "oci://", Chart: true, Ranges: true}, one)
}
