package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// Difference is the check run's text in Markdown: the rendered difference, a block for each object, those with new
// findings first. It is cut at an object's end when it would be longer than limit, in bytes.
func Difference(r *Report, limit int) string {
	if len(r.Diff) == 0 || r.BaseID == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n### The rendered difference\n\n")
	const tail = 80 // for the line that says what is left out
	diffs := r.importantFirst()
	for i, d := range diffs {
		block := diffBlock(d)
		if b.Len()+len(block)+tail > limit {
			fmt.Fprintf(&b, "%s, see the report in JSON.\n", Plural(len(diffs)-i, "more object"))
			break
		}
		b.WriteString(block)
	}
	return b.String()
}

// importantFirst sorts the difference: objects with new findings, the worst first, then what is removed, then the
// rest, each as it was.
func (r *Report) importantFirst() []manifests.ObjectDiff {
	type key struct {
		root   string
		object manifests.Identity
	}
	worst := make(map[key]review.Level)
	for _, f := range r.Findings {
		if f.Status != review.New {
			continue
		}
		for _, root := range append([]string{f.Root}, f.Roots...) {
			k := key{root, f.Object}
			worst[k] = max(worst[k], f.Level)
		}
	}
	rank := func(d manifests.ObjectDiff) int {
		n := 2 * int(worst[key{d.Root, d.Object}])
		if d.Change == manifests.Removed {
			n++
		}
		return n
	}
	sorted := slices.Clone(r.Diff)
	slices.SortStableFunc(sorted, func(a, b manifests.ObjectDiff) int { return rank(b) - rank(a) })
	return sorted
}

// diffBlock writes one object's difference, folded, within a fence that nothing in it can close.
func diffBlock(d manifests.ObjectDiff) string {
	text := visible(d.Unified)
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return fmt.Sprintf("<details><summary>%s %s of %s</summary>\n\n%sdiff\n%s%s\n\n</details>\n\n",
		d.Change, htmlText(shorten(d.Object.String(), maxCell)), htmlText(shorten(d.Root, maxCell)), fence, text, fence)
}
