package review

import (
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

func TestExemptionCovers(t *testing.T) {
	found := violation{rule: "host-path", root: "apps/web/overlays/prod", object: manifests.Identity{Kind: "DaemonSet", Namespace: "logging", Name: "fluent-bit"}}
	tests := []struct {
		rule ExemptionRule
		want bool
	}{
		{ExemptionRule{Rule: "host-path", Object: "DaemonSet/logging/fluent-bit"}, true},
		{ExemptionRule{Rule: "host-path", Object: "DaemonSet/fluent-bit"}, true},
		{ExemptionRule{Rule: "host-*", Object: "DaemonSet/*"}, true},
		{ExemptionRule{Rule: "host-path", Object: "DaemonSet/*/fluent-*"}, true},
		{ExemptionRule{Rule: "host-path", Object: "Deployment/logging/fluent-bit"}, false},
		{ExemptionRule{Rule: "host-pid", Object: "DaemonSet/fluent-bit"}, false},
		{ExemptionRule{Rule: "host-path", Object: "DaemonSet/fluent"}, false},
		{ExemptionRule{Rule: "host-path", Root: "apps/**"}, true},
		{ExemptionRule{Rule: "host-path", Root: "apps/**/prod"}, true},
		{ExemptionRule{Rule: "host-path", Root: "**"}, true},
		{ExemptionRule{Rule: "host-path", Root: "apps/web/overlays/*"}, true},
		{ExemptionRule{Rule: "host-path", Root: "apps/web/overlays/prod"}, true},
		{ExemptionRule{Rule: "host-path", Root: "apps/*"}, false},
		{ExemptionRule{Rule: "host-path", Root: "apps"}, false},
		{ExemptionRule{Rule: "host-path", Root: "clusters/**"}, false},
		{ExemptionRule{Rule: "host-path", Root: "apps/**", Object: "DaemonSet/other"}, false},
	}
	for _, test := range tests {
		if got := test.rule.covers(found); got != test.want {
			t.Errorf("%+v covers: %v, want %v", test.rule, got, test.want)
		}
	}
}

// TestExemptionEnds holds that an exemption counts on its last day, and that the finding is back on the next one.
func TestExemptionEnds(t *testing.T) {
	day := func(s string) time.Time { d, _ := time.Parse(time.DateOnly, s); return d }
	rules := []ExemptionRule{{Rule: "host-path", Object: "Pod/a", Reason: "reads logs", Until: day("2026-06-30"), By: "@ops"}}
	for today, want := range map[string]Status{"2026-06-29": Exempt, "2026-06-30": Exempt, "2026-07-01": New} {
		all := []Finding{{Rule: "host-path", Status: New, Object: manifests.Identity{Kind: "Pod", Name: "a"}, Detail: "It is bad."}}
		r := &run{policy: &Policy{Exemptions: rules}, now: day(today).Add(23 * time.Hour)}
		r.exemptFindings(all)
		f := all[0]
		if f.Status != want || (want == Exempt) != (f.Exemption != nil) {
			t.Errorf("on %s the finding is %s, want %s", today, f.Status, want)
		}
		if said := strings.Contains(f.Detail, "ended on 2026-06-30"); said != (want == New) {
			t.Errorf("on %s the detail is %q", today, f.Detail)
		}
	}
}

// TestExemptionFor holds that what is offered covers the finding, and no other whose names only look alike.
func TestExemptionFor(t *testing.T) {
	pod := func(namespace, name string) Finding {
		return Finding{Rule: "host-path", Root: "apps/a", Object: manifests.Identity{Kind: "Pod", Namespace: namespace, Name: name}}
	}
	other := []Finding{pod("a", "b"), pod("", "x"), pod("x", "yy"), {Rule: "host-path", Root: "apps/b"}}
	for _, test := range []struct {
		finding Finding
		object  string
		ok      bool
	}{
		{pod("web", "web"), "Pod/web/web", true},
		{pod("", "web"), "Pod/web", true},
		{pod("", "system:node"), "Pod/system:node", true},
		{pod("", "*"), `Pod/\*`, true},
		{pod("?", `[\]`), `Pod/\?/\[\\]`, true},
		{pod("", "a/b"), "", false},
		{pod("", ""), "", false},
		{Finding{Rule: "render-failed", Root: "charts/api"}, "", true},
		{Finding{Rule: "render-failed", Root: "**"}, "", false},
		{Finding{Rule: "render-failed"}, "", false},
	} {
		e, ok := ExemptionFor(&test.finding)
		if ok != test.ok || ok && e.Object != test.object {
			t.Errorf("%+v: %+v, %v", test.finding, e, ok)
		}
		if f := test.finding; ok && !e.covers(violation{f.Rule, f.Object, f.Root}) {
			t.Errorf("%+v does not cover %+v", e, f)
		}
		for _, f := range other {
			if ok && e.covers(violation{f.Rule, f.Object, f.Root}) {
				t.Errorf("%+v covers %+v", e, f)
			}
		}
	}
}
