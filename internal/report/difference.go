package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// Difference is the check run's text in Markdown: the rendered difference, a block for each object, those with new
// findings first. It is cut at an object's end so that it is not longer than so many bytes, and then says what is left
// out. It is "" where nothing changes, or everything is new.
func Difference(r *Report, most int) string {
	const head, tail = "### The rendered difference\n\n", 120 // the tail is for the line that says what is left out
	if len(r.Diff) == 0 || r.BaseID == "" || most < len(head)+tail {
		return ""
	}
	b := strings.Builder{}
	b.WriteString(head)
	diffs := r.importantFirst()
	for i, d := range diffs {
		left := most - tail - b.Len()
		block := diffBlock(d)
		if len(block) > max(left, most/4) { // a long one does not keep the others from being shown
			block = fmt.Sprintf("%s of %s: %s, too long to be shown here\n\n", changed(d), code(shorten(d.Root, maxCell)), Plural(lineCount(d.Unified), "line"))
		}
		if len(block) > left {
			fmt.Fprintf(&b, "%s: %s shows all.\n", Plural(len(diffs)-i, "more object"), wholeReport)
			break
		}
		b.WriteString(block)
	}
	return b.String()
}

func changed(d manifests.ObjectDiff) string {
	return fmt.Sprintf("%s %s", d.Change, code(shorten(d.Object.String(), maxCell)))
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
	text := visible(strings.ToValidUTF8(d.Unified, "\ufffd"))
	fence := fenceFor(text)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return fmt.Sprintf("<details><summary>%s %s of %s</summary>\n\n%sdiff\n%s%s\n\n</details>\n\n",
		d.Change, htmlText(shorten(d.Object.String(), maxCell)), htmlText(shorten(d.Root, maxCell)), fence, text, fence)
}

// fenceFor returns a fence that nothing in the text closes.
func fenceFor(text string) string {
	longest, run := 2, 0
	for i := range len(text) {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return strings.Repeat("`", longest+1)
}
