package policy

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lock is a key of which the layers over the one that locked it may say nothing.
type lock struct {
	path string // "gate.failOn", "rules.privileged"
	file string
	line int
}

// lockForm holds the name of a key against the keys there are. What is within a list has no name of its own.
func (r *reader) lockForm(v value) {
	name := v.node.Value
	keys := strings.Split(name, ".")
	if len(keys) == 2 && keys[0] == "rules" {
		if !slices.Contains(r.ruleIDs(), keys[1]) {
			r.wrong(v.node.Line, "%s: there is no rule %q%s; \"landwaiter rules\" lists them", v.name, keys[1], suggestion(keys[1], r.ruleIDs()))
		}
		return
	}
	t := reflect.TypeFor[document]()
	for _, key := range keys {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		var fields []field
		if t.Kind() == reflect.Struct && t != nodeType {
			fields = fieldsOf(t)
		}
		at := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
		if at < 0 {
			r.wrong(v.node.Line, "%s: %q is no key that can be locked%s; write it as gate, images.deny or rules.privileged", v.name, name, suggestion(key, keysOf(fields)))
			return
		}
		t = fields[at].typ
	}
}

// heed refuses what a layer says of keys that layers below it have locked.
func (r *reader) heed(root *yaml.Node) {
	for _, l := range r.locks {
		if key := keyAt(root, strings.Split(l.path, ".")); key != nil {
			r.wrong(key.Line, "%s is locked by %s:%d: take it out here, or have it changed there", l.path, l.file, l.line)
		}
	}
}

// keyAt returns the node of a key that has a value, nil where there is none.
func keyAt(n *yaml.Node, path []string) *yaml.Node {
	n = resolve(n)
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		switch key, value := n.Content[i], n.Content[i+1]; {
		case key.Value != path[0] || isNull(resolve(value)):
		case len(path) == 1:
			return key
		default:
			return keyAt(value, path[1:])
		}
	}
	return nil
}

// lockedBy are the keys that a layer locks.
func (r *reader) lockedBy(doc *document, root *yaml.Node) []lock {
	var locks []lock
	for i, path := range doc.Lock {
		locks = append(locks, lock{path, r.file, lineOf(root, "lock", i)})
	}
	return locks
}
