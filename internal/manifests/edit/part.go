package edit

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// part is an entry of a block mapping, or an item of a block list, with the lines that it takes up by itself.
type part struct {
	key, value *yaml.Node // key is nil for an item
	column     int        // of the key, or of the item's dash
	start, end int        // its lines: those after end belong to others
}

// readsInPart reports whether a text surely reads as intended, by a look at the lines of one part alone: YAML's blocks
// are made of whole lines, and what a part says does not depend on its neighbours, which begin where it does. Of false
// nothing follows. Where anchors and aliases may be, parts do depend on each other.
func (c check) readsInPart(out []byte) bool {
	if len(c.s.docs) != 1 || c.s.json || bytes.ContainsAny(c.s.text, "&*") {
		return false
	}
	parts, end := c.partsAround()
	if last := len(c.at.Content) - 1; end > 0 && last > 0 && c.key != "" && c.at.Kind == yaml.MappingNode {
		if p, ok := c.s.partOf(c.at, last, end); ok { // the new entry comes behind the last one
			if text, ok := c.s.linesOf(p, out); ok {
				return c.readsAs(text, p, func(node *yaml.Node) bool {
					return node.Kind == yaml.MappingNode && len(node.Content) == 4 && c.agree(p.key, node.Content[0]) && c.agree(p.value, node.Content[1]) &&
						node.Content[2].Value == c.key && c.wanted(node.Content[3])
				})
			}
		}
	}
	if c.removed != nil && end > 0 && c.removesPart(out, end) {
		return true
	}
	for _, p := range parts {
		if text, ok := c.s.linesOf(p, out); ok {
			return c.readsAs(text, p, func(node *yaml.Node) bool { return c.isPart(p, node) })
		}
	}
	return false
}

// removesPart reports whether nothing but the lines of what was to be removed is gone, and all of them.
func (c check) removesPart(out []byte, end int) bool {
	for i, child := range c.at.Content {
		if child != c.removed || c.at.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		p, ok := c.s.partOf(c.at, i, end)
		text, alone := c.s.linesOf(p, out)
		return ok && alone && len(text) == 0 && len(out) > 0 && out[len(out)-1] == '\n' && len(c.at.Content) > 2
	}
	return false
}

// linesOf returns what stands in an edited text in the place of a part's lines, if nothing else in it has changed.
func (s *stream) linesOf(p part, out []byte) (text []byte, ok bool) {
	if p.start == 0 {
		return nil, false
	}
	start, end := s.offset(p.start, 1), s.offset(p.end+1, 1)
	before, behind := s.text[:start], s.text[end:]
	if len(out) < len(before)+len(behind) || !bytes.HasPrefix(out, before) || !bytes.HasSuffix(out, behind) {
		return nil, false
	}
	text = out[start : len(out)-len(behind)]
	return text, len(behind) == 0 || len(text) == 0 || text[len(text)-1] == '\n'
}

// readsAs reports whether the text in a part's place is one block, which begins where the part did and is as wanted.
func (c check) readsAs(text []byte, p part, wanted func(*yaml.Node) bool) bool {
	if !indented(text, p.column-1) {
		return false
	}
	after, err := parseAll(text)
	if err != nil || len(after) != 1 {
		return false
	}
	node := after[0]
	plain := node.Style&yaml.FlowStyle == 0 && (node.Tag == "!!map" || node.Tag == "!!seq") && node.Anchor == ""
	return plain && node.Column == p.column && wanted(node)
}

// indented reports whether no line of a text, blank ones and comments aside, begins sooner than a block does, nor ends the
// document: what follows the end of a block is not parsed.
func indented(text []byte, by int) bool {
	if oddBreaks(text) {
		return false
	}
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		rest := bytes.TrimLeft(line, " ")
		if bytes.HasPrefix(line, []byte("---")) || bytes.HasPrefix(line, []byte("...")) {
			return false
		}
		if len(rest) > 0 && rest[0] != '#' && len(line)-len(rest) < by {
			return false
		}
	}
	return true
}

// isPart reports whether a parsed text is a part, changed as intended, and nothing else.
func (c check) isPart(p part, node *yaml.Node) bool {
	if p.key == nil {
		return node.Kind == yaml.SequenceNode && len(node.Content) == 1 && c.agree(p.value, node.Content[0])
	}
	return node.Kind == yaml.MappingNode && len(node.Content) == 2 && c.agree(p.key, node.Content[0]) && c.agree(p.value, node.Content[1])
}

// partsAround lists the parts that the node that changes is in, the innermost first. end is the last line of that node,
// 0 where it stands in no block.
func (c check) partsAround() (parts []part, end int) {
	end = len(c.s.lines)
	for node := c.s.docs[0]; node != c.at; {
		i := c.childWith(node)
		if i < 0 {
			return parts, 0
		}
		next, ok := c.s.partOf(node, i, end)
		if ok {
			parts = append([]part{next}, parts...)
		}
		if next.end == 0 {
			return parts, 0
		}
		node, end = next.value, next.end
	}
	return parts, end
}

// childWith returns the position of the value or item that holds the node that changes, -1 for none.
func (c check) childWith(node *yaml.Node) int {
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		if leads, _ := way(child, c.at); leads {
			return i
		}
	}
	return -1
}

// partOf returns the part of a block whose value is content i, the block ending with line end at last. Its end is 0 where
// that is not known; it is no part, ok says, where it shares its first line with others.
func (s *stream) partOf(block *yaml.Node, i, end int) (p part, ok bool) {
	if block.Style&yaml.FlowStyle != 0 {
		return part{}, false
	}
	p = part{value: block.Content[i], column: block.Column, start: block.Content[i].Line, end: end}
	if block.Kind == yaml.MappingNode {
		p.key = block.Content[i-1]
		p.column, p.start = p.key.Column, p.key.Line
	}
	if i+1 < len(block.Content) {
		next := part{column: p.column, start: block.Content[i+1].Line}
		if block.Kind == yaml.MappingNode {
			next.key = block.Content[i+1]
		}
		if !s.beginsLine(next, block) {
			return part{}, false
		}
		p.end = next.start - 1
	}
	return p, s.beginsLine(p, block) && p.end >= p.start
}

// beginsLine reports whether nothing but blanks stands before a part of a block on its first line.
func (s *stream) beginsLine(p part, block *yaml.Node) bool {
	line := s.lines[p.start-1]
	if p.column < 1 || p.column != block.Column && p.key == nil || len(line) < p.column || strings.Trim(line[:p.column-1], " ") != "" {
		return false
	}
	return line[p.column-1] == '-' == (p.key == nil)
}
