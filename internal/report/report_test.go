package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the golden files anew")

// writers are all formats.
var writers = map[string]func(*Report) (string, error){
	"text": func(r *Report) (string, error) {
		return written(r, func(b *bytes.Buffer) error { return Text(b, r, false) })
	},
	"json":  func(r *Report) (string, error) { return written(r, func(b *bytes.Buffer) error { return JSON(b, r) }) },
	"sarif": func(r *Report) (string, error) { return written(r, func(b *bytes.Buffer) error { return SARIF(b, r) }) },
	"markdown": func(r *Report) (string, error) {
		return written(r, func(b *bytes.Buffer) error { return Markdown(b, r) })
	},
	"github": func(r *Report) (string, error) {
		return written(r, func(b *bytes.Buffer) error { return Workflow(b, r) })
	},
}

func written(_ *Report, write func(*bytes.Buffer) error) (string, error) {
	var b bytes.Buffer
	err := write(&b)
	return b.String(), err
}

func mustWrite(t testing.TB, format string, r *Report) string {
	t.Helper()
	text, err := writers[format](r)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return text
}

// TestGolden holds every format to the file that a person has read. Run with -update after a change that is meant.
func TestGolden(t *testing.T) {
	for format := range writers {
		t.Run(format, func(t *testing.T) {
			got := mustWrite(t, format, sample(""))
			file := filepath.Join("testdata", "sample."+format)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs from testdata/sample.%s (go test -update writes it anew):\n%s", format, format, got)
			}
		})
	}
}

// TestColour holds that colours only add escapes: taken out, the text is the plain one.
func TestColour(t *testing.T) {
	r := sample("")
	var coloured bytes.Buffer
	if err := Text(&coloured, r, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(coloured.String(), red) || !strings.Contains(coloured.String(), yellow) {
		t.Error("no colours although asked for")
	}
	stripped := strings.NewReplacer(red, "", yellow, "", blue, "", dim, "", bold, "", reset, "").Replace(coloured.String())
	if want := mustWrite(t, "text", r); stripped != want {
		t.Errorf("without its colours the text differs:\n%s\nwant:\n%s", stripped, want)
	}
}

// TestNothing holds what is said of a change that affects nothing, and that nothing is red then.
func TestNothing(t *testing.T) {
	r := &Report{Result: &review.Result{Verdict: review.Passed, Total: 6, Unreached: []string{"README.md", "docs/a.md"}}, Version: "v1"}
	for format, want := range map[string][]string{
		"text":     {"the change affects none of 6 roots", "changed, but no part of any root: README.md, docs/a.md"},
		"markdown": {"Passed", "none of 6 roots", "README.md", "The check passes."},
		"github":   {"none of 6 roots", "README.md"},
		"json":     {`"findings": []`, `"images": []`, `"diff": []`, `"roots": []`, `"notes": []`, `"verdict": "pass"`},
		"sarif":    {"README.md", `"results": []`},
	} {
		got := mustWrite(t, format, r)
		for _, text := range want {
			if !strings.Contains(got, text) {
				t.Errorf("%s does not say %q:\n%s", format, text, got)
			}
		}
	}
	var coloured bytes.Buffer
	if err := Text(&coloured, r, true); err != nil || strings.Contains(coloured.String(), red) {
		t.Errorf("red although nothing is wrong (%v): %q", err, coloured.String())
	}
}

// TestLevel holds that findings below the level are in no format, while the counts stay.
func TestLevel(t *testing.T) {
	r := sample("")
	r.Level = review.Error
	for format := range writers {
		got := mustWrite(t, format, r)
		if strings.Contains(got, "has a low user id") {
			t.Errorf("%s shows a warning although only errors were asked for:\n%s", format, got)
		}
		if !strings.Contains(got, "is privileged") {
			t.Errorf("%s lacks the error:\n%s", format, got)
		}
	}
}

// TestUnrenderedOnce holds that a root which does not render is said once as a finding, and always somewhere.
func TestUnrenderedOnce(t *testing.T) {
	r := sample("")
	if got := mustWrite(t, "text", r); strings.Count(got, "redis 19.0 is missing") != 1 {
		t.Errorf("the root that does not render is not said once:\n%s", got)
	}
	r.Findings = append(r.Findings, review.Finding{Rule: review.RuleRenderFailed, Level: review.Error, Status: review.New, Root: "charts/api",
		Message: "cannot be rendered: redis 19.0 is missing", Location: review.Location{File: "charts/api/Chart.yaml", Line: 2, EndLine: 2, Column: 1, Precision: "exact"}})
	for _, format := range []string{"text", "github"} {
		if got := mustWrite(t, format, r); strings.Count(got, "redis 19.0 is missing") != 1 {
			t.Errorf("%s does not say it once:\n%s", format, got)
		}
	}
	r.Level = review.Error
	r.Findings[len(r.Findings)-1].Level = review.Warning
	if got := mustWrite(t, "text", r); !strings.Contains(got, "redis 19.0 is missing") {
		t.Errorf("hidden by the level and not said otherwise:\n%s", got)
	}
}

func TestTitle(t *testing.T) {
	failed := func(n int) []review.RootResult {
		roots := []review.RootResult{{Path: "a", Status: review.Rendered}}
		for range n {
			roots = append(roots, review.RootResult{Path: "apps/api", Status: review.Failed, Reason: "chart redis 19.0 is not in the repository"})
		}
		return roots
	}
	tests := []struct {
		result review.Result
		want   string
	}{
		{review.Result{Total: 3}, "Passed: the change affects none of 3 roots"},
		{review.Result{Total: 3, Modules: 2}, "Passed: 2 Terraform modules read, the change affects none of 3 roots"},
		{review.Result{Roots: failed(0), Diff: make([]manifests.ObjectDiff, 14)}, "Passed: 14 objects changed, nothing new"},
		{review.Result{Roots: failed(0), Diff: make([]manifests.ObjectDiff, 1), Summary: review.Summary{New: review.LevelCounts{Info: 2}}}, "Passed: 1 object changed, 2 notes"},
		{review.Result{Roots: failed(1)}, "Could not render apps/api: chart redis 19.0 is not in the repository"},
		{review.Result{Roots: failed(2)}, "Could not render 2 roots"},
		{review.Result{Roots: failed(0), Summary: review.Summary{New: review.LevelCounts{Error: 2}},
			Findings: []review.Finding{{Status: review.New, Level: review.Error, Location: review.Location{File: "a"}}}}, "2 errors in 1 file"},
	}
	for _, test := range tests {
		if got := (&Report{Result: &test.result}).Title(); got != test.want {
			t.Errorf("title %q, want %q", got, test.want)
		}
	}
}

func TestWindow(t *testing.T) {
	long := strings.Repeat("x", 300) + "KEY" + strings.Repeat("y", 300)
	text, start := window(long, 300)
	if got := string([]rune(text)[start:][:3]); got != "KEY" || !strings.HasPrefix(text, "…") || !strings.HasSuffix(text, "…") {
		t.Errorf("window shows %q at its column, in %q", got, text)
	}
	if text, start := window("a: b", 3); text != "a: b" || start != 3 {
		t.Errorf("a short line became %q, %d", text, start)
	}
	if text, start := window("", 0); text != " " || start != 0 {
		t.Errorf("an empty line became %q, %d", text, start)
	}
}

// validateJSON checks a text against docs/review.schema.json.
func validateJSON(t testing.TB, text string) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../docs/review.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("docs/review.schema.json: %v", err)
	}
}

// TestJSONSchema holds the published schema and the output together: the sample has every field, and the schema
// allows no other.
func TestJSONSchema(t *testing.T) {
	for _, r := range []*Report{sample(""), sample(" hostile"), {Result: &review.Result{Verdict: review.Passed}}} {
		validateJSON(t, mustWrite(t, "json", r))
	}
	var published, output map[string]any
	text, err := os.ReadFile("../../docs/review.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &published); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(mustWrite(t, "json", sample(""))), &output); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"finding", "fix", "exemption", "image", "root", "diff"} {
		defined := published["$defs"].(map[string]any)[name].(map[string]any)["properties"].(map[string]any)
		for field := range defined {
			if !bytes.Contains([]byte(mustWrite(t, "json", sample(""))), []byte(`"`+field+`":`)) {
				t.Errorf("the schema has %s.%s, which the sample never shows", name, field)
			}
		}
	}
}

// validateSARIF checks a text against the schema of SARIF 2.1.0.
func validateSARIF(t testing.TB, text string) *sarif.Report {
	t.Helper()
	parsed, err := sarif.FromString(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Validate(); err != nil {
		t.Errorf("SARIF: %v", err)
	}
	return parsed
}

func TestSARIF(t *testing.T) {
	run := validateSARIF(t, mustWrite(t, "sarif", sample(""))).Runs[0]
	if len(run.Results) != 6 {
		t.Fatalf("%d results, want all but the fixed one", len(run.Results))
	}
	first := run.Results[0]
	if first.PartialFingerprints[fingerprintKey] != fingerprintOf("a") || *first.RuleID != "privileged" || first.RuleIndex != 0 {
		t.Errorf("result %+v lacks fingerprint or rule", first)
	}
	if len(first.Fixes) != 1 || len(first.RelatedLocations) != 1 || *first.BaselineState != "new" {
		t.Errorf("result has %d fixes, %d related locations, state %s", len(first.Fixes), len(first.RelatedLocations), *first.BaselineState)
	}
	region := first.Fixes[0].ArtifactChanges[0].Replacements[0].DeletedRegion
	if *region.StartLine != 3 || *region.StartColumn != 1 || *region.EndLine != 4 || *region.EndColumn != 1 {
		t.Errorf("the fix replaces %+v", region)
	}
	suppressed := 0
	for _, result := range run.Results {
		suppressed += len(result.Suppressions)
		if uri := result.Locations[0].PhysicalLocation.ArtifactLocation.URI; uri == nil || *uri == "" {
			t.Errorf("a result without a file, which GitHub refuses: %v", *result.Message.Text)
		}
	}
	if suppressed != 1 {
		t.Errorf("%d suppressions, want that of the exemption", suppressed)
	}
	rules := run.Tool.Driver.Rules
	if len(rules) != 2 || !strings.Contains(*rules[0].Help.Markdown, "Why.") || rules[0].HelpURI == nil {
		t.Errorf("rules without their help: %+v", rules)
	}
	if len(run.Invocations[0].ToolExecutionNotifications) < 2 {
		t.Error("the root that does not render is in no notification")
	}
}

// TestSARIFLimits holds that what GitHub would refuse as a whole is cut, the worst kept, and said.
func TestSARIFLimits(t *testing.T) {
	r := sample("")
	mild, bad := r.Findings[1], r.Findings[0]
	r.Findings = nil
	for i := range 400 {
		mild.Fingerprint = fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
		r.Findings = append(r.Findings, mild)
	}
	r.Findings = append(r.Findings, bad)
	for _, limits := range []sarifLimits{{results: 100, bytes: 1 << 20}, {results: 1000, bytes: 8 << 10}} {
		var out bytes.Buffer
		if err := writeSARIF(&out, r, limits); err != nil {
			t.Fatal(err)
		}
		run := validateSARIF(t, out.String()).Runs[0]
		if n := len(run.Results); n > limits.results || n < 25 || *run.Results[0].RuleID != "privileged" {
			t.Errorf("%+v: %d results, the first %s; want as many as fit, the worst first", limits, n, *run.Results[0].RuleID)
		}
		if size := compressed(out.Bytes(), 0); size > limits.bytes {
			t.Errorf("%+v: %d bytes", limits, size)
		}
		if text := *run.Invocations[0].ToolExecutionNotifications[0].Message.Text; !strings.Contains(text, "findings left out") {
			t.Errorf("%+v: what is left out is not said: %s", limits, text)
		}
	}
}

// TestMarkdownLimits holds that the report fits into GitHub's fields, and says what it leaves out.
func TestMarkdownLimits(t *testing.T) {
	r := sample("")
	for range 3000 {
		r.Findings = append(r.Findings, r.Findings[1])
		r.Diff = append(r.Diff, r.Diff[0])
		r.Roots = append(r.Roots, r.Roots[1])
		r.Images = append(r.Images, r.Images[0])
	}
	r.Diff[len(r.Diff)-1].Unified = strings.Repeat("+ long\n", 20_000)
	for name, text := range map[string]string{"whole": mustWrite(t, "markdown", r), "summary": Summary(r), "text": Difference(r, maxBody)} {
		if len(text) > 65_535 {
			t.Errorf("%s has %d bytes", name, len(text))
		}
		if strings.Count(text, "<details>") != strings.Count(text, "</details>") || strings.Count(text, "\n```")%2 != 0 {
			t.Errorf("%s is cut within a block", name)
		}
	}
	if text := Summary(r); !strings.Contains(text, "more findings not shown here") {
		t.Error("it does not say that findings are left out")
	}
	if text := Difference(r, maxBody); !strings.Contains(text, "more objects: ") {
		t.Error("it does not say that objects are left out")
	}
}

// TestNothingCompared holds that a review of everything does not pretend that merging adds it all.
func TestNothingCompared(t *testing.T) {
	r := sample("")
	r.BaseID = ""
	if text := mustWrite(t, "markdown", r); strings.Contains(text, "What merging does") || strings.Contains(text, "The rendered difference") {
		t.Errorf("effects of no merge:\n%s", text)
	}
}

// TestDifferenceOrder holds that objects with new findings come first.
func TestDifferenceOrder(t *testing.T) {
	text := Difference(sample(""), maxBody)
	if strings.Index(text, "Deployment/web/web") > strings.Index(text, "ConfigMap/c") {
		t.Errorf("the object with an error comes after the one without:\n%s", text)
	}
}

// TestSharedLine writes three findings of one line in two objects, and wants the line once and both objects below it.
func TestSharedLine(t *testing.T) {
	t.Parallel()
	at := review.Location{File: "app/kustomization.yaml", Line: 2, EndLine: 2, Column: 1, Precision: "exact"}
	finding := func(object, message string) review.Finding {
		return review.Finding{Rule: "r", Level: review.Warning, Status: review.New, Root: "app", Message: message, Location: at,
			Object: manifests.Identity{APIVersion: "v1", Kind: "ConfigMap", Name: object}}
	}
	r := &Report{Result: &review.Result{Findings: []review.Finding{finding("a", "one"), finding("a", "two"), finding("b", "three")}},
		Source: func(string) []byte { return []byte("components:\n- policies\n") }, Level: review.Info}
	got, err := writers["text"](r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(got, "- policies") != 1 || !strings.Contains(got, "^ in ConfigMap/a of app, in ConfigMap/b of app\n") {
		t.Errorf("the line is to stand there once, with both objects:\n%s", got)
	}
}
