package trace

import (
	"fmt"
	"reflect"
	"text/template/parse"
)

// function is something that templates can call.
type function struct {
	name  string
	fn    reflect.Value
	typ   reflect.Type
	logic bool                               // and, or: they do not evaluate all arguments
	check func(*state, *call) error          // refuses what takes too much
	own   func(*state, *call) (value, error) // is called instead of fn
	trace rule                               // tells the origin of the result
}

// call is one call of a function with its arguments.
type call struct {
	f    *function
	args []value         // as they were evaluated
	in   []reflect.Value // as the function takes them
	node parse.Node
}

func (s *state) function(dot value, n *parse.IdentifierNode, cmd parse.Node, args []parse.Node, final *value) value {
	s.node = n
	f := s.funcs[n.Ident]
	if f == nil {
		s.fail("%q is not a defined function", n.Ident)
	}
	return s.call(dot, f, cmd, args, final)
}

// call calls a function or method. The first of args, if any, names the function itself.
func (s *state) call(dot value, f *function, n parse.Node, args []parse.Node, final *value) value {
	if len(args) > 0 {
		args = args[1:]
	}
	s.checkCount(f, len(args), final != nil)
	if f.logic {
		return s.logic(dot, f, args, final)
	}
	count := len(args)
	if final != nil {
		count++
	}
	c := &call{f: f, node: n, args: make([]value, count), in: make([]reflect.Value, count)}
	for i := range count {
		t := f.parameter(i)
		if i < len(args) {
			c.args[i] = s.kept(f, s.argument(dot, t, args[i]), args, i)
		} else {
			c.args[i] = *final
		}
		c.in[i] = s.fit(c.args[i].rv, t)
	}
	at := s.at
	v, err := s.invoke(c)
	s.at = at
	if err != nil {
		s.node = n
		s.failWith(err, fmt.Sprintf("error calling %s: %v", f.name, err))
	}
	return v
}

func (s *state) checkCount(f *function, count int, hasFinal bool) {
	given := count
	if hasFinal {
		given++
	}
	want := f.typ.NumIn()
	switch {
	case f.typ.IsVariadic() && given < want-1:
		s.fail("wrong number of args for %s: want at least %d got %d", f.name, want-1, count)
	case !f.typ.IsVariadic() && given != want:
		s.fail("wrong number of args for %s: want %d got %d", f.name, want, given)
	}
	if out := f.typ.NumOut(); out == 0 || out > 2 || out == 2 && f.typ.Out(1) != errorType {
		s.fail("function %s has %d return values; should be 1 or 2", f.name, out)
	}
}

// parameter is the type of the function's parameter i.
func (f *function) parameter(i int) reflect.Type {
	if last := f.typ.NumIn() - 1; f.typ.IsVariadic() && i >= last {
		return f.typ.In(last).Elem()
	}
	return f.typ.In(i)
}

// logic evaluates the arguments of and and or until one decides.
func (s *state) logic(dot value, f *function, args []parse.Node, final *value) value {
	var v value
	for i, arg := range args {
		v = s.kept(f, s.argument(dot, valueType, arg), args, i)
		if truth, _ := isTrue(concrete(v.rv)); truth == (f.name == "or") {
			return v
		}
	}
	if final != nil {
		return *final
	}
	return v
}

// invoke calls the function with prepared arguments.
func (s *state) invoke(c *call) (v value, err error) {
	for _, in := range c.in {
		if in.Kind() == reflect.String {
			s.work(in.Len() >> 8)
		}
	}
	if c.f.check != nil {
		if err := c.f.check(s, c); err != nil {
			return value{}, err
		}
	}
	if c.f.own != nil {
		v, err = c.f.own(s, c)
	} else {
		v, err = s.plain(c)
	}
	if err == nil {
		s.spend(sizeOf(v.rv))
	}
	return v, err
}

// plain calls the Go function and tells the origin of the result by the rule of the function, or the general one.
func (s *state) plain(c *call) (value, error) {
	out, err := c.apply()
	if err != nil {
		return value{}, err
	}
	rule := c.f.trace
	if rule == nil {
		rule = (*state).flows
	}
	return value{out, rule(s, c, out)}, nil
}

// apply calls the Go function; its panics are errors, as in text/template.
func (c *call) apply() (out reflect.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			var ok bool
			if err, ok = r.(error); !ok {
				err = fmt.Errorf("%v", r)
			}
		}
	}()
	results := c.f.fn.Call(c.in)
	if len(results) == 2 && !results[1].IsNil() {
		return results[0], results[1].Interface().(error)
	}
	out = results[0]
	if out.Type() == valueType {
		out = out.Interface().(reflect.Value)
	}
	return out, nil
}

// sizeOf estimates what a result of a function takes, without what is in it.
func sizeOf(v reflect.Value) int {
	v = concrete(v)
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Slice, reflect.Array:
		return 16 * v.Len()
	case reflect.Map:
		return 48 * v.Len()
	}
	return 0
}

// fit makes a value fit a parameter's type; a nil type takes everything.
func (s *state) fit(v reflect.Value, t reflect.Type) reflect.Value {
	if t == valueType {
		return reflect.ValueOf(v)
	}
	if !v.IsValid() {
		if t == nil {
			return v
		}
		if canBeNil(t) {
			return reflect.Zero(t)
		}
		s.fail("invalid value; expected %s", t)
	}
	if t == nil || v.Type().AssignableTo(t) {
		return v
	}
	if v.Kind() == reflect.Interface && !v.IsNil() {
		if v = v.Elem(); v.Type().AssignableTo(t) {
			return v
		}
	}
	switch {
	case v.Kind() == reflect.Pointer && v.Type().Elem().AssignableTo(t):
		if v.IsNil() {
			s.fail("dereference of nil pointer of type %s", t)
		}
		return v.Elem()
	case reflect.PointerTo(v.Type()).AssignableTo(t) && v.CanAddr():
		return v.Addr()
	}
	s.fail("wrong type for value; expected %s; got %s", t, v.Type())
	return v
}

func canBeNil(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		return true
	}
	return t == valueType
}

// argument evaluates an argument for a parameter of type t; nil for any.
func (s *state) argument(dot value, t reflect.Type, n parse.Node) value {
	s.node = n
	var v value
	switch n := n.(type) {
	case *parse.DotNode:
		v = dot
		s.reads.value(v)
	case *parse.NilNode:
		if t == nil || !canBeNil(t) {
			s.fail("cannot assign nil to %s", t)
		}
		if t == valueType {
			return value{}
		}
		return value{rv: reflect.Zero(t)}
	case *parse.FieldNode:
		v = s.chain(chain{dot, dot, n, n.Ident}, nil, nil)
	case *parse.VariableNode:
		v = s.variableNode(dot, n, nil, nil)
	case *parse.PipeNode:
		v = s.pipeline(dot, n)
	case *parse.IdentifierNode:
		v = s.function(dot, n, n, nil, nil)
	case *parse.ChainNode:
		v = s.chainNode(dot, n, nil, nil)
	default:
		return value{rv: s.typedConstant(t, n)}
	}
	s.fit(v.rv, t) // errors are of the argument
	return v
}

// typedConstant gives a constant the type of a parameter.
func (s *state) typedConstant(t reflect.Type, n parse.Node) reflect.Value {
	if t == nil {
		s.fail("can't handle %s as an operand", n)
	}
	if t == valueType || emptyInterface(t) {
		return s.constant(n)
	}
	v := reflect.New(t).Elem()
	if !assign(v, n) {
		s.fail("expected %s; found %s", t.Kind(), n)
	}
	return v
}

// assign sets a variable to a constant if the types fit.
func assign(v reflect.Value, n parse.Node) bool {
	switch n := n.(type) {
	case *parse.BoolNode:
		if v.Kind() == reflect.Bool {
			v.SetBool(n.True)
			return true
		}
	case *parse.StringNode:
		if v.Kind() == reflect.String {
			v.SetString(n.Text)
			return true
		}
	case *parse.NumberNode:
		switch {
		case v.CanInt() && n.IsInt:
			v.SetInt(n.Int64)
			return true
		case v.CanUint() && n.IsUint:
			v.SetUint(n.Uint64)
			return true
		case v.CanFloat() && n.IsFloat:
			v.SetFloat(n.Float64)
			return true
		case v.CanComplex() && n.IsComplex:
			v.SetComplex(n.Complex128)
			return true
		}
	}
	return false
}
