package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// scope holds what names stand for beside variables and locals: each, the iterators of dynamic blocks and of for.
type scope map[string]*value

// with returns a scope that knows one name more.
func (s scope) with(name string, v *value) scope {
	more := make(scope, len(s)+1)
	for key, known := range s {
		more[key] = known
	}
	more[name] = v
	return more
}

// eval returns what an expression is known to be. It never fails: what it does not know is unknown.
func (m *module) eval(expr hclsyntax.Expression, in scope, depth int) *value {
	if depth > maxDepth || m.over != "" {
		return unknown()
	}
	v := m.expression(expr, in, depth+1)
	m.count(v)
	return v
}

func (m *module) expression(expr hclsyntax.Expression, in scope, depth int) *value {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return fromLiteral(e.Val)
	case *hclsyntax.TemplateExpr:
		return m.template(e, in, depth)
	case *hclsyntax.TemplateWrapExpr:
		return m.eval(e.Wrapped, in, depth)
	case *hclsyntax.ParenthesesExpr:
		return m.eval(e.Expression, in, depth)
	case *hclsyntax.TupleConsExpr:
		list := &value{tag: listTag}
		for _, item := range e.Exprs {
			list.items = append(list.items, m.placed(m.eval(item, in, depth), m.frame(item.Range())))
		}
		return list
	case *hclsyntax.ObjectConsExpr:
		return m.object(e, in, depth)
	case *hclsyntax.ScopeTraversalExpr:
		return m.traversal(e.Traversal, in, depth)
	case *hclsyntax.RelativeTraversalExpr:
		return steps(m.eval(e.Source, in, depth), e.Traversal)
	case *hclsyntax.IndexExpr:
		return at(m.eval(e.Collection, in, depth), m.eval(e.Key, in, depth))
	case *hclsyntax.SplatExpr:
		if from := m.eval(e.Source, in, depth); !from.isKnown() {
			return from
		}
	case *hclsyntax.ConditionalExpr:
		return m.conditional(e, in, depth)
	case *hclsyntax.FunctionCallExpr:
		return m.call(e, in, depth)
	case *hclsyntax.ForExpr:
		return m.comprehension(e, in, depth)
	case *hclsyntax.UnaryOpExpr:
		if v := m.eval(e.Val, in, depth); e.Op == hclsyntax.OpNegate && (v.tag == intTag || v.tag == numberTag) {
			return &value{tag: v.tag, text: "-" + v.text}
		}
	case *hclsyntax.BinaryOpExpr:
		return m.comparison(e, in, depth)
	}
	return unknown()
}

func fromLiteral(v cty.Value) *value {
	switch {
	case v.IsNull():
		return &value{tag: nullTag, text: "null"}
	case !v.IsKnown():
		return unknown()
	case v.Type() == cty.String:
		return &value{tag: stringTag, text: v.AsString()}
	case v.Type() == cty.Bool:
		if v.True() {
			return &value{tag: boolTag, text: "true"}
		}
		return &value{tag: boolTag, text: "false"}
	case v.Type() == cty.Number:
		number := v.AsBigFloat()
		if number.IsInf() || number.MantExp(nil) > 256 || number.MantExp(nil) < -256 {
			return unknown() // its digits would fill the memory, as those of 1e999999999
		}
		if number.IsInt() {
			return &value{tag: intTag, text: number.Text('f', 0)}
		}
		return &value{tag: numberTag, text: number.Text('g', 20)}
	}
	return unknown()
}

// template joins the parts of a text. Those that are unknown stay as "${…}" in it.
func (m *module) template(e *hclsyntax.TemplateExpr, in scope, depth int) *value {
	var text strings.Builder
	for _, part := range e.Parts {
		v := m.eval(part, in, depth)
		if !v.isScalar() {
			v = unknown()
		}
		if text.WriteString(v.text); text.Len() > maxFileBytes {
			m.over = "makes a text of more than 1 MiB"
			return unknown()
		}
	}
	return &value{tag: stringTag, text: text.String()}
}

func (m *module) object(e *hclsyntax.ObjectConsExpr, in scope, depth int) *value {
	v := &value{tag: mapTag}
	for _, item := range e.Items {
		key := &value{}
		if wrapped, ok := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok {
			if word := hcl.ExprAsKeyword(wrapped.Wrapped); word != "" && !wrapped.ForceNonLiteral {
				key = &value{tag: stringTag, text: word}
			} else {
				key = m.eval(wrapped.Wrapped, in, depth)
			}
		} else {
			key = m.eval(item.KeyExpr, in, depth)
		}
		if !key.isScalar() {
			key = unknown()
		}
		v.set(key.text, m.placed(m.eval(item.ValueExpr, in, depth), m.frame(item.KeyExpr.Range())))
	}
	return v
}

// traversal follows a.b.c from what a stands for.
func (m *module) traversal(t hcl.Traversal, in scope, depth int) *value {
	root := t.RootName()
	if known, ok := in[root]; ok {
		return steps(known, t[1:])
	}
	name := ""
	if len(t) > 1 {
		if step, ok := t[1].(hcl.TraverseAttr); ok {
			name = step.Name
		}
	}
	switch root {
	case "var":
		if a := m.given[name]; a != nil {
			return steps(m.named("var."+name, a, depth), t[2:])
		}
		if a := m.declared[name]; a != nil {
			return steps(m.named("var."+name, a, depth), t[2:])
		}
	case "local":
		if a := m.locals[name]; a != nil {
			return steps(m.named("local."+name, a, depth), t[2:])
		}
	case "data":
		if len(t) > 2 {
			if step, ok := t[2].(hcl.TraverseAttr); ok {
				return unknown("data." + name + "." + step.Name)
			}
		}
	}
	if name == "" {
		return unknown(root)
	}
	return unknown(root + "." + name)
}

// named evaluates a variable or local once. One that depends on itself is unknown.
func (m *module) named(name string, a *hclsyntax.Attribute, depth int) *value {
	known, seen := m.known[name]
	switch {
	case known != nil:
		return known
	case seen:
		return unknown(name)
	}
	m.known[name] = nil
	v := m.placed(m.eval(a.Expr, scope{}, depth), m.attributeFrame(a))
	if v.tag == nullTag { // a variable without a value of its own: whoever uses the module gives it one
		v = unknown(name)
	}
	m.known[name] = v
	return v
}

// steps follows attributes and indexes into a value.
func steps(v *value, t hcl.Traversal) *value {
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseAttr:
			v = at(v, &value{tag: stringTag, text: s.Name})
		case hcl.TraverseIndex:
			v = at(v, fromLiteral(s.Key))
		default:
			return unknown()
		}
	}
	return v
}

// at returns the item of a list or map. What an item has no place of its own for is where the whole is.
func at(v, key *value) *value {
	if v.isScalar() {
		if v.isKnown() {
			return unknown()
		}
		return v
	}
	var item *value
	if v.tag == mapTag {
		item = v.get(key.text)
	} else if i, ok := index(key.text); ok && i < len(v.items) {
		item = v.items[i]
	}
	if item == nil || !key.isKnown() {
		return unknown()
	}
	if item.origin == nil && v.origin != nil {
		copied := *item
		copied.origin = v.origin
		return &copied
	}
	return item
}

func index(text string) (n int, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' || n > maxValues {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, text != ""
}

func (m *module) conditional(e *hclsyntax.ConditionalExpr, in scope, depth int) *value {
	switch condition := m.eval(e.Condition, in, depth); {
	case condition.tag != boolTag:
		return unknown()
	case condition.isTrue():
		return m.eval(e.TrueResult, in, depth)
	}
	return m.eval(e.FalseResult, in, depth)
}

// comparison evaluates ==, !=, && and ||.
func (m *module) comparison(e *hclsyntax.BinaryOpExpr, in scope, depth int) *value {
	left, right := m.eval(e.LHS, in, depth), m.eval(e.RHS, in, depth)
	if !left.isScalar() || !right.isScalar() || !left.isKnown() || !right.isKnown() {
		return unknown()
	}
	holds := false
	switch e.Op {
	case hclsyntax.OpEqual:
		holds = left.text == right.text && left.tag == right.tag
	case hclsyntax.OpNotEqual:
		holds = left.text != right.text || left.tag != right.tag
	case hclsyntax.OpLogicalAnd:
		holds = left.isTrue() && right.isTrue()
	case hclsyntax.OpLogicalOr:
		holds = left.isTrue() || right.isTrue()
	default:
		return unknown()
	}
	return fromLiteral(cty.BoolVal(holds))
}

// comprehension evaluates [for …] and {for …} over what is known.
func (m *module) comprehension(e *hclsyntax.ForExpr, in scope, depth int) *value {
	over := m.eval(e.CollExpr, in, depth)
	if over.isScalar() || e.Group {
		return unknown()
	}
	made := &value{tag: listTag}
	if e.KeyExpr != nil {
		made.tag = mapTag
	}
	for i, item := range over.items {
		key := &value{tag: intTag, text: fromLiteral(cty.NumberIntVal(int64(i))).text}
		if over.tag == mapTag {
			key = &value{tag: stringTag, text: over.keys[i]}
		}
		inner := in.with(e.ValVar, item)
		if e.KeyVar != "" {
			inner = inner.with(e.KeyVar, key)
		}
		if e.CondExpr != nil {
			condition := m.eval(e.CondExpr, inner, depth)
			if condition.tag != boolTag {
				return unknown()
			}
			if !condition.isTrue() {
				continue
			}
		}
		result := m.eval(e.ValExpr, inner, depth)
		if m.over != "" {
			return unknown()
		}
		if e.KeyExpr == nil {
			made.items = append(made.items, result)
			continue
		}
		made.set(m.eval(e.KeyExpr, inner, depth).text, result)
	}
	return m.taken(made, e.Range())
}

// taken notes on the items of a list or map that is being made which expression took them over from elsewhere.
func (m *module) taken(v *value, by hcl.Range) *value {
	for i, item := range v.items {
		if item.origin != nil && m.over == "" {
			v.items[i] = m.placed(item, m.frame(by))
		}
	}
	return v
}
