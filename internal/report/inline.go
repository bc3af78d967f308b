package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// maxListed is how many findings of one place a comment shows.
const maxListed = 20

// comment writes a remark: what is wrong, why, what mends it, where it shows and what to do when it is meant.
func (r *Report) comment(m *remark) Comment {
	findings := m.findings[:min(len(m.findings), maxListed)]
	var b strings.Builder
	if len(findings) == 1 {
		f := findings[0]
		b.WriteString(paragraphs(r.headline(f, m), r.consequence(f), r.remedy(f, m)))
	} else {
		b.WriteString(r.listed(findings, m))
	}
	if m.fix != nil {
		fence := fenceFor(m.fix.text)
		if len(m.findings) > 1 {
			fmt.Fprintf(&b, "This mends %d of them:\n\n", len(m.fix.mends))
		}
		fmt.Fprintf(&b, "%ssuggestion\n%s%s\n\n", fence, m.fix.text, fence)
	}
	b.WriteString(paragraphs(r.background(findings)))
	b.WriteString(r.exempting(findings))
	b.WriteString(paragraphs(r.Caveat))
	c := Comment{File: m.file, Line: m.line, StartLine: m.start, Fingerprints: fingerprintsOf(findings)}
	end := marker(r.as(), c.Fingerprints)
	c.Body = Limit(b.String(), maxBody-len(end)-1) + "\n" + end
	return c
}

// listed writes several findings of one place as a list. The worst are explained, the others have pages of their own.
func (r *Report) listed(findings []review.Finding, m *remark) string {
	const explained = 5
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** meet here:\n\n", Plural(len(m.findings), "finding"))
	for i, f := range findings {
		b.WriteString("- " + r.headline(f, m) + "\n")
		if i < explained {
			b.WriteString(indented(r.consequence(f), r.remedy(f, m)))
		}
	}
	if n := len(m.findings) - len(findings); n > 0 {
		fmt.Fprintf(&b, "- and %s, in the check\n", Plural(n, "more finding"))
	}
	return b.String() + "\n"
}

// headline says level, what and by which rule, and where when that is not the line that the comment stands on.
func (r *Report) headline(f review.Finding, m *remark) string {
	text := fmt.Sprintf("**%s** · %s · %s", f.Level, markdownText(shorten(f.Message, maxReason)), r.ruleLink(f))
	switch {
	case m.line > 0:
		return text
	case f.Location.Precision == manifests.InFile.String():
		return text + " · somewhere in this file"
	}
	return text + fmt.Sprintf(" · line %d, which is not part of the difference", f.Location.Line)
}

// consequence says what follows from a finding: what the rule says of this one, or why there is the rule.
func (r *Report) consequence(f review.Finding) string {
	text := markdownText(f.Detail)
	if f.Detail == "" {
		text = firstParagraph(r.doc(f.Rule), "# "+f.Rule)
	}
	return strings.TrimSpace(text)
}

// remedy says how to mend a finding, as far as the suggestion does not, and who may accept it.
func (r *Report) remedy(f review.Finding, m *remark) string {
	var parts []string
	switch {
	case f.Fix == nil:
		if how := firstParagraph(r.doc(f.Rule), "## How to fix"); how != "" {
			parts = append(parts, "How to fix: "+how)
		}
	case m.fix == nil || !m.fix.mends[f.Fingerprint]:
		parts = append(parts, "Fix: "+markdownText(shorten(sentence(f.Fix.Title), maxReason)))
	}
	if policy := r.policy(); len(policy.Acknowledging(f.Rule)) > 0 {
		parts = append(parts, "If it is meant, "+acceptance(policy, f)+".")
	}
	return strings.Join(parts, " ")
}

// doc is a rule's documentation.
func (r *Report) doc(id string) string {
	for _, rule := range r.Rules {
		if rule.ID == id {
			return rule.Doc
		}
	}
	return ""
}

// firstParagraph returns the paragraph that stands under a heading of a rule's documentation, on one line.
func firstParagraph(doc, heading string) string {
	_, rest, _ := strings.Cut("\n"+doc, "\n"+heading+"\n")
	paragraph, _, _ := strings.Cut(strings.TrimSpace(rest), "\n\n")
	if strings.HasPrefix(paragraph, "#") || strings.Contains(paragraph, "```") {
		return ""
	}
	return strings.Join(strings.Fields(paragraph), " ")
}

// paragraphs writes texts that are not empty, each with a blank line behind it.
func paragraphs(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		if text != "" {
			b.WriteString(text + "\n\n")
		}
	}
	return b.String()
}

// indented writes texts that are not empty as further lines of a list's item.
func indented(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		if text != "" {
			b.WriteString("  " + text + "\n")
		}
	}
	return b.String()
}

// background says in which rendered objects findings show, what else has to do with them, and by which guidelines.
func (r *Report) background(findings []review.Finding) string {
	var shows, guidelines []string
	add := func(list *[]string, text string) {
		if !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	for _, f := range findings {
		add(&shows, showsIn(f))
		for _, id := range f.Guidelines {
			add(&guidelines, link(id, guidelineURL(id)))
		}
	}
	const most = 3
	text := "Shows in " + strings.Join(shows[:min(len(shows), most)], "; ")
	if len(shows) > most {
		text += fmt.Sprintf("; and %s", Plural(len(shows)-most, "more object"))
	}
	text += "."
	if see := seeAlso(findings); see != nil {
		text += " See also " + strings.Join(see, ", ") + "."
	}
	if guidelines != nil {
		text += fmt.Sprintf(" %s: %s.", map[bool]string{true: "Guideline", false: "Guidelines"}[len(guidelines) == 1], strings.Join(guidelines, ", "))
	}
	return text
}

// seeAlso are further places that have to do with findings, the first few of each, but for those where the findings stand.
func seeAlso(findings []review.Finding) []string {
	const most = 3
	told := make(map[string]bool)
	for _, f := range findings {
		told[placeOf(f.Location.File, f.Location.Line)] = true
	}
	var see []string
	for _, f := range findings {
		n := 0
		for _, related := range f.Related {
			if place := placeOf(related.File, related.Line); !told[place] && n < most {
				told[place] = true
				see = append(see, code(place))
				n++
			}
		}
	}
	return see
}

func placeOf(file string, line int) string { return shorten(file, maxCell) + ":" + strconv.Itoa(line) }

// showsIn names the object and roots of a finding.
func showsIn(f review.Finding) string {
	const most = 3
	roots := append([]string{f.Root}, f.Roots...)
	var named []string
	for _, root := range roots[:min(len(roots), most)] {
		named = append(named, code(shorten(root, maxCell)))
	}
	text := strings.Join(named, ", ")
	if len(roots) > most {
		text += " and " + Plural(len(roots)-most, "more root")
	}
	if f.Object.Kind == "" {
		return text
	}
	return code(shorten(f.Object.String(), maxCell)) + " of " + text
}

// guidelineURL is where a guideline is published.
func guidelineURL(id string) string {
	for _, g := range Guidelines() {
		if g.ID == id {
			return projectURL + "/blob/main/docs/guidelines.md#" + anchor(g.ID+" "+g.Title)
		}
	}
	return projectURL + "/blob/main/docs/guidelines.md"
}

// anchor is the name that GitHub gives a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, strings.ToLower(heading))
}

// exempting says how to exempt findings: what to add to the policy file.
func (r *Report) exempting(findings []review.Finding) string {
	const most = 3
	var entries []string
	for _, f := range findings {
		if e, ok := review.ExemptionFor(&f); ok && !slices.Contains(entries, r.entry(e)) {
			entries = append(entries, r.entry(e))
		}
	}
	if entries == nil {
		return ""
	}
	if len(entries) > most {
		entries = append(entries[:most], "  # and so on for the other rules\n")
	}
	text := strings.Join(append([]string{"exemptions:\n"}, entries...), "")
	fence := fenceFor(text)
	return fmt.Sprintf("<details><summary>Not wanted here?</summary>\n\nAdd this to `.github/landwaiter.yaml` in a pull request of its own, with the reason and the last day:\n\n"+
		"%syaml\n%s%s\n\n</details>\n", fence, text, fence)
}

// entry writes an exemption as two lines of a policy file.
func (r *Report) entry(e review.ExemptionRule) string {
	what := "object: " + quoted(e.Object)
	if e.Object == "" {
		what = "root: " + quoted(e.Root)
	}
	until := "YEAR-MONTH-DAY"
	if !r.Now.IsZero() {
		until = r.Now.AddDate(0, 6, 0).Format(time.DateOnly)
	}
	return fmt.Sprintf("  - {rule: %s, %s,\n     reason: \"\", until: %s}\n", e.Rule, what, until)
}

// quoted writes text for the inside of a flow mapping of YAML, as JSON, which is YAML, where it is not plain.
func quoted(text string) string {
	if plainName.MatchString(text) {
		return text
	}
	return strconv.QuoteToASCII(text)
}

// plainName is a path of ordinary names, which YAML reads as text.
var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)+$`)
