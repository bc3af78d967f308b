package gitops

import (
	"cmp"
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
	root := manifests.Root{Kind: manifests.Flux, Release: cmp.Or(spec.Get("releaseName").Text(), called), Namespace: cmp.Or(target, o.Namespace, "default")}
	d := &manifests.Deployment{Render: manifests.Helm, CRDs: spec.Get("install", "crds").Text() != "Skip",
		After: commonMetadata(o)}
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
	dir, named, why := w.chartOf(o, d)
	d.At = named
	if why != "" {
		root.Dir, d.Skip, d.Elsewhere = ".", why, dir == ""
		return root
	}
	root.Dir = dir
	if err := w.releaseValues(o, &root); err != nil {
		d.At, d.Skip = failureOrigin(err, named), err.Reason
		return root
	}
	if post := spec.Get("postRenderers"); len(post.Items()) > 0 {
		if err := w.postRender(o, post, &root); err != nil {
			d.At, d.Skip = originOf(o, post), manifests.Discreet(err.Error())
		}
	}
	return root
}

// chartOf finds the chart of a HelmRelease: its directory in the repository, or where it can be had, which d then says.
// With why there is none: it lies elsewhere, or, with a directory, it ought to be here and is not.
func (w *World) chartOf(o *manifests.Object, d *manifests.Deployment) (dir string, at manifests.Origin, why string) {
	spec := o.Field().Get("spec")
	if ref := spec.Get("chartRef"); ref.IsMap() {
		return w.chartRef(o, ref, d)
	}
	chart := spec.Get("chart", "spec")
	return w.chartSpec(o, chart, d)
}

// chartRef follows a reference to a HelmChart or an OCIRepository.
func (w *World) chartRef(o *manifests.Object, ref manifests.Field, d *manifests.Deployment) (dir string, at manifests.Origin, why string) {
	at = originOf(o, ref)
	kind, called := ref.Get("kind").Text(), ref.Get("name").Text()
	namespace := cmp.Or(ref.Get("namespace").Text(), o.Namespace)
	holder := w.object(fluxSource, kind, namespace, called)
	switch {
	case holder == nil:
		return "", at, fmt.Sprintf("its chart is %s %s, which is not in the repository", kind, called)
	case kind == "HelmChart":
		return w.chartSpec(holder, holder.Field().Get("spec"), d)
	case kind != "OCIRepository":
		return "", at, fmt.Sprintf("its chart comes from the kind %q, which is not known", kind)
	}
	spec := holder.Field().Get("spec")
	version := spec.Get("ref")
	named := spec.Get("url")
	for _, key := range []string{"digest", "semver", "tag"} {
		if version.Get(key).Text() != "" {
			named = version.Get(key)
			break
		}
	}
	d.Chart = &manifests.RemoteChart{URL: spec.Get("url").Text(), Digest: version.Get("digest").Text(),
		Version: cmp.Or(version.Get("semver").Text(), version.Get("tag").Text()), Tag: version.Get("semver").Text() == "", At: originOf(holder, named)}
	return chartDir, at, ""
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

// releaseValues lays the values of a HelmRelease over the tree, the later ones over the earlier ones: the chart's own files
// that it names, those of ConfigMaps and Secrets, its own.
func (w *World) releaseValues(o *manifests.Object, root *manifests.Root) *manifests.RenderError {
	spec := o.Field().Get("spec")
	chart := spec.Get("chart", "spec")
	for _, f := range chart.Get("valuesFiles").Items() {
		file, ok := inside(root.Dir, f.Text())
		if root.Dir != chartDir && chart.Get("sourceRef", "kind").Text() == "GitRepository" {
			file, ok = within(top(root.Dir), f.Text())
		}
		if !ok {
			return failureAt(originOf(o, f), fmt.Sprintf("the values file %s lies outside of the repository", f.Text()), nil)
		}
		if chart.Get("ignoreMissingValuesFiles").True() && root.Dir != chartDir && !w.isFile(file) {
			continue
		}
		root.Values = append(root.Values, file)
	}
	for _, from := range spec.Get("valuesFrom").Items() {
		if err := w.valuesFrom(o, from, root); err != nil {
			return err
		}
	}
	if values := spec.Get("values"); values.IsMap() {
		p, err := fieldPage(o, values)
		if err != nil {
			return failureAt(originOf(o, values), manifests.Discreet(err.Error()), err)
		}
		layValues(root, p)
	}
	return nil
}

// layValues lays one more values file over the tree, over those before.
func layValues(root *manifests.Root, p *page) {
	d := root.Deployment
	file := fmt.Sprintf("%s/values-%d.yaml", laidDir, len(d.Laid))
	d.Laid = append(d.Laid, p.laid(file))
	root.Values = append(root.Values, file)
}

// valuesFrom takes values out of a ConfigMap or Secret of the repository. What is not there is said, and left out.
func (w *World) valuesFrom(o *manifests.Object, from manifests.Field, root *manifests.Root) *manifests.RenderError {
	kind, called := from.Get("kind").Text(), from.Get("name").Text()
	key := cmp.Or(from.Get("valuesKey").Text(), "values.yaml")
	after := &root.Deployment.After
	holder := w.object("", kind, o.Namespace, called)
	if holder == nil || kind == "Secret" {
		after.Unknown = append(after.Unknown, fmt.Sprintf("%s %s", kind, called))
		return nil
	}
	if err := w.take(holder.Field().Get("data", key).Text()); err != nil {
		return failureAt(originOf(o, from), err.Error(), err)
	}
	values, ok := w.data(holder, key)
	if !ok {
		if from.Get("optional").True() {
			return nil
		}
		return failureAt(originOf(o, from), fmt.Sprintf("%s %s has no %s, from which values are taken", kind, called, key), nil)
	}
	if target := from.Get("targetPath").Text(); target != "" {
		field := holder.Field().Get("data", key)
		if err := w.targeted(root, target, field.Text(), originOf(holder, field)); err != nil {
			return failureAt(originOf(o, from.Get("targetPath")), fmt.Sprintf("the targetPath %s %v", target, err), err)
		}
		return nil
	}
	layValues(root, values)
	return nil
}

// targeted puts a value at a targetPath, as Flux does: like Helm's --set, and like its --set-string when it is in quotes.
func (w *World) targeted(root *manifests.Root, target, value string, at manifests.Origin) error {
	for _, quote := range []string{"'", `"`} {
		if strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return w.parameter(root, target+"="+strings.Trim(value, `'"`), true, at)
		}
	}
	return w.parameter(root, target+"="+value, false, at)
}

// postRender has the chart's objects go through kustomize, with the patches and images of the post-renderers.
func (w *World) postRender(o *manifests.Object, post manifests.Field, root *manifests.Root) error {
	d := root.Deployment
	a := &amendment{file: laidDir + "/kustomization.yaml"}
	p := &page{}
	chart := map[string]any{"name": path.Base(root.Dir), "releaseName": root.Release, "namespace": root.Namespace, "includeCRDs": d.CRDs}
	var files []string
	for _, file := range root.Values {
		files = append(files, up(file))
	}
	if len(files) > 0 {
		chart["valuesFile"], chart["additionalValuesFiles"] = files[0], files[1:]
	}
	home, err := jsonText(up(path.Dir(root.Dir)))
	if err != nil {
		return err
	}
	text, err := jsonText(chart)
	if err != nil {
		return err
	}
	p.add("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nhelmGlobals: {chartHome: "+home+"}\nhelmCharts:\n- "+text+"\n", d.At)
	a.replace(0, 0, p)
	for _, r := range post.Items() {
		if err := w.patches(a, o, r.Get("kustomize")); err != nil {
			return err
		}
		if err := mergeImages(a, o, r.Get("kustomize", "images").Items()); err != nil {
			return err
		}
	}
	d.Laid = append(d.Laid, a.laid())
	d.Render, d.Free = manifests.Kustomize, true
	d.Dirs = append(d.Dirs, root.Dir)
	d.Dirs = append(d.Dirs, root.Values...)
	root.Dir, root.Values, root.Free = laidDir, nil, true
	return nil
}

// up is a path of the tree as seen from the directory of laid texts.
func up(file string) string {
	if below, ok := strings.CutPrefix(file, laidDir+"/"); ok {
		return below
	}
	return "../" + file
}
