package gitops

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
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
		name := called
		if len(sources)-len(refs) > 1 {
			name = fmt.Sprintf("%s/%d", called, i)
		}
		all = append(all, made{name, w.applied(o, s, refs)})
	}
	return all
}

// version is what Argo CD takes for a fixed point of a repository rather than a branch.
var version = regexp.MustCompile(`^(v?[0-9]+(\.[0-9]+|\.[x*])*([-+].*)?|[0-9a-f]{40})$`)

// here finds the directory that a source of an Application names; why says why it is not in this repository.
func (w *World) here(s manifests.Field, dir string) (found, why string) {
	p, ok := inside(dir)
	if !ok {
		return "", fmt.Sprintf("its path %s leads out of the repository", dir)
	}
	url := s.Get("repoURL").Text()
	if !w.ours(url, p) {
		return "", fmt.Sprintf("its source is another repository, %s", url)
	}
	if at := s.Get("targetRevision").Text(); version.MatchString(at) {
		return "", fmt.Sprintf("its source is at %s, and not at what is reviewed", at)
	}
	return p, ""
}

// applied is what one source of an Application renders to.
func (w *World) applied(o *manifests.Object, s manifests.Field, refs map[string]manifests.Field) manifests.Root {
	dest := o.Field().Get("spec", "destination", "namespace").Text()
	root := manifests.Root{Kind: manifests.ArgoCD, Release: cmp.Or(s.Get("helm", "releaseName").Text(), o.Name), Namespace: cmp.Or(s.Get("helm", "namespace").Text(), dest, "default")}
	d := &manifests.Deployment{At: originOf(o, s.Get("path")), CRDs: !s.Get("helm", "skipCrds").True()}
	root.Deployment = d
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
	dir, why := w.here(s, s.Get("path").Text())
	if why != "" {
		return skip(s.Get("repoURL"), why)
	}
	if !w.isDir(dir) {
		return skip(s.Get("path"), fmt.Sprintf("the directory %s is not in the repository", dir))
	}
	root.Dir = dir
	var failed *manifests.RenderError
	switch d.Render = w.toolOf(s, dir); d.Render {
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
		d.At, d.Skip = failureOrigin(failed, d.At), failed.Reason
	}
	return root
}

// toolOf is what Argo CD renders a directory with: what the source says, else what lies there.
func (w *World) toolOf(s manifests.Field, dir string) manifests.RootKind {
	switch {
	case s.Get("helm").IsMap():
		return manifests.Helm
	case s.Get("kustomize").IsMap():
		return manifests.Kustomize
	case s.Get("directory").IsMap():
		return manifests.Plain
	case w.isFile(path.Join(dir, "Chart.yaml")):
		return manifests.Helm
	case w.hasKustomization(dir):
		return manifests.Kustomize
	}
	return manifests.Plain
}

// argoValues lays the values of a source over the tree: its files, its own values, its parameters.
func (w *World) argoValues(o *manifests.Object, s manifests.Field, root *manifests.Root, refs map[string]manifests.Field) *manifests.RenderError {
	helm := s.Get("helm")
	for _, f := range helm.Get("valueFiles").Items() {
		files, why := w.valueFile(f.Text(), root.Dir, refs)
		if why != "" {
			return failureAt(originOf(o, f), why, nil)
		}
		for _, file := range files {
			if helm.Get("ignoreMissingValueFiles").True() && !strings.HasPrefix(file, laidDir) && !w.isFile(file) {
				continue
			}
			root.Values = append(root.Values, file)
		}
	}
	if values := helm.Get("valuesObject"); values.IsMap() {
		p, err := fieldPage(o, values)
		if err != nil {
			return failureAt(originOf(o, values), manifests.Discreet(err.Error()), err)
		}
		layValues(root, p)
	} else if values := helm.Get("values"); values.Text() != "" {
		layValues(root, w.textPage(o, values))
	}
	for _, param := range helm.Get("parameters").Items() {
		p := &page{}
		if err := p.setPath(param.Get("name").Text(), param.Get("value").Text(), param.Get("forceString").True(), originOf(o, param.Get("value"))); err != nil {
			return failureAt(originOf(o, param), err.Error(), err)
		}
		layValues(root, p)
	}
	return w.fileParameters(o, helm, root)
}

func (w *World) fileParameters(o *manifests.Object, helm manifests.Field, root *manifests.Root) *manifests.RenderError {
	for _, param := range helm.Get("fileParameters").Items() {
		file, ok := inside(root.Dir, param.Get("path").Text())
		if !ok || !w.isFile(file) {
			return failureAt(originOf(o, param), fmt.Sprintf("the file %s is not in the repository", param.Get("path").Text()), nil)
		}
		data, err := w.repository.Tree.ReadFile(file)
		if err != nil {
			return failureAt(originOf(o, param), err.Error(), err)
		}
		at := manifests.Origin{{Span: source.Span{File: file, Line: 1, EndLine: 1, Column: 1}, Role: manifests.RoleValues, Precision: manifests.InFile}}
		p := &page{}
		if err := p.setPath(param.Get("name").Text(), string(data), true, at); err != nil {
			return failureAt(originOf(o, param), err.Error(), err)
		}
		layValues(root, p)
	}
	return nil
}

// valueFile finds the files that a name stands for: below the source's path, from the top of the repository with "/", in
// another source with "$ref/"; "*" and its like match several.
func (w *World) valueFile(called, dir string, refs map[string]manifests.Field) (files []string, why string) {
	from := dir
	if strings.HasPrefix(called, "$") {
		ref, rest, _ := strings.Cut(called, "/")
		s, ok := refs[ref]
		if !ok {
			return nil, fmt.Sprintf("no source has the ref %s that the values file %s is in", strings.TrimPrefix(ref, "$"), called)
		}
		p, why := w.here(s, s.Get("path").Text())
		if why != "" {
			return nil, fmt.Sprintf("the values file %s cannot be read: %s", called, why)
		}
		_ = p // a ref is always the top of its repository
		from, called = ".", rest
	}
	if strings.Contains(called, "://") {
		return nil, fmt.Sprintf("the values file %s is not in the repository", called)
	}
	if strings.HasPrefix(called, "/") {
		from = "."
	}
	p, ok := inside(from, called)
	if !ok {
		return nil, fmt.Sprintf("the values file %s lies outside of the repository", called)
	}
	if !strings.ContainsAny(p, "*?[") {
		return []string{p}, ""
	}
	return w.glob(p)
}

// glob lists the files that a pattern matches, in which "**" stands for directories, sorted.
func (w *World) glob(pattern string) (files []string, why string) {
	fixed := path.Dir(pattern[:strings.IndexAny(pattern, "*?[")] + "x")
	if !w.isDir(fixed) {
		return nil, ""
	}
	parts := strings.Split(pattern, "/")
	err := w.walk(fixed, cost(pattern), func(f source.Info) error {
		if f.Kind == source.File && matchPath(parts, strings.Split(f.Path, "/")) {
			files = append(files, f.Path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Sprintf("the values files %s cannot be found: %v", pattern, err)
	}
	return files, ""
}

// matchPath reports whether a pattern matches a path, by their parts. It takes time in the product of their lengths, however
// many "**" there are.
func matchPath(pattern, p []string) bool {
	reach := make([]bool, len(p)+1) // up to which part the pattern so far matches
	reach[0] = true
	for _, part := range pattern {
		next := make([]bool, len(p)+1)
		for i := range next {
			switch {
			case part == "**":
				next[i] = reach[i] || i > 0 && next[i-1]
			case i > 0 && reach[i-1]:
				ok, err := path.Match(part, p[i-1])
				next[i] = ok && err == nil
			}
		}
		reach = next
	}
	return reach[len(p)]
}
