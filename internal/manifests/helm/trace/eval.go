package trace

import (
	"reflect"
	"strings"
	"text/template/parse"
)

// value is a value with what is known of its origin.
type value struct {
	rv   reflect.Value
	prov *prov
}

var (
	anyType        = reflect.TypeFor[any]()
	valueType      = reflect.TypeFor[reflect.Value]()
	stringMapType  = reflect.TypeFor[map[string]any]()
	nilInterface   = reflect.Zero(anyType)
	emptyInterface = func(t reflect.Type) bool { return t.Kind() == reflect.Interface && t.NumMethod() == 0 }
)

// concrete takes a value out of an interface.
func concrete(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Interface {
		return v.Elem()
	}
	return v
}

// indirect follows pointers and interfaces; isNil is set if it ends at a nil one.
func indirect(v reflect.Value) (end reflect.Value, isNil bool) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return v, true
		}
		v = v.Elem()
	}
	return v, false
}

// pipeline evaluates a pipeline and declares or sets its variables.
func (s *state) pipeline(dot value, pipe *parse.PipeNode) value {
	if pipe == nil {
		return value{}
	}
	s.node = pipe
	var v value
	for i, cmd := range pipe.Cmds {
		var final *value
		if i > 0 {
			previous := v
			final = &previous
		}
		v = s.command(dot, cmd, final)
		if v.rv.IsValid() && emptyInterface(v.rv.Type()) {
			v.rv = v.rv.Elem()
		}
	}
	for _, variableNode := range pipe.Decl {
		name := variableNode.Ident[0]
		if pipe.IsAssign {
			s.lookup(name).value = s.written(v, pipe.Cmds[0].Args[0])
		} else {
			s.vars = append(s.vars, variable{name, s.written(v, pipe.Cmds[0].Args[0])})
		}
	}
	return v
}

// command evaluates one command of a pipeline; final is the value of the one before, nil for the first.
func (s *state) command(dot value, cmd *parse.CommandNode, final *value) value {
	first := cmd.Args[0]
	switch n := first.(type) {
	case *parse.FieldNode:
		s.node = n
		return s.chain(chain{dot, dot, n, n.Ident}, cmd.Args, final)
	case *parse.ChainNode:
		return s.chainNode(dot, n, cmd.Args, final)
	case *parse.IdentifierNode:
		return s.function(dot, n, cmd, cmd.Args, final)
	case *parse.PipeNode:
		s.noArguments(cmd.Args, final)
		return s.pipeline(dot, n)
	case *parse.VariableNode:
		return s.variableNode(dot, n, cmd.Args, final)
	}
	s.node = first
	s.noArguments(cmd.Args, final)
	switch n := first.(type) {
	case *parse.DotNode:
		return dot
	case *parse.NilNode:
		s.fail("nil is not a command")
	case *parse.BoolNode, *parse.NumberNode, *parse.StringNode:
		return s.written(value{rv: s.constant(n)}, n)
	}
	s.fail("can't evaluate command %q", first)
	return value{}
}

func (s *state) noArguments(args []parse.Node, final *value) {
	if len(args) > 1 || final != nil {
		s.fail("can't give argument to non-function %s", args[0])
	}
}

// constant gives a constant the type that its form says.
func (s *state) constant(n parse.Node) reflect.Value {
	s.node = n
	switch n := n.(type) {
	case *parse.BoolNode:
		return reflect.ValueOf(n.True)
	case *parse.StringNode:
		return reflect.ValueOf(n.Text)
	case *parse.NumberNode:
		switch {
		case n.IsComplex:
			return reflect.ValueOf(n.Complex128)
		case n.IsFloat && looksFloat(n.Text):
			return reflect.ValueOf(n.Float64)
		case n.IsInt:
			return reflect.ValueOf(int(n.Int64))
		case n.IsUint:
			s.fail("%s overflows int", n.Text)
		}
	}
	return reflect.Value{}
}

// looksFloat reports whether a number is written as a float, and not as a character or in hexadecimal.
func looksFloat(text string) bool {
	hex := len(text) > 2 && text[0] == '0' && (text[1]|0x20) == 'x' && !strings.ContainsAny(text, "pP")
	return !hex && text[0] != '\'' && strings.ContainsAny(text, ".eEpP")
}

func (s *state) chainNode(dot value, n *parse.ChainNode, args []parse.Node, final *value) value {
	s.node = n
	if n.Node.Type() == parse.NodeNil {
		s.fail("indirection through explicit nil in %s", n)
	}
	start := s.argument(dot, nil, n.Node)
	return s.chain(chain{dot, start, n, n.Field}, args, final)
}

func (s *state) variableNode(dot value, n *parse.VariableNode, args []parse.Node, final *value) value {
	s.node = n
	v := s.lookup(n.Ident[0]).value
	if len(n.Ident) > 1 {
		return s.chain(chain{dot, v, n, n.Ident[1:]}, args, final)
	}
	s.noArguments(args, final)
	s.reads.value(v)
	return v
}

// chain is a row of fields to follow.
type chain struct {
	dot, start value
	node       parse.Node
	names      []string
}

// chain follows fields; the last may be a method with arguments.
func (s *state) chain(c chain, args []parse.Node, final *value) value {
	v := c.start
	last := len(c.names) - 1
	for _, name := range c.names[:last] {
		v = s.field(v, name, field{c.dot, c.node, nil, nil})
	}
	v = s.field(v, c.names[last], field{c.dot, c.node, args, final})
	s.reads.value(v)
	return v
}

// field is what may be needed to call a method.
type field struct {
	dot   value
	node  parse.Node
	args  []parse.Node // the first is the method itself
	final *value
}

// field reads a field of a struct or a key of a map, or calls a method.
func (s *state) field(of value, name string, f field) value {
	if !of.rv.IsValid() {
		return value{}
	}
	t := of.rv.Type()
	receiver, isNil := indirect(of.rv)
	if receiver.Kind() == reflect.Interface && isNil {
		s.fail("nil pointer evaluating %s.%s", t, name)
	}
	hasArgs := len(f.args) > 1 || f.final != nil
	if receiver.Type() == stringMapType && !hasArgs { // the usual case, without the detour
		elem, ok := receiver.Interface().(map[string]any)[name]
		rv := nilInterface
		if !ok {
			return value{rv: rv}
		}
		if elem != nil {
			rv = reflect.ValueOf(elem)
		}
		return value{rv, s.inside(value{receiver, of.prov}, key{name: name}, rv)}
	}
	ptr := receiver
	if ptr.Kind() != reflect.Interface && ptr.Kind() != reflect.Pointer && ptr.CanAddr() {
		ptr = ptr.Addr()
	}
	if ptr.NumMethod() > 0 {
		if method := ptr.MethodByName(name); method.IsValid() {
			called := &function{name: name, fn: method, typ: method.Type(), check: sized, trace: s.fileMethod(value{receiver, of.prov}, name)}
			if receiver.Kind() == reflect.Map && emptyInterface(receiver.Type().Elem()) {
				s.measure(receiver) // the methods of .Values write all of it
			}
			return s.call(f.dot, called, f.node, f.args, f.final)
		}
	}
	return s.plainField(value{receiver, of.prov}, name, t, hasArgs)
}

// plainField reads a field of a struct or a key of a map.
func (s *state) plainField(of value, name string, t reflect.Type, hasArgs bool) value {
	switch of.rv.Kind() {
	case reflect.Struct:
		structField, ok := of.rv.Type().FieldByName(name)
		if !ok {
			break
		}
		found, err := of.rv.FieldByIndexErr(structField.Index)
		switch {
		case !structField.IsExported():
			s.fail("%s is an unexported field of struct type %s", name, t)
		case err != nil:
			s.fail("%v", err)
		case hasArgs:
			s.fail("%s has arguments but cannot be invoked as function", name)
		}
		return value{found, s.inside(of, key{name: name}, found)}
	case reflect.Map:
		nameValue := reflect.ValueOf(name)
		if !nameValue.Type().AssignableTo(of.rv.Type().Key()) {
			break
		}
		if hasArgs {
			s.fail("%s is not a method but has arguments", name)
		}
		found := of.rv.MapIndex(nameValue)
		if !found.IsValid() {
			return value{rv: reflect.Zero(of.rv.Type().Elem())}
		}
		return value{found, s.inside(of, key{name: name}, found)}
	case reflect.Pointer: // a nil one
		if elem := of.rv.Type().Elem(); elem.Kind() == reflect.Struct {
			if _, ok := elem.FieldByName(name); !ok {
				break
			}
		}
		s.fail("nil pointer evaluating %s.%s", t, name)
	}
	s.fail("can't evaluate field %s in type %s", name, t)
	return value{}
}
