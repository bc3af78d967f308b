package manifests

import "go.yaml.in/yaml/v3"

// layout lists the fields of a document in the order of Walk, so that a Field need not carry its path: most are read and
// never named.
type layout struct{ slots []slot }

// slot is a field of a layout.
type slot struct {
	node   *yaml.Node
	parent int32 // position of the mapping or list that it is in, -1 for the document itself
	index  int32 // in the parent's Content
	size   int32 // how many slots it takes with all below it
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
