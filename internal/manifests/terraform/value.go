package terraform

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// The tags of values, which are YAML's.
const (
	stringTag = "!!str"
	numberTag = "!!float"
	intTag    = "!!int"
	boolTag   = "!!bool"
	nullTag   = "!!null"
	listTag   = "!!seq"
	mapTag    = "!!map"
)

// value is what an expression is known to be. It is not changed once it is made.
type value struct {
	tag   string
	text  string   // of a scalar
	keys  []string // of a map
	index map[string]int
	items []*value // of a map or list
	// origin is where the value was written and what took it over from there, innermost first; nil as long as it belongs
	// to the place that is being looked at.
	origin manifests.Origin
}

// unknown is a value that only running Terraform tells, which depends on what names says.
func unknown(names ...string) *value {
	return &value{tag: stringTag, text: "${" + strings.Join(names, ",") + "}"}
}

// isKnown reports whether a value is known; of lists and maps that does not say that their items are.
func (v *value) isKnown() bool { return v.tag != stringTag || !strings.Contains(v.text, "${") }

func (v *value) isScalar() bool { return v.tag != listTag && v.tag != mapTag }

func (v *value) isTrue() bool { return v.tag == boolTag && v.text == "true" }

// get returns the value at a key of a map, nil when there is none.
func (v *value) get(key string) *value {
	if i, ok := v.index[key]; ok {
		return v.items[i]
	}
	return nil
}

// set adds a key to a map that is being made; one that is there already gets the new value.
func (v *value) set(key string, item *value) {
	if i, ok := v.index[key]; ok {
		v.items[i] = item
		return
	}
	if v.index == nil {
		v.index = map[string]int{}
	}
	v.index[key] = len(v.keys)
	v.keys, v.items = append(v.keys, key), append(v.items, item)
}

// mapping makes a map of keys and values in turn.
func mapping(pairs ...any) *value {
	v := &value{tag: mapTag}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.set(pairs[i].(string), pairs[i+1].(*value))
	}
	return v
}

// writer writes values as YAML, and notes the origins of its nodes in the order of manifests.Object.Walk.
type writer struct {
	module  *module
	origins []manifests.Origin
}

// write makes the node of a value. What has no origin of its own has that of what it is in.
func (w *writer) write(v *value, inside manifests.Origin) *yaml.Node {
	if v.origin != nil {
		inside = v.origin
	}
	w.module.count(v)
	w.origins = append(w.origins, inside)
	if v.isScalar() {
		node := &yaml.Node{Kind: yaml.ScalarNode, Tag: v.tag, Value: v.text}
		if v.tag == stringTag {
			node.Style = yaml.DoubleQuotedStyle
		}
		return node
	}
	node := &yaml.Node{Kind: yaml.SequenceNode, Tag: v.tag}
	if v.tag == mapTag {
		node.Kind = yaml.MappingNode
	}
	for i, item := range v.items {
		if w.module.over != "" {
			break
		}
		if v.tag == mapTag {
			node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: stringTag, Value: v.keys[i], Style: yaml.DoubleQuotedStyle})
		}
		node.Content = append(node.Content, w.write(item, inside))
	}
	return node
}
