package edit

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// offset returns where in the text a line and column (in characters, both from 1) are.
func (s *stream) offset(line, column int) int {
	at := 0
	for i := 0; i < line-1 && i < len(s.lines); i++ {
		at += len(s.lines[i])
	}
	for c := 1; c < column && at < len(s.text); c++ {
		_, width := utf8.DecodeRune(s.text[at:])
		at += width
	}
	return at
}

// splice replaces the bytes from start to end.
func (s *stream) splice(start, end int, with string) []byte {
	out := make([]byte, 0, len(s.text)+len(with))
	out = append(out, s.text[:start]...)
	out = append(out, with...)
	return append(out, s.text[end:]...)
}

// replace puts value in the place of a node.
func (s *stream) replace(node *yaml.Node, value any) ([]byte, error) {
	start := s.offset(node.Line, node.Column)
	if node.Tag == "!!null" && node.Value == "" {
		return s.fillNull(node, value)
	}
	flow, err := s.inline(value, node.Style)
	if err != nil {
		return nil, err
	}
	switch node.Kind {
	case yaml.ScalarNode:
		end, err := s.scalarEnd(node, start)
		if err != nil {
			return nil, err
		}
		return s.splice(start, end, flow), nil
	case yaml.MappingNode, yaml.SequenceNode:
		if end := closing(s.text, start); end > 0 && node.Style&yaml.FlowStyle != 0 {
			return s.splice(start, end, flow), nil
		}
	}
	return nil, refused("line %d: a block would be replaced", node.Line)
}

// fillNull gives a key without a value one.
func (s *stream) fillNull(node *yaml.Node, value any) ([]byte, error) {
	flow, err := s.inline(value, 0)
	if err != nil {
		return nil, err
	}
	start := s.offset(node.Line, node.Column)
	// An empty value has the position behind its key's colon, which is as good as any.
	if start > 0 && s.text[start-1] == ':' {
		flow = " " + flow
	}
	return s.splice(start, start, flow), nil
}

// scalarEnd returns where a scalar that stands on one line ends.
func (s *stream) scalarEnd(node *yaml.Node, start int) (int, error) {
	rest := s.text[start:]
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	switch {
	case node.Anchor != "" || node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || node.Style&yaml.TaggedStyle != 0:
	case node.Style&yaml.DoubleQuotedStyle != 0 || node.Style&yaml.SingleQuotedStyle != 0:
		if end := closingQuote(rest); end > 0 {
			return start + end, nil
		}
	case bytes.HasPrefix(rest, []byte(node.Value)):
		return start + len(node.Value), nil
	}
	return 0, refused("line %d: the value is not written on one line", node.Line)
}

// closingQuote returns the length of the quoted scalar that text begins with, 0 when it does not end there.
func closingQuote(text []byte) int {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return 0
}

// closing returns where the flow collection that begins at start ends, 0 when it does not.
func closing(text []byte, start int) int {
	depth := 0
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"', '\'':
			if i > start && strings.ContainsRune(" ,{[:\n\t", rune(text[i-1])) {
				if n := closingQuote(text[i:]); n > 0 {
					i += n - 1
				}
			}
		case '#':
			if i > start && (text[i-1] == ' ' || text[i-1] == '\n') {
				if n := bytes.IndexByte(text[i:], '\n'); n > 0 {
					i += n
				}
			}
		}
	}
	return 0
}

// insert adds an entry to a mapping or an item to a list, or makes a mapping of an empty value.
func (s *stream) insert(node *yaml.Node, key string, value any) ([]byte, error) {
	switch {
	case nextItem(node, key):
		return s.appendItem(node, value)
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null":
		return s.replace(node, map[string]any{key: value})
	case node.Kind != yaml.MappingNode:
		return nil, refused("line %d: is no mapping", node.Line)
	case node.Style&yaml.FlowStyle != 0:
		return s.insertFlow(node, key, value)
	}
	return s.insertBlock(node, key, value)
}

// insertFlow adds an entry within braces: on a line of its own where the last one has one.
func (s *stream) insertFlow(node *yaml.Node, key string, value any) ([]byte, error) {
	start := s.offset(node.Line, node.Column)
	end := closing(s.text, start)
	flow, err := s.inline(map[string]any{key: value}, 0)
	if end == 0 || err != nil {
		return nil, refused("line %d: the braces are not understood", node.Line)
	}
	flow = strings.TrimSuffix(strings.TrimPrefix(flow, "{"), "}")
	body := bytes.TrimRight(s.text[start+1:end-1], " \t\r\n")
	at := start + 1 + len(body)
	if n := len(node.Content); n > 0 {
		gap := " "
		last := node.Content[n-2]
		lead := s.lines[last.Line-1][:s.offset(last.Line, last.Column)-s.offset(last.Line, 1)]
		if strings.TrimSpace(lead) == "" && last.Line > node.Line {
			gap = s.eol(last.Line) + lead
		}
		if body[len(body)-1] != ',' {
			gap = "," + gap
		}
		flow = gap + flow
	}
	return s.splice(at, at, flow), nil
}

// insertBlock adds an entry as lines of its own, behind the mapping's last one.
func (s *stream) insertBlock(node *yaml.Node, key string, value any) ([]byte, error) {
	indent := node.Content[0].Column - 1
	last := s.blockEnd(node.Content[0].Line, indent)
	w := blockWriter{style: styleOf(s.docs), eol: s.eol(last)}
	if err := w.entry(indent, key, value); err != nil {
		return nil, err
	}
	block := w.out.String()
	at := s.offset(last+1, 1)
	if at > 0 && s.text[at-1] != '\n' {
		block = w.eol + strings.TrimSuffix(block, w.eol)
	}
	return s.splice(at, at, block), nil
}

// eol returns how a line of the text ends; the last one as the others do.
func (s *stream) eol(line int) string {
	text := s.lines[line-1]
	if !strings.HasSuffix(text, "\n") {
		text = s.lines[0]
	}
	if strings.HasSuffix(text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// blockEnd returns the last line of the block that begins on line and whose keys are indented by indent.
// Comments and blank lines behind it belong to what follows.
func (s *stream) blockEnd(line, indent int) int {
	last := line
	for n := line + 1; n <= len(s.lines); n++ {
		text := strings.TrimRight(s.lines[n-1], " \t\r\n")
		trimmed := strings.TrimLeft(text, " ")
		depth := len(text) - len(trimmed)
		switch {
		case trimmed == "":
			continue
		case depth < indent, strings.HasPrefix(text, "---") && depth == 0, text == "...":
			return last
		case strings.HasPrefix(trimmed, "#") && depth <= indent:
			continue
		}
		last = n
	}
	return last
}

// remove cuts an entry out.
func (s *stream) remove(e entry) ([]byte, error) {
	switch {
	case e.parent == nil:
		return nil, refused("a whole document would be removed")
	case e.parent.Style&yaml.FlowStyle != 0:
		return s.removeFlow(e)
	case e.key == nil:
		return s.removeItem(e)
	}
	return s.removeKey(e)
}

// removeKey cuts the lines of a block mapping's entry.
func (s *stream) removeKey(e entry) ([]byte, error) {
	if len(e.parent.Content) == 2 {
		return nil, refused("line %d: it is the only key of its mapping", e.key.Line)
	}
	indent := e.key.Column - 1
	end := s.entryEnd(e.key.Line, indent, e.value.Kind == yaml.SequenceNode)
	start := s.offset(e.key.Line, 1)
	lead := string(s.text[start:s.offset(e.key.Line, e.key.Column)])
	if strings.TrimSpace(lead) == "" {
		return s.splice(start, s.offset(end+1, 1), ""), nil
	}
	// The key shares its line with a list item's dash: the next key takes its place there.
	next := s.offset(end+1, 1) + indent
	if next >= len(s.text) || e.index+1 >= len(e.parent.Content) || e.parent.Content[e.index+1].Line != end+1 {
		return nil, refused("line %d: the item's dash cannot be kept", e.key.Line)
	}
	return s.splice(start+len(lead), next, ""), nil
}

// removeItem cuts the lines of a block list's item.
func (s *stream) removeItem(e entry) ([]byte, error) {
	if len(e.parent.Content) == 1 {
		return nil, refused("line %d: it is the only item of its list", e.value.Line)
	}
	line := s.lines[e.value.Line-1]
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if indent != e.parent.Column-1 || !strings.HasPrefix(line[indent:], "-") {
		return nil, refused("line %d: the item does not begin its line", e.value.Line)
	}
	return s.splice(s.offset(e.value.Line, 1), s.offset(s.entryEnd(e.value.Line, indent, false)+1, 1), ""), nil
}

// entryEnd returns the last line of the entry that begins on line: what follows it is deeper than indent, or, for
// a list below its key, begins with a dash at the same depth.
func (s *stream) entryEnd(line, indent int, list bool) int {
	last := line
	for n := line + 1; n <= len(s.lines); n++ {
		text := strings.TrimRight(s.lines[n-1], " \t\r\n")
		trimmed := strings.TrimLeft(text, " ")
		depth := len(text) - len(trimmed)
		if trimmed == "" {
			continue
		}
		if depth < indent || depth == indent && !(list && strings.HasPrefix(trimmed, "-")) {
			return last
		}
		last = n
	}
	return last
}

// removeFlow cuts an entry out of braces or brackets, with the comma that parts it from its neighbour.
func (s *stream) removeFlow(e entry) ([]byte, error) {
	first := e.value
	if e.key != nil {
		first = e.key
	}
	start := s.offset(first.Line, first.Column)
	end := s.offset(e.value.Line, e.value.Column)
	if e.value.Kind == yaml.ScalarNode {
		var err error
		if end, err = s.scalarEnd(e.value, end); err != nil {
			return nil, err
		}
	} else if end = closing(s.text, end); end == 0 {
		return nil, refused("line %d: the braces are not understood", first.Line)
	}
	rest := len(s.text[end:]) - len(bytes.TrimLeft(s.text[end:], " "))
	if end+rest < len(s.text) && s.text[end+rest] == ',' {
		end += rest + 1
		for end < len(s.text) && s.text[end] == ' ' {
			end++
		}
		return s.splice(start, end, ""), nil
	}
	before := bytes.TrimRight(s.text[:start], " ")
	if len(before) > 0 && before[len(before)-1] == ',' {
		start = len(before) - 1
	}
	return s.splice(start, end, ""), nil
}
