package helm

import (
	"context"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"
)

// helm3Version is what .Capabilities.HelmVersion says; the SDK knows its version only in Helm's own builds.
const helm3Version = "v3.22.0"

type chart3 struct{ *helmchart.Chart }

func load3(files []file) (chart, error) {
	buffered := make([]*loader.BufferedFile, len(files))
	for i, f := range files {
		buffered[i] = &loader.BufferedFile{Name: f.name, Data: f.data}
	}
	c, err := loader.LoadFiles(buffered)
	if err != nil {
		return nil, err
	}
	return chart3{c}, nil
}

func values3(data []byte) (map[string]any, error) {
	values := map[string]any{}
	err := yaml.Unmarshal(data, &values)
	return values, err
}

func order3(docs map[string]string) (ordered, error) {
	hooks, generic, err := releaseutil.SortManifests(docs, nil, releaseutil.InstallOrder)
	if err != nil {
		return ordered{}, err
	}
	o := ordered{tests: map[int]bool{}}
	for _, m := range generic {
		o.generic = append(o.generic, docIndex(m.Name))
	}
	for _, h := range hooks {
		o.hooks = append(o.hooks, docIndex(h.Path))
		o.tests[docIndex(h.Path)] = slices.Contains(h.Events, helmrelease.HookTest)
	}
	return o, nil
}

func (c chart3) meta() metadata {
	m := metadata{
		id: c.Raw[0], name: c.Name(), version: c.Metadata.Version, kubeVersion: c.Metadata.KubeVersion,
		library: strings.EqualFold(c.Metadata.Type, "library"),
	}
	for _, d := range c.Metadata.Dependencies {
		m.dependencies = append(m.dependencies, dependency{d.Name, d.Version, d.Repository})
	}
	if c.Lock != nil {
		for _, d := range c.Lock.Dependencies {
			m.locked = append(m.locked, dependency{d.Name, d.Version, d.Repository})
		}
		m.unfit = c.Metadata.APIVersion != "v1" && c.Lock.Digest != lockDigest(c.Metadata.Dependencies, c.Lock.Dependencies)
	}
	return m
}

func (c chart3) add(child chart) { c.AddDependency(child.(chart3).Chart) }

func (c chart3) install(values map[string]any, r release) (*installed, error) {
	version, err := chartutil.ParseKubeVersion(r.kubeVersion)
	if err != nil {
		return nil, err
	}
	caps := chartutil.DefaultCapabilities.Copy()
	caps.KubeVersion = *version
	caps.APIVersions = slices.Concat(caps.APIVersions, r.apiVersions)
	caps.HelmVersion.Version = helm3Version
	if err := chartutil.ProcessDependenciesWithMerge(c.Chart, values); err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{Name: r.name, Namespace: r.namespace, Revision: 1, IsInstall: true}
	constraint := c.Metadata.KubeVersion
	return &installed{
		root:       c.node(),
		compatible: constraint == "" || chartutil.IsCompatibleRange(constraint, version.String()),
		top: func() (map[string]any, error) {
			return chartutil.ToRenderValuesWithSchemaValidation(c.Chart, values, options, caps, true)
		},
		table: func(parent map[string]any, name string) any {
			if table, err := chartutil.Values(parent).Table("Values." + name); err == nil {
				return table
			}
			return chartutil.Values{}
		},
		render: func(_ context.Context, top map[string]any) (map[string]string, error) {
			return engine.Engine{}.Render(c.Chart, top)
		},
	}, nil
}

// node describes the chart as templates of Helm 3 see it.
func (c chart3) node() *node {
	n := &node{
		id: c.Raw[0], name: c.Name(), path: c.ChartFullPath(), schema: c.Schema,
		meta: struct {
			helmchart.Metadata
			IsRoot bool
		}{*c.Metadata, c.IsRoot()},
		library:  strings.EqualFold(c.Metadata.Type, "library"),
		switches: map[string][]valueSwitch{},
	}
	for _, f := range c.Files {
		n.files = append(n.files, file{f.Name, f.Data})
	}
	for _, f := range c.Templates {
		n.templates = append(n.templates, file{f.Name, f.Data})
	}
	for _, d := range c.Metadata.Dependencies {
		n.imports = append(n.imports, imports(d.Name, d.ImportValues)...)
		n.switches[d.Name] = switches(d.Condition, d.Tags)
	}
	for _, d := range c.Dependencies() {
		n.deps = append(n.deps, chart3{d}.node())
	}
	return n
}
