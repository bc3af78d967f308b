package review

import (
	"cmp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// ApplyFixes applies the fixes of findings to the texts of a tree, the safe ones only if asked so. Fixes that touch
// the same lines as one before them are left for another round. It returns the changed files, by their own paths where
// links lead to them, and how many fixes went in.
func ApplyFixes(tree source.Tree, all []Finding, safeOnly bool) (changed map[string][]byte, applied int, err error) {
	alone := make(map[string]bool) // files that take no more than one fix at a time
	for {
		changed, applied, err = applyFixes(tree, all, safeOnly, alone)
		if err != nil {
			return nil, 0, err
		}
		broken := false
		for file, text := range changed {
			before, _ := tree.ReadFile(file)
			if !alone[file] && isYAML(before) && !isYAML(text) {
				alone[file], broken = true, true
			}
		}
		if !broken {
			return changed, applied, nil
		}
	}
}

func isYAML(text []byte) bool {
	for _, doc := range manifests.SplitDocuments(text) {
		var node yaml.Node
		if yaml.Unmarshal(doc.Data, &node) != nil {
			return false
		}
	}
	return true
}

func applyFixes(tree source.Tree, all []Finding, safeOnly bool, alone map[string]bool) (map[string][]byte, int, error) {
	taken, applied := make(map[string][]Edit), 0
	for _, f := range all {
		if f.Fix == nil || safeOnly && !f.Fix.Safe || f.Status == Exempt || f.Status == Fixed {
			continue
		}
		edits := resolved(tree, f.Fix.Edits)
		if collide(taken, edits) || slices.ContainsFunc(edits, func(e Edit) bool { return alone[e.File] && len(taken[e.File]) > 0 }) {
			continue
		}
		applied++
		for _, e := range edits {
			taken[e.File] = append(taken[e.File], e)
		}
	}
	changed := make(map[string][]byte, len(taken))
	for file, edits := range taken {
		text, err := tree.ReadFile(file)
		if err != nil {
			return nil, 0, err
		}
		changed[file] = applyEdits(text, edits)
	}
	return changed, applied, nil
}

// resolved are the edits with the paths of the files themselves, where symbolic links lead to them.
func resolved(tree source.Tree, edits []Edit) []Edit {
	edits = slices.Clone(edits)
	for i, e := range edits {
		if info, err := tree.Stat(e.File); err == nil {
			edits[i].File = info.Path
		}
	}
	return edits
}

// collide reports whether any of the edits overlaps one taken before.
func collide(taken map[string][]Edit, edits []Edit) bool {
	for _, e := range edits {
		for _, t := range taken[e.File] {
			if e.Overlaps(t) {
				return true
			}
		}
	}
	return false
}

// Overlaps reports whether two edits of a file touch the same line, or insert at the same gap: which would come first?
func (e Edit) Overlaps(other Edit) bool {
	if e.EndLine < e.Line && other.EndLine < other.Line {
		return e.Line == other.Line
	}
	return e.Line <= other.EndLine && other.Line <= e.EndLine
}

// applyEdits applies edits that do not overlap, from the bottom up; of two at a line the one that replaces it goes first.
func applyEdits(text []byte, edits []Edit) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	slices.SortFunc(edits, func(a, b Edit) int { return -cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.EndLine, b.EndLine)) })
	for _, e := range edits {
		lines = slices.Replace(lines, e.Line-1, e.EndLine, e.NewText)
	}
	return []byte(strings.Join(lines, ""))
}
