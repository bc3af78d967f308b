package reviewtest

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/gitops"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Direct renders in the test's own process, without a sandbox.
type Direct map[manifests.RootKind]manifests.Renderer

// Render renders root by the renderer of its kind, recording what it reads.
func (d Direct) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	if root.Deployment != nil {
		return (&gitops.Renderer{Inner: d}).Render(ctx, tree, root, settings)
	}
	renderer, ok := d[root.Kind]
	if !ok {
		return nil, nil, fmt.Errorf("no renderer for roots of kind %s", root.Kind)
	}
	recorder := source.Record(tree)
	r, err := renderer.Render(ctx, recorder, root, settings)
	return r, recorder.Reads(), err
}

// Lab is what fixtures are run with.
type Lab struct {
	Renderer review.Renderer
	Rules    []*review.Rule
	Policy   func(text []byte) (*review.Policy, error)
}

// review reviews a change with one rule only.
func (l *Lab) review(t *testing.T, f *Fixture, rule string) *review.Result {
	t.Helper()
	policy, err := l.Policy(f.Policy)
	if err != nil {
		t.Fatalf("policy.yaml: %v", err)
	}
	change, err := f.Change()
	if err != nil {
		t.Fatal(err)
	}
	engine := &review.Engine{Renderer: l.Renderer, Rules: l.Rules, Now: func() time.Time {
		return time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	}}
	if f.Registry != nil {
		registry, err := ParseRegistry(f.Registry)
		if err != nil {
			t.Fatalf("registry.yaml: %v", err)
		}
		engine.Proving = registry.Proving
	}
	if f.Fetched != nil {
		fetched, err := ParseFetched(f.Fetched)
		if err != nil {
			t.Fatalf("fetched.yaml: %v", err)
		}
		engine.Fetching, engine.FetchingBases = fetched.Fetching, fetched.FetchingBases
	}
	result, err := engine.Review(t.Context(), change, policy, review.Options{Only: []string{rule}})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// CheckFixture runs one rule over an archive and compares findings, places and fixes with what it wants.
func (l *Lab) CheckFixture(t *testing.T, rule string, archive []byte) {
	t.Helper()
	f, err := ParseFixture(archive)
	if err != nil {
		t.Fatal(err)
	}
	result := l.review(t, f, rule)
	l.mustRender(t, rule, result)
	compareWants(t, f.Wants, result.Findings)
	l.checkFixed(t, f, result.Findings)
}

// mustRender fails the test for roots that do not render, unless that is what the rule is about.
func (l *Lab) mustRender(t *testing.T, rule string, result *review.Result) {
	t.Helper()
	for _, root := range result.Roots {
		if root.Status == review.Failed && rule != review.RuleRenderFailed {
			t.Errorf("root %s does not render: %s", root.Path, root.Reason)
		}
	}
	for _, note := range result.Notes {
		if strings.HasPrefix(note, "rule ") {
			t.Error(note)
		}
	}
}

func compareWants(t *testing.T, wants []Want, findings []review.Finding) {
	t.Helper()
	open := slices.Clone(wants)
	for _, f := range findings {
		if f.Status != review.New {
			continue
		}
		i := slices.IndexFunc(open, func(w Want) bool {
			return w.File == f.Location.File && w.Line == f.Location.Line && w.Message.MatchString(f.Message)
		})
		if i < 0 {
			t.Errorf("unexpected: %s:%d (%s): %s [%s at %s of %s in %s]", f.Location.File, f.Location.Line,
				f.Location.Precision, f.Message, f.Rule, f.Path, f.Object, f.Root)
			continue
		}
		if f.Location.Precision != manifests.Exact.String() {
			t.Errorf("%s: the place is only known by %s", open[i], f.Location.Precision)
		}
		open = slices.Delete(open, i, i+1)
	}
	for _, w := range open {
		t.Errorf("missing: %s", w)
	}
}

// checkFixed compares the files after the fixes with the fixture's fixed ones.
func (l *Lab) checkFixed(t *testing.T, f *Fixture, findings []review.Finding) {
	t.Helper()
	if len(f.Fixed) == 0 {
		return
	}
	got, err := apply(f.Head, findings)
	if err != nil {
		t.Errorf("applying the fixes: %v", err)
		return
	}
	for name, want := range f.Fixed {
		if string(got[name]) != string(want) {
			t.Errorf("%s after the fixes:\n%s\nwant:\n%s", name, got[name], want)
		}
	}
	for name, text := range got {
		if _, named := f.Fixed[name]; !named && string(text) != string(f.Head[name]) {
			t.Errorf("the fixes changed %s, of which the archive has no fixed/ file:\n%s", name, text)
		}
	}
}

var example = regexp.MustCompile("(?ms)^## (Bad|Good)\\s*$.*?^```(yaml|txtar)\n(.*?)^```")

// setting finds what examples are read under: a policy, the object's state at base, or what registries say.
var setting = regexp.MustCompile("(?ms)^```yaml (policy|base|registry)\n(.*?)^```")

// CheckDoc runs the examples of a rule's documentation: the bad one must fire, the good one be silent, and the bad
// one be silent once its fixes are applied. An example is one file (yaml) or a small repository (txtar). Blocks
// marked "yaml policy", "yaml base" and "yaml registry" are the policy, the base and the registries of both.
func (l *Lab) CheckDoc(t *testing.T, rule *review.Rule) {
	t.Helper()
	good, bad := Examples(t, rule.Doc)
	if !strings.HasPrefix(rule.Doc, "# "+rule.ID+"\n") {
		t.Errorf("the documentation does not begin with %q", "# "+rule.ID)
	}
	if bad == nil || good == nil || !strings.Contains(rule.Doc, "\n## How to fix\n") {
		t.Fatal(`the documentation lacks one of "## Bad", "## Good" (each with a block of yaml or txtar) and "## How to fix"`)
	}
	if found := l.review(t, good, rule.ID).Findings; len(found) > 0 {
		t.Errorf("the good example fires: %s", found[0].Message)
	}
	found := l.review(t, bad, rule.ID).Findings
	if len(found) == 0 {
		t.Error("the bad example does not fire")
	}
	for _, f := range found {
		if f.Fix == nil {
			return
		}
	}
	fixed, err := apply(bad.Head, found)
	if err != nil {
		t.Fatalf("applying the bad example's fixes: %v", err)
	}
	bad.Head = fixed
	if left := l.review(t, bad, rule.ID).Findings; len(left) > 0 {
		t.Errorf("the bad example still fires after its fixes: %s\n%s", left[0].Message, fixed[left[0].Location.File])
	}
}

// Examples reads the good and the bad example of a rule's documentation; nil for one that is missing.
func Examples(t *testing.T, doc string) (good, bad *Fixture) {
	t.Helper()
	around := map[string]string{}
	for _, m := range setting.FindAllStringSubmatch(doc, -1) {
		around[m[1]] = m[2]
	}
	for _, m := range example.FindAllStringSubmatch(doc, -1) {
		f := oneFile(m[3], around)
		if m[2] == "txtar" {
			var err error
			if f, err = ParseFixture([]byte(m[3])); err != nil {
				t.Fatal(err)
			}
		}
		if m[1] == "Good" {
			good = f
		} else {
			bad = f
		}
	}
	return good, bad
}

func oneFile(text string, around map[string]string) *Fixture {
	f := &Fixture{Head: map[string][]byte{"example.yaml": []byte(text)}, Policy: []byte(around["policy"])}
	if registry := around["registry"]; registry != "" {
		f.Registry = []byte(registry)
	}
	if base := around["base"]; base != "" {
		f.Base = map[string][]byte{"example.yaml": []byte(base)}
	}
	return f
}

// apply lays the fixes of findings over files.
func apply(files map[string][]byte, findings []review.Finding) (map[string][]byte, error) {
	tree, err := source.Memory(files, source.Limits{})
	if err != nil {
		return nil, err
	}
	changed, _, err := review.ApplyFixes(tree, findings, false)
	if err != nil {
		return nil, err
	}
	after := maps.Clone(files)
	maps.Copy(after, changed)
	return after, nil
}
