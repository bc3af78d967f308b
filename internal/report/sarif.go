package report

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

const projectURL = "https://github.com/landwaiter/landwaiter"

// fingerprintKey names our fingerprint, with the version of how it is made.
const fingerprintKey = "landwaiter/v1"

// sarifLimits is what a reader takes in one file. What goes beyond is refused as a whole.
type sarifLimits struct {
	results int
	bytes   int // compressed with gzip
}

// The limits of GitHub's code scanning.
const (
	maxResults    = 25_000
	maxCompressed = 10 << 20
	maxRelated    = 100 // related locations of a result
)

// SARIF writes the report as SARIF 2.1.0 (OASIS), as GitHub code scanning reads it: new and existing findings as
// results with their baseline state, exempt ones as suppressed results, roots that do not render and notes as
// notifications. What is more than GitHub takes is left out, the worst being kept, and a notification says so.
func SARIF(w io.Writer, r *Report) error {
	return writeSARIF(w, r, sarifLimits{maxResults, maxCompressed})
}

func writeSARIF(w io.Writer, r *Report, limits sarifLimits) error {
	var all []review.Finding
	for _, f := range r.Findings {
		if f.Level >= r.Level && f.Status != review.Fixed {
			all = append(all, f)
		}
	}
	kept := all
	if len(kept) > limits.results {
		kept = worstFirst(all)[:limits.results]
	}
	for {
		var out bytes.Buffer
		if err := writeJSON(&out, sarifReport(r, kept, len(all)-len(kept))); err != nil {
			return err
		}
		if len(kept) == 0 || compressed(out.Bytes(), limits.bytes) <= limits.bytes {
			_, err := w.Write(out.Bytes())
			return err
		}
		kept = worstFirst(all)[:len(kept)/2]
	}
}

// compressed is the size of text after gzip; of a text that is short enough as it is, its own.
func compressed(text []byte, enough int) int {
	if len(text) <= enough {
		return len(text)
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(text) // a buffer takes everything
	_ = z.Close()
	return out.Len()
}

func sarifReport(r *Report, all []review.Finding, leftOut int) *sarif.Report {
	run := sarif.NewRunWithInformationURI("landwaiter", projectURL)
	run.Tool.Driver.WithSemanticVersion(semantic(r.Version)).WithVersion(r.Version)
	if r.Renderers != "" {
		run.Tool.Driver.WithProperties(properties(map[string]any{"renderers": r.Renderers}))
	}
	indexes := addRules(run.Tool.Driver, r)
	shown := newShown(r)
	for _, f := range all {
		run.AddResult(sarifResult(shown.public(f), indexes))
	}
	run.AddInvocation(invocation(r, leftOut))
	run.WithColumnKind("unicodeCodePoints")
	report := sarif.NewReport()
	report.AddRun(run)
	return report
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
			WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel(rule.Level)))
		if at := RuleURL(rule); at != "" {
			descriptor.WithHelpURI(at)
		}
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

func sarifResult(f review.Finding, indexes map[string]int) *sarif.Result {
	result := sarif.NewResult().WithRuleID(f.Rule).WithLevel(sarifLevel(f.Level)).
		WithMessage(sarif.NewTextMessage(sarifText(messageOf(f)))).
		WithPartialFingerprints(map[string]string{fingerprintKey: f.Fingerprint})
	if index, ok := indexes[f.Rule]; ok {
		result.WithRuleIndex(index)
	}
	if f.Status == review.New {
		result.WithBaselineState("new")
	} else {
		result.WithBaselineState("unchanged")
	}
	if len(f.Also) > 0 {
		result.WithProperties(properties(map[string]any{"also": f.Also}))
	}
	result.AddLocation(sarifLocation(f))
	for i, related := range f.Related[:min(len(f.Related), maxRelated)] {
		result.AddRelatedLocation(physical(related.File, related.Line, related.Line, 0).WithID(i + 1).
			WithMessage(sarif.NewTextMessage(sarifText(related.Message))))
	}
	if f.Exemption != nil {
		result.AddSuppression(sarif.NewSuppression().WithKind("external").WithStatus("accepted").
			WithJustification(oneLine(justification(f))))
	}
	if f.Fix != nil {
		result.AddFixe(sarifFix(f.Fix))
	}
	return result
}

// justification says why a finding is accepted, and for how long or by whom.
func justification(f review.Finding) string {
	if f.Accepted() {
		return fmt.Sprintf("%s (accepted in the pull request by %s)", f.Exemption.Reason, f.Exemption.By)
	}
	return fmt.Sprintf("%s (until %s)", f.Exemption.Reason, f.Exemption.Until)
}

// sarifLocation is where a result stands. GitHub refuses a whole file for one result without a file, so what is from
// an unknown line stands on the directory that is rendered.
func sarifLocation(f review.Finding) *sarif.Location {
	name := oneLine(strings.Trim(f.Root+"/"+f.Object.String()+"/"+f.Path, "/"))
	logical := sarif.NewLogicalLocation().WithName(oneLine(f.Path)).WithKind("member").WithFullyQualifiedName(name)
	if f.Location.File == "" {
		root, _, _ := strings.Cut(f.Root, "#")
		return physical(root, 1, 1, 0).AddLogicalLocation(logical)
	}
	column := 0
	if f.Location.Precision == manifests.Exact.String() {
		column = f.Location.Column
	}
	return physical(f.Location.File, f.Location.Line, f.Location.EndLine, column).AddLogicalLocation(logical)
}

func physical(file string, line, endLine, column int) *sarif.Location {
	line = max(line, 1)
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

func sarifFix(fix *review.Fix) *sarif.Fix {
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

// invocation says what could not be looked at, and what had to be left out.
func invocation(r *Report, leftOut int) *sarif.Invocation {
	out := sarif.NewInvocation().WithExecutionSuccessful(true)
	notify := func(level, text string) {
		out.AddToolExecutionNotification(sarif.NewNotification().WithLevel(level).
			WithMessage(sarif.NewTextMessage(sarifText(text))))
	}
	if leftOut > 0 {
		notify("warning", fmt.Sprintf("%s left out: GitHub takes no more than %d results and %d MB in one file. The worst are here.",
			Plural(leftOut, "finding"), maxResults, maxCompressed>>20))
	}
	for _, root := range r.Unrendered() {
		notify("error", root.Path+" could not be rendered: "+shorten(root.Reason, 4*maxReason))
	}
	for _, note := range r.allNotes() {
		notify("note", shorten(note, 4*maxReason))
	}
	return out
}
