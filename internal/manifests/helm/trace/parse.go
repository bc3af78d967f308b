package trace

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"
	"text/template/parse"
)

const (
	maxNesting = 500     // of actions in a template
	maxSource  = 8 << 20 // bytes of a template
)

// unit is a text that was parsed: a file, or a text that was given to tpl.
type unit struct {
	name    string
	source  string
	starts  []int // of its lines
	dynamic bool  // of tpl
	prov    *prov // of tpl's text
}

// frame names a place in the unit.
func (u *unit) frame(offset int, define string) Frame {
	if u.starts == nil {
		u.starts = []int{0}
		for i := range len(u.source) {
			if u.source[i] == '\n' {
				u.starts = append(u.starts, i+1)
			}
		}
	}
	line := sort.SearchInts(u.starts, offset+1)
	f := Frame{Template: u.name, Line: line, Column: offset - u.starts[line-1] + 1}
	if define != u.name {
		f.Define = define
	}
	return f
}

// def is a template that can be executed.
type def struct {
	name string
	unit *unit
	root *parse.ListNode
}

// defs are the templates by name. Those that tpl defines are seen by what tpl executes, and lie over the others.
type defs struct {
	named map[string]*def
	under *defs
}

func (d *defs) find(name string) *def {
	for ; d != nil; d = d.under {
		if found := d.named[name]; found != nil {
			return found
		}
	}
	return nil
}

// add makes the templates of a parsed text known. An empty one does not replace another.
func (d *defs) add(p *parsed) {
	for name, found := range p.defs {
		if d.find(name) == nil || !parse.IsEmptyTree(found.root) {
			d.named[name] = found
		}
	}
}

// parsed is the outcome of parsing a unit.
type parsed struct {
	main *def
	defs map[string]*def
}

var control = regexp.MustCompile(`\{\{-?\s*(if|range|with|define|block|end)\b`)

// parse parses a text after looking whether it is sane: the parser recurses and knows no limits.
func (x *run) parse(u *unit) (*parsed, error) {
	if len(u.source) > maxSource {
		return nil, u.parseError(0, fmt.Sprintf("larger than %d bytes", maxSource))
	}
	if at := tooDeep(u.source); at >= 0 {
		return nil, u.parseError(at, fmt.Sprintf("actions are nested more than %d deep", maxNesting))
	}
	trees, err := parse.Parse(u.name, u.source, "", "", x.known)
	if err != nil {
		return nil, cleanParseError(u, err)
	}
	p := &parsed{defs: map[string]*def{}}
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		p.defs[name] = &def{name, u, trees[name].Root}
	}
	p.main = p.defs[u.name]
	return p, nil
}

// parseError says what is wrong at a place of the unit.
func (u *unit) parseError(offset int, what string) error {
	frame := u.frame(offset, u.name)
	return &Error{Frames: []Frame{frame}, text: fmt.Sprintf("parse error at (%s:%d): %s", u.name, frame.Line, what)}
}

// tooDeep finds where actions are nested too deep for the parser; -1 if nowhere. It may be mistaken by comments and
// quoted text, but only by as many actions as these contain.
func tooDeep(source string) int {
	depth := 0
	for from := 0; ; {
		at := control.FindStringSubmatchIndex(source[from:])
		if at == nil {
			return -1
		}
		if source[from+at[2]:from+at[3]] == "end" {
			depth--
		} else if depth++; depth > maxNesting {
			return from + at[0]
		}
		from += at[1]
	}
}

// parseTpl parses a text for tpl, once for each text.
func (x *run) parseTpl(text string) (*parsed, error) {
	if p := x.parsed[text]; p != nil {
		return p, nil
	}
	p, err := x.parse(&unit{name: tplName, source: text, dynamic: true})
	if err == nil {
		x.parsed[text] = p
	}
	return p, err
}

// with returns the same templates for a text of another origin.
func (p *parsed) with(origin *prov) *parsed {
	if origin == nil {
		return p
	}
	u := *p.main.unit
	u.prov = origin
	again := &parsed{defs: make(map[string]*def, len(p.defs))}
	for name, d := range p.defs {
		again.defs[name] = &def{d.name, &u, d.root}
	}
	again.main = again.defs[tplName]
	return again
}

// isPlain reports whether a text has no actions, so that tpl leaves it as it is.
func isPlain(text string) bool { return !strings.Contains(text, "{{") }
