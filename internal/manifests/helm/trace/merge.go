package trace

import (
	"fmt"
	"reflect"
)

// merged merges maps into its first argument, as sprig's functions of the library mergo do, and gives each key the
// origin of the map that it is taken from. It is not left to the library, because that recurses without end in maps
// that come to contain themselves. With overwrite, later maps win; else what is not empty stays.
func merged(overwrite bool) func(*state, *call) (value, error) {
	return func(s *state, c *call) (v value, err error) {
		defer func() {
			if r := recover(); r != nil { // maps of different types
				if f, ok := r.(failure); ok {
					panic(f)
				}
				err = fmt.Errorf("%v", r)
			}
		}()
		dst := value{c.in[0].Convert(stringMapType), c.args[0].prov}
		m := &merging{s, overwrite, 0}
		for i, in := range c.in[1:] {
			if dst.rv.IsNil() && !in.IsNil() {
				dst.rv = reflect.MakeMap(stringMapType)
			}
			if err := m.merge(dst, value{in, c.args[i+1].prov}, 0); err != nil {
				return value{}, err
			}
		}
		return dst, nil
	}
}

// merging is the merging of maps into one.
type merging struct {
	*state
	overwrite bool
	keys      int // that were looked at
}

// merge merges one map into another.
func (m *merging) merge(dst, src value, depth int) error {
	if depth > maxLevels {
		return &LimitError{fmt.Sprintf("maps merged more than %d deep: they contain themselves", maxLevels)}
	}
	for _, k := range sortedKeys(src.rv) {
		if m.keys++; m.keys > maxInside {
			return &LimitError{fmt.Sprintf("more than %d keys merged", maxInside)}
		}
		elem := src.rv.MapIndex(k)
		old := dst.rv.MapIndex(k)
		inner, inOld := concrete(elem), concrete(old)
		if inner.Kind() == reflect.Map && inOld.Kind() == reflect.Map && !inOld.IsNil() {
			err := m.merge(value{inOld, m.inside(dst, keyOf(k), old)}, value{inner, m.inside(src, keyOf(k), elem)}, depth+1)
			if err != nil {
				return err
			}
			if inOld.Len() > 0 {
				continue
			}
		}
		if !inner.IsValid() && !m.overwrite {
			continue // null fills nothing
		}
		if m.overwrite || !old.IsValid() || emptyForMerge(inOld) {
			dst.rv.SetMapIndex(k, elem)
			m.put(dst.rv, keyOf(k), m.inside(src, keyOf(k), elem))
		}
	}
	return nil
}

// emptyForMerge is mergo's emptiness: what a pointer points to counts.
func emptyForMerge(v reflect.Value) bool {
	end, isNil := indirect(v)
	return isNil || end.Kind() != reflect.Struct && empty(end)
}
