package review

import (
	"bytes"
	"path"
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// A root's objects also change when a line comes or goes that names a file: a kustomization's patch, component or
// resource, a chart's values. No field has such a line among the places that made it, so it is found by what the
// changed lines say: a word that, read as a path from the directory of its file, leads to the file in question.

// cutReference finds the gap of a removed line that named one of the places that made a field at base.
func cutReference(change *source.Change, base manifests.Origin) (Location, bool) {
	old := func(f source.FileChange, h source.Hunk) (string, int, int) { return f.Old, h.OldStart, h.OldLines }
	for _, frame := range base {
		if file, line := reference(change.Base, change.Files, old, frame.Span.File); line > 0 {
			file, at, _ := change.ToHead(file, line)
			return touchedAt(file, at), true
		}
	}
	return Location{}, false
}

// newReference finds the added line that names one of the places that made a field at head.
func newReference(change *source.Change, head manifests.Origin) (Location, bool) {
	added := func(f source.FileChange, h source.Hunk) (string, int, int) { return f.New, h.NewStart, h.NewLines }
	for _, frame := range head {
		if file, line := reference(change.Head, change.Files, added, frame.Span.File); line > 0 {
			return touchedAt(file, line), true
		}
	}
	return Location{}, false
}

// reference finds, among the lines of one side of the hunks of files that stay, the one that names target, or a directory
// that it lies in. Of several it is the one that says most of target's path. The line is 0 when there is none.
func reference(tree source.Tree, files []source.FileChange, side func(source.FileChange, source.Hunk) (string, int, int), target string) (file string, line int) {
	most := 0
	for _, f := range files {
		for _, h := range f.Hunks {
			in, first, count := side(f, h)
			if f.New == "" || in == "" || in == target {
				continue
			}
			if at, says := namingLine(tree, in, first, count, target); says > most {
				file, line, most = in, at, says
			}
		}
	}
	return file, line
}

func touchedAt(file string, line int) Location {
	return Location{File: file, Line: line, EndLine: line, Column: 1, Precision: manifests.Exact.String(), Changed: true}
}

// namingLine finds, among count lines from line first on, the one that names target best, and how much of its path that
// says; 0 when none does.
func namingLine(tree source.Tree, file string, first, count int, target string) (line, says int) {
	text, err := tree.ReadFile(file)
	if err != nil || count == 0 || target == "" {
		return 0, 0
	}
	lines := bytes.SplitN(text, []byte("\n"), first+count)
	for n := max(first, 1); n < first+count && n <= len(lines); n++ {
		if said := names(string(lines[n-1]), path.Dir(file), target); said > says {
			line, says = n, said
		}
	}
	return line, says
}

// asKey matches the key that a line of YAML begins with.
var asKey = regexp.MustCompile(`^[\s-]*["']?[\w.-]+["']?:(\s|$)`)

// names says how much of target's path the words of a line say: the length of the longest of them that leads from dir to
// target, or to a directory of target that dir is not in. 0 is nothing.
func names(line, dir, target string) (says int) {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return 0
	}
	line = asKey.ReplaceAllString(line, " ")
	words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\"'[]{},:=", r) })
	for _, word := range words {
		if word == "-" || word == "." || path.IsAbs(word) {
			continue
		}
		named := path.Join(dir, word)
		inside := named == dir || strings.HasPrefix(dir, named+"/") || named == "."
		if named == target || !inside && strings.HasPrefix(target, named+"/") {
			says = max(says, len(named))
		}
	}
	return says
}
