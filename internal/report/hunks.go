package report

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/source"
)

// hunk is a run of lines of head that GitHub shows in one piece of a file's difference. Comments stand on such lines
// and no others, and those on several lines within one hunk.
type hunk struct{ from, to int }

const (
	contextLines = 3 // that Git shows around changed lines
	// maxDiffLines is how long a file's difference may be for GitHub to load it.
	maxDiffLines = 20_000
)

// hunksOf returns the hunks of a file with so many lines at head, as git diff with three lines of context has them:
// changes with at most six lines between them share a hunk. A file of which GitHub shows no lines has none.
func hunksOf(f *source.FileChange, lines int) []hunk {
	var all []hunk
	size := 0
	for _, h := range f.Hunks {
		size += h.OldLines + h.NewLines + 2*contextLines
		from, to := h.NewStart, h.NewStart+h.NewLines-1
		if h.NewLines == 0 { // lines are gone behind NewStart
			from++
			to++
		}
		next := hunk{max(from-contextLines, 1), min(to+contextLines, lines)}
		if last := len(all) - 1; last >= 0 && next.from <= all[last].to+1 {
			all[last].to = max(all[last].to, next.to)
		} else {
			all = append(all, next)
		}
	}
	if f.Binary || size > maxDiffLines {
		return nil
	}
	return slices.DeleteFunc(all, func(h hunk) bool { return h.to < h.from })
}
