package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/review"
)

// Text writes the report for a terminal: new findings by file in the order of lines, each with its source line, then
// what could not be checked, then a summary. Colour adds terminal escapes of our own; texts of the repository are
// always made harmless.
func Text(w io.Writer, r *Report, colour bool) error {
	out := &textWriter{w: bufio.NewWriter(w), report: r, shown: newShown(r), colour: colour}
	notes := false
	for here := range byPlace(r.Shown(review.New)) {
		notes = out.findings(here) || notes
	}
	if notes {
		fmt.Fprintln(out.w)
	}
	out.unrendered()
	out.reaches()
	out.notes()
	out.images()
	out.summary()
	return out.w.Flush()
}

type textWriter struct {
	w      *bufio.Writer
	report *Report
	shown  *shown
	colour bool
}

// The escapes of the few colours that are used.
const (
	red, yellow, blue, dim, bold, reset = "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
)

func (t *textWriter) paint(colour, text string) string {
	if !t.colour {
		return text
	}
	return colour + text + reset
}

func levelColour(l review.Level) string {
	switch l {
	case review.Error:
		return red
	case review.Warning:
		return yellow
	}
	return blue
}

// byPlace parts findings into runs that stand on one place, so that its line is printed once.
func byPlace(all []review.Finding) func(yield func([]review.Finding) bool) {
	return func(yield func([]review.Finding) bool) {
		for from := 0; from < len(all); {
			to := from + 1
			for to < len(all) && all[to].Location == all[from].Location {
				to++
			}
			if !yield(all[from:to]) {
				return
			}
			from = to
		}
	}
}

// findings writes the findings of one place: a line for each, the source, and what would mend them. It reports whether
// they are notes only, which take a line each and no more, so that what has to be acted on stands out.
func (t *textWriter) findings(here []review.Finding) (notes bool) {
	for _, f := range here {
		place := Place(f.Location)
		if place == "" {
			place = f.Root
		}
		fmt.Fprintf(t.w, "%s: %s: %s [%s]\n", t.paint(bold, atLineStart(place)), t.paint(levelColour(f.Level), f.Level.String()),
			plain(shorten(f.Message, maxReason)), strings.Join(append([]string{f.Rule}, f.Also...), " "))
	}
	if !slices.ContainsFunc(here, func(f review.Finding) bool { return f.Level > review.Info }) {
		return true
	}
	t.excerpt(here[0], inAll(here))
	var said []string
	for _, f := range here {
		if f.Fix != nil && !slices.Contains(said, f.Fix.Title) {
			said = append(said, f.Fix.Title)
			fmt.Fprintf(t.w, "   %s %s\n", t.paint(dim, "fix:"), plain(shorten(f.Fix.Title, maxReason)))
		}
	}
	fmt.Fprintln(t.w)
	return false
}

// maxPlaces is how many places of the output are named below one line of the source.
const maxPlaces = 3

// inAll says where the findings of one line show.
func inAll(here []review.Finding) string {
	var places []string
	for _, f := range here {
		if in := shownIn(f); !slices.Contains(places, in) {
			places = append(places, in)
		}
	}
	if more := len(places) - maxPlaces; more > 1 {
		places = append(places[:maxPlaces], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(places, ", ")
}

// excerpt shows the finding's line with up to two lines before it, marks it, and says where it shows.
func (t *textWriter) excerpt(f review.Finding, where string) {
	lines, first := t.shown.excerpt(f)
	if lines == nil {
		if f.Location.Precision == "file" {
			where = "somewhere in this file, " + where
		}
		fmt.Fprintf(t.w, "   %s\n", where)
		return
	}
	last := len(lines) - 1
	for i, line := range lines[:last] {
		fmt.Fprintf(t.w, "%s %s\n", t.paint(dim, fmt.Sprintf("%5d │", first+i)), shorten(plain(line), maxLine))
	}
	start, width := marked(lines[last], f.Location.Column)
	text, start := window(lines[last], start)
	fmt.Fprintf(t.w, "%s %s\n", t.paint(dim, fmt.Sprintf("%5d │", first+last)), plain(text))
	fmt.Fprintf(t.w, "%s %s%s %s\n", t.paint(dim, "      │"), strings.Repeat(" ", start),
		t.paint(levelColour(f.Level), strings.Repeat("^", min(width, utf8.RuneCountInString(text)-start))), where)
}

// maxLine is how many characters of a source line are shown.
const maxLine = 160

// marked returns the columns from which and how far a line is underlined: from the finding's column to the end
// of the text, comments left out.
func marked(text string, column int) (start, width int) {
	rest := []rune(strings.TrimRightFunc(text, unicode.IsSpace))
	start = min(max(column-1, 0), len(rest))
	if start >= len(rest) {
		return start, 1
	}
	marked := string(rest[start:])
	if i := strings.Index(marked, " #"); i > 0 {
		marked = strings.TrimRight(marked[:i], " ")
	}
	return start, max(utf8.RuneCountInString(marked), 1)
}

// window cuts a long line to what stands around a column, and returns where the column is in what is left. There is
// always a character left at that column.
func window(text string, start int) (string, int) {
	runes := []rune(text)
	if len(runes) <= start {
		runes = append(runes, []rune(strings.Repeat(" ", start+1-len(runes)))...)
	}
	if len(runes) <= maxLine {
		return string(runes), start
	}
	from := max(start-maxLine/4, 0)
	cut := runes[from:min(from+maxLine, len(runes))]
	before, after := "", ""
	if from > 0 {
		before = "…"
	}
	if from+len(cut) < len(runes) {
		after = "…"
	}
	return before + string(cut) + after, start - from + utf8.RuneCountInString(before)
}

// unrendered says which roots do not render, as far as no finding above has said so.
func (t *textWriter) unrendered() {
	said := make(map[string]bool)
	for _, f := range t.report.Shown(review.New) {
		said[f.Root] = said[f.Root] || f.Rule == review.RuleRenderFailed
	}
	for _, root := range t.report.Unrendered() {
		if !said[root.Path] {
			fmt.Fprintf(t.w, "%s %s: %s\n\n", t.paint(yellow, "not rendered:"), plain(root.Path), plain(shorten(root.Reason, maxReason)))
		}
	}
}

func (t *textWriter) notes() {
	notes := t.report.allNotes()
	for _, note := range notes {
		fmt.Fprintf(t.w, "%s %s\n", t.paint(dim, "note:"), plain(shorten(note, maxReason)))
	}
	if len(notes) > 0 {
		fmt.Fprintln(t.w)
	}
}

// images says in a line what was found out about images, where the policy asks for anything.
func (t *textWriter) images() {
	if text := imageTally(t.report.Images); text != "" {
		fmt.Fprintf(t.w, "%s\n", plain(text))
	}
}

func (t *textWriter) summary() {
	r := t.report
	parts := []string{counts(r.Summary.New) + " new"}
	if files := r.filesWithFindings(); files > 0 {
		parts[0] += " in " + Plural(files, "file")
	}
	parts = append(parts, r.otherCounts()...)
	parts = append(parts, r.rootCounts())
	fmt.Fprintln(t.w, plain(strings.Join(parts, " · ")))
	if r.Renderers != "" {
		fmt.Fprintln(t.w, t.paint(dim, plain(fmt.Sprintf("landwaiter %s · %s", r.Version, r.Renderers))))
	}
}
