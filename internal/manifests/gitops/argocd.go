package gitops

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// argo is the group of Argo CD's API.
const argo = "argoproj.io"

// application is what an Application has rendered: one root for each of its sources that is more than values for others.
func (w *World) application(o *manifests.Object) []made {
	spec := o.Field().Get("spec")
	called := "Application/" + o.Name
	sources := spec.Get("sources").Items()
	if hydrator := spec.Get("sourceHydrator", "drySource"); hydrator.IsMap() {
		sources = []manifests.Field{hydrator}
	}
	if len(sources) == 0 {
		return []made{{called, w.applied(o, spec.Get("source"), nil)}}
	}
	refs := make(map[string]manifests.Field)
	for _, s := range sources {
		if ref := s.Get("ref").Text(); ref != "" {
			refs["$"+ref] = s
		}
	}
	var all []made
	for i, s := range sources {
		if s.Get("ref").IsSet() && !s.Get("path").IsSet() && !s.Get("chart").IsSet() {
			continue
		}
		one := made{called, w.applied(o, s, refs)}
		if len(sources)-len(refs) > 1 {
			one.name = fmt.Sprintf("%s/%d", called, i)
		}
		if len(sources) > 1 {
			one.root.Deployment.Source = i + 1
		}
		all = append(all, one)
	}
	return all
}

// kubeVersion is a version of Kubernetes as charts are told it.
var kubeVersion = regexp.MustCompile(`^v?[0-9]{1,4}\.[0-9]{1,4}(\.[0-9]{1,6})?([-+][0-9A-Za-z.+-]{1,60})?$`)

// version is what Argo CD takes for a fixed point of a repository rather than a branch.
var version = regexp.MustCompile(`^(v?[0-9]+(\.[0-9]+|\.[x*])*([-+].*)?|[0-9a-f]{40})$`)

// here says why the directory that a source names is not in this repository, "" when it is. The field revision of the
// source says at what it is.
func (w *World) here(s manifests.Field, revision, dir string) (why string) {
	p, ok := inside(dir)
	url := s.Get("repoURL").Text()
	switch at := s.Get(revision).Text(); {
	case !ok:
		return fmt.Sprintf("its path %s leads out of the repository", dir)
	case !w.ours(url, p):
		return fmt.Sprintf("its source is another repository, %s", manifests.ShownAddress(url))
	case version.MatchString(at):
		return fmt.Sprintf("its source is at %s, and not at what is reviewed", at)
	}
	return ""
}

// sourceAt finds the repository that a source of an Application names, and of which it takes a directory.
func (w *World) sourceAt(o *manifests.Object, s manifests.Field, dir string) location {
	return w.locate(o, s, "targetRevision", dir)
}

// locate is sourceAt for what has the revision in another field, as the generators of sets do.
func (w *World) locate(o *manifests.Object, s manifests.Field, revision, dir string) location {
	_, ok := inside(dir)
	switch why := w.here(s, revision, dir); {
	case why == "":
		return location{dir: "."}
	case ok:
		return w.elsewhere(argoRevision(o, s, revision), why)
	default:
		return location{why: why}
	}
}

// applied is what one source of an Application renders to.
func (w *World) applied(o *manifests.Object, s manifests.Field, refs map[string]manifests.Field) manifests.Root {
	o, s, wrong := w.withOverrides(o, s)
	if wrong != nil {
		return broken(manifests.ArgoCD, failureOrigin(wrong, originOf(o, s)), wrong.Reason)
	}
	dest := o.Field().Get("spec", "destination", "namespace").Text()
	root := manifests.Root{Kind: manifests.ArgoCD, Release: cmp.Or(s.Get("helm", "releaseName").Text(), o.Name), Namespace: cmp.Or(s.Get("helm", "namespace").Text(), dest, "default")}
	d := &manifests.Deployment{At: originOf(o, s.Get("path")), CRDs: !s.Get("helm", "skipCrds").True()}
	root.Deployment = d
	w.argoNamespace(o, d)
	w.argoOptions(o, s, d)
	d.Permits = w.permits(o, s)
	d.Watch = watched(o, s)
	skip := func(at manifests.Field, why string) manifests.Root {
		root.Dir, d.At, d.Skip, d.Elsewhere = ".", originOf(o, at), why, at.Path() != s.Get("path").Path()
		return root
	}
	if !s.IsMap() {
		return skip(o.Field().Get("spec"), "it names no source")
	}
	if plugin := s.Get("plugin"); plugin.IsSet() {
		return skip(plugin, "it is rendered by a plugin of Argo CD's, which is not run")
	}
	if chart := s.Get("chart"); chart.Text() != "" {
		return w.remoteChart(o, s, root, refs)
	}
	d.Effect.Follows = s.Get("targetRevision").Text()
	where := w.sourceAt(o, s, s.Get("path").Text())
	if where.why != "" {
		root = skip(s.Get("repoURL"), where.why)
		if len(where.at) > 0 {
			d.At, d.Elsewhere = where.at, !where.wrong
		}
		return root
	}
	where.lay(d)
	dir, _ := within(where.dir, s.Get("path").Text())
	if !w.isDir(dir) {
		return skip(s.Get("path"), fmt.Sprintf("the directory %s is not in the repository", where.called(dir)))
	}
	var why string
	if root.Dir, d.Render, why = dir, w.toolOf(s, dir), twoTools(s); why != "" {
		return skip(s.Get("path"), why)
	}
	if d.Render == manifests.Helm && !w.isFile(path.Join(dir, "Chart.yaml")) {
		return skip(s.Get("path"), fmt.Sprintf("the directory %s is no chart, and its source has settings of Helm", dir))
	}
	var failed *manifests.RenderError
	switch d.Render {
	case manifests.Helm:
		failed = w.argoValues(o, s, &root, refs)
	case manifests.Kustomize:
		failed = w.argoKustomize(o, s.Get("kustomize"), &root)
	default:
		failed = w.argoDirectory(o, s.Get("directory"), &root)
	}
	if failed != nil {
		d.At, d.Skip, d.Elsewhere = failureOrigin(failed, d.At), failed.Reason, failed.Elsewhere
	}
	return root
}

// argoOptions takes over what a source says to its tool besides values: for which cluster it renders, and what it leaves out.
func (w *World) argoOptions(o *manifests.Object, s manifests.Field, d *manifests.Deployment) {
	helm := s.Get("helm")
	d.SkipSchema, d.After.SkipTests = helm.Get("skipSchemaValidation").True(), helm.Get("skipTests").True()
	for _, options := range []manifests.Field{helm, s.Get("kustomize")} {
		if text := options.Get("kubeVersion").Text(); kubeVersion.MatchString(text) {
			d.KubeVersion = cmp.Or(d.KubeVersion, text)
		} else if text != "" {
			d.Notes = append(d.Notes, fmt.Sprintf("the kubeVersion of Application %s is no version, and is not used", o.Name))
		}
		for _, version := range options.Get("apiVersions").Items() {
			d.APIVersions = append(d.APIVersions, version.Text())
		}
	}
	if called := helm.Get("version").Text(); called != "" && called != "v3" {
		d.Notes = append(d.Notes, fmt.Sprintf("Application %s asks for Helm %s, and Argo CD has v3 alone", o.Name, oneWord(called)))
	}
}

// remoteChart is a source that names a chart of a chart repository.
func (w *World) remoteChart(o *manifests.Object, s manifests.Field, root manifests.Root, refs map[string]manifests.Field) manifests.Root {
	d := root.Deployment
	at := s.Get("targetRevision")
	if !at.IsSet() {
		at = s.Get("chart")
	}
	d.At, d.Render, root.Dir = originOf(o, s.Get("chart")), manifests.Helm, chartDir
	d.Chart = &manifests.RemoteChart{URL: s.Get("repoURL").Text(), Name: s.Get("chart").Text(), Version: s.Get("targetRevision").Text(), At: originOf(o, at)}
	if !strings.HasPrefix(d.Chart.URL, "http://") && !strings.HasPrefix(d.Chart.URL, "https://") {
		d.Chart.URL, d.Chart.Name = "oci://"+path.Join(strings.TrimPrefix(d.Chart.URL, "oci://"), d.Chart.Name), ""
	}
	if failed := w.argoValues(o, s, &root, refs); failed != nil {
		d.At, d.Skip, d.Elsewhere = failureOrigin(failed, d.At), failed.Reason, failed.Elsewhere
	}
	return root
}

// toolOf is what Argo CD renders a directory with: what the source says, else what lies there.
func (w *World) toolOf(s manifests.Field, dir string) manifests.RootKind {
	switch {
	case saysAny(s.Get("helm")):
		return manifests.Helm
	case saysAny(s.Get("kustomize")):
		return manifests.Kustomize
	case saysAny(s.Get("directory", "recurse")) || saysAny(s.Get("directory", "jsonnet")):
		return manifests.Plain
	case w.isFile(path.Join(dir, "Chart.yaml")):
		return manifests.Helm
	case w.hasKustomization(dir):
		return manifests.Kustomize
	}
	return manifests.Plain
}

// saysAny reports whether settings say anything: those that are all empty count for none, as Argo CD takes them out
// ("NormalizeSource" in its package argo).
func saysAny(f manifests.Field) bool {
	said := false
	f.Walk(func(below manifests.Field) {
		if leaf := !below.IsMap() && !below.IsList(); leaf && below.Text() != "" && !below.False() {
			said = true
		}
	})
	return said
}

// twoTools says why Argo CD renders nothing of a source that has settings of several tools, "" when it has not.
func twoTools(s manifests.Field) string {
	var tools []string
	for _, tool := range []struct{ key, sign string }{{"kustomize", ""}, {"helm", ""}, {"directory", "recurse"}, {"directory", "jsonnet"}} {
		f := s.Get(tool.key)
		if tool.sign != "" {
			f = f.Get(tool.sign)
		}
		if saysAny(f) && !slices.Contains(tools, tool.key) {
			tools = append(tools, tool.key)
		}
	}
	if len(tools) < 2 {
		return ""
	}
	return fmt.Sprintf("its source has settings of %s, and Argo CD renders none that has those of several tools", strings.Join(tools, " and "))
}
