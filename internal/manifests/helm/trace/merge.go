package trace

import (
	"reflect"
)

// merged calls a function that merges maps into its first argument, and gives each key the origin of the map that
// it was taken from. With overwrite, later maps win, else earlier ones do; empty values never win.
func merged(overwrite bool) func(*state, *call) (value, error) {
	return func(s *state, c *call) (value, error) {
		before := snapshot{}
		before.take(c.in[0], 0)
		out, err := c.apply()
		if err != nil {
			return value{}, err
		}
		sources := make([]value, 0, len(c.in)-1)
		for i := range c.in[1:] {
			sources = append(sources, c.arg(i+1))
		}
		m := merge{s, before, overwrite}
		m.settle(c.arg(0), sources, 0)
		if c.args[0].prov != nil || !isContainer(out) {
			return value{out, c.args[0].prov}, nil
		}
		return value{out, nil}, nil
	}
}

// snapshot remembers which keys of maps had values that are not empty.
type snapshot map[uintptr]map[string]bool

// maxMergeDepth is how deep the keys of merged maps are followed.
const maxMergeDepth = 32

func (b snapshot) take(v reflect.Value, depth int) {
	v = concrete(v)
	if !isStringMap(v) || depth > maxMergeDepth || b[v.Pointer()] != nil {
		return
	}
	set := make(map[string]bool, v.Len())
	b[v.Pointer()] = set
	for _, k := range v.MapKeys() {
		elem := v.MapIndex(k)
		set[k.String()] = !empty(elem)
		b.take(elem, depth+1)
	}
}

func isStringMap(v reflect.Value) bool {
	return v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String
}

// merge settles the origins of merged maps.
type merge struct {
	*state
	before    snapshot
	overwrite bool
}

// settle goes through the keys of a map that sources were merged into.
func (m merge) settle(dst value, sources []value, depth int) {
	dst.rv = concrete(dst.rv)
	if !isStringMap(dst.rv) || depth > maxMergeDepth {
		return
	}
	had := m.before[dst.rv.Pointer()]
	for _, k := range dst.rv.MapKeys() {
		candidates := m.candidates(sources, k)
		if len(candidates) == 0 {
			continue
		}
		elem := concrete(dst.rv.MapIndex(k))
		if isStringMap(elem) && m.before[elem.Pointer()] != nil { // merged key by key
			old := value{elem, m.inside(dst, keyOf(k), elem)}
			m.settle(old, candidates, depth+1)
			continue
		}
		if had[k.String()] && !m.overwrite {
			continue
		}
		m.put(dst.rv, keyOf(k), m.winner(candidates).prov)
	}
}

// candidates gives what the sources have at a key, empty values left out unless there are no others.
func (m merge) candidates(sources []value, k reflect.Value) []value {
	var all []value
	for _, source := range sources {
		if v := m.elem(source, k); v.rv.IsValid() && !empty(v.rv) {
			all = append(all, v)
		}
	}
	return all
}

func (m merge) winner(candidates []value) value {
	if m.overwrite {
		return candidates[len(candidates)-1]
	}
	return candidates[0]
}
