package rules_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/source"
)

// The rules of this test, which every field can break: they run beside those of the catalogue.
const (
	plantedRule  = "planted"
	ownerRule    = "lacks-owner"
	settingsRule = "lacks-settings"
)

// What is planted: a word, or a number where the field takes only numbers.
const (
	plantedWord   = "planted"
	plantedNumber = "64209"
)

func lineRules() []*review.Rule {
	return []*review.Rule{
		{ID: plantedRule, Level: review.Error, Kinds: []string{review.AnyKind}, Check: checkPlanted},
		{ID: ownerRule, Level: review.Error, Kinds: []string{review.AnyKind}, Check: func(p *review.Pass) {
			if owner := p.Object.Field().Get("metadata", "labels", "owner"); !owner.IsSet() {
				p.Report(owner, "has no owner")
			}
		}},
		{ID: settingsRule, Level: review.Error, Kinds: []string{review.Workloads}, Check: checkSettings},
	}
}

// checkPlanted finds the planted value in any field.
func checkPlanted(p *review.Pass) {
	p.Object.Walk(func(f manifests.Field) {
		if holdsPlanted(p.Object, f) {
			p.Report(f, "holds what was planted")
		}
	})
}

func holdsPlanted(o *manifests.Object, f manifests.Field) bool {
	text := strings.ToLower(f.Text())
	if o.Kind == "Secret" && strings.HasPrefix(f.Path(), "data") {
		if decoded, err := base64.StdEncoding.DecodeString(f.Text()); err == nil {
			text = strings.ToLower(string(decoded))
		}
	}
	return strings.Contains(text, plantedWord) || strings.Contains(text, plantedNumber)
}

// checkSettings finds references to ConfigMaps that the root does not hold.
func checkSettings(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		for _, from := range c.Get("envFrom").Items() {
			name := from.Get("configMapRef", "name")
			if !slices.ContainsFunc(p.Root.OfKind("ConfigMap"), func(o *manifests.Object) bool { return o.Name == name.Text() }) {
				p.Report(name, "there is no ConfigMap %s", name.Text())
			}
		}
	}
}

// lineLab is a lab with the rules of this test beside those of the catalogue.
func lineLab() *reviewtest.Lab {
	lab := newLab()
	lab.Rules = append(lab.Rules, lineRules()...)
	all := lab.Rules
	lab.Policy = func(text []byte) (*review.Policy, error) {
		return policy.Load(all, policy.Layer{File: "policy.yaml", Text: text})
	}
	return lab
}

// TestSourceLines plants violations in small repositories of our own, at known lines, and expects the findings there:
// each new one at its line, on a line that the change touched, and no other.
func TestSourceLines(t *testing.T) {
	lab, table := lineLab(), newLineTable()
	t.Cleanup(func() { table.write(t, "own") })
	for _, c := range lineCases(t) {
		t.Run(strings.ReplaceAll(c.class, " ", "_")+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			got := c.run(t, lab)
			table.add(c.class, got)
			switch wrong := strings.Join(got.misses, "\n"); {
			case wrong != "" && c.open == "":
				t.Error(wrong)
			case wrong != "":
				t.Logf("known, %s: %s", c.open, wrong)
			case c.open != "":
				t.Errorf("holds now: strike the option %q", "open: "+c.open)
			}
		})
	}
}

// run reviews a case and says how its findings stand.
func (c *lineCase) run(t *testing.T, lab *reviewtest.Lab) lineTally {
	t.Helper()
	change, err := c.change()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := lab.Policy(c.policy)
	if err != nil {
		t.Fatal(err)
	}
	engine := &review.Engine{Renderer: lab.Renderer, Rules: lab.Rules, Now: time.Now}
	result, err := engine.Review(t.Context(), change, rules, review.Options{Only: c.rules})
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range result.Roots {
		if root.Status == review.Failed {
			t.Errorf("root %s does not render: %s", root.Path, root.Reason)
		}
	}
	got := c.compare(result.Findings)
	checkRoots(t, lab, change, result)
	return got
}

// compare counts findings against what is wanted. Findings that the change did not cause may be there unasked.
func (c *lineCase) compare(findings []review.Finding) lineTally {
	got := lineTally{planted: len(c.wants)}
	met, elsewhere := make([]bool, len(c.wants)), 0
	for _, f := range findings {
		i := slices.IndexFunc(c.wants, func(w lineWant) bool { return w.isOn(f) })
		switch {
		case i < 0 && f.Status == review.New:
			elsewhere++
			got.miss("spurious or on a wrong line: %s", describe(f))
		case i >= 0 && f.Location.Precision != manifests.Exact.String():
			got.inFile++
			got.miss("only the file is known: %s", describe(f))
		case i >= 0 && f.Location.Changed != c.wants[i].changed:
			got.miss("changed is %v: %s", f.Location.Changed, describe(f))
		case i >= 0:
			met[i] = true
		}
	}
	for i, w := range c.wants {
		if met[i] {
			got.exact++
		} else {
			got.miss("nothing at %s", w)
		}
	}
	unmet := got.planted - got.exact - got.inFile
	got.wrong = min(unmet, elsewhere)
	got.missed, got.spurious = unmet-got.wrong, elsewhere-got.wrong
	return got
}

func describe(f review.Finding) string {
	return fmt.Sprintf("%s:%d (%s, %s) %s %s [%s, %s of %s]", f.Location.File, f.Location.Line, f.Location.Precision,
		f.Status, f.Rule, f.Message, f.Root, f.Path, f.Object)
}

// checkRoots renders every root once more and looks for what was planted without asking the engine: each root that the
// change gave it must be named by a finding.
func checkRoots(t *testing.T, lab *reviewtest.Lab, change *source.Change, result *review.Result) {
	t.Helper()
	named := rootsOf(result.Findings)
	if len(named) == 0 {
		return
	}
	found, err := manifests.Discover(t.Context(), change.Head, manifests.DiscoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range found.Roots {
		before, _, errBefore := lab.Renderer.Render(t.Context(), change.Base, root, manifests.Settings{})
		after, _, err := lab.Renderer.Render(t.Context(), change.Head, root, manifests.Settings{})
		if err == nil && shows(after.Objects) && !named[root.Path] && (errBefore != nil || !shows(before.Objects)) {
			t.Errorf("root %s shows what was planted, and no finding names it", root.Path)
		}
	}
}

// rootsOf returns the roots in which findings say that something was planted.
func rootsOf(findings []review.Finding) map[string]bool {
	named := map[string]bool{}
	for _, f := range findings {
		if f.Rule == plantedRule {
			named[f.Root] = true
			for _, root := range f.Roots {
				named[root] = true
			}
		}
	}
	return named
}

// shows reports whether any field of the objects holds what was planted.
func shows(objects []*manifests.Object) bool {
	found := false
	for _, o := range objects {
		o.Walk(func(f manifests.Field) { found = found || holdsPlanted(o, f) })
	}
	return found
}
