package gitops

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// renderedOf renders each root that the objects in text make over files, followed through what they make in turn. What
// does not render is its reason.
func renderedOf(t *testing.T, files map[string]string, text string) (objects map[string][]*manifests.Object, failed map[string]string, roots []manifests.Root) {
	t.Helper()
	files["clusters/all.yaml"] = text
	w, found := worldOf(t, files, text)
	w = NewWorld(Repository{Tree: w.repository.Tree, URLs: []string{"https://git.example/repo"}}, found)
	objects, failed = map[string][]*manifests.Object{}, map[string]string{}
	r := &Renderer{Inner: inProcess{}}
	wave := w.Roots(manifests.Root{Path: "clusters", Dir: "clusters", Kind: manifests.Plain}, found)
	for n := 0; len(wave) > 0 && n < 4; n++ {
		var next []manifests.Root
		for _, root := range wave {
			rendering, _, err := r.Render(context.Background(), w.repository.Tree, root, manifests.Settings{KubeVersion: "1.34", HelmLine: 4, Lines: true})
			var reason *manifests.RenderError
			switch {
			case errors.As(err, &reason):
				failed[root.Path] = reason.Reason
				continue
			case err != nil:
				t.Fatal(err)
			}
			objects[root.Path] = rendering.Objects
			w.Add(rendering.Objects)
			next = append(next, w.Roots(root, rendering.Objects)...)
		}
		roots, wave = append(roots, wave...), next
	}
	return objects, failed, roots
}

// application is an Application over a source.
func application(source string) string {
	return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: app, namespace: argocd}\nspec:\n  project: team\n  destination: {namespace: target, server: https://kubernetes.default.svc}\n  source:\n    repoURL: https://git.example/repo\n    targetRevision: main\n" + indented(source, 4)
}

func indented(text string, by int) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(strings.Repeat(" ", by) + strings.TrimSuffix(line, "\n") + "\n")
	}
	return out.String()
}

// showing is a chart that shows its values and what it is rendered with.
func showing() map[string]string {
	return map[string]string{
		"chart/Chart.yaml":          "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
		"chart/values.yaml":         "from: chart\n",
		"chart/templates/all.yaml":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shown}\ndata:\n  values: {{ toJson .Values | quote }}\n  about: {{ printf \"%s %s %s %v\" .Release.Name .Release.Namespace .Capabilities.KubeVersion.Version (.Capabilities.APIVersions.Has \"own/v1\") }}\n",
		"chart/templates/test.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: tested, annotations: {helm.sh/hook: test}}\nspec: {containers: [{name: c, image: busybox}]}\n",
		"chart/crds/crd.yaml":       "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.own}\nspec: {group: own, scope: Namespaced, names: {kind: X, plural: xs}, versions: []}\n",
	}
}

// TestArgoValues holds the values that a chart gets to what Argo CD's documentation says of them. Each case names the
// section of the user guide (release 3.4) that it is from.
func TestArgoValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ section, source, want string }{
		{"Helm, Helm Value Precedence: files", "path: chart\nhelm: {valueFiles: [../a.yaml]}", `{"from":"a"}`},
		{"Helm, Helm Value Precedence: values over files", "path: chart\nhelm: {valueFiles: [../a.yaml], values: 'from: values'}", `{"from":"values"}`},
		{"Helm, Helm Value Precedence: valuesObject instead of values", "path: chart\nhelm: {values: '{from: values, more: 1}', valuesObject: {from: object}}", `{"from":"object"}`},
		{"Helm, Helm Value Precedence: parameters over all", "path: chart\nhelm: {valueFiles: [../a.yaml], valuesObject: {from: object}, parameters: [{name: from, value: parameter}]}", `{"from":"parameter"}`},
		{"Helm, Helm Value Precedence: the last file wins", "path: chart\nhelm: {valueFiles: [../b.yaml, ../a.yaml]}", `{"from":"a"}`},
		{"Helm, Helm Value Precedence: the last of equal parameters wins", "path: chart\nhelm: {parameters: [{name: from, value: one}, {name: from, value: two}]}", `{"from":"two"}`},
		{"Helm, Helm Parameters: types", "path: chart\nhelm: {parameters: [{name: a, value: 'true'}, {name: b, value: '12'}, {name: c, value: '007'}, {name: d, value: 'null'}, {name: e, value: TRUE}, {name: f, value: '1.5'}]}", `{"a":true,"b":12,"c":"007","d":null,"e":true,"f":"1.5","from":"chart"}`},
		{"Helm, Helm Parameters: forceString", "path: chart\nhelm: {parameters: [{name: a, value: 'true', forceString: true}, {name: b, value: '12', forceString: true}]}", `{"a":"true","b":"12","from":"chart"}`},
		{"Helm, Helm Parameters: texts after others, as Helm takes --set-string after --set", "path: chart\nhelm: {parameters: [{name: a, value: '1', forceString: true}, {name: a, value: '2'}]}", `{"a":"1","from":"chart"}`},
		{"Helm, Helm Parameters: dots and escapes", `path: chart
helm: {parameters: [{name: a.b, value: x}, {name: 'c\.d', value: "y"}]}`, `{"a":{"b":"x"},"c.d":"y","from":"chart"}`},
		{"Helm, Helm Parameters: commas belong to the value", "path: chart\nhelm: {parameters: [{name: a, value: 'x,b=y'}]}", `{"a":"x,b=y","from":"chart"}`},
		{"Helm, Helm Parameters: lists in braces", "path: chart\nhelm: {parameters: [{name: a, value: '{x,2,true}'}, {name: b, value: '{}'}]}", `{"a":["x",2,true],"b":[],"from":"chart"}`},
		{"Helm, --set: an item of a list of the values before", "path: chart\nhelm: {valuesObject: {l: [{p: 1, k: v}, {p: 2}]}, parameters: [{name: 'l[1].p', value: '5'}, {name: 'l[2].new[0]', value: x}]}", `{"from":"chart","l":[{"k":"v","p":1},{"p":5},{"new":["x"]}]}`},
		{"Helm, --set: an item of a list that no values say", "path: chart\nhelm: {parameters: [{name: 'l[1]', value: x}]}", `{"from":"chart","l":[null,"x"]}`},
		{"Helm, --set: items of one list", "path: chart\nhelm: {parameters: [{name: 'l[0].a', value: x}, {name: 'l[0].b', value: y}]}", `{"from":"chart","l":[{"a":"x","b":"y"}]}`},
		{"Helm, Build Environment", "path: chart\nhelm: {parameters: [{name: a, value: '$ARGOCD_APP_NAME ${ARGOCD_APP_NAMESPACE} $ARGOCD_APP_PROJECT_NAME $ARGOCD_APP_SOURCE_PATH $$x $NONE.'}]}", `{"a":"app target team chart $x .","from":"chart"}`},
		{"Helm, Build Environment: what only Argo CD knows stays", "path: chart\nhelm: {parameters: [{name: a, value: '$ARGOCD_APP_REVISION'}]}", `{"a":"$ARGOCD_APP_REVISION","from":"chart"}`},
		{"Helm, Helm File Parameters", "path: chart\nhelm: {parameters: [{name: a.b, value: x}], fileParameters: [{name: a.b, path: ../text}]}", `{"a":{"b":"a, text\n"},"from":"chart"}`},
		{"Helm, Values Files: missing ones are left out where that is said", "path: chart\nhelm: {ignoreMissingValueFiles: true, valueFiles: [../a.yaml, ../none.yaml, none/*.yaml]}", `{"from":"a"}`},
		{"Helm, Values Files: missing ones fail", "path: chart\nhelm: {valueFiles: [../none.yaml]}", "! none.yaml"},
		{"Helm, Constraints and limitations: from the top of the repository", "path: chart\nhelm: {valueFiles: [/a.yaml]}", `{"from":"a"}`},
		{"Helm, Constraints and limitations: not out of it", "path: chart\nhelm: {valueFiles: [../../secrets/*.yaml]}", "! outside of the repository"},
		{"Helm, How files are passed to Helm: in lexical order, in their place", "path: chart\nhelm: {valueFiles: [../a.yaml, '/envs/*.yaml']}", `{"a":1,"from":"envs/z","z":1}`},
		{"Helm, Recursive matching with **: a directory's files before those below", "path: chart\nhelm: {valueFiles: ['/envs/**/*.yaml']}", `{"a":1,"c":1,"from":"envs/nested/c","z":1}`},
		{"Helm, Using environment variables in glob patterns", "path: chart\nhelm: {valueFiles: ['/$ARGOCD_APP_NAME/*.yaml']}", `{"from":"app"}`},
		{"Helm, Deduplication: an explicit entry counts where it stands", "path: chart\nhelm: {valueFiles: ['/envs/*.yaml', /envs/a.yaml]}", `{"a":1,"from":"envs/a","z":1}`},
		{"Helm, Deduplication: the first of two patterns counts", "path: chart\nhelm: {valueFiles: ['/envs/z*', /a.yaml, '/envs/*.yaml']}", `{"a":1,"from":"envs/a","z":1}`},
		{"Helm, No-match behavior", "path: chart\nhelm: {valueFiles: [nonexistent/*.yaml]}", "! match no file"},
	} {
		files := showing()
		for name, text := range map[string]string{"a.yaml": "from: a\n", "b.yaml": "from: b\n", "text": "a, text\n", "envs/a.yaml": "{from: envs/a, a: 1}\n", "envs/z.yaml": "{from: envs/z, z: 1}\n", "envs/nested/c.yaml": "{from: envs/nested/c, c: 1}\n", "app/v.yaml": "from: app\n"} {
			files[name] = text
		}
		got := shown(t, files, application(c.source))
		if reason, ok := strings.CutPrefix(c.want, "! "); ok && strings.HasPrefix(got, "! ") && strings.Contains(got, reason) {
			continue
		}
		if got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.section, got, c.want)
		}
	}
}

// shown is what the chart shows of its values; "! " and a reason when it does not render.
func shown(t *testing.T, files map[string]string, text string) string {
	t.Helper()
	objects, failed, _ := renderedOf(t, files, text)
	for _, reason := range failed {
		return "! " + reason
	}
	for _, all := range objects {
		for _, o := range all {
			if o.Name == "shown" {
				return o.Field().Get("data", "values").Text()
			}
		}
	}
	return "! nothing"
}

// TestArgoChart holds what else an Application says to Helm (user guide, Helm: "Helm Release Name", "Kubernetes API
// versions", "Skip CRDs", "Skip Tests", "Skip Schema Validation", "Using Helm with namespace").
func TestArgoChart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ source, about, names string }{
		{"path: chart", "app target v1.34 false", "ConfigMap/target/shown CustomResourceDefinition/xs.own Pod/target/tested"},
		{"path: chart\nhelm: {releaseName: other}", "other target v1.34 false", ""},
		{"path: chart\nhelm: {namespace: inner}", "app inner v1.34 false", "ConfigMap/target/shown CustomResourceDefinition/xs.own Pod/target/tested"},
		{"path: chart\nhelm: {kubeVersion: 1.31.2, apiVersions: [own/v1], version: v3}", "app target v1.31.2 true", ""},
		{"path: chart\nhelm: {skipCrds: true, skipTests: true}", "", "ConfigMap/target/shown"},
		{"path: strict\nhelm: {skipSchemaValidation: true}", "", "ConfigMap/target/shown"},
		{"path: strict", "! the values do not fit", ""},
	} {
		files := showing()
		files["strict/Chart.yaml"], files["strict/templates/all.yaml"] = files["chart/Chart.yaml"], files["chart/templates/all.yaml"]
		files["strict/values.yaml"], files["strict/values.schema.json"] = "port: text\n", `{"properties": {"port": {"type": "integer"}}}`
		objects, failed, _ := renderedOf(t, files, application(c.source))
		about, names := "", []string{}
		for _, reason := range failed {
			about = "! " + reason
		}
		for _, o := range objects["clusters#Application/app"] {
			names = append(names, o.String())
			if o.Name == "shown" {
				about = o.Field().Get("data", "about").Text()
			}
		}
		if c.about != "" && !strings.HasPrefix(about, c.about) || c.names != "" && sortedWords(names) != c.names {
			t.Errorf("%s: %s; %s; want %s; %s", c.source, about, sortedWords(names), c.about, c.names)
		}
	}
}

// TestAssignments holds the reading of --set to Helm's documentation, "The Format and Limitations of --set".
func TestAssignments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"a=b", "[{[a] b}]"},
		{"a=", "[{[a] }]"},
		{"a=b,c=d", "[{[a] b} {[c] d}]"},
		{"outer.inner=value", "[{[outer inner] value}]"},
		{"name={a, b}", "[{[name] [a  b]}]"},
		{"name=[],a=null", "[{[name] []} {[a] <nil>}]"},
		{"servers[0].port=80,servers[0].host=example", "[{[servers 0 port] 80} {[servers 0 host] example}]"},
		{"a[0][1]=x", "[{[a 0 1] x}]"},
		{`name=value1\,value2`, "[{[name] value1,value2}]"},
		{`nodeSelector.kubernetes\.io/role=master`, "[{[nodeSelector kubernetes.io/role] master}]"},
		{"a", "error"}, {"", "error"}, {"=b", "error"}, {"a[x]=1", "error"}, {"a[0=1", "error"}, {"a[-1]=1", "error"}, {"a[100000]=1", "error"}, {"a={b", "error"}, {"a.=1", "error"}, {"a,b=c", "error"}, {"[0]=1", "error"},
	} {
		all, err := assignments(c.text, false)
		if got := fmt.Sprint(all); err == nil && got != c.want || (err != nil) != (c.want == "error") {
			t.Errorf("%s: %s %v, want %s", c.text, got, err, c.want)
		}
	}
}

// FuzzAssignments holds that nothing makes the reading stumble, and that what it reads can be laid over values.
func FuzzAssignments(f *testing.F) {
	for _, seed := range []string{"a.b[0].c=1", `a\.b={x,y},c=d`, "a[0][0]=,", "[=", "a=b\nc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, _ := worldOf(t, map[string]string{"v.yaml": "a: {b: [1, {c: 2}]}\n"}, "")
		root := manifests.Root{Values: []string{"v.yaml"}, Deployment: &manifests.Deployment{}}
		if err := w.parameter(&root, text, false, nil); err != nil {
			return
		}
		for _, laid := range root.Deployment.Laid {
			var value any
			if err := yaml.Unmarshal(laid.Text, &value); err != nil {
				t.Errorf("%q became %q: %v", text, laid.Text, err)
			}
		}
	})
}

func sortedWords(words []string) string {
	slices.Sort(words)
	return strings.Join(words, " ")
}
