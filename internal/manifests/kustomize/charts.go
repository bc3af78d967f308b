package kustomize

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// inflation is what the charts of one layer became: a file of a component that stands in for them, and the
// object behind each of its documents.
type inflation struct {
	file    string
	text    []byte
	objects []*manifests.Object
}

// inflate renders every chart that the layers from top on name and lays the result over the tree, together with a
// kustomization that uses it instead. It is used as a component, because components, like the generators that
// helmCharts are, come after resources and generators, and before anything is transformed.
func (b *build) inflate(ctx context.Context, top *layer, files *fileSystem) error {
	if err := b.findCharts(top); err != nil {
		return err
	}
	var layers []*layer
	top.walk(func(l *layer) {
		if len(l.spec.HelmCharts)+len(l.generated) > 0 {
			layers = append(layers, l)
		}
	})
	for i, l := range layers {
		if err := b.inflateLayer(ctx, l, path.Join(l.dir, fmt.Sprintf(".landwaiter-charts-%d", i)), files); err != nil {
			return err
		}
	}
	return nil
}

func (b *build) inflateLayer(ctx context.Context, l *layer, dir string, files *fileSystem) error {
	l.inflated = &inflation{file: path.Join(dir, "charts.yaml")}
	for _, entry := range l.charts() {
		objects, err := b.inflateChart(ctx, entry)
		if err != nil {
			return err
		}
		l.inflated.objects = append(l.inflated.objects, objects...)
	}
	text, err := stream(l.inflated.objects)
	if err != nil {
		return l.fail(err, err.Error(), name("helmCharts"))
	}
	l.inflated.text = text
	rewritten, err := withComponent(l, path.Base(dir))
	if err != nil {
		return l.fail(err, err.Error())
	}
	component := `{"apiVersion": "` + types.ComponentVersion + `", "kind": "Component", "resources": ["charts.yaml"]}`
	if len(l.inflated.objects) == 0 {
		component = `{"apiVersion": "` + types.ComponentVersion + `", "kind": "Component", "resources": [], "namePrefix": ""}`
	}
	files.lay(path.Join(dir, konfig.DefaultKustomizationFileName()), []byte(component))
	files.lay(l.inflated.file, text)
	l.served = rewritten
	return nil
}

// inflateChart renders the chart of an entry, with what kustomize passes to helm.
func (b *build) inflateChart(ctx context.Context, entry chartEntry) ([]*manifests.Object, error) {
	l, chart, keys := entry.at, entry.HelmChart, entry.keys
	if b.charts == nil {
		return nil, l.fail(nil, "charts are not inflated here: chart "+chart.Name, keys...)
	}
	dir, err := b.chartDir(entry)
	if err != nil {
		return nil, err
	}
	release := manifests.ChartRelease{
		Dir: dir, Namespace: chart.Namespace, InlineSpan: l.span(append(keys, name("valuesInline"))...),
		IncludeCRDs: chart.IncludeCRDs, SkipHooks: chart.SkipHooks, SkipTests: chart.SkipTests,
	}
	if release.Name, err = releaseName(chart); err != nil {
		return nil, l.fail(err, err.Error(), keys...)
	}
	if err := b.chartValues(l, chart, &release, keys); err != nil {
		return nil, err
	}
	settings := b.settings
	if chart.KubeVersion != "" {
		settings.KubeVersion = chart.KubeVersion
	}
	settings.APIVersions = append(settings.APIVersions[:len(settings.APIVersions):len(settings.APIVersions)], chart.ApiVersions...)
	objects, notes, err := b.charts.Release(ctx, b.tree, release, settings)
	for _, note := range notes {
		b.notes = append(b.notes, "chart "+chart.Name+": "+note)
	}
	return objects, err
}

// chartDir finds the chart where kustomize looks for it, or would have unpacked it.
func (b *build) chartDir(entry chartEntry) (string, error) {
	l, chart, keys := entry.at, entry.HelmChart, entry.keys
	plain := path.Join(entry.home, chart.Name)
	versioned := path.Join(entry.home, chart.Name+"-"+chart.Version, chart.Name)
	looked := []string{plain, versioned}
	if chart.Version != "" && chart.Repo != "" {
		looked = []string{versioned, plain}
	}
	if chart.Name == "" || strings.HasPrefix(chart.Name, "-") {
		return "", l.fail(nil, fmt.Sprintf("%q is no name of a chart", chart.Name), keys...)
	}
	for n, p := range looked {
		dir := l.join(p)
		info, err := b.tree.Stat(dir)
		if err == nil && info.Kind == source.Dir && (n == 0 || b.chartVersion(dir) == chart.Version) {
			return dir, nil
		}
	}
	lack := entry.lack()
	if _, err := b.tree.Stat(lack.Dir); err == nil && chart.Repo != "" {
		return lack.Dir, nil
	}
	missing := "chart " + strings.TrimSpace(chart.Name+" "+chart.Version)
	if chart.Repo != "" {
		missing += " of " + chart.Repo
	}
	err := l.fail(source.ErrNotExist, fmt.Sprintf("%s is not in the repository (looked for %s), and nothing is fetched: vendor it there", missing, l.join(looked[0])), keys...)
	var failed *manifests.RenderError
	if errors.As(err, &failed) && chart.Repo != "" {
		failed.Lacks = []manifests.Lack{lack}
	}
	return "", err
}

// lack is the chart of an entry where it is fetched. In a registry it lies below the address of the entry.
func (e chartEntry) lack() manifests.Lack {
	lack := manifests.Lack{Kind: manifests.LackChart, Address: e.Repo, Name: e.Name, Version: e.Version, At: e.at.span(append(e.keys, name("version"))...)}
	if strings.HasPrefix(e.Repo, "oci://") {
		lack.Address, lack.Name = strings.TrimRight(e.Repo, "/")+"/"+e.Name, ""
	}
	return lack.In()
}

// findCharts returns the error of the charts that are not there: with all of them, so that they are fetched at once.
func (b *build) findCharts(top *layer) error {
	var first *manifests.RenderError
	top.walk(func(l *layer) {
		for _, entry := range l.charts() {
			_, err := b.chartDir(entry)
			var failed *manifests.RenderError
			switch {
			case !errors.As(err, &failed) || len(failed.Lacks) == 0:
			case first == nil:
				first = failed
			default:
				first.Lacks = append(first.Lacks, failed.Lacks...)
			}
		}
	})
	if first == nil {
		return nil
	}
	return first
}

// chartVersion returns the version that the chart in dir says it has.
func (b *build) chartVersion(dir string) string {
	data, err := b.tree.ReadFile(path.Join(dir, "Chart.yaml"))
	if err != nil {
		return ""
	}
	node, err := manifests.ParseYAML(data)
	if err != nil {
		return ""
	}
	return manifests.NewField(node, "").Get("version").Text()
}

// chartNamespace is the chart's own, else that of the nearest kustomization that has one.
func chartNamespace(l *layer, chart types.HelmChart) string {
	namespace := chart.Namespace
	l.parents(func(above *layer) bool {
		if namespace == "" {
			namespace = above.spec.Namespace
		}
		return namespace == ""
	})
	return cmp.Or(namespace, defaultChartNamespace)
}

// releaseName is the chart's release name, or what its template makes.
func releaseName(chart types.HelmChart) (string, error) {
	switch {
	case strings.HasPrefix(chart.ReleaseName, "-"):
		return "", fmt.Errorf("release name %s must not begin with a dash", chart.ReleaseName)
	case chart.ReleaseName != "" && chart.NameTemplate != "":
		return "", errors.New("releaseName and nameTemplate exclude each other")
	case chart.ReleaseName != "":
		return chart.ReleaseName, nil
	case chart.NameTemplate == "":
		return "release-name", nil
	}
	t, err := template.New("nameTemplate").Parse(chart.NameTemplate)
	if err != nil {
		return "", fmt.Errorf("nameTemplate: %w", err)
	}
	var made bytes.Buffer
	if err := t.Execute(&made, nil); err != nil {
		return "", fmt.Errorf("nameTemplate: %w", err)
	}
	return made.String(), nil
}

// stream writes objects as one YAML stream, each marked as kustomize marks what it inflates: transformers of the
// namespace leave such objects alone.
func stream(objects []*manifests.Object) ([]byte, error) {
	var out bytes.Buffer
	for i, o := range objects {
		var doc yaml.Node
		if err := yaml.Unmarshal(o.Raw, &doc); err != nil || len(doc.Content) == 0 {
			return nil, fmt.Errorf("%s, rendered by its chart, is not valid YAML: %w", o.Identity, err)
		}
		mark(doc.Content[0])
		if i > 0 {
			out.WriteString("---\n")
		}
		text, err := yaml.Marshal(&doc)
		if err != nil {
			return nil, fmt.Errorf("%s, rendered by its chart: %w", o.Identity, err)
		}
		out.Write(text)
	}
	return out.Bytes(), nil
}

// mark adds the annotation that kustomize removes again before it prints.
func mark(object *yaml.Node) {
	metadata := ensure(object, "metadata")
	annotations := ensure(metadata, "annotations")
	annotations.Content = append(annotations.Content,
		&yaml.Node{Kind: yaml.ScalarNode, Value: konfig.HelmGeneratedAnnotation},
		&yaml.Node{Kind: yaml.ScalarNode, Value: "true", Style: yaml.DoubleQuotedStyle})
}

// ensure returns the mapping under a key of a mapping, made when it is missing.
func ensure(mapping *yaml.Node, key string) *yaml.Node {
	_, value := step(mapping, name(key))
	if value == nil {
		value = &yaml.Node{}
		mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	}
	if value.Kind != yaml.MappingNode {
		*value = yaml.Node{Kind: yaml.MappingNode}
	}
	return value
}

// withComponent rewrites the kustomization of a layer so that a component stands in for its charts. Everything else stays as
// kustomize decodes it.
func withComponent(l *layer, component string) ([]byte, error) {
	fields, err := l.fields()
	if err != nil {
		return nil, err
	}
	components := []string{component}
	for field, value := range fields {
		switch strings.ToLower(field) {
		case "helmcharts", "helmglobals", "helmchartinflationgenerator":
			delete(fields, field)
		case "generators":
			if fields[field], err = json.Marshal(l.otherGenerators()); err != nil {
				return nil, err
			}
		case "components":
			var more []string
			if err := json.Unmarshal(value, &more); err != nil {
				return nil, err
			}
			components = append(components, more...)
			delete(fields, field)
		}
	}
	if fields["components"], err = json.Marshal(components); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// fields are those of the kustomization, with what was handed over in place of the addresses elsewhere.
func (l *layer) fields() (map[string]json.RawMessage, error) {
	data, err := sigsyaml.YAMLToJSON(l.text)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil || len(l.remote) == 0 {
		return fields, err
	}
	for field, value := range fields {
		if !slices.ContainsFunc(remoteFields(), func(f string) bool { return strings.EqualFold(f, field) }) {
			continue
		}
		var any any
		if err := json.Unmarshal(value, &any); err != nil {
			return nil, err
		}
		if fields[field], err = json.Marshal(l.local(any)); err != nil {
			return nil, err
		}
	}
	return fields, nil
}
