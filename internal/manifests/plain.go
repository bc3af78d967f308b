package manifests

import (
	"context"
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/source"
)

// Caps of what a plain root may hold.
const (
	maxPlainObjects = 20_000
	maxPlainBytes   = 32 << 20 // of the root's files together
	maxListDepth    = 8        // lists in lists
)

// PlainRenderer renders roots of kind Plain: the documents of their files as they are, lists taken apart into
// their items. Each field has an exact Origin, the line of the key or list item that writes it.
//
// Documents that are no YAML are left out and named in Rendering.Failed, so that they hide nothing else. Only
// when nothing else is there is the first of them the error.
type PlainRenderer struct{}

// Render reads the files of root; see Renderer.
func (PlainRenderer) Render(ctx context.Context, tree source.Tree, root Root, settings Settings) (*Rendering, error) {
	p := &plainReader{rendering: &Rendering{Root: root}, lines: settings.Lines}
	for _, file := range root.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data, err := tree.ReadFile(file)
		if err != nil {
			p.fail(file, 0, readError(err), err)
			continue
		}
		if p.bytes += len(data); p.bytes > maxPlainBytes {
			return nil, tooMuch(file, "files hold more than 32 MiB")
		}
		p.read(file, data)
		if len(p.rendering.Objects) > maxPlainObjects {
			return nil, tooMuch(file, fmt.Sprintf("files hold more than %d objects", maxPlainObjects))
		}
	}
	r := p.rendering
	if len(r.Objects) == 0 && len(r.Failed) > 0 {
		return nil, r.Failed[0]
	}
	return r, nil
}

func tooMuch(file, what string) error {
	return &RenderError{Span: source.Span{File: file}, Reason: "the directory's " + what + ": split it"}
}

// plainReader collects the objects of a plain root.
type plainReader struct {
	rendering *Rendering
	lines     bool
	bytes     int
}

func (p *plainReader) fail(file string, line int, reason string, cause error) {
	p.rendering.Failed = append(p.rendering.Failed,
		&RenderError{Reason: reason, Span: source.Span{File: file, Line: line, EndLine: line}, Cause: cause})
}

func (p *plainReader) note(file string, line int, what string) {
	p.rendering.Notes = append(p.rendering.Notes, fmt.Sprintf("%s:%d: %s", file, line, what))
}

func (p *plainReader) read(file string, data []byte) {
	for _, doc := range manifestDocuments(file, data) {
		p.document(tracer{file: file, doc: doc})
	}
}

// manifestDocuments cuts a file of YAML or JSON into documents, free of what YAML parsers refuse in either.
func manifestDocuments(file string, data []byte) []Document {
	data = toUTF8(data)
	if path.Ext(file) == ".json" {
		data = joinSurrogates(data)
	}
	return SplitDocuments(data)
}

func (p *plainReader) document(t tracer) {
	node, clash, err := parseYAML(t.doc.Data)
	if refused := t.doc.refuse(node, err); refused != nil {
		refused.Span.File = t.file
		p.rendering.Failed = append(p.rendering.Failed, refused)
		return
	}
	if clash != nil {
		p.fail(t.file, t.doc.fileLine(clash.Line), "the key stands above a merge key << that brings it too: kubectl takes what is "+
			"merged, kustomize and Flux what is written; put << first", nil)
	}
	object, err := NewParsedObject(t.doc.Data, node)
	if err != nil {
		p.note(t.file, t.doc.Line, "the document is "+err.Error())
		return
	}
	switch {
	case kustomizeConfig(object.APIVersion):
		p.note(t.file, t.doc.Line, object.Kind+" configures kustomize, and no kustomization names it")
	case IsList(object.Field()):
		p.list(t, object.Field(), 0)
	default:
		p.add(t, object, node)
	}
}

// add takes an object, traced by the nodes of the document that it was made of.
func (p *plainReader) add(t tracer, object *Object, written *yaml.Node) {
	if p.lines {
		object.Origins = t.trace(written)
	}
	p.rendering.Objects = append(p.rendering.Objects, object)
}

// IsList reports whether an object is a list, which clients take apart and apply item by item. They go by the items
// alone, whatever the kind (k8s.io/apimachinery, unstructured.UnstructuredJSONScheme): a ConfigMap with items is one.
func IsList(object Field) bool { return object.Get("items").IsList() }

// list takes the items of a list for objects.
func (p *plainReader) list(t tracer, list Field, depth int) {
	for _, node := range ListItems(list) {
		line := t.doc.fileLine(node.Line)
		switch raw, err := yaml.Marshal(node); {
		case err != nil:
			_, reason := YAMLPlace(err)
			p.fail(t.file, line, "an item of the list cannot be written as YAML: "+reason, err)
		case IsList(NewField(node, "")) && depth >= maxListDepth:
			p.fail(t.file, line, "lists are nested too deep", nil)
		case IsList(NewField(node, "")):
			p.list(t, NewField(node, ""), depth+1)
		default:
			object, err := NewObject(raw)
			if err != nil {
				p.note(t.file, line, "the item is "+err.Error())
				continue
			}
			p.add(t, object, node)
		}
		if len(p.rendering.Objects) > maxPlainObjects {
			return
		}
	}
}

// ListItems returns the items of a list. As in the API machinery's unstructured lists, an item without a kind has that
// of the list: a Pod in a PodList.
func ListItems(list Field) []*yaml.Node {
	var items []*yaml.Node
	for _, item := range list.Get("items").Items() {
		items = append(items, withListKind(list, item))
	}
	return items
}

// withListKind returns the node of an item, free of anchors, and with its list's kind where it has none.
func withListKind(list, item Field) *yaml.Node {
	node := item.Node()
	kind := strings.TrimSuffix(list.Get("kind").Text(), "List")
	if !item.IsMap() || kind == "" || item.Get("kind").Text() != "" {
		return withoutAnchors(node)
	}
	copied := *node
	copied.Content = []*yaml.Node{}
	for i, key := range list.Node().Content {
		if i%2 == 0 && (key.Value == "apiVersion" || key.Value == "kind") {
			value := takenIn(list.Node().Content[i+1], node)
			value.Value = strings.TrimSuffix(value.Value, "List")
			copied.Content = append(copied.Content, key, value)
		}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i].Value; key != "apiVersion" && key != "kind" {
			copied.Content = append(copied.Content, node.Content[i], node.Content[i+1])
		}
	}
	return withoutAnchors(&copied)
}

// withoutAnchors returns a copy of a tree in which no node has an anchor, so that writing it repeats none.
func withoutAnchors(node *yaml.Node) *yaml.Node {
	copied := *node
	copied.Anchor = ""
	copied.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		copied.Content[i] = withoutAnchors(child)
	}
	return &copied
}
