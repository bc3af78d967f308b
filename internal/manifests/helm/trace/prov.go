package trace

import (
	"slices"
	"strconv"
)

const (
	maxLeaves  = 24      // that are remembered of one value, line or condition
	maxUnder   = 16      // times that a text was printed, kept and printed elsewhere
	pieceBytes = 64      // what remembering a piece takes, about
	maxPieces  = 1 << 16 // that are remembered of one text
)

// prov is what is known of the origin of a value. Nil: nothing.
type prov struct {
	leaves []*node // of the values, that flowed into it
	text   *text   // of a string: where its parts are from
	shape  shape   // of a map or list: where its elements are from
}

// node is a place in the values, or in a file that is not one of values.
type node struct {
	parent   *node
	home     *home // the file; nil for the values
	key      key
	value    any
	global   bool
	children map[key]*node
	shown    []string // its path, once asked for
	self     prov     // of a value read there
}

// home is a place in Chart.yaml, in a file that a template reads, or in a template where a literal is written.
type home struct {
	in           string // the file, named as templates are
	line, column int    // 0 for all of it, and for Chart.yaml
	text         string // of the line, or of the literal
}

// key is a map's key or a list's position.
type key struct {
	name  string
	index int
}

func index(i int) key { return key{index: i} }

func newNode(parent *node, k key, v any) *node {
	n := &node{parent: parent, key: k, value: v}
	if parent != nil {
		n.global, n.home = parent.global, parent.home
	}
	n.self = prov{leaves: []*node{n}, shape: n}
	return n
}

// isList tells a list's position from a map's key.
func (n *node) isList() bool { return n.parent != nil && isList(n.parent.value) }

// path gives the keys that lead to the node.
func (n *node) path() []string {
	if n.shown == nil && n.parent != nil {
		name := n.key.name
		if n.isList() {
			name = strconv.Itoa(n.key.index)
		}
		n.shown = append(slices.Clip(n.parent.path()), name)
	}
	return n.shown
}

// site is an action, or text, in execution.
type site struct {
	def   *def
	pos   int
	outer *site // the call that led there
	depth int   // number of outer sites
}

// within reports whether the site is outer, or was called from there.
func (s *site) within(outer *site) bool {
	for s != nil && s.depth > outer.depth {
		s = s.outer
	}
	return s == outer
}

// cond is a condition under which something is executed.
type cond struct {
	site   *site
	leaves []*node
	outer  *cond
}

// mark says where a piece of text is from.
type mark struct {
	site   *site // that wrote it; nil if it was not written yet
	cond   *cond
	leaves []*node
	under  *mark // where it was from before the site printed it
	depth  int   // number of marks under it
}

// shownAt gives the mark for text of mark m that is written at the place of base.
func (m *mark) shownAt(base *mark) *mark {
	switch {
	case m == nil:
		return base
	case m.site == nil:
		return &mark{site: base.site, cond: base.cond, leaves: union(m.leaves, base.leaves)}
	case m.site.within(base.site):
		return m
	case m.depth >= maxUnder:
		return m
	}
	return &mark{site: base.site, cond: base.cond, leaves: m.leaves, under: m, depth: m.depth + 1}
}

// text says where the parts of a string are from: its pieces follow each other.
type text struct{ pieces []piece }

// piece is a part of a text up to end.
type piece struct {
	end  int
	mark *mark // nil: unknown
	off  int   // of literal text: the offset in the unit of the mark's innermost site; otherwise -1
}

func (t *text) count() int {
	if t == nil {
		return 0
	}
	return len(t.pieces)
}

// cut gives the pieces of the part [from,to).
func (t *text) cut(from, to int) *text {
	if t == nil || from >= to {
		return nil
	}
	part := &text{}
	first, _ := slices.BinarySearchFunc(t.pieces, from, func(p piece, from int) int {
		if p.end <= from {
			return -1
		}
		return 1
	})
	start := 0
	if first > 0 {
		start = t.pieces[first-1].end
	}
	for _, p := range t.pieces[first:] {
		if start >= to {
			break
		}
		if p.off >= 0 && start < from {
			p.off += from - start
		}
		start = p.end
		p.end = min(p.end, to) - from
		part.pieces = append(part.pieces, p)
	}
	return part
}

// add appends the pieces of a part so that they begin at from; what lies between is unknown. Of too many pieces it
// makes one: a text that is printed twice, again and again, has ever more of them.
func (t *text) add(from int, part *text) {
	if part.count()+len(t.pieces) > maxPieces && part.count() > 0 {
		part = whole(part.pieces[part.count()-1].end, part)
	}
	if part == nil {
		return
	}
	t.pad(from, nil)
	for _, p := range part.pieces {
		p.end += from
		t.pieces = append(t.pieces, p)
	}
}

// pad fills up to end with a mark.
func (t *text) pad(end int, m *mark) {
	if n := len(t.pieces); n == 0 && end > 0 || n > 0 && t.pieces[n-1].end < end {
		t.pieces = append(t.pieces, piece{end, m, -1})
	}
}

// asText gives the pieces of a string of a length: those known, or one for all of it.
func (p *prov) asText(length int) *text {
	switch {
	case p == nil || length == 0:
		return nil
	case p.text != nil:
		return p.text
	case len(p.leaves) == 0:
		return nil
	}
	return &text{[]piece{{length, &mark{leaves: p.leaves}, -1}}}
}

// all gives the leaves of a value, its text included.
func (p *prov) all() []*node {
	if p == nil {
		return nil
	}
	if p.text == nil {
		return p.leaves
	}
	leaves := p.leaves
	var last *mark
	for _, piece := range p.text.pieces {
		if piece.mark != nil && piece.mark != last {
			last = piece.mark
			leaves = union(leaves, last.leaves)
		}
	}
	return leaves
}

// leavesOnly forgets all but the leaves.
func (p *prov) leavesOnly() *prov {
	if p == nil {
		return nil
	}
	return derived(p.all())
}

// derived is the origin of a value that was computed from leaves.
func derived(leaves []*node) *prov {
	if len(leaves) == 0 {
		return nil
	}
	return &prov{leaves: leaves}
}

// union adds leaves that are not there yet, up to the limit. Of several lines of a file it makes the file. It never
// changes its arguments.
func union(a, b []*node) []*node {
	if len(a) == 0 {
		return b
	}
	a = slices.Clip(a)
	for _, n := range b {
		if slices.Contains(a, n) {
			continue
		}
		if n.home != nil && n.home.line > 0 && n.parent != nil {
			if i := slices.IndexFunc(a, func(o *node) bool { return o == n.parent || o.parent == n.parent }); i >= 0 {
				a = slices.Clone(a)
				a[i] = n.parent
				continue
			}
		}
		if len(a) >= maxLeaves {
			break
		}
		a = append(a, n)
	}
	return a
}

// reads are the leaves that were read while a condition was evaluated.
type reads struct{ nodes []*node }

func (r *reads) add(nodes []*node) {
	if r != nil {
		r.nodes = union(r.nodes, nodes)
	}
}

// value notes what is known of a value that was read.
func (r *reads) value(v value) {
	if r != nil && v.prov != nil {
		r.add(v.prov.all())
	}
}
