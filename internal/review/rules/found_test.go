package rules_test

import (
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

const widget = `apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec:
  podTemplate:
    spec:
      containers:
        - name: w
          image: nginx:latest
          securityContext: {privileged: true}
`

// TestPodsFoundByShape holds that what rules say of pods in unknown custom resources is milder, unless the policy names the
// place of the pods or the level of the rule.
func TestPodsFoundByShape(t *testing.T) {
	t.Parallel()
	const named = "workloads: [{kind: Widget.example.com, path: spec.podTemplate}]\n"
	tests := map[string]struct {
		policy, rule string
		want         review.Level
	}{
		"a pod's":                  {"", "privileged", review.Warning},
		"an image's":               {"", "image-latest", review.Warning},
		"an image's, listed":       {"images: {allow: [ghcr.io/acme/**]}\n", "image-registry", review.Error},
		"an image's, denied":       {"images: {deny: [docker.io/library/*]}\n", "image-registry", review.Error},
		"a pod's, images listed":   {"images: {allow: [ghcr.io/acme/**]}\n", "privileged", review.Warning},
		"the standard's":           {"", "pss-restricted", review.Info},
		"the mildest":              {"profile: everything\n", "cpu-limits", review.Info},
		"named by the policy":      {named, "privileged", review.Error},
		"an image, named":          {named, "image-latest", review.Error},
		"the policy's level":       {"rules: {privileged: {level: error}}\n", "privileged", review.Error},
		"the policy's other level": {"rules: {privileged: {level: info}}\n", "privileged", review.Info},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := newLab()
			policy, err := lab.Policy([]byte(test.policy))
			if err != nil {
				t.Fatal(err)
			}
			tree, err := source.Memory(map[string][]byte{"a.yaml": []byte(widget)}, source.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			engine := &review.Engine{Renderer: lab.Renderer, Rules: lab.Rules, Now: time.Now}
			result, err := engine.Review(t.Context(), &source.Change{Head: tree}, policy, review.Options{Only: []string{test.rule}})
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Findings) == 0 || result.Findings[0].Level != test.want {
				t.Errorf("want one of level %s, got %+v", test.want, result.Findings)
			}
		})
	}
}
