package report

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// suggestion is what GitHub offers to commit: it replaces the lines from to to of a file at head.
type suggestion struct {
	from, to int
	text     string          // whole lines that end in "\n"; "" removes the lines
	mends    map[string]bool // findings, by fingerprint
}

const (
	maxSuggested      = 30 // lines that are replaced
	maxSuggestedBytes = 8 << 10
	maxCombined       = 256 << 10 // bytes of a file in which several fixes are made at once
)

// suggest makes one suggestion of the fixes of findings that stand on a line: that of the worst finding, and such safe
// ones of the others as go with it. nil when there is none.
func (s *shown) suggest(findings []review.Finding, within hunk) *suggestion {
	var found *suggestion
	var edits []review.Edit
	for _, f := range findings[:min(len(findings), maxListed)] {
		fix := s.public(f).Fix
		if fix == nil || found != nil && !fix.Safe {
			continue
		}
		together, ok := combine(edits, fix.Edits)
		if !ok || found != nil && !s.goTogether(f.Location.File, together) {
			continue
		}
		next := s.suggestion(together, f.Location, within)
		if next == nil {
			continue
		}
		next.mends = map[string]bool{f.Fingerprint: true}
		if found != nil {
			maps.Copy(next.mends, found.mends)
		}
		found, edits = next, together
	}
	return found
}

// suggestion makes one of edits, around a finding's own line. There is none where they are not within one range of lines
// of a hunk, which is all that GitHub can commit, and where a line might hold a secret or a character that nobody sees.
func (s *shown) suggestion(edits []review.Edit, place review.Location, within hunk) *suggestion {
	lines := s.source(place.File)
	at, ok := rangeOf(edits, place)
	if !ok || at.from < within.from || at.to > min(within.to, len(lines)) || at.to-at.from >= maxSuggested {
		return nil
	}
	before := lines[at.from-1 : at.to]
	after, ok := edited(before, edits, at.from)
	text := strings.Join(after, "")
	if !ok || text == strings.Join(before, "\n")+"\n" || len(text) > maxSuggestedBytes || !s.mayShow(text, at) {
		return nil
	}
	return &suggestion{from: at.from, to: at.to, text: text}
}

// combine adds edits to others, in the order of lines. Two that insert at the same gap become one, which says what they
// begin with alike, as the key that both add to, once. Others that meet do not go together.
func combine(taken, more []review.Edit) ([]review.Edit, bool) {
	all := slices.Clone(taken)
	for _, e := range more {
		i := slices.IndexFunc(all, func(t review.Edit) bool { return e.Overlaps(t) })
		switch {
		case i < 0:
			all = append(all, e)
		case all[i] == e:
		case all[i].EndLine < all[i].Line && e.EndLine < e.Line:
			all[i].NewText = inserted(all[i].NewText, e.NewText)
		default:
			return nil, false
		}
	}
	slices.SortFunc(all, func(a, b review.Edit) int { return cmp.Compare(a.Line, b.Line) })
	return all, true
}

// inserted joins two texts that are inserted at one gap.
func inserted(first, second string) string {
	a, b := strings.SplitAfter(first, "\n"), strings.SplitAfter(second, "\n")
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	return first + strings.Join(b[same:], "")
}

// goTogether reports whether a file reads as YAML, with no key twice, after edits. One that does not even before them is
// left alone.
func (s *shown) goTogether(file string, edits []review.Edit) bool {
	lines := s.source(file)
	after, ok := edited(lines, edits, 1)
	before := strings.Join(lines, "\n")
	return ok && len(before) <= maxCombined && isYAML(before) && isYAML(strings.Join(after, ""))
}

func isYAML(text string) bool {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var value any
		if err := decoder.Decode(&value); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// rangeOf returns the lines that the finding and all edits are on. What is inserted takes along the line that it stands
// behind, or before where that is nearer to the finding.
func rangeOf(edits []review.Edit, at review.Location) (hunk, bool) {
	all := hunk{at.Line, at.Line}
	last := 0
	for _, e := range edits {
		if e.File != at.File || e.Line <= last || e.EndLine < e.Line-1 {
			return hunk{}, false
		}
		from, to := e.Line, e.EndLine
		if to < from && e.Line > at.Line {
			from, to = e.Line-1, e.Line-1
		}
		all.from, all.to, last = min(all.from, from), max(all.to, from, to), e.EndLine
	}
	return all, len(edits) > 0
}

// edited returns lines, the first of which has that number, after edits that stand in their order. Each ends in "\n".
func edited(lines []string, edits []review.Edit, first int) ([]string, bool) {
	after := make([]string, len(lines))
	for i, line := range lines {
		after[i] = line + "\n"
	}
	for _, e := range slices.Backward(edits) {
		if e.Line < first || e.EndLine-first+1 > len(lines) || e.Line-first > len(lines) {
			return nil, false
		}
		after = slices.Replace(after, e.Line-first, e.EndLine-first+1, strings.ReplaceAll(e.NewText, "\r\n", "\n"))
	}
	return after, true
}

// plainValue is a line whose value is no secret, whatever its key is called.
var plainValue = regexp.MustCompile(`:\s*(true|false|null|~|\{\}|\[\])?\s*(#.*)?$`)

// mayShow reports whether a text that replaces lines of the held file shows no secret and nothing that cannot be seen.
func (s *shown) mayShow(text string, at hunk) bool {
	for n := at.from; n <= at.to; n++ {
		if s.around(n).isSecret || s.lines[s.file][n] {
			return false
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if visible(line) != line || s.context(line, 0) != line && !plainValue.MatchString(line) {
			return false
		}
	}
	return true
}
