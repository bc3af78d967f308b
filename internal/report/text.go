package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/review"
)

// Text writes the report for a terminal: findings by file with the source line, then a summary. Colour adds
// terminal escapes of our own; those of the repository's texts are always made harmless.
func Text(w io.Writer, r *Report, colour bool) error {
	out := &textWriter{w: bufio.NewWriter(w), report: r, colour: colour}
	for _, f := range r.Shown(review.New) {
		out.finding(f)
	}
	out.unrendered()
	out.summary()
	return out.w.Flush()
}

type textWriter struct {
	w      *bufio.Writer
	report *Report
	colour bool
	file   string // whose lines are held
	lines  []string
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

func (t *textWriter) finding(f review.Finding) {
	place := Place(f.Location)
	if place == "" {
		place = f.Root
	}
	fmt.Fprintf(t.w, "%s: %s: %s [%s]\n", t.paint(bold, plain(place)),
		t.paint(levelColour(f.Level), f.Level.String()), plain(f.Message), strings.Join(append([]string{f.Rule}, f.Also...), " "))
	t.excerpt(f)
	if f.Fix != nil {
		fmt.Fprintf(t.w, "   %s %s\n", t.paint(dim, "fix:"), plain(f.Fix.Title))
	}
	fmt.Fprintln(t.w)
}

// excerpt shows the finding's line with up to two lines before it, and marks it.
func (t *textWriter) excerpt(f review.Finding) {
	where := shownIn(f)
	lines := t.source(f.Location.File)
	line := f.Location.Line
	if f.Location.Precision != "exact" || line > len(lines) || holdsSecret(f) {
		fmt.Fprintf(t.w, "   %s\n", plain(where))
		return
	}
	for n := max(line-2, 1); n <= line; n++ {
		fmt.Fprintf(t.w, "%s %s\n", t.paint(dim, fmt.Sprintf("%5d │", n)), plain(lines[n-1]))
	}
	text := lines[line-1]
	start, width := marked(text, f.Location.Column)
	fmt.Fprintf(t.w, "%s %s%s %s\n", t.paint(dim, "      │"), strings.Repeat(" ", start),
		t.paint(levelColour(f.Level), strings.Repeat("^", width)), plain(where))
}

// holdsSecret reports whether the finding's source line may show a secret's value.
func holdsSecret(f review.Finding) bool {
	return strings.HasPrefix(f.Rule, "secret-") || f.Object.Kind == "Secret"
}

// marked returns the columns from which and how far a line is underlined: from the finding's column to the end
// of the text, comments left out.
func marked(text string, column int) (start, width int) {
	start = min(max(column-1, 0), utf8.RuneCountInString(text))
	rest := []rune(strings.TrimRightFunc(text, unicode.IsSpace))
	if start >= len(rest) {
		return start, 1
	}
	shown := string(rest[start:])
	if i := strings.Index(shown, " #"); i > 0 {
		shown = strings.TrimRight(shown[:i], " ")
	}
	return start, max(utf8.RuneCountInString(shown), 1)
}

func (t *textWriter) source(file string) []string {
	if t.report.Source == nil || file == "" {
		return nil
	}
	if t.file != file {
		t.file, t.lines = file, strings.Split(strings.ReplaceAll(string(t.report.Source(file)), "\r\n", "\n"), "\n")
	}
	return t.lines
}

// shownIn says in which object and roots a finding shows.
func shownIn(f review.Finding) string {
	roots := strings.Join(append([]string{f.Root}, f.Roots...), ", ")
	if f.Object.Kind == "" {
		return "in " + roots
	}
	return fmt.Sprintf("in %s of %s", f.Object, roots)
}

func (t *textWriter) unrendered() {
	for _, root := range t.report.Unrendered() {
		fmt.Fprintf(t.w, "%s %s: %s\n\n", t.paint(yellow, "not rendered:"), plain(root.Path), plain(root.Reason))
	}
	for _, note := range t.report.Notes {
		fmt.Fprintf(t.w, "%s %s\n", t.paint(dim, "note:"), plain(note))
	}
}

func (t *textWriter) summary() {
	r := t.report
	s := r.Summary
	parts := []string{fmt.Sprintf("%s new", counts(s.New))}
	if files := r.filesWithFindings(); files > 0 {
		parts[0] += " in " + plural(files, "file")
	}
	for _, p := range []struct {
		n    int
		word string
	}{{s.Existing, "existing"}, {s.Fixed, "fixed"}, {s.Exempt, "exempt"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	parts = append(parts, r.rootCounts())
	fmt.Fprintln(t.w, strings.Join(parts, " · "))
}

// rootCounts says how many roots were looked at, out of how many.
func (r *Report) rootCounts() string {
	if len(r.Roots) == 0 {
		return fmt.Sprintf("the change affects none of %s", plural(r.Total, "root"))
	}
	rendered, failed := 0, len(r.Unrendered())
	for _, root := range r.Roots {
		if root.Status == review.Rendered {
			rendered++
		}
	}
	text := fmt.Sprintf("%d of %s rendered", rendered, plural(r.Total, "root"))
	if failed > 0 {
		text += fmt.Sprintf(", %d could not be", failed)
	}
	return text
}

// plain makes text from the repository harmless on a terminal: control characters and the marks that reorder
// text become visible escapes.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0, unicode.Is(unicode.Cf, r):
			return '\uFFFD'
		}
		return r
	}, text)
}
