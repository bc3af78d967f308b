package review_test

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// overlays renders kustomizations that do nothing but list resources, which is enough to see one base through many.
type overlays struct{}

func (o overlays) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, error) {
	files, err := o.resources(tree, root.Dir)
	if err != nil {
		return nil, err
	}
	plain := root
	plain.Files = files
	r, err := manifests.PlainRenderer{}.Render(ctx, tree, plain, settings)
	if err != nil {
		return nil, err
	}
	r.Root = root
	return r, nil
}

func (o overlays) resources(tree source.Tree, dir string) (files []string, err error) {
	name := path.Join(dir, "kustomization.yaml")
	text, err := tree.ReadFile(name)
	if err != nil {
		return nil, &manifests.RenderError{Reason: "no kustomization", Span: source.Span{File: name}, Cause: err}
	}
	var k struct{ Resources []string }
	if err := yaml.Unmarshal(text, &k); err != nil {
		return nil, &manifests.RenderError{Reason: "no YAML", Span: source.Span{File: name, Line: 1}, Cause: err}
	}
	for _, resource := range k.Resources {
		at := path.Join(dir, resource)
		if strings.HasSuffix(at, ".yaml") {
			files = append(files, at)
			continue
		}
		more, err := o.resources(tree, at)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

// testRules are small rules of every shape.
func testRules() []*review.Rule {
	return []*review.Rule{
		{ID: "privileged", Area: "pod", Level: review.Error, Kinds: []string{review.Workloads}, Covers: []string{"standard"}, Check: checkPrivileged},
		{ID: "standard", Area: "pss", Level: review.Error, Kinds: []string{review.Workloads}, Covers: []string{"strict"}, Check: checkPrivileged},
		{ID: "strict", Area: "pss", Level: review.Warning, Kinds: []string{review.Workloads}, Check: checkPrivileged},
		{ID: "caps", Area: "pod", Level: review.Error, Kinds: []string{review.Workloads}, Check: checkCaps},
		{ID: "limits", Area: "resources", Level: review.Warning, Kinds: []string{review.Workloads}, Check: checkLimits},
		{ID: "token", Area: "secret", Level: review.Error, Kinds: []string{"ConfigMap"}, Check: checkToken},
		{ID: "alone", Area: "network", Level: review.Info, CheckRoot: checkAlone},
		{ID: "gained", Area: "rbac", Level: review.Error, Kinds: []string{"Role"}, Check: checkGained},
		{ID: "stumbles", Area: "pod", Level: review.Error, Off: true, Kinds: []string{"ConfigMap"}, Check: checkStumbles},
		{ID: "mode", Area: "pod", Level: review.Error, Off: true, Kinds: []string{"ConfigMap"}, Check: checkMode},
		{ID: "account", Area: "rbac", Level: review.Error, Off: true, Kinds: []string{"ServiceAccount"}, Check: checkAccount},
		{ID: "lost", Area: "change", Level: review.Error, Off: true, Kinds: []string{"ConfigMap"}, CheckRemoved: checkLost},
		{ID: "differs", Area: "change", Level: review.Error, Off: true, Kinds: []string{"ConfigMap"}, Check: checkDiffers},
		{ID: review.RuleBlastRadius, Area: "change", Level: review.Info, Off: true,
			Params: func() any { return &review.BlastRadius{Objects: 50, Roots: 5, PerLine: 2} }},
		{ID: review.RuleRenderFailed, Area: "rendering", Level: review.Error},
	}
}

func checkPrivileged(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		if at := c.Get("securityContext", "privileged"); at.True() {
			p.Report(at, "%s is privileged", c.Title()).Fix("make it unprivileged", review.Set(at, false))
		}
	}
}

func checkCaps(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		for _, item := range c.Get("securityContext", "capabilities", "add").Items() {
			p.Report(item, "%s adds %s", c.Title(), item.Text())
		}
	}
}

func checkLimits(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		if at := c.Get("resources", "limits", "memory"); !at.IsSet() {
			p.Report(at, "%s has no memory limit", c.Title())
		}
	}
}

func checkToken(p *review.Pass) {
	for _, e := range p.Object.Field().Get("data").Entries() {
		if strings.HasPrefix(e.Key, "token") {
			p.Report(e.Value, "%s is a secret", e.Key)
		}
	}
}

func checkAlone(p *review.Pass) {
	for _, o := range p.Root.OfKind("Deployment") {
		if len(p.Near("NetworkPolicy", o)) == 0 {
			p.ReportOn(o, o.Field(), "no policy selects it")
		}
	}
}

// checkGained says the same of every role, but for its effect.
func checkGained(p *review.Pass) {
	at := p.Object.Field().Get("rules")
	p.Report(at.Get("none"), "grants something").Effect("%s", at.Get("verb").Text())
}

func checkStumbles(p *review.Pass) {
	p.Report(p.Object.Field(), "is a config map")
	if p.Object.Name == "bad" {
		var none []string
		_ = none[len(p.Object.Name)]
	}
}

// lab reviews archives with the rules above.
func lab(t *testing.T, archive string, policy *review.Policy, opts review.Options) *review.Result {
	t.Helper()
	f, err := reviewtest.ParseFixture([]byte(archive))
	if err != nil {
		t.Fatal(err)
	}
	change, err := f.Change()
	if err != nil {
		t.Fatal(err)
	}
	return labChange(t, change, policy, opts)
}

func labChange(t *testing.T, change *source.Change, policy *review.Policy, opts review.Options) *review.Result {
	t.Helper()
	if policy == nil {
		policy = review.DefaultPolicy()
	}
	engine := &review.Engine{
		Renderer: reviewtest.Direct{manifests.Plain: manifests.PlainRenderer{}, manifests.Kustomize: overlays{}},
		Rules:    testRules(),
		Now:      func() time.Time { return time.Date(2026, 11, 21, 23, 59, 0, 0, time.UTC) },
	}
	result, err := engine.Review(t.Context(), change, policy, opts)
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, result)
	return result
}

// checkSums holds what is true of every review: the summary counts the findings, and no two have one fingerprint.
func checkSums(t *testing.T, r *review.Result) {
	t.Helper()
	s := r.Summary
	if n := s.New.Total() + s.Existing + s.Fixed + s.Exempt; n != len(r.Findings) {
		t.Errorf("the summary counts %d findings, there are %d", n, len(r.Findings))
	}
	seen := map[string]string{}
	for _, f := range r.Findings {
		if f.Status == review.Fixed {
			continue
		}
		if other, ok := seen[f.Fingerprint]; ok {
			t.Errorf("%s and %s have one fingerprint", line(f), other)
		}
		seen[f.Fingerprint] = line(f)
	}
}

// line writes a finding as the tables want it.
func line(f review.Finding) string {
	text := fmt.Sprintf("%s %s %s %s:%d", f.Status, f.Level, f.Rule, f.Location.File, f.Location.Line)
	if len(f.Roots) > 0 {
		text += " roots=" + strings.Join(f.Roots, ",")
	}
	if len(f.Also) > 0 {
		text += " also=" + strings.Join(f.Also, ",")
	}
	return text
}

func lines(r *review.Result) []string {
	found := []string{}
	for _, f := range r.Findings {
		found = append(found, line(f))
	}
	return found
}

func wantLines(t *testing.T, r *review.Result, want ...string) {
	t.Helper()
	got := lines(r)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("findings:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// deployment writes a Deployment whose containers are NAME, or NAME! for a privileged one.
func deployment(name string, containers ...string) string {
	text := "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name + "\nspec:\n  template:\n    spec:\n      containers:\n"
	for _, c := range containers {
		c, privileged := strings.CutSuffix(c, "!")
		text += "      - name: " + c + "\n        securityContext:\n"
		text += fmt.Sprintf("          privileged: %v\n", privileged)
	}
	return text
}
