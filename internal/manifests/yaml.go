package manifests

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The errors of YAML that is refused before anything works on it.
var (
	ErrYAMLDepth = errors.New("YAML is nested deeper than the limit")
	ErrYAMLSize  = errors.New("YAML grows beyond the limit of a million values when its aliases are followed")
)

const (
	maxYAMLDepth = 128       // levels; the API server refuses far less
	maxYAMLNodes = 1_000_000 // nodes of one document, aliases followed
)

// Document is one document of a YAML stream.
type Document struct {
	Line   int    // line of the stream, from 1, on which Data begins
	Column int    // column of that line, from 1, at which it begins
	Data   []byte // without the separator
}

// SplitDocuments cuts a YAML stream at its "---" lines, and JSON values that follow each other without any, which
// kubectl reads one by one. Documents without content are left out. YAML is not parsed for that: a separator inside
// a block scalar cannot occur, because YAML does not allow it there at column 1.
func SplitDocuments(data []byte) []Document {
	var docs []Document
	start, line, docLine, column := 0, 1, 1, 1
	flush := func(end int) {
		if chunk := data[start:end]; hasContent(chunk) {
			docs = append(docs, splitJSON(Document{Line: docLine, Column: column, Data: chunk})...)
		}
	}
	for pos := 0; pos < len(data); {
		end := len(data)
		if i := bytes.IndexByte(data[pos:], '\n'); i >= 0 {
			end = pos + i + 1
		}
		if rest, ok := separator(data[pos:end]); ok {
			flush(pos)
			start, docLine, column = end-len(rest), line+1, 1
			if len(rest) > 0 {
				docLine, column = line, 4
			}
		}
		pos, line = end, line+1
	}
	flush(len(data))
	return docs
}

// splitJSON cuts a document that is a row of JSON objects into them. Any other is left whole; so is what follows the
// last value that is JSON, for a parser to complain of.
func splitJSON(doc Document) []Document {
	if start := bytes.TrimLeft(doc.Data, " \t\r\n"); len(start) == 0 || start[0] != '{' {
		return []Document{doc}
	}
	var docs []Document
	var value json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(doc.Data))
	for rest := doc.after(0); hasContent(rest.Data); rest = doc.after(int(decoder.InputOffset())) {
		if err := decoder.Decode(&value); err != nil {
			docs = append(docs, rest)
			break
		}
		rest.Data = rest.Data[:len(value)]
		docs = append(docs, rest)
	}
	if len(docs) == 1 {
		return []Document{doc}
	}
	return docs
}

// after returns what of a document comes after its first n bytes, blanks left out.
func (d Document) after(n int) Document {
	n += len(d.Data[n:]) - len(bytes.TrimLeft(d.Data[n:], " \t\r\n"))
	before := d.Data[:n]
	lines := bytes.Count(before, []byte{'\n'})
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	if lines == 0 {
		column += d.Column - 1
	}
	return Document{Line: d.Line + lines, Column: column, Data: d.Data[n:]}
}

// separator reports whether line begins a document, and what follows "---" on it when that is content.
func separator(line []byte) (rest []byte, ok bool) {
	if !bytes.HasPrefix(line, []byte("---")) {
		return nil, false
	}
	rest = line[3:]
	if len(rest) > 0 && rest[0] != ' ' && rest[0] != '\t' && rest[0] != '\r' && rest[0] != '\n' {
		return nil, false
	}
	if !hasContent(rest) {
		return nil, true
	}
	return rest, true
}

// hasContent reports whether chunk holds more than blank lines, comments and directives.
func hasContent(chunk []byte) bool {
	for line := range bytes.Lines(chunk) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && line[0] != '%' && !bytes.Equal(line, []byte("...")) {
			return true
		}
	}
	return false
}

// ParseYAML parses one document into nodes with positions (lines from 1 within data). Aliases and merge keys
// are followed (see TakenIn) and "!!binary" is decoded, so that readers need not know of them; it refuses, with ErrYAMLDepth or ErrYAMLSize, what is
// nested too deep or grows too large by that. An empty document gives nil.
func ParseYAML(data []byte) (*yaml.Node, error) {
	node, _, err := parseYAML(data)
	return node, err
}

// parseYAML is ParseYAML, and also returns the first key that says one thing to kubectl and another to kustomize; nil
// when there is none. See mergeKeys.
func parseYAML(data []byte) (node, clash *yaml.Node, err error) {
	if crowded(data) {
		return nil, nil, ErrYAMLSize
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, nil, err
	}
	if len(doc.Content) == 0 {
		return nil, nil, nil
	}
	r := resolver{}
	node, err = r.resolve(doc.Content[0], 0)
	return node, r.clash, err
}

// crowded reports whether a document surely holds too much, before memory a hundred times its size goes into its nodes:
// by the characters that part values from each other.
func crowded(data []byte) bool {
	if len(data) < maxYAMLNodes {
		return false
	}
	parts := 0
	for _, c := range data {
		switch c {
		case ',', '\n', '[', '{':
			parts++
		}
	}
	return parts > maxYAMLNodes
}

// resolver replaces aliases by what they name and expands merge keys, counting what it visits.
type resolver struct {
	visited int
	clash   *yaml.Node // see parseYAML
}

func (r *resolver) resolve(n *yaml.Node, depth int) (*yaml.Node, error) {
	if depth > maxYAMLDepth {
		return nil, fmt.Errorf("line %d: %w", n.Line, ErrYAMLDepth)
	}
	if r.visited++; r.visited > maxYAMLNodes {
		return nil, ErrYAMLSize
	}
	if n.Kind == yaml.AliasNode {
		return r.resolve(n.Alias, depth+1)
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!binary" {
		return plainText(n), nil
	}
	content, changed := n.Content, false
	for i, child := range n.Content {
		resolved, err := r.resolve(child, depth+1)
		if err != nil {
			return nil, err
		}
		if child.Kind == yaml.AliasNode {
			resolved = takenIn(resolved, user(n, i))
		}
		if resolved != child && !changed {
			content, changed = append([]*yaml.Node(nil), n.Content...), true
		}
		if changed {
			content[i] = resolved
		}
	}
	if n.Kind == yaml.MappingNode && slices.ContainsFunc(content, isMerge) {
		content, changed = r.mergeKeys(content), true
	}
	if !changed {
		return n, nil
	}
	copied := *n
	copied.Content, copied.Anchor = content, ""
	return &copied, nil
}

// TakenIn returns the places that took a node of ParseYAML in, the first one first: the key whose value is an alias, the
// alias that is an item of a list, the merge key "<<" that brought an entry. It is empty for what stands where it is
// written; other nodes keep the position of their anchor.
func TakenIn(n *yaml.Node) (uses []*yaml.Node) {
	for use := n.Alias; use != nil && n.Kind != yaml.AliasNode; use = use.Alias {
		uses = append(uses, use)
	}
	slices.Reverse(uses)
	return uses
}

// takenIn returns a copy of what an alias names which remembers where it was taken in: in Alias, which has no other use
// in nodes that are no aliases.
func takenIn(n, use *yaml.Node) *yaml.Node {
	copied := *n
	copied.Alias = &yaml.Node{Kind: use.Kind, Value: use.Value, Line: use.Line, Column: use.Column, Style: use.Style, Alias: n.Alias}
	return &copied
}

// user is the node that stands for child i of n: the key of a value, or the child itself.
func user(n *yaml.Node, i int) *yaml.Node {
	if n.Kind == yaml.MappingNode && i%2 == 1 {
		return n.Content[i-1]
	}
	alias := n.Content[i]
	return &yaml.Node{Kind: yaml.ScalarNode, Value: "*" + alias.Value, Line: alias.Line, Column: alias.Column}
}

// plainText is what "!!binary" says: YAML parsers hand on the bytes behind it as if they had been written.
func plainText(n *yaml.Node) *yaml.Node {
	text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
	if err != nil {
		return n
	}
	copied := *n
	copied.Tag, copied.Value, copied.Style, copied.Anchor = "!!str", string(text), yaml.DoubleQuotedStyle, ""
	return &copied
}

func isMerge(key *yaml.Node) bool { return key.Tag == "!!merge" }

// mergeKeys expands the "<<" entries of a mapping as sigs.k8s.io/yaml does, through which kubectl, Helm and Argo CD read:
// entries set their keys one after the other, so what is merged below a key takes its place. YAML has the written key
// win wherever it stands, and so do kustomize and Flux; such a key is a clash. Of several sources in one list the first
// wins, and in each the last of keys that are written twice.
func (r *resolver) mergeKeys(content []*yaml.Node) []*yaml.Node {
	setter := map[string]int{} // key to the entry that sets it last
	for i := 0; i+1 < len(content); i += 2 {
		if !isMerge(content[i]) {
			setter[content[i].Value] = i
			continue
		}
		for _, source := range mergeSources(content[i+1]) {
			for j := 0; j+1 < len(source.Content); j += 2 {
				setter[source.Content[j].Value] = i
			}
		}
	}
	var own, merged []*yaml.Node
	for i := 0; i+1 < len(content); i += 2 {
		key, value := content[i], content[i+1]
		switch {
		case isMerge(key):
			merged = append(merged, mergedHere(value, func(name string) bool { return setter[name] == i })...)
		case isMerge(content[setter[key.Value]]):
			if r.clash == nil {
				r.clash = key
			}
		default:
			own = append(own, key, value)
		}
	}
	return append(own, merged...)
}

// mergeSources are the mappings that the value of a "<<" names.
func mergeSources(value *yaml.Node) []*yaml.Node {
	sources := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		sources = value.Content
	}
	return slices.DeleteFunc(slices.Clone(sources), func(n *yaml.Node) bool { return n.Kind != yaml.MappingNode })
}

// mergedHere are the entries of the sources of a "<<", of the keys that it sets.
func mergedHere(value *yaml.Node, sets func(key string) bool) (entries []*yaml.Node) {
	taken := map[string]bool{}
	for _, source := range mergeSources(value) {
		last := map[string]int{}
		for j := 0; j+1 < len(source.Content); j += 2 {
			last[source.Content[j].Value] = j
		}
		for j := 0; j+1 < len(source.Content); j += 2 {
			key, value := source.Content[j], source.Content[j+1]
			if !sets(key.Value) || taken[key.Value] || last[key.Value] != j {
				continue
			}
			taken[key.Value] = true
			if source.Alias != nil { // else it is written here
				value = takenIn(value, source.Alias)
			}
			entries = append(entries, key, value)
		}
	}
	return entries
}
