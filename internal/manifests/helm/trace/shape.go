package trace

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// shape tells the origins of the elements of a map or list.
type shape interface {
	// child gives the origin of the element with a key; nil if it is unknown.
	child(k key, elem reflect.Value) *prov
}

// child makes a node itself the shape of the map or list that is there.
func (n *node) child(k key, elem reflect.Value) *prov {
	c := n.children[k]
	if c == nil {
		var v any
		if elem.IsValid() && elem.CanInterface() {
			v = elem.Interface()
		}
		c = newNode(n, k, v)
		if n.children == nil {
			n.children = map[key]*node{}
		}
		n.children[k] = c
	}
	return &c.self
}

// container is what is known of a map or list by its identity.
type container struct {
	keep  any // so that no other gets its address
	prov  *prov
	elems map[key]*prov // elements that are from elsewhere, nil if from nowhere
}

// containerBytes is what remembering a container takes, about.
const containerBytes = 160

// address identifies a map or list. Empty lists have none.
func address(v reflect.Value) uintptr {
	switch v.Kind() {
	case reflect.Map:
		return v.Pointer()
	case reflect.Slice:
		if v.Len() > 0 {
			return v.Pointer()
		}
	}
	return 0
}

func isContainer(v reflect.Value) bool {
	v = concrete(v)
	return v.Kind() == reflect.Map || v.Kind() == reflect.Slice
}

func isList(v any) bool {
	kind := reflect.ValueOf(v).Kind()
	return kind == reflect.Slice || kind == reflect.Array
}

// keyOf makes a key of a map's key.
func keyOf(k reflect.Value) key {
	k = concrete(k)
	switch {
	case k.Kind() == reflect.String:
		return key{name: k.String()}
	case k.CanInt():
		return key{index: int(k.Int())}
	}
	return key{index: -1}
}

// originOf gives what is known of a value, by itself or by its identity.
func (x *run) originOf(v value) *prov {
	if v.prov != nil {
		return v.prov
	}
	if c := x.containers[address(concrete(v.rv))]; c != nil {
		return c.prov
	}
	return nil
}

// inside tells the origin of an element of a map or list.
func (x *run) inside(of value, k key, elem reflect.Value) *prov {
	if c := x.containers[address(of.rv)]; c != nil {
		if p, ok := c.elems[k]; ok {
			return p
		}
		if c.prov != nil && c.prov.shape != nil {
			return c.prov.shape.child(k, elem)
		}
	}
	switch {
	case of.prov == nil:
		return nil
	case of.prov.shape != nil:
		return of.prov.shape.child(k, elem)
	}
	return of.prov.leavesOnly()
}

// container gives the entry of a map or list, a new one if need be; nil for what has no identity.
func (s *state) container(v reflect.Value) *container {
	v = concrete(v)
	at := address(v)
	if at == 0 {
		return nil
	}
	c := s.containers[at]
	if c == nil {
		s.spend(containerBytes)
		c = &container{keep: v.Interface()}
		s.containers[at] = c
	}
	return c
}

// put notes the origin of an element.
func (s *state) put(of reflect.Value, k key, p *prov) {
	if p == nil && s.containers[address(concrete(of))] == nil {
		return // nothing was known, nothing is
	}
	c := s.container(of)
	if c == nil {
		return
	}
	if c.elems == nil {
		c.elems = map[key]*prov{}
	}
	s.spend(pieceBytes)
	c.elems[k] = p
}

// registerValues makes all maps and lists of the values known, with their places.
func (x *run) registerValues(chart Chart) {
	root := newNode(nil, key{}, nil)
	names := slices.SortedFunc(maps.Keys(chart.Templates), func(a, b string) int {
		if byPrefix := len(chart.Templates[a].Prefix) - len(chart.Templates[b].Prefix); byPrefix != 0 {
			return byPrefix
		}
		return strings.Compare(a, b)
	})
	seen := map[uintptr]bool{}
	for _, name := range names {
		t := chart.Templates[name]
		if at := address(reflect.ValueOf(t.Scope)); seen[at] {
			continue
		} else {
			seen[at] = true
		}
		n := root
		for _, name := range t.Prefix {
			n = n.child(key{name: name}, reflect.Value{}).leaves[0]
		}
		x.registerChart(t)
		values := reflect.ValueOf(t.Scope["Values"])
		n.value = t.Scope["Values"]
		x.register(values, n)
		if global := mapElem(values, "global"); len(t.Prefix) > 0 && global.IsValid() {
			g := n.child(key{name: "global"}, global).leaves[0]
			g.global = true
			x.register(concrete(global), g)
		}
	}
}

// mapElem reads a key of a map; the zero Value if there is none.
func mapElem(v reflect.Value, name string) reflect.Value {
	v = concrete(v)
	if v.Kind() != reflect.Map || v.Type().Key().Kind() != reflect.String {
		return reflect.Value{}
	}
	return v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
}

// register makes the maps and lists of a tree known by identity. The first place of what is shared counts.
func (x *run) register(v reflect.Value, n *node) {
	v = concrete(v)
	at := address(v)
	if at == 0 || x.containers[at] != nil {
		return
	}
	p := &n.self
	if n.parent == nil {
		p = &prov{shape: n} // all values together are no leaf
	}
	x.containers[at] = &container{keep: v.Interface(), prov: p}
	switch v.Kind() {
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if elem := v.MapIndex(k); isContainer(elem) {
				x.register(elem, n.child(keyOf(k), elem).leaves[0])
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if elem := v.Index(i); isContainer(elem) {
				x.register(elem, n.child(index(i), elem).leaves[0])
			}
		}
	}
}
