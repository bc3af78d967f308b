package review

import (
	"bytes"
	"cmp"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/edit"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// errNoPlace tells that a fix has no source line that could be edited: it comes from a template, a generator or
// from somewhere unknown.
var errNoPlace = errors.New("the field has no line of its own in the source")

// maxFixed is how many bytes of source the fixes of one review may parse: each goes twice through the document that it
// changes. Beyond it findings have no fix; only documents with thousands of violations come near.
const maxFixed = 24 << 20

// fixer counts down from maxFixed.
type fixer struct {
	change *source.Change
	left   int
	docs   map[string][]manifests.Document // of a file
	made   map[string]bool                 // files that are made elsewhere
	editor edit.Editor
}

func newFixer(change *source.Change) *fixer {
	return &fixer{change: change, left: maxFixed, docs: map[string][]manifests.Document{}, made: map[string]bool{}}
}

// madeElsewhere is asked once a file.
func (f *fixer) madeElsewhere(file string) bool {
	made, known := f.made[file]
	if !known {
		made = madeElsewhere(f.change.Head, file)
		f.made[file] = made
	}
	return made
}

// pay takes off what an edit costs: the document at the line, and a look through the whole file.
func (f *fixer) pay(file string, line int) {
	docs, known := f.docs[file]
	if !known {
		text, _ := f.change.Head.ReadFile(file) // what cannot be read costs nothing
		docs = manifests.SplitDocuments(text)
		f.docs[file] = docs
	}
	for i, doc := range docs {
		f.left -= len(doc.Data) / 64
		if doc.Line <= line && (i+1 == len(docs) || docs[i+1].Line > line) {
			f.left -= len(doc.Data)
		}
	}
}

// fixable is a finding with what it was made of.
type fixable struct {
	*candidate
	finding *Finding
}

// fixAll gives findings their fixes. Those of an object come together, so that what it was written in is parsed once.
func fixAll(change *source.Change, all []fixable) {
	order := make(map[*manifests.Object]int)
	for _, f := range all {
		if _, seen := order[f.object]; !seen {
			order[f.object] = len(order)
		}
	}
	all = slices.DeleteFunc(all, func(f fixable) bool { return f.finding.Status == Fixed })
	slices.SortStableFunc(all, func(a, b fixable) int { return order[a.object] - order[b.object] })
	fixer := newFixer(change)
	for _, f := range all {
		f.finding.Fix = f.concrete(fixer)
	}
}

// concrete turns a symbolic fix into edits of source lines; nil when the source cannot be edited safely, or nothing
// is left of maxFixed.
func (c *candidate) concrete(fixer *fixer) *Fix {
	if c.fix == nil || fixer.left <= 0 {
		return nil
	}
	texts := newTexts(fixer.change.Head)
	places := make([]opPlace, 0, len(c.fix.Ops))
	for _, op := range c.fix.Ops {
		if op.pin {
			if c.pin(fixer, op, texts) != nil {
				return nil
			}
			continue
		}
		place, err := fixer.placeOf(c.object, op)
		if err != nil {
			return nil
		}
		places = append(places, place)
	}
	// From the bottom up, so that an edit does not move the places of those still to come.
	slices.SortStableFunc(places, func(a, b opPlace) int {
		return -cmp.Or(cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.at.Column, b.at.Column))
	})
	if node, err := c.object.Node(); err == nil { // most of what is not rendered stands in the tree as it is here
		fixer.editor.Know(c.object.Raw, node)
	}
	for _, place := range places {
		fixer.pay(place.file, place.at.Line)
		if err := place.apply(&fixer.editor, texts); err != nil {
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
	was  string   // the scalar that the field renders to now
}

// placeOf finds the line of the field, or of the nearest mapping above it that is written.
func (f *fixer) placeOf(o *manifests.Object, op Op) (opPlace, error) {
	ancestor := op.Path
	var rest []string
	for ancestor != "" && !o.Lookup(ancestor).Exists() {
		parent, name := splitPath(ancestor)
		ancestor, rest = parent, append([]string{name}, rest...)
	}
	origin, _ := o.OriginAt(ancestor)
	frame, ok := editable(f.change, origin)
	if !ok || f.madeElsewhere(frame.Span.File) {
		return opPlace{}, errNoPlace
	}
	key := lastElement(ancestor)
	key = strings.TrimPrefix(key, ".")
	if strings.HasPrefix(key, "[") {
		key = bracketKey(o, ancestor)
	}
	place := opPlace{op: op, file: frame.Span.File, role: frame.Role, was: o.Lookup(op.Path).Text(), at: edit.Place{Line: frame.Span.Line, Key: key, Column: frame.Span.Column}, rest: rest}
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

var generated = regexp.MustCompile(`(?mi)^\s*(?:#|//|\{\{-?\s*/\*|"_comment":).*(?:\bgenerated\b.*\bdo not edit\b|\bdo not edit\b.*\bgenerated\b)`)

// generatedHead is how many bytes of a file are looked at for the remark that it is generated.
const generatedHead = 1024

// madeElsewhere reports whether an edit of a file would be lost: a tool writes it, or it is a chart's dependency that
// was fetched from somewhere.
func madeElsewhere(tree source.Tree, file string) bool {
	text, err := tree.ReadFile(file)
	head := text[:min(len(text), generatedHead)]
	if err != nil || bytes.Contains(bytes.ToLower(head), []byte("generated")) && generated.Match(head) {
		return true
	}
	for rest := path.Dir(file); rest != "."; rest = path.Dir(rest) {
		chart := path.Dir(path.Dir(rest))
		if path.Base(path.Dir(rest)) == "charts" && fetched(tree, path.Join(chart, "Chart.yaml"), path.Base(rest)) {
			return true
		}
	}
	return false
}

// fetched reports whether a chart takes the dependency of that name from a registry or repository.
func fetched(tree source.Tree, chart, name string) bool {
	var declared struct {
		Dependencies []struct{ Name, Repository string }
	}
	text, err := tree.ReadFile(chart)
	if err != nil || yaml.Unmarshal(text, &declared) != nil {
		return false
	}
	for _, d := range declared.Dependencies {
		if d.Name == name && d.Repository != "" && !strings.HasPrefix(d.Repository, "file://") {
			return true
		}
	}
	return false
}

func (p opPlace) apply(editor *edit.Editor, texts *texts) error {
	text, err := texts.read(p.file)
	if err != nil {
		return err
	}
	var out []byte
	switch p.role {
	case manifests.RoleResource, manifests.RolePatch:
		if p.op.Remove {
			out, err = editor.Remove(text, p.at, p.rest)
		} else {
			out, err = editor.Set(text, p.at, p.rest, p.op.Value)
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

// replaceOnLine replaces the scalar of a "key: value" line of a values file or template, if it is all that the field is
// made of.
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
	var written yaml.Node
	if match == nil || yaml.Unmarshal([]byte(match[2]), &written) != nil || len(written.Content) != 1 ||
		manifests.NewField(written.Content[0], "").Text() != p.was {
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
		all = append(all, lineEdits(file, before, t.now[file])...)
	}
	slices.SortFunc(all, func(a, b Edit) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return all
}

// lineEdits compares two texts line by line. What they begin and end with alike is left out of the comparison, whose time
// grows with the length of the texts.
func lineEdits(file string, old, now []byte) []Edit {
	same := commonHead(old, now)
	skipped := bytes.Count(old[:same], []byte("\n"))
	old, now = old[same:], now[same:]
	if tail := commonTail(old, now); tail > 0 {
		old, now = old[:len(old)-tail], now[:len(now)-tail]
	}
	before, after := string(old), string(now)
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
		e.NewText = strings.Clone(e.NewText) // else it would keep the whole text alive
		all = append(all, e)
	}
	return all
}

// commonHead returns how many bytes of whole lines two texts begin with alike.
func commonHead(a, b []byte) int {
	const block = 4 << 10 // compared as one
	n := 0
	for n+block <= min(len(a), len(b)) && bytes.Equal(a[n:n+block], b[n:n+block]) {
		n += block
	}
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return bytes.LastIndexByte(a[:n], '\n') + 1
}

// commonTail returns how many bytes of whole lines two texts end with alike.
func commonTail(before, after []byte) int {
	tail := 0
	for i := 1; i <= min(len(before), len(after)) && before[len(before)-i] == after[len(after)-i]; i++ {
		if i < min(len(before), len(after)) && before[len(before)-i-1] == '\n' && after[len(after)-i-1] == '\n' {
			tail = i
		}
	}
	return tail
}
