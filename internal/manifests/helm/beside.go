package helm

import (
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm/trace"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// leaf finds the place of a leaf, be it in the values or beside them: in Chart.yaml, in a file that a template reads,
// or in a template, as a literal.
func (t *tracer) leaf(leaf trace.Leaf) leafPlace {
	if leaf.In == "" {
		return t.place(leaf.Path)
	}
	if at, ok := t.job.places[leaf.In]; ok && leaf.Line > 0 {
		return t.literal(leaf, at)
	}
	for dir := path.Dir(leaf.In); dir != "."; dir = path.Dir(dir) {
		from, ok := t.charts[dir]
		switch name := strings.TrimPrefix(leaf.In, dir+"/"); {
		case !ok:
		case name == chartYAML && leaf.Line == 0:
			return t.about(leaf, from)
		default:
			return ofFile(leaf, from, name)
		}
	}
	return leafPlace{}
}

// literal is the place of what is written in a template. A constant is exact when it is on the line, and so is the
// action that made what is no constant.
func (t *tracer) literal(leaf trace.Leaf, at place) leafPlace {
	l := beside(leaf.Text)
	l.frame = manifests.Frame{Span: at.span(at.file, leaf.Line), Role: manifests.RoleTemplate, Precision: manifests.InFile}
	if l.frame.Span.Line > 0 {
		text := t.source(trace.Frame{Template: leaf.In, Line: leaf.Line})
		l.frame.Span.Column = characters(text, leaf.Column)
		if strings.Contains(text, leaf.Text) {
			l.frame.Precision = manifests.Exact
		}
	}
	return l
}

// beside is a place that is not in the values, with the text on it.
func beside(text string) leafPlace {
	return leafPlace{setting: setting{node: &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}}, found: true, beside: true}
}

// ofFile is the place of a line of a file, or of the whole file.
func ofFile(leaf trace.Leaf, from *origin, name string) leafPlace {
	l := beside(leaf.Text)
	l.frame = manifests.Frame{Span: from.span(name, max(leaf.Line, 1)), Role: manifests.RoleResource, Precision: manifests.Exact}
	switch {
	case l.frame.Span.Line == 0:
		l.frame.Precision = manifests.InFile
	case leaf.Line == 0:
		l.frame.Span.EndLine = 1 + strings.Count(strings.TrimSuffix(string(from.files[name]), "\n"), "\n")
	default:
		l.frame.Span.Column = characters(leaf.Text, leaf.Column)
	}
	l.whole = leaf.Line == 0
	return l
}

// about is the place of a leaf of .Chart in Chart.yaml, whose keys begin in lower case there.
func (t *tracer) about(leaf trace.Leaf, from *origin) leafPlace {
	if len(leaf.Path) == 0 {
		return leafPlace{}
	}
	if _, ok := t.abouts[from]; !ok {
		t.abouts[from] = parseValues(from.files[chartYAML], false, func(line int) source.Span { return from.span(chartYAML, line) })
	}
	keys := append([]string{strings.ToLower(leaf.Path[0][:1]) + leaf.Path[0][1:]}, leaf.Path[1:]...)
	if keys[0] == "aPIVersion" {
		keys[0] = "apiVersion"
	}
	found, ok := t.abouts[from].find(keys)
	if !ok {
		return leafPlace{}
	}
	l := leafPlace{setting: found, found: true, beside: true}
	l.frame = manifests.Frame{Span: found.span, Role: manifests.RoleValues, Precision: manifests.InFile}
	if found.span.Line > 0 && (leaf.Text == "" || found.node.Value == leaf.Text) {
		l.frame.Precision = manifests.Exact
	}
	return l
}

// chartsOf gives the charts by what the names of their files begin with.
func chartsOf(n *node, origins map[any]*origin) map[string]*origin {
	all := map[string]*origin{n.path: origins[n.id]}
	for _, dep := range n.deps {
		maps.Copy(all, chartsOf(dep, origins))
	}
	return all
}

// switchesOf gives the keys of the values that had a chart and the charts above it rendered, by the beginning of their
// files' names. prefix is where the chart's values lie in those of the root chart.
func switchesOf(n *node, prefix []string, above [][]string) map[string][][]string {
	all := map[string][][]string{n.path: above}
	for _, dep := range n.deps {
		on := slices.Clone(above)
		for _, s := range n.switches[dep.name] {
			if s.top {
				on = append(on, s.keys)
			} else {
				on = append(on, slices.Concat(prefix, s.keys))
			}
		}
		maps.Copy(all, switchesOf(dep, slices.Concat(prefix, []string{dep.name}), on))
	}
	return all
}

// switchedOnBy returns the places of the values that had the chart of a template rendered.
func (t *tracer) switchedOnBy(template string) (all []leafPlace) {
	for at := template; at != "."; at = path.Dir(at) {
		keys, ok := t.switches[at]
		if !ok {
			continue
		}
		for _, k := range keys {
			if place := t.place(k); place.found {
				all = append(all, place)
			}
		}
		break
	}
	return all
}

// characters turns a column of bytes into one of characters; both count from 1.
func characters(line string, column int) int {
	return 1 + utf8.RuneCountInString(line[:min(max(column-1, 0), len(line))])
}
