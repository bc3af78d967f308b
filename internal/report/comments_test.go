package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/source"
)

// placedAt is a finding on a line of a file.
func placedAt(file string, line int, level review.Level, precision string) review.Finding {
	return review.Finding{Rule: "privileged", Level: level, Status: review.New, Root: "apps", Message: fmt.Sprintf("%s %d", file, line),
		Object:      manifests.Identity{Kind: "Pod", Name: "web"},
		Fingerprint: fmt.Sprintf("%032x", len(file)*1000+line*10+int(level)),
		Location:    review.Location{File: file, Line: line, EndLine: line, Column: 1, Precision: precision}}
}

// places publishes findings on a change of lines 10 and 40 of a.yaml, of 60, and of line 1 of b.yaml, and returns where
// the comments stand, with how many findings each.
func places(t *testing.T, most int, findings ...review.Finding) (string, Publication) {
	t.Helper()
	change := &source.Change{Base: anyNames{}, Head: anyNames{"a.yaml": numbered(60), "b.yaml": numbered(3), "lfs.yaml": ""}, Files: []source.FileChange{
		{Old: "a.yaml", New: "a.yaml", Hunks: []source.Hunk{{OldStart: 10, OldLines: 1, NewStart: 10, NewLines: 1}, {OldStart: 40, OldLines: 1, NewStart: 40, NewLines: 1}}},
		{New: "b.yaml", Hunks: []source.Hunk{{NewStart: 1, NewLines: 3}}},
		{Old: "gone.yaml", Hunks: []source.Hunk{{OldStart: 1, OldLines: 3}}},
		{Old: "x.yaml", New: "moved.yaml"},
	}}
	r := sample("")
	r.Findings, r.Policy = findings, review.DefaultPolicy()
	r.Policy.Comments.Max = most
	r.Source = func(file string) []byte { text, _ := change.Head.ReadFile(file); return text }
	p := Publish(r, PublicationOptions{Change: change})
	var all []string
	for _, c := range p.Comments {
		checkPlaced(t, change, c)
		all = append(all, fmt.Sprintf("%s:%d=%d", c.File, c.Line, len(c.Fingerprints)))
	}
	return strings.Join(all, " "), p
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	const exact = "exact"
	at := func(file string, line int, level review.Level) review.Finding {
		return placedAt(file, line, level, exact)
	}
	existing := at("a.yaml", 10, review.Error)
	existing.Status = review.Existing
	behind := at("a.yaml", 12, review.Error)
	behind.Fix = &review.Fix{Title: "fix", Edits: []review.Edit{{File: "a.yaml", Line: 13, EndLine: 13, NewText: "x: 1\n"}}}
	for _, test := range []struct {
		name     string
		findings []review.Finding
		most     int
		want     string
	}{
		{"a changed line, and lines around it", []review.Finding{at("a.yaml", 7, 3), at("a.yaml", 10, 3), at("a.yaml", 13, 3)}, 30, "a.yaml:7=1 a.yaml:10=1 a.yaml:13=1"},
		{"two on a line", []review.Finding{at("a.yaml", 10, review.Warning), at("a.yaml", 10, review.Error)}, 30, "a.yaml:10=2"},
		{"a line that is not shown", []review.Finding{at("a.yaml", 14, 3), at("a.yaml", 30, 3)}, 30, "a.yaml:0=2"},
		{"somewhere in a file", []review.Finding{placedAt("a.yaml", 10, 3, "file")}, 30, "a.yaml:0=1"},
		{"lines before files, errors before both", []review.Finding{at("a.yaml", 30, 2), at("a.yaml", 41, 2), at("b.yaml", 2, 3)}, 30, "b.yaml:2=1 a.yaml:41=1 a.yaml:0=1"},
		{"another file", []review.Finding{at("c.yaml", 10, 3)}, 30, ""},
		{"a file that is gone", []review.Finding{at("gone.yaml", 1, 3)}, 30, ""},
		{"a file that only moved", []review.Finding{at("moved.yaml", 1, 3)}, 30, "moved.yaml:0=1"},
		{"beyond the file", []review.Finding{at("b.yaml", 9, 3)}, 30, "b.yaml:0=1"},
		{"a note", []review.Finding{at("a.yaml", 10, review.Info)}, 30, ""},
		{"a note beside an error", []review.Finding{at("a.yaml", 10, review.Info), at("a.yaml", 10, 3)}, 30, "a.yaml:10=1"},
		{"nothing new", []review.Finding{existing}, 30, ""},
		{"no line known", []review.Finding{{Rule: "r", Level: 3, Status: review.New, Fingerprint: fingerprintOf("a"), Location: review.Location{Precision: "unknown"}}}, 30, ""},
		{"the worst first", []review.Finding{at("a.yaml", 8, 2), at("a.yaml", 9, 2), at("a.yaml", 10, 3)}, 2, "a.yaml:10=1 a.yaml:8=1"},
		{"no comments", []review.Finding{at("a.yaml", 10, 3)}, 0, ""},
		{"a fix that reaches the line of another", []review.Finding{behind, at("a.yaml", 13, 3)}, 30, "a.yaml:13=2"},
	} {
		if got, _ := places(t, test.most, test.findings...); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	_, p := places(t, 1, at("a.yaml", 8, 3), at("a.yaml", 9, 3), at("a.yaml", 40, 3), existing)
	if text := p.Checks[0].Summary; !strings.Contains(text, "2 more places with no comment: the policy has 1 at a time") {
		t.Errorf("it is not said that places go without a comment:\n%s", text)
	}
	if len(p.Standing) != 4 {
		t.Errorf("%d findings stand", len(p.Standing))
	}
}

// TestCommentOfMany holds that a line full of findings has one comment that can be read, and that it says how many more.
func TestCommentOfMany(t *testing.T) {
	t.Parallel()
	var findings []review.Finding
	for i := range 3000 {
		f := placedAt("a.yaml", 10, review.Error, "exact")
		f.Fingerprint, f.Message, f.Detail = fmt.Sprintf("%032x", i), strings.Repeat("<long> ", 80), strings.Repeat("@detail ", 120)
		findings = append(findings, f)
	}
	_, p := places(t, 30, findings...)
	body := p.Comments[0].Body
	if len(p.Comments) != 1 || len(body) > maxBody || len(p.Comments[0].Fingerprints) != maxListed || !strings.Contains(body, "and 2980 more findings, in the check") {
		t.Errorf("%d comments, %d bytes, %d fingerprints:\n%.300s", len(p.Comments), len(body), len(p.Comments[0].Fingerprints), body)
	}
	if found, ok := ParseMarker(CheckName, body); !ok || !slices.Equal(found, p.Comments[0].Fingerprints) {
		t.Error("the marker is lost")
	}
	checkRendered(t, "a comment on 3000 findings", body)
	if n := len(p.Checks[0].Annotations); n != maxAnnotated {
		t.Errorf("%d annotations", n)
	}
	checkRendered(t, "a summary of 3000 findings", p.Checks[0].Summary)
}

// TestExemptingLines holds that the lines a comment offers are a policy that exempts the finding, once a reason is given,
// and are refused without one.
func TestExemptingLines(t *testing.T) {
	t.Parallel()
	r := &Report{Result: &review.Result{}, Now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}
	for _, object := range []manifests.Identity{
		{Kind: "Deployment", Namespace: "shop", Name: "web"}, {Kind: "ClusterRole", Name: "system:node"}, {Kind: "Pod", Name: "*"},
		{Kind: "Pod", Name: `a"b'c, d: {e} [f] #g`}, {Kind: "Pod", Namespace: "n\no", Name: "\u202ex"}, {Kind: "Pod", Name: "`````"}, {Kind: "Pod", Name: "null"}, {},
	} {
		f := review.Finding{Rule: "privileged", Object: object, Root: "on"}
		_, lines, _ := strings.Cut(r.exempting([]review.Finding{f}), "yaml\n")
		lines, _, _ = strings.Cut(lines, "\n`")
		if _, err := policy.Load(someRules(), policy.Layer{File: "p", Text: []byte(lines)}); err == nil || !strings.Contains(err.Error(), "reason is empty") {
			t.Errorf("%+v: without a reason: %v\n%s", object, err, lines)
		}
		p, err := policy.Load(someRules(), policy.Layer{File: "p", Text: []byte(strings.Replace(lines, `""`, "why", 1))})
		if err != nil {
			t.Errorf("%+v: %v\n%s", object, err, lines)
			continue
		}
		want, _ := review.ExemptionFor(&f)
		if got := p.Exemptions[0]; got.Object != want.Object || got.Root != want.Root || got.Until.Format(time.DateOnly) != "2027-05-21" {
			t.Errorf("%+v is exempted as %+v\n%s", object, got, lines)
		}
		if n := strings.Count(lines, "\n") + 1; n != 3 {
			t.Errorf("%d lines:\n%s", n, lines)
		}
	}
	if text := r.exempting([]review.Finding{{Rule: "privileged", Root: "**"}}); text != "" {
		t.Errorf("an exemption of everything is offered:\n%s", text)
	}
}

func TestMarker(t *testing.T) {
	t.Parallel()
	a, b := fingerprintOf("a"), fingerprintOf("b")
	for body, want := range map[string][]string{
		"text\n" + marker(CheckName, []string{a, b}):                {a, b},
		"text\r\n\r\n" + marker(CheckName, []string{a}) + "\r\n\n ": {a},
		marker(CheckName, []string{a}):                              {a},
		"text " + marker(CheckName, []string{a}):                    nil,
		marker(CheckName, []string{a}) + "\ntext":                   nil,
		"> " + marker(CheckName, []string{a}):                       nil,
		marker(CheckName, []string{b, a}):                           nil,
		marker(CheckName, []string{a, a}):                           nil,
		marker(CheckName, nil):                                      nil,
		"<!-- landwaiter:" + a + "-->":                              nil,
		"<!-- landwaiter:" + strings.ToUpper(a) + " -->":            nil,
		"<!-- landwaiter:" + a[1:] + " -->":                         nil,
		"<!-- landwaiter:" + a + " --><!-- x -->":                   nil,
		summaryMarker(CheckName):                                    nil,
		marker(ActionName, []string{a}):                             nil,
		"":                                                          nil,
	} {
		got, ok := ParseMarker(CheckName, body)
		if !slices.Equal(got, want) || ok != (want != nil) {
			t.Errorf("%q is read as %v, %v", body, got, ok)
		}
	}
	if !IsSummary(CheckName, "x\n"+summaryMarker(CheckName)+"\n") || IsSummary(CheckName, summaryMarker(CheckName)+"\nx") || IsSummary(CheckName, "x "+summaryMarker(CheckName)) {
		t.Error("the summary is not known by its last line")
	}
}

func FuzzMarker(f *testing.F) {
	f.Add("text\n" + marker(CheckName, []string{fingerprintOf("a")}))
	f.Add(summaryMarker(CheckName))
	f.Fuzz(func(t *testing.T, body string) {
		found, ok := ParseMarker(CheckName, body)
		if ok != (len(found) > 0) || ok && IsSummary(CheckName, body) {
			t.Fatalf("%q: %v, %v", body, found, ok)
		}
		if ok && lastLine(body) != marker(CheckName, found) {
			t.Errorf("%q is not what is written for %v", body, found)
		}
	})
}

// TestSeeAlso: a comment names further places, and never the line that it stands on.
func TestSeeAlso(t *testing.T) {
	t.Parallel()
	first, second := placedAt("a.yaml", 10, review.Error, "exact"), placedAt("a.yaml", 10, review.Warning, "exact")
	first.Related = []review.Related{{File: "a.yaml", Line: 10}, {File: "b.yaml", Line: 1}, {File: "b.yaml", Line: 2}, {File: "b.yaml", Line: 1}, {File: "b.yaml", Line: 3}, {File: "b.yaml", Line: 4}}
	second.Related = []review.Related{{File: "b.yaml", Line: 2}, {File: "a.yaml", Line: 9}}
	want := []string{"`b.yaml:1`", "`b.yaml:2`", "`b.yaml:3`", "`a.yaml:9`"}
	if got := seeAlso([]review.Finding{first, second}); !slices.Equal(got, want) {
		t.Errorf("see also %q, want %q", got, want)
	}
}
