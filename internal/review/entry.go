package review

import (
	"bytes"
	"path"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// entry is one item of a kustomization's lists that the change touched: a patch with its target, a replacement with its
// targets, an image with its name. What it does may stand on lines that the change did not touch, in other files even.
type entry struct {
	file        string
	first, last int
	touched     int             // the first line of the change in it, or the gap
	names       map[string]bool // files
}

// widened finds the line of the change in the kustomization's entry that made the field at head.
func (c *candidate) widened(change *source.Change) (Location, bool) {
	origin, _ := c.object.OriginAt(c.path)
	for _, frame := range origin {
		for _, e := range touchedEntries(change) {
			inside := frame.Span.File == e.file && e.first <= frame.Span.Line && frame.Span.Line <= e.last
			if inside || e.names[frame.Span.File] {
				return touchedAt(e.file, e.touched), true
			}
		}
	}
	return Location{}, false
}

type entriesKey struct{}

// touchedEntries reads the kustomizations of a change, once.
func touchedEntries(change *source.Change) []entry {
	return change.Once(entriesKey{}, func() any {
		var all []entry
		for _, f := range change.Files {
			if f.Old == "" || f.New == "" || len(f.Hunks) == 0 || !manifests.IsKustomization(f.New) || change.Base == nil {
				continue
			}
			before := entriesIn(change.Base, f.Old)
			for _, e := range entriesIn(change.Head, f.New) {
				if e.touched = e.firstTouched(change, f, before); e.touched > 0 {
					all = append(all, e)
				}
			}
		}
		return all
	}).([]entry)
}

// firstTouched returns the first line of the change in an entry of head; before are base's. 0 is none.
func (e *entry) firstTouched(change *source.Change, f source.FileChange, before []entry) int {
	for _, h := range f.Hunks {
		if h.NewLines > 0 && h.NewStart <= e.last && h.NewStart+h.NewLines > e.first {
			return max(h.NewStart, e.first)
		}
		for _, old := range before {
			if h.NewLines > 0 || h.OldStart < old.first || h.OldStart > old.last {
				continue
			}
			if _, line, kept := change.ToHead(f.Old, old.first); kept && line == e.first {
				return max(h.NewStart, 1)
			}
		}
	}
	return 0
}

// entriesIn reads the items of the lists of a kustomization; none of a file that cannot be read, which does not render.
func entriesIn(tree source.Tree, file string) (all []entry) {
	text, err := tree.ReadFile(file)
	if err != nil {
		return nil
	}
	root, err := manifests.ParseYAML(text)
	if err != nil || root == nil || root.Kind != yaml.MappingNode {
		return nil
	}
	for i := 1; i < len(root.Content); i += 2 {
		if root.Content[i].Kind != yaml.SequenceNode {
			continue
		}
		for _, item := range root.Content[i].Content {
			if item.Kind == yaml.MappingNode {
				e := entry{file: file, first: item.Line, last: item.Line, names: map[string]bool{}}
				e.take(item)
				all = append(all, e)
			}
		}
	}
	return all
}

// take notes which lines a node covers, and the files that it may name.
func (e *entry) take(n *yaml.Node) {
	last := n.Line
	if n.Kind == yaml.ScalarNode {
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			last += bytes.Count([]byte(n.Value), []byte("\n"))
		} else if !path.IsAbs(n.Value) {
			e.names[path.Join(path.Dir(e.file), n.Value)] = true
		}
	}
	e.last = max(e.last, last)
	for _, child := range n.Content {
		e.take(child)
	}
}
