package rules_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
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

// What is planted: a word, with a number where one change plants several, or a number where one stood.
const (
	plantedWord   = "planted"
	plantedNumber = "64209"
)

var anyPlant = regexp.MustCompile(`(?i)planted(?:\d+x)?|64209`)

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

// checkPlanted finds what was planted in any field.
func checkPlanted(p *review.Pass) {
	p.Object.Walk(func(f manifests.Field) {
		for _, found := range plantsIn(p.Object, f) {
			p.Report(f, "holds %s", found)
		}
	})
}

// plantsIn returns what was planted in a field, each once.
func plantsIn(o *manifests.Object, f manifests.Field) []string {
	text := f.Text()
	if o.Kind == "Secret" && strings.HasPrefix(f.Path(), "data") {
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
			text = string(decoded)
		}
	}
	found := anyPlant.FindAllString(strings.ToLower(text), -1)
	slices.Sort(found)
	return slices.Compact(found)
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
	named := rootsOf(result.Findings, "")
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
		if err == nil && len(shown(after.Objects)) > 0 && !named[root.Path] && (errBefore != nil || len(shown(before.Objects)) == 0) {
			t.Errorf("root %s shows what was planted, and no finding names it", root.Path)
		}
	}
}

// rootsOf returns the roots in which findings say that this was planted, or anything when it is "".
func rootsOf(findings []review.Finding, what string) map[string]bool {
	named := map[string]bool{}
	for _, f := range findings {
		if f.Rule == plantedRule && (what == "" || f.Message == "holds "+what) {
			named[f.Root] = true
			for _, root := range f.Roots {
				named[root] = true
			}
		}
	}
	return named
}

// shown returns everything that was planted and shows in a field of the objects.
func shown(objects []*manifests.Object) map[string]bool {
	found := map[string]bool{}
	for _, o := range objects {
		o.Walk(func(f manifests.Field) {
			for _, what := range plantsIn(o, f) {
				found[what] = true
			}
		})
	}
	return found
}

// shiftedRenderer claims for every field the line after the right one.
type shiftedRenderer struct{ review.Renderer }

func (s shiftedRenderer) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	rendering, reads, err := s.Renderer.Render(ctx, tree, root, settings)
	if err != nil {
		return nil, reads, err
	}
	for _, o := range rendering.Objects {
		for i, origin := range o.Origins {
			o.Origins[i] = slices.Clone(origin)
			for j := range o.Origins[i] {
				o.Origins[i][j].Span.Line++
				o.Origins[i][j].Span.EndLine++
			}
		}
	}
	return rendering, reads, nil
}

// TestSourceLinesNotice shows that lines which are off by one do not go unnoticed.
func TestSourceLinesNotice(t *testing.T) {
	lab := lineLab()
	lab.Renderer = shiftedRenderer{lab.Renderer}
	var all lineTally
	for _, c := range lineCases(t) {
		if c.class == "resource" || c.class == "values" || c.class == "plain" {
			all.add(c.run(t, lab))
		}
	}
	if all.exact*4 > all.planted { // lines of a text are found by what they say, wherever it is claimed to be
		t.Errorf("with every line shifted, %d of %d plants count as found on their line", all.exact, all.planted)
	}
}
