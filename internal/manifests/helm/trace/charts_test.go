package trace

import (
	"context"
	"encoding/base64"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/glob"
	accessor "helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart4 "helm.sh/helm/v4/pkg/chart/v2"
	chartutil4 "helm.sh/helm/v4/pkg/chart/v2/util"
	engine4 "helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"

	chart3 "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	engine3 "helm.sh/helm/v3/pkg/engine"
)

// testFiles is .Files as the tests give it to templates.
type testFiles map[string][]byte

func (f testFiles) GetBytes(name string) []byte {
	if data, ok := f[name]; ok {
		return data
	}
	return []byte{}
}
func (f testFiles) Get(name string) string { return string(f.GetBytes(name)) }
func (f testFiles) Glob(pattern string) testFiles {
	g, err := glob.Compile(pattern, '/')
	if err != nil {
		g = glob.MustCompile("**")
	}
	matched := testFiles{}
	for name, data := range f {
		if g.Match(name) {
			matched[name] = data
		}
	}
	return matched
}
func (f testFiles) Lines(name string) []string {
	if len(f[name]) == 0 {
		return []string{}
	}
	return strings.Split(strings.TrimSuffix(string(f[name]), "\n"), "\n")
}
func (f testFiles) AsConfig() string {
	return f.asYAML(func(data []byte) string { return string(data) })
}
func (f testFiles) AsSecrets() string { return f.asYAML(base64.StdEncoding.EncodeToString) }
func (f testFiles) asYAML(encode func([]byte) string) string {
	data := map[string]string{}
	for name, content := range f {
		data[path.Base(name)] = encode(content)
	}
	text, _ := yaml.Marshal(data)
	return strings.TrimSuffix(string(text), "\n")
}

// rendering is a chart that can be rendered by Helm and by this package.
type rendering struct {
	line   int
	chart  Chart
	engine func() (map[string]string, error)
}

// run3 prepares a chart for Helm 3.
func run3(c *chart3.Chart, values map[string]any) (*rendering, error) {
	if err := chartutil.ProcessDependenciesWithMerge(c, values); err != nil {
		return nil, err
	}
	caps := chartutil.DefaultCapabilities.Copy()
	caps.KubeVersion = chartutil.KubeVersion{Version: "v1.31.0", Major: "1", Minor: "31"}
	options := chartutil.ReleaseOptions{Name: "demo", Namespace: "prod", Revision: 1, IsInstall: true}
	top := func() (chartutil.Values, error) {
		return chartutil.ToRenderValuesWithSchemaValidation(c, values, options, caps, true)
	}
	scope, err := top()
	if err != nil {
		return nil, err
	}
	r := &rendering{3, Chart{map[string]Template{}}, func() (map[string]string, error) {
		scope, err := top()
		if err != nil {
			return nil, err
		}
		return engine3.Render(c, scope)
	}}
	templates3(r.chart.Templates, c, scope, nil)
	return r, nil
}

func templates3(all map[string]Template, c *chart3.Chart, parent chartutil.Values, prefix []string) map[string]any {
	values, subcharts, files := any(parent["Values"]), map[string]any{}, testFiles{}
	if !c.IsRoot() {
		values = chartutil.Values{}
		if table, err := parent.Table("Values." + c.Name()); err == nil {
			values = table
		}
	}
	for _, f := range c.Files {
		files[f.Name] = f.Data
	}
	scope := map[string]any{
		"Chart": struct {
			chart3.Metadata
			IsRoot bool
		}{*c.Metadata, c.IsRoot()},
		"Files": files, "Release": parent["Release"], "Capabilities": parent["Capabilities"], "Values": values, "Subcharts": subcharts,
	}
	for _, d := range c.Dependencies() {
		subcharts[d.Name()] = templates3(all, d, scope, append(slices.Clip(prefix), d.Name()))
	}
	for _, t := range c.Templates {
		if strings.EqualFold(c.Metadata.Type, "library") && !strings.HasPrefix(path.Base(t.Name), "_") {
			continue
		}
		all[path.Join(c.ChartFullPath(), t.Name)] = Template{string(t.Data), scope, path.Join(c.ChartFullPath(), "templates"), prefix}
	}
	return scope
}

// run4 prepares a chart for Helm 4.
func run4(c *chart4.Chart, values map[string]any) (*rendering, error) {
	if err := chartutil4.ProcessDependencies(c, values); err != nil {
		return nil, err
	}
	caps := common.DefaultCapabilities.Copy()
	caps.KubeVersion = common.KubeVersion{Version: "v1.31.0", Major: "1", Minor: "31"}
	options := common.ReleaseOptions{Name: "demo", Namespace: "prod", Revision: 1, IsInstall: true}
	top := func() (common.Values, error) {
		return util.ToRenderValuesWithSchemaValidation(c, values, options, caps, true)
	}
	scope, err := top()
	if err != nil {
		return nil, err
	}
	r := &rendering{4, Chart{map[string]Template{}}, func() (map[string]string, error) {
		scope, err := top()
		if err != nil {
			return nil, err
		}
		return engine4.Engine{}.RenderWithContext(context.Background(), c, scope)
	}}
	templates4(r.chart.Templates, c, scope, nil)
	return r, nil
}

func templates4(all map[string]Template, c *chart4.Chart, parent common.Values, prefix []string) map[string]any {
	values, subcharts, files := any(parent["Values"]), map[string]any{}, testFiles{}
	a, err := accessor.NewAccessor(c)
	if err != nil {
		panic(err)
	}
	if !c.IsRoot() {
		values = common.Values{}
		if table, err := parent.Table("Values." + c.Name()); err == nil {
			values = table
		}
	}
	for _, f := range c.Files {
		files[f.Name] = f.Data
	}
	meta := a.MetadataAsMap()
	meta["IsRoot"] = c.IsRoot()
	scope := map[string]any{
		"Chart": meta, "Files": files, "Release": parent["Release"], "Capabilities": parent["Capabilities"],
		"Values": values, "Subcharts": subcharts,
	}
	for _, d := range c.Dependencies() {
		subcharts[d.Name()] = templates4(all, d, scope, append(slices.Clip(prefix), d.Name()))
	}
	for _, t := range c.Templates {
		if a.IsLibraryChart() && !strings.HasPrefix(path.Base(t.Name), "_") {
			continue
		}
		all[path.Join(c.ChartFullPath(), t.Name)] = Template{string(t.Data), scope, path.Join(c.ChartFullPath(), "templates"), prefix}
	}
	return scope
}

// tiny makes renderings, for both lines of Helm, of a chart "web" of templates and values.
func tiny(t testing.TB, templates map[string]string, values string) []*rendering {
	t.Helper()
	parsed := map[string]any{}
	if err := yaml.Unmarshal([]byte(values), &parsed); err != nil {
		t.Fatal(err)
	}
	c3 := &chart3.Chart{Metadata: &chart3.Metadata{Name: "web", Version: "1.2.3", AppVersion: "9", APIVersion: "v2"}, Values: parsed}
	c4 := &chart4.Chart{Metadata: &chart4.Metadata{Name: "web", Version: "1.2.3", AppVersion: "9", APIVersion: "v2"}, Values: parsed}
	for _, name := range slices.Sorted(maps.Keys(templates)) {
		data := []byte(templates[name])
		if rest, ok := strings.CutPrefix(name, "files/"); ok {
			c3.Files = append(c3.Files, &chart3.File{Name: rest, Data: data})
			c4.Files = append(c4.Files, &common.File{Name: rest, Data: data})
			continue
		}
		c3.Templates = append(c3.Templates, &chart3.File{Name: "templates/" + name, Data: data})
		c4.Templates = append(c4.Templates, &common.File{Name: "templates/" + name, Data: data})
	}
	r3, err := run3(c3, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	r4, err := run4(c4, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	return []*rendering{r3, r4}
}
