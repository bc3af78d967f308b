package review

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// locate chooses, out of the stack of places that made a field, the one where the author can act: the innermost
// exact place that the change touched, else the innermost exact one, else the file.
func locate(change *source.Change, origin manifests.Origin) Location {
	var best *manifests.Frame
	for i := range origin {
		frame := &origin[i]
		if frame.Precision == manifests.Exact && change.Touches(frame.Span.File, frame.Span.Line) {
			return location(*frame, true)
		}
		if best == nil || frame.Precision > best.Precision {
			best = frame
		}
	}
	if best == nil || best.Precision == manifests.Unknown || best.Span.File == "" {
		return Location{Precision: manifests.Unknown.String()}
	}
	return location(*best, false)
}

func location(frame manifests.Frame, changed bool) Location {
	span := frame.Span
	return Location{
		File: span.File, Line: max(span.Line, 1), EndLine: max(span.EndLine, span.Line, 1), Column: max(span.Column, 1),
		Precision: frame.Precision.String(), Changed: changed,
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
		return Location{File: file, Line: line, EndLine: line, Column: 1,
			Precision: manifests.Exact.String(), Changed: true}, true
	}
	return Location{}, false
}
