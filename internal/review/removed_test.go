package review_test

import (
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
)

// checkLost finds configurations that the change takes away, and says how many are left beside them elsewhere.
func checkLost(p *review.Pass) {
	p.Report(p.Object.Field(), "%s is lost, %d elsewhere", p.Object.Name, len(p.Elsewhere("ConfigMap")))
}

// checkDiffers finds configurations whose mode the change makes another, wherever they were before.
func checkDiffers(p *review.Pass) {
	if was, in := p.Was(); was != nil {
		now, before := p.Object.Field().Get("data", "mode"), was.Field().Get("data", "mode")
		if now.Text() != before.Text() {
			p.Report(now, "was %s in %s", before.Text(), in.Root.Path)
		}
	}
}

func messages(r *review.Result) (all []string) {
	for _, f := range r.Findings {
		all = append(all, f.Message)
	}
	return all
}

const padding = "# 1\n# 2\n# 3\n---\n"

// TestRemoved takes objects away in every way, and wants the place where that was done.
func TestRemoved(t *testing.T) {
	t.Parallel()
	kept := config("kept", "bad")
	tests := map[string]struct {
		archive string
		want    []string
	}{
		"out of a file": {files("base/a.yaml", kept+"---\n"+config("b", "bad"), "a.yaml", kept),
			[]string{"new error lost a.yaml:6"}},
		"the first of a file": {files("base/a.yaml", padding+config("b", "bad")+"---\n"+kept, "a.yaml", padding+kept),
			[]string{"new error lost a.yaml:3"}},
		"with its file, which a kustomization named": {
			files("base/a/kustomization.yaml", resources("a.yaml", "b.yaml"), "base/a/a.yaml", kept, "base/a/b.yaml", config("b", "bad"),
				"a/kustomization.yaml", resources("a.yaml"), "a/b.yaml", ""),
			[]string{"new error lost a/kustomization.yaml:1"}},
		"by a kustomization that no longer names its file": {
			files("base/a/kustomization.yaml", "resources:\n- a.yaml\n- b.yaml\n", "base/a/a.yaml", kept, "base/a/b.yaml", config("b", "bad"),
				"a/kustomization.yaml", "resources:\n- a.yaml\n"),
			[]string{"new error lost a/kustomization.yaml:2"}},
		"with its file, of a directory": {files("base/a.yaml", kept, "base/b.yaml", config("b", "bad"), "b.yaml", ""),
			[]string{"new error lost b.yaml:1"}},
		"with its root": {files("base/one/a.yaml", config("a", "bad"), "base/two/b.yaml", kept, "one/a.yaml", ""),
			[]string{"new error lost one/a.yaml:1"}},
		"by another name": {files("base/a.yaml", config("a", "bad"), "a.yaml", config("b", "bad")),
			[]string{"new error lost a.yaml:3"}},
		"to another root": {files("base/one/a.yaml", config("a", "bad"), "one/a.yaml", "", "two/a.yaml", config("a", "bad")), nil},
		"to another root that had one, too": {
			files("base/one/a.yaml", config("a", "bad"), "base/two/a.yaml", config("a", "bad"), "one/a.yaml", "", "two/a.yaml", config("a", "bad")+"# x\n"),
			[]string{"new error lost one/a.yaml:1"}},
		"from one overlay of two": {
			files("base/common/a.yaml", config("a", "bad"), "base/common/kustomization.yaml", resources("a.yaml"),
				"base/dev/kustomization.yaml", resources("../common"), "base/prod/kustomization.yaml", resources("../common"),
				"base/prod/b.yaml", kept, "prod/kustomization.yaml", resources("b.yaml")),
			[]string{"new error lost prod/kustomization.yaml:1"}},
		"from the base of two": {
			files("base/common/a.yaml", config("a", "bad")+"---\n"+kept, "base/common/kustomization.yaml", resources("a.yaml"),
				"base/dev/kustomization.yaml", resources("../common"), "base/prod/kustomization.yaml", resources("../common"),
				"common/a.yaml", kept),
			[]string{"new error lost common/a.yaml:1 roots=prod"}},
		"a file that the base of two named": {
			files("base/common/a.yaml", kept, "base/common/b/b.yaml", config("b", "bad"),
				"base/common/kustomization.yaml", resources("a.yaml", "b"), "base/common/b/kustomization.yaml", resources("b.yaml"),
				"base/dev/kustomization.yaml", resources("../common"), "base/prod/kustomization.yaml", resources("../common"),
				"common/b/b.yaml", "", "common/b/kustomization.yaml", resources()),
			[]string{"new error lost common/b/kustomization.yaml:1 roots=prod"}},
		"one of two of its name":  {files("base/a.yaml", config("a", "bad"), "base/b.yaml", config("a", "mild"), "b.yaml", ""), nil},
		"one without a name":      {files("base/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n", "base/b.yaml", kept, "a.yaml", ""), nil},
		"what no longer renders":  {files("base/a/kustomization.yaml", resources("a.yaml"), "base/a/a.yaml", kept, "a/kustomization.yaml", resources("none.yaml"), "a/a.yaml", ""), nil},
		"nothing, without a base": {files("a.yaml", kept), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantLines(t, lab(t, test.archive, nil, review.Options{Only: []string{"lost"}}), test.want...)
		})
	}
}

// TestRemovedAccepted holds that what was taken away can be exempt, and accepted by a person.
func TestRemovedAccepted(t *testing.T) {
	t.Parallel()
	archive := files("base/a.yaml", config("a", "bad"), "base/b.yaml", config("b", "bad"), "a.yaml", "", "b.yaml", "", "c.yaml", config("c", "bad"))
	policy := review.DefaultPolicy()
	policy.Rules = map[string]review.RuleSetting{"lost": {Level: review.Warning}}
	policy.Exemptions = []review.ExemptionRule{{Rule: "lost", Object: "ConfigMap/a", Reason: "meant", Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}}
	policy.Acknowledge = []review.Acknowledge{{Rules: []string{"lost"}, By: []string{"@alice"}}}
	opts := review.Options{Only: []string{"lost"}}
	before := lab(t, archive, policy, opts)
	wantLines(t, before, "exempt warning lost a.yaml:1", "new warning lost b.yaml:1")
	for _, f := range before.Findings {
		opts.Accepted = append(opts.Accepted, review.Acceptance{Fingerprint: f.Fingerprint, By: "@alice"})
	}
	wantLines(t, lab(t, archive, policy, opts), "exempt warning lost a.yaml:1", "exempt warning lost b.yaml:1")
}

// TestWas holds that rules find what an object was, also in another root, but not in one that still has it.
func TestWas(t *testing.T) {
	t.Parallel()
	mode := func(name, mode string) string {
		return strings.Replace(config(name, "x"), "mode: on", "mode: "+mode, 1)
	}
	tests := map[string]struct {
		archive string
		want    string
	}{
		"in its place":         {files("base/a/a.yaml", mode("a", "one"), "a/a.yaml", mode("a", "two")), "was one in a"},
		"in another root":      {files("base/a/a.yaml", mode("a", "one"), "a/a.yaml", "", "b/a.yaml", mode("a", "two")), "was one in a"},
		"in one that keeps it": {files("base/a/a.yaml", mode("a", "one"), "b/a.yaml", mode("a", "two")), ""},
		"one of two of its name": {files("base/a/a.yaml", mode("a", "one"), "base/a/b.yaml", mode("a", "two"), "a/b.yaml", mode("a", "three")),
			"was two in a"},
		"new": {files("base/a/a.yaml", mode("a", "one"), "a/b.yaml", mode("b", "two")), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(messages(lab(t, test.archive, nil, review.Options{Only: []string{"differs"}})), "; "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestElsewhere holds that the roots of other clusters are left out of what stands beside an object.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ archive, want string }{
		"another root that changed": {files("base/a/a.yaml", config("a", "bad"), "base/b/b.yaml", config("b", "bad"), "a/a.yaml", "", "b/c.yaml", config("c", "bad")),
			"a is lost, 2 elsewhere"},
		"one that had it, too": {files("base/a/a.yaml", config("a", "bad"), "base/b/b.yaml", config("a", "bad"), "a/a.yaml", "", "b/c.yaml", config("c", "bad")),
			"a is lost, 0 elsewhere"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(messages(lab(t, test.archive, nil, review.Options{Only: []string{"lost"}})), "; "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
