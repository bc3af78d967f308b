package reviewtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Mutant is a file as nobody should write it, and what was done to it.
type Mutant struct {
	What string
	Text []byte
}

// breakage is one way to spoil what a field holds.
type breakage struct {
	name  string
	spoil func(*yaml.Node) *yaml.Node // nil takes the field out
}

func scalar(tag, value string) func(*yaml.Node) *yaml.Node {
	return func(*yaml.Node) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value} }
}

func sequence(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: items}
}

func mapping(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: items}
}

func word(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.DoubleQuotedStyle}
}

// breakages are what attackers and slips of the hand make of a field: another type, nothing, far too much, half of it.
var breakages = []breakage{
	{"dropped", func(*yaml.Node) *yaml.Node { return nil }},
	{"null", scalar("!!null", "null")},
	{"a boolean", scalar("!!bool", "true")},
	{"a huge number", scalar("!!int", "99999999999999999999999")},
	{"a negative number", scalar("!!int", "-1")},
	{"not a number", scalar("!!float", ".nan")},
	{"empty text", scalar("!!str", "")},
	{"a template", scalar("!!str", "{{ .Values.x }}")},
	{"odd text", func(*yaml.Node) *yaml.Node { return word("\x00\u202e:,=/*?[(\\ -\u0430%s%!d@sha256:") }},
	{"long text", func(*yaml.Node) *yaml.Node { return word(strings.Repeat("a/b:c,", 2000)) }},
	{"an empty list", func(*yaml.Node) *yaml.Node { return sequence() }},
	{"an empty mapping", func(*yaml.Node) *yaml.Node { return mapping() }},
	{"in a list", func(n *yaml.Node) *yaml.Node { return sequence(n) }},
	{"a list of nulls", func(*yaml.Node) *yaml.Node { return sequence(word(""), scalar("!!null", "null")(nil), sequence()) }},
	{"in a mapping", func(n *yaml.Node) *yaml.Node { return mapping(word("*"), n, word(""), n) }},
	{"often", func(n *yaml.Node) *yaml.Node { return sequence(slices.Repeat([]*yaml.Node{n}, 40)...) }},
	{"deep", func(n *yaml.Node) *yaml.Node {
		for range 60 {
			n = mapping(word("spec"), sequence(n))
		}
		return n
	}},
	{"cut", func(n *yaml.Node) *yaml.Node {
		half := *n
		half.Value, half.Content = n.Value[:len(n.Value)/2], n.Content[:len(n.Content)/4*2]
		return &half
	}},
	{"its lines reversed", func(n *yaml.Node) *yaml.Node {
		lines := strings.Split(n.Value, "\n")
		slices.Reverse(lines)
		back := *n
		back.Value = strings.Join(lines, "\n")
		slices.Reverse(back.Content)
		return &back
	}},
}

// Mutants spoils each field of a file's documents in turn, in each of these ways, and each key: written twice, or with
// a letter that only looks the same. Of all that there are it makes every step-th, from the first on.
func Mutants(text []byte, first, step int) ([]Mutant, error) {
	m := &mutator{step: step, skip: first}
	var err error
	if m.documents, err = parseAll(text); err != nil {
		return nil, err
	}
	for i, document := range m.documents {
		if len(document.Content) > 0 {
			m.field(fmt.Sprintf("document %d", i), document.Content[0], func(n *yaml.Node) { document.Content[0] = n })
		}
	}
	return m.made, m.err
}

func parseAll(text []byte) ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var documents []*yaml.Node
	for {
		var document yaml.Node
		if err := decoder.Decode(&document); err != nil {
			if err.Error() == "EOF" {
				return documents, nil
			}
			return nil, err
		}
		documents = append(documents, &document)
	}
}

// mutator walks documents and writes them down with one thing changed at a time.
type mutator struct {
	documents []*yaml.Node
	step      int
	skip      int // how many are passed over before the next that is made
	made      []Mutant
	err       error
}

// write notes the documents as they are now, if it is their turn.
func (m *mutator) write(what string) {
	if m.skip--; m.skip >= 0 || m.err != nil {
		return
	}
	m.skip = m.step - 1
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	for _, document := range m.documents {
		if err := encoder.Encode(document); err != nil {
			m.err = fmt.Errorf("%s: %w", what, err)
			return
		}
	}
	m.made = append(m.made, Mutant{what, out.Bytes()})
}

// field spoils what stands at a place, which put replaces, and all below it.
func (m *mutator) field(at string, n *yaml.Node, put func(*yaml.Node)) {
	for _, b := range breakages[1:] {
		if spoiled := b.spoil(n); m.skip > 0 {
			m.skip--
		} else {
			put(spoiled)
			m.write(at + " is " + b.name)
		}
	}
	put(n)
	m.below(at, n)
}

func (m *mutator) below(at string, n *yaml.Node) {
	width := 1
	if n.Kind == yaml.MappingNode {
		width = 2
	}
	whole := n.Content
	for i := 0; i+width <= len(whole) && n.Kind != yaml.ScalarNode; i += width {
		here := fmt.Sprintf("%s[%d]", at, i)
		if width == 2 {
			here = at + "." + whole[i].Value
			m.key(here, n, i)
		}
		n.Content = slices.Delete(slices.Clone(whole), i, i+width)
		m.write(here + " is dropped")
		n.Content = whole
		last := i + width - 1
		m.field(here, whole[last], func(v *yaml.Node) { whole[last] = v })
	}
}

// key writes a key twice, and misspells it.
func (m *mutator) key(at string, n *yaml.Node, i int) {
	whole := n.Content
	n.Content = append(slices.Clone(whole), whole[i], word("again"))
	m.write(at + " is there twice")
	n.Content = whole
	right := whole[i].Value
	whole[i].Value = strings.NewReplacer("e", "\u0435", "a", "\u0430").Replace(right)
	m.write(at + " only looks like it")
	whole[i].Value = right
}

// lineBreakages are ways to spoil a line of what is not YAML: Terraform, texts.
var lineBreakages = []struct {
	name  string
	spoil func(string) string
}{
	{"dropped", func(string) string { return "" }},
	{"there twice", func(line string) string { return line + line }},
	{"cut", func(line string) string { return line[:len(line)/2] }},
	{"without quotes", func(line string) string { return strings.ReplaceAll(line, `"`, "") }},
	{"a list", func(line string) string { return strings.Replace(line, "= ", "= [", 1) }},
	{"null", func(line string) string { return instead(line, "null") }},
	{"a number", func(line string) string { return instead(line, "1e999") }},
	{"a reference", func(line string) string { return instead(line, "var.x[*].y[0]") }},
	{"a mapping", func(line string) string { return instead(line, "{ a = [{}], 0 = null }") }},
}

// Lines spoils a file that is not YAML line by line. Of all that there are it makes every step-th, from the first on.
func Lines(text []byte, first, step int) []Mutant {
	lines := strings.SplitAfter(string(text), "\n")
	var made []Mutant
	for n := first; n < len(lines)*len(lineBreakages); n += step {
		i, b := n/len(lineBreakages), lineBreakages[n%len(lineBreakages)]
		changed := slices.Clone(lines)
		changed[i] = b.spoil(lines[i])
		made = append(made, Mutant{fmt.Sprintf("line %d is %s", i+1, b.name), []byte(strings.Join(changed, ""))})
	}
	return made
}

// instead gives what a line assigns another value.
func instead(line, value string) string {
	if name, _, ok := strings.Cut(line, "= "); ok {
		return name + "= " + value + "\n"
	}
	return line
}
