// Package edit changes YAML text in place: what is not part of an edit stays byte for byte, be it comments, order,
// quotes, indentation or line ends.
//
// A place is named by the line of its key (or list item) and its name, as an Origin gives it. Every edit is
// checked by parsing the text again: when it does not say what was asked for, or anything else differently than before,
// the edit is refused and nothing changes.
package edit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"go.yaml.in/yaml/v3"
)

// ErrRefused tells that a place cannot be edited safely: it is not there, is written in a style that is not
// handled, or the result would not read as intended.
var ErrRefused = errors.New("cannot be edited safely")

func refused(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrRefused)
}

// Place names a mapping entry or list item of a text.
type Place struct {
	Line   int    // the line of the key, or on which the item's content begins
	Key    string // the key; "" for a list item
	Column int    // of the key or item, in characters from 1; asked only where several places of that name share the line
}

// Set gives the field at path, below the place, the value: an existing one is replaced, an absent one is added
// together with what lies above it; of a list that is the item behind the last one. An empty path sets the place itself.
// The value is a scalar, a []any or a map[string]any.
func Set(text []byte, at Place, path []string, value any) ([]byte, error) {
	return new(Editor).Set(text, at, path, value)
}

// Remove takes the field at path, below the place, out of its mapping or list. What is not there is left so.
func Remove(text []byte, at Place, path []string) ([]byte, error) {
	return new(Editor).Remove(text, at, path)
}

// byteOrderMark may begin a text; no line and column counts it.
var byteOrderMark = []byte("\ufeff")

// inDocument lets edit work on the one document that holds the place; a long stream is not parsed for it.
func inDocument(text []byte, at Place, edit func(doc []byte, at Place) ([]byte, error)) ([]byte, error) {
	if !utf8.Valid(text) || oddBreaks(text) {
		return nil, refused("line %d: the text is no UTF-8, or breaks lines in unusual ways", at.Line)
	}
	text, marked := bytes.CutPrefix(text, byteOrderMark)
	if marked {
		out, err := inDocument(text, at, edit)
		return slices.Concat(byteOrderMark, out), err
	}
	start, line := 0, 1
	for _, doc := range manifests.SplitDocuments(text) {
		if doc.Line > at.Line {
			break
		}
		for line < doc.Line {
			start += bytes.IndexByte(text[start:], '\n') + 1
			line++
		}
		if last := doc.Line + bytes.Count(bytes.TrimSuffix(doc.Data, []byte("\n")), []byte("\n")); last < at.Line {
			continue
		}
		start += bytes.Index(text[start:], doc.Data) // content may stand behind the separator
		at.Line -= doc.Line - 1
		out, err := edit(doc.Data, at)
		if err != nil {
			return nil, err
		}
		return slices.Concat(text[:start], out, text[start+len(doc.Data):]), nil
	}
	return nil, refused("line %d: there is no such field", at.Line)
}

// oddBreaks reports whether text holds what YAML 1.1 takes for the end of a line and editors do not.
func oddBreaks(text []byte) bool {
	for rest := text; ; {
		i := bytes.IndexByte(rest, '\r')
		if i < 0 {
			break
		}
		if rest = rest[i+1:]; !bytes.HasPrefix(rest, []byte("\n")) {
			return true
		}
	}
	return slices.ContainsFunc([]string{"\u0085", "\u2028", "\u2029"}, func(odd string) bool { return bytes.Contains(text, []byte(odd)) })
}

func (e *Editor) set(text []byte, at Place, path []string, value any) ([]byte, error) {
	s, entry, err := e.find(text, at)
	if err != nil {
		return nil, err
	}
	entry, rest := entry.descend(path)
	for i := len(rest) - 1; i > 0; i-- {
		value = map[string]any{rest[i]: value}
	}
	var out []byte
	check := check{s: s, at: entry.value, want: value}
	if len(rest) == 0 && check.wanted(entry.value) {
		return text, nil
	}
	if len(rest) == 0 {
		out, err = s.replace(entry.value, value)
	} else {
		check.key = rest[0]
		out, err = s.insert(entry.value, rest[0], value)
	}
	if err != nil {
		return nil, err
	}
	return check.verified(out, at)
}

func (e *Editor) remove(text []byte, at Place, path []string) ([]byte, error) {
	s, entry, err := e.find(text, at)
	if err != nil {
		return nil, err
	}
	entry, rest := entry.descend(path)
	if len(rest) > 0 {
		return text, nil // it is not there, which is what is wanted
	}
	out, err := s.remove(entry)
	if err != nil {
		return nil, err
	}
	check := check{s: s, at: entry.parent, removed: entry.value}
	return check.verified(out, at)
}

// stream is a parsed text.
type stream struct {
	text  []byte
	lines []string // with their line ends
	docs  []*yaml.Node
	json  bool // the text is JSON, and has to stay it
}

func parse(text []byte) (*stream, error) {
	docs, err := parseAll(text)
	if err != nil {
		return nil, err
	}
	return newStream(text, docs), nil
}

func newStream(text []byte, docs []*yaml.Node) *stream {
	return &stream{text: text, lines: strings.SplitAfter(string(text), "\n"), docs: docs, json: json.Valid(text)}
}

// parseAll parses every document, its nodes bearing the lines of the whole text.
func parseAll(text []byte) ([]*yaml.Node, error) {
	var docs []*yaml.Node
	for _, doc := range manifests.SplitDocuments(text) {
		var node yaml.Node
		if err := yaml.Unmarshal(doc.Data, &node); err != nil {
			return nil, refused("%v", err)
		}
		if len(node.Content) == 1 {
			shift(node.Content[0], doc.Line-1)
			docs = append(docs, node.Content[0])
		}
	}
	return docs, nil
}

func shift(node *yaml.Node, lines int) {
	node.Line += lines
	for _, child := range node.Content {
		shift(child, lines)
	}
}

// entry is a mapping entry or list item with its surroundings.
type entry struct {
	parent     *yaml.Node
	key, value *yaml.Node // key is nil for a list item
	index      int        // of the value in parent.Content
}

// find returns the entry that stands at a place.
func (e *Editor) find(text []byte, at Place) (*stream, entry, error) {
	s, err := e.parse(text)
	if err != nil {
		return nil, entry{}, err
	}
	var found []entry
	for _, doc := range s.docs {
		if doc.Line == at.Line && at.Key == "" {
			found = append(found, entry{value: doc})
		}
		search(doc, at, &found)
	}
	chosen, err := choose(found, at)
	return s, chosen, err
}

// search collects the entries and items of that name on the line, outer ones first.
func search(node *yaml.Node, at Place, found *[]entry) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			if key.Line == at.Line && key.Value == at.Key {
				*found = append(*found, entry{node, key, value, i + 1})
			}
			search(value, at, found)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			if item.Line == at.Line && at.Key == "" && item.Kind != yaml.SequenceNode {
				*found = append(*found, entry{node, nil, item, i})
			}
			search(item, at, found)
		}
	}
}

// choose returns the one entry that is meant: the only one, or, as on a line written in flow style, the one at the
// column. Of a document and an item that begin at one place the item is meant.
func choose(found []entry, at Place) (entry, error) {
	if len(found) == 1 {
		return found[0], nil
	}
	var meant *entry
	for i := range found {
		if found[i].column() == at.Column && (meant == nil || meant.parent == nil) {
			meant = &found[i]
		}
	}
	if len(found) == 0 {
		return entry{}, refused("line %d: there is no such field", at.Line)
	}
	if meant == nil {
		return entry{}, refused("line %d: %d fields may be meant", at.Line, len(found))
	}
	return *meant, nil
}

// column returns where the entry's key, or the item, begins.
func (e entry) column() int {
	if e.key != nil {
		return e.key.Column
	}
	return e.value.Column
}

// descend follows path as far as it is written; rest is what is not.
func (e entry) descend(path []string) (at entry, rest []string) {
	for i, key := range path {
		next, ok := e.child(key)
		if !ok {
			return e, path[i:]
		}
		e = next
	}
	return e, nil
}

func (e entry) child(name string) (entry, bool) {
	if index, ok := strings.CutPrefix(name, "["); ok && e.value.Kind == yaml.SequenceNode {
		var i int
		if n, err := fmt.Sscanf(index, "%d]", &i); n == 1 && err == nil && i >= 0 && i < len(e.value.Content) {
			return entry{e.value, nil, e.value.Content[i], i}, true
		}
		return entry{}, false
	}
	if e.value.Kind != yaml.MappingNode {
		return entry{}, false
	}
	for i := len(e.value.Content) - 2; i >= 0; i -= 2 { // of a key that is written twice the last one counts
		if e.value.Content[i].Value == name {
			return entry{e.value, e.value.Content[i], e.value.Content[i+1], i + 1}, true
		}
	}
	return entry{}, false
}

// Scalar writes a scalar value as YAML on one line.
func Scalar(value any) (string, error) {
	switch value.(type) {
	case map[string]any, []any:
		return "", refused("the value is no scalar")
	}
	return inline(value, 0)
}
