package manifests

import (
	"bytes"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/source"
)

// tracer gives the fields of a document the places where they are written.
type tracer struct {
	file    string
	doc     Document
	lines   [][]byte // of the document, when needed
	origins []Origin
}

// trace returns the Origins of node in the order of Object.Walk.
//
// Nodes that came through an alias or a merge key keep the position of the anchor, which always stands before the
// place that uses it: so the two are told apart. Such a field has the place where it is written first, then the
// place that took it in.
func (t *tracer) trace(node *yaml.Node) []Origin {
	t.origins = nil
	t.visit(node, node, nil)
	return t.origins
}

// visit traces value, which is written at the node at (its key, or itself), and was taken in at via.
func (t *tracer) visit(at, value *yaml.Node, via Origin) {
	if at != value && before(value, at) { // key: *alias
		via = append(Origin{t.frame(at, value)}, via...)
		at = value
	}
	origin := append(Origin{t.frame(at, value)}, via...)
	t.origins = append(t.origins, origin)
	switch value.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(value.Content); i += 2 {
			through := via
			if before(value.Content[i], value) { // <<: *alias
				through = origin
			}
			t.visit(value.Content[i], value.Content[i+1], through)
		}
	case yaml.SequenceNode:
		for _, item := range value.Content {
			through := via
			if before(item, value) { // - *alias
				through = origin
			}
			t.visit(item, item, through)
		}
	}
}

// before reports whether a stands before b in the document.
func before(a, b *yaml.Node) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
}

func (t *tracer) frame(at, value *yaml.Node) Frame {
	line, column := at.Line, at.Column
	end := 0
	switch {
	case value.Kind == yaml.ScalarNode && value.Style == 0 && value.Line == line && value.Anchor == "" && !before(value, at):
		end = value.Column + utf8.RuneCountInString(value.Value)
	case at != value && at.Style == 0:
		end = column + utf8.RuneCountInString(at.Value)
	case at == value:
		line, column = t.dash(at)
	}
	if line == 1 {
		column += t.doc.Column - 1
		end += min(end, 1) * (t.doc.Column - 1)
	}
	line += t.doc.Line - 1
	return Frame{
		Span:      source.Span{File: t.file, Line: line, EndLine: line, Column: column, EndColumn: end},
		Role:      RoleResource,
		Precision: Exact,
	}
}

// dash returns the position of an item whose "-" stands on a line above it, otherwise the node's own.
func (t *tracer) dash(node *yaml.Node) (line, column int) {
	if t.lines == nil {
		t.lines = bytes.Split(t.doc.Data, []byte{'\n'})
	}
	if node.Line > len(t.lines) || len(bytes.TrimLeft(t.lines[node.Line-1], " ")) != len(t.lines[node.Line-1])-node.Column+1 {
		return node.Line, node.Column // something stands before it on its line
	}
	for line = node.Line - 1; line > 0; line-- {
		text := bytes.TrimRight(t.lines[line-1], " \r")
		if hash := bytes.IndexByte(text, '#'); hash >= 0 {
			text = bytes.TrimRight(text[:hash], " ")
		}
		if len(text) == 0 {
			continue
		}
		if text[len(text)-1] == '-' && len(text) < node.Column {
			return line, utf8.RuneCount(text)
		}
		break
	}
	return node.Line, node.Column
}
