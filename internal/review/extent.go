package review

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// maxExtent is how many lines of one value are looked at.
const maxExtent = 5000

// locateTouched returns the first line that the change touched among those of the places that made a field, lines over
// which a value goes on included.
func locateTouched(change *source.Change, origin manifests.Origin) (Location, bool) {
	for _, frame := range origin {
		switch at := touchedLine(change, frame); {
		case at == 0:
		case at == frame.Span.Line:
			return location(frame, true), true
		default:
			return touchedAt(frame.Span.File, at), true
		}
	}
	return Location{}, false
}

// touchedLine returns the line of a frame that the change touched: its own, else the first touched one of those over
// which the value goes on, as a block scalar or a whole file does. Of 0 the change touched none. The values of
// mappings and lists stand in lines of their own, with frames of their own.
func touchedLine(change *source.Change, frame manifests.Frame) int {
	span := frame.Span
	switch {
	case frame.Precision != manifests.Exact || !change.Touches(span.File, 0):
		return 0
	case change.Touches(span.File, span.Line):
		return span.Line
	}
	last := span.EndLine
	if last <= span.Line {
		last = scalarEnd(change.Head, span)
	}
	for line := span.Line + 1; line <= min(last, span.Line+maxExtent); line++ {
		if change.Touches(span.File, line) {
			return line
		}
	}
	return 0
}

// scalarEnd returns the last line of the YAML scalar that begins on a span's line. It goes on over the lines that are
// indented deeper than its key (YAML 1.2, chapters 7.3 and 8.1).
func scalarEnd(tree source.Tree, span source.Span) int {
	text, err := tree.ReadFile(span.File)
	if err != nil {
		return span.Line
	}
	lines := strings.SplitN(string(text), "\n", span.Line+maxExtent)
	if span.Line < 1 || span.Line > len(lines) {
		return span.Line
	}
	first := lines[span.Line-1]
	indent, key := keyIndent(first)
	empty := strings.HasSuffix(strings.TrimSpace(key), ":")
	if strings.ContainsAny(key, "{[") {
		return span.Line
	}
	last := span.Line
	for i, line := range lines[span.Line:] {
		body := strings.TrimSpace(line)
		switch {
		case body == "":
			continue
		case len(line)-len(strings.TrimLeft(line, " ")) <= indent, empty && isCollection(body):
			return last
		}
		last = span.Line + 1 + i
	}
	return last
}

// keyIndent returns the column before the key of a line, after the dashes of list items, and what begins there.
func keyIndent(line string) (int, string) {
	rest := strings.TrimLeft(line, " ")
	for {
		after, ok := strings.CutPrefix(rest, "- ")
		inner := strings.TrimLeft(after, " ")
		if !ok || !strings.Contains(inner, ":") {
			return len(line) - len(rest), rest
		}
		rest = inner
	}
}

// isCollection reports whether a line begins a mapping or a list.
func isCollection(body string) bool {
	return strings.HasPrefix(body, "- ") || body == "-" || strings.HasSuffix(body, ":") ||
		strings.Contains(body, ": ") || strings.ContainsAny(body[:1], "{[#")
}
