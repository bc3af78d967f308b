// Package report shows a review's result to people and programs. Every writer is a pure function of a Report: what
// it says is decided before anything is written, and whatever comes from the repository (names, messages, paths) is
// escaped for the format it goes to, so that no name can break out of it. Values of secrets are in none of them.
package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
)

// Report is a result with what writers need to show it.
type Report struct {
	*review.Result
	Rules   []*review.Rule                     // the catalogue, for help texts
	Level   review.Level                       // findings below this level are not shown; 0 shows all
	FailOn  review.Level                       // the level of new findings that fails the check; 0 is Error
	Version string                             // of the program
	Now     time.Time                          // to say which exemptions end soon; zero says nothing
	Source  func(file string) []byte           // head's text of a file, nil when there is none; for excerpts
	Link    func(file string, line int) string // the address of a source line; nil for no links

	Policy       *review.Policy // that was followed; nil for one that says no more than FailOn
	PolicyFrom   string         // where it was read, for people: ".github/landwaiter.yaml at 5523071"; "" for no mention
	PolicyChange *PolicyChange  // what the change does to it; nil for nothing
	Renderers    string         // versions of what rendered, for people; "" for no mention

	As     string // what its check runs and comments go by; "" for CheckName, with the buttons and commands of the App
	Caveat string // Markdown of ours that is said first in the summary and last in each comment; "" for nothing

	uncommented int // places that would have a comment, were there not so many
}

// maxReason is how many characters of a message or reason are shown to people.
const maxReason = 500

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

// Unrendered returns the affected roots that could not be rendered, or not as a whole.
func (r *Report) Unrendered() []review.RootResult {
	var failed []review.RootResult
	for _, root := range r.Roots {
		if root.Status == review.Failed {
			failed = append(failed, root)
		}
	}
	return failed
}

// Title says in a line what there is to do. It is plain text that still has to be escaped.
func (r *Report) Title() string {
	failed := r.Unrendered()
	switch new := r.Summary.New; {
	case r.onlyWaits() > 0:
		return fmt.Sprintf("%s for a person to accept", Plural(r.onlyWaits(), "finding"))
	case r.Verdict != review.Fails && r.PolicyChange.breaks():
		return "The changed policy cannot be used: " + shorten(mistakesOf(r.PolicyChange.Mistake)[0].Error(), maxReason)
	case new.Error+new.Warning > 0 && len(failed) == 0, new.Error+new.Warning > len(failed):
		return fmt.Sprintf("%s in %s", counts(new), Plural(r.files(review.Info), "file"))
	case len(failed) == 1:
		return fmt.Sprintf("Could not render %s: %s", failed[0].Path, shorten(failed[0].Reason, maxReason))
	case len(failed) > 1:
		return fmt.Sprintf("Could not render %s", Plural(len(failed), "root"))
	case len(r.Roots) == 0:
		return "Passed: " + r.rootCounts()
	case new.Info > 0:
		return fmt.Sprintf("Passed: %s changed, %s", Plural(len(r.Diff), "object"), counts(new))
	}
	return fmt.Sprintf("Passed: %s changed, nothing new", Plural(len(r.Diff), "object"))
}

// filesWithFindings counts the files in which new findings are shown.
func (r *Report) filesWithFindings() int { return r.files(r.Level) }

// files counts the files with new findings of a level and worse.
func (r *Report) files(level review.Level) int {
	files := make(map[string]bool)
	for _, f := range r.Findings {
		if f.Status == review.New && f.Level >= level {
			files[f.Location.File] = true
		}
	}
	return len(files)
}

// worstFirst sorts findings: new ones before others, then the worse, then as they were.
func worstFirst(all []review.Finding) []review.Finding {
	sorted := make([]review.Finding, 0, len(all)) // by picking: there may be a hundred thousand, of a few levels
	for _, isNew := range []bool{true, false} {
		for _, level := range []review.Level{review.Error, review.Warning, review.Info, 0} {
			for i := range all {
				if (all[i].Status == review.New) == isNew && all[i].Level == level {
					sorted = append(sorted, all[i])
				}
			}
		}
	}
	return sorted
}

// allNotes are the result's notes, those of rendering (one that several roots share is said once), and for a change
// that affects nothing what was looked at.
func (r *Report) allNotes() []string {
	notes := slices.Clone(r.Notes)
	sharing := make(map[string][]string)
	var order []string
	for _, root := range r.Roots {
		if root.Status != review.Rendered || root.Reason == "" {
			continue
		}
		if sharing[root.Reason] == nil {
			order = append(order, root.Reason)
		}
		sharing[root.Reason] = append(sharing[root.Reason], root.Path)
	}
	for _, reason := range order {
		notes = append(notes, some(sharing[reason], "root")+": "+reason)
	}
	if len(r.Unreached) > 0 && len(r.Roots) == 0 {
		notes = append(notes, fmt.Sprintf("changed, but no part of any root: %s", some(r.Unreached, "file")))
	}
	return notes
}

// some writes the first few of a list, and how many more there are.
func some(list []string, noun string) string {
	const most = 5
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %s", strings.Join(list[:most], ", "), Plural(len(list)-most, "more "+noun))
}

// shownIn says in which object and roots a finding shows, as harmless plain text.
func shownIn(f review.Finding) string {
	roots := some(append([]string{f.Root}, f.Roots...), "root")
	if f.Object.Kind == "" {
		return "in " + plain(roots)
	}
	return plain(fmt.Sprintf("in %s of %s", f.Object, roots))
}

// otherCounts are the counts beside that of new findings, those that are not 0.
func (r *Report) otherCounts() []string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{r.Summary.Existing, "existing"}, {r.Summary.Fixed, "fixed"}, {r.Summary.Exempt, "exempt"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	return parts
}

// rootCounts says how many roots were looked at, out of how many, and that modules of Terraform were.
func (r *Report) rootCounts() string {
	none := "the change affects none of " + Plural(r.Total, "root")
	switch modules := Plural(r.Modules, "Terraform module") + " read"; {
	case r.Modules == 0 && len(r.Roots) == 0:
		return none
	case r.Modules == 0:
		return r.renderedCounts()
	case len(r.Roots) > 0:
		return r.renderedCounts() + ", " + modules
	case r.Total > 0:
		return modules + ", " + none
	default:
		return modules
	}
}

// renderedCounts says how many of the affected roots were rendered, and which could not be.
func (r *Report) renderedCounts() string {
	rendered, failed := 0, r.Unrendered()
	for _, root := range r.Roots {
		if root.Status == review.Rendered {
			rendered++
		}
	}
	text := fmt.Sprintf("%d of %s rendered", rendered, Plural(r.Total, "root"))
	if len(failed) > 0 {
		paths := make([]string, len(failed))
		for i, root := range failed {
			paths[i] = shorten(root.Path, maxCell)
		}
		text += fmt.Sprintf(", %d could not be: %s", len(failed), some(paths, "root"))
	}
	return text
}

// counts writes "2 errors, 1 warning", or "nothing".
func counts(c review.LevelCounts) string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{c.Error, "error"}, {c.Warning, "warning"}, {c.Info, "note"}} {
		if p.n > 0 {
			parts = append(parts, Plural(p.n, p.word))
		}
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// Plural writes a count with its noun: "1 file", "2 fixes".
func Plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "x"), strings.HasSuffix(noun, "s"):
		return fmt.Sprintf("%d %ses", n, noun)
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
