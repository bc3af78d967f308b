package terraform

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// module is what the files of a directory hold.
type module struct {
	found    []*hclsyntax.Block
	declared map[string]*hclsyntax.Attribute // the defaults
	given    map[string]*hclsyntax.Attribute // of *.auto.tfvars
	locals   map[string]*hclsyntax.Attribute
	tfvars   []made
	known    map[string]*value // variables and locals that were evaluated; nil while they are
	values   int               // that were made
	bytes    int               // of texts that were made
	over     string            // which limit was passed
}

func newModule() *module {
	return &module{declared: map[string]*hclsyntax.Attribute{}, given: map[string]*hclsyntax.Attribute{}, locals: map[string]*hclsyntax.Attribute{},
		known: map[string]*value{}}
}

// add takes in what a file holds.
func (m *module) add(file string, body *hclsyntax.Body) {
	if is, auto := isVariables(file); is {
		if auto {
			for name, a := range body.Attributes {
				m.given[name] = a
			}
		}
		at := manifests.Frame{Span: source.Span{File: file, Line: 1, EndLine: 1, Column: 1}, Role: manifests.RoleValues, Precision: manifests.Exact}
		m.tfvars = append(m.tfvars, made{class: "tfvars", kind: "tfvars", name: path.Base(file), body: m.body(body, scope{}, 0), at: at})
		return
	}
	for _, b := range body.Blocks {
		switch {
		case b.Type == "locals":
			for name, a := range b.Body.Attributes {
				m.locals[name] = a
			}
			continue
		case b.Type == "variable" && len(b.Labels) == 1 && b.Body.Attributes["default"] != nil:
			m.declared[b.Labels[0]] = b.Body.Attributes["default"]
		}
		m.found = append(m.found, b)
	}
}

// word is what types and names of blocks are made of. No kind of Kubernetes is written like that.
var word = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,120}$`)

// blocks makes what the module's blocks are known to become.
func (m *module) blocks() []made {
	all := m.tfvars
	for _, b := range m.found {
		one := made{class: b.Type, kind: b.Type, at: m.frame(b.TypeRange)}
		switch {
		case (b.Type == "resource" || b.Type == "data") && len(b.Labels) == 2:
			one.kind, one.name = b.Labels[0], b.Labels[1]
		case (b.Type == "variable" || b.Type == "module" || b.Type == "provider") && len(b.Labels) == 1:
			one.name = b.Labels[0]
		default:
			continue
		}
		if !word.MatchString(one.kind) {
			continue
		}
		for _, each := range m.instances(b) {
			instance := one
			instance.name += each.suffix
			instance.body = m.body(b.Body, each.scope, 0)
			if all = append(all, instance); len(all) > maxObjects {
				m.over = "has more than 10000 blocks"
			}
		}
		if m.over != "" {
			return nil
		}
	}
	return all
}

// instance is one of what for_each makes of a block.
type instance struct {
	suffix string
	scope  scope
}

// instances evaluates count and for_each of a block. What they come to only when Terraform runs is taken for one.
func (m *module) instances(b *hclsyntax.Block) []instance {
	one := []instance{{scope: scope{}}}
	if count := b.Body.Attributes["count"]; count != nil {
		if literal, ok := count.Expr.(*hclsyntax.LiteralValueExpr); ok && fromLiteral(literal.Val).text == "0" {
			return nil
		}
		return one
	}
	each := b.Body.Attributes["for_each"]
	if each == nil || b.Type == "variable" {
		return one
	}
	over := m.eval(each.Expr, scope{}, 0)
	if over.isScalar() {
		return one
	}
	var all []instance
	m.each(over, func(key string, item *value) {
		all = append(all, instance{`["` + key + `"]`, scope{"each": mapping("key", &value{tag: stringTag, text: key}, "value", item)}})
	})
	return all
}

// each visits the items of a list or map with their keys. The keys of a list's items are the items, as those of a set.
func (m *module) each(over *value, visit func(key string, item *value)) {
	for i, item := range over.items {
		if m.over != "" {
			return
		}
		switch {
		case over.tag == mapTag:
			visit(over.keys[i], item)
		case item.isScalar():
			visit(item.text, item)
		default:
			visit("", item)
		}
	}
}

// unreviewed are blocks within others that say nothing of what is made.
var unreviewed = []string{"lifecycle", "timeouts", "connection", "provisioner", "validation"}

// body makes the map of a block's arguments, in their order, and of the blocks in it.
func (m *module) body(b *hclsyntax.Body, in scope, depth int) *value {
	v := &value{tag: mapTag}
	attributes := make([]*hclsyntax.Attribute, 0, len(b.Attributes))
	for _, a := range b.Attributes {
		attributes = append(attributes, a)
	}
	slices.SortFunc(attributes, func(a, b *hclsyntax.Attribute) int {
		return cmp.Or(cmp.Compare(a.NameRange.Start.Line, b.NameRange.Start.Line), cmp.Compare(a.NameRange.Start.Column, b.NameRange.Start.Column))
	})
	for _, a := range attributes {
		v.set(a.Name, m.placed(m.eval(a.Expr, in, depth+1), m.attributeFrame(a)))
	}
	for _, inner := range b.Blocks {
		if slices.Contains(unreviewed, inner.Type) {
			continue
		}
		kind, made := inner.Type, []*value{}
		if inner.Type == "dynamic" && len(inner.Labels) == 1 {
			kind, made = inner.Labels[0], m.dynamic(inner, in, depth)
		} else if depth < maxDepth {
			made = append(made, m.placed(m.body(inner.Body, in, depth+1), m.frame(inner.TypeRange)))
		}
		list := v.get(kind)
		if list == nil || list.tag != listTag {
			list = &value{tag: listTag, origin: manifests.Origin{m.frame(inner.TypeRange)}}
			v.set(kind, list)
		}
		list.items = append(list.items, made...)
	}
	return v
}

// dynamic makes the blocks of a dynamic block: one for each item, or one where the items are not known.
func (m *module) dynamic(b *hclsyntax.Block, in scope, depth int) (all []*value) {
	i := slices.IndexFunc(b.Body.Blocks, func(inner *hclsyntax.Block) bool { return inner.Type == "content" })
	each := b.Body.Attributes["for_each"]
	if i < 0 || each == nil || depth >= maxDepth {
		return nil
	}
	name := b.Labels[0]
	if iterator := b.Body.Attributes["iterator"]; iterator != nil {
		name = hcl.ExprAsKeyword(iterator.Expr)
	}
	content := b.Body.Blocks[i]
	add := func(in scope) {
		all = append(all, m.placed(m.body(content.Body, in, depth+1), m.frame(content.TypeRange)))
	}
	over := m.eval(each.Expr, in, depth+1)
	if over.isScalar() {
		add(in.with(name, unknown(name)))
		return all
	}
	m.each(over, func(key string, item *value) {
		add(in.with(name, mapping("key", &value{tag: stringTag, text: key}, "value", item)))
	})
	return all
}

// placed gives a value the place that it is written at, or one that took it over from elsewhere.
func (m *module) placed(v *value, at manifests.Frame) *value {
	m.count(v)
	copied := *v
	if v.origin == nil {
		copied.origin = manifests.Origin{at}
		return &copied
	}
	copied.origin = append(slices.Clone(v.origin), at)
	copied.items = make([]*value, len(v.items))
	for i, item := range v.items {
		if m.over != "" {
			break
		}
		if item.origin == nil {
			inner := *item
			inner.origin = v.origin
			item = &inner
		}
		copied.items[i] = m.placed(item, at)
	}
	if m.over != "" {
		return unknown()
	}
	return &copied
}

// count holds what is made to the limits.
func (m *module) count(v *value) {
	m.values += 1 + len(v.items)
	m.bytes += len(v.text)
	switch {
	case m.values > maxValues:
		m.over = "comes to more than 300000 values"
	case m.bytes > maxTextBytes:
		m.over = "comes to more than 16 MiB of text"
	}
}

func (m *module) frame(r hcl.Range) manifests.Frame {
	span := source.Span{File: r.Filename, Line: r.Start.Line, EndLine: r.Start.Line, Column: r.Start.Column}
	if r.End.Line == r.Start.Line {
		span.EndColumn = r.End.Column
	}
	return manifests.Frame{Span: span, Role: manifests.RoleResource, Precision: manifests.Exact}
}

// attributeFrame is the place of an argument: from its name to the end of the value where that is on the same line.
func (m *module) attributeFrame(a *hclsyntax.Attribute) manifests.Frame {
	at := m.frame(a.NameRange)
	if end := a.Expr.Range().End; end.Line == at.Span.Line {
		at.Span.EndColumn = end.Column
	}
	at.Span.EndColumn = max(at.Span.EndColumn, at.Span.Column+utf8.RuneCountInString(a.Name))
	return at
}
