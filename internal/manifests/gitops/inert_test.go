package gitops

import (
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// TestInert holds that only such charts are taken for ones without objects of Argo CD and Flux that can have none.
func TestInert(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text, laid string
		want             bool
	}{
		"plain":               {"templates/a.yaml", "kind: ConfigMap\n", "a: b\n", true},
		"an Application":      {"templates/a.yaml", "apiVersion: argoproj.io/v1alpha1\n", "", false},
		"a made apiVersion":   {"templates/a.yaml", `apiVersion: {{ printf "%s/v1alpha1" "argoproj.io" }}`, "", false},
		"a helper":            {"templates/_x.tpl", "helm.toolkit.fluxcd.io", "", false},
		"in its values":       {"values.yaml", "group: kustomize.toolkit.fluxcd.io", "", false},
		"in values":           {"templates/a.yaml", "{{ toYaml .Values.raw }}", "raw: {apiVersion: argoproj.io/v1alpha1}", false},
		"a template in these": {"templates/a.yaml", "{{ tpl .Values.raw . }}", `raw: '{{ printf "argo%s" "proj.io" }}'`, false},
		"a packed chart":      {"charts/x-1.0.0.tgz", "", "", false},
		"for people":          {"README.md", "Works with argoproj.io.", "", true},
	} {
		d := &manifests.Deployment{Laid: []manifests.Laid{{Path: "x", Text: []byte(c.laid)}}}
		if got := Inert(d, map[string][]byte{"Chart.yaml": nil, c.file: []byte(c.text)}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
