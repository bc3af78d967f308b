package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sides makes two versions of a file and the hunks between them: "-x" only at base, "+x" only at head, " x" in both.
func sides(script []string) (hunks []Hunk, base, head []string) {
	inHunk := false
	for _, line := range script {
		if line[0] == ' ' {
			base, head, inHunk = append(base, line), append(head, line), false
			continue
		}
		if !inHunk {
			hunks, inHunk = append(hunks, Hunk{OldStart: len(base), NewStart: len(head)}), true
		}
		h := &hunks[len(hunks)-1]
		if line[0] == '-' {
			if base = append(base, line); h.OldLines == 0 {
				h.OldStart++
			}
			h.OldLines++
		} else {
			if head = append(head, line); h.NewLines == 0 {
				h.NewStart++
			}
			h.NewLines++
		}
	}
	return hunks, base, head
}

// Lines are numbered texts, so where each went is known without counting.
func TestLinesOfAChange(t *testing.T) {
	t.Parallel()
	for number := range 3 * 3 * 3 * 3 * 3 * 3 {
		var script []string
		for i, rest := 0, number; i < 6; i, rest = i+1, rest/3 {
			script = append(script, fmt.Sprintf("%c%d", " -+"[rest%3], i))
		}
		hunks, base, head := sides(script)
		c := &Change{Base: build(t, nil, Limits{}), Files: []FileChange{{Old: "old", New: "new", Hunks: hunks}}}
		for i, line := range head {
			want := slices.Index(base, line)
			path, at, ok := c.ToBase("new", i+1)
			if path != "old" || ok != (want >= 0) || at != want+1 || c.Touches("new", i+1) != (line[0] == '+') {
				t.Fatalf("%q: head line %d is at base %s:%d %v, want %d", script, i+1, path, at, ok, want+1)
			}
		}
		for i, line := range base {
			want := slices.Index(head, line)
			path, at, kept := c.ToHead("old", i+1)
			if path != "new" || kept != (want >= 0) || kept && at != want+1 {
				t.Fatalf("%q: base line %d is at head %s:%d %v, want %d", script, i+1, path, at, kept, want+1)
			}
			if !kept && (at < 1 || at > max(len(head), 1)) {
				t.Fatalf("%q: removed line %d leads to line %d of %d", script, i+1, at, len(head))
			}
		}
	}
}

func TestPathsOfAChange(t *testing.T) {
	t.Parallel()
	c := &Change{Base: build(t, nil, Limits{}), Files: []FileChange{
		{Old: "b", New: "a"}, {New: "b", Hunks: []Hunk{{0, 0, 1, 2}}}, {Old: "gone", Hunks: []Hunk{{1, 2, 0, 0}}}, {Old: "bin", New: "bin", Binary: true},
	}}
	if got := strings.Join(c.Paths(), " "); got != "a b bin gone" {
		t.Error(got)
	}
	if p, ok := c.HeadPath("b"); p != "a" || !ok {
		t.Error("renamed:", p, ok)
	}
	if p, ok := c.BasePath("a"); p != "b" || !ok {
		t.Error("renamed:", p, ok)
	}
	if p, ok := c.HeadPath("gone"); p != "" || ok {
		t.Error("removed:", p, ok)
	}
	if p, ok := c.BasePath("b"); p != "" || ok {
		t.Error("added in the place of a renamed one:", p, ok)
	}
	if p, ok := c.BasePath("other"); p != "other" || !ok {
		t.Error("untouched:", p, ok)
	}
	if p, line, ok := c.ToBase("other", 7); p != "other" || line != 7 || !ok {
		t.Error("untouched:", p, line, ok)
	}
	if p, line, kept := c.ToHead("gone", 1); p != "" || line != 0 || kept {
		t.Error("removed:", p, line, kept)
	}
	if p, line, kept := c.ToHead("b", 3); p != "a" || line != 3 || !kept {
		t.Error("renamed:", p, line, kept)
	}
	if _, _, ok := c.ToBase("bin", 1); ok || c.Touches("other", 0) || !c.Touches("bin", 0) || c.Touches("a", 1) {
		t.Error("binary or untouched")
	}
	everything := &Change{}
	if _, _, ok := everything.ToBase("a", 1); ok || !everything.Touches("a", 1) {
		t.Error("without a base everything is new")
	}
	if _, ok := everything.BasePath("a"); ok {
		t.Error("without a base nothing has a path there")
	}
}
