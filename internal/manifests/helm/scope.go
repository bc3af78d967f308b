package helm

import (
	"encoding/base64"
	"path"
	"slices"
	"strings"

	"github.com/gobwas/glob"
	"github.com/landwaiter/landwaiter/internal/manifests/helm/trace"
	"sigs.k8s.io/yaml"
)

// templates gives the templates of a chart and its dependencies by name, with scopes as Helm's engine builds them.
// Templates of one chart share their scope, as they do in Helm: what one of them sets the later ones see.
func (in *installed) templates(top map[string]any) map[string]trace.Template {
	all := map[string]trace.Template{}
	in.scope(in.root, top, top["Values"], scoped{nil, all})
	return all
}

// scoped collects templates; prefix is where the values of their chart lie in those of the root chart.
type scoped struct {
	prefix []string
	all    map[string]trace.Template
}

// scope adds the templates of n and returns their scope. A parent's scope has all that a child inherits.
func (in *installed) scope(n *node, parent map[string]any, values any, to scoped) map[string]any {
	subcharts := map[string]any{}
	scope := map[string]any{
		"Chart": n.meta, "Files": chartFiles(n.files), "Release": parent["Release"],
		"Capabilities": parent["Capabilities"], "Values": values, "Subcharts": subcharts,
	}
	for _, dep := range n.deps {
		below := scoped{slices.Concat(to.prefix, []string{dep.name}), to.all}
		subcharts[dep.name] = in.scope(dep, scope, in.table(scope, dep.name), below)
	}
	for _, t := range n.templates {
		if n.library && !isPartial(t.name) {
			continue
		}
		to.all[path.Join(n.path, t.name)] = trace.Template{
			Source: string(t.data), Scope: scope, BasePath: path.Join(n.path, "templates"), Prefix: to.prefix,
		}
	}
	return scope
}

// isPartial reports whether a template only holds named templates: its own output is never used.
func isPartial(name string) bool { return strings.HasPrefix(path.Base(name), "_") }

// files is .Files: the chart's other files by name, with the methods that Helm documents for it.
type files map[string][]byte

func chartFiles(from []file) files {
	all := make(files, len(from))
	for _, f := range from {
		all[f.name] = f.data
	}
	return all
}

// GetBytes returns the content of a file, empty when there is none.
func (f files) GetBytes(name string) []byte {
	if data, ok := f[name]; ok {
		return data
	}
	return []byte{}
}

// Get returns the content of a file as text.
func (f files) Get(name string) string { return string(f.GetBytes(name)) }

// Glob returns the files whose names match pattern; of a pattern that is none, all of them.
func (f files) Glob(pattern string) files {
	matcher, err := glob.Compile(pattern, '/')
	if err != nil {
		matcher = glob.MustCompile("**")
	}
	matched := files{}
	for name, data := range f {
		if matcher.Match(name) {
			matched[name] = data
		}
	}
	return matched
}

// Lines returns a file's lines.
func (f files) Lines(name string) []string {
	if len(f[name]) == 0 {
		return []string{}
	}
	return strings.Split(strings.TrimSuffix(string(f[name]), "\n"), "\n")
}

// AsConfig returns the files as the data of a ConfigMap, as YAML.
func (f files) AsConfig() string {
	return f.asYAML(func(data []byte) string { return string(data) })
}

// AsSecrets returns the files as the data of a Secret, as YAML.
func (f files) AsSecrets() string { return f.asYAML(base64.StdEncoding.EncodeToString) }

func (f files) asYAML(encode func([]byte) string) string {
	if f == nil {
		return ""
	}
	data := map[string]string{}
	for name, content := range f {
		data[path.Base(name)] = encode(content)
	}
	text, err := yaml.Marshal(data)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}
