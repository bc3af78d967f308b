package policy

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// field is one key of a mapping, out of a struct's tags.
type field struct {
	key  string
	doc  string
	form string
	enum []string
	must bool
	typ  reflect.Type
}

// fieldsOf lists the keys that a struct's mapping may have, in their order.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || key == "-" {
			continue
		}
		if key == "" {
			key = strings.ToLower(f.Name)
		}
		own := field{key: key, doc: f.Tag.Get("doc"), form: f.Tag.Get("form"), must: f.Tag.Get("must") != "", typ: f.Type}
		if enum := f.Tag.Get("enum"); enum != "" {
			own.enum = strings.Split(enum, ",")
		}
		fields = append(fields, own)
	}
	return fields
}

// maxDepth is deeper than any policy is; only aliases that lead in a circle get there.
const maxDepth = 20

var (
	nodeType        = reflect.TypeFor[yaml.Node]()
	yamlUnmarshaler = reflect.TypeFor[yaml.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// value is a node with what it is to be: the field it is for, and how messages call it.
type value struct {
	node *yaml.Node
	at   field
	name string // "gate.failOn"
	line int    // of its key
}

// mapping holds a mapping against a struct: keys unknown, given twice or missing, and each value. The keys in
// besides are allowed and not looked at.
func (r *reader) mapping(n *yaml.Node, t reflect.Type, name string, besides ...string) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		r.wrong(n.Line, "%s: want a mapping of keys and values", called(name))
		return
	}
	fields := fieldsOf(t)
	seen := r.keys(n, name)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		at := slices.IndexFunc(fields, func(f field) bool { return f.key == key.Value })
		switch {
		case slices.Contains(besides, key.Value):
		case at < 0:
			r.wrong(key.Line, "%s: unknown key %q%s", called(name), key.Value, suggestion(key.Value, keysOf(fields)))
		default:
			r.value(value{n.Content[i+1], fields[at], join(name, key.Value), key.Line})
		}
	}
	for _, f := range fields {
		if f.must && (seen[f.key] == nil || isNull(seen[f.key])) {
			r.wrong(n.Line, "%s needs %q: %s", called(name), f.key, lowerFirst(f.doc))
		}
	}
}

// keys returns the values of a mapping by key, and refuses keys that are given twice or are no text.
func (r *reader) keys(n *yaml.Node, name string) map[string]*yaml.Node {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if before, twice := lines[key.Value]; twice {
			r.wrong(key.Line, "%s: the key %q is there twice, first on line %d", called(name), key.Value, before)
			continue
		}
		if key.Kind != yaml.ScalarNode {
			r.wrong(key.Line, "%s: a key is no text", called(name))
		}
		lines[key.Value], seen[key.Value] = key.Line, n.Content[i+1]
	}
	return seen
}

// value holds a value against the type of its field. A value of null says nothing and is allowed everywhere.
func (r *reader) value(v value) {
	v.node = resolve(v.node)
	t := v.at.typ
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case isNull(v.node):
	case t == nodeType:
		r.form(v)
	case reflect.PointerTo(t).Implements(yamlUnmarshaler), reflect.PointerTo(t).Implements(textUnmarshaler):
		r.own(v, t)
	case t.Kind() == reflect.Struct:
		r.mapping(v.node, t, v.name)
	case t.Kind() == reflect.Slice:
		r.list(v, t.Elem())
	case t.Kind() == reflect.Map:
		r.entries(v, t.Elem())
	default:
		r.scalar(v, t)
	}
}

// list holds a list's items, each, against the list's field.
func (r *reader) list(v value, item reflect.Type) {
	if v.node.Kind != yaml.SequenceNode {
		r.wrong(v.node.Line, "%s: want a list, as in [first, second]", v.name)
		return
	}
	if v.at.must && len(v.node.Content) == 0 {
		r.wrong(v.node.Line, "%s is empty: %s", v.name, lowerFirst(v.at.doc))
	}
	for i, n := range v.node.Content {
		name := fmt.Sprintf("%s[%d]", v.name, i)
		if isNull(resolve(n)) {
			r.wrong(n.Line, "%s is empty", name)
			continue
		}
		at := v.at
		at.typ = item
		r.value(value{n, at, name, n.Line})
	}
}

// entries holds the values of a mapping with free keys.
func (r *reader) entries(v value, item reflect.Type) {
	if v.node.Kind != yaml.MappingNode {
		r.wrong(v.node.Line, "%s: want a mapping of keys and values", v.name)
		return
	}
	r.keys(v.node, v.name)
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, at := v.node.Content[i], v.at
		at.key, at.typ = key.Value, item
		r.value(value{v.node.Content[i+1], at, join(v.name, key.Value), key.Line})
	}
}

// own lets a type that reads itself judge the value.
func (r *reader) own(v value, t reflect.Type) {
	if err := v.node.Decode(reflect.New(t).Interface()); err != nil {
		r.wrong(v.node.Line, "%s: %s", v.name, withoutLine(err))
	}
}

// scalar holds a single value against a Go type, and then its words against the field's.
func (r *reader) scalar(v value, t reflect.Type) {
	n := v.node
	want := ""
	switch t.Kind() {
	case reflect.String:
		want = "text"
	case reflect.Bool:
		want = "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		want = "a whole number"
	case reflect.Float32, reflect.Float64:
		want = "a number"
	}
	switch {
	case n.Kind != yaml.ScalarNode:
		r.wrong(n.Line, "%s: want %s, not a list or mapping", v.name, want)
	case t.Kind() == reflect.String && n.Tag != "!!str":
		r.wrong(n.Line, "%s: want text; YAML reads %s as something else, so write it in quotes", v.name, n.Value)
	case n.Decode(reflect.New(t).Interface()) != nil, want == "a whole number" && n.Tag != "!!int":
		r.wrong(n.Line, "%s: want %s, not %q", v.name, want, n.Value)
	case v.at.enum != nil && !slices.Contains(v.at.enum, n.Value):
		r.wrong(n.Line, "%s: %q is none of %s%s", v.name, n.Value, strings.Join(v.at.enum, ", "), suggestion(n.Value, v.at.enum))
	default:
		r.form(v)
	}
}

// resolve follows aliases; one that leads in a circle ends as an empty node.
func resolve(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			return n
		}
		n = n.Alias
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line}
}

func isNull(n *yaml.Node) bool {
	return n.Kind == 0 || n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

func keysOf(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// called names a mapping in messages.
func called(name string) string {
	if name == "" {
		return "the policy"
	}
	return name
}

func join(name, key string) string {
	if name == "" {
		return key
	}
	return name + "." + key
}

func lowerFirst(text string) string {
	if text == "" {
		return text
	}
	return strings.TrimSuffix(strings.ToLower(text[:1])+text[1:], ".")
}

// withoutLine drops the line that the YAML library puts before an error: it is said by us.
func withoutLine(err error) string {
	_, reason := manifests.YAMLPlace(err)
	reason, _, _ = strings.Cut(reason, "\n")
	return reason
}
