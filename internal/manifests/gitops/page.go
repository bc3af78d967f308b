package gitops

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// page is a text that grows line by line, each with the place that it is from.
type page struct {
	text  bytes.Buffer
	lines []manifests.Origin
}

// add appends lines that are all from one place.
func (p *page) add(text string, at manifests.Origin) {
	for line := range strings.Lines(text) {
		p.text.WriteString(strings.TrimSuffix(line, "\n"))
		p.text.WriteByte('\n')
		p.lines = append(p.lines, at)
	}
}

// laid is the page as a file over the tree.
func (p *page) laid(path string) manifests.Laid {
	return manifests.Laid{Path: path, Text: append([]byte{}, p.text.Bytes()...), Lines: p.lines}
}

// line is the place of the line on which a field of the parsed page stands.
func (p *page) line(f manifests.Field) manifests.Origin {
	if n := f.Node().Line; n > 0 && n <= len(p.lines) {
		return p.lines[n-1]
	}
	return nil
}

// fieldPage writes a field as a document of its own, each line with the origin of the field that it writes.
func fieldPage(o *manifests.Object, f manifests.Field) (*page, error) {
	return writePage(f, bare(f.Node()), of(o))
}

// writePage writes a node that has the shape of a field as a document of its own, each line with the origin of the field
// that it writes.
func writePage(f manifests.Field, n *yaml.Node, from origins) (*page, error) {
	text, err := yaml.Marshal(n)
	if err != nil {
		return nil, err
	}
	p := &page{}
	p.add(string(text), from(f))
	written, err := manifests.ParseYAML(text)
	if err != nil || written == nil {
		return p, err
	}
	p.trace(f, written, from)
	return p, nil
}

// trace gives the lines of written, which is f again, the origins of the fields on them.
func (p *page) trace(f manifests.Field, written *yaml.Node, from origins) {
	again := manifests.NewField(written, "")
	entries := f.Entries()
	for i, e := range again.Entries() {
		if i >= len(entries) {
			return
		}
		key := written.Content[2*i]
		p.from(from(entries[i].Value), key.Line, e.Value.Node())
		p.trace(entries[i].Value, e.Value.Node(), from)
	}
	items := f.Items()
	for i, item := range again.Items() {
		if i >= len(items) {
			return
		}
		p.from(from(items[i]), item.Node().Line, item.Node())
		p.trace(items[i], item.Node(), from)
	}
}

// from sets the origin of the lines from first on that write a node.
func (p *page) from(at manifests.Origin, first int, written *yaml.Node) {
	last := first
	if written.Kind == yaml.ScalarNode {
		last = written.Line + strings.Count(strings.TrimSuffix(written.Value, "\n"), "\n")
		if written.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			last++
		}
	}
	for n := first; n <= last && n <= len(p.lines); n++ {
		p.lines[n-1] = at
	}
}

// bare copies a node without comments and anchors, which are not the value's.
func bare(n *yaml.Node) *yaml.Node {
	if n == nil {
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	}
	c := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style &^ yaml.FlowStyle}
	for _, child := range n.Content {
		c.Content = append(c.Content, bare(child))
	}
	if len(c.Content) == 0 && c.Kind != yaml.ScalarNode {
		c.Style = yaml.FlowStyle
	}
	return c
}

// textPage is a text that stands in a field, or in the file that a generator made the field of. Its lines are known where
// they can be found again: those of a block scalar below its key, those of a whole file at their numbers.
func (w *World) textPage(o *manifests.Object, f manifests.Field) *page {
	return w.linesOf(f.Text(), originOf(o, f))
}

func (w *World) linesOf(text string, at manifests.Origin) *page {
	p := &page{}
	p.add(text, at)
	best := at.Best()
	if best == nil || best.Precision != manifests.Exact && best.Precision != manifests.InFile {
		return p
	}
	data, err := w.repository.Tree.ReadFile(best.Span.File)
	if err != nil {
		return p
	}
	file := strings.Split(string(data), "\n")
	own := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, first := range []int{best.Span.Line, 0} { // below the key, or the whole file
		if sameLines(file, own, first) {
			for i := range p.lines {
				written := file[first+i]
				p.lines[i] = withLine(at, best, first+i+1, len(written)-len(strings.TrimLeft(written, " \t"))+1)
			}
			return p
		}
	}
	return p
}

// sameLines reports whether own stands in file from the line after first on, each line moved by the same indentation.
func sameLines(file, own []string, first int) bool {
	if first+len(own) > len(file) || len(own) == 1 && first == 0 {
		return false
	}
	shift := -1
	for i, line := range own {
		written := strings.TrimSuffix(file[first+i], "\r")
		if strings.TrimSpace(line) == "" && strings.TrimSpace(written) == "" {
			continue
		}
		indent, found := strings.CutSuffix(written, line)
		if !found || strings.TrimSpace(indent) != "" || shift >= 0 && len(indent) != shift {
			return false
		}
		shift = len(indent)
	}
	return true
}

// withLine is an origin of which one frame is moved to a line.
func withLine(at manifests.Origin, frame *manifests.Frame, line, column int) manifests.Origin {
	moved := make(manifests.Origin, len(at))
	copy(moved, at)
	for i := range at {
		if at[i] == *frame {
			moved[i].Span = source.Span{File: frame.Span.File, Line: line, EndLine: line, Column: column}
			moved[i].Precision = manifests.Exact
			break
		}
	}
	return moved
}
