package edit

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// inline writes a value on one line: as JSON in a text that is JSON, else as YAML, a string in the quotes of style.
func (s *stream) inline(value any, style yaml.Style) (string, error) {
	if !s.json {
		return inline(value, style)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", refused("the value is nothing that JSON has: %v", err)
	}
	return spaced(strings.TrimSuffix(out.String(), "\n")), nil
}

// spaced puts a space behind the commas and colons of JSON on one line, outside of its strings.
func spaced(text string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		b.WriteByte(text[i])
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
			b.WriteByte(text[i])
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ':'):
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func inline(value any, style yaml.Style) (string, error) {
	switch value := value.(type) {
	case bool:
		return strconv.FormatBool(value), nil
	case int:
		return strconv.Itoa(value), nil
	case string:
		if style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 && isPlain(value) {
			return value, nil
		}
	}
	var node yaml.Node
	if err := node.Encode(value); err != nil {
		return "", refused("the value cannot be written: %v", err)
	}
	setFlow(&node)
	if _, isText := value.(string); isText {
		node.Style |= style & (yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle)
	}
	text, err := yaml.Marshal(&node)
	if err != nil || bytes.Count(text, []byte("\n")) != 1 {
		return "", refused("the value does not fit on a line")
	}
	return strings.TrimSuffix(string(text), "\n"), nil
}

// isPlain reports whether a text surely needs no quotes.
func isPlain(text string) bool {
	return plainWord.MatchString(text) && !slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(text))
}

var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z-]{0,63}$`)

func setFlow(node *yaml.Node) {
	if node.Kind != yaml.ScalarNode {
		node.Style = yaml.FlowStyle
	}
	for _, child := range node.Content {
		setFlow(child)
	}
}

// blockStyle is how a text indents what it nests.
type blockStyle struct {
	width   int  // of a mapping within a mapping
	compact bool // the dashes of a list stand below its key, not to the right of it
}

// styleOf returns the style that most of a text is written in.
func styleOf(docs []*yaml.Node) blockStyle {
	widths, compact := map[int]int{}, 0
	var look func(*yaml.Node)
	look = func(node *yaml.Node) {
		for i, child := range node.Content {
			look(child)
			if node.Kind != yaml.MappingNode || i%2 == 0 || child.Style&yaml.FlowStyle != 0 {
				continue
			}
			switch deeper := child.Column - node.Content[i-1].Column; {
			case child.Kind == yaml.MappingNode && deeper > 0 && child.Line > node.Content[i-1].Line:
				widths[deeper]++
			case child.Kind == yaml.SequenceNode && deeper == 0:
				compact++
			case child.Kind == yaml.SequenceNode:
				compact--
			}
		}
	}
	for _, doc := range docs {
		look(doc)
	}
	style := blockStyle{width: 2, compact: compact > 0}
	for _, width := range slices.Sorted(maps.Keys(widths)) {
		if widths[width] > widths[style.width] {
			style.width = width
		}
	}
	return style
}

// blockWriter writes entries as indented lines.
type blockWriter struct {
	style blockStyle
	eol   string
	out   strings.Builder
}

func (w *blockWriter) line(indent int, text string) {
	w.out.WriteString(strings.Repeat(" ", indent) + text + w.eol)
}

func (w *blockWriter) entry(indent int, key string, value any) error {
	name, err := inline(key, 0)
	if err != nil {
		return err
	}
	switch value := value.(type) {
	case map[string]any:
		if len(value) == 0 {
			break
		}
		w.line(indent, name+":")
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if err := w.entry(indent+w.style.width, key, value[key]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		if len(value) == 0 {
			break
		}
		w.line(indent, name+":")
		return w.items(indent, value)
	}
	text, err := inline(value, 0)
	if err != nil {
		return err
	}
	w.line(indent, name+": "+text)
	return nil
}

func (w *blockWriter) items(indent int, items []any) error {
	if !w.style.compact {
		indent += w.style.width
	}
	for _, item := range items {
		text, err := inline(item, 0)
		if err != nil {
			return err
		}
		w.line(indent, "- "+text)
	}
	return nil
}
