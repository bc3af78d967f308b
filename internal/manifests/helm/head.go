package helm

import (
	"encoding/json"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"go.yaml.in/yaml/v3"
)

// Helm parses a document to sort it, with an older parser than ours. What it looks for is in the head, so that it gets
// no more than that of documents in which both parsers surely see the same.

// head is what Helm sorts by.
type head struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Metadata   *headMetadata `json:"metadata,omitempty"`
}

type headMetadata struct {
	Name        string            `json:"name"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// headOf returns a document that Helm sorts as the one that text and node are. ok is false when only the document
// itself will do, because Helm may understand it in another way or refuse it.
func headOf(text string, node *yaml.Node) (document string, ok bool) {
	if node == nil || !plainText(text) || !plainNode(node, strings.Contains(text, "?")) {
		return "", false
	}
	var h head
	top, ok := entries(node)
	if !ok || !texts(top, map[string]*string{"apiVersion": &h.APIVersion, "kind": &h.Kind, "metadata": nil}) {
		return "", false
	}
	if metadata, has := top["metadata"]; has {
		if h.Metadata, ok = headMetadataOf(metadata); !ok {
			return "", false
		}
	}
	data, err := json.Marshal(h)
	return string(data), err == nil
}

func headMetadataOf(node *yaml.Node) (*headMetadata, bool) {
	var m headMetadata
	all, ok := entries(node)
	if !ok || !texts(all, map[string]*string{"name": &m.Name, "annotations": nil}) {
		return nil, false
	}
	annotations, has := all["annotations"]
	if !has {
		return &m, true
	}
	if all, ok = entries(annotations); !ok {
		return nil, false
	}
	m.Annotations = make(map[string]string, len(all))
	for key, value := range all {
		if !isText(value) {
			return nil, false
		}
		m.Annotations[key] = value.Value
	}
	return &m, true
}

// entries returns the entries of a mapping in which every key stands once.
func entries(node *yaml.Node) (all map[string]*yaml.Node, ok bool) {
	if node.Kind != yaml.MappingNode {
		return nil, false
	}
	all = make(map[string]*yaml.Node, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		if !isText(node.Content[i]) {
			return nil, false
		}
		all[node.Content[i].Value] = node.Content[i+1]
	}
	return all, len(all) == len(node.Content)/2
}

// texts fills in the fields that a mapping has. It reports false for one that is no text, and for one that is there in
// other letters, large or small, because JSON is read so.
func texts(all map[string]*yaml.Node, fields map[string]*string) bool {
	for key, value := range all {
		for name, field := range fields {
			switch {
			case !strings.EqualFold(key, name):
			case key != name || field != nil && !isText(value):
				return false
			case field != nil:
				*field = value.Value
			}
		}
	}
	return true
}

const quotedStyle = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// isText reports whether a scalar is a text, and the same one, to every parser.
func isText(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		return false
	}
	if n.Style&quotedStyle != 0 {
		return true
	}
	switch strings.ToLower(n.Value) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false":
		return false
	}
	return true
}

// plainText reports whether a text has none of the characters and signs that parsers differ about, or that make more
// of a document than what stands there: tags, anchors and aliases, merge keys, directives, further documents, and blanks
// before it, which Helm takes away.
func plainText(text string) bool {
	if strings.Contains(text, "<<") || strings.Contains(text, `\/`) || strings.TrimLeft(text, " \n") != text {
		return false
	}
	before, anchors, aliases := byte('\n'), false, false
	for i := range len(text) {
		c := text[i]
		begins := strings.IndexByte(" \n[{,:", before) >= 0
		switch {
		case c >= 0x7f, c < ' ' && c != '\n', c == '!' && begins:
			return false
		case c == '&' && begins:
			anchors = true
		case c == '*' && begins:
			aliases = true
		case before != '\n':
		case c == '%', strings.HasPrefix(text[i:], "---"), strings.HasPrefix(text[i:], "..."):
			return false
		}
		before = c
	}
	return !anchors || !aliases
}

// plainNode reports whether a node and all in it have values that become JSON. asks says that the text has question
// marks, which older parsers do not take in lists and mappings within brackets.
func plainNode(n *yaml.Node, asks bool) bool {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Style&quotedStyle != 0 || !notFinite(n.Value)
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			if key := n.Content[i]; key.Kind != yaml.ScalarNode || key.Tag != "!!str" && key.Tag != "!!int" && key.Tag != "!!bool" {
				return false
			}
		}
	case yaml.SequenceNode:
	default:
		return false
	}
	if asks && n.Style&yaml.FlowStyle != 0 && len(n.Content) > 0 {
		return false
	}
	for _, child := range n.Content {
		if !plainNode(child, asks) {
			return false
		}
	}
	return true
}

// notFinite reports whether a plain scalar may be a number that JSON has not.
func notFinite(value string) bool {
	if value == "" || strings.IndexByte("+-.", value[0]) < 0 {
		return false
	}
	value = strings.ToLower(value)
	return strings.HasSuffix(value, "inf") || strings.HasSuffix(value, "nan")
}

// parse parses a document, once.
func (d *document) parse() (*yaml.Node, error) {
	if !d.parsed {
		d.node, d.err = manifests.ParseYAML([]byte(d.text))
		d.parsed = true
	}
	return d.node, d.err
}
