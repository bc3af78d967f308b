package helm

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/manifests/helm/trace"
	"go.yaml.in/yaml/v3"
)

// piece is a segment of output with the part of its text that belongs to a field.
type piece struct {
	trace.Segment
	text string
}

// pieces returns what wrote the text of a scalar or key.
func (p page) pieces(n *yaml.Node) []piece {
	i := n.Line - 1
	if i < 0 || i >= len(p.text) {
		return nil
	}
	if n.Kind != yaml.ScalarNode {
		at := byteOffset(p.text[i], n.Column-1)
		return p.between(i, at, at+1)
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return p.block(i)
	}
	return p.flow(n, i)
}

// block returns what wrote the lines of a block scalar, whose header stands on line i.
func (p page) block(i int) []piece {
	var all []piece
	indent := -1
	for i++; i < len(p.text); i++ {
		line := p.text[i]
		content := strings.TrimLeft(line, " ")
		switch at := len(line) - len(content); {
		case strings.TrimSpace(content) == "":
			continue
		case indent < 0:
			indent = at
		case at < indent:
			return all
		}
		all = append(all, p.between(i, indent, len(line))...)
	}
	return all
}

// flow returns what wrote a plain or quoted scalar that begins on line i.
func (p page) flow(n *yaml.Node, i int) []piece {
	line := p.text[i]
	start := byteOffset(line, n.Column-1)
	quote := ""
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		quote = `"`
	case n.Style&yaml.SingleQuotedStyle != 0:
		quote = `'`
	}
	if n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		for strings.HasPrefix(line[start:], "&") || strings.HasPrefix(line[start:], "!") {
			_, after, _ := strings.Cut(line[start:], " ")
			start = len(line) - len(strings.TrimLeft(after, " "))
		}
	}
	if quote == "" {
		if strings.HasPrefix(line[start:], n.Value) {
			return p.between(i, start, start+len(n.Value))
		}
		return p.between(i, start, len(line))
	}
	var all []piece
	from := start + 1
	for ; i < len(p.text); i, from = i+1, 0 {
		if end := closing(p.text[i], from, quote[0]); end >= 0 {
			if n.Value == "" {
				from, end = start, end+1
			}
			return append(all, p.between(i, from, end)...)
		}
		all = append(all, p.between(i, from, len(p.text[i]))...)
	}
	return all
}

// closing finds the quote that ends a scalar, -1 for none on the line.
func closing(line string, from int, quote byte) int {
	for i := from; i < len(line); i++ {
		switch {
		case quote == '"' && line[i] == '\\':
			i++
		case line[i] != quote:
		case quote == '\'' && i+1 < len(line) && line[i+1] == quote:
			i++
		default:
			return i
		}
	}
	return -1
}

// between returns what wrote bytes start to end of line i of the document.
func (p page) between(i, start, end int) []piece {
	at := p.line - 1 + i
	if at >= len(p.lines) {
		return nil
	}
	if i == 0 { // the document may begin within a line of output, after "---"
		start, end = start+p.column, end+p.column
	}
	var all []piece
	for _, s := range p.lines[at].Segments {
		from, to := max(s.Start, start), min(s.End, end)
		if from < to {
			all = append(all, piece{s, p.slice(i, from, to)})
		}
	}
	return all
}

// heading is what wrote the beginning of a field, its key or the item n, and the column at which that stands on its
// template line. It is empty where no template has it as it stands.
func (p page) heading(n *yaml.Node) (from piece, column int) {
	i := n.Line - 1
	if i < 0 || i >= len(p.text) || i == 0 && p.column > 0 {
		return piece{}, 0
	}
	at := byteOffset(p.text[i], n.Column-1)
	pieces := p.between(i, at, at+1)
	if len(pieces) == 0 || !pieces[0].Literal || len(pieces[0].Frames) == 0 {
		return piece{}, 0
	}
	from = pieces[0]
	lead := p.slice(i, from.Start, from.End)
	before := at - from.Start + (len(strings.TrimLeft(lead, " \t")) - len(lead))
	return from, characters(p.source(from.Frames[0]), from.Frames[0].Column+before)
}

// allLiteral reports whether templates have a text as it stands.
func allLiteral(pieces []piece) bool {
	return !slices.ContainsFunc(pieces, func(c piece) bool { return !c.Literal })
}

// slice cuts output bytes from to to out of line i.
func (p page) slice(i, from, to int) string {
	if i == 0 {
		from, to = from-p.column, to-p.column
	}
	line := p.text[i]
	return line[min(max(from, 0), len(line)):min(max(to, 0), len(line))]
}

// decisive chooses the piece whose place is the field's: one that shows a value, else one that an action wrote,
// else the first.
func decisive(pieces []piece) piece {
	best, rank := pieces[0], -1
	for _, c := range pieces {
		r := 0
		if !c.Literal {
			r = 1
		}
		for _, leaf := range c.Leaves {
			if leaf.Exact {
				r = 2
			}
		}
		if r > rank && len(c.Frames) > 0 {
			best, rank = c, r
		}
	}
	return best
}

// byteOffset turns a count of characters into one of bytes.
func byteOffset(line string, characters int) int {
	at := 0
	for ; characters > 0 && at < len(line); characters-- {
		_, size := utf8.DecodeRuneInString(line[at:])
		at += size
	}
	return at
}
