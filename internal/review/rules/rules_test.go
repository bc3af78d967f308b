package rules_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
	"github.com/landwaiter/landwaiter/internal/manifests/kustomize"
	"github.com/landwaiter/landwaiter/internal/manifests/terraform"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/review/rules"
)

func newLab() *reviewtest.Lab {
	all := rules.All()
	charts := helm.New()
	return &reviewtest.Lab{
		Renderer: reviewtest.Direct{
			manifests.Kustomize: kustomize.New(charts), manifests.Helm: charts, manifests.Plain: manifests.PlainRenderer{},
			manifests.Terraform: terraform.Renderer{},
		},
		Rules: all,
		Policy: func(text []byte) (*review.Policy, error) {
			return policy.Load(all, policy.Layer{File: "policy.yaml", Text: text})
		},
	}
}

// TestRules runs every rule's fixture and the examples of its documentation.
func TestRules(t *testing.T) {
	lab := newLab()
	for _, rule := range lab.Rules {
		t.Run(rule.Area+"/"+rule.ID, func(t *testing.T) {
			t.Run("doc", func(t *testing.T) { lab.CheckDoc(t, rule) })
			t.Run("fixture", func(t *testing.T) {
				archive, err := os.ReadFile(filepath.Join(rule.Area, "testdata", stem(rule)+".txtar"))
				if err != nil {
					t.Fatal(err)
				}
				lab.CheckFixture(t, rule.ID, archive)
			})
		})
	}
}

func stem(rule *review.Rule) string { return strings.ReplaceAll(rule.ID, "-", "_") }

var (
	validID        = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	validGuideline = regexp.MustCompile(`^G([1-9]|[12][0-9]|3[0-2])$`)
)

// byEngine are the rules that the engine itself judges by.
var byEngine = []string{review.RuleRenderFailed, review.RuleHelmLine, review.RuleBlastRadius, review.RuleChartSignature, review.RuleChartMoved, review.RuleBaseMoved}

// TestCatalogue holds what is true of every rule.
func TestCatalogue(t *testing.T) {
	all := rules.All()
	byID := make(map[string]*review.Rule)
	for _, rule := range all {
		if byID[rule.ID] != nil {
			t.Errorf("%s: two rules have this id", rule.ID)
		}
		byID[rule.ID] = rule
		switch {
		case !validID.MatchString(rule.ID):
			t.Errorf("%s: the id is not in kebab case", rule.ID)
		case rule.Level == 0:
			t.Errorf("%s: has no level", rule.ID)
		case rule.Summary == "" || strings.HasSuffix(rule.Summary, "."):
			t.Errorf("%s: the summary is missing, or ends in a full stop", rule.ID)
		case rule.Check == nil && rule.CheckRoot == nil && rule.CheckRemoved == nil && !slices.Contains(byEngine, rule.ID):
			t.Errorf("%s: checks nothing", rule.ID)
		case rule.Check != nil && len(rule.Kinds) == 0:
			t.Errorf("%s: is for no kind", rule.ID)
		}
		for _, g := range rule.Guidelines {
			if !validGuideline.MatchString(g) {
				t.Errorf("%s: there is no guideline %q", rule.ID, g)
			}
		}
		if _, err := os.Stat(filepath.Join(rule.Area, stem(rule)+".go")); err != nil {
			t.Errorf("%s: %v", rule.ID, err)
		}
	}
	for _, rule := range all {
		for _, covered := range rule.Covers {
			switch other := byID[covered]; {
			case other == nil:
				t.Errorf("%s covers %s, which does not exist", rule.ID, covered)
			case slices.Contains(other.Covers, rule.ID):
				t.Errorf("%s and %s cover each other, so neither would be shown", rule.ID, covered)
			}
		}
	}
}

// TestNoStrayFiles finds documents and fixtures that belong to no rule.
func TestNoStrayFiles(t *testing.T) {
	known := make(map[string]bool)
	for _, rule := range rules.All() {
		known[filepath.Join(rule.Area, stem(rule)+".md")] = true
		known[filepath.Join(rule.Area, "testdata", stem(rule)+".txtar")] = true
	}
	for _, pattern := range []string{"*/*.md", "*/testdata/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !known[file] {
				t.Errorf("%s belongs to no rule", file)
			}
		}
	}
}
