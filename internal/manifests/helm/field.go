package helm

import (
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// field is a field of an object.
type field struct {
	node   *yaml.Node
	key    *yaml.Node   // nil for the object itself and for items of lists
	path   []string     // keys and positions of lists
	anchor *yaml.Node   // where a value that an alias took in is written: its key, or itself; nil for others
	uses   []*yaml.Node // where aliases and merge keys took it in, see manifests.TakenIn
}

// written is what shows where the field is from: a scalar's text, of anything else its key.
func (f field) written() *yaml.Node {
	switch {
	case f.node.Kind == yaml.ScalarNode:
		return f.node
	case f.anchor != nil:
		return f.anchor
	case f.key != nil:
		return f.key
	}
	return f.node
}

// begins is what stands at the beginning of the field: its key, or the item.
func (f field) begins() *yaml.Node {
	switch {
	case f.anchor != nil:
		return f.anchor
	case f.key != nil:
		return f.key
	}
	return f.node
}

// spot is where a node stands. What came through an alias keeps that of the anchor.
type spot struct{ line, column int }

func spotOf(n *yaml.Node) spot { return spot{n.Line, n.Column} }

func before(a, b *yaml.Node) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
}

// fieldWalk visits fields in the order of Object.Walk.
type fieldWalk struct {
	anchored map[spot]*yaml.Node // the keys of values that have an anchor
	visit    func(field)
}

func walkFields(object *yaml.Node, visit func(field)) {
	(&fieldWalk{map[spot]*yaml.Node{}, visit}).walk(field{node: object})
}

func (w *fieldWalk) walk(f field) {
	w.visit(f)
	switch f.node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(f.node.Content); i += 2 {
			w.walk(w.entry(f, f.node.Content[i], f.node.Content[i+1]))
		}
	case yaml.SequenceNode:
		for i, item := range f.node.Content {
			w.walk(w.item(f, item, strconv.Itoa(i)))
		}
	}
}

func (w *fieldWalk) entry(f field, key, value *yaml.Node) field {
	below := field{node: value, key: key, path: append(f.path, key.Value), uses: append(manifests.TakenIn(value), f.uses...)}
	switch {
	case before(value, key): // key: *alias
		below.anchor = w.writtenAt(value)
	case value.Anchor != "":
		w.anchored[spotOf(value)] = key
	}
	return below
}

func (w *fieldWalk) item(f field, item *yaml.Node, position string) field {
	below := field{node: item, path: append(f.path, position), uses: append(manifests.TakenIn(item), f.uses...)}
	if item.Alias != nil {
		below.anchor = w.writtenAt(item)
	}
	return below
}

// writtenAt returns the key of a value that an alias took in, or the value when it has none.
func (w *fieldWalk) writtenAt(value *yaml.Node) *yaml.Node {
	if key := w.anchored[spotOf(value)]; key != nil {
		return key
	}
	return value
}
