package edit

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

// maxKept is how many bytes of text an Editor keeps parsed; what is made of them takes some fifty times as much.
const maxKept = 512 << 10

// Editor edits texts, and keeps what it parsed of them for further edits of the same documents. The zero value is ready
// for use, by one goroutine at a time.
type Editor struct {
	kept  map[string]*stream // by text
	bytes int
	known parsed
}

// parsed is a document with what ParseYAML made of it.
type parsed struct {
	text []byte
	node *yaml.Node
}

// Know tells what manifests.ParseYAML made of a document, so that it need not be parsed for the edits to come. It is
// forgotten with the next call.
func (e *Editor) Know(text []byte, node *yaml.Node) { e.known = parsed{text, node} }

// reads reports whether a text is the document that is known, and edits would find the same nodes in it: ParseYAML follows
// aliases and merge keys and decodes what has a tag.
func (p parsed) reads(text []byte) bool {
	return p.node != nil && bytes.Equal(p.text, text) && !bytes.ContainsAny(text, "&*!") && !bytes.Contains(text, []byte("<<"))
}

// Set is the function Set.
func (e *Editor) Set(text []byte, at Place, path []string, value any) ([]byte, error) {
	return inDocument(text, at, func(text []byte, at Place) ([]byte, error) { return e.set(text, at, path, value) })
}

// Remove is the function Remove.
func (e *Editor) Remove(text []byte, at Place, path []string) ([]byte, error) {
	return inDocument(text, at, func(text []byte, at Place) ([]byte, error) { return e.remove(text, at, path) })
}

// parse parses a text, unless that was done. Nobody changes what it returns.
func (e *Editor) parse(text []byte) (*stream, error) {
	if s := e.kept[string(text)]; s != nil {
		return s, nil
	}
	s, err := e.read(text)
	if err != nil || len(text) > maxKept {
		return s, err
	}
	if e.bytes += len(text); e.kept == nil || e.bytes > maxKept {
		e.kept, e.bytes = make(map[string]*stream), len(text)
	}
	e.kept[string(text)] = s
	return s, nil
}

// read makes a stream of a text.
func (e *Editor) read(text []byte) (*stream, error) {
	if e.known.reads(text) {
		return newStream(text, []*yaml.Node{e.known.node}), nil
	}
	return parse(text)
}
