package report

import (
	"cmp"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// remark is an inline comment in the making: the findings of one line, or of a file whose lines the pull request does not
// show, the worst first.
type remark struct {
	file        string
	line, start int // the last line and the first; 0 for the file
	findings    []review.Finding
	fix         *suggestion // of one of them
}

// placer puts findings on the lines of a change that GitHub shows.
type placer struct {
	shown   *shown
	change  *source.Change
	changed map[string]*source.FileChange // by path at head
	hunks   map[string][]hunk
}

func newPlacer(r *Report, change *source.Change) *placer {
	p := &placer{shown: newShown(r), change: change, changed: make(map[string]*source.FileChange), hunks: make(map[string][]hunk)}
	for i := range change.Files {
		if f := &change.Files[i]; f.New != "" {
			p.changed[f.New] = f
		}
	}
	return p
}

// remarks places what is worth a comment: new findings that are warnings or worse, or that fail the check. What stands
// in files that the change does not touch has no place.
func (p *placer) remarks(r *Report) []*remark {
	var all []*remark
	at := make(map[string]map[int]*remark)
	for _, f := range worstFirst(r.Shown(review.New)) {
		file := f.Location.File
		if f.Level < min(review.Warning, r.failOn()) || p.changed[file] == nil {
			continue
		}
		line := 0
		if _, ok := p.hunkAt(f.Location); ok {
			line = f.Location.Line
		}
		if at[file] == nil {
			at[file] = make(map[int]*remark)
		}
		if at[file][line] == nil {
			at[file][line] = &remark{file: file, line: line}
			all = append(all, at[file][line])
		}
		at[file][line].findings = append(at[file][line].findings, f)
	}
	slices.SortStableFunc(all, func(a, b *remark) int {
		return cmp.Or(-cmp.Compare(a.findings[0].Level, b.findings[0].Level), -cmp.Compare(min(a.line, 1), min(b.line, 1)),
			cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
	})
	return all
}

// hunkAt returns the hunk that holds a location's line. There is none for one that is not exact.
func (p *placer) hunkAt(l review.Location) (hunk, bool) {
	if l.Precision != manifests.Exact.String() {
		return hunk{}, false
	}
	hunks, known := p.hunks[l.File]
	if !known {
		if text, err := p.change.Head.ReadFile(l.File); err == nil {
			hunks = hunksOf(p.changed[l.File], lineCount(string(text)))
		}
		p.hunks[l.File] = hunks
	}
	i := slices.IndexFunc(hunks, func(h hunk) bool { return h.from <= l.Line && l.Line <= h.to })
	if i < 0 {
		return hunk{}, false
	}
	return hunks[i], true
}

// withFixes gives remarks on lines the fixes of their findings, as far as those can be suggested, and the lines that
// these replace. Remarks that then end on the same line become one.
func (p *placer) withFixes(all []*remark) []*remark {
	type place struct {
		file string
		line int
	}
	first := make(map[place]*remark)
	var joined []*remark
	for _, m := range all {
		if within, ok := p.hunkAt(m.findings[0].Location); ok {
			m.fix = p.shown.suggest(m.findings, within)
		}
		if m.fix != nil {
			m.line = m.fix.to
			if m.fix.from < m.fix.to {
				m.start = m.fix.from
			}
		}
		into := first[place{m.file, m.line}]
		if into == nil {
			first[place{m.file, m.line}] = m
			joined = append(joined, m)
			continue
		}
		into.findings = worstFirst(append(into.findings, m.findings...))
		if into.fix == nil {
			into.fix, into.start = m.fix, m.start
		}
	}
	return joined
}
