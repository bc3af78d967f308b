package rules_test

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lineSpot is a place of a file where something can be planted: one value on one line.
type lineSpot struct {
	class string
	file  string
	line  int    // from 1
	at    int    // the byte of the line at which the value ends
	value string // as it is written now, without quotes
	whole bool   // a number, which is replaced as a whole
	keys  string // the path of the value, joined by dots
}

// planted returns plant i of a change: a number in place of a number, otherwise a suffix, so that versions, names and
// paths stay what they are.
func (s lineSpot) planted(i int) string {
	if s.whole {
		return plantedNumber
	}
	return plantedWord + strconv.Itoa(i) + "x"
}

// plant returns the file with plant i in it.
func (s lineSpot) plant(data []byte, i int) []byte {
	lines := bytes.SplitAfter(data, []byte("\n"))
	line := lines[s.line-1]
	what, from := "-"+s.planted(i), s.at
	if s.whole {
		what, from = s.planted(i), s.at-len(s.value)
	}
	lines[s.line-1] = slices.Concat(line[:from], []byte(what), line[s.at:])
	return bytes.Join(lines, nil)
}

// yamlSpots finds the values of a YAML or JSON file that stand on one line with their key, or as an item.
func yamlSpots(data []byte) []lineSpot {
	c := spotCollector{lines: strings.Split(string(data), "\n")}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := decoder.Decode(&doc); err != nil {
			if err == io.EOF {
				return c.spots
			}
			return nil
		}
		c.visit(&doc, "", false)
	}
}

type spotCollector struct {
	lines []string
	spots []lineSpot
}

func (c *spotCollector) visit(n *yaml.Node, keys string, flow bool) {
	flow = flow || n.Style&yaml.FlowStyle != 0
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		at := keys
		if n.Kind == yaml.MappingNode {
			at = strings.TrimPrefix(keys+"."+n.Content[i-1].Value, ".")
		}
		if child.Kind == yaml.ScalarNode {
			c.scalar(child, at, flow)
		}
		c.visit(child, at, flow)
	}
}

func (c *spotCollector) scalar(n *yaml.Node, keys string, flow bool) {
	number := n.Tag == "!!int"
	if n.Value == "" || n.Tag != "!!str" && !number || n.Anchor != "" || n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return
	}
	line := c.lines[n.Line-1]
	token := n.Value
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		token = `"` + token
	case n.Style&yaml.SingleQuotedStyle != 0:
		token = "'" + token
	}
	from := n.Column - 1
	if strings.IndexFunc(line, func(r rune) bool { return r > 126 }) >= 0 || from > len(line) || !strings.HasPrefix(line[from:], token) {
		return
	}
	s := lineSpot{line: n.Line, at: from + len(token), value: n.Value, whole: number, keys: keys}
	if flow {
		s.class = "flow style"
	}
	c.spots = append(c.spots, s)
}

// blockSpots finds the values of YAML that stands in a block scalar of a file. The node is the scalar's.
func blockSpots(data []byte, n *yaml.Node) []lineSpot {
	if n.Kind != yaml.ScalarNode || n.Style&yaml.LiteralStyle == 0 {
		return nil
	}
	outer, inner := strings.Split(string(data), "\n"), strings.Split(n.Value, "\n")
	var spots []lineSpot
	for _, s := range yamlSpots([]byte(n.Value)) {
		row := n.Line + s.line - 1
		if row >= len(outer) {
			return nil
		}
		shift := strings.Index(outer[row], strings.TrimRight(inner[s.line-1], "\r"))
		if shift < 0 {
			return nil
		}
		s.line, s.at = row+1, s.at+shift
		spots = append(spots, s)
	}
	return spots
}

var (
	templateLiteral = regexp.MustCompile(`^\s*(?:- )?([A-Za-z][\w./-]*): ([A-Za-z/][\w./:-]*)\s*$`)
	templateDefault = regexp.MustCompile(`default "([A-Za-z0-9][\w.:/-]*)"`)
)

// templateSpots finds values that are written out in a template, and the defaults in its actions.
func templateSpots(data []byte, helper bool) []lineSpot {
	var spots []lineSpot
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if m := templateDefault.FindStringSubmatchIndex(line); m != nil {
			spots = append(spots, lineSpot{class: "template default", line: i + 1, at: m[3], value: line[m[2]:m[3]]})
		}
		m := templateLiteral.FindStringSubmatchIndex(line)
		if m == nil || line[m[2]:m[3]] == "kind" || line[m[2]:m[3]] == "apiVersion" {
			continue
		}
		class := "template literal"
		if helper {
			class = "helper"
		}
		spots = append(spots, lineSpot{class: class, line: i + 1, at: m[5], value: line[m[4]:m[5]]})
	}
	return spots
}

// textSpots finds the lines of an env file or of any text, at the ends of which something can be planted.
func textSpots(data []byte, env bool) []lineSpot {
	var spots []lineSpot
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimRight(line, " \t\r")
		key, value, ok := strings.Cut(line, "=")
		if line == "" || env && (!ok || value == "" || strings.HasPrefix(strings.TrimSpace(line), "#")) {
			continue
		}
		if !env {
			key, value = "", line
		}
		spots = append(spots, lineSpot{line: i + 1, at: len(line), value: value, keys: key})
	}
	return spots
}
