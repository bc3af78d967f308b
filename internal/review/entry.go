package review

import (
	"bytes"
	"path"
	"sort"

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
	all := touchedEntries(change)
	origin, _ := c.object.OriginAt(c.path)
	for _, frame := range origin {
		if e := all.of(frame.Span); e != nil {
			return touchedAt(e.file, e.touched), true
		}
	}
	return Location{}, false
}

// entries are those that a change touched.
type entries struct {
	in     map[string][]entry // by their kustomization, from above
	naming map[string]*entry  // by the files that they name, the first of each
}

// of is the entry that a line is part of, or that names its file; nil when there is none.
func (all *entries) of(at source.Span) *entry {
	in := all.in[at.File]
	if i := sort.Search(len(in), func(i int) bool { return at.Line <= in[i].last }); i < len(in) && in[i].first <= at.Line {
		return &in[i]
	}
	return all.naming[at.File]
}

type entriesKey struct{}

// touchedEntries reads the kustomizations of a change, once.
func touchedEntries(change *source.Change) *entries {
	return change.Once(entriesKey{}, func() any {
		all := &entries{in: make(map[string][]entry), naming: make(map[string]*entry)}
		for _, f := range change.Files {
			if f.Old == "" || f.New == "" || len(f.Hunks) == 0 || !manifests.IsKustomization(f.New) || change.Base == nil {
				continue
			}
			touched := touchedIn(change, f)
			all.in[f.New] = touched
			for i := range touched {
				for name := range touched[i].names {
					if all.naming[name] == nil {
						all.naming[name] = &touched[i]
					}
				}
			}
		}
		return all
	}).(*entries)
}

// touchedIn finds the entries of a kustomization at head of which the change wrote lines, or took some out.
func touchedIn(change *source.Change, f source.FileChange) (touched []entry) {
	gaps := make(map[int]int) // by the first lines of entries that lost some
	for _, old := range entriesIn(change.Base, f.Old) {
		i := sort.Search(len(f.Hunks), func(i int) bool { return old.first <= f.Hunks[i].OldStart })
		for ; i < len(f.Hunks) && f.Hunks[i].OldStart <= old.last; i++ {
			if f.Hunks[i].NewLines > 0 {
				continue
			}
			if _, line, kept := change.ToHead(f.Old, old.first); kept {
				gaps[line] = max(f.Hunks[i].NewStart, 1)
			}
			break
		}
	}
	for _, e := range entriesIn(change.Head, f.New) {
		e.touched = gaps[e.first]
		i := sort.Search(len(f.Hunks), func(i int) bool { return e.first < f.Hunks[i].NewStart+f.Hunks[i].NewLines })
		for ; i < len(f.Hunks) && f.Hunks[i].NewStart <= e.last; i++ {
			if f.Hunks[i].NewLines == 0 {
				continue
			}
			if line := max(f.Hunks[i].NewStart, e.first); e.touched == 0 || line < e.touched {
				e.touched = line
			}
			break
		}
		if e.touched > 0 {
			touched = append(touched, e)
		}
	}
	return touched
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
