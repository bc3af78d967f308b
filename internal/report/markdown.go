package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// Limits of the Markdown report: GitHub takes 65,535 characters for a check run's summary and as many for its text.
const (
	maxMarkdown = 60_000 // bytes
	maxSection  = 18_000 // bytes of a list or table
	maxCell     = 300    // characters of a text of the repository
)

// Markdown writes the report as the check run shows it: Summary, then Difference. Text from the repository is
// escaped: it makes no links, mentions or markup.
func Markdown(w io.Writer, r *Report) error {
	summary := Summary(r)
	difference := Difference(r, maxMarkdown-len(summary))
	_, err := io.WriteString(w, summary+difference)
	return err
}

// Summary is the check run's summary in Markdown: the verdict, what could not be checked, the new findings, what
// merging does, images and counts, each part left out when it is empty.
func Summary(r *Report) string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "## %s\n\n%s\n\n", markdownText(shorten(r.Title(), maxCell)), r.verdict())
	for _, section := range []func(*Report) string{unchecked, newFindings, effects, imageTable, exemptions} {
		b.WriteString(section(r))
	}
	parts := append([]string{counts(r.Summary.New) + " new"}, r.otherCounts()...)
	fmt.Fprintf(b, "%s · %s\n\n", strings.Join(parts, " · "), markdownText(r.rootCounts()))
	fmt.Fprintf(b, "<sub>landwaiter %s · %.1f s</sub>\n", htmlText(r.Version), r.Timings.Total)
	return b.String()
}

// verdict says whether the check passes, and what decides it.
func (r *Report) verdict() string {
	failOn := r.FailOn
	if failOn == 0 {
		failOn = review.Error
	}
	gate := "new findings of level " + failOn.String()
	if failOn < review.Error {
		gate += " or worse"
	}
	if r.Verdict == review.Fails {
		return "The check **fails**: there are " + gate + "."
	}
	return "The check passes. It fails on " + gate + "."
}

// list writes rows until they are too many bytes, then says how many are left.
func list(rows []string, noun string) string {
	var b strings.Builder
	for i, row := range rows {
		if b.Len()+len(row) > maxSection {
			fmt.Fprintf(&b, "\n%s not shown here; the report in JSON has all.\n", Plural(len(rows)-i, "more "+noun))
			break
		}
		b.WriteString(row)
	}
	b.WriteString("\n")
	return b.String()
}

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
	return "### Could not be checked, or should be known\n\n" + list(rows, "line")
}

func newFindings(r *Report) string {
	var rows []string
	for _, f := range worstFirst(r.Shown(review.New)) {
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s |\n", f.Level, r.ruleLink(f), r.placeLink(f.Location),
			markdownText(shorten(f.Message, maxCell)), code(shorten(strings.TrimPrefix(shownIn(f), "in "), maxCell))))
	}
	if rows == nil {
		return ""
	}
	return "### New findings\n\n| level | rule | where | what | shows in |\n|---|---|---|---|---|\n" + list(rows, "finding")
}

// ruleLink names a finding's rule, with a link to its page, and the rules that say the same.
func (r *Report) ruleLink(f review.Finding) string {
	named := code(f.Rule)
	for _, rule := range r.Rules {
		if rule.ID == f.Rule {
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

// link makes a link of Markdown that is already escaped, to an address of ours.
func link(text, address string) string {
	safe := strings.NewReplacer(" ", "%20", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", `\`, "%5C", "|", "%7C",
		"`", "%60", "\n", "%0A", "\r", "%0D", "[", "%5B", "]", "%5D").Replace(address)
	return "[" + text + "](" + safe + ")"
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
	var rows []string
	for _, root := range order {
		n := byRoot[root]
		rows = append(rows, fmt.Sprintf("| %s | %d | %d | %d |\n", code(shorten(root, maxCell)), n[manifests.Added], n[manifests.Modified], n[manifests.Removed]))
	}
	text := "### What merging does\n\n| root | objects added | changed | removed |\n|---|---|---|---|\n" + list(rows, "root")
	rows = nil
	for _, c := range r.ImageChanges {
		rows = append(rows, fmt.Sprintf("- %s: %s → %s\n", code(shorten(fmt.Sprintf("%s of %s, %s", c.Object, c.Root, c.Title), maxCell)),
			code(shorten(c.From, maxCell)), code(shorten(c.To, maxCell))))
	}
	if rows != nil {
		text += "Images:\n\n" + list(rows, "image")
	}
	return text
}

func imageTable(r *Report) string {
	var rows []string
	for _, image := range r.Images {
		allowed := "yes"
		if !image.Allowed {
			allowed = "**no**"
		}
		proof := image.Evidence
		if proof == "" {
			proof = "not asked for"
		}
		if image.Reason != "" {
			proof += ": " + image.Reason
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |\n", code(shorten(image.Image, maxCell)), allowed,
			markdownText(shorten(proof, maxCell)), Plural(len(image.UsedBy), "place")))
	}
	if rows == nil {
		return ""
	}
	return "### Images\n\n| image | allowed | proof | used in |\n|---|---|---|---|\n" + list(rows, "image")
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
		if f.Exemption == nil || f.Exemption.Until > soon {
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
	return "### Exemptions that end within 30 days\n\n" + list(rows, "exemption")
}
