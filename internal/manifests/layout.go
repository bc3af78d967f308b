package manifests

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// layout lists the fields of a document in the order of Walk, so that a Field need not carry its path: most are read and
// never named.
type layout struct{ slots []slot }

// slot is a field of a layout.
type slot struct {
	node   *yaml.Node
	parent int32  // position of the mapping or list that it is in, -1 for the document itself
	index  int32  // in the parent's Content
	size   int32  // how many slots it takes with all below it
	key    uint32 // what is seen of the key at a glance; see glance
}

// glance is the same for the same keys, and for different ones seldom: it spares most looks at a key.
func glance(key string) uint32 {
	n := len(key)
	if n == 0 {
		return 0
	}
	return uint32(n)<<24 | uint32(key[0])<<16 | uint32(key[n/2])<<8 | uint32(key[n-1])
}

// layOut makes the layout of a document that ParseYAML took, which holds a million fields at most.
func layOut(node *yaml.Node) *layout {
	l := &layout{slots: make([]slot, 0, countFields(node))}
	l.add(node, -1, 0)
	return l
}

func countFields(node *yaml.Node) int {
	n := 1
	for i := firstValue(node); i < len(node.Content); i += valueStep(node) {
		n += countFields(node.Content[i])
	}
	return n
}

func (l *layout) add(node *yaml.Node, parent, index int) {
	at := len(l.slots)
	l.slots = append(l.slots, slot{node: node, parent: int32(parent), index: int32(index)})
	if parent >= 0 && l.slots[parent].node.Kind == yaml.MappingNode {
		l.slots[at].key = glance(l.slots[parent].node.Content[index-1].Value)
	}
	for i := firstValue(node); i < len(node.Content); i += valueStep(node) {
		l.add(node.Content[i], at, i)
	}
	l.slots[at].size = int32(len(l.slots) - at)
}

// firstValue and valueStep say which of a node's Content are fields: the values of a mapping, the items of a list.
func firstValue(node *yaml.Node) int {
	switch node.Kind {
	case yaml.MappingNode:
		return 1
	case yaml.SequenceNode:
		return 0
	}
	return len(node.Content)
}

func valueStep(node *yaml.Node) int {
	if node.Kind == yaml.MappingNode {
		return 2
	}
	return 1
}

// path writes the path of a field.
func (l *layout) path(at int32) string {
	if at <= 0 {
		return ""
	}
	slot := l.slots[at]
	above, in := l.path(slot.parent), l.slots[slot.parent].node
	if in.Kind == yaml.SequenceNode {
		return IndexPath(above, int(slot.index))
	}
	return KeyPath(above, in.Content[slot.index-1].Value)
}

// entry returns the position of the value of a key in the field at a position, 0 when there is none, or it is no mapping.
// Of a key that is written twice the last one counts. Nodes, which lie anywhere in memory, are not looked at for nothing.
func (l *layout) entry(in int32, key string) (at int32) {
	seen := glance(key)
	for pos, end := in+1, in+l.slots[in].size; pos < end; pos += l.slots[pos].size {
		if l.slots[pos].key == seen && l.isKey(pos, key) {
			at = pos
		}
	}
	return at
}

// isKey reports whether the field at a position is the value of a key.
func (l *layout) isKey(pos int32, key string) bool {
	slot := &l.slots[pos]
	in := l.slots[slot.parent].node
	return in.Kind == yaml.MappingNode && in.Content[slot.index-1].Value == key
}

// lookup returns the position of the field at a path, as Field.Path writes it, and whether there is one. Of several, whose
// keys hold dots and brackets or are written twice, it is the last one.
func (l *layout) lookup(path string) (at int32, ok bool) { return l.find(0, path) }

// find is lookup for what of a path is left below the field at a position.
func (l *layout) find(in int32, rest string) (at int32, ok bool) {
	if rest == "" {
		return in, true
	}
	node := l.slots[in].node
	for pos, end := in+1, in+l.slots[in].size; pos < end; pos += l.slots[pos].size {
		left, leads := rest, false
		if node.Kind == yaml.SequenceNode {
			left, leads = leadingIndex(rest, int(l.slots[pos].index))
		} else {
			left, leads = leadingKey(rest, node.Content[l.slots[pos].index-1].Value, in == 0)
		}
		if !leads {
			continue
		}
		if below, found := l.find(pos, left); found {
			at, ok = below, true
		}
	}
	return at, ok
}

// leadingIndex takes an index, as IndexPath writes it, off the start of a path.
func leadingIndex(path string, i int) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, "[")
	if !ok || rest == "" || i < 10 && rest[0] != byte('0'+i) {
		return "", false
	}
	return strings.CutPrefix(path, IndexPath("", i))
}

// leadingKey takes a key, as KeyPath writes it, off the start of a path; the first of a path has no dot before it.
func leadingKey(path, key string, first bool) (rest string, ok bool) {
	if rest, ok = strings.CutPrefix(path, "["); ok {
		if rest, ok = strings.CutPrefix(rest, key); ok {
			rest, ok = strings.CutPrefix(rest, "]")
		}
		return rest, ok && !plainKey(key)
	}
	if rest, ok = path, true; !first {
		rest, ok = strings.CutPrefix(path, ".")
	}
	if ok {
		rest, ok = strings.CutPrefix(rest, key)
	}
	return rest, ok && (rest == "" || rest[0] == '.' || rest[0] == '[') && plainKey(key)
}
