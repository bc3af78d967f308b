package helm

import (
	"path"
	"slices"
	"strconv"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// A locator finds the line on which a value is set: in the user's files, the last one first; then in the
// values.yaml of the chart, and of the subchart whose name or alias begins the path. Values that are passed on
// (global, import-values) are followed to where they are from.
type locator struct {
	user   []valuesSource // in the order of the release
	charts map[*node]valuesSource
	root   *node
}

// valuesSource is a parsed values file.
type valuesSource struct {
	docs  []*yaml.Node // later ones win
	lines []int        // before the first line of each
	span  func(line int) source.Span
}

// setting is a place where a value is set.
type setting struct {
	node *yaml.Node // the value
	key  *yaml.Node // its key; nil for an item of a list
	span source.Span
}

// newLocator parses the values files of a job. Files that were merged are known to parse.
func newLocator(j *job) *locator {
	l := &locator{charts: map[*node]valuesSource{}, root: j.installed.root}
	for _, f := range j.files {
		l.user = append(l.user, parseValues(f.data, j.line.streams, func(line int) source.Span {
			span := f.span
			if span.Line > 0 {
				span.Line += line - 1
			}
			span.EndLine = span.Line
			return span
		}))
	}
	var visit func(*node)
	visit = func(n *node) {
		from := j.charts.origins[n.id]
		l.charts[n] = parseValues(from.files[valuesYAML], j.line.streams, func(line int) source.Span {
			return from.span(valuesYAML, line)
		})
		for _, dep := range n.deps {
			visit(dep)
		}
	}
	visit(l.root)
	return l
}

func parseValues(data []byte, stream bool, span func(int) source.Span) valuesSource {
	s := valuesSource{span: span}
	for i, doc := range manifests.SplitDocuments(data) {
		if i > 0 && !stream {
			break
		}
		if node, err := manifests.ParseYAML(doc.Data); err == nil && node != nil {
			s.docs, s.lines = append(s.docs, node), append(s.lines, doc.Line-1)
		}
	}
	return s
}

// find looks up a path in one file.
func (s valuesSource) find(keys []string) (setting, bool) {
	for i := len(s.docs) - 1; i >= 0; i-- {
		value, key := follow(s.docs[i], keys)
		if value == nil {
			continue
		}
		at := value
		if key != nil && (value.Kind != yaml.ScalarNode || value.Line >= key.Line) { // else an alias: the anchor stands above
			at = key
		}
		span := s.span(s.lines[i] + at.Line)
		if span.Line > 0 {
			span.Column = at.Column
		}
		return setting{value, key, span}, true
	}
	return setting{}, false
}

// follow walks keys and positions of lists; nil when they lead nowhere.
func follow(n *yaml.Node, keys []string) (value, key *yaml.Node) {
	for _, k := range keys {
		var next *yaml.Node
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == k {
					key, next = n.Content[i], n.Content[i+1]
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(k); err == nil && i >= 0 && i < len(n.Content) {
				key, next = nil, n.Content[i]
			}
		}
		if next == nil {
			return nil, nil
		}
		n = next
	}
	return n, key
}

// find returns where the value at a path of the top-level chart's values is set. A null that stands above a
// value elsewhere is passed over: Helm drops it.
func (l *locator) find(keys []string) (setting, bool) {
	var null setting
	hasNull := false
	for _, candidate := range l.candidates(keys) {
		switch found, ok := candidate.source.find(candidate.keys); {
		case !ok:
		case found.node.Tag != "!!null":
			return found, true
		case !hasNull:
			null, hasNull = found, true
		}
	}
	return null, hasNull
}

// candidate is a path in one values file.
type candidate struct {
	source valuesSource
	keys   []string
}

// candidates lists where a value may be set, from what wins to what loses.
func (l *locator) candidates(keys []string) []candidate {
	var all []candidate
	for _, keys := range globals(l.root, keys) {
		for _, s := range slices.Backward(l.user) {
			all = append(all, candidate{s, keys})
		}
		all = l.chartCandidates(all, l.root, keys, 0)
	}
	return all
}

// chartCandidates adds the values.yaml of n and of the subcharts that keys lead into, and what n imports from them.
func (l *locator) chartCandidates(all []candidate, n *node, keys []string, depth int) []candidate {
	if depth > maxChartDepth {
		return all
	}
	all = append(all, candidate{l.charts[n], keys})
	if dep := n.dep(keys); dep != nil {
		all = l.chartCandidates(all, dep, keys[1:], depth+1)
	}
	for _, i := range n.imports {
		if len(keys) >= len(i.parent) && slices.Equal(keys[:len(i.parent)], i.parent) {
			from := slices.Concat([]string{i.dep}, i.child, keys[len(i.parent):])
			all = append(all, candidate{l.charts[n], from})
			if dep := n.dep(from); dep != nil {
				all = l.chartCandidates(all, dep, from[1:], depth+1)
			}
		}
	}
	return all
}

// dep returns the dependency whose values keys lead into, nil for none.
func (n *node) dep(keys []string) *node {
	for _, d := range n.deps {
		if len(keys) > 0 && d.name == keys[0] {
			return d
		}
	}
	return nil
}

// globals lists the paths that a value may be set at: a subchart's global values are first of all its parents'.
func globals(root *node, keys []string) [][]string {
	depth := 0
	for n := root; n != nil && depth < len(keys); n, depth = n.dep(keys[depth:]), depth+1 {
		if keys[depth] != "global" {
			continue
		}
		var all [][]string
		for above := range depth + 1 {
			all = append(all, slices.Concat(keys[:above], keys[depth:]))
		}
		return all
	}
	return [][]string{keys}
}

// resolved names a file where its content really is, when links lead to it.
func resolved(tree source.Tree, name string) string {
	if info, err := tree.Stat(name); err == nil && info.Path != "" {
		return info.Path
	}
	return path.Clean(name)
}
