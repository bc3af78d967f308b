package gitops

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// amendment is a kustomization under way: the text of a file, or none, to which an object's settings are added where
// "kustomize edit" and Flux put them, so that kustomize applies them in its own order.
type amendment struct {
	file  string
	lines []string
	from  []manifests.Origin
	keys  []topKey // in the order of the file

	components []string // directories of those that were added
}

// topKey is a key of the file, with the lines that are its own.
type topKey struct {
	name        string
	first, next int // lines from 0; next is that of the next key
	value       *yaml.Node
}

// amend begins with the kustomization in data, which lies at file. The error is that of YAML.
func amend(file string, data []byte) (*amendment, error) {
	a := &amendment{file: file}
	node, err := manifests.ParseYAML(data)
	if err != nil {
		return nil, err
	}
	switch {
	case node == nil, node.Kind == yaml.MappingNode && len(node.Content) == 0:
		data, node = nil, nil
	case node.Kind != yaml.MappingNode:
		return nil, errors.New("a kustomization is a mapping")
	case !atMargin(node):
		if data, err = yaml.Marshal(bare(node)); err != nil {
			return nil, err
		}
		if node, err = manifests.ParseYAML(data); err != nil {
			return nil, err
		}
	}
	if text := strings.TrimSuffix(string(data), "\n"); text != "" {
		a.lines = strings.Split(text, "\n")
	}
	for i := range a.lines {
		a.from = append(a.from, manifests.Origin{{Span: source.Span{File: file, Line: i + 1, EndLine: i + 1, Column: 1}, Role: manifests.RoleTransformer, Precision: manifests.Exact}})
	}
	a.index(node)
	return a, nil
}

// atMargin reports whether lines can be added to a mapping by itself: its keys are words that begin lines.
func atMargin(node *yaml.Node) bool {
	if node.Kind != yaml.MappingNode || node.Style&yaml.FlowStyle != 0 || node.Style&yaml.TaggedStyle != 0 {
		return false
	}
	last := 0
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode || key.Column != 1 || key.Line <= last || key.Style != 0 || key.Anchor != "" {
			return false
		}
		last = key.Line
	}
	return true
}

// index finds the keys of the file.
func (a *amendment) index(node *yaml.Node) {
	a.keys = nil
	if node == nil || node.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		a.keys = append(a.keys, topKey{name: node.Content[i].Value, first: node.Content[i].Line - 1, value: node.Content[i+1]})
	}
	slices.SortStableFunc(a.keys, func(x, y topKey) int { return x.first - y.first })
	for i := range a.keys {
		a.keys[i].next = len(a.lines)
		if i+1 < len(a.keys) {
			a.keys[i].next = a.keys[i+1].first
		}
	}
}

func (a *amendment) key(name string) *topKey {
	for i := range a.keys {
		if a.keys[i].name == name {
			return &a.keys[i]
		}
	}
	return nil
}

// replace puts lines in the place of those from first up to next, and moves the keys behind.
func (a *amendment) replace(first, next int, p *page) {
	text := strings.Split(strings.TrimSuffix(p.text.String(), "\n"), "\n")
	if p.text.Len() == 0 {
		text = nil
	}
	a.lines = slices.Replace(a.lines, first, next, text...)
	a.from = slices.Replace(a.from, first, next, p.lines...)
	grown := len(text) - (next - first)
	for i := range a.keys {
		if a.keys[i].first >= next && next > first || a.keys[i].first >= first && next == first {
			a.keys[i].first += grown
		}
		if a.keys[i].next >= next {
			a.keys[i].next += grown
		}
	}
}

// set makes key say value, whatever it said.
func (a *amendment) set(key string, value any, at manifests.Origin) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	p := &page{}
	p.add(key+": "+string(text), at)
	if k := a.key(key); k != nil {
		a.replace(k.first, k.next, p)
		return nil
	}
	a.end(key, p)
	return nil
}

// end puts lines of a new key at the end of the file.
func (a *amendment) end(key string, p *page) {
	for len(a.lines) > 0 && strings.TrimSpace(a.lines[len(a.lines)-1]) == "..." {
		a.lines, a.from = a.lines[:len(a.lines)-1], a.from[:len(a.from)-1]
	}
	first := len(a.lines)
	a.replace(first, first, p)
	a.keys = append(a.keys, topKey{name: key, first: first, next: len(a.lines)})
	for i := range a.keys[:len(a.keys)-1] {
		a.keys[i].next = min(a.keys[i].next, first)
	}
}

// extend adds items to the list under key. Each is lines of which the first begins with "- ".
func (a *amendment) extend(key string, items *page) error {
	if len(items.lines) == 0 {
		return nil
	}
	k := a.key(key)
	if k == nil {
		p := &page{}
		p.add(key+":", items.lines[0])
		p.text.Write(items.text.Bytes())
		p.lines = append(p.lines, items.lines...)
		a.end(key, p)
		return nil
	}
	if k.value == nil || k.value.Kind != yaml.SequenceNode || k.value.Style&yaml.FlowStyle != 0 || len(k.value.Content) == 0 {
		if err := a.block(k); err != nil {
			return err
		}
	}
	indent := ""
	for _, line := range a.lines[k.first+1 : k.next] {
		if dash := strings.TrimLeft(line, " "); strings.HasPrefix(dash, "-") {
			indent = line[:len(line)-len(dash)]
			break
		}
	}
	indented := &page{lines: items.lines}
	for line := range strings.Lines(items.text.String()) {
		indented.text.WriteString(indent + line)
	}
	a.replace(k.next, k.next, indented)
	return nil
}

// block writes a list that stands on one line, or is none, one item a line.
func (a *amendment) block(k *topKey) error {
	p := &page{}
	at := a.from[k.first]
	p.add(k.name+":", at)
	if k.value != nil && k.value.Kind == yaml.SequenceNode {
		for _, item := range k.value.Content {
			text, err := inline(item)
			if err != nil {
				return err
			}
			p.add("- "+text, a.from[min(item.Line-1, len(a.from)-1)])
		}
	}
	a.replace(k.first, k.next, p)
	return nil
}

// inline writes a node on one line, as JSON.
func inline(n *yaml.Node) (string, error) {
	var value any
	if err := n.Decode(&value); err != nil {
		return "", err
	}
	text, err := json.Marshal(value)
	return string(text), err
}

// laid is the kustomization as a file over the tree.
func (a *amendment) laid() manifests.Laid {
	return manifests.Laid{Path: a.file, Text: []byte(strings.Join(a.lines, "\n") + "\n"), Lines: a.from}
}

// literal writes "key: |" with a text below, as part of a list item, so that each line of it keeps its own place. What no
// block scalar can hold is written as JSON on one line.
func (p *page) literal(prefix, key string, text *page, at manifests.Origin) {
	content := text.text.String()
	if !plainText(content) {
		quoted, _ := json.Marshal(strings.TrimSuffix(content, "\n")) // a text is always JSON
		p.add(prefix+key+": "+string(quoted), at)
		return
	}
	p.add(prefix+key+": |2-", at)
	i := 0
	for line := range strings.Lines(content) {
		p.add(strings.Repeat(" ", len(prefix)+2)+line, text.lines[i])
		i++
	}
}

// plainText reports whether a block scalar can hold a text, in which line breaks at the end do not count.
func plainText(text string) bool {
	for _, r := range text {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff {
			return false
		}
	}
	return strings.TrimSpace(text) != ""
}
