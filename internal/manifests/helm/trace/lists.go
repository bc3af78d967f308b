package trace

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// maxTraced is how many elements of a list a rule follows one by one.
const maxTraced = 10_000

// elements gives the elements of a list with their origins.
func (s *state) elements(list value) []value {
	v := concrete(list.rv)
	if v.Kind() != reflect.Slice || v.Len() > maxTraced {
		return nil
	}
	all := make([]value, v.Len())
	for i := range all {
		elem := v.Index(i)
		all[i] = value{concrete(elem), s.inside(value{v, list.prov}, index(i), elem)}
	}
	return all
}

func (c *call) arg(i int) value { return value{c.in[i], c.args[i].prov} }

// picked is for functions that return one element of a list.
func picked(at func(length int) int) rule {
	return func(s *state, c *call, _ reflect.Value) *prov {
		list := concrete(c.in[0])
		if list.Kind() != reflect.Slice || list.Len() == 0 {
			return nil
		}
		i := at(list.Len())
		p := s.inside(value{list, c.args[0].prov}, index(i), list.Index(i))
		s.reads.value(value{prov: p})
		return p
	}
}

func appended(s *state, c *call, out reflect.Value) *prov {
	return s.fromElements(out, append(s.elements(c.arg(0)), value{concrete(c.in[1]), c.args[1].prov}))
}

func prepended(s *state, c *call, out reflect.Value) *prov {
	return s.fromElements(out, slices.Insert(s.elements(c.arg(0)), 0, value{concrete(c.in[1]), c.args[1].prov}))
}

func reversed(s *state, c *call, out reflect.Value) *prov {
	all := s.elements(c.arg(0))
	slices.Reverse(all)
	return s.fromElements(out, all)
}

// joined is for functions whose results have elements of their arguments in the same order, some left out.
func joined(s *state, c *call, out reflect.Value) *prov {
	var all []value
	for i := range c.in {
		all = append(all, s.elements(c.arg(i))...)
	}
	return s.fromElements(out, all)
}

// sorted is for sortAlpha, whose result is sorted text.
func sorted(s *state, c *call, out reflect.Value) *prov {
	all := s.elements(c.arg(0))
	slices.SortStableFunc(all, func(a, b value) int { return cmp.Compare(shown(a.rv), shown(b.rv)) })
	s.pinned.settle(concrete(c.in[0]))
	return s.fromElements(out, all)
}

func shown(v reflect.Value) string {
	switch {
	case !v.IsValid():
		return ""
	case v.Kind() == reflect.String:
		return v.String()
	}
	return fmt.Sprint(v)
}

// fromElements gives the elements of a list the origins of the elements it was made from, which come in the same
// order.
func (s *state) fromElements(out reflect.Value, from []value) *prov {
	out = concrete(out)
	if out.Kind() != reflect.Slice || out.Len() > maxTraced || !slices.ContainsFunc(from, func(v value) bool { return v.prov != nil }) {
		return nil
	}
	for i := range out.Len() {
		elem := concrete(out.Index(i))
		at := slices.IndexFunc(from, func(v value) bool { return same(v.rv, elem) })
		if at < 0 {
			break
		}
		s.put(out, index(i), from[at].prov)
		from = from[at+1:]
	}
	return nil
}

// same reports whether two values are one: maps and lists by identity, all else by what it shows.
func same(a, b reflect.Value) bool {
	switch {
	case !a.IsValid() || !b.IsValid():
		return a.IsValid() == b.IsValid()
	case isContainer(a) || isContainer(b):
		return a.Kind() == b.Kind() && a.Len() == b.Len() && address(a) == address(b)
	case a.Type() == b.Type() && a.Comparable() && b.Comparable():
		return a.Equal(b)
	}
	return shown(a) == shown(b)
}
