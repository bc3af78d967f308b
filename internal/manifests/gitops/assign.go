package gitops

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// assignment is a value for a place in values, as Helm's --set writes it ("The Format and Limitations of --set").
type assignment struct {
	keys  []any // string for a mapping, int for a list
	value any
}

// maxIndex caps the items of lists that are set by their numbers; Helm allows 65536, of which nobody makes use.
const maxIndex = 1000

// maxKeys is how deep a place may be, as Helm has it (MaxNestedNameLevel).
const maxKeys = 30

// errAssignment is an assignment that Helm does not understand.
var errAssignment = errors.New("is no NAME=VALUE that Helm understands")

// assignments reads what --set takes: NAME=VALUE, several parted by commas. With asText values stay texts.
func assignments(text string, asText bool) (all []assignment, err error) {
	for first := true; text != "" || first; first = false {
		var a assignment
		if a.keys, text, err = cutKeys(text); err != nil {
			return nil, err
		}
		if a.value, text, err = cutValue(text, asText); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// cutKeys cuts the keys up to "=" off a text.
func cutKeys(text string) (keys []any, rest string, err error) {
	for {
		key, stop, after := cutRunes(text, ".[=,")
		switch {
		case stop == 0 || stop == ',' || key == "" && (stop != '[' || len(keys) == 0) && !lastIsIndex(keys):
			return nil, "", errAssignment
		case len(keys) >= maxKeys:
			return nil, "", fmt.Errorf("names a place more than %d levels deep, which Helm refuses", maxKeys)
		case key != "":
			keys = append(keys, key)
		}
		for text = after; stop == '['; {
			number, next, ok := strings.Cut(text, "]")
			n, err := strconv.Atoi(strings.TrimSpace(number))
			if !ok || err != nil || n < 0 {
				return nil, "", errAssignment
			}
			if n > maxIndex || len(keys) > 2*maxKeys {
				return nil, "", fmt.Errorf("sets item %d of a list, %d levels deep; %d and %d are the most that are looked at", n, len(keys), maxIndex, 2*maxKeys)
			}
			keys, stop, text = append(keys, n), 0, next
			if next != "" && strings.ContainsRune(".[=", rune(next[0])) {
				stop, text = next[0], next[1:]
			}
		}
		if stop == '=' {
			return keys, text, nil
		}
		if stop != '.' {
			return nil, "", errAssignment
		}
	}
}

func lastIsIndex(keys []any) bool {
	if len(keys) == 0 {
		return false
	}
	_, ok := keys[len(keys)-1].(int)
	return ok
}

// cutRunes cuts a text at the first of some bytes, of which none behind a backslash counts. stop is 0 at its end.
func cutRunes(text, at string) (before string, stop byte, rest string) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			out.WriteByte(text[i])
		case strings.IndexByte(at, c) >= 0:
			return out.String(), c, text[i+1:]
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), 0, ""
}

// cutValue cuts a value off a text: one up to a comma, or a list in braces.
func cutValue(text string, asText bool) (value any, rest string, err error) {
	if !strings.HasPrefix(text, "{") {
		one, _, rest := cutRunes(text, ",")
		return said(one, asText), rest, nil
	}
	list := []any{}
	for text = text[1:]; ; {
		one, stop, rest := cutRunes(text, ",}")
		if stop == 0 {
			return nil, "", errAssignment
		}
		if stop == ',' || one != "" || len(list) > 0 {
			list = append(list, said(one, asText))
		}
		if stop == '}' {
			return list, strings.TrimPrefix(rest, ","), nil
		}
		text = rest
	}
}

// said is a value as --set reads it: null, a boolean, a whole number, or a text.
func said(value string, asText bool) any {
	if asText {
		return value
	}
	switch strings.ToLower(value) {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	case "0":
		return int64(0)
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && value[0] != '0' {
		return n
	}
	return value
}

// assign lays what an assignment says over the values of a root. A list of which items are set is written whole, with what
// the values before say of it; Helm does not look into those of the chart itself.
func (w *World) assign(root *manifests.Root, a assignment, at manifests.Origin) error {
	n := slices.IndexFunc(a.keys, func(key any) bool { _, ok := key.(int); return ok })
	if n < 0 {
		n = len(a.keys)
	}
	if n == 0 {
		return errAssignment
	}
	d := newDraft(manifests.Field{}, func(manifests.Field) manifests.Origin { return at })
	holder := d.node
	for _, key := range a.keys[:n-1] {
		holder = d.below(holder, key.(string), at)
	}
	called := a.keys[n-1].(string)
	if n < len(a.keys) {
		list, err := w.listBefore(root, d, a.keys[:n])
		if err != nil {
			return err
		}
		d.set(holder, called, list)
	}
	value := &yaml.Node{}
	if err := value.Encode(a.value); err != nil {
		return err
	}
	d.trace(value, at)
	d.put(holder, a.keys[n-1:], value, at)
	p, err := d.page()
	if err != nil {
		return err
	}
	layValues(root, p)
	return nil
}

// trace says where all of a node is from.
func (d *draft) trace(n *yaml.Node, at manifests.Origin) {
	d.from[n] = at
	for _, below := range n.Content {
		d.trace(below, at)
	}
}

// put puts a value at keys below a mapping or list, which grows as it has to.
func (d *draft) put(in *yaml.Node, keys []any, value *yaml.Node, at manifests.Origin) {
	for i, key := range keys {
		next := value
		switch name, called := key.(string); {
		case i+1 < len(keys):
			_, wantList := keys[i+1].(int)
			if next = d.child(in, key); next == nil || wantList && next.Kind != yaml.SequenceNode || !wantList && next.Kind != yaml.MappingNode {
				next = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
				if wantList {
					next = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
				}
				d.from[next] = at
			}
			fallthrough
		default:
			if called {
				d.set(in, name, next)
				break
			}
			for len(in.Content) <= key.(int) {
				null := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
				d.from[null] = at
				in.Content = append(in.Content, null)
			}
			in.Content[key.(int)] = next
		}
		in = next
	}
}

// child is what stands at a key or number.
func (d *draft) child(in *yaml.Node, key any) *yaml.Node {
	if name, ok := key.(string); ok {
		return d.get(in, name)
	}
	if n := key.(int); in.Kind == yaml.SequenceNode && n < len(in.Content) {
		return in.Content[n]
	}
	return nil
}

// listBefore is the list that the values of a root say at keys so far, as nodes of the draft; an empty one where they say none.
func (w *World) listBefore(root *manifests.Root, d *draft, keys []any) (*yaml.Node, error) {
	for _, file := range slices.Backward(root.Values) {
		text, lines := w.valuesIn(root, file)
		if err := w.spend(1 + len(text)/16); err != nil {
			return nil, err
		}
		node, err := manifests.ParseYAML(text)
		if err != nil {
			return nil, fmt.Errorf("%s is no valid YAML", file)
		}
		f, covered := manifests.NewField(node, ""), false
		for _, key := range keys {
			covered = covered || f.IsSet() && !f.IsMap() // which hides what earlier values say
			f = f.Get(key.(string))
		}
		if f.IsList() {
			return d.take(f, lines), nil
		}
		if f.IsSet() || covered {
			break
		}
	}
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}, nil
}

// valuesIn is the text of one of a root's values files, laid or of the tree, and where its fields are from. Of a chart that
// is not fetched yet it is nothing.
func (w *World) valuesIn(root *manifests.Root, file string) ([]byte, origins) {
	for _, laid := range root.Deployment.Laid {
		if laid.Path == file {
			return laid.Text, (&page{lines: laid.Lines}).line
		}
	}
	text, err := w.repository.Tree.ReadFile(file)
	if err != nil {
		return nil, nil // the renderer says so
	}
	return text, inFile(file)
}

// inFile are the origins of the fields of a file of the tree.
func inFile(file string) origins {
	return func(f manifests.Field) manifests.Origin {
		n := f.Node()
		if n == nil {
			return nil
		}
		return manifests.Origin{{Span: source.Span{File: file, Line: n.Line, EndLine: n.Line, Column: n.Column}, Role: manifests.RoleValues, Precision: manifests.Exact}}
	}
}
