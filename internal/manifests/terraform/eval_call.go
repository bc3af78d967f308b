package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// call evaluates the functions that move values around without changing them, and jsonencode, whose argument is more
// telling than its text.
func (m *module) call(e *hclsyntax.FunctionCallExpr, in scope, depth int) *value {
	args := make([]*value, len(e.Args))
	for i, arg := range e.Args {
		args[i] = m.eval(arg, in, depth)
	}
	if len(args) == 0 || e.ExpandFinal || !m.fits(args) {
		return unknown()
	}
	switch e.Name {
	case "toset", "tolist", "tomap", "tostring", "sensitive", "nonsensitive", "distinct", "sort", "jsonencode", "yamlencode", "trimspace":
		return args[0]
	case "try", "coalesce":
		if i := slices.IndexFunc(args, func(v *value) bool { return v.isKnown() && v.tag != nullTag && v.text != "" || !v.isScalar() }); i == 0 {
			return args[0]
		}
	case "concat", "setunion", "flatten", "compact":
		list := &value{tag: listTag}
		for _, arg := range args {
			list.items = append(list.items, m.flat(arg, e.Name == "flatten", 0)...)
		}
		return m.taken(list, e.Range())
	case "merge":
		return m.taken(merged(args), e.Range())
	case "lookup", "element":
		if len(args) > 1 {
			return at(args[0], args[1])
		}
	}
	return unknown(dependencies(args)...)
}

// fits reports whether values may be joined to one.
func (m *module) fits(args []*value) bool {
	all := 0
	for _, arg := range args {
		all += len(arg.items)
	}
	if all > maxValues {
		m.over = "comes to more than 300000 values"
	}
	return m.over == ""
}

// dependencies are the names that unknown values depend on.
func dependencies(args []*value) (names []string) {
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg.text, "${"); ok && arg.tag == stringTag && len(name) < 200 {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// flat returns the items of a list, those of lists in it too where deep is set.
func (m *module) flat(v *value, deep bool, depth int) (items []*value) {
	if m.count(v); v.tag != listTag || depth > maxDepth || m.over != "" {
		return []*value{v}
	}
	for _, item := range v.items {
		if item.origin == nil && v.origin != nil {
			copied := *item
			copied.origin = v.origin
			item = &copied
		}
		if deep {
			items = append(items, m.flat(item, deep, depth+1)...)
		} else {
			items = append(items, item)
		}
	}
	return items
}

// merged joins maps. What is not known leaves a key that says so.
func merged(args []*value) *value {
	v := &value{tag: mapTag}
	for _, arg := range args {
		if arg.tag != mapTag {
			v.set("${}", unknown())
			continue
		}
		for _, key := range arg.keys {
			v.set(key, at(arg, &value{tag: stringTag, text: key}))
		}
	}
	return v
}
