package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
)

// TestWorkflowLimits: of each type the first ten are shown, what is unknown before what is known, and the rest is counted.
func TestWorkflowLimits(t *testing.T) {
	t.Parallel()
	result := &review.Result{}
	for i := range 12 {
		for _, level := range []review.Level{review.Info, review.Warning, review.Error} {
			result.Findings = append(result.Findings, review.Finding{Rule: "r", Level: level, Status: review.New, Root: "a",
				Message: fmt.Sprintf("%s %d", level, i), Location: review.Location{File: "f.yaml", Line: i + 1, EndLine: i + 1, Precision: "exact", Column: 1}})
		}
	}
	for i := range 3 {
		result.Roots = append(result.Roots, review.RootResult{Path: fmt.Sprint("charts/", i), Status: review.Failed, Reason: "it is broken"})
	}
	var out bytes.Buffer
	if err := Workflow(&out, &Report{Result: result}); err != nil {
		t.Fatal(err)
	}
	var order []string
	for line := range strings.Lines(out.String()) {
		if kind, _, ok := strings.Cut(strings.TrimPrefix(line, "::"), " "); ok && strings.HasPrefix(line, "::") {
			if strings.Contains(line, "not rendered") {
				kind = "unrendered"
			}
			order = append(order, kind)
		}
	}
	want := strings.Repeat("error ", 10) + strings.Repeat("unrendered ", 3) + strings.Repeat("warning ", 7) + strings.Repeat("notice ", 10)
	if got := strings.Join(order, " ") + " "; got != want {
		t.Errorf("annotations\n%s\nwant\n%s", got, want)
	}
	for _, more := range []string{"2 more findings of level error", "5 more findings of level warning", "2 more findings of level info"} {
		if !strings.Contains(out.String(), more) {
			t.Errorf("nothing says %q:\n%s", more, &out)
		}
	}
}
