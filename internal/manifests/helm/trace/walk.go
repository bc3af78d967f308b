package trace

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"text/template/parse"
)

// flow says where to go on after a node.
type flow uint8

const (
	onward flow = iota
	nextIteration
	leaveLoop
)

// walk executes a node.
func (s *state) walk(dot value, n parse.Node) flow {
	s.node = n
	s.step()
	switch n := n.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			if f := s.walk(dot, child); f != onward {
				return f
			}
		}
	case *parse.TextNode:
		s.literal(n)
	case *parse.ActionNode:
		s.here(n)
		v := s.pipeline(dot, n.Pipe)
		if len(n.Pipe.Decl) == 0 {
			s.print(n, v)
		}
	case *parse.IfNode:
		return s.branch(dot, &n.BranchNode)
	case *parse.WithNode:
		return s.branch(dot, &n.BranchNode)
	case *parse.RangeNode:
		return s.loop(dot, n)
	case *parse.TemplateNode:
		s.here(n)
		s.template(dot, n)
	case *parse.BreakNode:
		return leaveLoop
	case *parse.ContinueNode:
		return nextIteration
	case *parse.CommentNode:
	default:
		s.fail("unknown node: %s", n)
	}
	return onward
}

// here remembers an action as the place of what it calls and prints.
func (s *state) here(n parse.Node) {
	s.at = &site{def: s.def, pos: int(n.Position()), outer: s.caller}
	if s.caller != nil {
		s.at.depth = s.caller.depth + 1
	}
}

// literal writes text of the template.
func (s *state) literal(n *parse.TextNode) {
	s.here(n)
	if p := s.def.unit.prov; p != nil {
		from := int(n.Pos)
		t := p.asText(len(s.def.unit.source)).cut(from, from+len(n.Text))
		s.write(string(n.Text), t, &mark{site: s.at, cond: s.cond})
		return
	}
	s.spend(len(n.Text) + pieceBytes)
	s.out.write(string(n.Text), piece{mark: &mark{site: s.at, cond: s.cond}, off: int(n.Pos)})
}

// print writes the value of an action.
func (s *state) print(n parse.Node, v value) {
	s.node = n
	rv := v.rv
	base := &mark{site: s.at, cond: s.cond, leaves: s.sourceLeaves()}
	if rv.Kind() == reflect.String {
		if leaves := v.prov.all(); rv.Len() == 0 && len(leaves) > 0 {
			s.spend(pieceBytes)
			s.out.note(&mark{site: s.at, cond: s.cond, leaves: union(leaves, base.leaves)})
		}
		s.write(rv.String(), v.prov.asText(rv.Len()), base)
		return
	}
	if isContainer(rv) {
		s.measure(rv)
	}
	shown, ok := printable(rv)
	if !ok {
		s.fail("can't print %s of type %s", n, rv.Type())
	}
	text := fmt.Sprint(shown)
	s.write(text, v.prov.asText(len(text)), base)
}

// write writes text whose pieces are known, as far as they are; base is the mark of the place where it is written.
func (s *state) write(text string, t *text, base *mark) {
	if text == "" {
		return
	}
	s.spend(len(text) + pieceBytes*(1+t.count()))
	if size := len(s.out.buf) + len(text); size > s.limits.OutputBudget {
		s.limit("an output of %d bytes, more than %d", size, s.limits.OutputBudget)
	}
	if t == nil {
		s.out.write(text, piece{mark: base, off: -1})
		return
	}
	var last, shown *mark
	start := 0
	for _, p := range t.pieces {
		if p.mark != last || shown == nil {
			last, shown = p.mark, p.mark.shownAt(base)
		}
		s.out.write(text[start:p.end], piece{mark: shown, off: p.off})
		start = p.end
	}
	if start < len(text) {
		s.out.write(text[start:], piece{mark: base, off: -1})
	}
}

// sourceLeaves gives the leaves that an action itself is from, when it was in a text given to tpl.
func (s *state) sourceLeaves() []*node {
	t := s.def.unit.prov.asText(len(s.def.unit.source))
	return (&prov{text: t.cut(s.at.pos, s.at.pos+1)}).all()
}

var (
	errorType    = reflect.TypeFor[error]()
	stringerType = reflect.TypeFor[fmt.Stringer]()
)

// printable gives what to print for a value.
func printable(v reflect.Value) (any, bool) {
	if v.Kind() == reflect.Pointer {
		v, _ = indirect(v)
	}
	if !v.IsValid() {
		return noValue, true
	}
	t := v.Type()
	if !t.Implements(errorType) && !t.Implements(stringerType) {
		pointer := reflect.PointerTo(t)
		if v.CanAddr() && (pointer.Implements(errorType) || pointer.Implements(stringerType)) {
			v = v.Addr()
		} else if v.Kind() == reflect.Chan || v.Kind() == reflect.Func {
			return nil, false
		}
	}
	return v.Interface(), true
}

// condition evaluates the pipeline of an if, with or range, and returns what to add to the conditions.
func (s *state) condition(dot value, n *parse.BranchNode) (value, *cond) {
	s.here(n)
	outer := s.reads
	s.reads = &reads{}
	v := s.pipeline(dot, n.Pipe)
	c := &cond{site: s.at, leaves: s.reads.nodes, outer: s.cond}
	s.reads = outer
	if outer != nil {
		outer.add(c.leaves)
	}
	return v, c
}

// branch executes an if or with.
func (s *state) branch(dot value, n *parse.BranchNode) flow {
	mark, around := len(s.vars), s.cond
	v, c := s.condition(dot, n)
	truth, ok := isTrue(concrete(v.rv))
	if !ok {
		s.fail("if/with can't use %v", v.rv)
	}
	s.cond = c
	result := onward
	switch {
	case truth && n.NodeType == parse.NodeWith:
		result = s.walk(v, n.List)
	case truth:
		result = s.walk(dot, n.List)
	case n.ElseList != nil:
		result = s.walk(dot, n.ElseList)
	}
	s.vars, s.cond = s.vars[:mark], around
	s.decide(n, mark, c.leaves)
	return result
}

// isTrue is the truth of text/template: not the zero value, and not empty.
func isTrue(v reflect.Value) (truth, ok bool) {
	switch v.Kind() {
	case reflect.Invalid:
		return false, true
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() > 0, true
	case reflect.Chan, reflect.Func, reflect.Pointer, reflect.UnsafePointer, reflect.Interface:
		return !v.IsNil(), true
	case reflect.Struct:
		return true, true
	case reflect.Float32, reflect.Float64:
		return v.Float() != 0, true // negative zero is false as well
	case reflect.Complex64, reflect.Complex128:
		return v.Complex() != 0, true
	default:
		return !v.IsZero(), true
	}
}

// loop executes a range.
func (s *state) loop(dot value, n *parse.RangeNode) flow {
	mark, around := len(s.vars), s.cond
	v, c := s.condition(dot, &n.BranchNode)
	v.rv, _ = indirect(v.rv)
	if len(c.leaves) == 0 && isContainer(v.rv) {
		c.leaves = s.leavesIn(v, 0)
	}
	s.cond = c
	l := &iteration{s, n, len(s.vars)}
	result := onward
	if count := l.over(v); count == 0 && n.ElseList != nil {
		result = s.walk(dot, n.ElseList)
	}
	s.vars, s.cond = s.vars[:mark], around
	s.decide(&n.BranchNode, mark, c.leaves)
	return result
}

// iteration is a range in execution.
type iteration struct {
	*state
	n    *parse.RangeNode
	mark int // of the variables, those of the range included
}

// over iterates over v and returns how often it did, or would have without a break.
func (l *iteration) over(v value) int {
	switch v.rv.Kind() {
	case reflect.Invalid:
		return 0
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if len(l.n.Pipe.Decl) > 1 {
			l.fail("can't use %v to iterate over more than one variable", v.rv)
		}
		count := 0
		for i := range v.rv.Seq() {
			count++
			if !l.once(value{}, value{i, v.prov}) {
				break
			}
		}
		return count
	case reflect.Array, reflect.Slice:
		for i := range v.rv.Len() {
			elem := v.rv.Index(i)
			if !l.once(value{rv: reflect.ValueOf(i)}, value{elem, l.inside(v, index(i), elem)}) {
				break
			}
		}
		return v.rv.Len()
	case reflect.Map:
		for _, key := range sortedKeys(v.rv) {
			elem := v.rv.MapIndex(key)
			p := l.inside(v, keyOf(key), elem)
			if !l.once(value{key, p.leavesOnly()}, value{elem, p}) {
				break
			}
		}
		return v.rv.Len()
	}
	l.fail("range can't iterate over %v", v.rv)
	return 0
}

// once executes the body for one element and reports whether to go on.
func (l *iteration) once(key, elem value) bool {
	l.step()
	decl := l.n.Pipe.Decl
	switch {
	case l.n.Pipe.IsAssign && len(decl) > 1:
		l.lookup(decl[0].Ident[0]).value = key
		l.lookup(decl[1].Ident[0]).value = elem
	case l.n.Pipe.IsAssign && len(decl) == 1:
		l.lookup(decl[0].Ident[0]).value = elem
	case len(decl) > 1:
		l.vars[l.mark-2].value, l.vars[l.mark-1].value = key, elem
	case len(decl) == 1:
		l.vars[l.mark-1].value = elem
	}
	around := l.cond
	f := l.walk(elem, l.n.List)
	l.vars, l.cond = l.vars[:l.mark], around
	return f != leaveLoop
}

// sortedKeys gives the keys of a map in the order in which text/template iterates.
func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortStableFunc(keys, func(a, b reflect.Value) int {
		a, b = concrete(a), concrete(b)
		switch {
		case a.Kind() != b.Kind():
			return cmp.Compare(a.Kind(), b.Kind())
		case a.CanInt():
			return cmp.Compare(a.Int(), b.Int())
		case a.CanUint():
			return cmp.Compare(a.Uint(), b.Uint())
		case a.CanFloat():
			return cmp.Compare(a.Float(), b.Float())
		case a.Kind() == reflect.String:
			return cmp.Compare(a.String(), b.String())
		}
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	return keys
}

// template executes a template action: the called template writes to the same output.
func (s *state) template(dot value, n *parse.TemplateNode) {
	d := s.defs.find(n.Name)
	if d == nil {
		s.fail("template %q not defined", n.Name)
	}
	if s.depth >= maxDepth {
		s.limit("templates call each other more than %d deep", maxDepth)
	}
	dot = s.pipeline(dot, n.Pipe)
	inner := &state{run: s.run, def: d, caller: s.at, out: s.out, vars: []variable{{"$", dot}}}
	s.depth++
	inner.walk(dot, d.root)
	s.depth--
}
