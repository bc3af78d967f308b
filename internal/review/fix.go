package review

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/edit"
	"github.com/landwaiter/landwaiter/internal/source"
)

// errNoPlace tells that a fix has no source line that could be edited: it comes from a template, a generator or
// from somewhere unknown.
var errNoPlace = errors.New("the field has no line of its own in the source")

// concrete turns a symbolic fix into edits of source lines; nil when the source cannot be edited safely.
func (c *candidate) concrete(change *source.Change) *Fix {
	if c.fix == nil {
		return nil
	}
	texts := newTexts(change.Head)
	places := make([]opPlace, 0, len(c.fix.Ops))
	for _, op := range c.fix.Ops {
		place, err := placeOf(change, c.object, op)
		if err != nil {
			return nil
		}
		places = append(places, place)
	}
	// From the bottom up, so that an edit does not move the places of those still to come.
	slices.SortStableFunc(places, func(a, b opPlace) int {
		return -cmp.Or(cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.at.Column, b.at.Column))
	})
	for _, place := range places {
		if err := place.apply(texts); err != nil {
			return nil
		}
	}
	edits := texts.edits()
	if len(edits) == 0 {
		return nil
	}
	return &Fix{Title: c.fix.Title, Safe: c.fix.Safe, Edits: edits}
}

// opPlace is an Op with the source place it works on.
type opPlace struct {
	op   Op
	file string
	role manifests.Role
	at   edit.Place
	rest []string // path from the place to the field
}

// placeOf finds the line of the field, or of the nearest mapping above it that is written.
func placeOf(change *source.Change, o *manifests.Object, op Op) (opPlace, error) {
	ancestor := op.Path
	var rest []string
	for ancestor != "" && !o.Lookup(ancestor).Exists() {
		parent, name := splitPath(ancestor)
		ancestor, rest = parent, append([]string{name}, rest...)
	}
	origin, _ := o.OriginAt(ancestor)
	frame, ok := editable(change, origin)
	if !ok {
		return opPlace{}, errNoPlace
	}
	key := lastElement(ancestor)
	key = strings.TrimPrefix(key, ".")
	if strings.HasPrefix(key, "[") {
		key = bracketKey(o, ancestor)
	}
	place := opPlace{op: op, file: frame.Span.File, role: frame.Role, at: edit.Place{Line: frame.Span.Line, Key: key, Column: frame.Span.Column}, rest: rest}
	if frame.Role == manifests.RoleValues {
		place.at.Key = "" // a leaf of the values has a name of its own
	}
	return place, nil
}

// bracketKey returns the key of a path's last element in brackets, "" for the item of a list.
func bracketKey(o *manifests.Object, path string) string {
	parent, name := splitPath(path)
	if o.Lookup(parent).IsList() {
		return ""
	}
	return name
}

// splitPath parts a path into its parent's and the last key or [index].
func splitPath(path string) (parent, last string) {
	rest := path
	for {
		element, tail := cutElement(rest)
		if tail == "" {
			parent = strings.TrimSuffix(path[:len(path)-len(rest)], ".")
			if key := strings.Trim(element, "[]"); element != key && !isIndex(key) {
				return parent, key
			}
			return parent, element
		}
		rest = strings.TrimPrefix(tail, ".")
	}
}

func isIndex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// editable chooses the place to edit: the innermost exact one, a touched one before the others.
func editable(change *source.Change, origin manifests.Origin) (manifests.Frame, bool) {
	var found *manifests.Frame
	for i := range origin {
		frame := &origin[i]
		switch {
		case frame.Precision != manifests.Exact || frame.Role == manifests.RoleCall:
		case change.Touches(frame.Span.File, frame.Span.Line) && change.Base != nil:
			return *frame, true
		case found == nil:
			found = frame
		}
	}
	if found == nil {
		return manifests.Frame{}, false
	}
	return *found, true
}

func (p opPlace) apply(texts *texts) error {
	text, err := texts.read(p.file)
	if err != nil {
		return err
	}
	var out []byte
	switch p.role {
	case manifests.RoleResource, manifests.RolePatch:
		if p.op.Remove {
			out, err = edit.Remove(text, p.at, p.rest)
		} else {
			out, err = edit.Set(text, p.at, p.rest, p.op.Value)
		}
	case manifests.RoleValues, manifests.RoleTemplate:
		out, err = p.replaceOnLine(text)
	default:
		err = errNoPlace
	}
	if err == nil {
		texts.now[p.file] = out
	}
	return err
}

var valueOnLine = regexp.MustCompile(`^(\s*(?:- )?[\w.-]+:[ \t]+)([^\s#{}"'|>&*!\[\]][^\s#{}]*|"[^"\\{}]*"|'[^'{}]*')([ \t]*(?:#.*)?\r?\n?)$`)

// replaceOnLine replaces the scalar of a "key: value" line of a values file or template.
func (p opPlace) replaceOnLine(text []byte) ([]byte, error) {
	if p.op.Remove || len(p.rest) > 0 {
		return nil, errNoPlace
	}
	lines := strings.SplitAfter(string(text), "\n")
	value, err := edit.Scalar(p.op.Value)
	if err != nil || p.at.Line > len(lines) {
		return nil, errNoPlace
	}
	match := valueOnLine.FindStringSubmatch(lines[p.at.Line-1])
	if match == nil {
		return nil, errNoPlace
	}
	lines[p.at.Line-1] = match[1] + value + match[3]
	return []byte(strings.Join(lines, "")), nil
}

// texts are files under edit.
type texts struct {
	tree   source.Tree
	before map[string][]byte
	now    map[string][]byte
}

func newTexts(tree source.Tree) *texts {
	return &texts{tree: tree, before: map[string][]byte{}, now: map[string][]byte{}}
}

func (t *texts) read(file string) ([]byte, error) {
	if text, ok := t.now[file]; ok {
		return text, nil
	}
	text, err := t.tree.ReadFile(file)
	if err != nil {
		return nil, err
	}
	t.before[file], t.now[file] = text, text
	return text, nil
}

// edits are the changed runs of lines of every file.
func (t *texts) edits() []Edit {
	var all []Edit
	for file, before := range t.before {
		all = append(all, lineEdits(file, string(before), string(t.now[file]))...)
	}
	slices.SortFunc(all, func(a, b Edit) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return all
}

// lineEdits compares two texts line by line. What they begin with alike is left out of the comparison, whose time
// grows with the length of the texts.
func lineEdits(file, before, after string) []Edit {
	same := 0
	for i := 0; i < min(len(before), len(after)) && before[i] == after[i]; i++ {
		if before[i] == '\n' {
			same = i + 1
		}
	}
	skipped := strings.Count(before[:same], "\n")
	before, after = before[same:], after[same:]
	if tail := commonTail(before, after); tail > 0 {
		before, after = before[:len(before)-tail], after[:len(after)-tail]
	}
	unified, err := udiff.ToUnifiedDiff("", "", before, udiff.Lines(before, after), 0)
	if err != nil {
		return nil
	}
	var all []Edit
	for _, hunk := range unified.Hunks {
		e := Edit{File: file, Line: hunk.FromLine + skipped, EndLine: hunk.FromLine + skipped - 1}
		for _, line := range hunk.Lines {
			if line.Kind == udiff.Insert {
				e.NewText += line.Content
			} else {
				e.EndLine++
			}
		}
		all = append(all, e)
	}
	return all
}

// commonTail returns how many bytes of whole lines two texts end with alike.
func commonTail(before, after string) int {
	tail := 0
	for i := 1; i <= min(len(before), len(after)) && before[len(before)-i] == after[len(after)-i]; i++ {
		if i < min(len(before), len(after)) && before[len(before)-i-1] == '\n' && after[len(after)-i-1] == '\n' {
			tail = i
		}
	}
	return tail
}

// ApplyFixes applies the fixes of findings to the texts of a tree, the safe ones only if asked so. Fixes that touch
// the same lines as one before them are left for another round. It returns the changed files and how many fixes
// went in.
func ApplyFixes(tree source.Tree, all []Finding, safeOnly bool) (changed map[string][]byte, applied int, err error) {
	taken := make(map[string][]Edit)
	for _, f := range all {
		if f.Fix == nil || safeOnly && !f.Fix.Safe || f.Status == Exempt || f.Status == Fixed || collide(taken, f.Fix.Edits) {
			continue
		}
		applied++
		for _, e := range f.Fix.Edits {
			taken[e.File] = append(taken[e.File], e)
		}
	}
	changed = make(map[string][]byte, len(taken))
	for file, edits := range taken {
		text, err := tree.ReadFile(file)
		if err != nil {
			return nil, 0, err
		}
		changed[file] = applyEdits(text, edits)
	}
	return changed, applied, nil
}

// collide reports whether any of the edits overlaps one taken before.
func collide(taken map[string][]Edit, edits []Edit) bool {
	for _, e := range edits {
		for _, t := range taken[e.File] {
			if e.overlaps(t) {
				return true
			}
		}
	}
	return false
}

// overlaps reports whether two edits of a file touch the same line, or insert at the same gap: which would come first?
func (e Edit) overlaps(other Edit) bool {
	if e.EndLine < e.Line && other.EndLine < other.Line {
		return e.Line == other.Line
	}
	return e.Line <= other.EndLine && other.Line <= e.EndLine
}

// applyEdits applies edits that do not overlap.
func applyEdits(text []byte, edits []Edit) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	slices.SortFunc(edits, func(a, b Edit) int { return -cmp.Compare(a.Line, b.Line) })
	for _, e := range edits {
		lines = slices.Replace(lines, e.Line-1, e.EndLine, e.NewText)
	}
	return []byte(strings.Join(lines, ""))
}
