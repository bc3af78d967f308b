package kustomize

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// chartEntry is a chart that a layer has rendered: an entry of helmCharts, or a HelmChartInflationGenerator among its
// generators.
type chartEntry struct {
	types.HelmChart
	home string // where charts lie, relative to the layer
	at   *layer // the layer; of a generator one that stands for the file in which it is written
	keys []key  // of the entry there
}

// defaultChartNamespace is that of a release when nothing names another.
const defaultChartNamespace = "default"

// chartGenerator is the kind of the generator that helmCharts is short for.
const chartGenerator = "HelmChartInflationGenerator"

// charts are the entries of a layer in the order in which kustomize generates them.
func (l *layer) charts() []chartEntry {
	var all []chartEntry
	home := types.HelmDefaultHome
	if g := l.spec.HelmGlobals; g != nil {
		home = cmp.Or(g.ChartHome, home)
	}
	for i, chart := range l.spec.HelmCharts {
		chart.Namespace = chartNamespace(l, chart)
		all = append(all, chartEntry{chart, home, l, l.listKeys(i, "helmCharts", "helmChartInflationGenerator")})
	}
	for _, g := range l.generated {
		all = append(all, g.charts...)
	}
	return all
}

// generated is what one entry of generators says when all that it configures are charts.
type generated struct {
	index  int // in generators
	charts []chartEntry
}

// otherGenerators are the entries of generators but for those that configure charts.
func (l *layer) otherGenerators() []string {
	others := []string{}
	for i, entry := range l.spec.Generators {
		if !slices.ContainsFunc(l.generated, func(g generated) bool { return g.index == i }) {
			others = append(others, entry)
		}
	}
	return others
}

// checkGenerator checks the plugins of entry i of generators, and takes down the charts among them.
func (l *layer) checkGenerator(i int, plugins []plugin) error {
	var found []chartEntry
	mixed := slices.ContainsFunc(plugins, func(p plugin) bool { kind := p.kind(); return kind != "" && kind != chartGenerator })
	for _, p := range plugins {
		if p.kind() != chartGenerator {
			continue
		}
		if mixed {
			return p.fail(nil, chartGenerator+" stands in one entry with other generators: give it an entry of its own, or list the chart under helmCharts")
		}
		entry, err := p.chart(l)
		if err != nil {
			return err
		}
		found = append(found, entry)
	}
	if found != nil {
		l.generated = append(l.generated, generated{i, found})
	}
	return nil
}

// kind is that of the document, "" for one that says nothing.
func (p plugin) kind() string {
	var config map[string]any
	if sigsyaml.Unmarshal(p.data, &config) != nil {
		return ""
	}
	kind, _ := config["kind"].(string)
	return kind
}

// chart reads the configuration of a generator that inflates a chart for layer l. Unlike an entry of helmCharts it does
// not take over the kustomization's namespace.
func (p plugin) chart(l *layer) (chartEntry, error) {
	var config struct {
		types.HelmGlobals
		types.HelmChart
	}
	if err := sigsyaml.Unmarshal(p.data, &config); err != nil {
		return chartEntry{}, p.fail(err, chartGenerator+" has a field of the wrong type: "+manifests.Discreet(err.Error()))
	}
	config.Namespace = cmp.Or(config.Namespace, defaultChartNamespace)
	at := &layer{file: cmp.Or(p.file, p.layer.file), dir: l.dir, node: p.node()}
	return chartEntry{config.HelmChart, cmp.Or(config.ChartHome, types.HelmDefaultHome), at, nil}, nil
}

// node returns the document with the lines of the file in which it is written; of one that is written within a
// kustomization in another way than as a block, only where that begins.
func (p plugin) node() *yaml.Node {
	above, indent := p.line-1, 0
	if p.file == "" {
		_, n := find(p.layer.node, p.keys)
		if n == nil || n.Style&yaml.LiteralStyle == 0 {
			return n
		}
		above += n.Line
		indent = indentation(lines(p.layer.text), n.Line)
	}
	node, err := manifests.ParseYAML(p.data)
	if err != nil || node == nil {
		return nil
	}
	move(node, above, indent, map[*yaml.Node]bool{})
	return node
}

// indentation is that of the first line below line n which says anything.
func indentation(text []string, n int) int {
	for _, line := range text[min(n, len(text)):] {
		if content := strings.TrimLeft(line, " "); content != "" {
			return len(line) - len(content)
		}
	}
	return 0
}

// move moves nodes by some lines and columns. Nodes that several aliases name are moved once.
func move(n *yaml.Node, down, right int, moved map[*yaml.Node]bool) {
	if moved[n] {
		return
	}
	moved[n] = true
	n.Line, n.Column = n.Line+down, n.Column+right
	for _, child := range n.Content {
		move(child, down, right, moved)
	}
}
