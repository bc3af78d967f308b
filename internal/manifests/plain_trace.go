package manifests

import (
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/source"
)

// tracer gives the fields of a document the places where they are written.
type tracer struct {
	file     string
	doc      Document
	origins  []Origin
	frames   []Frame               // the innermost ones of all fields, in one piece
	anchored map[[2]int]*yaml.Node // the keys of values that have an anchor, by the values' lines and columns
}

// trace returns the Origins of node in the order of Object.Walk. A list item stands where its content begins, behind
// its "-" or on a line below it: that is the line which a change of the item touches, and where kustomize's and Helm's
// output has it too.
//
// A field that came through an alias or a merge key has the place where it is written first, then the places that took
// it in.
func (t *tracer) trace(node *yaml.Node) []Origin {
	fields := countFields(node)
	t.origins, t.frames, t.anchored = make([]Origin, 0, fields), make([]Frame, 0, fields), map[[2]int]*yaml.Node{}
	t.visit(node, node, nil)
	return t.origins
}

// visit traces value, which is written at the node at (its key, or itself), and was taken in at via.
func (t *tracer) visit(at, value *yaml.Node, via Origin) {
	switch {
	case at == value || before(value, at): // an item, or "key: *alias"
		at = t.writtenAt(value)
	case value.Anchor != "":
		t.anchored[[2]int{value.Line, value.Column}] = at
	}
	t.frames = append(t.frames, t.frame(at, value))
	origin := Origin(t.frames[len(t.frames)-1 : len(t.frames) : len(t.frames)])
	for _, use := range TakenIn(value) {
		origin = append(origin, t.frame(use, use))
	}
	origin = append(origin, via...)
	t.origins = append(t.origins, origin)
	via = origin[1:]
	switch value.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(value.Content); i += 2 {
			t.visit(value.Content[i], value.Content[i+1], via)
		}
	case yaml.SequenceNode:
		for _, item := range value.Content {
			t.visit(item, item, via)
		}
	}
}

// writtenAt returns the key of a value that an alias took in, or the value when it has none.
func (t *tracer) writtenAt(value *yaml.Node) *yaml.Node {
	if key := t.anchored[[2]int{value.Line, value.Column}]; key != nil {
		return key
	}
	return value
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
