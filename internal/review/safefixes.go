package review

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/landwaiter/landwaiter/internal/source"
)

// SafeFixes returns the texts of files after the safe fixes of findings on a tree, and how many fixes are in them. They
// are reviewed before they are handed out: a file whose fixes would cause a new finding, or break a root, is left out.
func (e *Engine) SafeFixes(ctx context.Context, tree source.Tree, policy *Policy, opts Options, findings []Finding) (map[string][]byte, int, error) {
	texts, applied, err := ApplyFixes(tree, findings, true)
	if err != nil || applied == 0 {
		return nil, 0, err
	}
	if good, err := e.harmless(ctx, tree, policy, opts, texts); err != nil || good {
		return texts, applied, err
	}
	kept, total := make(map[string][]byte), 0
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		one, n, err := ApplyFixes(tree, onlyIn(findings, file), true)
		if err != nil || n == 0 {
			return nil, 0, err
		}
		if good, err := e.harmless(ctx, tree, policy, opts, one); err != nil {
			return nil, 0, err
		} else if good {
			maps.Copy(kept, one)
			total += n
		}
	}
	return kept, total, nil
}

// harmless reports whether the new texts cause no finding that the tree does not have.
func (e *Engine) harmless(ctx context.Context, tree source.Tree, policy *Policy, opts Options, texts map[string][]byte) (bool, error) {
	after, err := source.Edit(tree, texts)
	if err != nil {
		return false, err
	}
	opts.Offline = true // what registries say is the same before and after
	change := &source.Change{Base: tree, Head: after}
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		before, err := tree.ReadFile(file)
		if err != nil {
			return false, err
		}
		change.Files = append(change.Files, source.FileChange{Old: file, New: file, Hunks: hunks(string(before), string(texts[file]))})
	}
	result, err := e.Review(ctx, change, policy, opts)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(result.Findings, func(f Finding) bool { return f.Status == New && !e.onlyOfChanging(f.Rule) }), nil
}

// onlyOfChanging reports whether a rule is about what merging does to a running cluster. What a fix changes is not what is
// merged: that is the whole pull request.
func (e *Engine) onlyOfChanging(rule string) bool {
	i := slices.IndexFunc(e.Rules, func(r *Rule) bool { return r.ID == rule })
	return i >= 0 && e.Rules[i].Area == "change"
}

// hunks are the runs of lines in which two texts differ.
func hunks(before, after string) (all []source.Hunk) {
	oldLine, newLine := 1, 1
	done := 0
	for _, edit := range udiff.Lines(before, after) {
		same := strings.Count(before[done:edit.Start], "\n")
		oldLine, newLine = oldLine+same, newLine+same
		hunk := source.Hunk{OldStart: oldLine, NewStart: newLine, OldLines: countLines(before[edit.Start:edit.End]), NewLines: countLines(edit.New)}
		oldLine, newLine, done = oldLine+hunk.OldLines, newLine+hunk.NewLines, edit.End
		if hunk.OldLines == 0 {
			hunk.OldStart--
		}
		if hunk.NewLines == 0 {
			hunk.NewStart--
		}
		all = append(all, hunk)
	}
	return all
}

func countLines(text string) int {
	n := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		n++
	}
	return n
}

// onlyIn are the findings whose fixes change nothing but one file.
func onlyIn(findings []Finding, file string) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool {
		return f.Fix == nil || slices.ContainsFunc(f.Fix.Edits, func(e Edit) bool { return e.File != file })
	})
}
