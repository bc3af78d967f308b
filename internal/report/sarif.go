package report

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

const projectURL = "https://github.com/landwaiter/landwaiter"

// fingerprintKey names our fingerprint, with the version of how it is made.
const fingerprintKey = "landwaiter/v1"

// SARIF writes the report as SARIF 2.1.0 (OASIS), as GitHub code scanning reads it: new and existing findings as
// results with their baseline state, exempt ones as suppressed results, roots that do not render as
// notifications.
func SARIF(w io.Writer, r *Report) error {
	run := sarif.NewRunWithInformationURI("landwaiter", projectURL)
	run.Tool.Driver.WithSemanticVersion(semantic(r.Version))
	indexes := addRules(run.Tool.Driver, r)
	for _, f := range r.Findings {
		if f.Level >= r.Level && f.Status != review.Fixed {
			run.AddResult(sarifResult(r, f, indexes))
		}
	}
	run.AddInvocation(invocation(r))
	run.WithColumnKind("unicodeCodePoints")
	report := sarif.NewReport()
	report.AddRun(run)
	return report.PrettyWrite(w)
}

// semantic makes a version that SARIF's semanticVersion allows of ours.
func semantic(version string) string {
	version = strings.TrimPrefix(strings.Fields(version + " 0.0.0")[0], "v")
	if version == "" || version[0] < '0' || version[0] > '9' {
		return "0.0.0"
	}
	return version
}

func addRules(driver *sarif.ToolComponent, r *Report) map[string]int {
	used := make(map[string]bool)
	for _, f := range r.Findings {
		used[f.Rule] = true
	}
	indexes := make(map[string]int)
	for _, rule := range r.Rules {
		if !used[rule.ID] {
			continue
		}
		indexes[rule.ID] = len(indexes)
		help := RuleMarkdown(rule)
		descriptor := sarif.NewReportingDescriptor().WithID(rule.ID).WithName(rule.ID).
			WithShortDescription(sarif.NewMultiformatMessageString().WithText(sentence(rule.Summary))).
			WithFullDescription(sarif.NewMultiformatMessageString().WithText(sentence(rule.Summary))).
			WithHelp(sarif.NewMultiformatMessageString().WithText(help).WithMarkdown(help)).
			WithHelpURI(RuleURL(rule)).
			WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel(rule.Level)))
		descriptor.WithProperties(properties(map[string]any{
			"tags":              append([]string{"security", "kubernetes", rule.Area}, rule.Guidelines...),
			"precision":         "high",
			"security-severity": severity(rule.Level),
		}))
		driver.AddRule(descriptor)
	}
	return indexes
}

func properties(values map[string]any) *sarif.PropertyBag {
	bag := sarif.NewPropertyBag()
	for key, value := range values {
		bag.Add(key, value)
	}
	return bag
}

func sarifLevel(l review.Level) string {
	switch l {
	case review.Error:
		return "error"
	case review.Warning:
		return "warning"
	}
	return "note"
}

// severity is GitHub's security-severity, a number as CVSS has it.
func severity(l review.Level) string {
	switch l {
	case review.Error:
		return "8.0"
	case review.Warning:
		return "5.0"
	}
	return "2.0"
}

func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return "No description."
	}
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

func sarifResult(r *Report, f review.Finding, indexes map[string]int) *sarif.Result {
	result := sarif.NewResult().WithRuleID(f.Rule).WithLevel(sarifLevel(f.Level)).
		WithMessage(sarif.NewTextMessage(sarifText(messageOf(f))))
	if index, ok := indexes[f.Rule]; ok {
		result.WithRuleIndex(index)
	}
	result.AddPartialFingerprint(fingerprintKey, f.Fingerprint)
	result.WithBaselineState(map[review.Status]string{review.New: "new"}[f.Status])
	if f.Status != review.New {
		result.WithBaselineState("unchanged")
	}
	result.AddLocation(sarifLocation(f))
	for _, related := range f.Related {
		result.AddRelatedLocation(physical(related.File, related.Line, related.Line, 0).
			WithMessage(sarif.NewTextMessage(sarifText(related.Message))))
	}
	if f.Exemption != nil {
		result.AddSuppression(sarif.NewSuppression().WithKind("external").WithStatus("accepted").
			WithJustification(f.Exemption.Reason + " (until " + f.Exemption.Until + ")"))
	}
	if f.Fix != nil {
		result.AddFixe(sarifFix(r, f.Fix))
	}
	return result
}

// messageOf is what a result says: the finding, where it shows, and the consequence.
func messageOf(f review.Finding) string {
	text := fmt.Sprintf("%s (%s)", f.Message, shownIn(f))
	if f.Detail != "" {
		text += ". " + f.Detail
	}
	return text
}

// sarifText escapes what SARIF would read as a link in a plain message (2.1.0, 3.11.6).
func sarifText(text string) string {
	if !strings.Contains(text, "](") {
		return text
	}
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(text)
}

func sarifLocation(f review.Finding) *sarif.Location {
	logical := sarif.NewLogicalLocation().WithName(f.Path).WithKind("member").
		WithFullyQualifiedName(strings.Trim(f.Root+"/"+f.Object.String()+"/"+f.Path, "/"))
	if f.Location.Precision == manifests.Unknown.String() {
		return sarif.NewLocation().AddLogicalLocation(logical)
	}
	column := 0
	if f.Location.Precision == manifests.Exact.String() {
		column = f.Location.Column
	}
	return physical(f.Location.File, f.Location.Line, f.Location.EndLine, column).AddLogicalLocation(logical)
}

func physical(file string, line, endLine, column int) *sarif.Location {
	region := sarif.NewRegion().WithStartLine(line).WithEndLine(max(endLine, line))
	if column > 0 {
		region.WithStartColumn(column)
	}
	return sarif.NewLocation().WithPhysicalLocation(sarif.NewPhysicalLocation().
		WithArtifactLocation(artifact(file)).WithRegion(region))
}

// artifact writes a path as the relative URI that SARIF wants.
func artifact(file string) *sarif.ArtifactLocation {
	escaped := (&url.URL{Path: file}).EscapedPath()
	if strings.Contains(strings.SplitN(escaped, "/", 2)[0], ":") {
		escaped = "./" + escaped // a colon in the first segment would make it a scheme
	}
	return sarif.NewArtifactLocation().WithURI(escaped).WithURIBaseID("%SRCROOT%")
}

func sarifFix(r *Report, fix *review.Fix) *sarif.Fix {
	out := sarif.NewFix().WithDescription(sarif.NewTextMessage(sarifText(fix.Title)))
	changes := make(map[string]*sarif.ArtifactChange)
	for _, edit := range fix.Edits {
		change, ok := changes[edit.File]
		if !ok {
			change = sarif.NewArtifactChange().WithArtifactLocation(artifact(edit.File))
			changes[edit.File] = change
			out.AddArtifactChange(change)
		}
		change.AddReplacement(replacement(edit))
	}
	return out
}

// replacement writes an edit of whole lines: the region runs to the first column of the line behind them.
func replacement(edit review.Edit) *sarif.Replacement {
	region := sarif.NewRegion().WithStartLine(edit.Line).WithStartColumn(1).WithEndLine(edit.EndLine + 1).WithEndColumn(1)
	return sarif.NewReplacement().WithDeletedRegion(region).
		WithInsertedContent(sarif.NewArtifactContent().WithText(edit.NewText))
}

func invocation(r *Report) *sarif.Invocation {
	failed := r.Unrendered()
	out := sarif.NewInvocation().WithExecutionSuccessful(true)
	for _, root := range failed {
		out.AddToolExecutionNotification(sarif.NewNotification().WithLevel("error").
			WithMessage(sarif.NewTextMessage(sarifText(root.Path + " could not be rendered: " + root.Reason))))
	}
	for _, note := range slices.Clone(r.Notes) {
		out.AddToolExecutionNotification(sarif.NewNotification().WithLevel("note").
			WithMessage(sarif.NewTextMessage(sarifText(note))))
	}
	return out
}
