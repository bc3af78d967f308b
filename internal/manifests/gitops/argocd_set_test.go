package gitops

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// setOf is an ApplicationSet of generators and a template, both as YAML.
func setOf(options, generators, template string) string {
	return "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set, namespace: argocd}\nspec:\n" + indented(options, 2) + "  generators:\n" + indented(generators, 2) + "  template:\n" + indented(template, 4)
}

// TestApplicationSets holds what sets make to Argo CD's documentation. Each case names the page of the operator manual
// (release 3.4, "Generating Applications with ApplicationSet") that it is from; want are the names of the Applications,
// with the label "is" behind each, or "! " and a part of the reason why there are none.
func TestApplicationSets(t *testing.T) {
	t.Parallel()
	const goes = "goTemplate: true\n"
	simple := func(name, is string) string {
		return "metadata: {name: '" + name + "', labels: {is: '" + strings.ReplaceAll(is, "'", "''") + "'}}\nspec: {project: default, source: {repoURL: https://git.example/repo, path: x}}\n"
	}
	list := "- list: {elements: [{a: one, b: '1'}, {a: two, b: '2'}]}\n"
	matrix := func(a, b string) string {
		return "- matrix:\n    generators:\n" + indented(a, 4) + indented(b, 4)
	}
	for _, c := range []struct{ page, options, generators, template, want string }{
		{"List Generator", "", list, simple("{{a}}-x", "{{ b }}"), "one-x=1 two-x=2"},
		{"List Generator: elements have values", "", "- list: {elements: [{a: one, values: {k: v}}]}", simple("{{a}}", "{{values.k}}"), "one=v"},
		{"Template: what is unknown stays", "", list, simple("{{a}}", "{{none}}-{{ .b }}"), "one={{none}}-{{ .b }} two={{none}}-{{ .b }}"},
		{"Git Generator: Directories", "", "- git: {repoURL: https://git.example/repo, directories: [{path: apps/*}]}", simple("{{path.basename}}", "{{path}} {{path[0]}}"), "a=apps/a apps b_b=apps/b_b apps c=apps/c apps"},
		{"Git Generator: a star is one directory", "", "- git: {repoURL: https://git.example/repo, directories: [{path: apps/**}]}", simple("{{path.basename}}", ""), "a= b_b= c="},
		{"Git Generator: Exclude directories", "", "- git: {repoURL: https://git.example/repo, directories: [{path: apps/*}, {path: apps/b*, exclude: true}]}", simple("{{path.basename}}", ""), "a= c="},
		{"Git Generator: normalized names", "", "- git: {repoURL: https://git.example/repo, directories: [{path: apps/b_b}]}", simple("{{path.basenameNormalized}}", ""), "b-b="},
		{"Git Generator: pathParamPrefix", "", "- git: {repoURL: https://git.example/repo, pathParamPrefix: my, directories: [{path: apps/a}]}", simple("{{my.path.basename}}", "{{my.path}}{{my.path[1]}}"), "a=apps/aa"},
		{"Git Generator: Pass additional key-value pairs via values", "", "- git: {repoURL: https://git.example/repo, directories: [{path: apps/a}], values: {k: 'x-{{path.basename}}'}}", simple("{{path.basename}}", "{{values.k}}"), "a=x-a"},
		{"Git Generator: Files", "", "- git: {repoURL: https://git.example/repo, files: [{path: envs/*/config.yaml}]}", simple("{{cluster.name}}", "{{path.filename}} {{path.basename}} {{cluster.list.1.deep}}{{cluster.list[1].deep}}"), "dev=config.yaml dev y{{cluster.list[1].deep}} prod=config.yaml prod z{{cluster.list[1].deep}}"},
		{"Git Generator: Files of several", "", "- git: {repoURL: https://git.example/repo, files: [{path: envs/many.json}]}", simple("{{a}}", ""), "m1= m2="},
		{"Git File Generator Globbing: a star is greedy", "", "- git: {repoURL: https://git.example/repo, files: [{path: envs/*.yaml}]}", simple("{{cluster.name}}", ""), "dev= prod="},
		{"Git Generator: Exclude files", "", "- git: {repoURL: https://git.example/repo, files: [{path: envs/*/config.yaml}, {path: envs/prod/*, exclude: true}]}", simple("{{cluster.name}}", ""), "dev="},
		{"Git Generator: another repository", "", "- git: {repoURL: https://git.example/other, directories: [{path: nowhere/*}], values: {k: v}}", simple("{{path.basename}}", "{{values.k}}"), "path-basename=v"},
		{"Git Generator: this repository at another revision", "", "- git: {repoURL: https://git.example/repo, revision: v1.0.0, directories: [{path: apps/*}]}", simple("{{path.basename}}", ""), "path-basename="},
		{"Matrix Generator", "", matrix(list, "- list: {elements: [{c: x}, {c: y}]}"), simple("{{a}}-{{c}}", ""), "one-x= one-y= two-x= two-y="},
		{"Matrix Generator: the second uses the first", "", matrix("- list: {elements: [{env: dev}, {env: prod}]}", "- git: {repoURL: https://git.example/repo, files: [{path: 'envs/{{env}}/*.yaml'}]}"), simple("{{env}}", "{{cluster.name}}"), "dev=dev prod=prod"},
		{"Matrix Generator: the second uses the first, in a list", "", matrix(list, "- list: {elements: [{c: 'x-{{a}}'}]}"), simple("{{c}}", ""), "x-one= x-two="},
		{"Matrix Generator: both give a parameter", "", matrix(list, "- list: {elements: [{a: other}]}"), simple("{{a}}", ""), "! both generators"},
		{"Matrix Generator: two generators", "", "- matrix: {generators: [{list: {elements: []}}]}", simple("{{a}}", ""), "! needs two"},
		{"Matrix Generator: nested", "", matrix(matrix(list, "- list: {elements: [{c: x}]}"), "- list: {elements: [{d: z}]}"), simple("{{a}}-{{c}}-{{d}}", ""), "one-x-z= two-x-z="},
		{"Merge Generator", "", "- merge:\n    mergeKeys: [a]\n    generators:\n    - list: {elements: [{a: one, b: '1'}, {a: two, b: '2'}]}\n    - list: {elements: [{a: two, b: '9'}, {a: three, b: '3'}]}", simple("{{a}}", "{{b}}"), "one=1 two=9"},
		{"Merge Generator: keys are unique", "", "- merge:\n    mergeKeys: [a]\n    generators:\n    - list: {elements: [{a: one}]}\n    - list: {elements: [{a: two}, {a: two}]}", simple("{{a}}", ""), "! twice"},
		{"Post Selector all generators: matchLabels", "", "- list: {elements: [{a: one, env: dev}, {a: two, env: prod}]}\n  selector: {matchLabels: {env: prod}}", simple("{{a}}", ""), "two="},
		{"Post Selector all generators: matchExpressions", "", "- list: {elements: [{a: one, env: dev}, {a: two, env: prod}, {a: three}]}\n  selector: {matchExpressions: [{key: env, operator: NotIn, values: [dev]}, {key: a, operator: Exists}]}", simple("{{a}}", ""), "three= two="},
		{"Template: Generator templates", "", "- list:\n    elements: [{a: one}]\n    template: {metadata: {labels: {is: own}}, spec: {project: '', source: {path: ''}}}\n- list: {elements: [{a: two}]}", simple("{{a}}", "base"), "one=own two=base"},
		{"Go Template", goes, list, simple("{{.a}}-x", "{{ .b | default \"z\" }}"), "one-x=1 two-x=2"},
		{"Go Template: the parameters are the root", goes, list, simple("{{$.a}}", "{{ range list 1 2 }}{{ $.b }}{{ end }}"), "one=11 two=22"},
		{"Go Template: values keep their types", goes, "- list: {elements: [{a: one, n: [1, 2], m: {k: true}}]}", simple("{{.a}}", "{{ index .n 1 }} {{ if .m.k }}yes{{ end }} {{ .m | toJson }}"), `one=2 yes {"k":true}`},
		{"Go Template: normalize", goes, "- list: {elements: [{a: 'My_App.x-'}]}", simple("{{ normalize .a }}", "{{ .a | normalize | upper }}"), "my-app.x=MY-APP.X"},
		{"Go Template: slugify", goes, "- list: {elements: [{a: 'feat/a_really+long_feature_name_to_test_argocd_slugification_and_branch_name_shortening_feature'}]}", simple("{{ .a | slugify 23 true }}", "{{ .a | slugify 23 }} {{ slugify .a }}"), "feat-a-really-long=feat-a-really-long-feat feat-a-really-long-feature-name-to-test-argocd-slu"},
		{"Go Template: toYaml and fromYaml", goes, "- list: {elements: [{a: one, y: 'k: {l: v}', m: {p: q}}]}", simple("{{.a}}", "{{ (fromYaml .y).k.l }} {{ toYaml .m }} {{ (fromYamlArray \"[x]\") | first }}"), "one=v p: q x"},
		{"Go Template: results of several lines", goes, "- list: {elements: [{a: one, m: {p: q, r: \"s: 't'\"}}]}", simple("{{.a}}", "{{ toYaml .m }}"), "one=p: q\nr: 's: ''t'''"},
		{"Go Template: in keys", goes, "- list: {elements: [{a: one, key: is}]}", "metadata: {name: '{{.a}}', labels: {'{{.key}}': v}}\nspec: {source: {repoURL: https://git.example/repo, path: x}}", "one=v"},
		{"Go Template: what is missing, by default", goes, list, simple("{{.a}}", "{{.none}}"), "one=<no value> two=<no value>"},
		{"Go Template: missingkey=error", goes + "goTemplateOptions: [missingkey=error]\n", list, simple("{{.a}}", "{{.none}}"), "! the parameter none"},
		{"Go Template: missingkey=error where nothing is missing", goes + "goTemplateOptions: [missingkey=error]\n", list, simple("{{.a}}", "{{ if false }}{{ .none }}{{ end }}{{ .b }}"), "one=1 two=2"},
		{"Go Template: path", goes, "- git: {repoURL: https://git.example/repo, directories: [{path: apps/a}]}", simple("{{.path.basename}}", "{{.path.path}} {{ index .path.segments 0 }}"), "a=apps/a apps"},
		{"Go Template: a matrix keeps the first", goes, matrix(list, "- list: {elements: [{a: other, c: x}]}"), simple("{{.a}}", "{{.c}}"), "one=x two=x"},
		{"Matrix Generator: in templates of Go", goes, matrix("- git: {repoURL: https://git.example/repo, directories: [{path: envs/*}]}", "- git: {repoURL: https://git.example/repo, pathParamPrefix: file, files: [{path: '{{ .path.path }}/*.yaml'}]}"), simple("{{.path.basename}}", "{{.cluster.name}} {{.file.path.filename}}"), "dev=dev config.yaml prod=prod config.yaml"},
		{"List Generator: Dynamically generated elements", goes, matrix("- git: {repoURL: https://git.example/repo, files: [{path: envs/nested.yaml}]}", "- list: {elements: [], elementsYaml: '{{ .key.components | toJson }}'}"), simple("{{.name}}", "{{.release}}"), "c1=r1 c2=r2"},
		{"Template: templatePatch", goes + "templatePatch: |\n  metadata:\n    labels:\n      more: x\n  {{- if .prune }}\n      is: patched-{{ .a }}\n  {{- end }}\n  spec:\n    project: null\n", "- list: {elements: [{a: one, prune: true}, {a: two}]}", simple("{{.a}}", "own"), "one=patched-one two=own"},
		{"Cluster Generator", "", "- clusters: {selector: {matchLabels: {a: b}}, values: {rev: main}}", simple("{{name}}-x", "{{values.rev}}"), "name-x=main"},
		{"Cluster Generator: labels by keys", goes, "- clusters: {}", simple("{{ index .metadata.labels \"env\" }}-x", "{{ index .metadata.annotations \"acme.io/tier\" | default \"z\" }}"), "metadata-labels-env-x=metadata-annotations-acme.io-tier"},
		{"Pull Request Generator", goes, "- pullRequest: {github: {owner: x}}", simple("pr-{{.number}}", "{{.branch_slug}}"), "pr-number=branch_slug"},
		{"no generator", "", "- {}", simple("a", ""), "! is no generator"},
	} {
		files := map[string]string{
			"apps/a/x.yaml": "", "apps/b_b/x.yaml": "", "apps/c/deep/x.yaml": "", "apps/.hidden/x.yaml": "",
			"envs/dev/config.yaml": "cluster: {name: dev, list: [x, {deep: y}]}\n", "envs/prod/config.yaml": "cluster: {name: prod, list: [x, {deep: z}]}\n",
			"envs/many.json": `[{"a": "m1"}, {"a": "m2"}]`, "envs/nested.yaml": "key: {components: [{name: c1, release: r1}, {name: c2, release: r2}]}\n", "x": "",
		}
		if strings.Contains(c.page, "greedy") {
			delete(files, "envs/nested.yaml")
		}
		if got := madeBy(t, files, setOf(c.options, c.generators, c.template)); got != c.want && (!strings.HasPrefix(c.want, "! ") || !strings.Contains(got, c.want[2:])) {
			t.Errorf("%s:\n%s\nwant\n%s", c.page, got, c.want)
		}
	}
}

// madeBy are the names and labels of the Applications that a set makes.
func madeBy(t *testing.T, files map[string]string, text string) string {
	t.Helper()
	objects, failed, _ := renderedOf(t, files, text)
	if reason := failed["clusters#ApplicationSet/set"]; reason != "" {
		return "! " + reason
	}
	var all []string
	for _, o := range objects["clusters#ApplicationSet/set"] {
		all = append(all, o.Name+"="+o.Field().Get("metadata", "labels", "is").Text())
		if o.Kind != "Application" || o.Field().Get("landwaiterSet").Exists() {
			all = append(all, fmt.Sprintf("%s of %s", o.Kind, o.Raw))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestGuessed holds that what is rendered with guesses fails nobody, and says so.
func TestGuessed(t *testing.T) {
	t.Parallel()
	text := setOf("goTemplate: true", "- clusters: {}", "metadata: {name: '{{ index .metadata.labels 0 \"a\" }}'}\nspec: {}")
	w, objects := worldOf(t, map[string]string{}, text)
	roots := w.Roots(manifests.Root{Path: "clusters", Dir: "clusters"}, objects)
	_, _, err := (&Renderer{Inner: inProcess{}}).Render(t.Context(), w.repository.Tree, roots[0], manifests.Settings{KubeVersion: "1.34", HelmLine: 4})
	failed, ok := err.(*manifests.RenderError)
	if !ok || !failed.Elsewhere || len(roots[0].Deployment.Notes) != 1 {
		t.Errorf("%v, %q", err, roots[0].Deployment.Notes)
	}
}
