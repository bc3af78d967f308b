package kustomize

import (
	"encoding/json"
	"slices"

	"go.yaml.in/yaml/v3"
)

// mergeKeys tell the items of Kubernetes' lists apart, as strategic merge patches do.
var mergeKeys = []string{"name", "key", "mountPath", "devicePath", "containerPort", "port", "ip", "topologyKey", "uid", "kind", "type"}

// below finds what belongs to the spot in the source node that belongs to its parent.
func below(above *yaml.Node, sp *spot) *yaml.Node {
	if above == nil {
		return nil
	}
	if !sp.listed {
		_, value := exact(above, sp.key)
		return value
	}
	if above.Kind != yaml.SequenceNode {
		return nil
	}
	return pick(above.Content, sp.parent.field.Node().Content, sp.index)
}

// pick finds the item of a source list that item i of a rendered list is: the one with the same key, or value, or
// else in the same place of a list of the same length.
func pick(from, rendered []*yaml.Node, i int) *yaml.Node {
	r := rendered[i]
	for _, k := range mergeKeys {
		_, want := exact(r, k)
		if want == nil || r.Kind != yaml.MappingNode || want.Kind != yaml.ScalarNode {
			continue
		}
		sameKey := func(a, b *yaml.Node) bool {
			_, va := exact(a, k)
			_, vb := exact(b, k)
			return va != nil && vb != nil && sameScalar(va, vb)
		}
		if found := closest(from, r, sameKey); found != nil {
			return found
		}
		if found := occurrence(from, rendered[:i], r, sameKey); found != nil {
			return found
		}
	}
	if found := occurrence(from, rendered[:i], r, same); found != nil {
		return found
	}
	if len(from) == len(rendered) && from[i].Kind == r.Kind {
		return from[i]
	}
	return nil
}

// closest returns the only item with the same key, or the only one that is the same altogether.
func closest(from []*yaml.Node, r *yaml.Node, sameKey func(a, b *yaml.Node) bool) *yaml.Node {
	var found *yaml.Node
	for _, n := range from {
		if !sameKey(n, r) {
			continue
		}
		if found != nil {
			return nil
		}
		found = n
	}
	return found
}

// occurrence returns the item that equals r, skipping as many as come before r on the rendered side.
func occurrence(from, before []*yaml.Node, r *yaml.Node, equal func(a, b *yaml.Node) bool) *yaml.Node {
	skip := 0
	for _, b := range before {
		if b.Kind == r.Kind && equal(b, r) {
			skip++
		}
	}
	for _, n := range from {
		if n.Kind == r.Kind && equal(n, r) {
			if skip--; skip < 0 {
				return n
			}
		}
	}
	return nil
}

// sameScalar reports whether two scalars mean the same, however they are written: 0x10 and 16, yes and true.
func sameScalar(a, b *yaml.Node) bool {
	if a.Kind != yaml.ScalarNode || b.Kind != yaml.ScalarNode {
		return false
	}
	if a.Value == b.Value {
		return true
	}
	if a.ShortTag() == "!!str" && b.ShortTag() == "!!str" {
		return false
	}
	x, okX := meaning(a)
	y, okY := meaning(b)
	return okX && okY && x == y
}

// meaning is what a scalar becomes in JSON, which is how kustomize prints.
func meaning(n *yaml.Node) (string, bool) {
	var v any
	if n.Decode(&v) != nil {
		return "", false
	}
	text, err := json.Marshal(v)
	return string(text), err == nil
}

// same reports whether two nodes mean the same; the order of keys does not matter.
func same(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	switch a.Kind {
	case yaml.ScalarNode:
		return sameScalar(a, b)
	case yaml.MappingNode:
		for i := 0; i+1 < len(a.Content); i += 2 {
			_, v := exact(b, a.Content[i].Value)
			if v == nil || !same(a.Content[i+1], v) {
				return false
			}
		}
		return true
	}
	return slices.EqualFunc(a.Content, b.Content, same)
}
