package gitops

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// chartDir is where a fetched chart lies while it is rendered.
const chartDir = laidDir + "/chart"

// release is what a HelmRelease of Flux has rendered.
func (w *World) release(o *manifests.Object) manifests.Root {
	spec := o.Field().Get("spec")
	target := spec.Get("targetNamespace").Text()
	called := o.Name
	if target != "" {
		called = target + "-" + o.Name
	}
	root := manifests.Root{Kind: manifests.Flux, Release: shortened(cmp.Or(spec.Get("releaseName").Text(), called)), Namespace: cmp.Or(target, o.Namespace, "default")}
	d := &manifests.Deployment{Render: manifests.Helm, CRDs: spec.Get("install", "crds").Text() != "Skip",
		SkipSchema: spec.Get("install", "disableSchemaValidation").True() || spec.Get("upgrade", "disableSchemaValidation").True(), After: commonMetadata(o)}
	d.After.SkipTests = !spec.Get("test", "enable").True()
	at := spec.Get("targetNamespace")
	if target == "" {
		at = o.Field().Get("metadata", "namespace")
	}
	d.After.Namespace = manifests.Variable{Value: cmp.Or(target, o.Namespace), At: originOf(o, at)}
	d.After.Cluster = w.clusterKinds()
	if spec.Get("install", "createNamespace").True() {
		w.addNamespace(d, cmp.Or(target, o.Namespace), manifests.Field{}, o, spec.Get("install", "createNamespace"))
	}
	root.Deployment = d
	chart := w.specOf(o)
	dir, named, why := w.chartOf(o, chart, d)
	d.At = named
	if why != "" {
		root.Dir, d.Skip, d.Elsewhere = ".", why, dir == ""
		return root
	}
	root.Dir = dir
	err := w.chartValues(chart, &root)
	if err == nil {
		err = w.releaseValues(o, &root)
	}
	if err != nil {
		d.At, d.Skip = failureOrigin(err, named), err.Reason
		return root
	}
	if err := w.postRender(o, &root); err != nil {
		d.At, d.Skip = originOf(o, spec.Get("postRenderers")), manifests.Discreet(err.Error())
	}
	return root
}

// maxRelease is how long the name of a release may be, in bytes.
const maxRelease = 53

// shortened is the name of a release, of which Flux cuts what Helm does not take off ("Release name" of its HelmRelease).
func shortened(name string) string {
	if len(name) <= maxRelease {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	end := "-" + hex.EncodeToString(sum[:])[:12]
	return name[:maxRelease-len(end)] + end
}

// chartSource is what says where a HelmRelease has its chart from: the specification of a HelmChart or OCIRepository, which
// stands in the release or in an object of its own.
type chartSource struct {
	kind string
	of   *manifests.Object
	spec manifests.Field

	at  manifests.Origin // where the release names it
	why string           // why there is none; "" when there is
}

// specOf finds the specification of a release's chart.
func (w *World) specOf(o *manifests.Object) chartSource {
	spec := o.Field().Get("spec")
	ref := spec.Get("chartRef")
	if !ref.IsMap() {
		return chartSource{kind: cmp.Or(spec.Get("chart", "kind").Text(), "HelmChart"), of: o, spec: spec.Get("chart", "spec")}
	}
	c := chartSource{kind: ref.Get("kind").Text(), of: o, spec: ref, at: originOf(o, ref)}
	if c.kind != "HelmChart" && c.kind != "OCIRepository" {
		return c
	}
	c.of = w.object(fluxSource, c.kind, cmp.Or(ref.Get("namespace").Text(), o.Namespace), ref.Get("name").Text())
	if c.of == nil {
		c.why = fmt.Sprintf("its chart is %s %s, which is not in the repository", c.kind, ref.Get("name").Text())
		return c
	}
	c.spec = c.of.Field().Get("spec")
	return c
}

// chartOf finds a chart: its directory in the repository, or where it can be had, which d then says. With why there is none:
// it lies elsewhere, or, with a directory, it ought to be here and is not.
func (w *World) chartOf(o *manifests.Object, c chartSource, d *manifests.Deployment) (dir string, at manifests.Origin, why string) {
	switch {
	case c.why != "":
		return "", c.at, c.why
	case c.kind == "HelmChart":
		return w.chartSpec(c.of, c.spec, d)
	case c.kind == "OCIRepository":
		d.Chart = inRegistry(c.of, c.spec)
		return chartDir, d.Chart.At, ""
	case c.kind == "ExternalArtifact":
		where := w.artifact(cmp.Or(c.spec.Get("namespace").Text(), o.Namespace), c.spec.Get("name").Text(), ".")
		if where.why != "" {
			return "", c.at, where.why
		}
		if !w.isFile(path.Join(where.dir, "Chart.yaml")) {
			return ".", c.at, fmt.Sprintf("the chart %s is not in the repository", where.dir)
		}
		return where.dir, c.at, ""
	}
	return "", c.at, fmt.Sprintf("its chart comes from the kind %q, which is not known", c.kind)
}

// inRegistry is the chart that an OCIRepository stands for (its API, "Reference"): a digest counts before a range, and that
// before a tag, which is "latest" by default.
func inRegistry(o *manifests.Object, spec manifests.Field) *manifests.RemoteChart {
	ref, named := spec.Get("ref"), spec.Get("url")
	for _, key := range []string{"digest", "semver", "tag"} {
		if ref.Get(key).Text() != "" {
			named = ref.Get(key)
			break
		}
	}
	c := &manifests.RemoteChart{URL: spec.Get("url").Text(), Digest: ref.Get("digest").Text(), Version: ref.Get("semver").Text(), At: originOf(o, named)}
	if c.Version != "" {
		c.Filter = ref.Get("semverFilter").Text()
	} else if c.Tag, c.Version = true, ref.Get("tag").Text(); c.Digest == "" {
		c.Version = cmp.Or(c.Version, "latest")
	}
	return c
}

// chartSpec follows the specification of a chart: of a HelmRelease, or of a HelmChart.
func (w *World) chartSpec(o *manifests.Object, chart manifests.Field, d *manifests.Deployment) (dir string, at manifests.Origin, why string) {
	at = originOf(o, chart.Get("chart"))
	called := chart.Get("chart").Text()
	ref := chart.Get("sourceRef")
	if ref.Get("kind").Text() != "HelmRepository" {
		where := w.source(o, ref, called)
		if where.why != "" {
			if len(where.at) > 0 {
				at = where.at
			}
			return map[bool]string{true: "."}[where.wrong], at, where.why
		}
		where.lay(d)
		p, ok := within(where.dir, called)
		if !ok || !w.isDir(p) {
			return ".", at, fmt.Sprintf("the chart %s is not in the repository", where.called(p))
		}
		return p, at, ""
	}
	namespace := cmp.Or(ref.Get("namespace").Text(), o.Namespace)
	holder := w.object(fluxSource, "HelmRepository", namespace, ref.Get("name").Text())
	if holder == nil {
		return "", at, fmt.Sprintf("its chart %s comes from HelmRepository %s, which is not in the repository", called, ref.Get("name").Text())
	}
	named := chart.Get("version")
	if !named.IsSet() {
		named = chart.Get("chart")
	}
	d.Chart = &manifests.RemoteChart{URL: holder.Field().Get("spec", "url").Text(), Name: called, Version: chart.Get("version").Text(), At: originOf(o, named)}
	if url, ok := strings.CutPrefix(d.Chart.URL, "oci://"); ok {
		d.Chart.URL, d.Chart.Name = "oci://"+path.Join(url, called), ""
	}
	return chartDir, at, ""
}
