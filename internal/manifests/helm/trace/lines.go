package trace

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// resolve tells of every line of an output where it is from. What it tells counts as work, because output can have
// many short lines.
func (x *run) resolve(name string, o *output) (File, error) {
	f := File{Output: o.buf, Lines: make([]Line, 0, bytes.Count(o.buf, []byte("\n"))+1)}
	x.made += lineBytes * cap(f.Lines)
	r := resolver{frames: map[*mark][]Frame{}, conds: map[*mark][]Condition{}}
	start, next := 0, 0
	for start < len(o.buf) {
		if x.made > x.limits.WorkBudget {
			limit := &LimitError{fmt.Sprintf("the output has too many lines to tell where they are from: more than %d bytes", x.limits.WorkBudget)}
			return File{}, fileError(name, limit)
		}
		end := bytes.IndexByte(o.buf[start:], '\n')
		if end < 0 {
			end = len(o.buf)
		} else {
			end += start
		}
		for next < len(o.pieces) && o.pieces[next].end <= start {
			next++
		}
		l := r.line(o, next, start, end)
		x.made += lineBytes * (len(l.Segments) + len(l.Leaves)/2)
		f.Lines = append(f.Lines, l)
		start = end + 1
	}
	return f, nil
}

// lineBytes is what telling of a line, or of a segment of one, takes, about.
const lineBytes = 100

// resolver makes places and leaves of marks.
type resolver struct {
	frames map[*mark][]Frame
	conds  map[*mark][]Condition
}

// line resolves the line [start,end) of an output whose first piece is known.
func (r *resolver) line(o *output, first, start, end int) Line {
	var l Line
	var leaves []*node
	var conds []Condition
	shown := string(o.buf[start:end])
	indent := start + len(shown) - len(strings.TrimLeft(shown, " \t"))
	for i := first; i < len(o.pieces); i++ {
		p := o.pieces[i]
		from := start
		if i > 0 {
			from = max(start, o.pieces[i-1].end)
		}
		if from > end || from == end && p.end > end {
			break
		}
		if p.mark == nil {
			continue
		}
		to := min(p.end, end)
		part := string(o.buf[from:to])
		leaves = union(leaves, p.mark.leaves)
		if strings.TrimSpace(part) == "" {
			continue
		}
		segment := r.segment(p, from-pieceStart(o, i), part)
		segment.Start, segment.End = from-start, to-start
		l.Segments = append(l.Segments, segment)
		if l.Frames == nil && to > indent {
			l.Frames = segment.Frames
		}
		conds = mergeConditions(conds, r.conditions(p.mark))
	}
	l.Leaves = leafList(leaves, shown)
	l.Conditions = conds
	return l
}

func pieceStart(o *output, i int) int {
	if i == 0 {
		return 0
	}
	return o.pieces[i-1].end
}

// segment resolves a part of a piece; skip is how much of the piece comes before it.
func (r *resolver) segment(p piece, skip int, part string) Segment {
	s := Segment{Leaves: leafList(p.mark.leaves, part)}
	if p.off < 0 {
		s.Frames = r.of(p.mark)
		return s
	}
	s.Literal = true
	blank := len(part) - len(strings.TrimLeft(part, " \t"))
	m := p.mark
	for m.under != nil {
		m = m.under
	}
	if m.site == nil || m.site.def.unit.dynamic {
		s.Frames = r.of(p.mark)
		return s
	}
	innermost := m.site.def.unit.frame(p.off+skip+blank, m.site.def.name)
	outer := r.of(p.mark)
	s.Frames = append([]Frame{innermost}, outer[1:]...)
	return s
}

// of gives the frames of a mark, innermost first: those of what it was before, then the site and its calls.
func (r *resolver) of(m *mark) []Frame {
	if frames, ok := r.frames[m]; ok {
		return frames
	}
	var frames []Frame
	if m.under != nil {
		frames = slices.Clip(r.of(m.under))
	}
	frames = appendSites(frames, m.site)
	r.frames[m] = frames
	return frames
}

// appendSites adds a site and the calls that led there, those apart that are there already.
func appendSites(frames []Frame, s *site) []Frame {
	for ; s != nil; s = s.outer {
		if s.def.unit.dynamic {
			continue
		}
		f := s.def.unit.frame(s.pos, s.def.name)
		sameLine := func(other Frame) bool { return other.Template == f.Template && other.Line == f.Line }
		if len(frames) < maxFrames && !slices.ContainsFunc(frames, sameLine) {
			frames = append(frames, f)
		}
	}
	return frames
}

// maxFrames is how many frames a line has at most: recursion can be deep.
const maxFrames = 64

// conditions gives the conditions of a mark, innermost first.
func (r *resolver) conditions(m *mark) []Condition {
	if conds, ok := r.conds[m]; ok {
		return conds
	}
	var conds []Condition
	if m.under != nil {
		conds = slices.Clip(r.conditions(m.under))
	}
	for c := m.cond; c != nil && len(conds) < maxFrames; c = c.outer {
		at := appendSites(nil, c.site)
		if len(at) > 0 {
			conds = mergeConditions(conds, []Condition{{at[0], leafList(c.leaves, "")}})
		}
	}
	r.conds[m] = conds
	return conds
}

// mergeConditions adds conditions that are not there yet.
func mergeConditions(all, more []Condition) []Condition {
	if len(all) == 0 {
		return more
	}
	all = slices.Clip(all)
	for _, c := range more {
		if !slices.ContainsFunc(all, func(other Condition) bool { return other.At == c.At }) {
			all = append(all, c)
		}
	}
	return all
}

// leafList names leaves and says which of them text shows.
func leafList(nodes []*node, text string) []Leaf {
	if len(nodes) == 0 {
		return nil
	}
	leaves := make([]Leaf, 0, len(nodes))
	for _, n := range nodes {
		leaf := Leaf{Path: n.path(), Global: n.global, Exact: text != "" && n.shownBy(text)}
		if h := n.home; h != nil {
			leaf.In, leaf.Line, leaf.Column, leaf.Text = h.in, h.line, h.column, h.text
			if v := concrete(reflect.ValueOf(n.value)); h.line > 0 {
				leaf.Path = nil
			} else if v.IsValid() && !isContainer(v) {
				leaf.Text = fmt.Sprint(v)
			}
		}
		leaves = append(leaves, leaf)
	}
	return leaves
}

// shownBy reports whether a text shows the node's value, or a line of it. Short values must stand by themselves: a
// digit is in many a text.
func (n *node) shownBy(text string) bool {
	v := concrete(reflect.ValueOf(n.value))
	if !v.IsValid() || isContainer(v) {
		return false
	}
	shown := fmt.Sprint(v)
	switch {
	case shown == "":
		return false
	case len(shown) < shortValue:
		return hasWord(text, shown)
	case strings.Contains(text, shown):
		return true
	}
	text = strings.TrimSpace(text)
	return strings.Contains(shown, "\n") && text != "" && strings.Contains(shown, text)
}

// shortValue is the length below which a value may be in a text by chance.
const shortValue = 4

// hasWord reports whether a text has a word that no letter or digit touches.
func hasWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || !isAlphanumeric(text[start-1])) && (end == len(text) || !isAlphanumeric(text[end])) {
			return true
		}
		from = start + 1
	}
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || (c|0x20) >= 'a' && (c|0x20) <= 'z'
}
