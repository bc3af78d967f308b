package review

import (
	"bytes"
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// A root's objects also change when a line comes or goes that names a file: a kustomization's patch, component or
// resource, a chart's values. No field has such a line among the places that made it, so it is found by what the
// changed lines say: a word that, read as a path from the directory of its file, leads to the file in question.

// cutReference finds the gap of a removed line that named one of the places that made a field at base.
func cutReference(change *source.Change, base manifests.Origin) (Location, bool) {
	for _, frame := range base {
		for _, f := range change.Files {
			if f.New == "" || f.Old == "" || f.Old == frame.Span.File {
				continue
			}
			for _, h := range f.Hunks {
				if line, ok := namingLine(change.Base, f.Old, h.OldStart, h.OldLines, frame.Span.File); ok {
					file, at, _ := change.ToHead(f.Old, line)
					return touchedAt(file, at), true
				}
			}
		}
	}
	return Location{}, false
}

// newReference finds the added line that names one of the places that made a field at head.
func newReference(change *source.Change, head manifests.Origin) (Location, bool) {
	for _, frame := range head {
		for _, f := range change.Files {
			if f.New == "" || f.New == frame.Span.File {
				continue
			}
			for _, h := range f.Hunks {
				if line, ok := namingLine(change.Head, f.New, h.NewStart, h.NewLines, frame.Span.File); ok {
					return touchedAt(f.New, line), true
				}
			}
		}
	}
	return Location{}, false
}

func touchedAt(file string, line int) Location {
	return Location{File: file, Line: line, EndLine: line, Column: 1, Precision: manifests.Exact.String(), Changed: true}
}

// namingLine finds, among count lines from line first on, one that names the file called target or a directory that
// it lies in.
func namingLine(tree source.Tree, file string, first, count int, target string) (int, bool) {
	text, err := tree.ReadFile(file)
	if err != nil || count == 0 || target == "" {
		return 0, false
	}
	lines := bytes.SplitN(text, []byte("\n"), first+count)
	for n := first; n < first+count && n <= len(lines); n++ {
		if names(string(lines[n-1]), path.Dir(file), target) {
			return n, true
		}
	}
	return 0, false
}

// names reports whether a word of a line leads from dir to target, or to a directory of target that dir is not in.
func names(line, dir, target string) bool {
	words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\"'[]{},:=", r) })
	for _, word := range words {
		if word == "-" || word == "." || path.IsAbs(word) {
			continue
		}
		named := path.Join(dir, word)
		inside := named == dir || strings.HasPrefix(dir, named+"/") || named == "."
		if named == target || !inside && strings.HasPrefix(target, named+"/") {
			return true
		}
	}
	return false
}
