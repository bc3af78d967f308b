package admission

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// deployments are as many deployments as YAML.
func deployments(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `apiVersion: apps/v1
kind: Deployment
metadata: {name: web-%d, namespace: shop, labels: {app: web, team: shop}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "ghcr.io/acme/web:1", resources: {limits: {memory: 1Gi}}, env: [{name: A, value: b}], ports: [{containerPort: 80}]}
      - {name: log, image: "ghcr.io/acme/log:1", securityContext: {runAsNonRoot: true}}
---
`, i)
	}
	return b.String()
}

// policy is a policy with its binding as YAML.
func policyText(name, spec, binding string) string {
	return fmt.Sprintf(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: %[1]s}
spec: %[2]s
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: %[1]s}
spec: {policyName: %[1]s, %[3]s}
---
`, name, spec, binding)
}

// inProcess renders plain files where it is.
type inProcess struct{}

// Render renders a root.
func (inProcess) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	rendering, err := manifests.PlainRenderer{}.Render(ctx, tree, root, settings)
	return rendering, nil, err
}

func reviewed(tb testing.TB, text string) *review.Result {
	tb.Helper()
	tree, err := source.Memory(map[string][]byte{"all.yaml": []byte(text)}, source.Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	rules := Rules()
	engine := &review.Engine{Renderer: inProcess{}, Rules: []*review.Rule{&rules[0], &rules[1]}, Now: time.Now}
	result, err := engine.Review(tb.Context(), &source.Change{Head: tree}, review.DefaultPolicy(), review.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return result
}

// BenchmarkPolicies asks 20 policies about 2,000 deployments.
func BenchmarkPolicies(b *testing.B) {
	text := deployments(2000)
	for i := range 20 {
		text += policyText(fmt.Sprintf("p-%d", i), fmt.Sprintf(`
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: [deployments]}]}
  variables: [{name: containers, expression: object.spec.template.spec.containers}]
  validations:
  - {expression: "variables.containers.all(c, c.image.startsWith('ghcr.io/acme/'))", message: m}
  - {expression: "object.spec.replicas < 50 + %d && object.metadata.labels.team == 'shop'"}
`, i), "validationActions: [Deny]")
	}
	for b.Loop() {
		result := reviewed(b, text)
		if len(result.Findings) > 0 || len(result.Notes) > 0 {
			b.Fatal(result.Findings, result.Notes)
		}
		b.ReportMetric(result.Timings.Review, "review-s/op")
	}
}

// FuzzPolicy asks policies that anybody may have written, with bindings to match.
func FuzzPolicy(f *testing.F) {
	f.Add("{matchConstraints: {resourceRules: [{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*', 'deployments']}]}, validations: [{expression: 'object.spec.replicas > 9', messageExpression: 'string(1)'}]}", "validationActions: [Deny]")
	f.Add("{paramKind: {apiVersion: v1, kind: ConfigMap}, matchConstraints: {objectSelector: {matchExpressions: [{key: a, operator: In}]}}, validations: [{expression: 'params.x'}]}", "paramRef: {selector: {}}")
	f.Add("{matchConditions: [{name: a, expression: 'object.b'}], matchConstraints: {}, variables: [{name: x, expression: variables.x}]}", "matchResources: {namespaceSelector: {matchLabels: {a: b}}}")
	f.Add("{matchConstraints: {}, validations: [{expression: 'object.spec.x.all(c, object.y)'}, {expression: 'has(object.metadata.labels.z)'}]}", "validationActions: [Warn, Audit, 1]")
	f.Fuzz(func(t *testing.T, spec, binding string) {
		result := reviewed(t, deployments(1)+policyText("p", spec, binding))
		for _, note := range result.Notes {
			if strings.Contains(note, "which is a bug of ours") {
				t.Error(note)
			}
		}
	})
}
