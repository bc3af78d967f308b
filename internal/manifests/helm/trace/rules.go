package trace

import (
	"reflect"
)

// rule tells the origin of a function's result.
type rule func(*state, *call, reflect.Value) *prov

// rules are the functions whose results have a better known origin than the general rule finds: those that choose
// between their arguments, that make, read and change maps and lists, and that encode and decode them.
func rules() map[string]rule {
	byName := map[string]rule{
		"default": chosenDefault, "coalesce": chosenFirst, "ternary": chosenTernary,
		"index": readPath(0, 1), "get": readPath(0, 1), "dig": dug,
		"hasKey": hasKey,
		"dict":   madeDict, "list": madeList, "tuple": madeList,
		"set": setKey, "unset": setKey, "pick": sameKeys, "omit": sameKeys, "deepCopy": copied, "mustDeepCopy": copied,
		"pluck": plucked, "keys": keysOf, "values": valuesOf,
		"toJson": encoded, "toRawJson": encoded, "mustToJson": encoded, "mustToRawJson": encoded, "toToml": encoded,
		"toPrettyJson": byLine(newJSONWalk), "mustToPrettyJson": byLine(newJSONWalk),
		"toYaml": byLine(newYAMLWalk), "mustToYaml": byLine(newYAMLWalk), "toYamlPretty": byLine(newYAMLWalk),
		"fromYaml": decodedDoc, "fromYamlArray": decodedDoc, "fromJson": decodedDoc, "fromJsonArray": decodedDoc,
		"mustFromJson": decodedDoc,
	}
	for name, r := range map[string]rule{
		"first": picked(func(int) int { return 0 }), "last": picked(func(n int) int { return n - 1 }),
		"append": appended, "push": appended, "prepend": prepended, "concat": joined,
		"rest": joined, "initial": joined, "slice": joined, "compact": joined, "uniq": joined, "without": joined,
		"reverse": reversed, "has": has,
	} {
		byName[name] = r
		byName["must"+string(name[0]-'a'+'A')+name[1:]] = r
	}
	byName["sortAlpha"] = sorted
	byName["toStrings"] = joined
	return byName
}

// empty is sprig's emptiness.
func empty(v reflect.Value) bool {
	v = concrete(v)
	if v.Kind() == reflect.Struct {
		return false
	}
	truth, _ := isTrue(v)
	return !truth
}

// besides adds leaves to a value's origin that had a say in what it is.
func (p *prov) besides(leaves []*node) *prov {
	switch {
	case len(leaves) == 0:
		return p
	case p == nil:
		return derived(leaves)
	case p.text != nil:
		return p
	}
	return &prov{leaves: union(p.leaves, leaves), shape: p.shape}
}

func chosenDefault(_ *state, c *call, _ reflect.Value) *prov {
	if len(c.args) < 2 || empty(c.in[1]) {
		var tried []*node
		if len(c.args) > 1 {
			tried = c.args[1].prov.all()
		}
		return c.args[0].prov.besides(tried)
	}
	return c.args[1].prov
}

func chosenFirst(_ *state, c *call, _ reflect.Value) *prov {
	for i, arg := range c.args {
		if !empty(c.in[i]) {
			return arg.prov
		}
	}
	return nil
}

func chosenTernary(_ *state, c *call, _ reflect.Value) *prov {
	chosen := c.args[1]
	if c.in[2].Bool() {
		chosen = c.args[0]
	}
	return chosen.prov.besides(c.args[2].prov.all())
}

// readPath is for functions that follow keys: the container is argument of, the keys begin at argument from.
func readPath(of, from int) rule {
	return func(s *state, c *call, out reflect.Value) *prov {
		v := value{unwrapped(c.in[of]), c.args[of].prov}
		for _, in := range c.in[from:] {
			v = s.elem(v, unwrapped(in))
		}
		s.reads.value(v)
		return v.prov
	}
}

// unwrapped gives the value that an argument of any type holds.
func unwrapped(in reflect.Value) reflect.Value {
	if in.IsValid() && in.Type() == valueType {
		in = in.Interface().(reflect.Value)
	}
	return concrete(in)
}

// elem reads an element as far as its origin goes.
func (s *state) elem(of value, k reflect.Value) value {
	v, _ := indirect(of.rv)
	if !k.IsValid() {
		return value{}
	}
	var found reflect.Value
	switch {
	case v.Kind() == reflect.Map && k.Type().AssignableTo(v.Type().Key()):
		found = v.MapIndex(k)
	case v.Kind() == reflect.Slice && k.CanInt() && k.Int() >= 0 && int(k.Int()) < v.Len():
		found = v.Index(int(k.Int()))
	}
	if !found.IsValid() {
		return value{}
	}
	return value{concrete(found), s.inside(value{v, of.prov}, keyOf(k), found)}
}

func dug(s *state, c *call, _ reflect.Value) *prov {
	last := len(c.in) - 1
	v := value{unwrapped(c.in[last]), c.args[last].prov}
	for _, in := range c.in[:last-1] {
		if v = s.elem(v, unwrapped(in)); !v.rv.IsValid() {
			return c.args[last-1].prov
		}
	}
	s.reads.value(v)
	return v.prov
}

func hasKey(s *state, c *call, _ reflect.Value) *prov {
	v := s.elem(value{unwrapped(c.in[0]), c.args[0].prov}, unwrapped(c.in[1]))
	s.reads.value(v)
	return v.prov.leavesOnly()
}

func madeDict(s *state, c *call, out reflect.Value) *prov {
	for i := 0; i+1 < len(c.args); i += 2 {
		if k := concrete(c.in[i]); k.Kind() == reflect.String {
			s.put(out, keyOf(k), c.args[i+1].prov)
		}
	}
	return nil
}

func madeList(s *state, c *call, out reflect.Value) *prov {
	for i, arg := range c.args {
		s.put(out, index(i), arg.prov)
	}
	return nil
}

// setKey is for set and unset, which change their first argument and return it.
func setKey(s *state, c *call, _ reflect.Value) *prov {
	var p *prov
	if len(c.args) > 2 {
		p = c.args[2].prov
	}
	if p == nil && c.args[0].prov != nil {
		s.container(c.in[0]) // so that it does not have the origin of what was there
	}
	s.put(c.in[0], keyOf(c.in[1]), p)
	return c.args[0].prov
}

// sameKeys is for functions that copy some keys of a map.
func sameKeys(s *state, c *call, out reflect.Value) *prov {
	of := value{concrete(c.in[0]), c.args[0].prov}
	for _, k := range concrete(out).MapKeys() {
		s.put(out, keyOf(k), s.elem(of, k).prov)
	}
	return nil
}

// copied makes a copy have the origins of what was copied.
func copied(s *state, c *call, out reflect.Value) *prov {
	of := value{concrete(c.in[0]), c.args[0].prov}
	if !isContainer(of.rv) {
		return of.prov
	}
	p := &prov{leaves: s.originOf(of).all(), shape: &copyShape{s.run, of, 0}}
	if origin := s.originOf(of); origin != nil {
		if earlier, ok := origin.shape.(*copyShape); ok {
			p.shape = &copyShape{s.run, of, earlier.depth + 1}
			if earlier.depth >= maxCopies {
				p = derived(p.leaves)
			}
		}
	}
	if known := s.container(out); known != nil {
		known.prov = p
	}
	return p
}

// copyShape gives the elements of a copy the origins of those of the original.
type copyShape struct {
	*run
	of    value
	depth int // how often a copy was copied
}

// maxCopies is how often a copy may be copied and is still followed.
const maxCopies = 16

func (c *copyShape) child(k key, elem reflect.Value) *prov { return c.inside(c.of, k, elem) }

func plucked(s *state, c *call, out reflect.Value) *prov {
	at := 0
	for i, in := range c.in[1:] {
		if v := s.elem(value{in, c.args[i+1].prov}, c.in[0]); v.rv.IsValid() || in.MapIndex(c.in[0]).IsValid() {
			s.put(out, index(at), v.prov)
			at++
		}
	}
	return nil
}

// keysOf is for keys in sorted order, as unordered returns them.
func keysOf(s *state, c *call, out reflect.Value) *prov {
	at := 0
	for i, in := range c.in {
		for _, k := range sortedKeys(in) {
			s.put(out, index(at), s.elem(value{in, c.args[i].prov}, k).prov.leavesOnly())
			at++
		}
	}
	return nil
}

func valuesOf(s *state, c *call, out reflect.Value) *prov {
	for i, k := range sortedKeys(c.in[0]) {
		s.put(out, index(i), s.elem(value{c.in[0], c.args[0].prov}, k).prov)
	}
	return nil
}

// encoded is for functions that write a map or list in one line.
func encoded(s *state, c *call, out reflect.Value) *prov {
	v := value{concrete(c.in[0]), c.args[0].prov}
	if !isContainer(v.rv) {
		return s.flows(c, out)
	}
	p := derived(s.leavesIn(v, 0))
	s.reads.value(value{prov: p})
	return p
}

func has(s *state, c *call, out reflect.Value) *prov {
	needle, list := c.args[0], value{concrete(c.in[1]), c.args[1].prov}
	p := derived(union(needle.prov.all(), s.leavesIn(list, 0)))
	s.reads.value(value{prov: p})
	return p
}
