// Package report shows a review's result to people and programs. Every writer is a pure function of a Report: what
// it says is decided before anything is written, and whatever comes from the repository (names, messages, paths) is
// escaped for the format it goes to, so that no name can break out of it.
package report

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

// Report is a result with what writers need to show it.
type Report struct {
	*review.Result
	Rules   []*review.Rule           // the catalogue, for help texts
	Level   review.Level             // findings below this level are not shown; 0 shows all
	Version string                   // of the program
	Source  func(file string) []byte // head's text of a file, nil when there is none; for excerpts
}

// Shown returns the findings of a status at or above the report's level.
func (r *Report) Shown(status review.Status) []review.Finding {
	var shown []review.Finding
	for _, f := range r.Findings {
		if f.Status == status && f.Level >= r.Level {
			shown = append(shown, f)
		}
	}
	return shown
}

// Unrendered returns the affected roots that could not be rendered.
func (r *Report) Unrendered() []review.RootResult {
	var failed []review.RootResult
	for _, root := range r.Roots {
		if root.Status == review.Failed {
			failed = append(failed, root)
		}
	}
	return failed
}

// Title says in a line what there is to do.
func (r *Report) Title() string {
	new := r.Summary.New
	failed := r.Unrendered()
	switch {
	case new.Error+new.Warning > 0:
		return fmt.Sprintf("%s in %s", counts(new), plural(r.filesWithFindings(), "file"))
	case len(failed) == 1:
		return fmt.Sprintf("Could not render %s: %s", failed[0].Path, failed[0].Reason)
	case len(failed) > 1:
		return fmt.Sprintf("Could not render %s", plural(len(failed), "root"))
	case len(r.Roots) == 0:
		return fmt.Sprintf("Passed: the change affects none of %s", plural(r.Total, "root"))
	}
	return fmt.Sprintf("Passed: %s changed, nothing new", plural(len(r.Diff), "object"))
}

func (r *Report) filesWithFindings() int {
	files := make(map[string]bool)
	for _, f := range r.Shown(review.New) {
		files[f.Location.File] = true
	}
	return len(files)
}

// counts writes "2 errors, 1 warning", or "nothing".
func counts(c review.LevelCounts) string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{c.Error, "error"}, {c.Warning, "warning"}, {c.Info, "note"}} {
		if p.n > 0 {
			parts = append(parts, plural(p.n, p.word))
		}
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// plural writes a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Place writes "file:line:column" as far as a location is known.
func Place(l review.Location) string {
	switch {
	case l.File == "":
		return ""
	case l.Precision == "exact":
		return fmt.Sprintf("%s:%d:%d", l.File, l.Line, l.Column)
	}
	return fmt.Sprintf("%s:%d", l.File, l.Line)
}
