package review

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Some rules judge what a change takes away. What they find stands on an object that head does not have, so that its
// place is that of the removal: the gap it left, the line of a kustomization that is gone, what was added to delete it,
// the value that switched it off. Of a file that was deleted with all that named it there is the file alone, as base has it.

// withRemoved adds to a scene of head what the root lost. Of a root that is gone the view is empty.
func (s scene) withRemoved() scene {
	if s.base == nil {
		return s
	}
	s.gone = s.across.gone(s.base, s.view)
	if s.view == nil && len(s.gone) > 0 {
		s.view, s.empty = NewRootView(s.base.Root, nil), true
	}
	return s
}

// goneLocator finds where a change removed objects from one root.
type goneLocator struct {
	change  *source.Change
	touched []source.FileChange // of what the root's rendering read; only files that stay

	references map[string]*Location // by file of base: where a line was cut that named it; nil for nowhere
	switches   map[string][]string  // by template: the values that its conditions name
	keys       map[string][]string  // by file: the path of the key on each line
}

func newGoneLocator(change *source.Change, because []string) *goneLocator {
	l := &goneLocator{change: change, references: map[string]*Location{}, switches: map[string][]string{}, keys: map[string][]string{}}
	for _, f := range change.Files {
		if f.New != "" && !f.Binary && slices.Contains(because, f.New) {
			l.touched = append(l.touched, f)
		}
	}
	return l
}

// locate finds where an object of base was removed, and returns besides where base has it.
func (l *goneLocator) locate(o *manifests.Object) (at Location, before string) {
	finds := []func(*manifests.Object) (Location, bool){l.gapOf, l.deletedByName, l.switchedOff, l.onlyCause}
	at = Location{Precision: manifests.Unknown.String()}
	if span, ok := startOf(o); ok {
		before = fmt.Sprintf("%s:%d", span.File, span.Line)
		if _, stays := l.change.HeadPath(span.File); !stays {
			finds = finds[:1] // it went with its file
			at = Location{File: span.File, Line: max(span.Line, 1), EndLine: max(span.Line, 1), Column: 1, Precision: manifests.InFile.String()}
		}
	}
	for _, find := range finds {
		if found, ok := find(o); ok {
			return found, before
		}
	}
	return at, before
}

// gapOf finds the gap where the object's own text was, or the line that led to its file.
func (l *goneLocator) gapOf(o *manifests.Object) (Location, bool) {
	for _, path := range []string{"", "metadata.name", "metadata.namespace", "kind"} {
		if origin, exists := o.OriginAt(path); exists {
			if at, ok := locateRemoval(l.change, origin); ok {
				return at, true
			}
		}
	}
	origin, _ := o.OriginAt("")
	for _, frame := range origin {
		if at := l.reference(frame); at != nil {
			return *at, true
		}
	}
	return Location{}, false
}

func (l *goneLocator) reference(frame manifests.Frame) *Location {
	at, known := l.references[frame.Span.File]
	if !known {
		if found, ok := cutReference(l.change, manifests.Origin{frame}, "."); ok {
			at = &found
		}
		l.references[frame.Span.File] = at
	}
	return at
}

// linesOf returns the text of a file, line by line; none when it cannot be read.
func linesOf(tree source.Tree, file string) []string {
	text, err := tree.ReadFile(file)
	if err != nil {
		return nil
	}
	return strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
}

// patchDeletes matches the directive of a strategic merge patch that deletes what it names.
var patchDeletes = regexp.MustCompile(`\$patch["']?\s*:\s*["']?delete`)

// deletedByName finds the line that names the object in an added patch that deletes it.
func (l *goneLocator) deletedByName(o *manifests.Object) (Location, bool) {
	named := regexp.MustCompile(`\bname["']?\s*:\s*["']?` + regexp.QuoteMeta(o.Name) + `["']?\s*([,}#].*)?$`)
	for _, f := range l.touched {
		lines := linesOf(l.change.Head, f.New)
		for _, h := range f.Hunks {
			added := lines[min(max(h.NewStart-1, 0), len(lines)):min(max(h.NewStart-1+h.NewLines, 0), len(lines))]
			if !slices.ContainsFunc(added, patchDeletes.MatchString) {
				continue
			}
			if i := slices.IndexFunc(added, named.MatchString); i >= 0 {
				return touchedAt(f.New, h.NewStart+i), true
			}
		}
	}
	return Location{}, false
}

// onlyCause finds the one place that the change touched of all that the root read; of several in one file only the
// file is known.
func (l *goneLocator) onlyCause(*manifests.Object) (Location, bool) {
	if len(l.touched) != 1 || len(l.touched[0].Hunks) == 0 {
		return Location{}, false
	}
	f := l.touched[0]
	at := touchedAt(f.New, max(f.Hunks[0].NewStart, 1))
	if len(f.Hunks) > 1 {
		at.Precision = manifests.InFile.String()
	}
	return at, true
}

var (
	control    = regexp.MustCompile(`\{\{-?\s*(?:else )?(?:if|with|range)\b.*`)
	valuesPath = regexp.MustCompile(`\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)`)
	condition  = regexp.MustCompile(`^\s*(?:- )?condition:\s*["']?([^"'\s#]+)`)
)

// switchedOff finds the touched line of a values file which sets what the object's template, or a chart's dependency on
// the chart that it is in, is conditional on.
func (l *goneLocator) switchedOff(o *manifests.Object) (Location, bool) {
	span, ok := startOf(o)
	if !ok {
		return Location{}, false
	}
	switches, known := l.switches[span.File]
	if !known {
		switches = switchesOf(l.change.Base, span.File)
		l.switches[span.File] = switches
	}
	for _, f := range l.touched {
		for _, h := range f.Hunks {
			if n := firstSwitch(switches, l.keysOf("base", l.change.Base, f.Old), h.OldStart, h.OldLines); n > 0 {
				file, line, _ := l.change.ToHead(f.Old, n)
				return touchedAt(file, line), true
			}
			if n := firstSwitch(switches, l.keysOf("head", l.change.Head, f.New), h.NewStart, h.NewLines); n > 0 {
				return touchedAt(f.New, n), true
			}
		}
	}
	return Location{}, false
}

// switchesOf lists the values that the conditions in a template name, and the dependencies of the charts above it.
func switchesOf(tree source.Tree, template string) (switches []string) {
	for _, line := range linesOf(tree, template) {
		for _, action := range control.FindAllString(line, -1) {
			for _, m := range valuesPath.FindAllStringSubmatch(action, -1) {
				switches = append(switches, strings.TrimPrefix(m[1], "."))
			}
		}
	}
	for dir := path.Dir(template); dir != "." && dir != "/"; dir = path.Dir(dir) {
		for _, line := range linesOf(tree, path.Join(dir, "Chart.yaml")) {
			if m := condition.FindStringSubmatch(line); m != nil {
				switches = append(switches, strings.Split(m[1], ",")...)
			}
		}
	}
	return switches
}

// firstSwitch returns the first of count lines from line first on that sets one of the values, 0 for none. A chart's own
// values lie below its name in those of a chart that depends on it.
func firstSwitch(switches, keys []string, first, count int) int {
	for n := max(first, 1); n < first+count && n <= len(keys); n++ {
		key := keys[n-1]
		if key != "" && slices.ContainsFunc(switches, func(s string) bool { return key == s || strings.HasSuffix(key, "."+s) }) {
			return n
		}
	}
	return 0
}

func (l *goneLocator) keysOf(side string, tree source.Tree, file string) []string {
	keys, known := l.keys[side+":"+file]
	if !known {
		keys = keyPaths(linesOf(tree, file))
		l.keys[side+":"+file] = keys
	}
	return keys
}

var yamlKey = regexp.MustCompile(`^( *)["']?([A-Za-z_][-A-Za-z0-9_]*)["']?:(?:\s|$)`)

// keyPaths returns for each line of block-style YAML the path of the key on it, as a.b.c; "" for none.
func keyPaths(lines []string) []string {
	type level struct {
		indent int
		path   string
	}
	var above []level
	paths := make([]string, len(lines))
	for i, line := range lines {
		m := yamlKey.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		for len(above) > 0 && above[len(above)-1].indent >= len(m[1]) {
			above = above[:len(above)-1]
		}
		paths[i] = m[2]
		if len(above) > 0 {
			paths[i] = above[len(above)-1].path + "." + m[2]
		}
		if above = append(above, level{len(m[1]), paths[i]}); len(above) > maxKeyDepth {
			return paths
		}
	}
	return paths
}

// maxKeyDepth is how deep values are looked at.
const maxKeyDepth = 64
