package gitops

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// objectsIn are the objects of a text of documents; those that are none are left out. Each field's origin is its line.
func objectsIn(text string) (all []*manifests.Object) {
	for _, document := range strings.Split(text, "\n---\n") {
		o, err := manifests.NewObject([]byte(document))
		if err != nil {
			continue
		}
		o.Walk(func(f manifests.Field) {
			o.Origins = append(o.Origins, here("clusters/all.yaml", f.Node().Line))
		})
		all = append(all, o)
	}
	return all
}

// worldOf is a World over files, of the objects in text.
func worldOf(t testing.TB, files map[string]string, text string) (*World, []*manifests.Object) {
	t.Helper()
	data := make(map[string][]byte, len(files))
	for name, content := range files {
		data[name] = []byte(content)
	}
	tree, err := source.Memory(data, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	objects := objectsIn(text)
	return NewWorld(Repository{Tree: tree}, objects), objects
}

// rootsOf are the roots that the objects in text make over files.
func rootsOf(t testing.TB, files map[string]string, text string) []manifests.Root {
	t.Helper()
	w, objects := worldOf(t, files, text)
	return w.Roots(manifests.Root{Path: "clusters", Dir: "clusters", Kind: manifests.Plain}, objects)
}

// seeds name every field that is read.
var seeds = []string{`apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: a, namespace: n}
spec:
  path: ./apps
  sourceRef: {kind: GitRepository, name: r, namespace: n}
  targetNamespace: t
  namePrefix: p
  nameSuffix: s
  components: [../c]
  ignoreMissingComponents: true
  patches: [{patch: "a: b", target: {kind: X}}]
  patchesStrategicMerge: [{a: b}]
  patchesJson6902: [{target: {kind: X}, patch: [{op: remove, path: /a}]}]
  images: [{name: a, newTag: b, newName: c, digest: d}]
  commonMetadata: {labels: {a: b}, annotations: {c: d}}
  postBuild: {substitute: {A: b}, substituteFrom: [{kind: ConfigMap, name: m}, {kind: Secret, name: s}]}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: r, namespace: n}
spec: {url: https://h/r, ref: {branch: main}, ignore: "*.md"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: m, namespace: n}
data: {values.yaml: "a: b", "": "", empty: ""}
`, `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: h, namespace: n}
spec:
  chart: {spec: {chart: ./chart, version: 1, valuesFiles: [values.yaml], ignoreMissingValuesFiles: true, sourceRef: {kind: GitRepository, name: r}}}
  chartRef: {kind: HelmChart, name: c, namespace: n}
  releaseName: x
  targetNamespace: t
  storageNamespace: u
  values: {a: [b, {c: d}]}
  valuesFrom: [{kind: ConfigMap, name: m, valuesKey: empty, targetPath: a.b, optional: true}]
  postRenderers: [{kustomize: {patches: [{patch: x, target: {kind: y}}], images: [{name: a, newTag: b}]}}]
  install: {crds: Skip}
  commonMetadata: {labels: {a: b}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: m, namespace: n}
data: {values.yaml: "a: b", empty: ""}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmChart
metadata: {name: c, namespace: n}
spec: {chart: ./chart, version: 1, sourceRef: {kind: ExternalArtifact, name: e}}
---
apiVersion: source.extensions.fluxcd.io/v1
kind: ArtifactGenerator
metadata: {name: g, namespace: n}
spec:
  sources: [{alias: s, kind: ExternalArtifact, name: e}]
  artifacts: [{name: e, copy: [{from: "@s/apps/**", to: "@artifact/apps/"}]}]
`, `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a, namespace: argocd}
spec:
  destination: {namespace: x, server: https://s, name: c}
  sourceHydrator: {drySource: {repoURL: u, path: chart}}
  source:
    repoURL: https://h/r
    path: chart
    targetRevision: main
    chart: ""
    plugin:
    helm: {releaseName: r, valueFiles: [values.yaml, "*.yaml", "$v/values.yaml"], values: "a: b", valuesObject: {a: b}, parameters: [{name: a.b, value: "1", forceString: true}], fileParameters: [{name: a, path: values.yaml}], skipCrds: true, namespace: n}
  sources:
  - {repoURL: https://h/r, path: apps, kustomize: {namePrefix: a, nameSuffix: b, namespace: c, images: ["a=b:c"], replicas: [{name: a, count: 3}], commonLabels: {a: b}, labelWithoutSelector: true, commonAnnotations: {a: b}, patches: [{patch: x}], components: [c]}}
  - {repoURL: https://h/r, path: plain, directory: {recurse: true, include: "{*.yaml,a/**}", exclude: "b*"}}
  - {repoURL: https://h/r, ref: v}
`, `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: a, namespace: argocd}
spec:
  goTemplate: true
  generators:
  - matrix:
      generators:
      - git: {repoURL: https://h/r, directories: [{path: "*"}, {path: x, exclude: true}], values: {a: "{{path}}"}, pathParamPrefix: p}
      - merge:
          mergeKeys: [a]
          generators:
          - list: {elements: [{a: b, c: [d, {e: f}]}]}
          - git: {repoURL: https://h/r, files: [{path: "**/*.yaml"}]}
    selector: {matchLabels: {a: b}, matchExpressions: [{key: a}]}
  - clusters: {}
  template:
    metadata: {name: "{{a}}-{{.path.basename}}"}
    spec: {source: {repoURL: https://h/r, path: "{{path}}"}}
  templatePatch: x
`}

// little is a repository that the seeds are about.
func little() map[string]string {
	return map[string]string{
		"apps/a.yaml": "kind: X\n", "c/kustomization.yaml": "kind: Component\n", "chart/Chart.yaml": "name: c\n", "chart/values.yaml": "a: b\n",
		"plain/kustomization.yml": "images: [null, {name: a}, x]\npatches:\n", "clusters/all.yaml": "", ".sourceignore": "*.txt\n",
	}
}

// FuzzRoots holds that no objects whatever, however their fields are mistyped, make a World stumble, and that every root says
// why it is not rendered or is one of the tree.
func FuzzRoots(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, objects := worldOf(t, little(), text)
		for _, root := range w.Roots(manifests.Root{Path: "clusters", Dir: "clusters"}, objects) {
			checkRoot(t, w, root)
		}
	})
}

func checkRoot(t *testing.T, w *World, root manifests.Root) {
	t.Helper()
	d := root.Deployment
	if strings.ContainsAny(root.Path, "\n\r\x1b ") {
		t.Errorf("the path %q is more than a word", root.Path)
	}
	if d.Skip == "" && d.Chart == nil && !w.isDir(root.Dir) && !reserved(root.Dir) {
		t.Errorf("%s renders %s, which is no directory", root.Path, root.Dir)
	}
	for _, laid := range d.Laid {
		if n := strings.Count(string(laid.Text), "\n"); n != len(laid.Lines) && !strings.HasSuffix(laid.Path, "kustomization.yaml") {
			t.Errorf("%s: %s has %d lines and %d origins", root.Path, laid.Path, n, len(laid.Lines))
		}
		if p, ok := inside(laid.Path); !ok || p != laid.Path {
			t.Errorf("%s lays %s", root.Path, laid.Path)
		}
	}
}

// TestMistyped puts what does not belong there into every field of the objects, one after the other: nothing stumbles.
func TestMistyped(t *testing.T) {
	t.Parallel()
	wrong := []string{"null", "text", "[a, {b: c}]", "{a: b, name: [c]}", "[]", "{}", "3", `""`, "../../..", "[null]", "[[a]]", "{name: {a: b}}"}
	n := 0
	for _, seed := range seeds {
		for _, o := range objectsIn(seed) {
			text := string(o.Raw)
			o.Field().Get("spec").Walk(func(f manifests.Field) {
				for _, with := range wrong {
					n++
					spoilt := strings.Replace(seed, text, spoil(t, text, f.Path(), with), 1)
					w, objects := worldOf(t, little(), spoilt)
					for _, root := range w.Roots(manifests.Root{Path: "clusters", Dir: "clusters"}, objects) {
						checkRoot(t, w, root)
					}
				}
			})
		}
	}
	if n < 1000 {
		t.Errorf("only %d fields were spoilt", n)
	}
}

// TestTooMuch holds that what explodes ends soon, and says so.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 20_000 {
		files[fmt.Sprintf("d%d/e%d/f%d.yaml", i%100, i%1000, i)] = ""
	}
	files["d1/Chart.yaml"] = ""
	list := func(n int) string {
		return "{list: {elements: [" + strings.Repeat("{a: b}, ", n) + "]}}"
	}
	matrix := func(a, b string) string { return "{matrix: {generators: [" + a + ", " + b + "]}}" }
	set := func(generator, name string) string {
		return "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec:\n  generators: [" + generator + "]\n  template: {metadata: {name: '" + name + "'}, spec: {source: {repoURL: x, path: d1}}}\n"
	}
	none := list(0)
	for range 5 {
		none = matrix(list(900), none)
	}
	grow := func(generator, gap string) string { // texts that each become 14 MB
		return set(matrix("{list: {elements: [{a: "+strings.Repeat("x", 60_000)+"}]}}", generator+strings.Repeat("{b: '"+strings.Repeat(gap, 240)+"'}, ", 500)+"]}}"), "a")
	}
	goTemplate := func(text string) string {
		return set(matrix("{list: {elements: [{a: '\"'}]}}", "{list: {elements: [{b: '"+text+"'}]}}"), "a") + "  goTemplate: true\n"
	}
	app := func(source string) string {
		return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: x, path: d1, " + source + "}}\n"
	}
	alternatives := "'{" + strings.Repeat("a,", 60_000) + "}" + strings.Repeat("x", 100_000) + "'"
	stars := strings.Repeat("**/", 300) + "*x*"
	for _, c := range []struct{ name, text, want string }{
		{"matrix", set(matrix(list(1000), list(1000)), "a"), "more than 1000 Applications"},
		{"list", set(list(5000), "a"), "more than 1000 Applications"},
		{"matrices of nothing", set(none, "a"), "ask for too much"},
		{"stars", set("{git: {repoURL: x, files: ["+strings.Repeat("{path: '"+stars+"'}, ", 100)+"]}}", "a"), "ask for too much"},
		{"many walks", set(matrix(list(900), "{git: {repoURL: x, directories: [{path: '**/no{{a}}'}]}}"), "a"), "ask for too much"},
		{"merge", set("{merge: {mergeKeys: [a], generators: ["+list(1000)+", "+list(1000)+", "+strings.Repeat(list(1000)+", ", 30)+"]}}", "a"), "gives the same a twice"},
		{"gaps", set("{list: {elements: [{a: "+strings.Repeat("x", 100_000)+"}]}}", strings.Repeat("{{a}}", 10_000)), "MiB"},
		{"filled generator", grow("{list: {elements: [", "{{a}}"), "MiB"},
		{"filled generator of Go", grow("{list: {elements: [", "{{.a}}") + "  goTemplate: true\n", "MiB"},
		{"texts in a matrix", set(matrix(list(900), "{git: {repoURL: x, directories: [], values: ["+strings.Repeat("'{{a}}', ", 20_000)+"]}}"), "a"), "ask for too much"},
		{"escapes of escapes", goTemplate("{{ .a" + strings.Repeat(" | toJson", 60) + " }}"), "too long"},
		{"quotes of quotes", goTemplate("{{ .a" + strings.Repeat(" | quote", 60) + " }}"), "too long"},
		{"joined", goTemplate("{{ splitList \"\" \"" + strings.Repeat("x", 20_000) + "\" | join \"" + strings.Repeat("y", 20_000) + "\" }}"), "too long"},
		{"alternatives", app("directory: {recurse: true, include: " + alternatives + "}"), "name less"},
		{"alternatives left out", app("directory: {recurse: true, exclude: '" + strings.Repeat("{a,b}", 30) + "'}"), "name less"},
		{"alternatives of value files", app("helm: {valueFiles: ['*{" + strings.Repeat("a,", 5000) + "}']}"), "name less"},
		{"value files", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: x, path: d1, helm: {ignoreMissingValueFiles: true, valueFiles: [" + strings.Repeat("'/"+stars+"', ", 1000) + "]}}}", "ask for too much"},
	} {
		start := time.Now()
		roots := rootsOf(t, files, c.text)
		if len(roots) != 1 || !strings.Contains(roots[0].Deployment.Skip, c.want) {
			t.Errorf("%s: %d roots, %.200q, want %q", c.name, len(roots), roots[0].Deployment.Skip, c.want)
		}
		if took := time.Since(start); took > 10*time.Minute { // nothing that multiplies ends by then, and under the race detector on a busy machine all takes minutes
			t.Errorf("%s took %v", c.name, took)
		}
	}
}

// TestLongPaths holds that a pattern costs what matching it against a long path takes.
func TestLongPaths(t *testing.T) {
	t.Parallel()
	files := map[string]string{"d1/x.yaml": ""}
	for i := range 100 {
		files[fmt.Sprintf("d1/%s%d.yaml", strings.Repeat(strings.Repeat("a", 200)+"/", 18), i)] = ""
	}
	roots := rootsOf(t, files, "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: x, path: d1, directory: {recurse: true, include: '"+strings.Repeat("?", 200_000)+"'}}}\n")
	if len(roots) != 1 || !strings.Contains(roots[0].Deployment.Skip, "ask for too much") {
		t.Errorf("%d roots, %.200q", len(roots), roots[0].Deployment.Skip)
	}
}

// TestIgnores holds that what Flux ignores costs what its patterns do, and that of too many it is said.
func TestIgnores(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 3000 {
		files[fmt.Sprintf("apps/f%d.yaml", i)] = ""
	}
	kustomization := "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {path: ./apps, sourceRef: {kind: GitRepository, name: r}}\n"
	for want, ignore := range map[string]string{"": "*.txt\n", "ask for too much": strings.Repeat("/*a*b*c*d*e*f\n", 10_000), "KiB": strings.Repeat("/*a*b*c*d*e*f\n", 100_000)} {
		files[".sourceignore"] = ignore
		roots := rootsOf(t, files, kustomization)
		if len(roots) != 1 || !strings.Contains(roots[0].Deployment.Skip, want) || want == "" && roots[0].Deployment.Skip != "" {
			t.Errorf("%q: %d roots, %.200q", want, len(roots), roots[0].Deployment.Skip)
		}
	}
}

// TestEnded holds that matching ends when nobody waits for it any more: no further step is taken.
func TestEnded(t *testing.T) {
	t.Parallel()
	files := map[string]string{"d1/Chart.yaml": "", ".sourceignore": "x\n"}
	for i := range 1000 {
		files[fmt.Sprintf("d1/%s%d.yaml", strings.Repeat(strings.Repeat("a", 200)+"/", 18), i)] = ""
	}
	stop, steps := errors.New("enough"), 0
	for name, text := range map[string]string{
		"directory": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: x, path: d1, directory: {recurse: true, include: '" + strings.Repeat("?", 2000) + "'}}}\n",
		"generator": "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec: {generators: [{git: {repoURL: x, files: [{path: '**/x'}]}}], template: {metadata: {name: a}}}\n",
		"values":    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: x, path: d1, helm: {valueFiles: ['**/x*']}}}\n",
		"flux":      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {path: ./d1, sourceRef: {kind: GitRepository, name: r}}\n",
	} {
		w, objects := worldOf(t, files, text)
		steps = 0
		w.repository.Ended = func() error {
			if steps++; steps > 50 {
				return stop
			}
			return nil
		}
		roots := w.Roots(manifests.Root{Path: "clusters", Dir: "clusters", Kind: manifests.Plain}, objects)
		if len(roots) != 1 || !strings.Contains(roots[0].Deployment.Skip, stop.Error()) || steps > 60 {
			t.Errorf("%s: %d steps, %.200q", name, steps, roots[0].Deployment.Skip)
		}
	}
}

// TestOutside holds that nothing is read from out of the repository, or where texts are laid.
func TestOutside(t *testing.T) {
	t.Parallel()
	files := map[string]string{"apps/a.yaml": "", "chart/Chart.yaml": "", laidDir + "/chart/templates/evil.yaml": "x: y\n", laidDir + "/values-0.yaml": "z: 1\n"}
	argo := func(source string) string {
		return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: x, " + source + "}}\n"
	}
	flux := func(spec string) string {
		return "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {sourceRef: {kind: GitRepository, name: r}, " + spec + "}\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"above", argo("path: ../../etc"), "leads out of the repository"},
		{"laid", argo("path: " + laidDir), "is another repository"},
		{"value file above", argo("path: chart, helm: {valueFiles: [../../x.yaml]}"), "outside of the repository"},
		{"value file of the web", argo("path: chart, helm: {valueFiles: ['https://h/x.yaml']}"), "not in the repository"},
		{"file parameter", argo("path: chart, helm: {fileParameters: [{name: a, path: ../../etc/passwd}]}"), "not in the repository"},
		{"no ref", argo("path: chart, helm: {valueFiles: [$x/a.yaml]}"), "no source has the ref"},
		{"component of the web", flux("path: ./apps, components: ['https://h/x']"), "no path in the repository"},
		{"component above", flux("path: ./apps, components: [../../../x]"), "no path in the repository"},
		{"laid by Flux", flux("path: ./" + laidDir), "not in the repository"},
	} {
		roots := rootsOf(t, files, c.text)
		if len(roots) != 1 || !strings.Contains(roots[0].Deployment.Skip, c.want) {
			t.Errorf("%s: %+v, want %q", c.name, roots[0].Deployment, c.want)
		}
	}
	if roots := rootsOf(t, files, flux("path: ../../apps")); roots[0].Dir != "apps" {
		t.Errorf("a path that leads up stays in the repository with Flux, got %s", roots[0].Dir)
	}
}

// TestNames holds that names tell roots apart, and are words whatever the objects are called.
func TestNames(t *testing.T) {
	t.Parallel()
	text := ""
	for i := range 30 {
		text += fmt.Sprintf("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: \"a\\nb#\\u202e\", namespace: n%d}\nspec: {source: {repoURL: x, path: apps}}\n---\n", i/15)
	}
	seen := map[string]bool{}
	for _, root := range rootsOf(t, map[string]string{"apps/a.yaml": ""}, strings.TrimSuffix(text, "---\n")) {
		if seen[root.Path] || strings.ContainsAny(root.Path[len("clusters#"):], "\n#\u202e ") {
			t.Errorf("%q", root.Path)
		}
		seen[root.Path] = true
	}
	if len(seen) != 30 {
		t.Errorf("%d names", len(seen))
	}
}

// TestBombs holds that variables that multiply, nest, escape or compare too much are refused before they do, and that what the
// library of Flux stumbles over is an error.
func TestBombs(t *testing.T) {
	t.Parallel()
	long := map[string]manifests.Variable{"A": {Value: strings.Repeat("a", 8000)}, "C": {Value: strings.Repeat("a", 1000)}}
	nested := func(open, close string, deep int) string {
		return strings.Repeat(open, deep) + strings.Repeat(close, deep)
	}
	for _, c := range []struct{ name, text, want string }{
		{"replaced in replaced", "${A//a/${A//a/${A//a/${A}}}}", "ask for too much"},
		{"replaced, deep", nested("${A//a/", "}", 500), "ask for too much"},
		{"braces that close nothing", nested("${A/}a/", "}", 500) + strings.Repeat("${A//a/${A}}", 2), "ask for too much"},
		{"defaults, a little deep", nested("${B:-${B:=", "}}", 400), ""},
		{"defaults, deep", nested("${B:-x", "}", 10_000), "ask for too much"},
		{"defaults, very deep", nested("${B:-", "}", 50_000), "more than 20000"},
		{"very many", strings.Repeat("${B}", 1_000_000), "more than 20000"},
		{"long values", strings.Repeat("${A}", 10_000), "ask for too much"},
		{"cut off slowly", "${A%%*" + strings.Repeat("a", 8000) + "b}", "ask for too much"},
		{"escaped", strings.Repeat("$$", 1_500_000) + "${A}", "too much is escaped"},
		{"escaped in an expression", "${A/" + strings.Repeat("\\\\", 500_000) + "/}", "too much is escaped"},
		{"length that is no number", "${A:1:9223372036854775807}", "fails on them"},
		{"what is seldom cut", strings.Repeat("x", 1000) + "${C%%*a} ${C##a} ${A:1:2}", ""},
	} {
		out, err := evaluate(c.text, manifests.Finish{Variables: long})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || len(out) > maxSubstituted {
			t.Errorf("%s became %d bytes: %v, want %q", c.name, len(out), err, c.want)
		}
	}
	many := strings.Repeat("${UNKNOWN} ", 100_000)
	if out, err := evaluate(many, manifests.Finish{Unknown: []string{"Secret x"}}); err != nil || out != many {
		t.Errorf("what is unknown did not stay: %v", err)
	}
}

// FuzzEvaluate holds that no expression makes the process stumble, or becomes more than it may.
func FuzzEvaluate(f *testing.F) {
	for _, text := range []string{"${A:1:9223372036854775807}", "${A//a/${A}}", "${A%%*a}$${B:-c}", "${#A}${A^^}${A:-${B}}", "${A/\\//\\}}"} {
		f.Add(text, "aXa")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		if out, err := evaluate(text, manifests.Finish{Variables: map[string]manifests.Variable{"A": {Value: value}}}); err == nil && len(out) > maxSubstituted {
			t.Errorf("%d bytes", len(out))
		}
	})
}

// TestFilled holds that a parameter is a text in the template whatever it says.
func TestFilled(t *testing.T) {
	t.Parallel()
	text := "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec:\n  generators: [{list: {elements: [{a: \"x\\nspec: {project: evil}\\n# '\", b: true}]}}]\n  template:\n    metadata: {name: '{{a}}', labels: {b: '{{b}}'}}\n    spec: {source: {repoURL: x, path: apps}}\n"
	roots := rootsOf(t, map[string]string{"apps/a.yaml": ""}, text)
	o, err := manifests.NewObject([]byte(strings.TrimPrefix(string(roots[0].Deployment.Laid[0].Text), "---\n")))
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != "x\nspec: {project: evil}\n# '" || o.Field().Get("spec", "project").IsSet() {
		t.Errorf("%s", o.Raw)
	}
	if b := o.Field().Get("metadata", "labels", "b"); b.Text() != "true" || b.Node().Tag != "!!str" {
		t.Errorf("a text became %s", b.Node().Tag)
	}
}

// spoil puts a value of YAML in the place of a field.
func spoil(t *testing.T, text, at, with string) string {
	t.Helper()
	o, err := manifests.NewObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	value, err := manifests.ParseYAML([]byte(with))
	if err != nil {
		t.Fatal(err)
	}
	*o.Lookup(at).Node() = *value
	node, err := o.Node()
	if err != nil {
		t.Fatal(err)
	}
	out, err := yaml.Marshal(node)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestFixed holds that the search for what patterns match begins where it has to.
func TestFixed(t *testing.T) {
	t.Parallel()
	w, _ := worldOf(t, map[string]string{"a/b/c/d.yaml": "", "a/e/f.yaml": "", ".github/x/y.yaml": ""}, "")
	for _, c := range []struct {
		patterns []string
		want     string
		ok       bool
	}{
		{[]string{"*"}, ".", true}, {[]string{"a/b/*"}, "a/b", true}, {[]string{"a/b/c", "a/e/*"}, "a", true},
		{[]string{"a/b/*", "**/x"}, ".", true}, {[]string{"no/*"}, "no", false}, {nil, ".", false}, {[]string{".github/*"}, ".github", true}, {[]string{"a"}, ".", true},
	} {
		if got, ok := w.fixed(".", c.patterns); got != c.want || ok != c.ok {
			t.Errorf("%q: %q %v", c.patterns, got, ok)
		}
	}
}

// TestTaken has a release take more than there is to be had, and set what is too deep.
func TestTaken(t *testing.T) {
	t.Parallel()
	release := func(from string) string {
		return `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: h, namespace: n}
spec:
  chart: {spec: {chart: ./d1, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}
  valuesFrom: [` + from + `]
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {url: https://h/r, ref: {branch: main}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: m, namespace: n}
data:
  one: x
  values.yaml: |
` + strings.Repeat("    a: b\n", 50_000)
	}
	files := map[string]string{"d1/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "clusters/all.yaml": ""}
	whole, deep := "{kind: ConfigMap, name: m}, ", "{kind: ConfigMap, name: m, valuesKey: one, targetPath: "
	for name, c := range map[string]struct{ from, want string }{
		"a little":          {strings.Repeat(whole, 2) + deep + "'a.b[1].c'}", ""},
		"often":             {strings.Repeat(whole, 40), "MiB altogether"},
		"deep":              {deep + strings.Repeat("a.", 20_000) + "a}", "levels deep"},
		"deep within lists": {deep + "'a" + strings.Repeat("[0]", 20_000) + "'}", "levels deep"},
	} {
		roots := rootsOf(t, files, release(c.from))
		if len(roots) != 1 || !strings.Contains(roots[0].Deployment.Skip, c.want) || c.want == "" && roots[0].Deployment.Skip != "" {
			t.Errorf("%s: %d roots, %.300v, want %q", name, len(roots), roots, c.want)
		}
	}
}

// TestManyPatterns holds that what a project says is held against what is rendered, and its windows against Applications, for so
// long and no longer, and that it is said.
func TestManyPatterns(t *testing.T) {
	t.Parallel()
	project := "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: team, namespace: argocd}\nspec: {syncWindows: [" +
		strings.Repeat("{kind: deny, schedule: "+strings.Repeat("x", 1000)+", duration: 1h, applications: ['*']}, ", 30) + "], sourceRepos: ['*'], destinations: [{namespace: '*', server: '*'}], namespaceResourceBlacklist: [" +
		strings.Repeat("{group: '*', kind: No}, ", 30_000) + "]}\n---\n"
	_, _, roots := renderedOf(t, based(), project+application("path: base"))
	if got := roots[0].Deployment.Effect.Applied; len(got) > 2000 || !strings.HasSuffix(got, ", and there are more windows") {
		t.Errorf("%d bytes: %.200s", len(got), got)
	}
	var objects []*manifests.Object
	for i := range 2000 {
		o, err := manifests.NewObject(fmt.Appendf(nil, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n", i))
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	var projects Projects
	if got := projects.Refused(&roots[0], objects[:100]); len(got) > 0 {
		t.Errorf("a hundred: %v", got)
	}
	if got := projects.Refused(&roots[0], objects); len(got) != 1 || !strings.Contains(got[0].Text, "too many or too long") {
		t.Errorf("all: %v", got)
	}
}

// TestManyHolders holds that finding what holds the values of a patch takes no longer the more lines it has.
func TestManyHolders(t *testing.T) {
	t.Parallel()
	start := time.Now()
	text := "spec:\n  helm:\n" + strings.Repeat("    values: |\n    {{ if .a }}\n", 200_000)
	if got := meaningValues(text); strings.Count(got, meantValues) != 200_000 || strings.Contains(got, "values: |") {
		t.Errorf("%d of them", strings.Count(got, meantValues))
	}
	if took := time.Since(start); took > time.Minute { // it was a matter of hours
		t.Errorf("took %v", took)
	}
}

// TestNamesOfVariables holds that of several names which are none the same one is named each time.
func TestNamesOfVariables(t *testing.T) {
	t.Parallel()
	after := manifests.Finish{Variables: map[string]manifests.Variable{"-a": {}, "-b": {}, "-c": {}, "-d": {}}}
	for range 50 {
		if _, err := evaluate("${x}", after); err == nil || !strings.HasPrefix(err.Error(), `"-a"`) {
			t.Fatal(err)
		}
	}
}
