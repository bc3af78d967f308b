package edit

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Behind puts more behind a scalar on the line of a place: the only one there, or the one at the column, that whole ends
// with. A place without a key stands for any entry or item of its line, as the leaf of a values file whose name nobody knows.
func (e *Editor) Behind(text []byte, at Place, whole, more string) ([]byte, error) {
	return inDocument(text, at, func(text []byte, at Place) ([]byte, error) {
		return e.apply(text, at, func(e entry) bool { return endsWith(whole, e.value) }, func(s *stream, e entry) ([]byte, check, error) {
			value := e.value.Value + more
			out, err := s.replace(e.value, value)
			return out, check{s: s, at: e.value, want: value}, err
		})
	})
}

// Beside gives the mapping, in which the entry at a place stands, one more entry. It is refused when it has that key.
func (e *Editor) Beside(text []byte, at Place, key string, value any) ([]byte, error) {
	return inDocument(text, at, func(text []byte, at Place) ([]byte, error) {
		return e.apply(text, at, func(e entry) bool { return e.key != nil }, func(s *stream, e entry) ([]byte, check, error) {
			if _, has := (entry{value: e.parent}).child(key); has {
				return nil, check{}, refused("line %d: %s is there", at.Line, key)
			}
			out, err := s.insert(e.parent, key, value)
			return out, check{s: s, at: e.parent, key: key, want: value}, err
		})
	})
}

// apply finds the entry of a line that meets a condition, and changes the text by it.
func (e *Editor) apply(text []byte, at Place, meets func(entry) bool, change func(*stream, entry) ([]byte, check, error)) ([]byte, error) {
	s, err := e.parse(text)
	if err != nil {
		return nil, err
	}
	var found []entry
	for _, doc := range s.docs {
		onLine(doc, at, &found)
	}
	chosen, err := choose(slices.DeleteFunc(found, func(e entry) bool { return !meets(e) }), at)
	if err != nil {
		return nil, err
	}
	out, check, err := change(s, chosen)
	if err != nil {
		return nil, err
	}
	return check.verified(out, at)
}

// onLine collects the entries and items of a line, those of the place's key where it has one.
func onLine(node *yaml.Node, at Place, found *[]entry) {
	for i, child := range node.Content {
		e := entry{parent: node, value: child, index: i}
		line := child.Line
		if node.Kind == yaml.MappingNode {
			if i%2 == 0 {
				continue
			}
			e.key = node.Content[i-1]
			line = e.key.Line
		}
		if line == at.Line && (at.Key == "" || e.key != nil && e.key.Value == at.Key) {
			*found = append(*found, e)
		}
		onLine(child, at, found)
	}
}

func endsWith(whole string, n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value != "" && strings.HasSuffix(whole, n.Value)
}
