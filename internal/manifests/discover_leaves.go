package manifests

import (
	"bytes"
	"strings"
)

// leaf is a scalar near the top of a YAML mapping: under key top, or under key sub of the mapping, or of one of
// the mappings in the list, that top holds. That is all that discovery reads of kustomizations and charts.
type leaf struct{ top, sub, value string }

// readLeaves returns the leaves of the first document of data in their order, without empty and null ones. Block
// scalars of several lines are left out but under the keys where kustomize takes a configuration written inline.
//
// Most files are written in a plain block style, which a scan of lines reads twenty times faster than the YAML
// parser; whatever that scan does not know for certain goes to the parser. The two agree (fuzz-tested).
func readLeaves(data []byte) ([]leaf, error) {
	if leaves, ok := scanLeaves(data); ok {
		return leaves, nil
	}
	return parseLeaves(data)
}

func parseLeaves(data []byte) ([]leaf, error) {
	node, err := ParseYAML(data)
	if err != nil {
		return nil, err
	}
	var leaves []leaf
	emit := func(top, sub string, value Field) {
		if text := value.Text(); text != "" && (inlineConfig(top) || !strings.Contains(text, "\n")) {
			leaves = append(leaves, leaf{top, sub, text})
		}
	}
	emitMap := func(top string, m Field) {
		for _, e := range m.Entries() {
			emit(top, e.Key, e.Value)
			for _, item := range e.Value.Items() {
				emit(top, e.Key, item)
			}
		}
	}
	for _, e := range NewField(node, "").Entries() {
		emit(e.Key, "", e.Value)
		emitMap(e.Key, e.Value)
		for _, item := range e.Value.Items() {
			emit(e.Key, "", item)
			emitMap(e.Key, item)
		}
	}
	return leaves, nil
}

// inlineConfig reports whether kustomize takes whole documents as items of the list under key.
func inlineConfig(key string) bool {
	return key == "generators" || key == "transformers" || key == "validators"
}

// place is where a node stands, seen from the root of the document.
type place uint8

const (
	atRoot place = iota
	atTop        // the value of a key of the root
	inTop        // an item of a list there
	atSub        // the value of a key of a mapping there
	inSub        // an item of a list there
	beyond       // everything deeper
)

func (p place) ofKey() place {
	switch p {
	case atRoot:
		return atTop
	case atTop, inTop:
		return atSub
	}
	return beyond
}

func (p place) ofItem() place {
	switch p {
	case atTop:
		return inTop
	case atSub:
		return inSub
	}
	return beyond
}

const (
	maxScanDepth = 32
	maxScanKey   = 128 // bytes
)

// leafScanner reads the plain block style line by line. It gives up (ok is false) on everything else.
type leafScanner struct {
	rest     []byte // what follows the current line
	indent   int    // of the current line, -1 at the end
	text     []byte // of the current line, without indent and trailing blanks
	depth    int
	top, sub string
	leaves   []leaf
}

func scanLeaves(data []byte) (leaves []leaf, ok bool) {
	for i, c := range data {
		plain := c >= ' ' && c < 0x7f || c == '\n' || c == '\r' && i+1 < len(data) && data[i+1] == '\n'
		if !plain {
			return nil, false
		}
	}
	s := &leafScanner{rest: data, leaves: make([]leaf, 0, 8)}
	s.next()
	if s.indent == 0 && string(s.text) == "---" {
		s.next()
	}
	if s.indent < 0 {
		return nil, true
	}
	if ok := s.mapping(s.indent, atRoot); !ok || s.indent >= 0 {
		return nil, false
	}
	return s.leaves, true
}

// next goes to the next line that is neither blank nor a comment.
func (s *leafScanner) next() {
	for len(s.rest) > 0 {
		line, rest, _ := bytes.Cut(s.rest, []byte{'\n'})
		s.rest = rest
		text := bytes.TrimLeft(line, " ")
		indent := len(line) - len(text)
		if text = bytes.TrimRight(text, " \r"); len(text) > 0 && text[0] != '#' {
			s.indent, s.text = indent, text
			return
		}
	}
	s.indent, s.text = -1, nil
}

// isItem reports whether the current line is an item of a list.
func (s *leafScanner) isItem() bool {
	return len(s.text) > 0 && s.text[0] == '-' && (len(s.text) == 1 || s.text[1] == ' ')
}

func (s *leafScanner) block(indent int, at place) bool {
	if s.depth++; s.depth > maxScanDepth {
		return false
	}
	defer func() { s.depth-- }()
	if s.isItem() {
		return at != atRoot && s.sequence(indent, at)
	}
	return s.mapping(indent, at)
}

func (s *leafScanner) mapping(indent int, at place) bool {
	for s.indent == indent && !s.isItem() {
		key, value, ok := cutKey(s.text)
		if !ok {
			return false
		}
		switch at {
		case atRoot:
			s.top, s.sub = key, ""
		case atTop, inTop:
			s.sub = key
		}
		if !s.value(value, indent, at.ofKey(), true) {
			return false
		}
		if at != atRoot && at.ofKey() == atSub {
			s.sub = ""
		}
	}
	return s.indent < indent || s.isItem()
}

func (s *leafScanner) sequence(indent int, at place) bool {
	for s.indent == indent && s.isItem() {
		content := bytes.TrimLeft(s.text[1:], " ")
		if _, _, isMap := cutKey(content); isMap {
			s.indent += len(s.text) - len(content)
			s.text = content
			if s.depth++; s.depth > maxScanDepth || !s.mapping(s.indent, at.ofItem()) {
				return false
			}
			s.depth--
			if s.indent > indent {
				return false
			}
		} else if !s.value(content, indent, at.ofItem(), false) {
			return false
		}
	}
	return s.indent <= indent
}

// value reads what stands behind a key or a dash, and goes on to the line after it.
func (s *leafScanner) value(text []byte, indent int, at place, ofKey bool) bool {
	switch {
	case len(text) == 0 || text[0] == '#':
		s.next()
		if s.indent > indent || ofKey && s.indent == indent && s.isItem() {
			return s.block(s.indent, at)
		}
		return true
	case text[0] == '|':
		return !inlineConfig(s.top) && s.literal(text, indent)
	}
	value, ok := scanScalar(text)
	if !ok {
		return false
	}
	if value != "" && at != beyond {
		s.leaves = append(s.leaves, leaf{s.top, s.sub, value})
	}
	s.next()
	return s.indent <= indent
}

// literal skips a block scalar that surely has several lines.
func (s *leafScanner) literal(header []byte, parent int) bool {
	if h := string(header); h != "|" && h != "|-" && h != "|+" {
		return false
	}
	first, lines := -1, 0
	for len(s.rest) > 0 {
		line, rest, _ := bytes.Cut(s.rest, []byte{'\n'})
		text := bytes.TrimLeft(line, " ")
		indent := len(line) - len(text)
		blank := len(bytes.TrimRight(text, "\r")) == 0
		if first < 0 && blank && indent > 0 {
			return false
		}
		if !blank {
			if first < 0 && indent > parent {
				first = indent
			}
			if indent < first || first < 0 {
				break
			}
			lines++
		}
		s.rest = rest
	}
	s.next()
	return lines > 1 && s.indent <= parent
}

// cutKey cuts "key: value". Only keys of letters, digits and a few signs are known.
func cutKey(text []byte) (key string, value []byte, ok bool) {
	for i, c := range text {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case i > 0 && (c >= '0' && c <= '9' || c == '.' || c == '-' || c == '/'):
		case i > 0 && i <= maxScanKey && c == ':' && (i+1 == len(text) || text[i+1] == ' '):
			return string(text[:i]), bytes.TrimLeft(text[i+1:], " "), true
		default:
			return "", nil, false
		}
	}
	return "", nil, false
}

// scanScalar returns a scalar on one line, plain or in quotes without escapes; "" for null.
func scanScalar(text []byte) (string, bool) {
	if text[0] == '"' || text[0] == '\'' {
		body, after, closed := bytes.Cut(text[1:], text[:1])
		trimmed := bytes.TrimLeft(after, " ")
		comment := len(trimmed) == 0 || trimmed[0] == '#' && len(after) > len(trimmed)
		return string(body), closed && comment && !bytes.ContainsRune(body, '\\')
	}
	if i := bytes.Index(text, []byte(" #")); i >= 0 {
		text = bytes.TrimRight(text[:i], " ")
	}
	if !plainStart(text[0]) || bytes.Contains(text, []byte(": ")) || text[len(text)-1] == ':' {
		return "", false
	}
	switch value := string(text); value {
	case "null", "Null", "NULL":
		return "", true
	default:
		return value, true
	}
}

// plainStart reports whether a plain scalar may surely begin with c.
func plainStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '/' || c == '_'
}
