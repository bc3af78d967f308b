package helm

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/landwaiter/landwaiter/internal/manifests/helm/trace"
	accessor "helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	helmchart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	helmrelease "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

// helm4Version is what .Capabilities.HelmVersion says; the SDK knows its version only in Helm's own builds.
const helm4Version = "v4.3.1"

type chart4 struct{ *helmchart.Chart }

func load4(files []file) (chart, error) {
	buffered := make([]*archive.BufferedFile, len(files))
	for i, f := range files {
		buffered[i] = &archive.BufferedFile{Name: f.name, Data: f.data}
	}
	c, err := loader.LoadFiles(buffered)
	if err != nil {
		return nil, err
	}
	return chart4{c}, nil
}

func values4(data []byte) (map[string]any, error) {
	return loader.LoadValues(bytes.NewReader(data))
}

// split4 cuts a text into documents as Helm does, whose search is slow: most texts are one document.
func split4(text string) map[string]string {
	text = strings.TrimLeftFunc(text, unicode.IsSpace)
	if strings.HasPrefix(text, "---") || strings.Contains(text, "\n---") {
		return releaseutil.SplitManifests(text)
	}
	if text == "" {
		return nil
	}
	return map[string]string{"manifest-0": text}
}

func order4(docs map[string]string) (ordered, error) {
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

func (c chart4) meta() metadata {
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

func (c chart4) add(child chart) { c.AddDependency(child.(chart4).Chart) }

func (c chart4) install(values map[string]any, r release) (*installed, error) {
	version, err := common.ParseKubeVersion(r.kubeVersion)
	if err != nil {
		return nil, err
	}
	caps := common.DefaultCapabilities.Copy()
	caps.KubeVersion = *version
	caps.APIVersions = slices.Concat(caps.APIVersions, r.apiVersions)
	caps.HelmVersion.Version = helm4Version
	if err := chartutil.ProcessDependencies(c.Chart, values); err != nil {
		return nil, err
	}
	options := common.ReleaseOptions{Name: r.name, Namespace: r.namespace, Revision: 1, IsInstall: true}
	constraint := c.Metadata.KubeVersion
	return &installed{
		root:       c.node(),
		compatible: constraint == "" || chartutil.IsCompatibleRange(constraint, version.String()),
		top: func() (map[string]any, error) {
			return util.ToRenderValuesWithSchemaValidation(c.Chart, values, options, caps, true)
		},
		table: func(parent map[string]any, name string) any {
			if table, err := common.Values(parent).Table("Values." + name); err == nil {
				return table
			}
			return common.Values{}
		},
		render: func(ctx context.Context, top map[string]any) (map[string]string, error) {
			e := engine.Engine{}
			if r.kops {
				e.CustomTemplateFuncs = trace.KopsFunctions(r.kubeVersion)
			}
			return e.RenderWithContext(ctx, c.Chart, top)
		},
	}, nil
}

// node describes the chart as templates of Helm 4 see it.
func (c chart4) node() *node {
	n := &node{
		id: c.Raw[0], name: c.Name(), path: c.ChartFullPath(), schema: c.Schema,
		meta:     c.metadata(),
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
		n.deps = append(n.deps, chart4{d}.node())
	}
	return n
}

// metadata is .Chart, which Helm 4 gives to templates as a map.
func (c chart4) metadata() map[string]any {
	a, err := accessor.NewAccessor(c.Chart)
	if err != nil {
		return nil
	}
	m := a.MetadataAsMap()
	m["IsRoot"] = a.IsRoot()
	return m
}
