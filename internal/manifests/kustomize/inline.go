package kustomize

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// inlineValues writes values as YAML in which every key and item stands on the line that it has in node, counted from
// line first on, and the first of a line at its column. Flow style leaves that free. What node does not hold (another file gave it) stands on the first line
// that is open.
func inlineValues(values map[string]any, node *yaml.Node, first int) ([]byte, error) {
	w := &lineWriter{line: first}
	if err := w.value(values, node); err != nil {
		return nil, err
	}
	w.out.WriteByte('\n')
	return w.out.Bytes(), nil
}

type lineWriter struct {
	out  bytes.Buffer
	line int
}

// to goes on to the line of a node, when that is still to come, and to the node's column there.
func (w *lineWriter) to(n *yaml.Node) {
	if n == nil || w.line >= n.Line {
		return
	}
	w.out.WriteString(strings.Repeat("\n", n.Line-w.line))
	column := n.Column
	if n.Kind == yaml.MappingNode && len(n.Content) > 0 && n.Content[0].Column == column {
		column-- // a brace comes before its first key
	}
	w.out.WriteString(strings.Repeat(" ", max(column-1, 0)))
	w.line = n.Line
}

func (w *lineWriter) value(v any, n *yaml.Node) error {
	if n != nil && n.Kind == yaml.AliasNode {
		n = nil // its lines lie elsewhere
	}
	switch v := v.(type) {
	case map[string]any:
		return w.mapping(v, n)
	case []any:
		return w.list(v, n)
	case string:
		return w.json(v)
	}
	text, err := yaml.Marshal(v)
	w.out.Write(bytes.TrimSpace(text))
	return err
}

func (w *lineWriter) mapping(values map[string]any, n *yaml.Node) error {
	w.out.WriteByte('{')
	keys := []*yaml.Node{}
	unseen := maps.Clone(values)
	for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if _, there := unseen[n.Content[i].Value]; there {
			keys = append(keys, n.Content[i])
			delete(unseen, n.Content[i].Value)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(unseen)) {
		if err := w.entry(k, values[k], nil); err != nil {
			return err
		}
	}
	for _, k := range keys {
		w.to(k)
		_, below := exact(n, k.Value)
		if err := w.entry(k.Value, values[k.Value], below); err != nil {
			return err
		}
	}
	w.out.WriteByte('}')
	return nil
}

func (w *lineWriter) entry(k string, v any, n *yaml.Node) error {
	if err := w.json(k); err != nil {
		return err
	}
	w.out.WriteString(": ")
	err := w.value(v, n)
	w.out.WriteString(", ")
	return err
}

func (w *lineWriter) list(items []any, n *yaml.Node) error {
	w.out.WriteByte('[')
	for i, v := range items {
		var at *yaml.Node
		if n != nil && n.Kind == yaml.SequenceNode && i < len(n.Content) {
			at = n.Content[i]
		}
		w.to(at)
		if err := w.value(v, at); err != nil {
			return err
		}
		w.out.WriteString(", ")
	}
	w.out.WriteByte(']')
	return nil
}

// json writes a text as JSON does, which is YAML as well.
func (w *lineWriter) json(text string) error {
	quoted, err := json.Marshal(text)
	w.out.Write(quoted)
	return err
}
