package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// Limits of the Markdown report: GitHub takes 65,535 characters for a check run's summary.
const (
	maxMarkdown     = 60_000
	maxListed       = 200 // findings
	maxDiffsListed  = 40  // objects
	maxReasonLength = 500
)

// Markdown writes the report as the check run shows it: the verdict, what could not be checked, the new findings,
// what merging does, and the counts. Text from the repository is escaped: it makes no links, mentions or markup.
func Markdown(w io.Writer, r *Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", inlineText(r.Title()))
	unchecked(&b, r)
	newFindings(&b, r)
	effects(&b, r)
	totals(&b, r)
	_, err := io.WriteString(w, b.String())
	return err
}

func unchecked(b *strings.Builder, r *Report) {
	failed := r.Unrendered()
	if len(failed)+len(r.Notes) == 0 {
		return
	}
	b.WriteString("### Could not be checked\n\n")
	for _, root := range failed {
		fmt.Fprintf(b, "- %s: %s\n", code(root.Path), inlineText(shorten(root.Reason, maxReasonLength)))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(b, "- %s\n", inlineText(shorten(note, maxReasonLength)))
	}
	b.WriteString("\n")
}

func newFindings(b *strings.Builder, r *Report) {
	found := r.Shown(review.New)
	if len(found) == 0 {
		return
	}
	b.WriteString("### New findings\n\n| level | rule | where | what | shows in |\n|---|---|---|---|---|\n")
	for i, f := range found {
		if i == maxListed {
			fmt.Fprintf(b, "\n%s more are not listed.\n", plural(len(found)-i, "finding"))
			break
		}
		place := Place(f.Location)
		if place == "" {
			place = "unknown line"
		}
		if f.Location.Precision == manifests.InFile.String() {
			place = "somewhere in " + f.Location.File
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", f.Level, code(strings.Join(append([]string{f.Rule}, f.Also...), " ")),
			code(place), inlineText(f.Message), inlineText(strings.TrimPrefix(shownIn(f), "in ")))
	}
	b.WriteString("\n")
}

// effects shows what merging does to the rendered objects.
func effects(b *strings.Builder, r *Report) {
	if len(r.Diff) == 0 {
		return
	}
	n := map[manifests.DiffKind]int{}
	for _, d := range r.Diff {
		n[d.Change]++
	}
	fmt.Fprintf(b, "### What merging does\n\n%d added, %d changed, %d removed.\n\n", n[manifests.Added], n[manifests.Modified], n[manifests.Removed])
	for i, d := range r.Diff {
		block := diffBlock(d)
		if i == maxDiffsListed || b.Len()+len(block) > maxMarkdown {
			fmt.Fprintf(b, "%s more, see the report in JSON.\n", plural(len(r.Diff)-i, "object"))
			break
		}
		b.WriteString(block)
	}
	b.WriteString("\n")
}

func diffBlock(d manifests.ObjectDiff) string {
	fence := "```"
	for strings.Contains(d.Unified, fence) {
		fence += "`"
	}
	return fmt.Sprintf("<details><summary>%s %s of %s</summary>\n\n%sdiff\n%s%s\n\n</details>\n\n",
		d.Change, htmlText(d.Object.String()), htmlText(d.Root), fence, visible(d.Unified), fence)
}

func totals(b *strings.Builder, r *Report) {
	s := r.Summary
	fmt.Fprintf(b, "%s new · %d existing · %d fixed · %d exempt · %s · landwaiter %s, %.1f s\n",
		counts(s.New), s.Existing, s.Fixed, s.Exempt, inlineText(r.rootCounts()), inlineText(r.Version), r.Timings.Total)
}

// code writes text as inline code, whatever it holds, fit for a table cell.
func code(text string) string {
	text = strings.ReplaceAll(oneLine(text), "|", `\|`)
	ticks := "`"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return ticks + text + ticks
}

// inlineText escapes text so that Markdown shows it as it is: no markup, HTML, links, mentions or table cells.
func inlineText(text string) string {
	var b strings.Builder
	for _, r := range oneLine(text) {
		switch r {
		case '\\', '`', '*', '_', '{', '}', '[', ']', '(', ')', '#', '+', '!', '|', '~', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '@':
			b.WriteString("@\u200b") // no mention
		case ':':
			b.WriteString("&#58;") // no autolink, no emoji
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func htmlText(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u200b", "`", "&#96;").Replace(oneLine(text))
}

// oneLine replaces line ends and invisible characters.
func oneLine(text string) string { return plain(strings.Join(strings.Fields(text), " ")) }

// visible keeps the lines of a text and makes other invisible characters visible.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return '\uFFFD'
		}
		return r
	}, text)
}

func shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
