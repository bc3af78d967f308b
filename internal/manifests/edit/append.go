package edit

import (
	"bytes"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// nextItem reports whether key, as "[2]", names the item that would come behind the last one of a list.
func nextItem(node *yaml.Node, key string) bool {
	return node.Kind == yaml.SequenceNode && key == "["+strconv.Itoa(len(node.Content))+"]"
}

// appendItem adds an item behind the last one of a list.
func (s *stream) appendItem(node *yaml.Node, value any) ([]byte, error) {
	text, err := s.inline(value, 0)
	if err != nil {
		return nil, err
	}
	if node.Style&yaml.FlowStyle != 0 {
		return s.appendFlow(node, text)
	}
	last := node.Content[len(node.Content)-1]
	line := s.lines[last.Line-1]
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if indent != node.Column-1 || !strings.HasPrefix(line[indent:], "-") {
		return nil, refused("line %d: the item does not begin its line", last.Line)
	}
	end := s.blockEnd(last.Line, indent+1)
	at := s.offset(end+1, 1)
	item := line[:indent] + "- " + text
	if at > 0 && s.text[at-1] != '\n' {
		return s.splice(at, at, s.eol(end)+item), nil
	}
	return s.splice(at, at, item+s.eol(end)), nil
}

// appendFlow adds an item within brackets: on a line of its own where the last one has one.
func (s *stream) appendFlow(node *yaml.Node, text string) ([]byte, error) {
	start := s.offset(node.Line, node.Column)
	end := closing(s.text, start)
	if end == 0 {
		return nil, refused("line %d: the brackets are not understood", node.Line)
	}
	body := bytes.TrimRight(s.text[start+1:end-1], " \t\r\n")
	at := start + 1 + len(body)
	if n := len(node.Content); n > 0 {
		gap, last := " ", node.Content[n-1]
		lead := s.lines[last.Line-1][:s.offset(last.Line, last.Column)-s.offset(last.Line, 1)]
		if strings.TrimSpace(lead) == "" && last.Line > node.Line {
			gap = s.eol(last.Line) + lead
		}
		if body[len(body)-1] != ',' {
			gap = "," + gap
		}
		text = gap + text
	}
	return s.splice(at, at, text), nil
}
