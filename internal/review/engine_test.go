package review_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
)

func day(s string) time.Time {
	d, _ := time.Parse(time.DateOnly, s)
	return d
}

// policyWith makes a policy out of the default one.
func policyWith(change func(*review.Policy)) *review.Policy {
	p := review.DefaultPolicy()
	change(p)
	return p
}

func setting(id string, s review.RuleSetting) *review.Policy {
	return policyWith(func(p *review.Policy) { p.Rules = map[string]review.RuleSetting{id: s} })
}

func exempting(rules ...review.ExemptionRule) *review.Policy {
	return policyWith(func(p *review.Policy) { p.Exemptions = rules })
}

// TestCover holds that rules which say the same are one finding, and that none gets lost behind another.
func TestCover(t *testing.T) {
	t.Parallel()
	only := review.Options{Only: []string{"privileged", "standard", "strict"}}
	bad := files("a.yaml", deployment("web", "web!"))
	until := day("2027-01-01")
	tests := map[string]struct {
		archive string
		policy  *review.Policy
		opts    review.Options
		want    []string
	}{
		"the specific one names all others": {bad, nil, only, []string{"new error privileged a.yaml:11 also=standard,strict"}},
		"it does not run": {bad, nil, review.Options{Only: only.Only, Skip: []string{"privileged"}},
			[]string{"new error standard a.yaml:11 also=strict"}},
		"it is less bad": {bad, setting("privileged", review.RuleSetting{Level: review.Info}), only,
			[]string{"new error standard a.yaml:11 also=strict", "new info privileged a.yaml:11"}},
		"one between is off": {bad, nil, review.Options{Only: only.Only, Skip: []string{"standard"}},
			[]string{"new error privileged a.yaml:11", "new warning strict a.yaml:11"}},
		"it is exempt": {bad, exempting(review.ExemptionRule{Rule: "privileged", Reason: "r", Until: until}), only,
			[]string{"exempt error privileged a.yaml:11 also=standard,strict"}},
		"another one is exempt": {bad, exempting(review.ExemptionRule{Rule: "standard", Reason: "r", Until: until}), only,
			[]string{"new error privileged a.yaml:11 also=standard,strict"}},
		"of another object of the name": {files("a.yaml", deployment("web", "web!"), "b.yaml", deployment("web", "web!")), nil, only,
			[]string{"new error privileged a.yaml:11 also=standard,strict", "new error privileged b.yaml:11 also=standard,strict"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantLines(t, lab(t, test.archive, test.policy, test.opts), test.want...)
		})
	}
}

// overlaid is a base of two overlays with a privileged container.
var overlaid = files("common/a.yaml", deployment("web", "web!"), "common/kustomization.yaml", resources("a.yaml"),
	"dev/kustomization.yaml", resources("../common"), "prod/kustomization.yaml", resources("../common"))

func TestExemptions(t *testing.T) {
	t.Parallel()
	rule := review.ExemptionRule{Rule: "privileged", Object: "Deployment/web", Reason: "agreed", Until: day("2026-11-21"), By: "@ops"}
	with := func(change func(*review.ExemptionRule)) review.ExemptionRule {
		changed := rule
		change(&changed)
		return changed
	}
	tests := map[string]struct {
		rules   []review.ExemptionRule
		verdict review.Verdict
		want    []string
	}{
		"on the last day": {[]review.ExemptionRule{rule}, review.Passed, []string{"exempt error privileged common/a.yaml:11 roots=prod"}},
		"of one overlay": {[]review.ExemptionRule{with(func(e *review.ExemptionRule) { e.Root = "dev" })}, review.Fails,
			[]string{"exempt error privileged common/a.yaml:11", "new error privileged common/a.yaml:11"}},
		"of another object": {[]review.ExemptionRule{with(func(e *review.ExemptionRule) { e.Object = "Deployment/api" })}, review.Fails,
			[]string{"new error privileged common/a.yaml:11 roots=prod"}},
		"ended": {[]review.ExemptionRule{with(func(e *review.ExemptionRule) { e.Until = day("2026-11-20") })}, review.Fails,
			[]string{"new error privileged common/a.yaml:11 roots=prod"}},
		"renewed": {[]review.ExemptionRule{with(func(e *review.ExemptionRule) { e.Until = day("2026-01-01") }), rule}, review.Passed,
			[]string{"exempt error privileged common/a.yaml:11 roots=prod"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := lab(t, overlaid, exempting(test.rules...), review.Options{Only: []string{"privileged"}})
			wantLines(t, r, test.want...)
			if r.Verdict != test.verdict {
				t.Errorf("verdict %s, want %s", r.Verdict, test.verdict)
			}
			for _, f := range r.Findings {
				if name == "ended" && !strings.Contains(f.Detail, "(agreed) ended on 2026-11-20") {
					t.Errorf("the detail %q does not say that the exemption ended", f.Detail)
				}
				if f.Status == review.Exempt && (f.Exemption == nil || f.Exemption.By != "@ops" || f.Exemption.Until != "2026-11-21") {
					t.Errorf("exemption %+v", f.Exemption)
				}
			}
		})
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	gate := func(level review.Level, onRender bool) *review.Policy {
		return policyWith(func(p *review.Policy) { p.Gate = review.Gate{FailOn: level, OnRenderFailure: onRender} })
	}
	broken := files("base/app/kustomization.yaml", resources("a.yaml"), "base/app/a.yaml", deployment("web", "web"), "app/kustomization.yaml", resources("gone"))
	tests := map[string]struct {
		archive string
		rule    string
		policy  *review.Policy
		want    review.Verdict
	}{
		"an error":                     {files("a.yaml", deployment("web", "web!")), "privileged", nil, review.Fails},
		"a warning":                    {files("a.yaml", deployment("web", "web!")), "limits", nil, review.Passed},
		"a warning under a strict one": {files("a.yaml", deployment("web", "web!")), "limits", gate(review.Warning, true), review.Fails},
		"an info":                      {files("a.yaml", deployment("web", "web!")), "alone", gate(review.Warning, true), review.Passed},
		"an old error":                 {files("base/a.yaml", deployment("web", "web!"), "a.yaml", "# x\n"+deployment("web", "web!")), "privileged", nil, review.Passed},
		"a root that fails":            {broken, review.RuleRenderFailed, nil, review.Fails},
		"a root that may fail":         {broken, review.RuleRenderFailed, gate(review.Error, false), review.Passed},
		"nothing at all":               {files("README.md", "hello\n"), "privileged", nil, review.Passed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r := lab(t, test.archive, test.policy, review.Options{Only: []string{test.rule}}); r.Verdict != test.want {
				t.Errorf("verdict %s, want %s: %q", r.Verdict, test.want, lines(r))
			}
		})
	}
}

func TestRenderFailures(t *testing.T) {
	t.Parallel()
	good, bad := resources("a.yaml"), resources("gone")
	object := deployment("web", "web!")
	tests := map[string]struct {
		archive string
		want    []string
	}{
		"at head": {files("base/app/kustomization.yaml", good, "base/app/a.yaml", object, "app/kustomization.yaml", bad),
			[]string{"new error render-failed app/gone/kustomization.yaml:1"}},
		"at base": {files("base/app/kustomization.yaml", bad, "base/app/a.yaml", object, "app/kustomization.yaml", good),
			[]string{"new error privileged app/kustomization.yaml:1 also=standard,strict"}},
		"at both": {files("base/app/kustomization.yaml", bad, "base/app/a.yaml", object, "app/kustomization.yaml", bad+"namePrefix: x\n"),
			[]string{"existing warning render-failed app/gone/kustomization.yaml:1"}},
		"at both, and the change lies behind": {files("base/app/kustomization.yaml", resources("gone", "../lib"), "base/lib/kustomization.yaml", good,
			"base/lib/a.yaml", deployment("web", "web"), "lib/a.yaml", object), []string{"existing warning render-failed app/gone/kustomization.yaml:1", "new error privileged lib/a.yaml:11 also=standard,strict"}},
		"removed": {files("base/app/kustomization.yaml", good, "base/app/a.yaml", object, "app/kustomization.yaml", "", "app/a.yaml", ""),
			[]string{"fixed error privileged app/a.yaml:11 also=standard,strict"}},
		"of two roots for one reason": {files("one/kustomization.yaml", resources("../gone"), "two/kustomization.yaml", resources("../gone")),
			[]string{"new error render-failed gone/kustomization.yaml:1 roots=two"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := lab(t, test.archive, nil, review.Options{Only: []string{"privileged", "standard", "strict", review.RuleRenderFailed}})
			wantLines(t, r, test.want...)
		})
	}
}

// TestStumbling holds that a rule which panics is said, fails the check, and takes no other down.
func TestStumbling(t *testing.T) {
	t.Parallel()
	object := func(name string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {token: x}\n"
	}
	r := lab(t, files("a.yaml", object("good"), "b.yaml", object("bad")), nil, review.Options{Only: []string{"stumbles", "token"}})
	wantLines(t, r, "new error stumbles a.yaml:1", "new error stumbles b.yaml:1", "new error stumbles b.yaml:1",
		"new error token a.yaml:4", "new error token b.yaml:4")
	if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "rule stumbles failed on ConfigMap/bad of .") {
		t.Errorf("notes %q", r.Notes)
	}
}

// TestSelection holds that a path and a file restrict what is reviewed.
func TestSelection(t *testing.T) {
	t.Parallel()
	archive := files("one/a.yaml", deployment("web", "web!"), "one/b.yaml", deployment("api", "api!"), "two/a.yaml", deployment("web", "web!"))
	only := []string{"privileged"}
	wantLines(t, lab(t, archive, nil, review.Options{Only: only, Under: []string{"one"}}),
		"new error privileged one/a.yaml:11", "new error privileged one/b.yaml:11")
	wantLines(t, lab(t, archive, nil, review.Options{Only: only, File: "one/b.yaml"}), "new error privileged one/b.yaml:11")
	wantLines(t, lab(t, archive, nil, review.Options{Only: only, Under: []string{"three"}}))
}

// TestUnchanged holds that a change to what leads to no root is told from one that affects some.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	r := lab(t, files("base/a.yaml", deployment("web", "web!"), "base/README.md", "one\n", "README.md", "two\n"), nil, review.Options{})
	wantLines(t, r)
	if len(r.Roots) != 0 || r.Total != 1 || !slices.Equal(r.Unreached, []string{"README.md"}) {
		t.Errorf("roots %v of %d, unreached %v", r.Roots, r.Total, r.Unreached)
	}
}

// TestUnreachedBelow holds that only what was asked for is said to lead nowhere: of other files nothing is known.
func TestUnreachedBelow(t *testing.T) {
	t.Parallel()
	archive := files("base/one/a.yaml", deployment("web", "web!"), "one/a.yaml", deployment("web", "web!"), "one/README.md", "one\n", "oneself/README.md", "two\n")
	for _, test := range []struct {
		opts review.Options
		want []string
	}{
		{review.Options{}, []string{"one/README.md", "oneself/README.md"}},
		{review.Options{Under: []string{"."}}, []string{"one/README.md", "oneself/README.md"}},
		{review.Options{Under: []string{"one"}}, []string{"one/README.md"}},
		{review.Options{Under: []string{"three"}}, nil},
		{review.Options{File: "oneself/README.md"}, []string{"oneself/README.md"}},
		{review.Options{File: "one/a.yaml"}, nil},
	} {
		if got := lab(t, archive, nil, test.opts).Unreached; !slices.Equal(got, test.want) {
			t.Errorf("%v %q: unreached %v, want %v", test.opts.Under, test.opts.File, got, test.want)
		}
	}
}

// TestFingerprints holds that a violation keeps its name wherever it moves, that others have others, and that none
// can be computed from a value.
func TestFingerprints(t *testing.T) {
	t.Parallel()
	first := func(archive, rule string) string {
		t.Helper()
		r := lab(t, archive, nil, review.Options{Only: []string{rule}})
		if len(r.Findings) == 0 {
			t.Fatal("nothing is found")
		}
		return r.Findings[len(r.Findings)-1].Fingerprint
	}
	token := func(value string) string {
		return files("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {token: "+value+"}\n")
	}
	before := first(files("a.yaml", deployment("web", "web!")), "privileged")
	for name, archive := range map[string]string{
		"moved lines":     files("a.yaml", "# one\n"+deployment("web", "web!")),
		"renamed file":    files("z.yaml", deployment("web", "web!")),
		"renamed root":    files("apps/a.yaml", deployment("web", "web!")),
		"reordered items": files("a.yaml", deployment("web", "log", "web!")),
		"added violation": files("a.yaml", deployment("web", "log!", "web!")),
	} {
		if got := first(archive, "privileged"); got != before {
			t.Errorf("%s: the fingerprint changes", name)
		}
	}
	for name, archive := range map[string]string{
		"another container": files("a.yaml", deployment("web", "log!")), "another object": files("a.yaml", deployment("api", "web!")),
	} {
		if got := first(archive, "privileged"); got == before {
			t.Errorf("%s: the fingerprint is the same", name)
		}
	}
	if first(token("one"), "token") != first(token("two"), "token") {
		t.Error("the fingerprint depends on a value")
	}
	added := func(list string) string { return files("a.yaml", caps+"        add: ["+list+"]\n") }
	if first(added("NET_RAW"), "caps") != first(added("SYS_ADMIN, NET_RAW"), "caps") {
		t.Error("an item without a name is another when one is added before it")
	}
}

// TestParseKubeVersion holds that what only begins like a version is none.
func TestParseKubeVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1.34": "1.34", "v1.34": "1.34", "1.34.2": "1.34", "v1.29.3-eks-3a1": "1.29", "1.30.1+k3s1": "1.30",
		"1.3x": "", "1.34.x": "", "1.34.": "", "1": "", "": "", "2.1": "", "1.-3": "", "1.34 ": "", "1.99999": "",
	} {
		v, err := review.ParseKubeVersion(text)
		if (err == nil) != (want != "") || err == nil && v.String() != want {
			t.Errorf("%q: got %s, %v, want %q", text, v, err, want)
		}
	}
}
