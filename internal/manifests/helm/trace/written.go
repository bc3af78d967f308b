package trace

import (
	"fmt"
	"reflect"
	"strings"
	"text/template/parse"
)

// keeps tells of the functions that hand on an argument, or keep it in a map or list, which arguments these are:
// i of count.
var keeps = map[string]func(i, count int) bool{
	"default": every, "coalesce": every, "list": every, "tuple": every, "and": every, "or": every,
	"dict":    func(i, _ int) bool { return i%2 == 1 },
	"ternary": func(i, _ int) bool { return i < 2 },
	"dig":     func(i, count int) bool { return i == count-2 },
	"set":     func(i, _ int) bool { return i == 2 },
	"include": second, "append": second, "push": second, "prepend": second,
	"mustAppend": second, "mustPush": second, "mustPrepend": second,
}

func every(int, int) bool      { return true }
func second(i int, _ int) bool { return i == 1 }

// kept notes where an argument is written that a function hands on or keeps.
func (s *state) kept(f *function, v value, args []parse.Node, i int) value {
	if keep := keeps[f.name]; keep == nil || !keep(i, len(args)) {
		return v
	}
	switch args[i].(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.PipeNode:
		return s.written(v, args[i])
	}
	return v
}

// written tells of a value that what is not known of its origin is written in the template, at n. Text that tpl was
// given stands in no template, and maps and lists know the origins of what is in them.
func (s *state) written(v value, n parse.Node) value {
	rv := concrete(v.rv)
	if !rv.IsValid() || isContainer(rv) || rv.Kind() == reflect.Struct || s.def.unit.dynamic {
		return v
	}
	switch {
	case v.prov == nil || v.prov.text == nil && len(v.prov.leaves) == 0:
		v.prov = &s.literalAt(n, rv).self
	case v.prov.text != nil && rv.Kind() == reflect.String && v.prov.text.hasGaps(rv.Len()):
		literal := s.literalAt(n, reflect.Value{})
		v.prov = &prov{leaves: v.prov.leaves, text: v.prov.text.filled(rv.Len(), &mark{leaves: literal.self.leaves})}
	}
	return v
}

// hasGaps reports whether parts of a text of a length are unknown.
func (t *text) hasGaps(length int) bool {
	if len(t.pieces) == 0 || t.pieces[len(t.pieces)-1].end < length {
		return true
	}
	for _, p := range t.pieces {
		if p.mark == nil {
			return true
		}
	}
	return false
}

// literalAt gives the leaf that stands for what is written at a node. Of a constant its value is known.
func (s *state) literalAt(n parse.Node, rv reflect.Value) *node {
	if known := s.literals[n]; known != nil {
		return known
	}
	at := s.def.unit.frame(int(n.Position()), s.def.name)
	literal := newNode(nil, key{}, nil)
	literal.home = &home{in: at.Template, line: at.Line, column: at.Column}
	literal.self.shape = nil
	switch n.(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
		literal.value = rv.Interface()
		literal.home.text = fmt.Sprint(literal.value)
	}
	s.spend(pieceBytes)
	s.literals[n] = literal
	return literal
}

// maxNames is how many variables are looked for that an if, with or range sets.
const maxNames = 64

// decide adds to variables that a branch sets, whether it was taken or not, the leaves that decided on it.
func (s *state) decide(n *parse.BranchNode, vars int, leaves []*node) {
	if len(leaves) == 0 {
		return
	}
	names, known := s.assigned[n]
	if !known {
		names = assignments(assignments(nil, n.List), n.ElseList)
		s.assigned[n] = names
	}
	for _, name := range names {
		for i := vars - 1; i >= 0; i-- {
			if s.vars[i].name == name {
				s.vars[i].prov = s.vars[i].prov.decidedBy(leaves)
				break
			}
		}
	}
}

// assignments adds the names of the variables that are set in a part of a template.
func assignments(names []string, list *parse.ListNode) []string {
	if list == nil {
		return names
	}
	for _, n := range list.Nodes {
		if len(names) >= maxNames {
			break
		}
		switch n := n.(type) {
		case *parse.ActionNode:
			if n.Pipe.IsAssign {
				names = append(names, n.Pipe.Decl[0].Ident[0])
			}
		case *parse.IfNode:
			names = assignments(assignments(names, n.List), n.ElseList)
		case *parse.WithNode:
			names = assignments(assignments(names, n.List), n.ElseList)
		case *parse.RangeNode:
			names = assignments(assignments(names, n.List), n.ElseList)
		}
	}
	return names
}

// decidedBy adds leaves that decided on a value, also to the parts of a text.
func (p *prov) decidedBy(leaves []*node) *prov {
	if p == nil || p.text == nil {
		return p.besides(leaves)
	}
	t := &text{pieces: append([]piece(nil), p.text.pieces...)}
	var last, with *mark
	for i, piece := range t.pieces {
		if piece.mark == nil {
			continue
		}
		if piece.mark != last {
			copied := *piece.mark
			copied.leaves = union(copied.leaves, leaves)
			last, with = piece.mark, &copied
		}
		t.pieces[i].mark = with
	}
	return &prov{leaves: p.leaves, text: t, shape: p.shape}
}

// lineOf gives the leaf of a line of the file that n is.
func (n *node) lineOf(number int, content string) *node {
	k := index(number)
	if known := n.children[k]; known != nil {
		return known
	}
	line := newNode(n, k, content)
	line.self.shape = nil
	line.home = &home{in: n.home.in, line: number, column: 1 + len(content) - len(strings.TrimLeft(content, " \t")), text: content}
	if n.children == nil {
		n.children = map[key]*node{}
	}
	n.children[k] = line
	return line
}
