package kustomize

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// document is a piece of source that describes an object, or a part of one: a document of a file, an item of a
// List, a patch written in a kustomization, the value of a JSON patch's operation.
type document struct {
	file   string
	text   []string // the lines of the file
	line   func(int) int
	root   *yaml.Node // aliases followed
	places *places
	role   manifests.Role
	chart  *manifests.Object // the inflated object that the document is, whose Origins lead on
}

// places tells where the nodes of a document are written. It is made when it is first asked.
type places struct {
	at     place // of the root
	values map[position]place
	keys   map[position]place // by the position of the key
}

// position tells the nodes of a document apart. kustomize's nodes keep it through merges and copies.
type position struct {
	line, column int
	kind         yaml.Kind
}

// place is where a node is written: the node that stands for its line, and its way from the root with "*" for
// every item.
type place struct {
	at    *yaml.Node // the key, or the item
	value *yaml.Node
	chain string
	path  string // as manifests.Field writes it
}

func at(n *yaml.Node) position { return position{n.Line, n.Column, n.Kind} }

// shift maps the lines of a document that begins on line first of its file.
func shift(first int) func(int) int { return func(n int) int { return first + n - 1 } }

// newDocument makes a document of a node whose aliases are followed.
func newDocument(file string, text []string, line func(int) int, root *yaml.Node) *document {
	return &document{file: file, text: text, line: line, root: root, role: manifests.RoleResource, places: &places{at: place{at: root, value: root}}}
}

// placed finds where the value at a position is written.
func (p *places) placed(n *yaml.Node) (place, bool) {
	p.fill()
	found, ok := p.values[at(n)]
	return found, ok
}

// keyed finds the place of a key.
func (p *places) keyed(n *yaml.Node) (place, bool) {
	p.fill()
	found, ok := p.keys[at(n)]
	return found, ok
}

func (p *places) fill() {
	if p.values == nil {
		p.values, p.keys = map[position]place{}, map[position]place{}
		p.add(p.at)
	}
}

// add notes where every node is written. A node that several aliases name is noted where it is written itself:
// under the key just before it.
func (x *places) add(p place) {
	if was, seen := x.values[at(p.value)]; !seen || closer(p, was) {
		x.values[at(p.value)] = p
	}
	for i := 0; p.value.Kind == yaml.MappingNode && i+1 < len(p.value.Content); i += 2 {
		k, v := p.value.Content[i], p.value.Content[i+1]
		below := place{at: k, value: v, chain: p.chain + "\x00" + k.Value, path: manifests.KeyPath(p.path, k.Value)}
		x.keys[at(k)] = below
		x.add(below)
	}
	for i := 0; p.value.Kind == yaml.SequenceNode && i < len(p.value.Content); i++ {
		v := p.value.Content[i]
		x.add(place{at: v, value: v, chain: p.chain + "\x00*", path: manifests.IndexPath(p.path, i)})
	}
}

// closer reports whether p stands nearer before its value than was.
func closer(p, was place) bool {
	if taken := p.value.Alias != nil; taken != (was.value.Alias != nil) {
		return !taken
	}
	return ahead(was.at, p.at)
}

// ahead reports whether a stands before b.
func ahead(a, b *yaml.Node) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
}

// origin returns the frames of a node of the document. exact says whether the caller verified the node's value.
func (d *document) origin(n *yaml.Node) manifests.Origin {
	p, ok := d.places.placed(n)
	if !ok {
		p = place{at: n, value: n}
	}
	if d.chart != nil {
		origin, _ := d.chart.OriginAt(p.path)
		return origin
	}
	span, verified := d.span(p)
	if !verified {
		return manifests.Origin{d.somewhere()}
	}
	return manifests.Origin{{Span: span, Role: d.role, Precision: manifests.Exact}}
}

// uses are the frames of the places that took a node, or what holds it, in from an anchor of the document.
func (d *document) uses(n *yaml.Node) (origin manifests.Origin) {
	if d.chart != nil {
		return nil
	}
	for _, use := range manifests.TakenIn(n) {
		if span, verified := d.span(place{at: use, value: use}); verified {
			origin = append(origin, manifests.Frame{Span: span, Role: d.role, Precision: manifests.Exact})
		}
	}
	return origin
}

// somewhere is the frame that claims no more than the file: the object's first line in it.
func (d *document) somewhere() manifests.Frame {
	if d.chart != nil {
		if origin, _ := d.chart.OriginAt(""); len(origin) > 0 {
			f := origin[0]
			f.Precision = min(f.Precision, manifests.InFile)
			return f
		}
		return manifests.Frame{Role: manifests.RoleTemplate}
	}
	line := d.line(d.root.Line)
	return manifests.Frame{Span: source.Span{File: d.file, Line: line, EndLine: line, Column: 1}, Role: d.role, Precision: manifests.InFile}
}

// span returns the line of a place in the file, and whether the key or value that belongs there is really on it.
func (d *document) span(p place) (source.Span, bool) {
	line := d.line(p.at.Line)
	if line < 1 || line > len(d.text) {
		return source.Span{}, false
	}
	column, found := columnOf(d.text[line-1], p.at)
	return source.Span{File: d.file, Line: line, EndLine: line, Column: column}, found
}

// columnOf finds a key or item on its line: at the column where the parser saw it, or shifted by the indentation
// of the text that it was cut from. Columns count characters from 1. What is found nowhere on the line is false.
func columnOf(line string, n *yaml.Node) (int, bool) {
	if n.Kind != yaml.ScalarNode {
		if len(n.Content) > 0 && n.Style&yaml.FlowStyle == 0 {
			column, found := columnOf(line, n.Content[0])
			return n.Column + column - n.Content[0].Column, found
		}
		return n.Column, true
	}
	word, _, _ := strings.Cut(n.Value, "\n")
	if fields := strings.Fields(word); len(fields) > 0 {
		word = fields[0]
	}
	offset := 0
	for i := 1; i < n.Column && offset < len(line); i++ {
		_, size := utf8.DecodeRuneInString(line[offset:])
		offset += size
	}
	rest := line[offset:]
	if strings.HasPrefix(strings.TrimLeft(rest, `"'`), word) {
		return n.Column, true
	}
	if i := strings.Index(rest, word); i >= 0 {
		return n.Column + utf8.RuneCountInString(rest[:i]), true
	}
	if i := strings.Index(line, word); i >= 0 {
		return utf8.RuneCountInString(line[:i]) + 1, true
	}
	return n.Column, rest != "" && strings.ContainsRune(`"'|>&!`, rune(rest[0]))
}

// lines splits a file into lines as people count them.
func lines(data []byte) []string {
	return strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
}

// parseStream makes the documents of a file, in order, items of Lists for themselves. What does not parse or holds
// nothing is left out.
func parseStream(file string, data []byte) []*document {
	var all []*document
	text := lines(data)
	for _, doc := range splitStream(data) {
		root, err := manifests.ParseYAML(doc.Data)
		if err != nil || root == nil {
			continue
		}
		all = append(all, listDocuments(newDocument(file, text, shift(doc.Line), root))...)
	}
	return all
}

// listDocuments returns the document, or the documents of the objects that it lists.
func listDocuments(d *document) []*document {
	_, kind := step(d.root, name("kind"))
	_, items := step(d.root, name("items"))
	if kind == nil || items == nil || !strings.HasSuffix(kind.Value, "List") || items.Kind != yaml.SequenceNode {
		return []*document{d}
	}
	var all []*document
	for _, i := range items.Content {
		all = append(all, listDocuments(newDocument(d.file, d.text, d.line, i))...)
	}
	return all
}

// inline makes the documents of a text that is the scalar n of a kustomization, as kustomize parses it: without
// surrounding blanks.
func inline(l *layer, text []string, n *yaml.Node, role manifests.Role) []*document {
	trimmed := strings.TrimSpace(n.Value)
	lead := strings.Count(n.Value[:strings.Index(n.Value, trimmed)], "\n")
	line := func(int) int { return n.Line }
	if n.Style&yaml.LiteralStyle != 0 {
		line = func(i int) int { return n.Line + lead + i }
	}
	var all []*document
	for _, doc := range splitStream([]byte(trimmed)) {
		root, err := manifests.ParseYAML(doc.Data)
		if err != nil || root == nil {
			continue
		}
		first := doc.Line
		d := newDocument(l.file, text, func(i int) int { return line(first + i - 1) }, root)
		d.role = role
		all = append(all, listDocuments(d)...)
	}
	return all
}

// value reads a scalar of a mapping, "" without.
func value(root *yaml.Node, keys ...string) string {
	for _, k := range keys {
		if root == nil {
			return ""
		}
		_, root = exact(root, k)
	}
	if root == nil || root.Kind != yaml.ScalarNode {
		return ""
	}
	return root.Value
}

// exact is step for a key that counts as it is written. Of a key written twice the last one counts.
func exact(mapping *yaml.Node, want string) (key, value *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == want {
			key, value = mapping.Content[i], mapping.Content[i+1]
		}
	}
	return key, value
}
