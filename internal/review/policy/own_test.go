package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
)

const teamRule = `id: acme-team
level: error
kinds: [Deployment, StatefulSet]
message: the workload names no team
field: metadata.labels.team
params: {label: team}
expression: |-
  has(object.metadata.labels) &&
  params.label in object.metadata.labels
good:
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {team: shop}}}
- object: {apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {squad: shop}}}
  params: {label: squad}
bad:
- {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}}
`

func ownLayer(text string) Layer {
	return Layer{File: RulesDir + "/team.yaml", Text: []byte(text)}
}

func someCatalogue() []*review.Rule {
	return []*review.Rule{{ID: "privileged", Level: review.Error}}
}

// TestOwnRules reads rules from files and from the policy itself, and settings of them.
func TestOwnRules(t *testing.T) {
	t.Parallel()
	layer := ownLayer(teamRule + "---\n" + strings.ReplaceAll(teamRule, "acme-team", "acme-squad"))
	policy := Layer{File: "p.yaml", Text: []byte("rules: {acme-team: {level: warning, label: squad}, acme-own: off}\nexemptions: [{rule: acme-squad, object: Deployment/a, reason: r, until: 2030-01-01}]\n" +
		"ownRules:\n- {id: acme-own, level: info, kinds: [\"*\"], expression: object.metadata.name != ''}\n")}
	p, err := Load(someCatalogue(), layer, policy)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range p.Own {
		ids = append(ids, fmt.Sprint(r.ID, " ", r.Level, " ", r.Defined))
	}
	want := "[acme-team error " + RulesDir + "/team.yaml:1 acme-squad error " + RulesDir + "/team.yaml:17 acme-own info p.yaml:4]"
	if fmt.Sprint(ids) != want {
		t.Errorf("got %v, want %s", ids, want)
	}
}

// TestOwnMistakes finds what is wrong in rules of one's own, with its place.
func TestOwnMistakes(t *testing.T) {
	t.Parallel()
	with := func(old, now string) string { return strings.Replace(teamRule, old, now, 1) }
	tests := []struct{ name, text, want string }{
		{"unknown field", with("object.metadata.labels\n", "object.metadata.label\n"), "team.yaml:9:34: expression of rule acme-team: undefined field 'label' (of Deployment in apps/v1"},
		{"syntax", with("params.label in", "params.label inn"), "team.yaml:9:16: expression of rule acme-team: Syntax error"},
		{"quoted", with("|-\n  has(object.metadata.labels) &&\n  params.label in object.metadata.labels", `"object.x == 1"`), "team.yaml:7:20: expression of rule acme-team: undefined field 'x'"},
		{"no boolean", with("has(object.metadata.labels) &&\n  params.label in object.metadata.labels", "'text'"), "team.yaml:7:13: expression of rule acme-team: must evaluate to bool"},
		{"shadowing", with("acme-team", "privileged"), "team.yaml:1: \"privileged\" is a rule of the catalogue"},
		{"twice", teamRule + "---\n" + teamRule, "there is a rule \"acme-team\" already, defined in " + RulesDir + "/team.yaml:1"},
		{"id", with("acme-team", "Acme_Team"), "team.yaml:1: the rule.id: \"Acme_Team\" is no id"},
		{"unknown key", with("message:", "massage:"), `rules/team.yaml:4: the rule: unknown key "massage" (did you mean "message"?)`},
		{"no level", with("level: error\n", ""), `the rule needs "level"`},
		{"kind", with("[Deployment", "[Deploymnt"), "Kubernetes has no kind Deploymnt, Deployment is meant?"},
		{"message", with("message: the workload names no team", "messageExpression: object.metadata.name + 1"), "team.yaml:4:20: messageExpression of rule acme-team: must evaluate to string"},
		{"field", with("metadata.labels.team", "metadata..x"), "is no field"},
	}
	for _, test := range tests {
		_, err := Load(someCatalogue(), ownLayer(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	settings := Layer{File: "p.yaml", Text: []byte("rules: {acme-team: {lable: x}}")}
	if _, err := Load(someCatalogue(), ownLayer(teamRule), settings); err == nil || !strings.Contains(err.Error(), `the rule has no parameter "lable"`) {
		t.Errorf("an unknown parameter: %v", err)
	}
}

// TestTryExamples holds rules against their examples.
func TestTryExamples(t *testing.T) {
	t.Parallel()
	tried, errs := TryExamples(someCatalogue(), nil, ownLayer(teamRule))
	if len(errs) > 0 || tried.Rules != 1 || tried.Examples != 3 || len(tried.Without) > 0 {
		t.Errorf("got %+v, %v", tried, errs)
	}
	wrong := strings.Replace(teamRule, "metadata: {name: a}", "metadata: {name: a, labels: {team: x}}", 1)
	wrong = strings.Replace(wrong, "labels: {team: shop}", "labels: {}", 1)
	wrong += "- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n"
	_, errs = TryExamples(someCatalogue(), nil, ownLayer(wrong))
	want := []string{"team.yaml:11: good[0] of rule acme-team: the rule finds fault with it",
		"team.yaml:15: bad[0] of rule acme-team: the rule finds nothing wrong with it",
		"team.yaml:16: bad[1] of rule acme-team: is Pod of v1, which the rule is not for"}
	if strings.ReplaceAll(fmt.Sprint(errs), RulesDir+"/", "") != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", errs, want)
	}
}
