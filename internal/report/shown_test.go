package report

import (
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// TestSecrets holds that no format shows a secret's value, wherever it stands in the source around a finding.
func TestSecrets(t *testing.T) {
	const value = "hunter2-Tr0ub4dor"
	deployment := manifests.Identity{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}
	secret := manifests.Identity{APIVersion: "v1", Kind: "Secret", Name: "db"}
	tests := []struct {
		name   string
		rule   string
		object manifests.Identity
		source string // the finding stands on the line with "HERE"
	}{
		{"a Secret's own line", "namespace-default", secret, "kind: Secret\ndata: {a: " + value + "} # HERE\n"},
		{"a rule on secrets", "secret-in-config", deployment, "env:\n- value: " + value + " # HERE\n"},
		{"a rule of the area", "service-account-token-secret", deployment, "a: " + value + " # HERE\n"},
		{"the Secret before, in a list", "privileged", deployment, "items:\n- kind: Secret\n  stringData:\n    a: " + value + "\n- kind: Deployment # HERE\n"},
		{"the Secret before, as JSON", "privileged", deployment, `[{"kind": "Secret", "data": {"a": "` + value + `"}}, {"kind": "Deployment"}] # HERE` + "\n"},
		{"the Secret before, another document", "privileged", deployment, "kind: Secret\nstringData:\n  a: " + value + "\n---\nkind: Deployment # HERE\n"},
		{"generator literals", "image-latest", deployment, "secretGenerator:\n- literals:\n  - a=" + value + "\nimages: [] # HERE\n"},
		{"values beside", "image-latest", deployment, "db:\n  password: " + value + "\nimage: web # HERE\n"},
		{"a token beside", "image-latest", deployment, "a:\n  b: AKIA" + strings.Repeat("Z", 20) + "9" + value + "\nimage: web # HERE\n"},
		{"an address with a password", "helm-source-insecure", deployment, "repo: http://bob:" + value + "@charts.example/x # HERE\n"},
		{"such an address beside", "image-latest", deployment, "- https://bob:" + value + "@git.example/x\nimage: web # HERE\n"},
		{"a value that another finding stands on", "image-latest", deployment, "a: \"" + value + "\" # ALSO\nimage: web # HERE\n"},
	}
	for _, test := range tests {
		lines := strings.Split(test.source, "\n")
		r := &Report{Source: func(string) []byte { return []byte(test.source) },
			Rules:  []*review.Rule{{ID: "service-account-token-secret", Area: "secret"}},
			Result: &review.Result{Roots: []review.RootResult{{Path: ".", Status: review.Rendered}}}}
		for i, line := range lines {
			at := review.Location{File: "a.yaml", Line: i + 1, EndLine: i + 1, Column: 1, Precision: "exact"}
			if strings.Contains(line, "HERE") {
				r.Findings = append(r.Findings, review.Finding{Rule: test.rule, Level: review.Error, Status: review.New, Root: ".",
					Object: test.object, Message: "is wrong", Location: at, Fingerprint: fingerprintOf("c"),
					Fix: &review.Fix{Title: "Mend it", Safe: true, Edits: []review.Edit{{File: "a.yaml", Line: i + 1, EndLine: i, NewText: "new: line\n"}}}})
			}
			if strings.Contains(line, "ALSO") {
				r.Findings = append(r.Findings, review.Finding{Rule: "secret-in-git", Level: review.Error, Status: review.Existing, Root: ".",
					Object: deployment, Message: "is a secret", Location: at, Fingerprint: fingerprintOf("d")})
			}
		}
		for format := range writers {
			if got := mustWrite(t, format, r); strings.Contains(got, value) || !strings.Contains(got, "is wrong") {
				t.Errorf("%s: %s shows the value, or not the finding:\n%s", test.name, format, got)
			}
		}
	}
}

// TestSecretFix holds that an edit which would repeat a line of a Secret is in no output.
func TestSecretFix(t *testing.T) {
	source := "{\"kind\": \"Secret\", \"data\": {\"a\": \"aHVudGVyMg==\"}}\n"
	finding := review.Finding{Rule: "namespace-default", Level: review.Error, Status: review.New, Root: ".",
		Object:   manifests.Identity{APIVersion: "v1", Kind: "Secret", Name: "db"},
		Message:  "is in default",
		Location: review.Location{File: "a.json", Line: 1, EndLine: 1, Column: 1, Precision: "exact"},
		Fix: &review.Fix{Title: "Name a namespace", Edits: []review.Edit{{File: "a.json", Line: 1, EndLine: 1,
			NewText: strings.Replace(source, "}}", "}, \"metadata\": {\"namespace\": \"x\"}}", 1)}}}}
	r := &Report{Source: func(string) []byte { return []byte(source) }, Result: &review.Result{Findings: []review.Finding{finding}}}
	r.Summary.New.Error = 1
	for _, kind := range []string{"Secret", "Deployment"} {
		r.Findings[0].Object.Kind = kind
		for format := range writers {
			if got := mustWrite(t, format, r); strings.Contains(got, "aHVudGVyMg") {
				t.Errorf("%s shows the value in a fix:\n%s", format, got)
			}
		}
	}
	if got := mustWrite(t, "json", r); strings.Contains(got, `"fix"`) {
		t.Error("the fix is still there, without its edits")
	}
}

// TestExcerpt holds what is shown around an ordinary finding.
func TestExcerpt(t *testing.T) {
	r := &Report{Result: &review.Result{}, Source: func(string) []byte {
		return []byte("kind: ConfigMap\r\n---\r\nkind: Pod\r\nspec:\r\n  image: web\r\n")
	}}
	at := func(line int) review.Finding {
		return review.Finding{Location: review.Location{File: "a.yaml", Line: line, Precision: "exact"}}
	}
	tests := []struct {
		line, first int
		want        string
	}{
		{5, 3, "kind: Pod\nspec:\n  image: web"},
		{3, 3, "kind: Pod"},
		{1, 1, "kind: ConfigMap"},
		{6, 0, ""},
		{0, 0, ""},
	}
	for _, test := range tests {
		lines, first := newShown(r).excerpt(at(test.line))
		if got := strings.Join(lines, "\n"); got != test.want || first != test.first {
			t.Errorf("line %d: %q from %d, want %q from %d", test.line, got, first, test.want, test.first)
		}
	}
}

// TestWithoutRemark holds that a comment behind a finding's own line is shown unless it may hold a secret.
func TestWithoutRemark(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`cidr_blocks = ["0.0.0.0/0"] # password=hunter2`:    `cidr_blocks = ["0.0.0.0/0"] # …`,
		`cidr_blocks = ["0.0.0.0/0"] // api_key: hunter2 x`: `cidr_blocks = ["0.0.0.0/0"] // …`,
		`privileged: true # until the driver is mended`:     `privileged: true # until the driver is mended`,
		`automountServiceAccountToken: true`:                `automountServiceAccountToken: true`,
	} {
		if got := withoutRemark(line); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
}
