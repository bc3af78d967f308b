package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// Limits within the Markdown report, whose whole is bounded by what GitHub takes.
const (
	maxSection = 18_000 // bytes of a list or table
	maxCell    = 300    // characters of a text of the repository
	minSection = 200    // bytes that are kept free for each section still to come
)

// Markdown writes the report as the check run shows it: its title, Summary, then Difference. Text from the repository is
// escaped: it makes no links, mentions or markup.
func Markdown(w io.Writer, r *Report) error { return MarkdownWithin(w, r, maxBody) }

// MarkdownWithin is Markdown with at most so many bytes, where there is room for another difference than in a check run.
func MarkdownWithin(w io.Writer, r *Report, most int) error {
	title := fmt.Sprintf("## %s\n\n", markdownText(shorten(r.Title(), maxCell)))
	summary := summarise(r, min(most, maxBody)-len(title), sections())
	difference := Difference(r, most-len(title)-len(summary)-1)
	if difference != "" {
		difference = "\n" + difference
	}
	_, err := io.WriteString(w, title+summary+difference)
	return err
}

// Summary is the check run's summary in Markdown: the verdict, what could not be checked, the new findings and those
// that a person accepted or has to, what merging does, images and counts, each part left out when it is empty.
func Summary(r *Report) string { return summarise(r, maxBody, sections()) }

// section writes a part of the summary, "" for nothing.
type section func(*Report) string

func sections() []section {
	return []section{unchecked, newFindings, toAccept, accepted, effects, policyChange, imageTable, tally, exemptions}
}

// summarise writes the verdict, sections as far as they fit, and what made the report.
func summarise(r *Report, most int, sections []section) string {
	foot := r.foot()
	text := paragraphs(r.verdict(), r.Caveat)
	for i, write := range sections {
		text += Limit(write(r), most-len(text)-len(foot)-minSection*(len(sections)-i-1))
	}
	return text + foot
}

// tally counts findings and roots.
func tally(r *Report) string {
	parts := append([]string{counts(r.Summary.New) + " new"}, r.otherCounts()...)
	return fmt.Sprintf("%s · %s\n\n", strings.Join(parts, " · "), markdownText(r.rootCounts()))
}

// foot says what made the report, by which policy, and how long it took.
func (r *Report) foot() string {
	parts := []string{"landwaiter " + markdownText(shorten(r.Version, maxCell))}
	for _, part := range []string{r.Renderers, r.PolicyFrom} {
		if part != "" {
			parts = append(parts, markdownText(shorten(part, maxCell)))
		}
	}
	return fmt.Sprintf("<sub>%s · %.1f s</sub>\n", strings.Join(parts, " · "), r.Timings.Total)
}

// list writes a row for each of many until they are too many bytes, then says how many are left. Rows that are not shown
// are not made.
func list[T any](all []T, noun string, row func(T) string) string {
	var b strings.Builder
	for i, one := range all {
		text := row(one)
		if b.Len()+len(text) > maxSection {
			fmt.Fprintf(&b, "\n%s not shown here; %s has all.\n", Plural(len(all)-i, "more "+noun), wholeReport)
			break
		}
		b.WriteString(text)
	}
	b.WriteString("\n")
	return b.String()
}

// asIs is the row of what is a row already.
func asIs(row string) string { return row }

// wholeReport is where a reader finds what does not fit.
const wholeReport = "`landwaiter review -o json`"

func unchecked(r *Report) string {
	var rows []string
	for _, root := range r.Unrendered() {
		rows = append(rows, fmt.Sprintf("- %s: %s\n", code(shorten(root.Path, maxCell)), markdownText(shorten(root.Reason, maxReason))))
	}
	for _, note := range r.allNotes() {
		rows = append(rows, fmt.Sprintf("- %s\n", markdownText(shorten(note, maxReason))))
	}
	if rows == nil {
		return ""
	}
	return "### Could not be checked, or should be known\n\n" + list(rows, "line", asIs)
}

func newFindings(r *Report) string {
	all := worstFirst(r.Shown(review.New))
	if len(all) == 0 {
		return ""
	}
	text := "### New findings\n\n| level | rule | where | what | shows in |\n|---|---|---|---|---|\n" + list(all, "finding", func(f review.Finding) string {
		return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", f.Level, r.ruleLink(f), r.placeLink(f.Location),
			markdownText(shorten(f.Message, maxCell)), code(shorten(strings.TrimPrefix(shownIn(f), "in "), maxCell)))
	})
	if r.uncommented > 0 {
		text += fmt.Sprintf("%s with no comment: the policy has %d at a time (`comments.max`).\n\n", Plural(r.uncommented, "more place"), r.policy().Comments.Max)
	}
	return text
}

// ruleLink names a finding's rule, with a link to its page, and the rules that say the same.
func (r *Report) ruleLink(f review.Finding) string {
	named := code(f.Rule)
	for _, rule := range r.Rules {
		if rule.ID == f.Rule && rule.Defined == "" {
			named = link(named, RuleURL(rule))
		}
	}
	for _, also := range f.Also {
		named += " " + code(also)
	}
	return named
}

// placeLink names the place of a finding, with a link to it where the report can make one.
func (r *Report) placeLink(l review.Location) string {
	if l.File == "" {
		return "unknown line"
	}
	named, before := code(shorten(Place(l), maxCell)), ""
	if l.Precision == manifests.InFile.String() {
		named, before = code(shorten(l.File, maxCell)), "somewhere in "
	}
	if r.Link != nil {
		named = link(named, r.Link(l.File, l.Line))
	}
	return before + named
}

// link makes a link of Markdown that is already escaped, to an address of ours. In the address every byte is escaped that
// could end it, or is not plain ASCII.
func link(text, address string) string {
	const plain, longest = "-._~:/?#@!$&'*+,;=%", 2000 // besides letters and digits; what browsers take
	if len(address) > longest {
		return text
	}
	var b strings.Builder
	for _, c := range []byte(address) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return "[" + text + "](" + b.String() + ")"
}

// effects says what merging does to the rendered objects, root by root, and to their images.
func effects(r *Report) string {
	if len(r.Diff) == 0 || r.BaseID == "" { // without a base everything is new, which is no effect of merging
		return ""
	}
	byRoot := make(map[string]map[manifests.DiffKind]int)
	var order []string
	for _, d := range r.Diff {
		if byRoot[d.Root] == nil {
			byRoot[d.Root] = make(map[manifests.DiffKind]int)
			order = append(order, d.Root)
		}
		byRoot[d.Root][d.Change]++
	}
	text := "### What merging does\n\n| root | objects added | changed | removed |\n|---|---|---|---|\n" + list(order, "root", func(root string) string {
		n := byRoot[root]
		return fmt.Sprintf("| %s | %d | %d | %d |\n", code(shorten(root, maxCell)), n[manifests.Added], n[manifests.Modified], n[manifests.Removed])
	})
	return text + reaches(r) + imageChanges(r)
}

// exemptions lists the exemptions in use that end within 30 days.
func exemptions(r *Report) string {
	if r.Now.IsZero() {
		return ""
	}
	soon := r.Now.AddDate(0, 0, 30).Format("2006-01-02")
	said := make(map[string]bool)
	var rows []string
	for _, f := range r.Findings {
		if f.Exemption == nil || f.Accepted() || f.Exemption.Until > soon {
			continue
		}
		row := fmt.Sprintf("- %s on %s until %s: %s\n", code(f.Rule), code(shorten(f.Object.String(), maxCell)), f.Exemption.Until,
			markdownText(shorten(f.Exemption.Reason, maxCell)))
		if !said[row] {
			said[row] = true
			rows = append(rows, row)
		}
	}
	if rows == nil {
		return ""
	}
	return "### Exemptions that end within 30 days\n\n" + list(rows, "exemption", asIs)
}
