package review

import (
	"bytes"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// A root's objects also change when a line comes or goes that names a file: a kustomization's patch, component or
// resource, a chart's values. No field has such a line among the places that made it, so it is found by what the
// changed lines say: a word that, read as a path from the directory of its file, leads to the file in question.

// cutReference finds the gap of a removed line that named one of the places that made a field at base. home is the
// directory of the root.
func cutReference(change *source.Change, base manifests.Origin, home string) (Location, bool) {
	file, line := named(namesOf(change, removedNames), namesOf(change, removedRooted), base, home)
	if line == 0 {
		return Location{}, false
	}
	file, at, _ := change.ToHead(file, line)
	return touchedAt(file, at), true
}

// newReference finds the added line that names one of the places that made a field at head.
func newReference(change *source.Change, head manifests.Origin, home string) (Location, bool) {
	file, line := named(namesOf(change, addedNames), namesOf(change, addedRooted), head, home)
	return touchedAt(file, line), line > 0
}

// named finds the line that names one of the places of an Origin; 0 when there is none. Paths are relative to the file that
// they stand in; what an object of Argo CD or Flux names is relative to the chart, which is home, or to the repository.
func named(beside, rooted namings, origin manifests.Origin, home string) (file string, line int) {
	for _, frame := range origin {
		if file, line := beside.find(frame.Span.File); line > 0 {
			return file, line
		}
	}
	for _, frame := range origin {
		target := frame.Span.File
		if fromHome, err := filepath.Rel(filepath.FromSlash(home), filepath.FromSlash(target)); err == nil && target != "" {
			if known := rooted[filepath.ToSlash(fromHome)]; known != nil {
				if at := firstNotIn(known.anyhow, target); at.line > 0 {
					return at.file, at.line
				}
			}
		}
		if file, line := rooted.find(target); line > 0 {
			return file, line
		}
	}
	return "", 0
}

func touchedAt(file string, line int) Location {
	return Location{File: file, Line: line, EndLine: line, Column: 1, Precision: manifests.Exact.String(), Changed: true}
}

// namedSide is a side of a change whose lines name files.
type namedSide int

const (
	removedNames namedSide = iota // of files that stay
	addedNames
	removedRooted // read from the root of the repository, and not in kustomizations
	addedRooted
)

func (s namedSide) removed() bool { return s == removedNames || s == removedRooted }
func (s namedSide) rooted() bool  { return s == removedRooted || s == addedRooted }

// naming is where lines of one side of a change's hunks name a path.
type naming struct {
	anyhow  []namingLine // the first line, and the first of another file
	outside []namingLine // the same, of those in no directory below the path
}

// namingLine is a line that names a path.
type namingLine struct {
	file string
	line int
}

// namings are the paths that the lines of one side name.
type namings map[string]*naming

// namesOf reads the hunks of a change, once for each side.
func namesOf(change *source.Change, side namedSide) namings {
	return change.Once(side, func() any {
		all := namings{}
		for _, f := range change.Files {
			for _, h := range f.Hunks {
				tree, file, first, count := change.Head, f.New, h.NewStart, h.NewLines
				if side.removed() {
					tree, file, first, count = change.Base, f.Old, h.OldStart, h.OldLines
				}
				dir := path.Dir(file)
				if side.rooted() {
					dir = "."
				}
				elsewhere := side.rooted() && manifests.IsKustomization(file)
				if f.New != "" && file != "" && count > 0 && tree != nil && !elsewhere {
					all.read(tree, file, dir, first, count)
				}
			}
		}
		return all
	}).(namings)
}

// read notes what count lines of a file from line first on name, as seen from dir.
func (n namings) read(tree source.Tree, file, dir string, first, count int) {
	text, err := tree.ReadFile(file)
	if err != nil {
		return
	}
	lines := bytes.SplitN(text, []byte("\n"), first+count)
	for at := max(first, 1); at < first+count && at <= len(lines); at++ {
		for _, named := range namedBy(string(lines[at-1]), dir) {
			if n[named] == nil {
				n[named] = &naming{}
			}
			n[named].anyhow = noteFirst(n[named].anyhow, namingLine{file, at})
			if !holds(named, dir) {
				n[named].outside = noteFirst(n[named].outside, namingLine{file, at})
			}
		}
	}
}

// noteFirst keeps the first line that names a path, and the first of another file.
func noteFirst(kept []namingLine, line namingLine) []namingLine {
	if len(kept) == 0 || len(kept) == 1 && kept[0].file != line.file {
		kept = append(kept, line)
	}
	return kept
}

// find returns the line that names target, or a directory that it lies in, in another file than target itself. Of several
// it is the one that says most of target's path. The line is 0 when there is none.
func (n namings) find(target string) (file string, line int) {
	if target == "" {
		return "", 0
	}
	if named := n[target]; named != nil {
		if at := firstNotIn(named.anyhow, target); at.line > 0 {
			return at.file, at.line
		}
	}
	for dir := target; ; {
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			return "", 0
		}
		dir = dir[:i]
		if named := n[dir]; named != nil {
			if at := firstNotIn(named.outside, target); at.line > 0 {
				return at.file, at.line
			}
		}
	}
}

func firstNotIn(lines []namingLine, file string) namingLine {
	for _, at := range lines {
		if at.file != file {
			return at
		}
	}
	return namingLine{}
}

// asKey matches the key that a line of YAML begins with.
var asKey = regexp.MustCompile(`^[\s-]*["']?[\w.-]+["']?:(\s|$)`)

// namedBy returns the paths that the words of a line may name, read from the directory of its file.
func namedBy(line, dir string) (named []string) {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return nil
	}
	line = asKey.ReplaceAllString(line, " ")
	words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\"'[]{},:=", r) })
	for _, word := range words {
		if word != "-" && word != "." && !path.IsAbs(word) {
			named = append(named, path.Join(dir, word))
		}
	}
	return named
}

// holds reports whether dir is the directory named, or lies in it: a line that names what its own file lies in names nothing.
func holds(named, dir string) bool {
	return named == dir || strings.HasPrefix(dir, named+"/") || named == "."
}
