package trace

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDecoded is how many bytes of a text are parsed again to know where what is in it is from.
const maxDecoded = 1 << 20

// decodedDoc is for functions that decode YAML or JSON: each element has the origin of the lines it is written on.
func decodedDoc(s *state, c *call, out reflect.Value) *prov {
	origin := c.args[0].prov
	if origin == nil || !isContainer(out) {
		return origin.leavesOnly()
	}
	source := c.in[0].String()
	p := &prov{shape: &docShape{doc: &document{source: source, text: origin.asText(len(source))}, root: true}}
	if len(source) > maxDecoded {
		p = origin.leavesOnly()
	}
	if known := s.container(out); known != nil {
		known.prov = p
	}
	return p
}

// document is a decoded text. It is parsed when an element is asked for: most are not.
type document struct {
	source string
	text   *text
	parsed bool
	root   *yaml.Node
	starts []int // of the lines
}

func (d *document) parse() {
	if d.parsed {
		return
	}
	d.parsed = true
	var doc yaml.Node
	if yaml.Unmarshal([]byte(d.source), &doc) == nil && len(doc.Content) > 0 {
		d.root = doc.Content[0]
	}
	d.starts = []int{0}
	for i := range len(d.source) {
		if d.source[i] == '\n' {
			d.starts = append(d.starts, i+1)
		}
	}
}

// docShape is a map or list of a document.
type docShape struct {
	doc  *document
	root bool // the document itself, which is not parsed yet
	node *yaml.Node
}

func (d *docShape) child(k key, elem reflect.Value) *prov {
	d.doc.parse()
	if d.root {
		d.node = d.doc.root
	}
	n := follow(d.node, k)
	if n == nil {
		return derived((&prov{text: d.doc.text}).all())
	}
	if isContainer(elem) {
		return &prov{shape: &docShape{doc: d.doc, node: n}}
	}
	m := d.doc.markOf(n)
	if elem = concrete(elem); m != nil && elem.Kind() == reflect.String && elem.Len() > 0 {
		return &prov{text: &text{[]piece{{elem.Len(), m, -1}}}}
	}
	if m == nil {
		return nil
	}
	return derived(m.leaves)
}

// follow finds the element of a map or list.
func follow(n *yaml.Node, k key) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil {
		return nil
	}
	switch n.Kind {
	case yaml.SequenceNode:
		if k.index >= 0 && k.index < len(n.Content) {
			return n.Content[k.index]
		}
	case yaml.MappingNode:
		for i := len(n.Content) - 2; i >= 0; i -= 2 {
			if n.Content[i].Value == k.name {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// markOf gives the mark of the text that a node is written as.
func (d *document) markOf(n *yaml.Node) *mark {
	if n.Line < 1 || n.Line > len(d.starts) {
		return nil
	}
	from := d.starts[n.Line-1] + max(n.Column-1, 0)
	last := min(n.Line+strings.Count(n.Value, "\n"), len(d.starts)-1)
	end := len(d.source)
	if last < len(d.starts) && last >= n.Line {
		end = d.starts[last]
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		if i := strings.IndexByte(d.source[from:end], '\n'); i >= 0 {
			end = from + i
		}
	}
	return summary(d.text.cut(from, end))
}
