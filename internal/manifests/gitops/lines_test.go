package gitops

import (
	"context"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// planted is a place where something can be written that makes the pod privileged: the line with the mark "HERE".
type planted struct{ class, text string }

// plants are the places, by class. Each HERE stands for the value.
func plants() []planted {
	head := "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: app, namespace: argocd}\nspec:\n  destination: {namespace: target}\n  source:\n    repoURL: https://git.example/repo\n    path: chart\n    helm:\n"
	release := "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: app, namespace: apps}\nspec:\n  chart: {spec: {chart: chart, sourceRef: {kind: GitRepository, name: x}}}\n"
	flux := "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: app, namespace: apps}\nspec:\n  path: kust\n  sourceRef: {kind: GitRepository, name: x}\n"
	values := "security:\n  other: 1\n  privileged: HERE\n"
	template := func(value string) string {
		return "metadata: {name: app}\nspec:\n  destination: {namespace: target}\n  source:\n    repoURL: https://git.example/repo\n    path: chart\n    helm:\n      parameters:\n      - name: security.privileged\n        value: '" + value + "'\n"
	}
	goes := "goTemplate: true\n"
	block := func(lines ...string) string {
		return "metadata: {name: app}\nspec:\n  source:\n    repoURL: https://git.example/repo\n    path: chart\n    helm:\n      values: |\n        " + strings.Join(lines, "\n        ") + "\n"
	}
	return []planted{
		{"Application: valuesObject", head + "      valuesObject:\n" + indented(values, 8)},
		{"Application: values", head + "      values: |\n" + indented(values, 8)},
		{"Application: parameter", head + "      parameters:\n      - name: some\n        value: thing\n      - name: security.privileged\n        value: \"HERE\"\n"},
		{"Application: parameter of a list's item", head + "      valuesObject:\n        containers:\n        - {name: a}\n        - {name: b}\n      parameters:\n      - name: containers[1].privileged\n        value: \"HERE\"\n"},
		{"Application: value beside a parameter of its list", head + "      valuesObject:\n        containers:\n        - name: a\n          privileged: HERE\n        - {name: b}\n      parameters:\n      - name: containers[1].more\n        value: x\n"},
		{"HelmRelease: values", release + "  values:\n" + indented(values, 4)},
		{"HelmRelease: valuesFrom", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: apps}\ndata:\n  values.yaml: |\n" + indented(values, 4) + "---\n" + release + "  valuesFrom: [{kind: ConfigMap, name: m}]\n"},
		{"HelmRelease: targetPath", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: apps}\ndata:\n  other: x\n  key: \"HERE\"\n---\n" + release + "  valuesFrom: [{kind: ConfigMap, name: m, valuesKey: key, targetPath: security.privileged}]\n"},
		{"HelmRelease: literal targetPath", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: apps}\ndata:\n  other: x\n  key: \"HERE\"\n---\n" + release + "  valuesFrom: [{kind: ConfigMap, name: m, valuesKey: key, targetPath: security.privileged, literal: true}]\n  values: {security: {other: 1}}\n"},
		{"HelmRelease: values under a targetPath", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: apps}\ndata: {key: x}\n---\n" + release + "  valuesFrom: [{kind: ConfigMap, name: m, valuesKey: key, targetPath: security.other}]\n  values:\n" + indented(values, 4)},
		{"HelmRelease: second postRenderer", release + "  postRenderers:\n  - kustomize:\n      images: [{name: busybox, newTag: '2'}]\n  - kustomize:\n      patches:\n      - target: {kind: Pod}\n        patch: |\n          - op: replace\n            path: /spec/containers/0/securityContext/privileged\n            value: HERE\n"},
		{"HelmRelease: first postRenderer", release + "  postRenderers:\n  - kustomize:\n      patches:\n      - target: {kind: Pod}\n        patch: |\n          - op: replace\n            path: /spec/containers/0/securityContext/privileged\n            value: HERE\n  - kustomize:\n      images: [{name: busybox, newTag: '2'}]\n"},
		{"HelmRelease: postRenderers", release + "  postRenderers:\n  - kustomize:\n      patches:\n      - target: {kind: Pod}\n        patch: |\n          - op: replace\n            path: /spec/containers/0/securityContext/privileged\n            value: HERE\n"},
		{"Kustomization: substitute", flux + "  postBuild:\n    substitute:\n      OTHER: x\n      PRIVILEGED: \"HERE\"\n"},
		{"Kustomization: substituteFrom", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: apps}\ndata:\n  OTHER: x\n  PRIVILEGED: \"HERE\"\n---\n" + flux + "  postBuild: {substituteFrom: [{kind: ConfigMap, name: m}]}\n"},
		{"Kustomization: patches", flux + "  patches:\n  - target: {kind: Pod}\n    patch: |\n      apiVersion: v1\n      kind: Pod\n      metadata: {name: web}\n      spec:\n        containers:\n        - name: c\n          securityContext:\n            privileged: HERE\n"},
		{"ApplicationSet: template", setOf("", "- list: {elements: [{a: x}]}", template("HERE"))},
		{"ApplicationSet: list", setOf("", "- list:\n    elements:\n    - a: x\n      p: \"HERE\"\n", template("{{p}}"))},
		{"ApplicationSet: list, Go", setOf(goes, "- list:\n    elements:\n    - a: x\n      p: \"HERE\"\n", template("{{ .p }}"))},
		{"ApplicationSet: list, Go with functions", setOf(goes, "- list:\n    elements:\n    - a: x\n      m:\n        p: \"HERE\"\n", template("{{ .m.p | toString | lower }}"))},
		{"ApplicationSet: matrix", setOf("", "- matrix:\n    generators:\n    - list:\n        elements:\n        - a: x\n          p: \"HERE\"\n    - list: {elements: [{b: y}]}\n", template("{{p}}"))},
		{"ApplicationSet: matrix of lists, Go", setOf(goes, "- matrix:\n    generators:\n    - list:\n        elements:\n        - a: x\n          many:\n          - other\n          - \"HERE\"\n    - list:\n        elements:\n        - b: y\n", template("{{ index .many 1 }}"))},
		{"ApplicationSet: matrix, the second's", setOf(goes, "- matrix:\n    generators:\n    - list: {elements: [{a: x, many: [y]}]}\n    - list:\n        elements:\n        - b: y\n          deep:\n            p: \"HERE\"\n", template("{{ .deep.p }}"))},
		{"ApplicationSet: templatePatch with a text of values, written there", setOf(goes+"templatePatch: |\n  spec:\n    source:\n      helm:\n        values: |\n          other: {{ .a }}\n          security:\n            privileged: HERE\n", "- list: {elements: [{a: x}]}", "metadata: {name: '{{ .a }}'}\nspec:\n  source: {repoURL: https://git.example/repo, path: chart}\n")},
		{"ApplicationSet: templatePatch with a text of values, of a parameter", setOf(goes+"templatePatch: |\n  spec:\n    source:\n      helm:\n        values: |\n          other: {{ .a }}\n          security:\n            privileged: {{ .p }}\n", "- list:\n    elements:\n    - a: x\n      p: \"HERE\"\n", "metadata: {name: '{{ .a }}'}\nspec:\n  source: {repoURL: https://git.example/repo, path: chart}\n")},
		{"ApplicationSet: templatePatch with parameters of Helm", setOf(goes+"templatePatch: |\n  spec:\n    source:\n      helm:\n        parameters:\n        {{- range .params }}\n        - name: {{ .name }}\n          value: {{ .value | quote }}\n        {{- end }}\n", "- list:\n    elements:\n    - a: x\n      params:\n      - {name: other, value: x}\n      - name: security.privileged\n        value: \"HERE\"\n", "metadata: {name: '{{ .a }}'}\nspec:\n  source: {repoURL: https://git.example/repo, path: chart}\n")},
		{"ApplicationSet: template of a generator", setOf("", "- list:\n    elements: [{a: x}]\n    template:\n      metadata: {}\n      spec:\n        source:\n          helm:\n            parameters:\n            - name: security.privileged\n              value: \"HERE\"\n", template("false"))},
		{"ApplicationSet: merge", setOf(goes, "- merge:\n    mergeKeys: [a]\n    generators:\n    - list: {elements: [{a: x, p: 'false'}]}\n    - list:\n        elements:\n        - a: x\n          p: \"HERE\"\n", template("{{ .p }}"))},
		{"ApplicationSet: values of a generator", setOf("", "- git:\n    repoURL: https://git.example/repo\n    directories: [{path: chart}]\n    values:\n      other: x\n      p: \"HERE\"\n", template("{{values.p}}"))},
		{"ApplicationSet: valuesObject in the template", setOf(goes, "- list: {elements: [{a: x}]}", "metadata: {name: app}\nspec:\n  source:\n    repoURL: https://git.example/repo\n    path: chart\n    helm:\n      valuesObject:\n        other: '{{ .a }}'\n        security:\n          privileged: HERE\n")},
		{"ApplicationSet: text of values, Go, after another parameter", setOf(goes, "- list:\n    elements:\n    - a: x\n      p: \"HERE\"\n", block("other: {{ .a }}", "security:", "  privileged: {{ .p }}"))},
		{"ApplicationSet: text of values, Go, after a loop", setOf(goes, "- list:\n    elements:\n    - a: [x, y]\n      p: \"HERE\"\n", block("others:", "{{- range .a }}", "- {{ . }}", "{{- end }}", "security:", "  privileged: {{ .p }}"))},
		{"ApplicationSet: text of values, Go, written there", setOf(goes, "- list: {elements: [{a: x}]}", block("other: {{ .a }}", "security:", "  privileged: HERE"))},
		{"ApplicationSet: text of values, written there", setOf("", "- list: {elements: [{a: x}]}", block("other: {{a}}", "security:", "  privileged: HERE"))},
		{"ApplicationSet: text of values, Go, written there", setOf(goes, "- list: {elements: [{a: x}]}", block("other: {{ .a }}", "security:", "  privileged: HERE"))},
		{"ApplicationSet: text of values, after another parameter", setOf("", "- list:\n    elements:\n    - a: x\n      p: \"HERE\"\n", block("other: {{a}}", "security:", "  privileged: {{p}}"))},
		{"ApplicationSet: templatePatch", setOf(goes+"templatePatch: |\n  spec:\n    source:\n      helm:\n        valuesObject:\n          security:\n            privileged: HERE\n", "- list: {elements: [{a: x}]}", "metadata: {name: '{{ .a }}'}\nspec:\n  source: {repoURL: https://git.example/repo, path: chart}\n")},
	}
}

// TestPlanted writes what makes a pod privileged at a known line of each class of places, and looks for that line in the
// origin of the field that says so.
func TestPlanted(t *testing.T) {
	t.Parallel()
	for _, p := range plants() {
		checkPlanted(t, p, strings.ReplaceAll(p.text, "HERE", "true"))
	}
}

func checkPlanted(t *testing.T, p planted, text string) {
	t.Helper()
	files := map[string]string{
		"chart/Chart.yaml":        "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
		"chart/values.yaml":       "security: {privileged: false}\ncontainers: []\n",
		"chart/templates/a.yaml":  "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: c\n    image: busybox\n    securityContext:\n      privileged: {{ .Values.security.privileged }}\n  {{- range .Values.containers }}\n  - name: {{ .name }}\n    image: busybox\n    securityContext:\n      privileged: {{ .privileged | default false }}\n  {{- end }}\n",
		"kust/kustomization.yaml": "resources: [a.yaml]\n",
		"kust/a.yaml":             "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: c\n    image: busybox\n    securityContext:\n      privileged: ${PRIVILEGED:=false}\n",
		"clusters/all.yaml":       text,
	}
	want := 0
	for i, line := range strings.Split(p.text, "\n") {
		if strings.Contains(line, "HERE") {
			want = i + 1
		}
	}
	for _, o := range lined(t, files, text) {
		for _, f := range o.Field().All("spec.containers[*].securityContext.privileged") {
			if !f.True() {
				continue
			}
			origin, _ := o.OriginAt(f.Path())
			if best := origin.Best(); best == nil || best.Span.File != "clusters/all.yaml" || best.Span.Line != want || best.Precision != manifests.Exact {
				t.Errorf("%s: stands at %+v, want line %d", p.class, best, want)
			}
			return
		}
	}
	t.Errorf("%s: nothing is privileged", p.class)
}

// lined are the objects that come of a file with the objects of a tool, which are read as any plain root is.
func lined(t *testing.T, files map[string]string, text string) (all []*manifests.Object) {
	t.Helper()
	w, _ := worldOf(t, files, "")
	r := &Renderer{Inner: inProcess{}}
	settings := manifests.Settings{KubeVersion: "1.34", HelmLine: 4, Lines: true}
	wave := []manifests.Root{{Path: "clusters", Dir: "clusters", Kind: manifests.Plain, Files: []string{"clusters/all.yaml"}}}
	w = NewWorld(Repository{Tree: w.repository.Tree, URLs: []string{"https://git.example/repo"}}, nil)
	for range 4 {
		var next []manifests.Root
		for _, root := range wave {
			rendering, _, err := r.Render(context.Background(), w.repository.Tree, root, settings)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			w.Add(rendering.Objects)
			all = append(all, rendering.Objects...)
			next = append(next, w.Roots(root, rendering.Objects)...)
		}
		wave = next
	}
	return all
}

// TestPlantedInFile holds that a parameter of a git generator's file stands on its line there.
func TestPlantedInFile(t *testing.T) {
	t.Parallel()
	for _, options := range []string{"", "goTemplate: true\n"} {
		name := "{{cluster.privileged}}"
		if options != "" {
			name = "{{ .cluster.privileged }}"
		}
		text := setOf(options, "- git: {repoURL: https://git.example/repo, files: [{path: envs/*.yaml}]}", "metadata: {name: app}\nspec:\n  source:\n    repoURL: https://git.example/repo\n    path: chart\n    helm: {parameters: [{name: privileged, value: '"+name+"'}]}\n")
		files := map[string]string{
			"chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n", "chart/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {privileged: {{ .Values.privileged | quote }}}\n",
			"envs/a.yaml": "cluster:\n  name: x\n  privileged: yes-it-is\n", "clusters/all.yaml": text,
		}
		found := false
		for _, o := range lined(t, files, text) {
			if origin, exists := o.OriginAt("data.privileged"); exists {
				found = true
				if best := origin.Best(); best == nil || best.Span.File != "envs/a.yaml" || best.Span.Line != 3 {
					t.Errorf("%q stands at %+v", options, best)
				}
			}
		}
		if !found {
			t.Errorf("%q renders nothing", options)
		}
	}
}
