package trace

import (
	"reflect"
	"strconv"
	"strings"
)

// walk follows the lines of an encoded value and tells which element each line shows.
type walk interface {
	// line gives the mark of the next line; ok is false if it does not look as expected.
	line(string) (m *mark, ok bool)
}

// byLine is the rule for encoders that write one element to a line.
func byLine(start func(*state, value) walk) rule {
	return func(s *state, c *call, out reflect.Value) *prov {
		v := value{concrete(c.in[0]), c.args[0].prov}
		encodedText := out.String()
		if !isFilled(v.rv) {
			return s.flows(c, out)
		}
		if s.reads != nil {
			s.reads.add(s.leavesIn(v, 0))
		}
		w := start(s, v)
		t := &text{}
		known := false
		for from := 0; from < len(encodedText); {
			end := len(encodedText)
			if i := strings.IndexByte(encodedText[from:], '\n'); i >= 0 {
				end = from + i
			}
			m, ok := w.line(encodedText[from:end])
			if !ok {
				return encoded(s, c, out)
			}
			known = known || m != nil
			from = min(end+1, len(encodedText))
			t.pieces = append(t.pieces, piece{from, m, -1})
		}
		if !known {
			return nil
		}
		s.spend(pieceBytes * len(t.pieces))
		return &prov{text: t}
	}
}

// isFilled reports whether a value is a map or list that is not empty, which takes lines of its own.
func isFilled(v reflect.Value) bool {
	v = concrete(v)
	return isContainer(v) && v.Len() > 0 && v.Type() != reflect.TypeFor[[]byte]()
}

// markOf makes a mark of an element's origin.
func markOf(p *prov) *mark {
	switch {
	case p == nil:
		return nil
	case p.text != nil:
		return summary(p.text)
	case len(p.leaves) == 0:
		return nil
	}
	return &mark{leaves: p.leaves}
}

// level is a map or list whose lines are being read.
type level struct {
	of     value
	indent int // of its keys or dashes; negative before the first is read
	next   int // position of the next element of a list
}

func (l *level) isList() bool { return l.of.rv.Kind() == reflect.Slice }

// key reads an element of a map.
func (l *level) key(s *state, name string) (value, bool) {
	elem := mapElem(l.of.rv, name)
	if !elem.IsValid() {
		return value{}, false
	}
	return value{concrete(elem), s.inside(l.of, key{name: name}, elem)}, true
}

// item reads the next element of a list.
func (l *level) item(s *state) (value, bool) {
	i := l.next
	l.next++
	if i >= l.of.rv.Len() {
		return value{}, false
	}
	elem := l.of.rv.Index(i)
	return value{concrete(elem), s.inside(l.of, index(i), elem)}, true
}

// yamlWalk follows YAML in the block style that Helm's encoders write.
type yamlWalk struct {
	*state
	levels []level
	scalar int   // indentation of the scalar that may go on in the next lines; -1 if none
	last   *mark // its mark
}

func newYAMLWalk(s *state, v value) walk {
	return &yamlWalk{s, []level{{of: v, indent: -1}}, -1, nil}
}

func (w *yamlWalk) line(l string) (*mark, bool) {
	indent := len(l) - len(strings.TrimLeft(l, " "))
	if w.scalar >= 0 && (indent == len(l) || indent > w.scalar) {
		return w.last, true
	}
	dash := strings.HasPrefix(l[indent:], "- ") || l[indent:] == "-"
	for len(w.levels) > 0 {
		top := &w.levels[len(w.levels)-1]
		if top.indent < 0 {
			top.indent = indent
		}
		if top.indent == indent && (dash || !top.isList()) {
			break
		}
		w.levels = w.levels[:len(w.levels)-1]
	}
	return w.entry(l, indent)
}

// entry reads what begins at a column of a line: "- …" or "key: …".
func (w *yamlWalk) entry(l string, at int) (*mark, bool) {
	for len(w.levels) > 0 && at < len(l) {
		top := &w.levels[len(w.levels)-1]
		var v value
		var ok bool
		if top.isList() {
			if l[at] != '-' {
				return nil, false
			}
			v, ok = top.item(w.state)
		} else {
			var name string
			if name, ok = yamlKey(l[at:]); ok {
				v, ok = top.key(w.state, name)
			}
		}
		if !ok {
			return nil, false
		}
		w.last, w.scalar = markOf(v.prov), at
		if !isFilled(v.rv) {
			return w.last, true
		}
		w.scalar = -1
		if !top.isList() {
			w.levels = append(w.levels, level{of: v, indent: -1})
			return w.last, true
		}
		at += 2
		w.levels = append(w.levels, level{of: v, indent: at})
	}
	return nil, false
}

// yamlKey reads the key at the beginning of a text.
func yamlKey(text string) (string, bool) {
	switch text[0] {
	case '"':
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", false
		}
		name, err := strconv.Unquote(quoted)
		return name, err == nil && strings.HasPrefix(text[len(quoted):], ":")
	case '\'':
		for i := 1; i < len(text); i++ {
			if text[i] != '\'' {
				continue
			}
			if i+1 < len(text) && text[i+1] == '\'' {
				i++
				continue
			}
			return strings.ReplaceAll(text[1:i], "''", "'"), strings.HasPrefix(text[i+1:], ":")
		}
		return "", false
	}
	if name, _, ok := strings.Cut(text, ": "); ok {
		return name, true
	}
	return strings.CutSuffix(text, ":")
}

// jsonWalk follows indented JSON.
type jsonWalk struct {
	*state
	root   value
	levels []level
}

func newJSONWalk(s *state, v value) walk { return &jsonWalk{s, v, nil} }

func (w *jsonWalk) line(l string) (*mark, bool) {
	l = strings.TrimSuffix(strings.TrimSpace(l), ",")
	v, ok := w.root, true
	if n := len(w.levels); n > 0 {
		top := &w.levels[n-1]
		if l == "}" || l == "]" {
			w.levels = w.levels[:n-1]
			return markOf(top.of.prov), true
		}
		if top.isList() {
			v, ok = top.item(w.state)
		} else if quoted, err := strconv.QuotedPrefix(l); err == nil {
			name, _ := strconv.Unquote(quoted)
			v, ok = top.key(w.state, name)
		} else {
			ok = false
		}
	}
	if ok && isFilled(v.rv) && (strings.HasSuffix(l, "{") || strings.HasSuffix(l, "[")) {
		w.levels = append(w.levels, level{of: v})
	}
	return markOf(v.prov), ok
}
