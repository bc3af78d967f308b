package trace

import (
	"fmt"
	"reflect"
	"strings"
)

// source is a text that went into another.
type source struct {
	s string
	t *text
}

// flows is the general rule for the origin of a result: of a text, by finding the arguments in it; of anything
// else, all that is known of the arguments.
func (s *state) flows(c *call, out reflect.Value) *prov {
	out = concrete(out)
	var rest []*node
	var sources []source
	for i, arg := range c.args {
		rv := concrete(c.in[i])
		content, isBytes := bytesOf(rv)
		switch {
		case isBytes:
			sources = append(sources, source{string(content), arg.prov.asText(len(content))})
		case isContainer(rv):
			rest = union(rest, s.addList(&sources, value{rv, arg.prov}))
		case arg.prov == nil:
		case !rv.IsValid() || rv.Kind() == reflect.String && rv.Len() == 0:
			rest = union(rest, arg.prov.all())
		case rv.Kind() == reflect.String:
			sources = append(sources, source{rv.String(), arg.prov.asText(rv.Len())})
		case arg.prov.text == nil:
			shown := fmt.Sprint(rv)
			sources = append(sources, source{shown, arg.prov.asText(len(shown))})
		}
	}
	if len(sources) == 0 && len(rest) == 0 {
		return nil
	}
	if out.Kind() == reflect.String {
		return placed(out.String(), sources, rest)
	}
	for _, src := range sources {
		rest = union(rest, (&prov{text: src.t}).all())
	}
	return derived(rest)
}

// maxJoined is how many elements of a list are looked for in a text.
const maxJoined = 512

// addList adds the elements of a list to sources, and returns the leaves of what is no list of plain values.
func (s *state) addList(sources *[]source, v value) []*node {
	if v.rv.Kind() != reflect.Slice || v.rv.Len() > maxJoined {
		return s.leavesIn(v, 0)
	}
	var rest []*node
	for i := range v.rv.Len() {
		elem := v.rv.Index(i)
		p := s.inside(v, index(i), elem)
		switch elem = concrete(elem); {
		case isContainer(elem):
			rest = union(rest, s.leavesIn(value{elem, p}, 1))
		case p != nil && elem.IsValid():
			shown := fmt.Sprint(elem)
			*sources = append(*sources, source{shown, p.asText(len(shown))})
		}
	}
	if len(rest) == 0 && v.rv.Len() == 0 {
		return v.prov.all()
	}
	return rest
}

// leavesIn gives the leaves of a map or list: itself if it is in the values, or what was put into it.
func (s *state) leavesIn(v value, depth int) []*node {
	if leaves := s.originOf(v).all(); len(leaves) > 0 {
		return leaves
	}
	var leaves []*node
	s.each(v, func(elem value) bool {
		if isContainer(elem.rv) && depth < 4 {
			leaves = union(leaves, s.leavesIn(value{concrete(elem.rv), elem.prov}, depth+1))
		} else {
			leaves = union(leaves, elem.prov.all())
		}
		return len(leaves) < maxLeaves
	})
	return leaves
}

// maxEach is how many elements of a map or list are looked at.
const maxEach = 256

// each visits the elements of a map or list, as long as it is told to.
func (s *state) each(v value, visit func(value) bool) {
	switch v.rv.Kind() {
	case reflect.Slice:
		for i := range min(v.rv.Len(), maxEach) {
			elem := v.rv.Index(i)
			if !visit(value{elem, s.inside(v, index(i), elem)}) {
				return
			}
		}
	case reflect.Map:
		if v.rv.Len() > maxEach {
			return
		}
		for _, k := range sortedKeys(v.rv) {
			elem := v.rv.MapIndex(k)
			if !visit(value{elem, s.inside(v, keyOf(k), elem)}) {
				return
			}
		}
	}
}

// placed finds sources in a text. The leaves of what is not found, and rest, are given to what is in between.
func placed(out string, sources []source, rest []*node) *prov {
	if out == "" {
		return nil
	}
	longest := source{}
	for _, src := range sources {
		if len(src.s) > len(longest.s) && src.t != nil {
			longest = src
		}
	}
	t := &text{}
	if longest.t != nil && !strings.Contains(out, longest.s) {
		for _, src := range sources {
			if src.t != longest.t {
				rest = union(rest, (&prov{text: src.t}).all())
			}
		}
		t.add(0, aligned(out, longest))
	} else {
		at := 0
		for _, src := range sources {
			if i := strings.Index(out[at:], src.s); i >= 0 && src.s != "" {
				t.add(at+i, src.t)
				at += i + len(src.s)
			} else {
				rest = union(rest, (&prov{text: src.t}).all())
			}
		}
	}
	if len(rest) > 0 {
		t = t.filled(len(out), &mark{leaves: rest})
	}
	if len(t.pieces) == 0 {
		return nil
	}
	return &prov{text: t}
}

// filled gives all unknown parts of a text of a length a mark.
func (t *text) filled(length int, m *mark) *text {
	full := &text{pieces: append([]piece(nil), t.pieces...)}
	for i := range full.pieces {
		if full.pieces[i].mark == nil {
			full.pieces[i].mark = m
		}
	}
	full.pad(length, m)
	return full
}

// aligned tells where the parts of a text are from that a function made of a source: a part of it, the source
// within more, the same lines indented or otherwise changed, or something else.
func aligned(out string, src source) *text {
	if i := strings.Index(out, src.s); i >= 0 {
		t := &text{}
		t.add(i, src.t)
		return t
	}
	if i := strings.Index(src.s, out); i >= 0 {
		return src.t.cut(i, i+len(out))
	}
	lines := strings.Count(src.s, "\n")
	start := 0
	switch strings.Count(out, "\n") {
	case lines + 1:
		if out[0] != '\n' {
			return whole(len(out), src.t)
		}
		start = 1
	case lines:
	default:
		return whole(len(out), src.t)
	}
	if lines == 0 {
		t := &text{}
		t.add(start, alignedLine(out[start:], src))
		return t
	}
	return alignedLines(out, start, src)
}

// alignedLines aligns texts of the same number of lines.
func alignedLines(out string, start int, src source) *text {
	t := &text{}
	from := 0
	for start <= len(out) && from <= len(src.s) {
		line, _, more := strings.Cut(out[start:], "\n")
		old, _, _ := strings.Cut(src.s[from:], "\n")
		t.add(start, alignedLine(line, source{old, src.t.cut(from, from+len(old))}))
		start += len(line) + 1
		from += len(old) + 1
		if !more {
			break
		}
	}
	return t
}

func alignedLine(line string, src source) *text {
	if src.t == nil || line == "" {
		return nil
	}
	t := &text{}
	if strings.HasSuffix(line, src.s) {
		t.add(len(line)-len(src.s), src.t)
		return t
	}
	if i := strings.Index(line, src.s); i >= 0 {
		t.add(i, src.t)
		return t
	}
	if i := strings.Index(src.s, line); i >= 0 {
		return src.t.cut(i, i+len(line))
	}
	return whole(len(line), src.t)
}

// whole gives a text of a length all leaves of another, and the place where that begins.
func whole(length int, from *text) *text {
	m := summary(from)
	if m == nil || length == 0 {
		return nil
	}
	return &text{[]piece{{length, m, -1}}}
}

// summary makes one mark of all marks of a text: the place of the first, the leaves of all.
func summary(t *text) *mark {
	if t == nil {
		return nil
	}
	var m, last *mark
	for _, p := range t.pieces {
		if p.mark == nil || p.mark == last {
			continue
		}
		last = p.mark
		if m == nil {
			m = p.fixed()
			continue
		}
		merged := *m
		merged.leaves = union(m.leaves, p.mark.leaves)
		if merged.site == nil {
			first := p.fixed()
			merged.site, merged.cond, merged.under, merged.depth = first.site, first.cond, first.under, first.depth
		}
		m = &merged
	}
	return m
}

// fixed gives the mark of a piece; of literal text, with the place where the piece begins.
func (p piece) fixed() *mark {
	if p.off < 0 || p.mark.under != nil || p.mark.site == nil {
		return p.mark
	}
	at := *p.mark.site
	for source := at.def.unit.source; p.off < len(source)-1 && strings.IndexByte(" \t\r\n", source[p.off]) >= 0; {
		p.off++
	}
	at.pos = p.off
	m := *p.mark
	m.site = &at
	return &m
}
