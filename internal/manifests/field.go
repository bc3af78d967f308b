package manifests

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Field is a place in an object, which may be absent: reading on from an absent field gives absent fields with
// the paths they would have. Its path is written as Kubernetes writes field paths:
// spec.containers[0].image, metadata.annotations[example.com/key].
type Field struct {
	node *yaml.Node // nil when absent
	path string     // in a layout only that of an absent field, from the field at pos on

	in  *layout // nil for a field that was made of a node
	pos int32   // in the layout; of an absent field that of the nearest one above it
	key bool    // path is a key as it is, which most absent fields are never asked for
}

// NewField makes a field of a node at path. A nil node makes an absent field.
func NewField(node *yaml.Node, path string) Field { return Field{node: node, path: path} }

// Entry is one key of a mapping with its value.
type Entry struct {
	Key   string
	Value Field
}

// Path returns where the field is, or would be.
func (f Field) Path() string {
	if f.in == nil {
		return f.path
	}
	above, below := f.in.path(f.pos), f.below()
	if above == "" || below == "" || below[0] == '[' {
		return above + below
	}
	return above + "." + below
}

// below is the path of an absent field from the one at pos on.
func (f Field) below() string {
	if f.key {
		return KeyPath("", f.path)
	}
	return f.path
}

// Node returns the YAML of the field, nil when it is absent.
func (f Field) Node() *yaml.Node { return f.node }

// Exists reports whether the field is written, be it as null.
func (f Field) Exists() bool { return f.node != nil }

// IsSet reports whether the field is written and not null.
func (f Field) IsSet() bool { return f.node != nil && f.node.Tag != "!!null" }

// IsMap reports whether the field is a mapping.
func (f Field) IsMap() bool { return f.node != nil && f.node.Kind == yaml.MappingNode }

// IsList reports whether the field is a list.
func (f Field) IsList() bool { return f.node != nil && f.node.Kind == yaml.SequenceNode }

// Get follows keys through mappings. Of a key that is written twice the last one counts, as in the API server.
func (f Field) Get(keys ...string) Field {
	for _, key := range keys {
		f = f.child(key)
	}
	return f
}

func (f Field) child(key string) Field {
	if f.in != nil {
		return f.laidOut(key)
	}
	found := Field{path: KeyPath(f.path, key)}
	if f.IsMap() {
		for i := 1; i < len(f.node.Content); i += 2 {
			if f.node.Content[i-1].Value == key {
				found.node = f.node.Content[i]
			}
		}
	}
	return found
}

// laidOut is child in a layout.
func (f Field) laidOut(key string) Field {
	if f.node != nil {
		if at := f.in.entry(f.pos, key); at > 0 {
			return Field{node: f.in.slots[at].node, in: f.in, pos: at}
		}
	}
	if f.path == "" && !f.key {
		return Field{in: f.in, pos: f.pos, path: key, key: true}
	}
	return Field{in: f.in, pos: f.pos, path: KeyPath(f.below(), key)}
}

// absent is a field below f that is not there, but for its path.
func (f Field) absent() Field { return Field{in: f.in, pos: f.pos, path: f.below()} }

// next returns the position of the field that comes after the one at pos and all below it.
func (f Field) next(pos int32) int32 {
	if f.in == nil {
		return 0
	}
	return pos + f.in.slots[pos].size
}

// maxSkipped is how many items are passed over on the way to one; finding those further behind must not take the longer
// the more there are.
const maxSkipped = 64

// At returns item i of a list, absent when there is none.
func (f Field) At(i int) Field {
	if f.IsList() && i >= 0 && i < len(f.node.Content) {
		if i > maxSkipped {
			return Field{node: f.node.Content[i], path: IndexPath(f.Path(), i)}
		}
		pos := f.pos + 1
		for range i {
			pos = f.next(pos)
		}
		return f.item(i, pos)
	}
	item := f.absent()
	item.path = IndexPath(item.path, i)
	return item
}

// item returns item i of a list, which stands at pos.
func (f Field) item(i int, pos int32) Field {
	if f.in == nil {
		return Field{node: f.node.Content[i], path: IndexPath(f.path, i)}
	}
	return Field{node: f.node.Content[i], in: f.in, pos: pos}
}

// Items returns the items of a list, none for anything else.
func (f Field) Items() []Field {
	if !f.IsList() {
		return nil
	}
	items := make([]Field, len(f.node.Content))
	pos := f.pos + 1
	for i := range items {
		items[i] = f.item(i, pos)
		pos = f.next(pos)
	}
	return items
}

// Entries returns the entries of a mapping in their order, none for anything else.
func (f Field) Entries() []Entry {
	if !f.IsMap() {
		return nil
	}
	entries := make([]Entry, 0, len(f.node.Content)/2)
	for key, value := range f.EachEntry() {
		entries = append(entries, Entry{key, value})
	}
	return entries
}

// EachEntry visits the entries of a mapping in their order, none of anything else. It makes no list of them.
func (f Field) EachEntry() iter.Seq2[string, Field] {
	return func(yield func(string, Field) bool) { f.visitEntries(yield) }
}

func (f Field) visitEntries(yield func(string, Field) bool) {
	if !f.IsMap() {
		return
	}
	pos := f.pos + 1
	for i := 1; i < len(f.node.Content); i += 2 {
		key, value := f.node.Content[i-1].Value, Field{node: f.node.Content[i], in: f.in, pos: pos}
		if f.in == nil {
			value.path = KeyPath(f.path, key)
		}
		if !yield(key, value) {
			return
		}
		pos = f.next(pos)
	}
}

// All returns the fields at a path below the field, as spec.tasks[*].image or spec.replicaSpecs.*.template, in which "*"
// stands for every key or item, and keys that hold dots stand in brackets. Those that are absent or null are left out.
func (f Field) All(path string) []Field {
	at := []Field{f}
	for rest := path; rest != "" && len(at) > 0; {
		var key string
		key, rest = firstKey(rest)
		var next []Field
		for _, f := range at {
			next = append(next, f.setAt(key)...)
		}
		at = next
	}
	return at
}

// firstKey cuts the first key or index off a path.
func firstKey(path string) (key, rest string) {
	path = strings.TrimPrefix(path, ".")
	if inner, ok := strings.CutPrefix(path, "["); ok {
		key, rest, _ = strings.Cut(inner, "]")
		return key, rest
	}
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

// setAt returns what is set at a key or index, or all there is for "*".
func (f Field) setAt(key string) []Field {
	var found []Field
	switch index, err := strconv.Atoi(key); {
	case key == "*":
		found = f.Items()
		for _, e := range f.Entries() {
			found = append(found, e.Value)
		}
	case err == nil && f.IsList():
		found = append(found, f.At(index))
	default:
		found = append(found, f.Get(key))
	}
	return slices.DeleteFunc(found, func(f Field) bool { return !f.IsSet() })
}

// Walk visits the field and all below it, parents before children; nothing when it is absent.
func (f Field) Walk(visit func(Field)) {
	if f.node == nil {
		return
	}
	if f.in != nil {
		for i := range f.in.slots[f.pos].size {
			visit(Field{node: f.in.slots[f.pos+i].node, in: f.in, pos: f.pos + i})
		}
		return
	}
	visit(f)
	for _, e := range f.Entries() {
		e.Value.Walk(visit)
	}
	for _, item := range f.Items() {
		item.Walk(visit)
	}
}

// Text returns a scalar as written, without quotes; "" for null, for anything else and for an absent field.
func (f Field) Text() string {
	if !f.IsSet() || f.node.Kind != yaml.ScalarNode {
		return ""
	}
	return f.node.Value
}

// Bool returns a boolean, and whether the field is one. What stands without quotes is read as YAML 1.1, as kubectl
// and Helm do on the way to the API server: "privileged: yes" makes a container privileged.
func (f Field) Bool() (value, ok bool) {
	if f.node == nil || f.node.Kind != yaml.ScalarNode {
		return false, false
	}
	if f.node.Tag != "!!bool" && (f.node.Tag != "!!str" || f.node.Style != 0) {
		return false, false
	}
	switch f.node.Value {
	case "true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
		return true, true
	case "false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return false, true
	}
	return false, false
}

// True reports whether the field is the boolean true.
func (f Field) True() bool { v, ok := f.Bool(); return v && ok }

// False reports whether the field is the boolean false.
func (f Field) False() bool { v, ok := f.Bool(); return !v && ok }

// Int returns an integer, and whether the field is one. As on the way to the API server, which goes through JSON,
// underscores do not count and a whole number may be written with a fraction or an exponent: "runAsUser: 0.0" is root.
func (f Field) Int() (value int64, ok bool) {
	if f.node == nil || f.node.Kind != yaml.ScalarNode {
		return 0, false
	}
	digits := strings.ReplaceAll(f.node.Value, "_", "")
	switch f.node.Tag {
	case "!!int":
		value, err := strconv.ParseInt(digits, 0, 64)
		return value, err == nil
	case "!!float":
		number, err := strconv.ParseFloat(digits, 64)
		if err == nil && number == math.Trunc(number) && math.Abs(number) < 1<<53 {
			return int64(number), true
		}
	}
	return 0, false
}

// Decode puts the field into v, as yaml.v3 does. An absent field leaves v alone.
func (f Field) Decode(v any) error {
	if f.node == nil {
		return nil
	}
	return f.node.Decode(v)
}

// KeyPath returns the path of key in the mapping at path. Keys that hold more than letters, digits, "-", "_"
// and "$" are written in brackets.
func KeyPath(path, key string) string {
	switch {
	case !plainKey(key):
		return path + "[" + key + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// IndexPath returns the path of item i of the list at path.
func IndexPath(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func plainKey(key string) bool {
	digits := true
	for _, r := range key {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-', r == '_', r == '$':
			digits = false
		case r >= '0' && r <= '9':
		default:
			return false
		}
	}
	return key != "" && !digits
}

// parentPath cuts the last element off a path.
func parentPath(path string) string {
	if strings.HasSuffix(path, "]") {
		return path[:openBracket(path)]
	}
	return path[:max(strings.LastIndexByte(path, '.'), 0)]
}

// openBracket finds the bracket that opens the last element of a path ending in "]"; keys may hold brackets.
func openBracket(path string) int {
	depth := 0
	for i := len(path) - 1; i >= 0; i-- {
		switch path[i] {
		case ']':
			depth++
		case '[':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return 0
}
