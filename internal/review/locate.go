package review

import (
	"bytes"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// locate chooses, out of the stack of places that made a field, the one where the author can act: the innermost
// exact place that the change touched, else the innermost exact one, else the file. Where several places each give a
// part of the value, those whose line is at fault go before the others; atFault may be nil.
func locate(change *source.Change, origin manifests.Origin, atFault func(line string) bool) Location {
	best, most := -1, 0
	for i, frame := range origin {
		if frame.Precision == manifests.Unknown || frame.Span.File == "" {
			continue
		}
		rank := 1
		if frame.Precision == manifests.Exact {
			rank += 4
			if touched(change, frame) {
				rank += 2
			}
			if atFault != nil && len(origin) > 1 && atFault(lineOf(change.Head, frame.Span)) {
				rank++
			}
		}
		if rank > most {
			best, most = i, rank
		}
	}
	if best < 0 {
		return Location{Precision: manifests.Unknown.String()}
	}
	return location(origin[best], touched(change, origin[best]))
}

func touched(change *source.Change, frame manifests.Frame) bool {
	return frame.Precision == manifests.Exact && change.Touches(frame.Span.File, frame.Span.Line)
}

// lineOf returns the text of a span's first line, "" when it cannot be read.
func lineOf(tree source.Tree, span source.Span) string {
	text, err := tree.ReadFile(span.File)
	if err != nil {
		return ""
	}
	for n := 1; n < span.Line; n++ {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			return ""
		}
		text = text[i+1:]
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(line)
}

func location(frame manifests.Frame, changed bool) Location {
	span := frame.Span
	return Location{
		File: span.File, Line: max(span.Line, 1), EndLine: max(span.EndLine, span.Line, 1), Column: max(span.Column, 1),
		Precision: frame.Precision.String(), Changed: changed, From: frame.From,
	}
}

// locateRemoval finds where a new finding that stands on no touched line was caused by a removal: some place
// that made the field at base is gone, and the finding then stands next to the gap.
func locateRemoval(change *source.Change, base manifests.Origin) (Location, bool) {
	for _, frame := range base {
		if frame.Precision != manifests.Exact {
			continue
		}
		file, line, kept := change.ToHead(frame.Span.File, frame.Span.Line)
		if kept || file == "" {
			continue
		}
		return touchedAt(file, line), true
	}
	return Location{}, false
}
